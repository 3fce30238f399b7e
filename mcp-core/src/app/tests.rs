//! What cannot be seen from outside: handlers in the modern era, on their own, and tables.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::sync::Arc;
use core::pin::pin;
use core::task::{Context as Polling, Poll, Waker};

use serde_json::{Value, json};

use super::audience::Audience;
use super::*;
use crate::error::{RequestError, SendError};
use crate::id::{ProgressToken, RequestKey};
use crate::jsonrpc::{ErrorObject, RawJson};
use crate::lifecycle::Method;
use crate::model::{
    CallToolResult, ClientCapabilities, Implementation, Prompt, RawObject, Resource,
    ResourceTemplate, RootsCapability, Tool,
};
use crate::revision::Revision;
use crate::session::{Client, Outgoing};

struct Deaf;

impl Peer for Deaf {
    fn notify(&self, _: Outgoing) -> Result<(), SendError<Outgoing>> {
        Ok(())
    }

    fn request(&self, _: Outgoing) -> PeerAnswer {
        Box::pin(async { Err(RequestError::NotSent) })
    }
}

/// A connection of 2026-07-28, whose client can do what servers ask of it.
fn modern() -> Arc<Connection> {
    let connection = Connection::new(Deaf);
    connection.introduce(Arc::new(Client {
        revision: Revision::V2026_07_28,
        capabilities: ClientCapabilities::new().with_roots(RootsCapability::new()),
        info: Implementation::new("c", "1"),
    }));
    connection
}

fn cx() -> Context {
    Context::new(modern(), RequestKey(1), Some(ProgressToken::from(1)))
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..2 {
        let ready = future.as_mut().poll(&mut Polling::from_waker(Waker::noop()));
        if let Poll::Ready(output) = ready {
            return output;
        }
    }
    panic!("the future waits for something");
}

fn call(server: &Server, method: Method, params: &Value) -> Result<Value, ErrorObject> {
    let reply = run(server.call(cx(), method, Some(params.clone().into())));
    reply.map(|json| json.to().unwrap())
}

fn server() -> Server {
    Server::builder("s", "1")
        .logging()
        .subscriptions()
        .resource(Resource::new("a:b", "a"), |_, _| async { Ok("x") })
        .raw_tool(Tool::new("log"), |_: Value, cx: Context| async move {
            assert_eq!(cx.error("x"), Delivery::Unwanted);
            assert_eq!(cx.progress(1.0, None, None), Delivery::Sent);
            Ok(CallToolResult::structured(&[1, 2])?)
        })
        .build()
        .unwrap()
}

/// RES-08, RES-10, ERR-05: -32602 and never -32002, with the URI.
#[test]
fn res_08_an_unknown_resource_is_invalid_params() {
    let error = call(&server(), Method::ResourcesRead, &json!({"uri": "a:c"})).unwrap_err();
    assert_eq!(error.code().get(), -32602);
    assert_eq!(error.data().map(RawJson::as_str), Some(r#"{"uri":"a:c"}"#));
}

/// LOG-09: nothing is logged for a request that does not ask for it. TOOL-19: structured content
/// is any JSON.
#[test]
fn log_09_a_modern_request_asks_for_messages() {
    let result = call(&server(), Method::ToolsCall, &json!({"name": "log"})).unwrap();
    assert_eq!(result["structuredContent"], json!([1, 2]));
    assert_eq!(result["content"][0]["text"], "[1,2]");
    assert_eq!(result["resultType"], "complete");
}

/// CACHE-01: the hints that the revision demands.
#[test]
fn cache_01_lists_and_contents_have_hints() {
    let server = server();
    let list = call(&server, Method::ToolsList, &json!({})).unwrap();
    let contents = call(&server, Method::ResourcesRead, &json!({"uri": "a:b"})).unwrap();
    for result in [list, contents] {
        assert_eq!(result["resultType"], "complete");
        assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(0), &json!("private")));
    }
}

