//! `subscriptions/listen`.

use mcp_core::error::RequestError;
use mcp_core::id::RequestHandle;
use mcp_core::session::{Outgoing, TransmitKind};
use serde_json::{Value, json};

use crate::support::{Client, Saw, call, ended, notification, raw, result, secs};

fn listen(client: &mut Client) -> (RequestHandle, u64) {
    let params = raw(r#"{"notifications":{"toolsListChanged":true}}"#);
    let handle = client.request(Outgoing::new("subscriptions/listen", Some(params)));
    (handle, client.sent_one().id())
}

fn tagged(method: &str, id: &Value) -> Value {
    notification(method, &json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id}}))
}

/// SUB-01, SUB-09, STDIO-16: notifications carry the subscription they belong to.
#[test]
fn stdio_16_notifications_are_told_apart_by_their_subscription() {
    let mut client = Client::modern();
    let (a, a_id) = listen(&mut client);
    let (b, b_id) = listen(&mut client);
    let changed = "notifications/tools/list_changed";
    for (id, about) in [
        (json!(b_id), Some(b)),
        (json!(a_id), Some(a)),
        // Another type is another subscription (SUB-08).
        (json!(a_id.to_string()), None),
        (json!(99), None),
    ] {
        client.hear(&tagged(changed, &id));
        assert_eq!(client.saw(), [Saw::Notification(changed.into(), about)]);
    }
    client.wait(secs(100_000));
    assert_eq!(client.saw(), [], "a subscription lasts");
}

/// SUB-10, STDIO-17: how it is cancelled.
#[test]
fn sub_10_a_subscription_is_cancelled() {
    let mut client = Client::modern();
    let (handle, id) = listen(&mut client);
    client.session.cancel(client.now, handle, "enough");
    assert_eq!(client.saw(), [ended(handle, RequestError::Cancelled)]);
    let cancel = client.sent_one();
    assert_eq!(cancel.transmit.kind, TransmitKind::Cancel(handle));
    assert_eq!(cancel.json["params"]["requestId"], id);
}

/// SUB-11, CANCEL-13: the end is a notification, a result, or both.
#[test]
fn sub_11_either_end_will_do() {
    for how in 0..3 {
        let mut client = Client::modern();
        let (handle, id) = listen(&mut client);
        if how != 1 {
            client.hear(&notification("notifications/cancelled", &json!({"requestId": id})));
        }
        if how != 0 {
            client.hear(&result(
                id,
                &json!({"resultType": "complete",
                "_meta": {"io.modelcontextprotocol/subscriptionId": id}}),
            ));
        }
        let saw = client.saw();
        let [Saw::Response(it, Ok(end))] = &saw[..] else { panic!("{saw:?}") };
        assert_eq!(*it, handle);
        let end: Value = serde_json::from_str(end).unwrap();
        assert_eq!(end["_meta"]["io.modelcontextprotocol/subscriptionId"], id);
        client.assert_empty();
    }
}

/// CANCEL-12: a server cancels nothing else of ours.
#[test]
fn cancel_12_servers_cancel_subscriptions_alone() {
    let mut client = Client::modern();
    client.request(call());
    let id = client.sent_one().id();
    client.hear(&notification("notifications/cancelled", &json!({"requestId": id})));
    assert_eq!(client.saw(), []);
    assert_eq!(client.session.outbound_requests(), 1);
}

/// SUB-13: an end without a result is a disconnect.
#[test]
fn sub_13_a_broken_stream_is_lost() {
    let mut client = Client::modern();
    let params = raw(r#"{"notifications":{}}"#);
    let handle = client.request(Outgoing::new("subscriptions/listen", Some(params)));
    let out = client.sent_one();
    // Over HTTP the exchange says whose messages these are.
    let log = notification("notifications/message", &json!({"level": "info", "data": 1}));
    client
        .session
        .handle_frame(client.now, out.transmit.key.lane(), log.to_string().into())
        .unwrap();
    assert_eq!(client.saw(), [Saw::Notification("notifications/message".into(), Some(handle))]);
    client.session.handle_lost(client.now, out.transmit.key);
    assert_eq!(client.saw(), [ended(handle, RequestError::Lost)]);
}
