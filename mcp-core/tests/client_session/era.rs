//! Which era the server is of.

use mcp_core::config::Protocol;
use mcp_core::lifecycle::ClientPhase;
use mcp_core::revision::{Era, Revision};
use mcp_core::session::{ClientCloseReason, TransmitKind};
use serde_json::json;

use crate::support::{
    Client, Saw, call, discovered, discovered_in, initialized, list, refusal, result, secs,
};

/// VER-10, DISC-05, META-09, CAP-03: the probe comes first, and has what every request has.
#[test]
fn ver_10_the_probe_comes_first() {
    let mut client = Client::of(Protocol::Auto);
    client.request(list());
    let probe = client.sent_one();
    assert_eq!(probe.transmit.kind, TransmitKind::Probe);
    assert_eq!(probe.method(), "server/discover");
    assert_eq!(probe.meta("protocolVersion"), "2026-07-28");
    assert_eq!(probe.meta("clientCapabilities"), &json!({}));
    assert_eq!(probe.meta("clientInfo")["name"], "c");
    assert_eq!(probe.json["params"].as_object().unwrap().len(), 1, "nothing but _meta");
    assert!(client.next().is_none(), "the request waits");
}

/// VER-11: a discover result, whatever else it lists.
#[test]
fn ver_11_a_modern_server_is_spoken_to_in_its_version() {
    for versions in [&["2026-07-28"][..], &["2025-06-18", "2026-07-28", "2099-01-01"]] {
        let mut client = Client::of(Protocol::Auto);
        let handle = client.request(list());
        let probe = client.sent_one();
        client.hear(&discovered_in(probe.id(), versions));
        assert_eq!(client.saw(), [Saw::Ready]);
        let server = client.server.as_ref().unwrap();
        assert_eq!(server.revision, Revision::V2026_07_28);
        assert_eq!(server.info.as_ref().unwrap().name, "s");
        assert_eq!(client.session.era(), Some(Era::Modern));
        let out = client.sent_one();
        assert_eq!(out.transmit.kind, TransmitKind::Request(handle));
        assert_eq!(out.transmit.revision, Some(Revision::V2026_07_28));
    }
}

/// VER-13, VER-14, case_44: any other answer, and garbage, mean `initialize`; no code does alone.
#[test]
fn case_44_whatever_a_legacy_server_says_to_the_probe() {
    let answers: [&dyn Fn(u64) -> String; 9] = [
        &|id| refusal(id, -32601, &json!(null)).to_string(),
        &|id| refusal(id, -32602, &json!("")).to_string(),
        &|id| refusal(id, -32600, &json!(null)).to_string(),
        &|id| refusal(id, -32002, &json!({"reason": "not_initialized"})).to_string(),
        &|id| refusal(id, 0, &json!([1])).to_string(),
        &|id| result(id, &json!({})).to_string(),
        &|id| result(id, &json!([])).to_string(),
        &|id| result(id, &json!({"supportedVersions": 1, "capabilities": {}})).to_string(),
        &|_| {
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": ""}})
                .to_string()
        },
    ];
    for answer in answers {
        let mut client = Client::of(Protocol::Auto);
        let handle = client.request(call());
        let probe = client.sent_one();
        client.hear_text(&answer(probe.id())).unwrap();
        client.shake("2025-11-25");
        assert_eq!(client.saw(), [Saw::Ready]);
        assert_eq!(client.sent_one().transmit.kind, TransmitKind::Request(handle));
    }
}

/// VER-13, case_44: silence means `initialize` too, and so does a server that ends.
#[test]
fn case_44_silence_and_death_mean_initialize() {
    let mut client = Client::of(Protocol::Auto);
    client.sent_one();
    assert!(client.hear_text("Server listening on stdio").is_err(), "garbage is no answer");
    client.wait(secs(5));
    client.shake("2025-06-18");

    // The transport starts another process.
    let mut client = Client::of(Protocol::Auto);
    client.sent_one();
    client.session.handle_no_discover(client.now);
    client.shake("2025-06-18");

    // The probe itself broke the connection.
    for lost in [true, false] {
        let mut client = Client::of(Protocol::Auto);
        let probe = client.next().unwrap();
        if lost {
            client.session.handle_lost(client.now, probe.transmit.key);
        } else {
            client.session.handle_not_sent(client.now, probe.transmit.key);
        }
        client.shake("2025-11-25");
    }

    // It died of the probe so slowly that `initialize` had left.
    let mut client = Client::of(Protocol::Auto);
    client.sent_one();
    client.wait(secs(5));
    let first = client.sent_one();
    client.session.handle_no_discover(client.now);
    let second = client.sent_one();
    assert_eq!(second.method(), "initialize");
    assert_ne!(first.id(), second.id(), "an id is used once");
    client.hear(&initialized(second.id(), "2025-11-25"));
    assert_eq!(client.methods(), ["notifications/initialized"]);
}

