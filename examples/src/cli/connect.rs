//! Connects to the server, as the command line says.

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command, Stderr};
use mcp_core::model::{CreateMessageResult, Root};
use mcp_core::revision::Era;

use super::arguments::{Arguments, Options, Target};
use super::ask;
use super::lines::Lines;
use super::printer::Printer;
use super::problem::Problem;

pub(super) async fn connect<P: ClientPlatform + Default>(
    arguments: &Arguments,
    (printer, lines): (Printer, &Lines),
) -> Result<Client<P>, Problem> {
    let builder = configured(&arguments.options, printer, lines);
    let client = match &arguments.target {
        Target::Url(url) => todo(builder, url).await?,
        Target::Program(program) => {
            let (name, rest) = program.split_first().expect("a program is never empty");
            // What a server says there is for people; its last words also stand in errors.
            let stderr = if arguments.options.json {
                Stderr::default()
            } else {
                Stderr::forward(super::printer::note)
            };
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
async fn todo<P: ClientPlatform + Default>(
    _b: ClientBuilder<P>,
    _u: &str,
) -> Result<Client<P>, Problem> {
    Err(Problem::cancelled())
}
