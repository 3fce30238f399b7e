//! What a server asks for and tells.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::model::{
    ClientCapabilities, ElicitationCapability, RootsCapability, SamplingCapability, Supported,
};
use mcp_core::revision::Revision;
use mcp_core::session::{CancelReason, Lane, Outgoing, TransmitKind};
use serde_json::{Value, json};

use crate::support::{Client, Saw, call, ended, notification, raw, secs};

pub(crate) fn client() -> Client {
    client_in(Revision::V2025_11_25)
}

fn client_in(revision: Revision) -> Client {
    Client::legacy_in(revision, |config| {
        config.capabilities = ClientCapabilities::new()
            .with_roots(RootsCapability::new())
            .with_sampling(SamplingCapability::new())
            .with_elicitation(ElicitationCapability::new());
    })
}

fn ask(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// PING-01, PING-03, case_12: pings are answered at once, in every phase.
#[test]
fn case_12_pings_are_answered_in_every_phase() {
    let mut client = Client::of(Protocol::Auto);
    let ping = json!({"jsonrpc": "2.0", "id": "p", "method": "ping"});
    let pong = json!({"jsonrpc": "2.0", "id": "p", "result": {}});
    client.sent();
    client.hear(&ping);
    assert_eq!(client.sent_one().json, pong);
    client.session.handle_no_discover(client.now);
    let initialize = client.sent_one();
    client.hear(&ping);
    assert_eq!(client.sent_one().json, pong);
    client.hear(&crate::support::initialized(initialize.id(), "2025-11-25"));
    client.next().unwrap();
    client.hear(&ping);
    assert_eq!(client.sent_one().json, pong);
    assert_eq!(client.saw(), []);
}

/// JSONRPC-06, case_64: the id goes back by its text.
#[test]
fn case_64_requests_are_answered_by_the_text_of_their_id() {
    let mut client = client();
    for id in ["1.0", "\"1\"", "9007199254740993"] {
        client
            .hear_text(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"roots/list"}}"#))
            .unwrap();
        assert_eq!(client.saw(), [Saw::Request("roots/list".into())]);
        client.respond(Ok(raw(r#"{"roots":[]}"#)));
        let out = client.next().unwrap();
        assert_eq!(out.transmit.kind, TransmitKind::Response);
        let text = String::from_utf8(out.transmit.frame.to_bytes().to_vec()).unwrap();
        assert_eq!(text, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"roots":[]}}}}"#));
    }
}

/// ROOTS-01, ROOTS-04, SAMP-01, ELIC-01, JSONRPC-28: what is not declared is not there.
#[test]
fn roots_04_what_is_not_declared_is_not_found() {
    let code = |client: &mut Client, method: &str, params: &Value| {
        client.hear(&ask(5, method, params));
        assert_eq!(client.saw(), []);
        client.sent_one().json["error"]["code"].as_i64().unwrap()
    };
    for method in
        ["roots/list", "sampling/createMessage", "elicitation/create", "acme/x", "tools/list"]
    {
        assert_eq!(code(&mut Client::legacy(), method, &json!({})), -32601, "{method}");
    }
    let mut old = client_in(Revision::V2025_03_26);
    assert_eq!(code(&mut old, "elicitation/create", &json!({})), -32601, "not in that revision");
}

/// ELIC-02, ELIC-04, ELIC-27, SAMP-08: modes and tools that are not declared.
#[test]
fn elic_27_samp_08_only_what_is_declared() {
    let mut client = client();
    for (method, params, taken) in [
        ("elicitation/create", json!({"message": "m"}), true),
        ("elicitation/create", json!({"mode": "form"}), true),
        ("elicitation/create", json!({"mode": "url", "url": "https://a"}), false),
        ("elicitation/create", json!({"mode": "carrier pigeon"}), false),
        ("elicitation/create", json!({"mode": 1}), false),
        ("sampling/createMessage", json!({"messages": []}), true),
        ("sampling/createMessage", json!({"messages": [], "tools": []}), false),
        ("sampling/createMessage", json!({"toolChoice": {"mode": "auto"}}), false),
    ] {
        client.hear(&ask(1, method, &params));
        if taken {
            assert_eq!(client.saw(), [Saw::Request(method.into())]);
            client.respond(Ok(raw("{}")));
            client.sent();
        } else {
            assert_eq!(client.saw(), [], "{params}");
            assert_eq!(client.sent_one().json["error"]["code"], -32602);
        }
    }
    let mut client = Client::legacy_with(|config| {
        config.capabilities = ClientCapabilities::new()
            .with_sampling(SamplingCapability::new().with_tools(Supported))
            .with_elicitation(ElicitationCapability::new().with_url(Supported));
    });
    client.hear(&ask(1, "sampling/createMessage", &json!({"tools": []})));
    client.hear(&ask(2, "elicitation/create", &json!({"mode": "url", "url": "https://a"})));
    assert_eq!(client.saw().len(), 2);
    client.hear(&ask(3, "elicitation/create", &json!({})));
    assert_eq!(client.sent_one().json["error"]["code"], -32602, "no forms");
}

