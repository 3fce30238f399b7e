//! Requests of ours, and how each ends once.

use mcp_core::error::{RequestError, SendError};
use mcp_core::model::{ClientCapabilities, TASKS_EXTENSION};
use mcp_core::revision::Revision;
use mcp_core::session::{ClientCloseReason, Outgoing, TransmitKind};
use serde_json::{Value, json};

use crate::support::{
    Client, Saw, answered, call, ended, list, notification, raw, refusal, result, secs,
};

/// JSONRPC-06, case_57: answers in any order reach whom they are for, in the order they came.
#[test]
fn case_57_answers_reach_whom_they_are_for() {
    let mut client = Client::legacy();
    let (a, b) = (client.request(call()), client.request(list()));
    let sent = client.sent();
    client.hear(&result(sent[1].id(), &json!({"b": 1})));
    client.hear(&result(sent[0].id(), &json!({"a": 1})));
    assert_eq!(client.saw(), [answered(b, r#"{"b":1}"#), answered(a, r#"{"a":1}"#)]);
    client.assert_empty();
}

/// case_67: numbers and unknown members come through as they were.
#[test]
fn case_67_results_are_handed_on_byte_for_byte() {
    let mut client = Client::modern();
    let handle = client.request(call());
    let id = client.sent_one().id();
    let text = r#"{"n":9007199254740993, "e":1e400,"resultType":"complete"}"#;
    client.hear_text(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{text}}}"#)).unwrap();
    assert_eq!(client.saw(), [answered(handle, text)]);
}

/// META-09, META-11, META-19, CAP-03, CAP-09: what every request of the modern era has.
#[test]
fn meta_09_every_modern_request_says_all() {
    let mut client = Client::modern_with(|config| {
        config.capabilities = ClientCapabilities::new()
            .with_roots(mcp_core::model::RootsCapability::new().with_list_changed(true));
    });
    client.request(list());
    client.request(Outgoing::new("tools/call", Some(raw(r#"{"name":"t","_meta":{"x":1}}"#))));
    client.request(call().with_progress());
    for out in client.sent() {
        assert_eq!(out.meta("protocolVersion"), "2026-07-28");
        assert_eq!(out.meta("clientCapabilities"), &json!({"roots": {}}));
        assert_eq!(out.meta("clientInfo")["version"], "1");
        assert_eq!(out.meta("logLevel"), &Value::Null);
        if out.method() == "tools/call" {
            let meta = &out.json["params"]["_meta"];
            assert!(meta["x"] == 1 || meta["progressToken"] == out.id());
        }
    }
    let mut client = Client::modern_with(|config| config.announces_info = false);
    client.request(list());
    assert_eq!(client.sent_one().meta("clientInfo"), &Value::Null);
}

/// JSONRPC-04, JSONRPC-05: no id is used twice.
#[test]
fn jsonrpc_05_ids_are_used_once() {
    let mut client = Client::modern();
    let mut ids = alloc::collections::BTreeSet::new();
    for _ in 0..50 {
        let handle = client.request(call());
        assert!(ids.insert(client.sent_one().id()));
        client.session.cancel(client.now, handle, "");
        client.sent();
    }
}

/// JSONRPC-21, JSONRPC-22, JSONRPC-23: kinds of results.
#[test]
fn jsonrpc_22_kinds_of_results() {
    let invalid = |kind: Value, tasks: bool, item: Outgoing| {
        let mut client = Client::modern_with(|config| {
            if tasks {
                let extensions = [(TASKS_EXTENSION.to_owned(), raw("{}"))];
                config.capabilities = ClientCapabilities::new().with_extensions(
                    extensions.into_iter().collect::<alloc::collections::BTreeMap<_, _>>(),
                );
            }
        });
        client.request(item);
        let id = client.sent_one().id();
        client.hear(&result(id, &json!({"resultType": kind, "taskId": "x", "requestState": ""})));
        matches!(client.saw()[..], [Saw::Response(_, Err(RequestError::Invalid(_)))])
    };
    assert!(!invalid(json!("complete"), false, call()));
    assert!(!invalid(json!(null), false, call()), "as good as none");
    for kind in [json!("partial"), json!(""), json!(7), json!({})] {
        assert!(invalid(kind, true, call()));
    }
    // TASKX-05: a task only where one may come.
    assert!(invalid(json!("task"), false, call()));
    assert!(!invalid(json!("task"), true, call()));
    assert!(invalid(json!("task"), true, list()));
    // MRTR-03.
    assert!(invalid(json!("input_required"), false, list()));
}

/// ERR-07, TIME-01, TIME-02: a request that is not answered in time, and its late answer.
#[test]
fn time_02_case_45_a_request_times_out_and_is_cancelled() {
    let mut client = Client::legacy();
    let slow = client.request(call());
    let quick = client.request(call().with_timeout(secs(5)));
    let sent = client.sent();
    client.wait(secs(5));
    assert_eq!(client.saw(), [ended(quick, RequestError::TimedOut)]);
    let cancel = client.sent_one();
    assert_eq!(cancel.transmit.kind, TransmitKind::Cancel(quick));
    assert_eq!(cancel.transmit.cancels, Some(sent[1].transmit.key));
    assert_eq!(cancel.json["params"], json!({"requestId": sent[1].id(), "reason": "timed out"}));
    client.wait(secs(55));
    assert_eq!(client.saw(), [ended(slow, RequestError::TimedOut)]);
    client.sent();
    // CANCEL-08, case_41, case_46.
    client.hear(&result(sent[0].id(), &json!({})));
    client.hear(&refusal(sent[1].id(), -32800, &json!(null)));
    client.hear(&result(9999, &json!({})));
    client.hear(&json!({"jsonrpc": "2.0", "id": "x", "result": {}}));
    assert_eq!(client.saw(), []);
    assert_eq!(client.session.counters().unknown_responses, 4);
    client.assert_empty();
}

/// TIME-04, TIME-05, PROG-02, case_45: progress gives time, but not for ever.
#[test]
fn time_05_progress_stretches_the_deadline_up_to_a_limit() {
    let mut client = Client::legacy_with(|config| {
        config.timeouts.request = secs(10);
        config.timeouts.request_max = secs(25);
    });
    let handle = client.request(call().with_progress());
    let out = client.sent_one();
    let token = out.json["params"]["_meta"]["progressToken"].clone();
    assert_eq!(token, out.id());
    let progress =
        notification("notifications/progress", &json!({"progressToken": token, "progress": 1}));
    for _ in 0..2 {
        client.wait(secs(9));
        client.hear(&progress);
        assert_eq!(client.saw(), [Saw::Progress(handle)]);
    }
    client.wait(secs(7));
    assert_eq!(client.saw(), [ended(handle, RequestError::TimedOut)], "at 25 s");
    // case_41: late and made-up progress is counted and does no harm.
    client.hear(&progress);
    for token in [json!("x"), json!(77), json!(null), json!({})] {
        client.hear(&notification("notifications/progress", &json!({"progressToken": token})));
    }
    assert_eq!(client.saw(), []);
    assert_eq!(client.session.counters().unknown_progress, 5);
}

/// CANCEL-01, CANCEL-11, CANCEL-09, case_40: cancelling before, at and after the answer.
#[test]
fn case_40_cancelling_races_with_the_answer() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let connect = || match revision {
            Revision::V2026_07_28 => Client::modern(),
            _ => Client::legacy(),
        };
        // Before it left: the server has heard nothing and hears nothing.
        let mut client = connect();
        let handle = client.request(call());
        client.session.cancel(client.now, handle, "bored");
        assert_eq!(client.saw(), [ended(handle, RequestError::NotSent)]);
        assert!(client.next().is_none());
        client.assert_empty();

        // On its way.
        let handle = client.request(call());
        let id = client.sent_one().id();
        client.session.cancel(client.now, handle, "bored");
        client.hear(&result(id, &json!({})));
        assert_eq!(client.saw(), [ended(handle, RequestError::Cancelled)]);
        let cancel = client.sent_one();
        assert_eq!(cancel.json["params"], json!({"requestId": id, "reason": "bored"}));

        // Answered.
        let handle = client.request(call());
        let id = client.sent_one().id();
        client.hear(&result(id, &json!({})));
        client.session.cancel(client.now, handle, "bored");
        client.session.cancel(client.now, handle, "bored");
        assert_eq!(client.saw(), [answered(handle, "{}")]);
        assert!(client.next().is_none());
        client.assert_empty();
    }
}

/// CANCEL-05, TASKX-21: what becomes a task of 2025-11-25 is not cancelled by a notification.
#[test]
fn cancel_05_tasks_are_not_cancelled_by_a_notification() {
    let mut client = Client::legacy();
    let params = raw(r#"{"name":"t","task":{"ttl":1}}"#);
    let handle = client.request(Outgoing::new("tools/call", Some(params)));
    client.sent();
    client.session.cancel(client.now, handle, "");
    assert_eq!(client.saw(), [ended(handle, RequestError::Cancelled)]);
    assert!(client.next().is_none());
}

/// case_42: when the server is gone every request ends, and says whether it is safe to repeat.
#[test]
fn case_42_the_end_answers_everything_once() {
    for how in 0..3 {
        let mut client = Client::legacy();
        let sent = client.request(call());
        client.sent();
        let waiting = client.request(call());
        let now = client.now;
        let reason = match how {
            0 => {
                client.session.handle_end_of_input(now);
                ClientCloseReason::Disconnected
            }
            1 => {
                client.session.handle_disconnect(now);
                ClientCloseReason::Disconnected
            }
            _ => {
                client.session.close(now);
                ClientCloseReason::Local
            }
        };
        client.session.close(now);
        client.session.handle_timeout(now);
        assert_eq!(
            client.saw(),
            [
                ended(sent, RequestError::Lost),
                ended(waiting, RequestError::NotSent),
                Saw::Closed(reason)
            ]
        );
        let refused = client.session.request(now, call());
        assert!(matches!(refused, Err(SendError::Closed(item)) if item == call()));
        assert!(client.hear_text("{}").is_err());
        assert_eq!(client.session.poll_timeout(), None);
        client.assert_empty();
    }
}

#[test]
fn the_transport_says_what_became_of_a_request() {
    let mut client = Client::modern();
    let (a, b) = (client.request(list()), client.request(list()));
    let sent = client.sent();
    client.session.handle_not_sent(client.now, sent[0].transmit.key);
    client.session.handle_lost(client.now, sent[1].transmit.key);
    client.session.handle_lost(client.now, sent[1].transmit.key);
    assert_eq!(client.saw(), [ended(a, RequestError::NotSent), ended(b, RequestError::Lost)]);
}

/// RES-09: both codes for a resource that is not there reach the application with their data.
#[test]
fn res_09_not_found_is_no_reason_to_start_over() {
    let mut client = Client::legacy();
    let handle = client.request(Outgoing::new("resources/read", Some(raw(r#"{"uri":"a:b"}"#))));
    let id = client.sent_one().id();
    client.hear(&refusal(id, -32002, &json!({"uri": "a:b"})));
    let [Saw::Response(it, Err(RequestError::Refused(error)))] = &client.saw()[..] else {
        panic!()
    };
    assert_eq!((*it, error.code().get()), (handle, -32002));
    assert!(client.session.is_ready());
}
