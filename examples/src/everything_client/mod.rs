//! A client with a bit of everything: a tour of what a client can do.
//!
//! One file per subject; [`run`] connects and goes where the [`Task`] says. Nothing here depends
//! on a runtime: `everything-client-tokio` and `everything-client-smol` each bring a builder.
//!
//! The official conformance suite starts the client with the URL of a server and the name of a
//! scenario: the same client is both an example to read and the proof that the engine does what
//! the specification says. The scenario chooses what a user would do, and nothing else.

use std::error::Error;
use std::process::ExitCode;

use mcp_core::auth::OAuthConfig;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command, Notification};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::{Level, LogParams, Root};
use mcp_core::revision::{Era, Revision};

pub mod options;

mod browser;
mod changes;
mod oauth;
mod skills;
mod tools;
mod tour;
mod user;

use options::{Options, Target, Task};

/// The whole program: reads its command line, and does what that says.
pub async fn run<P: ClientPlatform>(builder: ClientBuilder<P>, platform: P) -> ExitCode {
    match visit(builder, platform, &options::from_env()).await {
        Ok(()) => ExitCode::SUCCESS,
        // It says whose fault it is.
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Connects to a server and does what the options say.
///
/// # Errors
/// The server cannot be reached, refuses the client, or does not do what the specification says.
pub async fn visit<P: ClientPlatform>(
    builder: ClientBuilder<P>,
    platform: P,
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    // What servers may ask for is what is answered here; nothing else has to be declared.
    let builder = builder
        .protocol(protocol(options.revision))
        .roots([Root::new("file:///tmp").with_name("Temporary files")])
        .on_elicitation(user::elicit)
        .on_sampling(user::sample)
        .on_notification(report)
        .log_level(Level::Info)
        .tasks();
    let client = match &options.target {
        // Proxies are taken from the environment, and `https` is as easy as `http`.
        Target::Url(url) => {
            let builder = match OAuthConfig::new(url) {
                Ok(config) => builder.oauth(oauth::as_told(options, config, platform.seed()?)?),
                // No token is ever sent in the clear to another machine.
                Err(_) => builder,
            };
            builder.connect(url).await?
        }
        Target::Program(program, arguments) => {
            builder.stdio(Command::new(program).args(arguments)).await?
        }
    };
    let outcome = perform(&client, options).await;
    // A session is closed, a program is ended and its end waited for.
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

/// What the server reports without being asked. Changes are listened to in `changes.rs`.
fn report(notification: Notification) {
    let Notification { method, params, .. } = notification;
    let log = params.as_ref().filter(|_| method == NotificationMethod::Message);
    if let Some(log) = log.and_then(|log| log.to::<LogParams>().ok()) {
        println!("The server logs: {}", log.data.as_str());
    }
}
