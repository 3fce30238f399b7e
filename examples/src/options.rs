//! The command line of the catalog servers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mcp_core::app::Handler;
use mcp_core::config::{EarlyRequests, Gate};
use mcp_core::driver::{Platform, Serve};

use crate::command_line;

const HELP: &str = "\
A server with many tools, to try clients against.

  --http ADDR          serve HTTP on ADDR (default 127.0.0.1:8000; port 0 picks one)
  --stdio              serve one client over standard input and output instead
  --tools N            how many tools to offer (default 380)
  --early POLICY       requests before the handshake: hold (default), refuse or serve
  --gate WHEN          let them through after the result of initialize (result, the default)
                       or after notifications/initialized (initialized)
  --hold-ms MS         how long they wait at the most (default 2000)
  --hold-max N         how many may wait in a session (default 256)
  --init-delay-ms MS   answer initialize late, to widen the race
  --list-delay-ms MS   answer tools/list late, to widen the race
  --allow-host NAME    answer to this Host besides the loopback names (repeatable)
  --allow-origin URL   let pages of this origin call (repeatable)
  --max-sessions N     sessions at a time (default 4096)
  --help               print this
";

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to serve HTTP, or `None` for standard input and output.
    pub http: Option<String>,
    /// How many tools to offer.
    pub tools: usize,
    /// How late to answer `initialize`.
    pub init_delay: Duration,
    /// How late to answer `tools/list`.
    pub list_delay: Duration,
    early: EarlyRequests,
    gate: Gate,
    hold: Duration,
    hold_max: usize,
    hosts: Vec<String>,
    origins: Vec<String>,
    max_sessions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            http: Some("127.0.0.1:8000".into()),
            tools: 380,
            init_delay: Duration::ZERO,
            list_delay: Duration::ZERO,
            early: EarlyRequests::Hold,
            gate: Gate::InitializeResult,
            hold: Duration::from_secs(2),
            hold_max: 256,
            hosts: Vec::new(),
            origins: Vec::new(),
            max_sessions: 4096,
        }
    }
}

impl Options {
    /// Reads the command line of this process; ends the process with a message when there is
    /// nothing to run.
    #[must_use]
    pub fn from_env() -> Self {
        command_line::read(HELP, Self::read)
    }

    fn read(mut arguments: Parser) -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            let Arg::Long(name) = argument else {
                return Err(argument.unexpected());
            };
            match name {
                "http" => options.http = Some(arguments.value()?.string()?),
                "stdio" => options.http = None,
                "tools" => options.tools = arguments.value()?.parse()?,
                "early" => {
                    options.early = arguments.value()?.parse_with(|policy| match policy {
                        "hold" => Ok(EarlyRequests::Hold),
                        "refuse" => Ok(EarlyRequests::Refuse),
                        "serve" => Ok(EarlyRequests::Serve),
                        _ => Err("--early takes hold, refuse or serve"),
                    })?;
                }
                "gate" => {
                    options.gate = arguments.value()?.parse_with(|gate| match gate {
                        "result" => Ok(Gate::InitializeResult),
                        "initialized" => Ok(Gate::Initialized),
                        _ => Err("--gate takes result or initialized"),
                    })?;
                }
                "hold-ms" => options.hold = milliseconds(&mut arguments)?,
                "hold-max" => options.hold_max = arguments.value()?.parse()?,
                "init-delay-ms" => options.init_delay = milliseconds(&mut arguments)?,
                "list-delay-ms" => options.list_delay = milliseconds(&mut arguments)?,
                "allow-host" => options.hosts.push(arguments.value()?.string()?),
                "allow-origin" => options.origins.push(arguments.value()?.string()?),
                "max-sessions" => options.max_sessions = arguments.value()?.parse()?,
                "help" => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(options))
    }

    /// Puts the options into effect; this is how any server is configured.
    #[must_use]
    pub fn apply<P: Platform, H: Handler>(&self, serve: Serve<P, H>) -> Serve<P, H> {
        let Self { hosts, origins, max_sessions, .. } = self.clone();
        serve
            .early_requests(self.early)
            .gate(self.gate)
            .session(|session| {
                session.timeouts.hold = self.hold;
                session.limits.held_requests = self.hold_max;
            })
            .http_config(move |http| {
                http.max_sessions = max_sessions;
                http.hosts =
                    hosts.into_iter().fold(http.hosts.clone(), |all, host| all.allow(host));
                http.origins =
                    origins.into_iter().fold(http.origins.clone(), |all, origin| all.allow(origin));
            })
    }

    /// What to tell the person who started an HTTP server.
    #[must_use]
    pub fn welcome(&self, address: SocketAddr) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "Serving {} tools on http://{address}/mcp", self.tools);
        let _ = writeln!(text, "and over HTTP+SSE on http://{address}/sse");
        let _ = writeln!(text, "Paste into a client's configuration:");
        let _ = writeln!(
            text,
            r#"  {{"mcpServers":{{"catalog":{{"type":"http","url":"http://{address}/mcp"}}}}}}"#
        );
        let _ = write!(text, "Ctrl-C stops it.");
        text
    }
}

fn milliseconds(arguments: &mut Parser) -> Result<Duration, lexopt::Error> {
    Ok(Duration::from_millis(arguments.value()?.parse()?))
}
