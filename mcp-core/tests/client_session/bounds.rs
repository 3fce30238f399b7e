//! Every queue, filled.

use mcp_core::config::ClientConfig;
use mcp_core::error::SendError;
use mcp_core::model::{ClientCapabilities, RootsCapability};
use mcp_core::session::{ClientCloseReason, ClientEvent, ClientSession, Outgoing};
use serde_json::json;

use crate::support::{Client, Saw, call, list, notification, raw, secs};

fn small(change: impl FnOnce(&mut ClientConfig)) -> Client {
    Client::legacy_with(|config| {
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
        change(config);
    })
}

/// case_03: requests wait in bounds, and come back beyond them.
#[test]
fn case_03_requests_are_bounded_in_number_and_bytes() {
    let mut client = Client::with(|config| config.limits.requests = 3);
    for _ in 0..3 {
        client.request(call());
    }
    let back = client.session.request(client.now, call());
    assert!(matches!(back, Err(SendError::Full(item)) if item == call()));
    client.wait(secs(60));
    assert_eq!(client.saw().len(), 3, "and there is room again");
    client.request(call());

    let mut client = Client::with(|config| config.limits.request_bytes = 4000);
    let large =
        || Outgoing::new("tools/call", Some(raw(&json!({"x": "y".repeat(3000)}).to_string())));
    client.request(large());
    assert!(client.session.request(client.now, large()).is_err());
    assert!(client.session.notify(client.now, large()).is_err());
    assert!(client.session.outbound_bytes() <= 4000);
}

#[test]
fn notifications_are_bounded() {
    let mut client = Client::with(|config| config.limits.notifications = 2);
    let item = || Outgoing::new("notifications/x", None);
    for _ in 0..2 {
        client.session.notify(client.now, item()).unwrap();
    }
    assert!(matches!(client.session.notify(client.now, item()), Err(SendError::Full(_))));
}

#[test]
fn requests_of_the_server_are_bounded() {
    let mut client = small(|config| config.limits.incoming = 2);
    for id in 0..3 {
        client.hear(&json!({"jsonrpc": "2.0", "id": id, "method": "roots/list"}));
    }
    assert_eq!(client.saw().len(), 2);
    let refused = client.sent_one();
    assert_eq!(refused.json["id"], 2);
    assert_eq!(refused.json["error"]["data"]["retryable"], true);
}

/// case_48: a transport that takes nothing slows the server, and then ends the session.
#[test]
fn case_48_answers_are_bounded() {
    let mut client = small(|config| config.limits.outbox_frames = 8);
    let ping = json!({"jsonrpc": "2.0", "id": "p", "method": "ping"});
    for _ in 0..8 {
        assert!(client.session.wants_input());
        client.hear(&ping);
    }
    assert!(!client.session.wants_input());
    for _ in 8..32 {
        client.hear(&ping);
    }
    assert!(!client.session.is_closed());
    client.hear(&ping);
    assert_eq!(client.saw(), [Saw::Closed(ClientCloseReason::Stalled)]);
    client.assert_empty();
}

#[test]
fn events_are_bounded() {
    let mut client = small(|config| config.limits.events = 4);
    for _ in 0..10 {
        client.hear(&notification("notifications/tools/list_changed", &json!({})));
    }
    assert_eq!(client.session.queued_events(), 4);
    assert!(!client.session.wants_input());
    assert!(client.session.request(client.now, list()).is_err(), "it would end with one more");
    assert_eq!(client.session.counters().dropped_events, 6);
}

#[test]
fn questions_of_a_round_are_bounded() {
    let mut client = Client::modern_with(|config| {
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
        config.limits.input_requests = 2;
    });
    client.request(call());
    let id = client.sent_one().id();
    let ask = json!({"method": "roots/list"});
    client.hear(&crate::support::result(
        id,
        &json!({"resultType": "input_required", "inputRequests": {"a": ask, "b": ask, "c": ask}}),
    ));
    assert_eq!(client.saw().len(), 1, "the request ends");
    client.assert_empty();
}

/// A round is asked whole or not at all: what it asks counts beside what is being worked on.
#[test]
fn questions_of_all_rounds_are_bounded_together() {
    let mut client = Client::modern_with(|config| {
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
        config.limits.incoming = 3;
    });
    client.request(call());
    client.request(call());
    let sent = client.sent();
    let ask = json!({"method": "roots/list"});
    let asks = json!({"resultType": "input_required", "inputRequests": {"a": ask, "b": ask}});
    client.hear(&crate::support::result(sent[0].id(), &asks));
    client.hear(&crate::support::result(sent[1].id(), &asks));
    assert_eq!(client.session.in_flight(), 2, "of the first alone");
    assert_eq!(client.session.counters().refused_busy, 1);
}

/// Sizes that every event and session pays for, and what may cross threads.
#[test]
fn types_are_small_and_may_cross_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<ClientSession>();
    is_send_and_sync::<ClientEvent>();
    assert!(size_of::<ClientEvent>() <= 240, "{}", size_of::<ClientEvent>());
}
