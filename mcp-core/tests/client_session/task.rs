//! Tasks, in both designs.

use mcp_core::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use mcp_core::model::{ElicitFormParams, ElicitParams, ElicitValue, TaskStatus};
use mcp_core::session::{TaskOutcome, TaskWatch};
use mcp_core::time::Instant;
use serde_json::{Value, json};

use crate::support::{raw, secs};

fn task(status: &str, more: &Value) -> RawJson {
    let mut task = json!({"resultType": "complete", "taskId": "t", "status": status,
        "createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z",
        "ttlMs": null, "pollIntervalMs": 2000});
    for (key, value) in more.as_object().unwrap() {
        task[key] = value.clone();
    }
    raw(&task.to_string())
}

fn legacy(status: &str) -> RawJson {
    raw(&json!({"taskId": "t", "status": status, "createdAt": "2026-01-01T00:00:00Z",
        "lastUpdatedAt": "2026-01-01T00:00:00Z", "ttl": null, "pollInterval": 2000})
    .to_string())
}

/// The method and params of what is to be sent.
fn next(watch: &mut TaskWatch, now: Instant) -> Option<(String, Value)> {
    let item = watch.poll_request(now)?;
    Some((item.method.into_owned(), item.params.unwrap().to().unwrap()))
}

/// TASKX-05, TASKX-14, TASKX-16, TASKX-17: polled at the server's pace, each question asked once.
#[test]
fn taskx_14_taskx_16_a_task_of_the_extension_is_followed_to_its_end() {
    let now = Instant::EPOCH;
    let mut watch = TaskWatch::of(now, &task("working", &json!({"resultType": "task"}))).unwrap();
    assert_eq!(next(&mut watch, now + secs(1)), None);
    assert_eq!(watch.poll_timeout(), Some(now + secs(2)));
    let now = now + secs(2);
    assert_eq!(next(&mut watch, now), Some(("tasks/get".into(), json!({"taskId": "t"}))));
    assert_eq!(next(&mut watch, now + secs(9)), None, "one at a time");

    let asks = task(
        "input_required",
        &json!({"pollIntervalMs": 5000,
        "inputRequests": {"q": {"method": "roots/list"}}}),
    );
    watch.handle_result(now, &asks);
    assert_eq!(watch.poll_question().unwrap().0, "q");
    assert_eq!(watch.poll_timeout(), Some(now + secs(5)), "the interval may change");
    watch.answer("other", raw("{}"));
    assert_eq!(next(&mut watch, now), None);
    watch.answer("q", raw(r#"{"roots":[]}"#));
    let update = json!({"taskId": "t", "inputResponses": {"q": {"roots": []}}});
    assert_eq!(next(&mut watch, now), Some(("tasks/update".into(), update)));
    watch.handle_result(now, &raw(r#"{"resultType":"complete"}"#));
    next(&mut watch, now).unwrap();
    watch.handle_result(now, &asks);
    assert!(watch.poll_question().is_none(), "asked once");
    assert!(watch.handle_notification(now, &task("completed", &json!({"result": {"n": 1}}))));
    assert_eq!(watch.poll_outcome(), Some(TaskOutcome::Completed(raw(r#"{"n":1}"#))));
    assert_eq!((watch.poll_outcome(), watch.poll_timeout()), (None, None));
}

/// TASKX-13, TASKX-21, TASKX-22: other ends; cancelling is a wish.
#[test]
fn taskx_21_a_task_is_cancelled_by_its_own_request() {
    let created = task("working", &json!({"resultType": "task"}));
    let now = Instant::EPOCH;
    let mut watch = TaskWatch::of(now, &created).unwrap();
    watch.cancel();
    assert_eq!(next(&mut watch, now).unwrap().0, "tasks/cancel");
    watch.handle_result(now, &raw("{}"));
    assert_eq!(next(&mut watch, now).unwrap().0, "tasks/get");
    watch.handle_result(now, &task("cancelled", &json!({})));
    assert_eq!(watch.poll_outcome(), Some(TaskOutcome::Cancelled));
    assert_eq!(watch.status(), TaskStatus::Cancelled);

    let error = ErrorObject::new(ErrorCode::INVALID_PARAMS, "no such task");
    let mut watch = TaskWatch::of(now, &created).unwrap();
    next(&mut watch, now + secs(2)).unwrap();
    watch.handle_unanswered(now + secs(3));
    assert_eq!(next(&mut watch, now + secs(5)).unwrap().0, "tasks/get", "again");
    watch.handle_error(now, error.clone());
    assert_eq!(watch.poll_outcome(), Some(TaskOutcome::Failed(error)));

    let mut watch = TaskWatch::of(now, &created).unwrap();
    next(&mut watch, now + secs(2)).unwrap();
    watch.handle_result(now, &task("failed", &json!({})));
    assert_eq!(watch.poll_outcome(), Some(TaskOutcome::Invalid), "with no error in it");
}

/// TASK-15, TASK-22, TASK-17: 2025-11-25 asks for the result by itself.
#[test]
fn task_15_a_task_of_2025_11_25_is_followed_to_its_end() {
    let now = Instant::EPOCH;
    let created = json!({"task": legacy("working").to::<Value>().unwrap()});
    let mut watch = TaskWatch::of(now, &raw(&created.to_string())).unwrap();
    assert_eq!(next(&mut watch, now + secs(2)).unwrap().0, "tasks/get");
    watch.handle_result(now + secs(2), &legacy("input_required"));
    assert_eq!(next(&mut watch, now + secs(2)).unwrap().0, "tasks/result", "it asks meanwhile");
    watch.handle_result(now, &raw(r#"{"content":[]}"#));
    assert_eq!(watch.poll_outcome(), Some(TaskOutcome::Completed(raw(r#"{"content":[]}"#))));
    assert!(TaskWatch::of(now, &raw(r#"{"content":[]}"#)).is_none());
}

/// ELIC-09, ELIC-10, ELIC-15: what a form starts out with.
#[test]
fn elic_10_a_form_starts_with_its_defaults() {
    let params: ElicitParams = raw(
        &json!({"message": "m", "requestedSchema": {"type": "object", "properties": {
            "a": {"type": "string", "default": "x"},
            "b": {"type": "integer", "default": 7},
            "c": {"type": "number", "default": 0.5},
            "d": {"type": "boolean", "default": false},
            "e": {"type": "string", "enum": ["p", "q"], "enumNames": ["P", "Q"], "default": "q"},
            "f": {"type": "array", "items": {"type": "string", "enum": ["p", "q"]}, "default": ["p"]},
            "g": {"type": "string"}
        }}})
        .to_string(),
    )
    .to()
    .unwrap();
    let ElicitParams::Form(form) = params else { panic!("ELIC-04: no mode is a form") };
    let form: ElicitFormParams = form;
    let defaults = form.fields().unwrap().defaults();
    let keys: Vec<_> = defaults.keys().map(String::as_str).collect();
    assert_eq!(keys, ["a", "b", "c", "d", "e", "f"], "the rest is for the user");
    assert_eq!(defaults["a"].as_str(), Some("x"));
    assert_eq!(defaults["b"].as_i64(), Some(7));
    assert_eq!(defaults["c"].as_f64(), Some(0.5));
    assert_eq!(defaults["d"], ElicitValue::Bool(false));
    assert_eq!(defaults["e"].as_str(), Some("q"));
    assert_eq!(defaults["f"].as_choices(), Some(&["p".to_owned()][..]));
}

/// TASKX-14: servers say how often they are asked, within bounds.
#[test]
fn taskx_14_intervals_are_bounded() {
    let now = Instant::EPOCH;
    let every = |interval: u64| {
        let created = task("working", &json!({"resultType": "task", "pollIntervalMs": interval}));
        let mut watch = TaskWatch::of(now, &created).unwrap();
        let first = watch.poll_timeout().unwrap() - now;
        watch.set_longest_interval(now, secs(30));
        let bounded = watch.poll_timeout().unwrap() - now;
        next(&mut watch, now + bounded).unwrap();
        watch.handle_result(now, &task("working", &json!({"pollIntervalMs": interval})));
        assert_eq!(watch.poll_timeout().unwrap() - now, bounded, "for the next one, too");
        (first, bounded)
    };
    let least = core::time::Duration::from_millis(100);
    assert_eq!(every(0), (least, least));
    assert_eq!(every(20_000), (secs(20), secs(20)));
    assert_eq!(every(60_000), (secs(60), secs(30)));
    assert_eq!(every(u64::MAX), (secs(300), secs(30)));
}