/// TOOL-09, TOOL-24: schemas are sent as they are, an output schema whatever its root.
#[test]
fn tool_09_schemas_are_those_of_the_application() {
    let input = r##"{ "type":"object","$defs":{"a":{"$anchor":"a"}},"properties":{"b":true},
        "allOf":[{"if":{"$ref":"#a"},"then":{}}],"x-mine":9007199254740993 }"##;
    let output = r#"{ "type":["array","null"],"items":{} }"#;
    let tool = Tool::new("t")
        .with_input_schema(input.parse::<RawObject>().unwrap())
        .with_output_schema(output.parse::<RawObject>().unwrap());
    let server = Server::builder("s", "1").raw_tool(tool, |_: Value, _| async { Ok(()) });
    let list = run(server.build().unwrap().call(cx(), Method::ToolsList, None)).unwrap();
    assert!(list.as_str().contains(&format!(r#""inputSchema":{input}"#)));
    assert!(list.as_str().contains(&format!(r#""outputSchema":{output}"#)));
}

/// TOOL-02, RES-02, PROMPT-02: a list may be empty, and is a list all the same.
#[test]
fn tool_02_an_empty_list_is_a_list() {
    let server = Server::builder("s", "1").tools().resources().prompts().build().unwrap();
    for (method, member) in [
        (Method::ToolsList, "tools"),
        (Method::ResourcesList, "resources"),
        (Method::ResourcesTemplatesList, "resourceTemplates"),
        (Method::PromptsList, "prompts"),
    ] {
        let list = call(&server, method, &json!({})).unwrap();
        assert_eq!(list[member], json!([]));
    }
}

/// TOOL-03, RES-03, PROMPT-03: what a list says depends neither on the connection nor on what it
/// was asked before.
#[test]
fn tool_03_everybody_sees_one_list() {
    let server = Server::builder("s", "1")
        .raw_tool(Tool::new("t"), |_: Value, _: Context| async { Ok("x") })
        .resource(Resource::new("a:b", "a"), |_, _| async { Ok("x") })
        .resource_template(ResourceTemplate::new("a:{x}", "a"), |_, _| async { Ok("x") })
        .prompt(Prompt::new("p"), |(): (), _: Context| async { Ok("x") })
        .build()
        .unwrap();
    let lists = [
        Method::ToolsList,
        Method::ResourcesList,
        Method::ResourcesTemplatesList,
        Method::PromptsList,
    ];
    for method in lists {
        let busy = cx();
        let ask = |cx: &Context, method: &Method, params: Value| {
            run(server.call(cx.clone(), method.clone(), Some(params.into()))).unwrap()
        };
        let first = ask(&busy, &method, json!({}));
        ask(&busy, &Method::ToolsCall, json!({"name": "t"}));
        ask(&busy, &Method::ResourcesRead, json!({"uri": "a:c"}));
        ask(&busy, &Method::PromptsGet, json!({"name": "p"}));
        assert_eq!(ask(&busy, &method, json!({})), first);
        assert_eq!(ask(&cx(), &method, json!({})), first, "on another connection");
    }
}

/// RES-23: what the revision has dropped is not served in it.
#[test]
fn res_23_dropped_methods_do_not_exist() {
    for method in
        [Method::ResourcesSubscribe, Method::ResourcesUnsubscribe, Method::LoggingSetLevel]
    {
        let params = json!({"uri": "a:b", "level": "info"});
        let error = call(&server(), method.clone(), &params).unwrap_err();
        assert_eq!(error.code().get(), -32601, "{method}");
    }
}

/// JSONRPC-24: a modern server sends no requests.
#[test]
fn a_modern_client_is_not_asked() {
    assert!(matches!(run(cx().list_roots("q")), Err(AskError::Unavailable(_))));
    assert!(matches!(run(cx().ping()), Err(AskError::Unavailable(_))));
}

/// case_49: both tables are empty when everyone has gone.
#[test]
fn case_49_an_audience_leaves_nothing() {
    let audience = Audience::default();
    let stays = Connection::new(Deaf);
    for number in 0..1000 {
        let connection = Connection::new(Deaf);
        audience.join(&connection);
        audience.join(&connection);
        for uri in [format!("x:{number}"), "x:shared".into()] {
            audience.watch(&connection, &uri, 2).unwrap();
            audience.watch(&stays, "x:shared", 2).unwrap();
        }
        assert!(audience.watch(&connection, "x:more", 2).is_err());
        audience.unwatch(&connection, &format!("x:{number}"));
        assert_eq!(audience.len(), (2, 1));
    }
    assert_eq!(audience.watchers("x:shared").len(), 1);
    drop(stays);
    assert_eq!(audience.len(), (0, 0));
}

/// Two names never lead to one page, and the marks of the lists differ.
#[test]
fn lists_have_marks_of_their_own() {
    use shelf::Item;
    let marks = [
        tool::ToolEntry::MARK,
        prompt::PromptEntry::MARK,
        resource::ResourceEntry::MARK,
        resource::TemplateEntry::MARK,
    ];
    assert_eq!(BTreeSet::from(marks).len(), marks.len());
}
