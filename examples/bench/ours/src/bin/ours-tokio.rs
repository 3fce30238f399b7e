//! Our server on tokio.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    bench_ours::run(mcp_tokio::serve)?.await
}
