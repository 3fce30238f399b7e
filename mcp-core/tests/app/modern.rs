//! A client of the modern era, and handlers that ask it.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use mcp_core::app::{CallError, Context, Handler, Host, Server, ServerBuilder};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::lifecycle::Method;
use mcp_core::model::{ElicitParams, ElicitResult, FormSchema, TextField, Tool};
use mcp_core::revision::Revision;
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use crate::support::Fixture;

pub(crate) const ALL: &str =
    r#"{"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}},"roots":{}}"#;
pub(crate) const ADA: &str = r#"{"action":"accept","content":{"name":"Ada"}}"#;

pub(crate) fn name_form() -> ElicitParams {
    ElicitParams::form("Who?", FormSchema::new().with_required_field("name", TextField::new()))
}

/// A clock that tests set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn host(&self, seed: u8) -> Host {
        let clock = self.clone();
        Host::new([seed; 32], move || {
            UnixTime::from_epoch(Duration::from_secs(clock.0.load(Ordering::Relaxed)))
        })
    }

    pub(crate) fn forward(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }
}

/// A client of the modern era that repeats its requests as it is told.
#[derive(Debug)]
pub(crate) struct Modern(pub(crate) Fixture);

impl Modern {
    pub(crate) fn new(server: &Server) -> Self {
        Self::with(server, ALL)
    }

    pub(crate) fn with(server: &Server, capabilities: &str) -> Self {
        Self(Fixture::with(server, Revision::V2026_07_28, capabilities))
    }

    pub(crate) fn send(&self, method: Method, params: &Value) -> Result<Value, ErrorObject> {
        self.0.call(method, &params.to_string())
    }

    pub(crate) fn call(&self, tool: &str) -> Result<Value, ErrorObject> {
        self.send(Method::ToolsCall, &json!({"name": tool}))
    }

    /// Repeats the call, with these answers and what `asked` said to send back.
    pub(crate) fn retry(
        &self,
        tool: &str,
        asked: &Value,
        answers: &Value,
    ) -> Result<Value, ErrorObject> {
        let state = &asked["requestState"];
        let params = json!({"name": tool, "inputResponses": answers, "requestState": state});
        self.send(Method::ToolsCall, &params)
    }
}

pub(crate) fn hosted(builder: ServerBuilder) -> Server {
    let server = builder.build().unwrap();
    server.hosted(&Clock::default().host(1));
    server
}

pub(crate) fn greeter() -> ServerBuilder {
    Server::builder("s", "1").raw_tool(Tool::new("greet"), greet)
}

pub(crate) async fn greet(_: Value, cx: Context) -> Result<String, CallError> {
    let answer = cx.elicit("user_name", name_form()).await?;
    match answer.value("name").and_then(|name| name.as_str()) {
        Some(name) => Ok(format!("Hello, {name}!")),
        None => Ok(format!("Nobody: {}", answer.action)),
    }
}

pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

pub(crate) fn steps() -> ServerBuilder {
    let tool = |_: Value, cx: Context| async move {
        let one = cx.elicit("step1", name_form()).await?;
        let two = cx.elicit("step2", name_form()).await?;
        let name = |answer: &ElicitResult| {
            answer.value("name").and_then(|it| it.as_str()).unwrap_or("-").to_owned()
        };
        Ok(format!("{} {}", name(&one), name(&two)))
    };
    Server::builder("s", "1").raw_tool(Tool::new("steps"), tool)
}

pub(crate) fn named(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

pub(crate) fn answers(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
