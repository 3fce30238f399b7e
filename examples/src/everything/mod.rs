//! A server with a bit of everything: a tour of what a server can do.
//!
//! One file per feature, each with a function `add` that adds its part to the builder; below they
//! are put together. The names of tools, prompts and resources are those that the official
//! conformance suite calls, so the same server is both an example to read and the proof that the
//! engine does what the specification says.
//!
//! Nothing here depends on a runtime but `sleep`, which each of the two programs brings along:
//! `everything-server-tokio` and `everything-server-smol`.

use std::future::Future;
use std::io;
use std::process::ExitCode;

use mcp_core::app::{ConfigError, Server};
use mcp_core::driver::{Platform, Serve};

use crate::delay::Sleep;
use crate::serving;
use changes::Handle;

mod changes;
mod content;
mod errors;
mod media;
pub mod options;
mod prompts;
mod questions;
mod reporting;
mod resources;
mod rounds;
mod schemas;
mod skills;
mod tasks;

/// Serves it as the command line says, until it is told to stop: what is in flight then may
/// finish.
pub async fn run<P: Platform>(
    platform: P,
    sleep: Sleep,
    stop: impl Future<Output = ()> + Send + 'static,
) -> ExitCode {
    let address = options::from_env();
    let server = match build(sleep) {
        Ok(server) => Serve::new(platform, server).until(stop),
        Err(error) => return serving::ended(Err(io::Error::other(error))),
    };
    serving::ended(serving::serve(server, address.as_deref(), options::welcome).await)
}

/// Builds the server.
///
/// # Errors
/// Something in it contradicts something else, which it does not.
pub fn build(sleep: Sleep) -> Result<Server, ConfigError> {
    // Tools that change the server need to reach it; it exists once it is built.
    let handle = Handle::default();

    let server = Server::builder("everything", env!("CARGO_PKG_VERSION"))
        .title("A bit of everything")
        .description("Shows each feature of the protocol once.")
        .instructions("Each tool shows one feature; its description says which.")
        .logging()
        .subscriptions();
    let server = content::add(server);
    let server = reporting::add(server, sleep);
    let server = questions::add(server);
    let server = rounds::add(server);
    let server = schemas::add(server);
    let server = errors::add(server);
    let server = tasks::add(server, sleep);
    let server = changes::add(server, &handle);
    let server = resources::add(server);
    let server = prompts::add(server);
    let server = skills::add(server);

    let server = server.build()?;
    handle.set(&server);
    Ok(server)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[test]
    fn nothing_contradicts_itself() {
        let server = build(|_| Box::pin(ready(()))).unwrap();
        let offered = &server.greeting().capabilities;
        assert!(
            offered.tools.is_some() && offered.resources.is_some() && offered.prompts.is_some()
        );
        assert!(offered.has_extension("io.modelcontextprotocol/skills"));
        assert!(offered.has_extension("io.modelcontextprotocol/tasks"));
    }
}
