//! Our server on smol.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    smol::block_on(bench_ours::run(mcp_smol::serve)?)
}
