//! The command line of `mcp`.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use mcp_core::revision::Revision;
use mcp_core::transport::http::Transport;

use super::command::{Command, Wrong};

pub(super) const HELP: &str = "\
Talks to an MCP server.

  mcp [OPTIONS] COMMAND URL [ARGUMENTS]
  mcp [OPTIONS] COMMAND [ARGUMENTS] -- PROGRAM [ARGUMENTS]   a server that is started for it

Commands
  info                    what the server is and can do
  tools                   the tools it offers
  call NAME [ARGUMENTS]   calls a tool; ARGUMENTS is a JSON object, or name=value pairs
  resources, templates    the resources it offers, and the patterns of their URIs
  read URI                prints a resource
  prompts                 the prompts it offers
  prompt NAME [ARGUMENTS] prints a prompt; ARGUMENTS are name=value pairs
  skills                  the skills it offers
  ping                    asks whether it is there, and says how long that took
  listen [URI ...]        prints what changes, those resources included, until Ctrl-C
  shell                   reads commands from standard input, all over one connection
  login, logout           gets credentials for the server now, and forgets them

Options
  --json                  prints results as JSON, one document each
  --trace                 prints every message on standard error
  --protocol REVISION     speaks 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25 or 2026-07-28
                          (default: the newest the server knows)
  --transport KIND        streamable or sse (default: what the server understands)
  --header 'NAME: VALUE'  sends a header with every request, such as an API key (repeatable)
  --client-id ID          who to log in as, for servers where nobody can register himself
  --client-secret-env VAR its secret is in this variable
  --no-store              keeps no credentials for the next time
  --timeout SECONDS       how long a request may take without a sign of life (default 60)
  --root URI              a root to offer, such as file:///home/ada/project (repeatable)
  --elicit JSON           answers every form with this object; or: decline, cancel
                          (default: ask on a terminal, decline elsewhere)
  --sample TEXT           answers every request for a sample with this text
  --help                  prints this

Servers that want to know who you are open your browser. What they issue is kept for the next time
in a file that only you can read: STORE

Exit status: 0 done, 1 the tool failed, 2 wrong usage, 3 no connection, 4 the server refused or
broke the protocol, 5 not authorized, 130 interrupted.
";

/// What the command line says.
#[derive(Debug, PartialEq)]
pub(super) struct Arguments {
    pub(super) options: Options,
    pub(super) target: Target,
    pub(super) command: Command,
}

/// Where the server is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Url(String),
    Program(Vec<OsString>),
}

/// How to talk to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Options {
    pub(super) json: bool,
    pub(super) trace: bool,
    pub(super) protocol: Option<Revision>,
    pub(super) transport: Transport,
    pub(super) headers: Vec<(String, String)>,
    pub(super) timeout: Duration,
    pub(super) roots: Vec<String>,
    pub(super) elicit: Elicit,
    pub(super) sample: Option<String>,
    pub(super) client_id: Option<String>,
    /// The variable with its secret.
    pub(super) client_secret: Option<String>,
    pub(super) keeps: bool,
}

/// What to do when the server asks the user something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Elicit {
    /// Ask on a terminal, decline elsewhere.
    Ask,
    Decline,
    Cancel,
    Accept(serde_json::Map<String, serde_json::Value>),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            json: false,
            trace: false,
            protocol: None,
            transport: Transport::Auto,
            headers: Vec::new(),
            timeout: Duration::from_secs(60),
            roots: Vec::new(),
            elicit: Elicit::Ask,
            sample: None,
            client_id: None,
            client_secret: None,
            keeps: true,
        }
    }
}

impl Arguments {
    /// Reads a command line; `None` when it asks for help.
    pub(super) fn read(mut parser: Parser) -> Result<Option<Self>, Wrong> {
        let mut options = Options::default();
        let mut words = Vec::new();
        let mut program = Vec::new();
        while let Some(argument) = next(&mut parser, &mut program)? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("json") => options.json = true,
                Arg::Long("trace") => options.trace = true,
                Arg::Long("protocol") => options.protocol = Some(parser.value()?.parse()?),
                Arg::Long("transport") => {
                    options.transport = parser.value()?.parse_with(|kind| match kind {
                        "streamable" => Ok(Transport::Streamable),
                        "sse" => Ok(Transport::Sse),
                        _ => Err("--transport takes streamable or sse"),
                    })?;
                }
                Arg::Long("header") => options.headers.push(parser.value()?.parse_with(header)?),
                Arg::Long("timeout") => {
                    options.timeout = parser.value()?.parse_with(|seconds| {
                        let seconds = seconds.parse().ok();
                        let timeout = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
                        timeout.ok_or("--timeout takes a number of seconds")
                    })?;
                }
                Arg::Long("root") => options.roots.push(parser.value()?.string()?),
                Arg::Long("elicit") => options.elicit = parser.value()?.parse_with(elicit)?,
                Arg::Long("client-id") => options.client_id = Some(parser.value()?.string()?),
                Arg::Long("client-secret-env") => {
                    options.client_secret = Some(parser.value()?.string()?);
                }
                Arg::Long("no-store") => options.keeps = false,
                Arg::Long("sample") => options.sample = Some(parser.value()?.string()?),
                Arg::Value(word) => words.push(word.string()?),
                _ => return Err(argument.unexpected().into()),
            }
        }
        if words.is_empty() {
            return Err(Wrong::new("which command?"));
        }
        let name = words.remove(0);
        let target = if program.is_empty() {
            let is_url =
                |word: &String| word.starts_with("http://") || word.starts_with("https://");
            // Before the command's own arguments, or among them: what else begins so is rare.
            let place = words.iter().position(is_url).ok_or_else(|| no_server(&name, &words))?;
            Target::Url(words.remove(place))
        } else {
            Target::Program(program)
        };
        let command = Command::read(&name, words)?;
        Ok(Some(Self { options, target, command }))
    }
}

