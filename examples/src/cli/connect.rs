//! Connects to the server, as the command line says.

use std::process::{Command as Process, Stdio};

use http::{HeaderName, HeaderValue, Uri};
use mcp_core::auth::OAuthConfig;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command, OAuth, Stderr};
use mcp_core::model::{CreateMessageResult, Root};
use mcp_core::revision::Era;

use super::arguments::{Arguments, Options, Target};
use super::ask;
use super::command::Wrong;
use super::lines::Lines;
use super::printer::{self, Printer};
use super::problem::Problem;

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
            // Who brings a token of his own wants that one, and no other.
            let brings_token =
                options.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            if !brings_token && let Ok(config) = OAuthConfig::new(url) {
                let config = config.with_client_name("mcp");
                builder = builder.oauth(OAuth::new(config).open_browser(open_browser));
            }
            builder.transport(options.transport).connect(url).await?
        }
        Target::Program(program) => {
            let (name, rest) = program.split_first().ok_or_else(|| Wrong::new("which program?"))?;
            // Its last words stand in errors as well.
            let stderr =
                if options.json { Stderr::default() } else { Stderr::forward(printer::note) };
            builder.stdio(Command::new(name).args(rest).stderr(stderr)).await?
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

/// Opens the user's browser; where there is none, the URL can be copied.
fn open_browser(url: &Uri) {
    printer::note(&format!("Log in at {url}"));
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Process::new(program)
        .arg(url.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // It ends by itself, and is waited for so that nothing of it is left.
    if let Ok(mut browser) = started {
        std::thread::spawn(move || browser.wait());
    }
}
