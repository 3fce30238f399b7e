//! The extension `io.modelcontextprotocol/tasks` of 2026-07-28.

use mcp_core::app::{Context, Server};
use mcp_core::id::RequestId;
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Method;
use mcp_core::model::{Meta, RawObject, Tool};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use super::machine::{DECLARED, Gate, Machine, Waiting, modern, tools};
use crate::modern::{ADA, Modern, answers, hosted, named, text};
use crate::support::Fixture;

fn start() -> (Machine, Gate, Fixture) {
    let (machine, gate) = (Machine::default(), Gate::default());
    let client = modern(&machine.serve(tools(&gate)));
    (machine, gate, client)
}

fn update(client: &Fixture, id: &str, answers: Value) -> Value {
    let params = json!({"taskId": id, "inputResponses": answers});
    client.ask(Method::TasksUpdate, &params).unwrap()
}

/// TASKX-01, TASKX-06, TASKX-07, TASKX-08, TASKX-09, TASKX-27
#[test]
fn taskx_07_a_call_becomes_a_task() {
    let (machine, gate, client) = start();
    // The member of 2025-11-25 is nobody's business here.
    let params = json!({"name": "work", "task": {"ttl": 1}});
    let made = client.ask(Method::ToolsCall, &params).unwrap();
    assert_eq!((&made["resultType"], &made["status"]), (&json!("task"), &json!("working")));
    assert_eq!((&made["ttlMs"], &made["pollIntervalMs"]), (&json!(3_600_000), &json!(1000)));
    assert_eq!(made["createdAt"], made["lastUpdatedAt"]);
    for absent in ["task", "ttl", "pollInterval", "result", "requestState"] {
        assert!(made[absent].is_null(), "{absent}");
    }
    let id = made["taskId"].as_str().unwrap();
    let task = client.task(Method::TasksGet, id).unwrap();
    assert_eq!((&task["resultType"], &task["status"]), (&json!("complete"), &json!("working")));
    machine.forward(3);
    let task = client.task(Method::TasksGet, id).unwrap();
    assert_eq!(task["statusMessage"], "half");
    assert_eq!(task["lastUpdatedAt"], "1970-01-01T00:00:03.000Z");

    // TASKX-11
    gate.open();
    machine.run();
    let task = client.task(Method::TasksGet, id).unwrap();
    assert_eq!((&task["resultType"], &task["status"]), (&json!("complete"), &json!("completed")));
    assert_eq!(text(&task["result"]), "worked");
    assert!(task["error"].is_null() && task["inputRequests"].is_null());
    // TASKX-25: it has progressed and logged meanwhile.
    assert!(client.peer.take().is_empty());
}

