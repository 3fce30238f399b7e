//! The command line of the everything servers.

use std::net::SocketAddr;

use lexopt::{Arg, Parser, ValueExt};

use crate::command_line;

const HELP: &str = "\
A server with a bit of everything, to read and to try clients against.

  --http ADDR   serve HTTP on ADDR (default 127.0.0.1:8000; port 0 picks one)
  --stdio       serve one client over standard input and output instead
  --help        print this
";

/// Where to serve HTTP, or `None` for standard input and output. Ends the process with a message
/// when there is nothing to run.
#[must_use]
pub fn from_env() -> Option<String> {
    command_line::read(HELP, read)
}

fn read(mut arguments: Parser) -> Result<Option<Option<String>>, lexopt::Error> {
    let mut http = Some("127.0.0.1:8000".into());
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("http") => http = Some(arguments.value()?.string()?),
            Arg::Long("stdio") => http = None,
            Arg::Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(http))
}

/// What to tell the person who started an HTTP server.
#[must_use]
pub fn welcome(address: SocketAddr) -> String {
    format!(
        "Serving a bit of everything on http://{address}/mcp\n\
         Older clients connect to http://{address}/sse\n\
         Ctrl-C stops it."
    )
}
