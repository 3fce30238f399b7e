//! A protected MCP server among the routes of an axum application.
//!
//! ```text
//! cargo run --release -p mcp-examples --bin mounted-axum -- --help
//! ```
//!
//! The listener is axum's, and with it the bounds on connections: how many there are, how long a
//! head may take, and how long a client may go without reading its answer.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use mcp_examples::protected::{self, Options};

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::from_env();
    let resource = options.resource()?;
    let metadata = resource.metadata_path().to_owned();
    let origins = options.origins.clone();
    let mcp = mcp_tokio::serve(protected::build()?)
        .protected_by(resource, options.verifier())
        .http_config(move |http| {
            http.sse = None;
            http.origins = origins.into_iter().fold(http.origins.clone(), |all, it| all.allow(it));
        })
        .service()?;
    // Not nested: clients look for the metadata at the root of the host, and the service knows
    // its paths by their whole names.
    let app = Router::new()
        .route("/", get(|| async { "There is an MCP server at /mcp." }))
        .route_service("/mcp", mcp.clone())
        .route_service(&metadata, mcp.clone());
    let listener = tokio::net::TcpListener::bind(&options.address).await?;
    println!("Serving {} on http://{}/mcp", options.url, listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            mcp_tokio::terminated().await;
            // Event streams end; what is in flight is answered.
            mcp.drain(Duration::from_secs(10));
        })
        .await
}
