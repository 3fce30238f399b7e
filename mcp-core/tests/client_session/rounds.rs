//! Multi round-trip requests.

use mcp_core::error::RequestError;
use mcp_core::id::RequestId;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::model::{ClientCapabilities, ElicitationCapability, RootsCapability};
use mcp_core::session::{CancelReason, Outgoing};
use serde_json::{Value, json};

use crate::support::{Client, Saw, answered, call, ended, raw, result, secs};

fn client() -> Client {
    Client::modern_with(|config| {
        config.capabilities = ClientCapabilities::new()
            .with_roots(RootsCapability::new())
            .with_elicitation(ElicitationCapability::new());
    })
}

fn form() -> Value {
    json!({"method": "elicitation/create",
           "params": {"message": "m", "requestedSchema": {"type": "object", "properties": {}}}})
}

fn roots() -> Value {
    json!({"method": "roots/list"})
}

fn asks(id: u64, requests: &Value, state: Option<&str>) -> Value {
    let mut asks = json!({"resultType": "input_required", "inputRequests": requests});
    if let Some(state) = state {
        asks["requestState"] = json!(state);
    }
    result(id, &asks)
}

/// MRTR-09..11, MRTR-15, MRTR-26: all answers are gathered, then the whole request is sent again.
#[test]
fn mrtr_09_mrtr_10_the_request_is_sent_again_with_all_answers() {
    let mut client = client();
    let handle = client.request(call().with_progress());
    let first = client.sent_one();
    client.hear(&asks(first.id(), &json!({"a": form(), "b": roots()}), Some("s")));
    assert_eq!(
        client.saw(),
        [Saw::Request("elicitation/create".into()), Saw::Request("roots/list".into())]
    );
    assert_eq!(client.session.part_of(client.work[0].ticket.key()), Some(handle));
    assert_eq!(client.work[0].id, RequestId::from("a"));
    client.respond(Ok(raw(r#"{"action":"decline"}"#)));
    assert!(client.next().is_none(), "one answer is missing");
    client.respond(Ok(raw(r#"{"roots":[]}"#)));

    let again = client.sent_one();
    assert_ne!(again.id(), first.id());
    assert_eq!(again.method(), "tools/call");
    let params = &again.json["params"];
    assert_eq!(params["name"], "t");
    assert_eq!(
        params["inputResponses"],
        json!({"a": {"action": "decline"}, "b": {"roots": []}}),
        "bare results"
    );
    assert_eq!(params["requestState"], "s");
    assert_eq!(params["_meta"]["progressToken"], again.id());
    assert_eq!(again.meta("protocolVersion"), "2026-07-28");
    assert_eq!(again.meta("clientCapabilities")["roots"], json!({}));

    client.hear(&result(first.id(), &json!({"stale": 1})));
    client.hear(&result(again.id(), &json!({"done": 1})));
    assert_eq!(client.saw(), [answered(handle, r#"{"done":1}"#)]);
    client.assert_empty();
}

/// MRTR-12..14: the state goes back byte for byte, the empty one too, and none where none came.
#[test]
fn mrtr_12_mrtr_13_the_state_of_each_round_goes_back_as_it_came() {
    let mut client = client();
    let handle = client.request(call());
    for state in [Some(r#""\u0061\/b\"""#), Some(r#""""#), None, Some("\"é\"")] {
        let out = client.sent_one();
        let member = state.map_or(String::new(), |state| format!(r#","requestState":{state}"#));
        client
            .hear_text(&format!(
                r#"{{"jsonrpc":"2.0","id":{},"result":{{"resultType":"input_required","inputRequests":{{"r":{}}}{member}}}}}"#,
                out.id(),
                roots(),
            ))
            .unwrap();
        client.saw();
        client.respond(Ok(raw(r#"{"roots":[]}"#)));
        let again = client.next().unwrap();
        let text = String::from_utf8(again.transmit.frame.to_bytes().to_vec()).unwrap();
        match state {
            Some(state) => assert!(text.contains(&format!(r#""requestState":{state}"#)), "{text}"),
            None => assert!(!text.contains("requestState"), "the one before is over"),
        }
        // And once more, so that the loop has a request to answer.
        client.hear(&asks(again.id(), &json!({"r": roots()}), None));
        client.saw();
        client.respond(Ok(raw("{}")));
    }
    client.session.cancel(client.now, handle, "");
}

/// MRTR-09: without questions it goes back at once, and never without end.
#[test]
fn mrtr_09_rounds_are_bounded() {
    let mut client = client();
    let handle = client.request(call());
    for _ in 0..16 {
        let out = client.sent_one();
        client
            .hear(&result(out.id(), &json!({"resultType": "input_required", "requestState": "s"})));
        assert_eq!(client.saw(), []);
    }
    let out = client.sent_one();
    assert!(out.json["params"].get("inputResponses").is_none());
    client.hear(&result(out.id(), &json!({"resultType": "input_required", "requestState": "s"})));
    assert_eq!(client.saw(), [ended(handle, RequestError::TooManyRounds)]);
    client.assert_empty();
}

/// MRTR-16: what one request is asked stays with it.
#[test]
fn mrtr_16_nothing_leaks_between_requests() {
    let mut client = client();
    let (a, b) = (client.request(call()), client.request(call()));
    let sent = client.sent();
    client.hear(&asks(sent[0].id(), &json!({"k": roots()}), Some("for a")));
    client.hear(&asks(sent[1].id(), &json!({"k": roots()}), Some("for b")));
    client.saw();
    // Answered in the other order.
    client.work.reverse();
    client.respond(Ok(raw(r#"{"roots":["b"]}"#)));
    client.respond(Ok(raw(r#"{"roots":["a"]}"#)));
    let c = client.request(call());
    let again = client.sent();
    for out in &again {
        let params = &out.json["params"];
        let (state, root) = match out.transmit.kind {
            mcp_core::session::TransmitKind::Request(it) if it == a => (json!("for a"), json!("a")),
            mcp_core::session::TransmitKind::Request(it) if it == b => (json!("for b"), json!("b")),
            mcp_core::session::TransmitKind::Request(it) if it == c => (Value::Null, Value::Null),
            kind => panic!("{kind:?}"),
        };
        assert_eq!(params["requestState"], state);
        assert_eq!(params["inputResponses"]["k"]["roots"][0], root);
    }
    assert_eq!(again.len(), 3);
}

/// ROOTS-08, SAMP-23: what is refused is not sent again, and everybody concerned is told.
#[test]
fn roots_08_a_refusal_ends_the_request() {
    let mut client = client();
    let handle = client.request(call());
    let out = client.sent_one();
    client.hear(&asks(out.id(), &json!({"a": form(), "b": roots()}), None));
    client.saw();
    let other = client.work[1].ticket.key();
    let error = ErrorObject::new(ErrorCode::new(-1), "no");
    client.respond(Err(error.clone()));
    assert_eq!(
        client.saw(),
        [
            Saw::Cancelled(other, CancelReason::Withdrawn),
            ended(handle, RequestError::InputRefused(error))
        ]
    );
    assert!(client.next().is_none());
    client.respond(Ok(raw("{}")));
    assert_eq!(client.session.counters().late_replies, 1);
    client.assert_empty();
}

/// ELIC-27, MRTR-08: what the client did not declare is not asked of it.
#[test]
fn mrtr_08_what_is_not_declared_is_refused() {
    let url = json!({"method": "elicitation/create", "params": {"mode": "url", "message": "m", "url": "https://a"}});
    let sampling =
        json!({"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}});
    for (entry, code) in [(url, -32602), (sampling, -32601), (json!({"method": "ping"}), -32601)] {
        let mut client = client();
        client.request(call());
        let out = client.sent_one();
        client.hear(&asks(out.id(), &json!({"a": roots(), "k": entry}), None));
        let saw = client.saw();
        let [Saw::Response(_, Err(RequestError::InputRefused(error)))] = &saw[..] else {
            panic!("{saw:?}")
        };
        assert_eq!(error.code().get(), code);
        client.assert_empty();
    }
}

#[test]
fn malformed_rounds_are_invalid() {
    for asks in [
        json!({"resultType": "input_required"}),
        json!({"resultType": "input_required", "inputRequests": {}}),
        json!({"resultType": "input_required", "inputRequests": [1]}),
        json!({"resultType": "input_required", "inputRequests": {"a": {"params": {}}}}),
    ] {
        let mut client = client();
        client.request(call());
        let out = client.sent_one();
        client.hear(&result(out.id(), &asks));
        assert!(matches!(client.saw()[..], [Saw::Response(_, Err(RequestError::Invalid(_)))]));
        client.assert_empty();
    }
    // MRTR-06: keys are unique.
    let mut client = client();
    client.request(call());
    let id = client.sent_one().id();
    client
        .hear_text(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"input_required","inputRequests":{{"a":{r},"a":{r}}}}}}}"#,
            r = roots()
        ))
        .unwrap();
    assert!(matches!(client.saw()[..], [Saw::Response(_, Err(RequestError::Invalid(_)))]));
}

/// The time of the server stands still while people think; theirs runs.
#[test]
fn people_may_take_their_time() {
    let mut client = client();
    let handle = client.request(call());
    let out = client.sent_one();
    client.hear(&asks(out.id(), &json!({"a": form()}), None));
    client.saw();
    client.wait(secs(1800));
    client.respond(Ok(raw(r#"{"action":"accept"}"#)));
    assert_eq!(client.sent_one().method(), "tools/call");
    client.wait(secs(59));
    assert_eq!(client.saw(), []);
    client.wait(secs(1));
    assert_eq!(client.saw(), [ended(handle, RequestError::TimedOut)]);

    let handle = client.request(call());
    let id = client.sent().pop().unwrap().id();
    client.hear(&asks(id, &json!({"a": form()}), None));
    client.saw();
    let key = client.work[0].ticket.key();
    client.wait(secs(3600));
    let saw = client.saw();
    assert_eq!(saw[0], Saw::Cancelled(key, CancelReason::Deadline));
    assert!(
        matches!(&saw[1], Saw::Response(it, Err(RequestError::InputRefused(_))) if *it == handle)
    );
}

/// Rounds that the application does itself.
#[test]
fn rounds_can_be_left_to_the_application() {
    let mut client = Client::modern_with(|config| config.limits.rounds = 0);
    client.request(call());
    let id = client.sent_one().id();
    client.hear(&asks(id, &json!({"a": roots()}), Some("s")));
    assert!(matches!(client.saw()[..], [Saw::Response(_, Ok(_))]));

    let mut client = Client::modern();
    let params = raw(r#"{"name":"t","requestState":"mine"}"#);
    client.request(Outgoing::new("tools/call", Some(params)));
    let out = client.sent_one();
    client.hear(&asks(out.id(), &json!({"a": roots()}), Some("s")));
    assert!(matches!(client.saw()[..], [Saw::Response(_, Ok(_))]));
}
