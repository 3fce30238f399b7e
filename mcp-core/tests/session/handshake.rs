//! The handshake itself.

use mcp_core::config::Gate;
use mcp_core::lifecycle::Phase;
use mcp_core::revision::Revision;
use mcp_core::session::Outgoing;

use super::support::*;

const LATEST: &str = Revision::LATEST_LEGACY.as_str();
const SET_LEVEL: &str =
    r#"{"jsonrpc":"2.0","id":5,"method":"logging/setLevel","params":{"level":"info"}}"#;

/// LIFE-03, VER-03: the result names the client's revision.
#[test]
fn every_legacy_revision_is_echoed() {
    for revision in Revision::LEGACY {
        let mut server = Server::new();
        server.send(&initialize(1, revision.as_str()));
        assert_eq!(server.saw(), [Saw::Initialize]);
        assert_eq!(server.client.as_ref().unwrap().revision, revision);
        assert_eq!(server.client.as_ref().unwrap().info.name, "c");
        assert_eq!(server.session.revision(), None);
        server.accept();
        assert_eq!(server.session.revision(), Some(revision));
        let frames = server.frames();
        let answer: serde_json::Value = serde_json::from_str(&frames[0]).unwrap();
        assert_eq!(
            answer["result"],
            serde_json::json!({
                "protocolVersion": revision.as_str(),
                "capabilities": {},
                "serverInfo": {"name": "s", "version": "1"},
            })
        );
        server.send(INITIALIZED);
        assert_eq!(server.saw(), [Saw::Initialized]);
        assert_eq!(server.session.phase(), Phase::Operation);
    }
}

/// case_71; VER-04, VER-05: never a modern revision, never an unknown one.
#[test]
fn case_71_an_unknown_or_modern_or_missing_version_gets_the_latest_legacy_one() {
    let missing = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
    let versions = ["2026-07-28", "2030-01-01", "1.0", "", "\\ud83d\\ude00"];
    let frames = versions.map(|version| initialize(1, version));
    for frame in frames.iter().map(String::as_str).chain([missing]) {
        let mut server = Server::new();
        server.send(frame);
        server.saw();
        server.accept();
        assert_eq!(server.session.revision(), Some(Revision::LATEST_LEGACY));
        assert!(server.frames()[0].contains(r#""protocolVersion":"2025-11-25""#));
    }
}

/// LIFE-09: who a client is has a name and a version, and what it can do is said.
#[test]
fn initialize_says_who_and_what_the_client_is() {
    for params in [
        r#""capabilities":{}"#,
        r#""capabilities":{},"clientInfo":{}"#,
        r#""capabilities":{},"clientInfo":{"name":"c"}"#,
        r#""capabilities":{},"clientInfo":{"version":"1"}"#,
        r#""capabilities":{},"clientInfo":{"name":"c","version":1}"#,
        r#""clientInfo":{"name":"c","version":"1"}"#,
    ] {
        let mut server = Server::new();
        server.send(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"2025-11-25",{params}}}}}"#
        ));
        assert_eq!(server.said(), [error(1, -32602, "")], "{params}");
        assert_eq!(server.saw(), []);
        assert_eq!(server.session.phase(), Phase::New);
    }
}

/// case_11: a second initialize is refused in every phase and changes nothing.
#[test]
fn case_11_a_second_initialize_changes_nothing() {
    let mut server = Server::new();
    server.send(&initialize(1, "2025-06-18"));
    server.send(&initialize(2, LATEST));
    assert_eq!(server.said(), [error(2, -32600, "")]);
    assert_eq!(server.saw(), [Saw::Initialize]);
    server.accept();
    server.send(&initialize(3, LATEST));
    assert_eq!(server.said(), [result(1), error(3, -32600, "")]);
    server.send(INITIALIZED);
    server.send(&initialize(1, LATEST));
    assert_eq!(server.said(), [error(1, -32600, "")]);
    assert_eq!(server.saw(), [Saw::Initialized]);
    assert_eq!(server.session.revision(), Some(Revision::V2025_06_18));
    assert_eq!(server.session.phase(), Phase::Operation);
}

/// case_05: the log level may be set between initialize and initialized, whatever the gate, and
/// even if it came before the result left.
#[test]
fn case_05_the_log_level_does_not_wait_for_initialized() {
    for gate in [Gate::InitializeResult, Gate::Initialized] {
        let mut server = Server::with(|config| config.gate = gate);
        server.send(&initialize(1, LATEST));
        server.saw();
        server.accept();
        server.send(SET_LEVEL);
        assert_eq!(server.given(), ["5"]);

        let mut server = Server::with(|config| config.gate = gate);
        server.send(&call(4));
        server.send(&initialize(1, LATEST));
        server.send(SET_LEVEL);
        server.saw();
        server.accept();
        let given = server.given();
        assert!(given.contains(&"5".into()), "a client may wait for it first");
        server.send(INITIALIZED);
        assert_eq!(given.len() + server.given().len(), 2);
    }
}

