//! Requests of the modern era that take several rounds, and the state that ties them together.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use mcp_core::app::{
    AskError, CallError, ClientFeature, Context, Handler, Host, Server, ServerBuilder, ask_all,
};
use mcp_core::jsonrpc::{ErrorObject, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{
    CreateMessageParams, ElicitParams, FormSchema, NumberField, Prompt, Resource, SamplingMessage,
    TextField, Tool,
};
use mcp_core::revision::Revision;
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use crate::support::{Fixture, run};

const ALL: &str = r#"{"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}},"roots":{}}"#;
const ADA: &str = r#"{"action":"accept","content":{"name":"Ada"}}"#;

fn name_form() -> ElicitParams {
    ElicitParams::form("Who?", FormSchema::new().with_required_field("name", TextField::new()))
}

/// A clock that tests set.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn host(&self, seed: u8) -> Host {
        let clock = self.clone();
        Host::new([seed; 32], move || {
            UnixTime::from_epoch(Duration::from_secs(clock.0.load(Ordering::Relaxed)))
        })
    }

    fn forward(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }
}

/// A client of the modern era that repeats its requests as it is told.
struct Modern(Fixture);

impl Modern {
    fn new(server: &Server) -> Self {
        Self::with(server, ALL)
    }

    fn with(server: &Server, capabilities: &str) -> Self {
        Self(Fixture::with(server, Revision::V2026_07_28, capabilities))
    }

    fn send(&self, method: Method, params: &Value) -> Result<Value, ErrorObject> {
        self.0.call(method, &params.to_string())
    }

    fn call(&self, tool: &str) -> Result<Value, ErrorObject> {
        self.send(Method::ToolsCall, &json!({"name": tool}))
    }

    /// Repeats the call, with these answers and what `asked` said to send back.
    fn retry(&self, tool: &str, asked: &Value, answers: &Value) -> Result<Value, ErrorObject> {
        let state = &asked["requestState"];
        let params = json!({"name": tool, "inputResponses": answers, "requestState": state});
        self.send(Method::ToolsCall, &params)
    }
}

fn hosted(builder: ServerBuilder) -> Server {
    let server = builder.build().unwrap();
    server.hosted(&Clock::default().host(1));
    server
}

fn greeter() -> ServerBuilder {
    Server::builder("s", "1").raw_tool(Tool::new("greet"), greet)
}

async fn greet(_: Value, cx: Context) -> Result<String, CallError> {
    let answer = cx.elicit("user_name", name_form()).await?;
    match answer.value("name").and_then(|name| name.as_str()) {
        Some(name) => Ok(format!("Hello, {name}!")),
        None => Ok(format!("Nobody: {}", answer.action)),
    }
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// MRTR-01, MRTR-04, MRTR-05, MRTR-07, ELIC-05: a question ends the round, and the retry runs the
/// same handler with its answer.
#[test]
fn mrtr_04_a_question_ends_the_round() {
    let client = Modern::new(&hosted(greeter()));
    let asked = client.call("greet").unwrap();
    assert_eq!(asked["resultType"], "input_required");
    assert_eq!(
        asked["inputRequests"],
        json!({"user_name": {
            "method": "elicitation/create",
            "params": {
                "message": "Who?",
                "requestedSchema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}},
                    "required": ["name"],
                },
            },
        }})
    );
    assert!(asked["requestState"].is_string());
    assert!(client.0.peer.take().is_empty(), "nothing is sent to the client");

    let answers = json!({"user_name": serde_json::from_str::<Value>(ADA).unwrap()});
    let done = client.retry("greet", &asked, &answers).unwrap();
    assert_eq!(text(&done), "Hello, Ada!");
    assert_eq!(done["resultType"], "complete");
    assert_eq!(done.get("requestState"), None);
}
