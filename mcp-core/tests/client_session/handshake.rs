//! The handshake of the legacy era.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::lifecycle::ClientPhase;
use mcp_core::model::{ClientCapabilities, ElicitationCapability, Level, RootsCapability};
use mcp_core::revision::Revision;
use mcp_core::session::{ClientCloseReason, Outgoing, TransmitKind};
use serde_json::json;

use crate::support::{Client, Saw, call, ended, initialized, list, raw, refusal, result, secs};

/// LIFE-02, VER-01, VER-02, ROOTS-01, ELIC-01: what `initialize` says, and that it comes first.
#[test]
fn life_02_initialize_comes_first() {
    for revision in Revision::LEGACY {
        let mut client = Client::with(|config| {
            config.protocol = Protocol::Legacy(revision);
            config.capabilities = ClientCapabilities::new()
                .with_roots(RootsCapability::new().with_list_changed(true))
                .with_elicitation(ElicitationCapability::new());
        });
        client.request(call());
        let initialize = client.sent_one();
        assert_eq!(initialize.transmit.kind, TransmitKind::Initialize);
        let params = &initialize.json["params"];
        assert_eq!(params["protocolVersion"], revision.as_str());
        assert_eq!(params["clientInfo"], json!({"name": "c", "version": "1"}));
        assert_eq!(params["capabilities"]["roots"], json!({"listChanged": true}));
        let elicits = params["capabilities"].get("elicitation").is_some();
        assert_eq!(elicits, revision >= Revision::V2025_06_18, "what the revision knows");
        assert!(params.get("_meta").is_none());
    }
    let mut client = Client::of(Protocol::LegacyFirst);
    assert_eq!(client.sent_one().json["params"]["protocolVersion"], "2025-11-25");
}

/// LIFE-04, LIFE-05, case_07: nothing overtakes `initialize` or `initialized`, and nothing leaves
/// until the server has the latter.
#[test]
fn case_07_nothing_overtakes_initialized() {
    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let first = client.request(call());
    let ping = client.request(Outgoing::new("ping", None));
    client.session.notify(client.now, Outgoing::new("notifications/x", None)).unwrap();
    let initialize = client.sent_one();
    let second = client.request(list());
    assert!(client.next().is_none());
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    let announced = client.next().unwrap();
    assert_eq!(announced.transmit.kind, TransmitKind::Initialized);
    assert!(client.next().is_none(), "its POST is not answered yet");
    assert_eq!(client.saw(), []);

    client.session.handle_sent(client.now, announced.transmit.key);
    assert_eq!(client.saw(), [Saw::Ready]);
    let kinds: Vec<_> = client.sent().iter().map(|out| out.transmit.kind).collect();
    let request = TransmitKind::Request;
    assert_eq!(
        kinds,
        [request(first), request(ping), TransmitKind::Notification, request(second)],
        "in the order they were given"
    );
}

/// case_07: what never left is sent again; what has left counts.
#[test]
fn case_07_initialized_is_sent_until_it_is_taken() {
    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let initialize = client.sent_one();
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    let failed = client.next().unwrap();
    client.session.handle_not_sent(client.now, failed.transmit.key);
    client.session.handle_sent(client.now, failed.transmit.key);
    assert_eq!(client.session.phase(), ClientPhase::Announcing, "that was another frame");
    let again = client.next().unwrap();
    assert_eq!(again.transmit.kind, TransmitKind::Initialized);
    client.session.handle_lost(client.now, again.transmit.key);
    assert_eq!(client.session.phase(), ClientPhase::Operation);

    // But not for ever.
    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let initialize = client.sent_one();
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    client.next().unwrap();
    client.wait(secs(60));
    assert_eq!(client.saw(), [Saw::Closed(ClientCloseReason::HandshakeTimeout)]);
}

/// VER-06, case_71: a version that has no handshake, or that nobody knows, ends the session.
#[test]
fn ver_06_an_unknown_version_ends_the_session() {
    for version in ["2026-07-28", "2099-01-01", "", "latest"] {
        let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
        let handle = client.request(call());
        let initialize = client.sent_one();
        client.hear(&initialized(initialize.id(), version));
        let reason = ClientCloseReason::UnsupportedVersion(vec![version.into()]);
        assert_eq!(
            client.saw(),
            [ended(handle, RequestError::NotSent), Saw::Closed(reason)],
            "not one request leaves"
        );
        assert!(client.next().is_none(), "nor `initialized`");
        client.assert_empty();
    }
    for version in Revision::LEGACY {
        let mut client = Client::of(Protocol::LegacyFirst);
        client.shake(version.as_str());
        assert_eq!(client.session.revision(), Some(version));
    }
}

