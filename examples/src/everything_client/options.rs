//! The command line of the everything clients, and what the conformance suite says in the
//! environment.

use std::env;
use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};
use mcp_core::model::RawObject;
use mcp_core::revision::Revision;
use serde::Deserialize;

use crate::command_line;

const HELP: &str = "\
A client with a bit of everything, to read and to try servers with.

  everything-client [OPTIONS] URL
  everything-client [OPTIONS] -- PROGRAM [ARGUMENTS]   a server that is started for it

It lists what the server has, reads what can be read, and calls every tool that needs no
arguments: take a server where that does no harm.

  --protocol REVISION   speak this revision (default: find out what the server speaks)
  --client-id ID        who the client is at the authorization server, if it is registered there;
                        its secret is in MCP_CLIENT_SECRET (default: it registers itself)
  --own-account         act for the client itself, not for a person: client credentials
  --help                print this
";

/// What to do, and where.
#[derive(Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// What to speak; found out if it is not said.
    pub revision: Option<Revision>,
    /// What to do.
    pub task: Task,
    /// The scenario of the conformance suite that this is part of.
    pub scenario: Option<String>,
    /// Whether the client acts for itself: no person has to agree.
    pub own_account: bool,
    /// What that scenario gives its client.
    pub(super) context: Context,
}

impl Options {
    /// Does this there, in no scenario.
    #[must_use]
    pub fn new(target: Target, revision: Option<Revision>, task: Task) -> Self {
        let context = Context::default();
        Self { target, revision, task, scenario: None, own_account: false, context }
    }
}

/// A server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Target {
    /// One that is reached over HTTP.
    Url(String),
    /// A program, and its arguments.
    Program(OsString, Vec<OsString>),
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
    command_line::read(HELP, read)
}

fn read(mut arguments: Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut target, mut revision, mut client_id, mut own_account) = (None, None, None, false);
    loop {
        if let Some(mut rest) = arguments.try_raw_args()
            && rest.next_if(|argument| argument == "--").is_some()
        {
            let program = rest.next().ok_or("the program is missing")?;
            target = Some(Target::Program(program, rest.collect()));
            break;
        }
        let Some(argument) = arguments.next()? else { break };
        match argument {
            Arg::Long("protocol") => revision = Some(arguments.value()?.parse()?),
            Arg::Long("client-id") => client_id = Some(arguments.value()?.string()?),
            Arg::Long("own-account") => own_account = true,
            Arg::Long("help") => return Ok(None),
            Arg::Value(value) if target.is_none() => target = Some(Target::Url(value.string()?)),
            _ => return Err(argument.unexpected()),
        }
    }
    let target = target.ok_or("the URL of a server is missing")?;
    let scenario = env::var("MCP_CONFORMANCE_SCENARIO").ok();
    let mut context: Context = match env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(json) => {
            serde_json::from_str(&json).map_err(|error| lexopt::Error::Custom(error.into()))?
        }
        Err(_) => Context::default(),
    };
    if let Ok(named) = env::var("MCP_CONFORMANCE_PROTOCOL_VERSION") {
        revision = revision.or_else(|| named.parse().ok());
    }
    if client_id.is_some() {
        context.client_id = client_id;
        context.client_secret = env::var("MCP_CLIENT_SECRET").ok();
    }
    let task = task(scenario.as_deref().unwrap_or_default(), &context);
    Ok(Some(Options { target, revision, task, scenario, own_account, context }))
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