/// What to say of a command without a server.
fn no_server(name: &str, words: &[String]) -> Wrong {
    if let Some(word) = words.iter().find(|word| word.contains("://")) {
        return Wrong::new(format!("`{word}` is no http or https URL"));
    }
    let is_address = |word: &&String| {
        let host = word.split('/').next().unwrap_or_default();
        host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    };
    if let Some(word) = words.iter().find(is_address) {
        return Wrong::new(format!("`{word}` is no URL: did you mean http://{word}?"));
    }
    Wrong::new(format!(
        "{name} of which server? Give its URL, or its program after --, as in: \
         mcp {name} -- node server.js"
    ))
}

/// The next argument, up to `--`; what follows that goes into `program`.
fn next<'a>(
    parser: &'a mut Parser,
    program: &mut Vec<OsString>,
) -> Result<Option<Arg<'a>>, lexopt::Error> {
    // The parser would pass over it: from there on all it sees are values.
    if let Some(mut raw) = parser.try_raw_args()
        && raw.next_if(|argument| argument == "--").is_some()
    {
        program.extend(raw);
        return Ok(None);
    }
    parser.next()
}

fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("--header takes 'NAME: VALUE'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn elicit(text: &str) -> Result<Elicit, &'static str> {
    match text {
        "ask" => Ok(Elicit::Ask),
        "decline" => Ok(Elicit::Decline),
        "cancel" => Ok(Elicit::Cancel),
        json => serde_json::from_str(json)
            .map(Elicit::Accept)
            .map_err(|_| "--elicit takes a JSON object, ask, decline or cancel"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Option<Arguments>, Wrong> {
        Arguments::read(Parser::from_args(words))
    }

    #[test]
    fn a_server_is_a_url_or_a_program() {
        let url = read(&["tools", "--json", "http://x/mcp"]).unwrap().unwrap();
        assert_eq!((url.options.json, url.command), (true, Command::Tools));
        assert_eq!(url.target, Target::Url("http://x/mcp".into()));
        let late = read(&["call", "add", "http://x/mcp", "a=1"]).unwrap().unwrap();
        let call = Command::Call { name: "add".into(), arguments: vec!["a=1".into()] };
        assert_eq!((late.target, late.command), (url.target, call));

        let words = ["call", "--timeout", "1.5", "add", "a=1", "--", "node", "--json", "x"];
        let program = read(&words).unwrap().unwrap();
        assert_eq!(program.options.timeout, Duration::from_millis(1500));
        assert!(!program.options.json, "that is the program's");
        assert_eq!(program.target, Target::Program(["node", "--json", "x"].map(Into::into).into()));
        let call = Command::Call { name: "add".into(), arguments: vec!["a=1".into()] };
        assert_eq!(program.command, call);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, said) in [
            (&[][..], "which command?"),
            (&["tools"], "its program after --"),
            (&["tools", "server.js"], "mcp tools -- node server.js"),
            (&["tools", "ftp://x/mcp"], "no http or https URL"),
            (&["tools", "localhost:8000/mcp"], "did you mean http://localhost:8000/mcp?"),
            (&["dance", "http://x"], "`dance` is no command"),
            (&["call", "http://x"], "call which tool?"),
            (&["ping", "http://x", "now"], "`now` is too much"),
            (&["ping", "http://x", "--header", "x"], "NAME: VALUE"),
            (&["ping", "http://x", "--protocol", "1999-01-01"], "1999-01-01"),
            (&["ping", "http://x", "--elicit", "7"], "JSON object"),
            (&["ping", "http://x", "--timeout", "-1"], "number of seconds"),
        ] {
            let error = read(words).unwrap_err().to_string();
            assert!(error.contains(said), "{words:?}: {error}");
        }
        assert_eq!(read(&["--help"]).unwrap(), None);
    }
}