/// TASKX-03, TASKX-04, EXT-02
#[test]
fn taskx_03_clients_without_the_extension_have_no_tasks() {
    let (machine, gate, client) = start();
    gate.open();
    let legacy_only = r#"{"tasks":{"list":{},"cancel":{}},"elicitation":{}}"#;
    for capabilities in ["{}", legacy_only, r#"{"extensions":{"com.example/tasks":{}}}"#] {
        let other = Fixture::with(&client.server, Revision::V2026_07_28, capabilities);
        let called = other.ask(Method::ToolsCall, &json!({"name": "work"})).unwrap();
        assert_eq!((text(&called), &called["resultType"]), ("worked", &json!("complete")));
        let refused = other.ask(Method::ToolsCall, &json!({"name": "must"})).unwrap_err();
        assert_eq!(refused.code().get(), -32021);
        let data: Value = refused.data().unwrap().to().unwrap();
        let expected = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        assert_eq!(data["requiredCapabilities"], expected);
        // TASKX-23
        for method in [Method::TasksGet, Method::TasksCancel] {
            assert_eq!(other.code(method, r#"{"taskId":"x"}"#), -32021);
        }
        let params = r#"{"taskId":"x","inputResponses":{}}"#;
        assert_eq!(other.code(Method::TasksUpdate, params), -32021);
        let params = r#"{"notifications":{"taskIds":["x"]}}"#;
        let cx = other.cx().with_id(RequestId::from(7u64));
        let listen = other.server.clone();
        let refused = crate::support::run(async move {
            use mcp_core::app::Handler;
            listen
                .call(cx, Method::SubscriptionsListen, Some(RawJson::parse(params).unwrap().into()))
                .await
        });
        assert_eq!(refused.unwrap_err().code().get(), -32021);
    }
    assert_eq!(machine.jobs(), 0);
}

/// TASKX-22, TASKX-27
#[test]
fn taskx_22_unknown_tasks_and_methods_are_refused() {
    let (_, _, client) = start();
    for method in [Method::TasksGet, Method::TasksCancel] {
        assert_eq!(client.code(method, r#"{"taskId":"x"}"#), -32602);
    }
    assert_eq!(client.code(Method::TasksUpdate, r#"{"taskId":"x","inputResponses":{}}"#), -32602);
    let id = client.begin("work");
    assert_eq!(client.task(Method::TasksResult, &id).unwrap_err().code().get(), -32601);
    assert_eq!(client.code(Method::TasksList, "{}"), -32601);
    // A server without the extension knows none of it.
    let without = Server::builder("s", "1")
        .raw_tool(Tool::new("t"), |_: Value, _cx: Context| async { Ok("t") });
    let without = modern(&without.build().unwrap());
    assert_eq!(without.code(Method::TasksGet, r#"{"taskId":"x"}"#), -32601);
}

/// TASKX-13
#[test]
fn taskx_13_only_json_rpc_errors_fail_a_task() {
    let (machine, gate, client) = start();
    gate.open();
    let id = client.begin("must");
    machine.run();
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)));
    for (tool, code) in [("protocol", -32602), ("panic", -32603)] {
        let id = client.begin(tool);
        machine.run();
        let task = client.task(Method::TasksGet, &id).unwrap();
        assert_eq!((&task["status"], &task["error"]["code"]), (&json!("failed"), &json!(code)));
        assert!(task["result"].is_null() && !task.to_string().contains("secret"));
    }
}

/// TASKX-02: the handler decides whether there is a task.
#[test]
fn taskx_02_short_work_needs_no_task() {
    let (_, _, client) = start();
    let called = client.ask(Method::ToolsCall, &json!({"name": "short"})).unwrap();
    assert_eq!((text(&called), &called["resultType"]), ("short", &json!("complete")));
    let missing = client.ask(Method::ToolsCall, &json!({"name": "none"})).unwrap_err();
    assert_eq!(missing.code().get(), -32602);
}

/// TASKX-12, TASKX-18, TASKX-19, TASKX-20
#[test]
fn taskx_12_a_task_asks_for_all_that_is_open() {
    let (machine, _, client) = start();
    let id = client.begin("ask");
    machine.run();
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!(task["status"], "input_required");
    let keys = |task: &Value| {
        task["inputRequests"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    // Two questions of one name are two.
    assert_eq!(keys(&task), ["one", "one#2"]);
    assert_eq!(task["inputRequests"]["one"]["method"], "elicitation/create");

    let nothing = update(&client, &id, json!({"other": named("Eve")}));
    assert_eq!(nothing["resultType"], "complete");
    assert!(nothing["taskId"].is_null() && nothing["status"].is_null());
    update(&client, &id, json!({"one": answers(ADA)}));
    // Nobody else's answer counts any more.
    update(&client, &id, json!({"one": named("Eve")}));
    machine.run();
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!(
        (&task["status"], keys(&task)),
        (&json!("input_required"), vec!["one#2".to_owned()])
    );
    update(&client, &id, json!({"one#2": named("Bob")}));
    assert_eq!(client.status(&id), "working");
    machine.run();
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!(text(&task["result"]), r#""Ada" "Bob""#);
    // TASKX-19: whatever it comes to.
    assert_eq!(update(&client, &id, json!({}))["resultType"], "complete");
}

/// TASKX-10: what is asked first is asked in rounds of the call.
#[test]
fn taskx_10_rounds_come_before_the_task() {
    let (machine, gate, client) = start();
    let client = Modern(client);
    let asked = client.call("late").unwrap();
    assert_eq!(asked["resultType"], "input_required");
    assert_eq!(machine.jobs(), 0);
    let made = client.retry("late", &asked, &json!({"who": answers(ADA)})).unwrap();
    assert_eq!(made["resultType"], "task");
    assert!(made["requestState"].is_null());
    gate.open();
    machine.run();
    let task = client.0.task(Method::TasksGet, made["taskId"].as_str().unwrap()).unwrap();
    assert_eq!(text(&task["result"]), "Ada");
}

/// TASKX-19
#[test]
fn taskx_19_cancelling_is_acknowledged_and_reaches_the_handler() {
    let (machine, gate, client) = start();
    let id = client.begin("work");
    machine.run();
    for _ in 0..2 {
        let cancelled = client.task(Method::TasksCancel, &id).unwrap();
        assert_eq!(cancelled["resultType"], "complete");
        assert!(cancelled["taskId"].is_null() && cancelled["status"].is_null());
    }
    machine.run();
    assert_eq!((gate.dropped(), machine.jobs()), (1, 0));
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!(task["status"], "cancelled");
    assert!(task["error"].is_null() && task["result"].is_null());
}

/// TASKX-24: whoever listens to a task is told how it is.
#[test]
fn taskx_24_listeners_are_told() {
    let (machine, _, client) = start();
    let id = client.begin("ask");
    let params = json!({"notifications": {"taskIds": [id, "unknown"]}});
    let cx = client.cx().with_id(RequestId::from(7u64));
    let mut listening = Waiting::new(&client.server, cx, Method::SubscriptionsListen, &params);
    let acknowledged = client.peer.take();
    assert_eq!(acknowledged[0].1["notifications"]["taskIds"], json!([id]));

    machine.run();
    assert!(listening.poll().is_none());
    let told = client.peer.take();
    assert_eq!(told.len(), 1);
    let (method, task) = &told[0];
    assert_eq!(method, "notifications/tasks");
    assert_eq!((&task["taskId"], &task["status"]), (&json!(id), &json!("input_required")));
    assert_eq!(task["inputRequests"].as_object().unwrap().len(), 2);
    assert_eq!(task["_meta"]["io.modelcontextprotocol/subscriptionId"], 7);
    assert!(task["resultType"].is_null());

    update(&client, &id, json!({"one": answers(ADA), "one#2": answers(ADA)}));
    machine.run();
    assert!(listening.poll().is_none());
    let told = client.peer.take();
    assert_eq!(told.last().unwrap().1["status"], "completed");
    assert_eq!(text(&told.last().unwrap().1["result"]), r#""Ada" "Ada""#);
}

/// A driver that cannot run anything in the background: what needs no task is called as ever.
#[test]
fn without_a_background_there_are_no_tasks() {
    let gate = Gate::default();
    gate.open();
    let client = modern(&hosted(tools(&gate)));
    let called = client.ask(Method::ToolsCall, &json!({"name": "work"})).unwrap();
    assert_eq!(text(&called), "worked");
    assert_eq!(client.code(Method::ToolsCall, r#"{"name":"must"}"#), -32603);
}

/// CAP-08, EXT-02, EXT-05, EXT-06: a handler sees what the client declares, and with what settings.
#[test]
fn ext_06_extensions_have_settings() {
    const UI: &str = "io.modelcontextprotocol/ui";
    let meta = r#"{"ui":{"resourceUri":"ui://clock"}}"#;
    let tool = Tool::new("clock").with_meta(serde_json::from_str::<Meta>(meta).unwrap());
    let server = Server::builder("s", "1")
        .extension(UI, RawObject::new())
        .raw_tool(tool, |_: Value, cx: Context| async move {
            let settings = cx.require_extension(UI)?;
            Ok(settings.as_str().to_owned())
        })
        .build()
        .unwrap();
    let declared = r#"{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}"#;
    let client = Fixture::with(&server, Revision::V2026_07_28, declared);
    let called = client.ask(Method::ToolsCall, &json!({"name": "clock"})).unwrap();
    assert_eq!(text(&called), r#"{"mimeTypes":["text/html;profile=mcp-app"]}"#);
    let listed = client.ask(Method::ToolsList, &json!({})).unwrap();
    assert_eq!(listed["tools"][0]["_meta"]["ui"]["resourceUri"], "ui://clock");

    let other = Fixture::with(&server, Revision::V2026_07_28, DECLARED);
    let refused = other.ask(Method::ToolsCall, &json!({"name": "clock"})).unwrap_err();
    assert_eq!(refused.code().get(), -32021);
    let data: Value = refused.data().unwrap().to().unwrap();
    assert_eq!(data["requiredCapabilities"]["extensions"], json!({UI: {}}));
    let legacy = Fixture::with(&server, Revision::V2025_11_25, "{}");
    let refused = legacy.ask(Method::ToolsCall, &json!({"name": "clock"})).unwrap();
    assert_eq!(refused["isError"], true);
}
