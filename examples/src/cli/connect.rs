//! Connects to the server, as the command line says.

use http::{HeaderName, HeaderValue};
use mcp_core::auth::OAuthConfig;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command as Program, Stderr};
use mcp_core::model::{CreateMessageResult, Root};
use mcp_core::revision::Era;

use super::arguments::{Arguments, Options, Target};
use super::command::{Command, Wrong};
use super::lines::Lines;
use super::printer::{self, Printer};
use super::problem::Problem;
use super::{ask, login};

pub(super) async fn connect<P: ClientPlatform + Default>(
    arguments: &Arguments,
    (printer, lines): (Printer, &Lines),
) -> Result<Client<P>, Problem> {
    let options = &arguments.options;
    let mut builder = configured(options, printer, lines);
    let client = match &arguments.target {
        Target::Url(url) => {
            for (name, value) in &options.headers {
                builder = builder.header(header_name(name)?, header_value(name, value)?);
            }
            if arguments.command == Command::Login {
                login::forget(&arguments.target)?;
            }
            // Who brings a token of his own wants that one, and no other.
            let brings_token =
                options.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            if !brings_token && let Ok(config) = OAuthConfig::new(url) {
                builder = builder.oauth(login::oauth(options, config)?);
            }
            let connected = builder.transport(options.transport).connect(url).await;
            connected.map_err(|error| Problem::from(error).without_connection_to(url))?
        }
        Target::Program(program) => {
            let (name, rest) = program.split_first().ok_or_else(|| Wrong::new("which program?"))?;
            // Its last words stand in errors as well.
            let stderr =
                if options.json { Stderr::default() } else { Stderr::forward(printer::note) };
            let started = builder.stdio(Program::new(name).args(rest).stderr(stderr)).await;
            started.map_err(|error| Problem::from(error).of_a_program())?
        }
    };
    Ok(client)
}

fn configured<P: ClientPlatform + Default>(
    options: &Options,
    printer: Printer,
    lines: &Lines,
) -> ClientBuilder<P> {
    let mut builder = Client::<P>::builder("mcp", env!("CARGO_PKG_VERSION"))
        .timeout(options.timeout)
        .session(|session| {
            let timeouts = &mut session.timeouts;
            timeouts.initialize = timeouts.initialize.min(options.timeout);
            timeouts.probe = timeouts.probe.min(options.timeout);
        })
        .tasks()
        .on_notification(move |notification| printer.notification(&notification));
    if options.trace {
        builder = builder.on_trace(printer::trace);
    }
    if let Some(revision) = options.protocol {
        builder = builder.protocol(match revision.era() {
            Era::Modern => Protocol::Modern,
            Era::Legacy => Protocol::Legacy(revision),
        });
    }
    if !options.roots.is_empty() {
        builder = builder.roots(options.roots.iter().map(|uri| Root::new(uri.as_str())));
    }
    if let Some(text) = options.sample.clone() {
        builder = builder.on_sampling(move |_| {
            let result = CreateMessageResult::text("mcp --sample", text.clone());
            async move { Ok(result) }
        });
    }
    let (how, lines) = (options.elicit.clone(), lines.clone());
    builder.on_elicitation(move |params| ask::answer(params, how.clone(), lines.clone()))
}

fn header_name(name: &str) -> Result<HeaderName, Wrong> {
    name.parse().map_err(|_| Wrong::new(format!("`{name}` cannot be the name of a header")))
}

/// The value itself is not repeated: it may be a secret.
fn header_value(name: &str, value: &str) -> Result<HeaderValue, Wrong> {
    value.parse().map_err(|_| Wrong::new(format!("the value of `{name}` cannot stand in a header")))
}