/// ELIC-13, ELIC-19: notices of what nobody started, or of what is complete, are ignored.
#[test]
fn elic_19_completion_is_told_once() {
    let mut client = Client::legacy_with(|config| {
        config.capabilities = ClientCapabilities::new()
            .with_elicitation(ElicitationCapability::new().with_url(Supported));
    });
    let complete = |id: &str| {
        notification("notifications/elicitation/complete", &json!({"elicitationId": id}))
    };
    let id = "é \u{0}opaque";
    client.hear(&complete(id));
    assert_eq!(client.saw(), []);
    let params = json!({"mode": "url", "message": "m", "url": "https://a", "elicitationId": id});
    client.hear(&ask(1, "elicitation/create", &params));
    client.saw();
    client.hear(&complete(id));
    let told = Saw::Notification("notifications/elicitation/complete".into(), None);
    assert_eq!(client.saw(), [told]);
    client.hear(&complete(id));
    assert_eq!(client.saw(), []);

    // Asked for by an error.
    client.request(call());
    let id = client.sent().pop().unwrap().id();
    let data = json!({"elicitations": [{"mode": "url", "elicitationId": "e"}]});
    client.hear(&crate::support::refusal(id, -32042, &data));
    client.saw();
    client.hear(&complete("e"));
    assert_eq!(client.saw().len(), 1);
    assert_eq!(client.session.counters().ignored_notifications, 2);
}