/// VER-07: an older version that a refusal names is proposed, once.
#[test]
fn ver_07_a_version_from_a_refusal() {
    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let initialize = client.sent_one();
    let data = json!({"supported": ["2024-11-05"], "requested": "2025-11-25"});
    client.hear(&refusal(initialize.id(), -32602, &data));
    let again = client.sent_one();
    assert_eq!(again.json["params"]["protocolVersion"], "2024-11-05");
    client.hear(&refusal(again.id(), -32602, &json!({"supported": ["2025-03-26"]})));
    let reason = ClientCloseReason::UnsupportedVersion(vec!["2025-03-26".into()]);
    assert_eq!(client.saw(), [Saw::Closed(reason)]);
}

#[test]
fn a_refused_or_broken_handshake_says_why() {
    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let initialize = client.sent_one();
    client.hear(&refusal(initialize.id(), -32603, &json!(null)));
    let [Saw::Closed(ClientCloseReason::Refused(error))] = &client.saw()[..] else { panic!() };
    assert_eq!(error.code().get(), -32603);

    let mut client = Client::of(Protocol::Legacy(Revision::V2025_11_25));
    let initialize = client.sent_one();
    client.hear(&result(initialize.id(), &json!({"protocolVersion": "2025-11-25"})));
    assert!(matches!(&client.saw()[..], [Saw::Closed(ClientCloseReason::InvalidHandshake(_))]));
}

/// CANCEL-02: neither time nor anything else cancels `initialize`.
#[test]
fn cancel_02_initialize_is_never_cancelled() {
    let mut client = Client::of(Protocol::Auto);
    let handle = client.request(call());
    client.sent_one();
    client.session.cancel(client.now, handle, "bored");
    client.wait(secs(5));
    assert_eq!(client.methods(), ["initialize"], "the probe is not cancelled either");
    client.wait(secs(60));
    assert_eq!(client.methods(), [""; 0]);
    assert_eq!(
        client.saw(),
        [ended(handle, RequestError::NotSent), Saw::Closed(ClientCloseReason::HandshakeTimeout)]
    );
}

/// LOG-03, LOG-08: the level is set once in the legacy era, and said with every request of the
/// modern one.
#[test]
fn log_03_log_08_the_level_of_log_messages() {
    let mut client = Client::with(|config| {
        config.protocol = Protocol::LegacyFirst;
        config.log_level = Some(Level::Warning);
    });
    let handle = client.request(call());
    let initialize = client.sent_one();
    let mut answer = initialized(initialize.id(), "2025-11-25");
    answer["result"]["capabilities"]["logging"] = json!({});
    client.hear(&answer);
    assert_eq!(client.methods(), ["notifications/initialized", "logging/setLevel", "tools/call"]);
    client.hear(&result(2, &json!({})));
    assert_eq!(client.saw(), [Saw::Ready], "nobody has to know");
    client.hear(&result(3, &json!({"content": []})));
    assert!(matches!(client.saw()[..], [Saw::Response(it, Ok(_))] if it == handle));

    let mut client = Client::modern_with(|config| config.log_level = Some(Level::Warning));
    client.request(call());
    assert_eq!(client.sent_one().meta("logLevel"), "warning");
}

/// LIFE-08: a method that the revision does not have is not sent in it.
#[test]
fn life_08_methods_of_other_revisions_are_not_sent() {
    let mut client = Client::of(Protocol::Auto);
    let early = client.request(Outgoing::new("ping", None));
    let own = client.request(Outgoing::new("acme/x", Some(raw("{}"))));
    let probe = client.sent_one();
    client.hear(&crate::support::discovered(probe.id()));
    let error = RequestError::NotInRevision(Revision::V2026_07_28);
    assert_eq!(client.saw(), [Saw::Ready, ended(early, error.clone())]);
    assert_eq!(client.sent_one().transmit.kind, TransmitKind::Request(own));
    let late = client.request(Outgoing::new("resources/subscribe", None));
    assert_eq!(client.saw(), [ended(late, error)]);
    assert!(client.next().is_none());
}
