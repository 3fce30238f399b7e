//! Starting over: the server has forgotten the session.

use mcp_core::error::RequestError;
use mcp_core::lifecycle::ClientPhase;
use mcp_core::session::{CancelReason, ClientCloseReason, Outgoing, TransmitKind};
use serde_json::json;

use crate::support::{Client, Saw, answered, call, ended, initialized, list, refusal, result};

/// case_13: 404 means one new handshake and one retry; the second 404 is the end of the request.
#[test]
fn case_13_a_lost_session_is_opened_again_once() {
    let mut client = Client::legacy();
    let handle = client.request(call());
    let first = client.sent_one();
    client.session.handle_session_gone(client.now, first.transmit.key);
    assert_eq!(client.saw(), []);
    client.shake("2025-11-25");
    assert_eq!(client.saw(), [Saw::Ready]);
    let again = client.sent_one();
    assert_eq!(again.transmit.kind, TransmitKind::Request(handle));
    assert_ne!(again.id(), first.id());
    client.session.handle_session_gone(client.now, again.transmit.key);
    assert_eq!(client.saw(), [ended(handle, RequestError::SessionGone)]);
    client.shake("2025-11-25");
    assert!(client.session.is_ready(), "and the next request has a session");
}

/// case_14: many 404s at once, also late ones, are one new handshake.
#[test]
fn case_14_starting_over_is_single_flight() {
    let mut client = Client::legacy();
    let handles: Vec<_> = (0..5).map(|_| client.request(call())).collect();
    let sent = client.sent();
    for out in &sent[..3] {
        client.session.handle_session_gone(client.now, out.transmit.key);
    }
    let initialize = client.sent_one();
    client.session.handle_session_gone(client.now, sent[3].transmit.key);
    assert!(client.next().is_none());
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    assert_eq!(client.methods().len(), 1 + 4);
    client.session.handle_session_gone(client.now, sent[4].transmit.key);
    assert_eq!(client.session.phase(), ClientPhase::Operation, "that was the old session");
    let last = client.sent_one();
    assert_eq!(last.transmit.kind, TransmitKind::Request(handles[4]));
    assert_eq!(client.session.counters().restarts, 1);
    assert_eq!(client.session.counters().retried, 5);
}

/// case_02: a refusal for want of a handshake means the same, in our words and in Python's.
#[test]
fn case_02_a_refusal_for_want_of_a_handshake_starts_over() {
    for refuse in [
        |id| refusal(id, -32002, &json!({"reason": "not_initialized"})),
        |id| refusal(id, -32002, &json!({"reason": "hold_timeout", "x": 1})),
        |id| {
            json!({"jsonrpc": "2.0", "id": id, "error":
                {"code": -32602, "message": "Invalid request parameters", "data": ""}})
        },
    ] {
        let mut client = Client::legacy();
        let (a, b) = (client.request(call()), client.request(call()));
        let sent = client.sent();
        client.hear(&refuse(sent[0].id()));
        client.hear(&refuse(sent[1].id()));
        assert_eq!(client.saw(), []);
        client.shake("2025-11-25");
        assert_eq!(client.saw(), [Saw::Ready]);
        let again = client.sent();
        assert_eq!(again[0].transmit.kind, TransmitKind::Request(a), "in their old order");
        client.hear(&result(again[0].id(), &json!({})));
        // It says so again: then that is the answer.
        client.hear(&refuse(again[1].id()));
        let saw = client.saw();
        assert_eq!(saw[0], answered(a, "{}"));
        assert!(matches!(&saw[1], Saw::Response(it, Err(RequestError::Refused(_))) if *it == b));
        assert_eq!(client.session.counters().restarts, 1);
        assert!(client.session.is_ready());
    }
    // Once anything has been answered, Python's words mean what they say.
    let mut client = Client::legacy();
    let (a, b) = (client.request(list()), client.request(call()));
    let sent = client.sent();
    client.hear(&result(sent[0].id(), &json!({})));
    client.hear(&json!({"jsonrpc": "2.0", "id": sent[1].id(), "error":
        {"code": -32602, "message": "Invalid request parameters", "data": ""}}));
    let saw = client.saw();
    assert_eq!(saw[0], answered(a, "{}"));
    assert!(matches!(&saw[1], Saw::Response(it, Err(RequestError::Refused(_))) if *it == b));
}

