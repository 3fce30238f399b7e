//! `2025-11-25/basic/utilities/tasks`

use alloc::sync::Arc;

use mcp_core::app::{Context, Server};
use mcp_core::id::ProgressToken;
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Method;
use mcp_core::model::{ForRevision, TaskSupport, Tool};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use super::machine::{Gate, Machine, tool, tools};
use crate::modern::{ADA, text};
use crate::support::{Fixture, key, run, value};

const RELATED: &str = "io.modelcontextprotocol/related-task";

fn start() -> (Machine, Gate, Fixture) {
    let (machine, gate) = (Machine::default(), Gate::default());
    let client = Fixture::new(&machine.serve(tools(&gate)));
    (machine, gate, client)
}

/// TASK-01, TASKX-28: what is declared where.
#[test]
fn task_01_tasks_are_declared_in_each_design_s_way() {
    let offered = |builder: mcp_core::app::ServerBuilder, revision| {
        let server = builder.build().unwrap();
        serde_json::to_value(server.greeting().capabilities.clone().for_revision(revision)).unwrap()
    };
    let with = || Server::builder("s", "1").raw_tool(tool("t", TaskSupport::Optional), none);
    let legacy = offered(with(), Revision::V2025_11_25);
    let expected = json!({"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}});
    assert_eq!(legacy["tasks"], expected);
    assert!(legacy["extensions"].is_null());
    let modern = offered(with(), Revision::V2026_07_28);
    assert!(modern["tasks"].is_null());
    assert_eq!(modern["extensions"]["io.modelcontextprotocol/tasks"], json!({}));
    for revision in [Revision::V2024_11_05, Revision::V2025_03_26, Revision::V2025_06_18] {
        let older = offered(with(), revision);
        assert!(older["tasks"].is_null() && older["extensions"].is_null());
    }
    // EXT-03: nothing is declared that nobody asked for.
    let without = || Server::builder("s", "1").raw_tool(Tool::new("t"), none);
    assert!(offered(without(), Revision::V2025_11_25)["tasks"].is_null());
    assert!(offered(without(), Revision::V2026_07_28)["extensions"].is_null());
    let later = Server::builder("s", "1").tools().tasks();
    assert!(!offered(later, Revision::V2025_11_25)["tasks"].is_null());
}

async fn none(_: Value, _: Context) -> Result<&'static str, mcp_core::app::CallError> {
    Ok("none")
}

/// TASK-07, TASK-10, TASK-11, TASK-13
#[test]
fn task_07_the_call_is_answered_at_once_with_a_task() {
    let (machine, gate, client) = start();
    let params = json!({"name": "work", "task": {"ttl": 60_000}});
    let made = client.ask(Method::ToolsCall, &params).unwrap();
    let task = &made["task"];
    assert_eq!(task["status"], "working");
    assert_eq!(task["ttl"], 60_000);
    assert_eq!(task["pollInterval"], 1000);
    assert_eq!(task["createdAt"], "1970-01-01T00:00:00.000Z");
    assert_eq!(task["lastUpdatedAt"], task["createdAt"]);
    assert!(made["taskId"].is_null() && made["resultType"].is_null());
    assert_ne!(client.begin("work"), task["taskId"].as_str().unwrap());

    let id = task["taskId"].as_str().unwrap();
    machine.forward(5);
    let got = client.task(Method::TasksGet, id).unwrap();
    assert_eq!(got["statusMessage"], "half");
    assert_eq!(got["lastUpdatedAt"], "1970-01-01T00:00:05.000Z");
    gate.open();
    machine.run();
    let got = client.task(Method::TasksGet, id).unwrap();
    assert_eq!((&got["status"], &got["result"]), (&json!("completed"), &Value::Null));

    // TASK-14: a wish is granted as far as it goes; without one there is a default.
    for (wish, granted) in [(json!({"ttl": 1e15}), 86_400_000), (json!({}), 3_600_000)] {
        let params = json!({"name": "work", "task": wish});
        let made = client.ask(Method::ToolsCall, &params).unwrap();
        assert_eq!(made["task"]["ttl"], granted);
    }
    let params = json!({"name": "work", "task": 7});
    assert_eq!(client.code(Method::ToolsCall, &params.to_string()), -32602);
}

/// TASK-04, TASK-05, TASK-08
#[test]
fn task_05_tools_say_whether_they_are_tasks() {
    let (_, gate, client) = start();
    assert_eq!(client.code(Method::ToolsCall, r#"{"name":"must"}"#), -32601);
    assert_eq!(client.code(Method::ToolsCall, r#"{"name":"plain","task":{}}"#), -32601);
    gate.open();
    let called = client.ask(Method::ToolsCall, &json!({"name": "work"})).unwrap();
    assert_eq!(text(&called), "worked");

    // A server without tasks, and one that speaks of another revision, take no notice.
    let server = Server::builder("s", "1").raw_tool(Tool::new("plain"), none).build().unwrap();
    let plain = json!({"name": "plain", "task": {"ttl": 1}});
    assert_eq!(text(&Fixture::new(&server).ask(Method::ToolsCall, &plain).unwrap()), "none");
    let older = Fixture::at(&client.server, Revision::V2025_06_18);
    let work = json!({"name": "work", "task": {"ttl": 1}});
    assert_eq!(text(&older.ask(Method::ToolsCall, &work).unwrap()), "worked");
    assert_eq!(older.code(Method::TasksList, "{}"), -32601);
    assert_eq!(Fixture::new(&server).code(Method::TasksGet, r#"{"taskId":"x"}"#), -32601);
    // It is not the extension's either (TASKX-29).
    assert_eq!(client.code(Method::TasksUpdate, r#"{"taskId":"x","inputResponses":{}}"#), -32601);
    let declared = r#"{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;
    let declaring = Fixture::with(&client.server, Revision::V2025_11_25, declared);
    let called = declaring.ask(Method::ToolsCall, &json!({"name": "work"})).unwrap();
    assert_eq!(text(&called), "worked");
}

/// TASK-16, TASK-17, TASK-18, TASK-20
#[test]
fn task_16_the_result_is_waited_for() {
    let (machine, gate, client) = start();
    let id = client.begin("work");
    let mut result = client.wait(Method::TasksResult, &json!({"taskId": id}));
    machine.run();
    assert!(result.poll().is_none());
    gate.open();
    machine.run();
    let expected = json!({"content": [{"type": "text", "text": "worked"}],
        "_meta": {RELATED: {"taskId": id}}});
    assert_eq!(result.poll().unwrap().unwrap(), expected);
    assert_eq!(client.task(Method::TasksResult, &id).unwrap(), expected);
    assert!(client.task(Method::TasksGet, &id).unwrap()["_meta"].is_null());

    let id = client.begin("protocol");
    machine.run();
    let error = client.task(Method::TasksResult, &id).unwrap_err();
    assert_eq!((error.code().get(), error.message()), (-32602, "not so"));
}

/// TASK-28
#[test]
fn task_28_a_failed_result_is_a_failed_task() {
    let (machine, gate, client) = start();
    gate.open();
    for (tool, message) in
        [("must", "it broke"), ("protocol", "not so"), ("panic", "Internal error")]
    {
        let id = client.begin(tool);
        machine.run();
        let task = client.task(Method::TasksGet, &id).unwrap();
        assert_eq!((&task["status"], &task["statusMessage"]), (&json!("failed"), &json!(message)));
    }
    let id = client.begin("must");
    machine.run();
    assert_eq!(client.task(Method::TasksResult, &id).unwrap()["isError"], true);
}

/// TASK-12, TASK-25, TASK-26
#[test]
fn task_26_a_cancelled_task_stays_so() {
    let (machine, gate, client) = start();
    let id = client.begin("work");
    machine.run();
    let mut result = client.wait(Method::TasksResult, &json!({"taskId": id}));
    let cancelled = client.task(Method::TasksCancel, &id).unwrap();
    assert_eq!((&cancelled["status"], &cancelled["taskId"]), (&json!("cancelled"), &json!(id)));
    assert_eq!(result.poll().unwrap().unwrap_err().code().get(), -32602);
    machine.run();
    assert_eq!((gate.dropped(), machine.jobs()), (1, 0));
    gate.open();
    machine.run();
    assert_eq!(client.status(&id), "cancelled");
    let again = client.task(Method::TasksCancel, &id).unwrap_err();
    assert_eq!(again.code().get(), -32602);

    let id = client.begin("work");
    machine.run();
    assert_eq!(client.task(Method::TasksCancel, &id).unwrap_err().code().get(), -32602);
    assert_eq!(client.status(&id), "completed");
}

/// CANCEL-05: what cancels a request, dropping it, leaves the task alone.
#[test]
fn cancel_05_the_request_is_cancelled_and_not_the_task() {
    let (machine, gate, client) = start();
    let id = client.begin("work");
    let result = client.wait(Method::TasksResult, &json!({"taskId": id}));
    drop(result);
    machine.run();
    assert_eq!((client.status(&id).as_str(), gate.dropped()), ("working", 0));
}

/// TASK-27
#[test]
fn task_27_unknown_tasks_and_cursors_are_refused() {
    let (_, _, client) = start();
    for method in [Method::TasksGet, Method::TasksResult, Method::TasksCancel] {
        assert_eq!(client.code(method.clone(), r#"{"taskId":"x"}"#), -32602);
        assert_eq!(client.code(method, "{}"), -32602);
    }
    assert_eq!(client.code(Method::TasksList, r#"{"cursor":"x"}"#), -32602);
}

/// TASK-24
#[test]
fn task_24_all_tasks_are_listed_page_by_page() {
    let (_, _, client) = start();
    let mut made: Vec<String> = (0..250).map(|_| client.begin("work")).collect();
    let (mut listed, mut cursor, mut pages) = (Vec::new(), json!({}), 0);
    loop {
        let page = client.ask(Method::TasksList, &cursor).unwrap();
        for task in page["tasks"].as_array().unwrap() {
            listed.push(task["taskId"].as_str().unwrap().to_owned());
        }
        pages += 1;
        let next = &page["nextCursor"];
        if next.is_null() {
            break;
        }
        cursor = json!({"cursor": next});
    }
    made.sort();
    assert_eq!((listed, pages), (made, 3));
}

/// TASK-19, TASK-21, TASK-22: a question leaves beside the result that the client waits for.
#[test]
fn task_21_a_task_asks_where_its_result_is_waited_for() {
    let (machine, _, client) = start();
    let id = client.begin("ask");
    machine.run();
    assert_eq!(client.status(&id), "input_required");
    assert!(client.peer.take().iter().all(|(method, _)| method == "notifications/tasks/status"));

    client.peer.answer(ADA);
    client.peer.answer(ADA);
    let request = key();
    let cx = Context::new(Arc::clone(&client.connection), request, None);
    let params = json!({"taskId": id});
    let mut result = super::machine::Waiting::new(&client.server, cx, Method::TasksResult, &params);
    machine.run();
    let sent = client.peer.take_raw();
    let asked: Vec<_> = sent.iter().filter(|it| it.method == "elicitation/create").collect();
    assert_eq!(asked.len(), 2);
    for question in asked {
        assert_eq!(question.about, Some(request));
        assert_eq!(value(question.params.as_ref())["_meta"][RELATED]["taskId"], id);
    }
    let states: Vec<_> = sent
        .iter()
        .filter(|it| it.method == "notifications/tasks/status")
        .map(|it| value(it.params.as_ref())["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states.last().map(String::as_str), Some("completed"));
    assert!(states.contains(&"working".into()), "{states:?}");
    assert_eq!(text(&result.poll().unwrap().unwrap()), r#""Ada" "Ada""#);
}

/// PROG-09: progress goes on under the token of the call, for as long as the task is worked on.
#[test]
fn prog_09_progress_outlives_the_call() {
    let (machine, gate, client) = start();
    let token = Some(ProgressToken::from("token"));
    let cx = Context::new(Arc::clone(&client.connection), key(), token);
    let params = RawJson::parse(r#"{"name":"work","task":{}}"#).unwrap();
    let made = run(client.server.call_now(cx, params));
    let id = made["task"]["taskId"].as_str().unwrap().to_owned();
    gate.open();
    machine.run();
    let sent = client.peer.take();
    let of = |wanted: &'static str| {
        sent.iter().filter(move |(method, _)| method == wanted).map(|(_, params)| params)
    };
    let progress: Vec<_> = of("notifications/progress").collect();
    assert_eq!(progress.len(), 2);
    assert!(progress.iter().all(|it| it["progressToken"] == "token"));
    // TASK-19
    let related = |params: &&Value| params["_meta"][RELATED]["taskId"] == id;
    assert!(progress.iter().all(related));
    assert!(of("notifications/message").all(|it| related(&it)));
    // TASK-20, TASK-23
    let status: Vec<_> = of("notifications/tasks/status").collect();
    assert!(status.iter().all(|it| it["_meta"].is_null() && it["taskId"] == id));
    assert_eq!(status.last().unwrap()["status"], "completed");
}

trait CallNow {
    fn call_now(&self, cx: Context, params: RawJson) -> impl Future<Output = Value>;
}

impl CallNow for Server {
    async fn call_now(&self, cx: Context, params: RawJson) -> Value {
        use mcp_core::app::Handler;
        value(Some(&self.call(cx, Method::ToolsCall, Some(params.into())).await.unwrap()))
    }
}

/// TASK-14: a task is forgotten when its time is over, and its work let go.
#[test]
fn a_task_expires() {
    let (machine, gate, client) = start();
    let id = client.begin("work");
    machine.run();
    let mut result = client.wait(Method::TasksResult, &json!({"taskId": id}));
    machine.forward(59);
    assert_eq!(client.status(&id), "working");
    machine.forward(1);
    assert_eq!((gate.dropped(), machine.jobs()), (1, 0));
    assert_eq!(result.poll().unwrap().unwrap_err().code().get(), -32602);
    assert_eq!(client.task(Method::TasksGet, &id).unwrap_err().code().get(), -32602);
    assert_eq!(client.ask(Method::TasksList, &json!({})).unwrap()["tasks"], json!([]));
}

/// A runtime that stops takes its tasks along, and nobody waits for them for ever.
#[test]
fn a_task_ends_with_its_runtime() {
    let (machine, _, client) = start();
    let id = client.begin("work");
    let mut result = client.wait(Method::TasksResult, &json!({"taskId": id}));
    machine.stop();
    assert_eq!(client.status(&id), "failed");
    assert_eq!(result.poll().unwrap().unwrap_err().code().get(), -32603);
}
