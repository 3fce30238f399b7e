//! Whose tasks are whose.

use mcp_core::app::{Context, Handler};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::lifecycle::Method;
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use super::machine::{Gate, Machine, as_principal, modern, tools};
use crate::support::{Fixture, run, value};

fn send(
    client: &Fixture,
    cx: Context,
    method: Method,
    params: &Value,
) -> Result<Value, ErrorObject> {
    let reply = run(client.server.call(cx, method, Some(params.clone().into())));
    reply.map(|json| value(Some(&json)))
}

/// TASK-29, TASKX-26, CVE-2026-52870: a task is its principal's, whichever way it is asked for,
/// and for others it is not there.
#[test]
fn task_29_a_task_belongs_to_its_principal() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let (machine, gate) = (Machine::default(), Gate::default());
        let server = machine.serve(tools(&gate));
        let client = match revision {
            Revision::V2025_11_25 => Fixture::new(&server),
            _ => modern(&server),
        };
        // Another session of whoever it is.
        let other = match revision {
            Revision::V2025_11_25 => Fixture::new(&server),
            _ => modern(&server),
        };
        let ada = |client: &Fixture| as_principal(&client.connection, "ada");
        let eve = |client: &Fixture| as_principal(&client.connection, "eve");
        let params = json!({"name": "work", "task": {}});
        let made = send(&client, ada(&client), Method::ToolsCall, &params).unwrap();
        let task = if made["task"].is_null() { &made } else { &made["task"] };
        let id = json!({"taskId": task["taskId"], "inputResponses": {}});

        let unknown = send(&client, eve(&client), Method::TasksGet, &json!({"taskId": "x"}));
        let unknown = unknown.unwrap_err();
        let methods: &[Method] = match revision {
            Revision::V2025_11_25 => &[Method::TasksGet, Method::TasksResult, Method::TasksCancel],
            _ => &[Method::TasksGet, Method::TasksUpdate, Method::TasksCancel],
        };
        for method in methods {
            for stranger in [eve(&client), eve(&other), client.cx()] {
                let refused = send(&client, stranger, method.clone(), &id).unwrap_err();
                assert_eq!(refused, unknown, "{revision} {method}");
            }
        }
        assert_eq!(send(&other, ada(&other), Method::TasksGet, &id).unwrap()["status"], "working");
        if revision == Revision::V2025_11_25 {
            let list = |cx| send(&client, cx, Method::TasksList, &json!({})).unwrap();
            assert_eq!(list(eve(&client))["tasks"], json!([]));
            assert_eq!(list(client.cx())["tasks"], json!([]));
            assert_eq!(list(ada(&other))["tasks"].as_array().unwrap().len(), 1);
        }
    }
}

/// TASK-30: without a principal a task is its session's, and in the modern era its id is all
/// there is: 32 random bytes.
#[test]
fn task_30_a_task_belongs_to_its_session() {
    let (machine, gate) = (Machine::default(), Gate::default());
    let server = machine.serve(tools(&gate));
    let (client, other) = (Fixture::new(&server), Fixture::new(&server));
    let id = client.begin("work");
    assert_eq!(other.task(Method::TasksGet, &id).unwrap_err().code().get(), -32602);
    assert_eq!(other.ask(Method::TasksList, &json!({})).unwrap()["tasks"], json!([]));
    assert_eq!(client.status(&id), "working");

    let (one, two) = (modern(&server), modern(&server));
    assert_eq!(one.task(Method::TasksGet, &id).unwrap_err().code().get(), -32602);
    let ids = [one.begin("work"), one.begin("work")];
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.len() == 43));
    assert_eq!(two.status(&ids[0]), "working");
    assert_eq!(client.task(Method::TasksGet, &ids[0]).unwrap_err().code().get(), -32602);

    // Other secret bytes, other ids.
    let twin = Machine::default().serve(tools(&gate));
    assert_ne!(Fixture::new(&twin).begin("work"), id);
}