/// VER-12, VER-25: a modern error is not taken for a legacy server.
#[test]
fn ver_12_modern_errors_stay_modern() {
    for code in [-32020, -32021] {
        let mut client = Client::of(Protocol::Auto);
        let probe = client.sent_one();
        client.hear(&refusal(probe.id(), code, &json!({"requiredCapabilities": {}})));
        assert_eq!(client.saw(), [Saw::Ready]);
        assert_eq!(client.session.phase(), ClientPhase::Modern);
    }
    // 404 with -32601 over HTTP: only the transport can tell.
    let mut client = Client::of(Protocol::Auto);
    client.sent_one();
    client.session.handle_modern(client.now);
    assert_eq!(client.session.phase(), ClientPhase::Modern);
}

/// VER-09, VER-12: after -32022 a version that the server named, which may be a legacy one.
#[test]
fn ver_09_a_version_from_the_list() {
    let mut client = Client::of(Protocol::Auto);
    let probe = client.sent_one();
    let data = json!({"supported": ["2024-11-05", "2025-06-18", "2099-01-01"], "requested": "x"});
    client.hear(&refusal(probe.id(), -32022, &data));
    let initialize = client.sent_one();
    assert_eq!(initialize.json["params"]["protocolVersion"], "2025-06-18");

    // The same in a result.
    let mut client = Client::of(Protocol::Auto);
    let probe = client.sent_one();
    client.hear(&discovered_in(probe.id(), &["2025-03-26"]));
    assert_eq!(client.sent_one().json["params"]["protocolVersion"], "2025-03-26");

    // The one that was refused: once more, for another machine may answer now.
    for protocol in [Protocol::Auto, Protocol::Modern] {
        let mut client = Client::of(protocol);
        let probe = client.sent_one();
        client.hear(&refusal(probe.id(), -32022, &json!({"supported": ["2026-07-28"]})));
        let again = client.sent_one();
        assert_eq!(again.json["method"], "server/discover");
        assert_ne!(again.id(), probe.id());
        client.hear(&refusal(again.id(), -32022, &json!({"supported": ["2026-07-28"]})));
        let versions = vec!["2026-07-28".to_owned()];
        let closed = Saw::Closed(ClientCloseReason::UnsupportedVersion(versions));
        assert_eq!(client.saw(), [closed], "not for ever");
        assert!(client.next().is_none());
    }

    for (protocol, versions) in [
        (Protocol::Auto, &["2099-01-01"][..]),
        (Protocol::Auto, &[]),
        (Protocol::Modern, &["2025-11-25"]),
    ] {
        let mut client = Client::of(protocol);
        let probe = client.sent_one();
        client.hear(&refusal(probe.id(), -32022, &json!({"supported": versions})));
        let versions = versions.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(
            client.saw(),
            [Saw::Closed(ClientCloseReason::UnsupportedVersion(versions))],
            "no initialize after a modern error"
        );
        assert!(client.next().is_none());
    }
}

/// VER-15: a client that speaks the modern era alone fails for sure, and with a reason.
#[test]
fn ver_15_modern_alone() {
    let mut client = Client::of(Protocol::Modern);
    let handle = client.request(list());
    let probe = client.sent_one();
    client.hear(&refusal(probe.id(), -32601, &json!(null)));
    let saw = client.saw();
    assert_eq!(saw[0], Saw::Response(handle, Err(mcp_core::error::RequestError::NotSent)));
    assert!(matches!(saw[1], Saw::Closed(ClientCloseReason::UnsupportedVersion(_))));

    let mut client = Client::of(Protocol::Modern);
    client.sent_one();
    client.wait(secs(5));
    assert_eq!(client.saw(), [Saw::Closed(ClientCloseReason::HandshakeTimeout)]);
}

/// VER-20: what is remembered may be wrong.
#[test]
fn ver_20_a_remembered_era_is_asked_again() {
    let mut client = Client::of(Protocol::LegacyFirst);
    let initialize = client.sent_one();
    assert_eq!(initialize.method(), "initialize");
    client.hear(&refusal(initialize.id(), -32601, &json!(null)));
    let probe = client.sent_one();
    assert_eq!(probe.method(), "server/discover");
    client.hear(&discovered(probe.id()));
    assert_eq!(client.saw(), [Saw::Ready]);
    assert_eq!(client.session.phase(), ClientPhase::Modern);
}

/// A slow modern server answers the probe after `initialize` has left, and refuses that.
#[test]
fn a_late_answer_to_the_probe_counts_if_initialize_is_refused() {
    let mut client = Client::of(Protocol::Auto);
    let probe = client.sent_one();
    client.wait(secs(5));
    let initialize = client.sent_one();
    client.hear(&discovered(probe.id()));
    assert_eq!(client.saw(), []);
    client.hear(&refusal(initialize.id(), -32601, &json!(null)));
    assert_eq!(client.saw(), [Saw::Ready]);
    assert_eq!(client.session.phase(), ClientPhase::Modern);

    // A server of both eras keeps to what it was asked last.
    let mut client = Client::of(Protocol::Auto);
    let probe = client.sent_one();
    client.wait(secs(5));
    let initialize = client.sent_one();
    client.hear(&discovered(probe.id()));
    client.hear(&initialized(initialize.id(), "2025-11-25"));
    assert_eq!(client.methods(), ["notifications/initialized"]);
    assert_eq!(client.session.phase(), ClientPhase::Operation);
}
