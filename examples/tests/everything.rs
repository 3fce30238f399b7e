//! The everything client takes its tour of the everything server, on both runtimes.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use mcp_core::revision::Revision;
use mcp_examples::everything_client::options::{Options, Target, Task};
use mcp_examples::everything_client::visit;
use mcp_examples::{delay, everything};

/// The server in a thread of its own; it ends with the process.
fn server() -> SocketAddr {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = everything::build(delay::tokio).unwrap();
            let server = mcp_tokio::serve(server).bind("127.0.0.1:0").await.unwrap();
            tell.send(server.local_addr()).unwrap();
            server.serve().await;
        });
    });
    told.recv().unwrap()
}

/// What a client is to do, one after the other.
fn plans(address: SocketAddr) -> impl Iterator<Item = Options> {
    let tasks = [
        (None, Task::Tour),
        (Some(Revision::V2025_11_25), Task::Tour),
        (Some(Revision::V2025_03_26), Task::Tour),
        (Some(Revision::V2024_11_05), Task::Tour),
        (None, Task::List),
        (None, Task::LoadSkills),
    ];
    tasks.into_iter().map(move |(revision, task)| {
        // The oldest revision knows HTTP+SSE alone.
        let path = if revision == Some(Revision::V2024_11_05) { "sse" } else { "mcp" };
        Options::new(Target::Url(format!("http://{address}/{path}")), revision, task)
    })
}

#[tokio::test]
async fn on_tokio() -> Result<(), Box<dyn Error>> {
    for options in plans(server()) {
        let client = mcp_tokio::Client::builder("everything-client", "1.0");
        visit(client, mcp_tokio::TokioRuntime::new(), &options).await?;
    }
    Ok(())
}

#[test]
fn on_smol() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        for options in plans(server()) {
            let client = mcp_smol::Client::builder("everything-client", "1.0");
            visit(client, mcp_smol::SmolRuntime::new(), &options).await?;
        }
        Ok(())
    })
}
