//! Where tasks are kept, and how much.

use core::time::Duration;

use mcp_core::app::{
    CallError, Context, MemoryTaskStore, Server, TaskLimits, TaskOwner, TaskRecord, TaskStore,
    TaskStoreFull,
};
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Method;
use mcp_core::model::{Task, TaskStatus, TaskSupport};
use mcp_core::revision::Era;
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use super::machine::{Gate, Machine, modern, tool, tools};

fn at(secs: u64) -> UnixTime {
    UnixTime::from_epoch(Duration::from_secs(secs))
}

fn record(owner: &TaskOwner, id: &str, expires: u64) -> TaskRecord {
    TaskRecord::new(owner.clone(), Task::new(id, "1970-01-01T00:00:00Z"), at(expires))
}

fn limits(tasks: usize, tasks_per_owner: usize, bytes: usize) -> MemoryTaskStore {
    let mut limits = TaskLimits::default();
    (limits.tasks, limits.tasks_per_owner, limits.bytes) = (tasks, tasks_per_owner, bytes);
    MemoryTaskStore::new(limits)
}

#[test]
fn tasks_are_bounded_in_all_and_by_owner() {
    let store = limits(3, 2, 1 << 20);
    let ada = TaskOwner::principal_of(Era::Modern, "ada");
    let bob = TaskOwner::bearer();
    assert_eq!(store.insert(at(0), record(&ada, "a", 10)), Ok(()));
    assert_eq!(store.insert(at(0), record(&ada, "b", 20)), Ok(()));
    assert_eq!(store.insert(at(0), record(&ada, "c", 10)), Err(TaskStoreFull));
    assert_eq!(store.insert(at(0), record(&bob, "d", 10)), Ok(()));
    assert_eq!(store.insert(at(0), record(&bob, "e", 10)), Err(TaskStoreFull));
    // What has expired makes room, and is not there any more.
    assert!(store.get(at(9), "a").is_some() && store.get(at(10), "a").is_none());
    assert_eq!(store.insert(at(10), record(&ada, "c", 30)), Ok(()));
    let ids = |owner, after| {
        let listed = store.list(at(10), owner, after, 9);
        listed.into_iter().map(|it| it.task.task_id).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&ada, None), ids(&ada, Some("b"))),
        (vec!["b".into(), "c".into()], vec!["c".into()])
    );
    assert!(ids(&bob, None).is_empty());
    assert!(store.list(at(30), &ada, None, 9).is_empty());
    assert_eq!((store.is_empty(), store.len()), (true, (0, 0)));
}

#[test]
fn bytes_are_bounded() {
    let owner = TaskOwner::bearer();
    let one = record(&owner, "a", 10).size();
    let store = limits(9, 9, 2 * one + 100);
    assert_eq!(store.insert(at(0), record(&owner, "a", 10)), Ok(()));
    assert_eq!(store.insert(at(0), record(&owner, "b", 10)), Ok(()));
    assert_eq!(store.insert(at(0), record(&owner, "c", 10)), Err(TaskStoreFull));
    let mut done = record(&owner, "a", 10);
    done.task.status = TaskStatus::Completed;
    done.outcome = Some(Ok(RawJson::from_value(&"x".repeat(200)).unwrap()));
    assert_eq!(store.update(at(0), done.clone()), Err(TaskStoreFull));
    done.outcome = Some(Ok(RawJson::from_value(&"x".repeat(50)).unwrap()));
    assert_eq!(store.update(at(0), done.clone()), Ok(()));
    assert_eq!(store.len().1, 2 * one + 52);
    // A task that is gone does not come back.
    assert_eq!(store.update(at(10), done), Ok(()));
    assert_eq!(store.len(), (0, 0));
}

/// A client hears when there is no room for a task, and when there is none for its result.
#[test]
fn a_full_store_fails_the_call_or_the_task() {
    let machine = Machine::default();
    let server = machine.serve(tools(&Gate::default()).task_store(limits(1, 1, 1 << 20)));
    let client = modern(&server);
    let id = client.begin("work");
    let refused = client.ask(Method::ToolsCall, &json!({"name": "work"})).unwrap_err();
    assert_eq!(refused.code().get(), -32603);
    client.task(Method::TasksCancel, &id).unwrap();
    machine.run();
    assert_eq!(machine.jobs(), 0);

    let large = |_: Value, cx: Context| async move {
        cx.start_task().await?;
        Ok::<_, CallError>("x".repeat(10_000))
    };
    let server = Server::builder("s", "1")
        .raw_tool(tool("large", TaskSupport::Optional), large)
        .task_store(limits(9, 9, 2000));
    let client = modern(&machine.serve(server));
    let id = client.begin("large");
    machine.run();
    let task = client.task(Method::TasksGet, &id).unwrap();
    assert_eq!((&task["status"], &task["error"]["code"]), (&json!("failed"), &json!(-32603)));
}

/// A store can bring tasks back that an earlier process worked on.
#[test]
fn a_store_can_outlive_the_process() {
    let store = MemoryTaskStore::default();
    let mut done = record(&TaskOwner::bearer(), "done", 10);
    done.task.status = TaskStatus::Completed;
    done.outcome = Some(Ok(RawJson::parse(r#"{"content":[]}"#).unwrap()));
    store.insert(at(0), done).unwrap();
    store.insert(at(0), record(&TaskOwner::bearer(), "left", 10)).unwrap();
    let machine = Machine::default();
    let client = modern(&machine.serve(tools(&Gate::default()).task_store(store)));
    let task = client.task(Method::TasksGet, "done").unwrap();
    assert_eq!(task["result"], json!({"content": []}));
    client.task(Method::TasksCancel, "left").unwrap();
    assert_eq!(client.status("left"), "cancelled");
}
