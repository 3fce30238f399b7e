//! The command line of the everything clients, and what the conformance suite says in the
//! environment.

use std::env;

use lexopt::{Arg, Parser, ValueExt};
use mcp_core::model::RawObject;
use mcp_core::revision::Revision;
use serde::Deserialize;

const HELP: &str = "\
A client with a bit of everything, to read and to try servers with.

  everything-client URL [--protocol REVISION]

It lists what the server at URL has, reads what can be read, and calls every tool that needs no
arguments: take a server where that does no harm.

  --protocol REVISION   speak this revision (default: find out what the server speaks)
  --help                print this
";

/// What to do, and where.
#[derive(Debug)]
pub struct Options {
    /// The URL of the server.
    pub url: String,
    /// What to speak; found out if it is not said.
    pub revision: Option<Revision>,
    /// What to do.
    pub task: Task,
    /// The scenario of the conformance suite that this is part of.
    pub scenario: Option<String>,
    /// What that scenario gives its client.
    pub(super) context: Context,
}

impl Options {
    /// Does this there, in no scenario.
    #[must_use]
    pub fn new(url: String, revision: Option<Revision>, task: Task) -> Self {
        Self { url, revision, task, scenario: None, context: Context::default() }
    }
}

/// What a user of the client would do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Task {
    /// Look at everything there is.
    Tour,
    /// List the tools.
    List,
    /// Make these calls.
    Call(Vec<ToolCall>),
    /// Send the schema of one tool to another.
    EchoSchema,
    /// List the skills.
    ListSkills,
    /// List the skills, and load each with all its files.
    LoadSkills,
}

/// A tool, and what to call it with.
#[derive(Clone, Debug, Deserialize)]
pub struct ToolCall {
    /// The name of the tool.
    pub name: String,
    /// The arguments.
    pub arguments: RawObject,
}

/// What a scenario gives its client: who it is, and what it is to call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Context {
    #[serde(rename = "toolCalls")]
    tool_calls: Vec<ToolCall>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) private_key_pem: Option<String>,
    pub(super) idp_client_id: Option<String>,
    pub(super) idp_id_token: Option<String>,
    pub(super) idp_token_endpoint: Option<String>,
    pub(super) valid_jwt: Option<String>,
}

/// Reads both. Ends the process with a message when there is nothing to do.
#[must_use]
pub fn from_env() -> Options {
    match read(Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            std::process::exit(0);
        }
        Err(error) => {
            eprintln!("{error}; --help lists the options");
            std::process::exit(2);
        }
    }
}

fn read(mut arguments: Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut url, mut revision) = (None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("protocol") => revision = Some(arguments.value()?.parse()?),
            Arg::Long("help") => return Ok(None),
            Arg::Value(value) if url.is_none() => url = Some(value.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    let url = url.ok_or("the URL of a server is missing")?;
    let scenario = env::var("MCP_CONFORMANCE_SCENARIO").ok();
    let context: Context = match env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(json) => {
            serde_json::from_str(&json).map_err(|error| lexopt::Error::Custom(error.into()))?
        }
        Err(_) => Context::default(),
    };
    if let Ok(named) = env::var("MCP_CONFORMANCE_PROTOCOL_VERSION") {
        revision = revision.or_else(|| named.parse().ok());
    }
    let task = task(scenario.as_deref().unwrap_or_default(), &context);
    Ok(Some(Options { url, revision, task, scenario, context }))
}

/// What a scenario wants a user to do; without one, and for most, a tour.
fn task(scenario: &str, context: &Context) -> Task {
    let call = |name: &str, arguments: &str| {
        let arguments = arguments.parse().expect("this is an object");
        Task::Call(vec![ToolCall { name: name.to_owned(), arguments }])
    };
    match scenario {
        "tools_call" => call("add_numbers", r#"{"a":5,"b":3}"#),
        "http-custom-headers" => Task::Call(context.tool_calls.clone()),
        "http-invalid-tool-headers" => call("valid_tool", r#"{"region":"eu-west1"}"#),
        "json-schema-ref-no-deref" => Task::List,
        "json-schema-2020-12-preservation" => Task::EchoSchema,
        "sep-2640-client-no-prefetch" => Task::ListSkills,
        name if name.starts_with("sep-2640-") => Task::LoadSkills,
        _ => Task::Tour,
    }
}