/// JSONRPC-24, JSONRPC-25: the modern era has no requests of servers, and no answers.
#[test]
fn jsonrpc_25_no_responses_in_the_modern_era() {
    let mut client = Client::modern_with(|config| {
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
    });
    client.hear(&ask(1, "roots/list", &json!({})));
    client.hear(&ask(2, "ping", &json!({})));
    assert!(client.hear_text(r#"{"jsonrpc":"2.0","id":3,"method":7}"#).is_err());
    assert!(client.hear_text("[]").is_err());
    assert_eq!(client.saw(), []);
    assert!(client.next().is_none());
    assert_eq!(client.session.counters().ignored_requests, 2);
}

/// CANCEL-06, CANCEL-07, CANCEL-10: cancelled requests are not answered; nonsense is ignored.
#[test]
fn cancel_06_a_cancelled_request_is_not_answered() {
    let mut client = client();
    client.hear(&ask(1, "roots/list", &json!({})));
    client.saw();
    let key = client.work[0].ticket.key();
    for params in
        [json!({"requestId": 9}), json!({"requestId": "1"}), json!({}), json!({"requestId": {}})]
    {
        client.hear(&notification("notifications/cancelled", &params));
    }
    assert_eq!(client.saw(), []);
    client.hear(&notification("notifications/cancelled", &json!({"requestId": 1, "reason": "r"})));
    assert_eq!(client.saw(), [Saw::Cancelled(key, CancelReason::Peer(Some("r".into())))]);
    client.respond(Ok(raw("{}")));
    assert!(client.next().is_none());
    client.assert_empty();
}

/// PROG-07: progress on a request of the server leaves before the answer, and not after it.
#[test]
fn prog_07_progress_leaves_before_the_answer() {
    let mut client = client();
    client.hear(&json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list",
                        "params": {"_meta": {"progressToken": "t"}}}));
    client.saw();
    let key = client.work[0].ticket.key();
    assert_eq!(client.work[0].progress_token.as_ref().unwrap().as_json(), "\"t\"");
    let progress = || {
        Outgoing::new("notifications/progress", Some(raw(r#"{"progressToken":"t","progress":1}"#)))
            .about(key)
    };
    client.session.notify(client.now, progress()).unwrap();
    client.respond(Ok(raw(r#"{"roots":[]}"#)));
    assert!(client.session.notify(client.now, progress()).is_err());
    assert_eq!(client.methods(), ["notifications/progress", ""]);
}

/// case_53: one id twice in flight.
#[test]
fn case_53_an_id_in_use_is_refused() {
    let mut client = client();
    client.hear(&ask(1, "roots/list", &json!({})));
    client.hear(&ask(1, "roots/list", &json!({})));
    assert_eq!(client.saw().len(), 1);
    assert_eq!(client.sent_one().json["error"]["code"], -32600);
    client.respond(Ok(raw("{}")));
    assert_eq!(client.sent_one().json["result"], json!({}));
}

/// case_59: garbage is reported and never answered, or two peers could go on for ever.
#[test]
fn case_59_garbage_is_not_answered() {
    let mut client = client();
    for garbage in [
        "INFO started",
        "",
        "7",
        "null",
        "{}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#,
        "\u{2028}",
    ] {
        assert!(client.hear_text(garbage).is_err(), "{garbage}");
    }
    assert!(client.next().is_none());
    assert_eq!(client.saw(), []);
    // What was a request for sure has somebody who waits.
    assert!(client.hear_text(r#"{"jsonrpc":"2.0","id":4,"method":"m","params":[]}"#).is_err());
    assert_eq!(client.sent_one().json["error"]["code"], -32600);
}

/// JSONRPC-14, JSONRPC-17, case_68: batches in the one revision that has them.
#[test]
fn case_68_batches_come_in_one_revision() {
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"n"},7]"#;
    for revision in Revision::LEGACY {
        let mut client = client_in(revision);
        assert!(client.hear_text(batch).is_err());
        let answers = client.sent().len();
        let seen = client.saw().len();
        let expected = if revision.allows_batches() { (1, 1) } else { (0, 0) };
        assert_eq!((answers, seen), expected, "{revision}");
    }
}

/// case_06: a server that speaks too early is borne with.
#[test]
fn case_06_early_messages_of_a_server_are_taken() {
    let mut client = Client::with(|config| {
        config.protocol = Protocol::LegacyFirst;
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
    });
    let initialize = client.sent_one();
    client.hear(&notification("notifications/tools/list_changed", &json!({})));
    client.hear(&ask(1, "roots/list", &json!({})));
    assert_eq!(
        client.saw(),
        [
            Saw::Notification("notifications/tools/list_changed".into(), None),
            Saw::Request("roots/list".into())
        ]
    );
    client.respond(Ok(raw("{}")));
    client.hear(&crate::support::initialized(initialize.id(), "2025-11-25"));
    assert_eq!(client.methods(), ["notifications/initialized", ""]);
}

#[test]
fn a_request_the_application_leaves_lying_is_answered() {
    let mut client = client();
    client.hear(&ask(1, "roots/list", &json!({})));
    client.saw();
    client.wait(secs(3600));
    assert_eq!(client.sent_one().json["error"]["code"], -32603);
    assert_eq!(client.saw().len(), 1);
    client.respond(Ok(raw("{}")));
    client.assert_empty();
}

/// ROOTS-02, CAP-09: roots that changed are told of, where there is such a notice.
#[test]
fn roots_02_changed_roots_are_told_of() {
    let mut client = client();
    let item = Outgoing::new("notifications/roots/list_changed", None);
    client.session.notify(client.now, item).unwrap();
    assert_eq!(client.methods(), ["notifications/roots/list_changed"]);
}

/// CANCEL-06: who gives up on a call is not asked on its behalf any more; what came on another
/// stream is somebody else's.
#[test]
fn cancel_06_questions_go_with_the_call_they_are_part_of() {
    let mut client = client();
    let handle = client.request(call());
    let exchange = client.sent_one().transmit.key.lane();
    for (id, lane) in [(1, exchange), (2, Lane::Standing)] {
        let question = ask(id, "roots/list", &json!({})).to_string();
        client.session.handle_frame(client.now, lane, question.into()).unwrap();
    }
    assert_eq!(client.saw().len(), 2);
    client.session.cancel(client.now, handle, "enough");
    assert_eq!(
        client.saw(),
        [
            Saw::Cancelled(client.work[0].ticket.key(), CancelReason::Withdrawn),
            ended(handle, RequestError::Cancelled),
        ]
    );
    let sent = client.sent();
    assert_eq!(sent[0].method(), "notifications/cancelled");
    assert_eq!((&sent[1].json["id"], &sent[1].json["error"]["code"]), (&json!(1), &json!(-32603)));
    assert_eq!((sent.len(), client.session.in_flight()), (2, 1));
}