/// A new process or endpoint: what only reads is sent again, what acts is lost.
#[test]
fn restart_repeats_what_is_safe() {
    for modern in [false, true] {
        let mut client = if modern { Client::modern() } else { Client::legacy() };
        let acts = client.request(call());
        let may = client.request(call().idempotent());
        let reads = client.request(list());
        client.sent();
        let waits = client.request(call());
        client.session.restart(client.now);
        assert_eq!(client.saw(), [ended(acts, RequestError::Lost)]);
        if modern {
            let probe = client.sent_one();
            client.hear(&crate::support::discovered(probe.id()));
        } else {
            client.shake("2025-11-25");
        }
        assert_eq!(client.saw(), [Saw::Ready]);
        let kinds: Vec<_> = client.sent().iter().map(|out| out.transmit.kind).collect();
        assert_eq!(kinds, [may, reads, waits].map(TransmitKind::Request));
        client.session.restart(client.now);
        assert_eq!(
            client.saw(),
            [may, reads, waits].map(|it| ended(it, RequestError::Lost)),
            "each once; and the last one acts"
        );
    }
}

/// STDIO-15: subscriptions are taken out again.
#[test]
fn stdio_15_subscriptions_outlive_a_restart() {
    let mut client = Client::modern();
    let params = crate::support::raw(r#"{"notifications":{"toolsListChanged":true}}"#);
    let handle = client.request(Outgoing::new("subscriptions/listen", Some(params)));
    client.sent();
    client.session.restart(client.now);
    let probe = client.sent_one();
    client.hear(&crate::support::discovered(probe.id()));
    let out = client.sent_one();
    assert_eq!(out.transmit.kind, TransmitKind::Request(handle));
    assert_eq!(out.json["params"]["notifications"], json!({"toolsListChanged": true}));
}

/// A server that forgets the session before the handshake is done does so only so often.
#[test]
fn restarts_in_a_row_are_bounded() {
    let mut client = Client::legacy();
    let handle = client.request(call());
    let out = client.sent_one();
    client.session.handle_session_gone(client.now, out.transmit.key);
    for _ in 0..2 {
        let initialize = client.sent_one();
        client.hear(&initialized(initialize.id(), "2025-11-25"));
        let announced = client.next().unwrap();
        client.session.handle_session_gone(client.now, announced.transmit.key);
    }
    let initialize = client.sent_one();
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    let announced = client.next().unwrap();
    client.session.handle_session_gone(client.now, announced.transmit.key);
    assert_eq!(
        client.saw(),
        [ended(handle, RequestError::NotSent), Saw::Closed(ClientCloseReason::TooManyRestarts)]
    );
}

/// A server that remembers the session after all is not taken for lost.
#[test]
fn an_initialize_too_many_does_no_harm() {
    let mut client = Client::legacy();
    client.session.restart(client.now);
    let initialize = client.sent_one();
    client.hear(&refusal(initialize.id(), -32600, &json!(null)));
    assert_eq!(client.methods(), ["notifications/initialized"]);
    assert!(client.session.is_ready());
}

/// What the old session asked is not answered to the new one.
#[test]
fn requests_of_the_old_session_are_withdrawn() {
    let mut client = crate::server_requests::client();
    client.hear(&json!({"jsonrpc": "2.0", "id": 7, "method": "roots/list"}));
    assert_eq!(client.saw().len(), 1);
    let key = client.work[0].ticket.key();
    client.session.restart(client.now);
    assert_eq!(client.saw(), [Saw::Cancelled(key, CancelReason::Withdrawn)]);
    client.respond(Ok(crate::support::raw("{}")));
    client.shake("2025-11-25");
    assert!(client.next().is_none());
}