/// case_06; LIFE-06: nothing leaves ahead of the result, and only ping, log messages and what
/// belongs to a request before `initialized`.
#[test]
fn case_06_the_server_is_silent_until_it_may_speak() {
    let mut server = Server::with(|config| config.gate = Gate::InitializeResult);
    let speak = |server: &mut Server| {
        for method in ["notifications/tools/list_changed", "notifications/message"] {
            server.session.notify(server.now, Outgoing::new(method, None)).unwrap();
        }
        for method in ["roots/list", "ping"] {
            server.session.request(server.now, Outgoing::new(method, None)).unwrap();
        }
    };
    speak(&mut server);
    assert_eq!(server.said(), []);
    server.send(&initialize(1, LATEST));
    speak(&mut server);
    assert_eq!(server.said(), []);
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(1)]);
    speak(&mut server);
    server.send(&call(2));
    server.saw();
    let key = server.work[0].ticket.key();
    let progress = Outgoing::new("notifications/progress", None).about(key);
    server.session.notify(server.now, progress).unwrap();
    assert_eq!(
        server.said(),
        [
            own(None, "notifications/message"),
            own(Some(6), "ping"),
            own(None, "notifications/progress"),
        ]
    );
    server.send(INITIALIZED);
    let first = [own(None, "notifications/tools/list_changed"), own(None, "notifications/message")];
    let said = server.said();
    assert_eq!(said[..2], first);
    assert_eq!(said[2..4], [own(Some(1), "roots/list"), own(Some(2), "ping")]);
    assert_eq!(said[4..6], first);
    assert_eq!(said[6..8], [own(Some(3), "roots/list"), own(Some(4), "ping")]);
    assert_eq!(said[8..], [first[0].clone(), own(Some(5), "roots/list")]);
}

/// case_08: `initialized` arrives while the answer to `initialize` is still being made, or has
/// been made and has not left yet.
#[test]
fn case_08_initialized_may_race_with_the_answer() {
    let mut server = Server::with(|config| config.gate = Gate::Initialized);
    server.send(&initialize(1, LATEST));
    server.send(INITIALIZED);
    server.send(&call(2));
    assert_eq!(server.saw(), [Saw::Initialize, Saw::Held("2".into())]);
    assert_eq!(server.session.phase(), Phase::Initializing);
    server.accept();
    assert_eq!(server.session.phase(), Phase::Operation);
    assert_eq!(server.saw(), [Saw::Initialized, Saw::Request("2".into())]);
    assert_eq!(server.said(), [result(1)]);

    let mut server = Server::with(|config| config.gate = Gate::Initialized);
    server.send(&initialize(1, LATEST));
    server.saw();
    server.accept();
    server.send(INITIALIZED);
    server.send(&call(2));
    assert_eq!(server.given(), ["2"]);
    assert_eq!(server.said(), [result(1)]);
}

/// A second `initialized` says nothing.
#[test]
fn initialized_counts_once() {
    let mut server = Server::ready();
    server.send(INITIALIZED);
    assert_eq!((server.saw(), server.said()), (vec![], vec![]));
    assert_eq!(server.session.counters().ignored_notifications, 1);
}

/// case_12; PING-01, PING-03: a ping is answered in every state, with an empty result.
#[test]
fn case_12_ping_is_answered_in_every_phase() {
    let pong = [r#"{"jsonrpc":"2.0","id":"ping","result":{}}"#];
    let mut server = Server::with(|config| config.gate = Gate::Initialized);
    server.send(PING);
    assert_eq!(server.frames(), pong);
    server.send(&initialize(1, LATEST));
    server.send(PING);
    assert_eq!(server.frames(), pong);
    server.saw();
    server.accept();
    server.frames();
    server.send(PING);
    assert_eq!(server.frames(), pong);
    server.send(INITIALIZED);
    server.send(PING);
    assert_eq!(server.frames(), pong);
    server.saw();
    server.send(&call(2));
    server.session.drain(server.now, secs(1));
    server.send(PING);
    assert_eq!(server.frames(), pong);
}

/// JSONRPC-28, ERR-01: what the server does not have is refused at once in every phase; a method of
/// another revision too.
#[test]
fn unknown_methods_are_refused_at_once() {
    let mut server = Server::new();
    for method in ["prompts/get", "no/such", "server/discover", "roots/list"] {
        server.send(&request(1, method));
        assert_eq!(server.said(), [error(1, -32601, "")]);
    }
    server.send(&request(1, "acme/reindex"));
    assert_eq!(server.session.held(), 1, "the application's own methods exist everywhere");
    server.session.drain(server.now, secs(1));
    assert_eq!(server.said().len(), 1);
}

/// JSONRPC-28, LIFE-07, LIFE-08: what the revision turns out not to have is refused when it is let
/// through.
#[test]
fn a_held_request_is_judged_by_the_negotiated_revision() {
    use mcp_core::lifecycle::Method;
    let mut server = Server::with(|config| config.methods.insert(Method::TasksList));
    server.send(&request(1, "tasks/list"));
    server.send(&initialize(2, "2025-06-18"));
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(2), error(1, -32601, "")]);
    server.saw();
    server.assert_empty();
}
