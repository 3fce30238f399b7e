//! Compares MCP servers: `bench-load [--help]`.
//!
//! Every server gets the same bytes over raw HTTP/1.1, takes its turn in every round, and the
//! median of the rounds is printed. Ratios are those of one run on one machine.

mod response;
mod scale;
mod scenarios;
mod server;
mod stdio;
mod table;
mod users;
mod work;

use std::time::Duration;

use lexopt::{Arg, ValueExt};

use crate::scenarios::Scenario;
use crate::server::{Peer, Places};

const HELP: &str = "\
Compares MCP servers; every server gets the same bytes.

  --scenarios A,B    those whose names begin so (default: all; `list` prints them)
  --peers A,B        tokio smol rmcp hyper hyper-smol ts1 ts2 py1 py2 (default: all)
  --rounds N         rounds, each server once in each (default 5)
  --time-ms MS       what is measured of a turn; more if it is not an answer for each user
                     (default 2000)
  --warm-ms MS       what goes before it (default 500)
  --cores N|none     how many cores servers run on, from core 0 (default 1; the load runs where
                     taskset says)
  --scale[=A,B]      instead of the scenarios: idle (memory of idle sessions, a call among them),
                     sessions, tools (a call by their number), cores (calls by theirs)
  --sessions N       how many idle sessions (default 10000)
  --release DIR      the binaries     --scripts DIR   the other peers' servers
  --clients DIR      the Python SDKs  --servers DIR   the TypeScript SDKs
";

/// What the command line says.
pub struct Options {
    pub scenarios: Vec<Scenario>,
    pub peers: Vec<Peer>,
    pub rounds: usize,
    pub warm: Duration,
    pub time: Duration,
    pub cores: Option<usize>,
    pub scale: Option<String>,
    pub sessions: usize,
    pub places: Places,
}

fn main() {
    let outcome = read().map_err(|error| error.to_string()).and_then(|options| match options {
        None => Ok(()),
        Some(options) => match &options.scale {
            Some(parts) => scale::run(&options, parts),
            None => scenarios::run(&options),
        },
    });
    if let Err(error) = outcome {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn read() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        scenarios: scenarios::all(),
        peers: Peer::ALL.into(),
        rounds: 5,
        warm: Duration::from_millis(500),
        time: Duration::from_millis(2000),
        cores: Some(1),
        scale: None,
        sessions: 10_000,
        places: Places {
            release: "target/release".into(),
            scripts: "peers".into(),
            clients: "../../target/clients".into(),
            servers: "../../target/servers".into(),
        },
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        let Arg::Long(name) = argument else {
            return Err(argument.unexpected());
        };
        match name {
            "scenarios" => {
                let wanted = arguments.value()?.string()?;
                if wanted == "list" {
                    scenarios::all().iter().for_each(|scenario| println!("{}", scenario.name));
                    return Ok(None);
                }
                let is_wanted = |name: &str| wanted.split(',').any(|it| name.starts_with(it));
                options.scenarios.retain(|scenario| is_wanted(scenario.name));
            }
            "peers" => {
                let wanted = arguments.value()?.string()?;
                let peers: Option<Vec<Peer>> = wanted.split(',').map(Peer::of).collect();
                options.peers = peers.ok_or("no such peer")?;
            }
            "rounds" => options.rounds = arguments.value()?.parse()?,
            "time-ms" => options.time = Duration::from_millis(arguments.value()?.parse()?),
            "warm-ms" => options.warm = Duration::from_millis(arguments.value()?.parse()?),
            "cores" => options.cores = arguments.value()?.string()?.parse().ok(),
            "scale" => {
                let parts = arguments.optional_value().map(ValueExt::string).transpose()?;
                options.scale = Some(parts.unwrap_or_else(|| "idle,sessions,tools,cores".into()));
            }
            "sessions" => options.sessions = arguments.value()?.parse()?,
            "release" => options.places.release = arguments.value()?.into(),
            "scripts" => options.places.scripts = arguments.value()?.into(),
            "clients" => options.places.clients = arguments.value()?.into(),
            "servers" => options.places.servers = arguments.value()?.into(),
            "help" => {
                print!("{HELP}");
                return Ok(None);
            }
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(options))
}
