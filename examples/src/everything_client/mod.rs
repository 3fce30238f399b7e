//! A client with a bit of everything: a tour of what a client can do.
//!
//! One file per subject; [`run`] connects and goes where the [`Task`] says. Nothing here depends
//! on a runtime: `everything-client-tokio` and `everything-client-smol` each bring a builder.
//!
//! The official conformance suite starts the client with the URL of a server and the name of a
//! scenario: the same client is both an example to read and the proof that the engine does what
//! the specification says. The scenario chooses what a user would do, and nothing else.

use std::error::Error;

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Notification};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::{LogParams, Root};
use mcp_core::revision::{Era, Revision};

pub mod options;

mod browser;
mod oauth;
mod skills;
mod tools;
mod tour;
mod user;

use options::{Options, Task};

/// Connects to a server and does what the options say.
///
/// # Errors
/// The server cannot be reached, refuses the client, or does not do what the specification says.
pub async fn run<P: ClientPlatform>(
    builder: ClientBuilder<P>,
    seed: [u8; 32],
    options: Options,
) -> Result<(), Box<dyn Error>> {
    let client = builder
        .protocol(protocol(options.revision))
        .roots([Root::new("file:///tmp").with_name("Temporary files")])
        .on_elicitation(user::elicit)
        .on_sampling(user::sample)
        .on_notification(report)
        .oauth(oauth::for_server(&options, seed)?)
        .connect(&options.url)
        .await?;
    let outcome = perform(&client, &options).await;
    client.close().await;
    outcome
}

/// By default the client finds out what the server speaks.
fn protocol(revision: Option<Revision>) -> Protocol {
    match revision {
        None => Protocol::Auto,
        Some(revision) if revision.era() == Era::Modern => Protocol::Modern,
        Some(revision) => Protocol::Legacy(revision),
    }
}

async fn perform<P>(client: &Client<P>, options: &Options) -> Result<(), Box<dyn Error>> {
    match &options.task {
        Task::Tour => tour::take(client).await?,
        Task::List => tools::list(client).await?,
        Task::Call(calls) => tools::call(client, calls).await?,
        Task::EchoSchema => tools::echo_schema(client).await?,
        Task::ListSkills => skills::list(client).await?,
        Task::LoadSkills => skills::load(client).await?,
    }
    Ok(())
}

/// What the server reports without being asked.
fn report(notification: Notification) {
    let Notification { method, params, .. } = notification;
    let log = params.as_ref().filter(|_| method == NotificationMethod::Message);
    match log.and_then(|log| log.to::<LogParams>().ok()) {
        Some(log) => println!("The server logs: {}", log.data.as_str()),
        None => println!("The server reports {}", method.as_str()),
    }
}
