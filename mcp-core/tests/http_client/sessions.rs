//! Sessions of Streamable HTTP: their ids, their headers, and what happens when they are gone.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::revision::Revision;
use mcp_core::session::Outgoing;
use mcp_core::transport::http::HttpFault;

use crate::support::{EVENTS, JSON, Seen, Told, URL, Web, call, error, initialized, secs};

const STREAMABLE: [Revision; 3] =
    [Revision::V2025_03_26, Revision::V2025_06_18, Revision::V2025_11_25];

fn legacy(revision: Revision) -> Web {
    Web::legacy(revision, |_| {})
}

/// SHTTP-06, SHTTP-07, SHTTP-08, SHTTP-09, SHTTP-L23, SHTTP-L29, SHTTP-L30, SHTTP-L31: one
/// message to a POST, with what each revision wants beside it.
#[test]
fn shttp_l30_every_message_has_its_headers() {
    for revision in STREAMABLE {
        let mut web = legacy(revision);
        web.send(call());
        web.client
            .notify(web.now, Outgoing::new("notifications/roots/list_changed", None))
            .unwrap();
        let seen = web.see_all();
        assert_eq!(seen.len(), 2, "a POST for each");
        for seen in seen {
            assert_eq!(seen.uri(), URL);
            assert!(seen.body().is_object());
            assert_eq!(seen.header("accept"), Some("application/json, text/event-stream"));
            assert_eq!(seen.header("content-type"), Some(JSON));
            assert_eq!(seen.header("mcp-session-id"), Some("s-1"));
            assert_eq!(seen.header("x-api-key"), Some("sesame"));
            assert_eq!(seen.header("mcp-method"), None, "of the modern era");
            let version = (revision >= Revision::V2025_06_18).then(|| revision.as_str());
            assert_eq!(seen.header("mcp-protocol-version"), version);
        }
    }
}

/// SHTTP-14: JSON or events, as the server likes.
#[test]
fn shttp_14_either_kind_of_answer_is_taken() {
    let mut web = legacy(Revision::V2025_11_25);
    let (one, two) = (web.send(call()), web.send(call()));
    let seen = web.see_all();
    web.result(&seen[0], r#"{"a":1}"#);
    web.head(&seen[1], 200, &[("content-type", "Text/Event-Stream; charset=utf-8")]);
    let event = format!("data: {}\r\n\r\n", crate::support::result_of(&seen[1], r#"{"b":2}"#));
    for byte in event.chars() {
        web.data(&seen[1], &byte.to_string());
    }
    let expected = [Told::Result(one, r#"{"a":1}"#.into()), Told::Result(two, r#"{"b":2}"#.into())];
    assert_eq!(web.told(), expected);
}

/// SHTTP-L20, case_14: an id that comes with an error, or later, or is none, is not taken.
#[test]
fn case_14_a_session_id_comes_from_a_successful_initialize_alone() {
    let mut web = Web::new(|config| {
        config.session.protocol = Protocol::Legacy(Revision::V2025_11_25);
        config.listen = false;
    });
    let initialize = web.see("initialize");
    web.accept(&initialize, Revision::V2025_11_25, None);
    let ready = web.see("notifications/initialized");
    assert_eq!(ready.header("mcp-session-id"), None);
    web.head(&ready, 202, &[("mcp-session-id", "late")]);
    web.end(&ready);
    web.send(call());
    let seen = web.see("tools/call");
    assert_eq!(seen.header("mcp-session-id"), None);
    web.head(&seen, 400, &[("mcp-session-id", "wrong"), ("content-type", JSON)]);
    web.data(&seen, &error(&seen.rpc_id(), -32602, "m"));
    web.end(&seen);
    web.send(call());
    assert_eq!(web.see("tools/call").header("mcp-session-id"), None);

    // SHTTP-L22.
    for bad in ["a b", "\u{e4}", ""] {
        let mut web = Web::new(|config| {
            config.session.protocol = Protocol::Legacy(Revision::V2025_11_25);
            config.listen = false;
        });
        let initialize = web.see("initialize");
        web.accept(&initialize, Revision::V2025_11_25, Some(bad));
        assert_eq!(web.see("notifications/initialized").header("mcp-session-id"), None);
        assert_eq!(web.told(), [Told::Fault(None, HttpFault::SessionId)], "{bad:?}");
    }
}

/// SHTTP-L26, case_13, case_14, case_15: 404 means to begin anew, once however many hear it, and
/// to send what was refused again, once.
#[test]
fn shttp_l26_case_13_a_lost_session_is_begun_anew() {
    let mut web = legacy(Revision::V2025_11_25);
    let handles: Vec<_> = (0..3).map(|_| web.send(call())).collect();
    let seen = web.see_all();
    for seen in &seen {
        web.status(seen, 404, &error(&seen.rpc_id(), -32600, "Session not found"));
    }
    // Nothing that belonged to the old session goes with it.
    let initialize = web.see("initialize");
    assert_eq!(initialize.header("mcp-session-id"), None);
    let newer = web.send(call());
    web.sees_nothing();
    web.accept(&initialize, Revision::V2025_11_25, Some("s-2"));
    let ready = web.see("notifications/initialized");
    assert_eq!(ready.header("mcp-session-id"), Some("s-2"));
    web.status(&ready, 202, "");
    let again = web.see_all();
    assert_eq!(again.len(), 4);
    assert!(again.iter().all(|seen| seen.header("mcp-session-id") == Some("s-2")));
    for seen in &again[1..] {
        web.result(seen, "{}");
    }
    // A second 404 surfaces.
    web.status(&again[0], 404, "");
    let mut told = web.told();
    assert_eq!(told.remove(0), Told::Ready(Revision::V2025_11_25));
    for (index, handle) in [handles[1], handles[2], newer].into_iter().enumerate() {
        assert_eq!(told[index], Told::Result(handle, "{}".into()));
    }
    assert_eq!(told[3..], [Told::Error(handles[0], RequestError::SessionGone)]);
}

/// case_16: some servers say 400 when they mean 404; they are known by what they say.
#[test]
fn case_16_a_lost_session_is_known_by_its_meaning() {
    for (code, message, gone) in [
        (-32000, "Bad Request: No valid session ID provided", true),
        (-32600, "Bad Request: Missing session ID", true),
        (-32600, "Session has expired", true),
        (-32602, "session_name is too long", false),
        (-32602, "Invalid arguments", false),
    ] {
        let mut web = legacy(Revision::V2025_06_18);
        let handle = web.send(call());
        let seen = web.see("tools/call");
        web.status(&seen, 400, &error("null", code, message));
        if gone {
            web.see("initialize");
        } else {
            web.sees_nothing();
            let refused = ErrorObject::new(ErrorCode::new(code), message);
            assert_eq!(web.told(), [Told::Error(handle, RequestError::Refused(refused))]);
        }
    }
}

/// A refusal for want of a handshake means the same, and so it is treated.
#[test]
fn a_session_that_is_not_initialized_is_begun_anew() {
    let mut web = legacy(Revision::V2025_11_25);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-32002,"message":"Server not initialized","data":{{"reason":"not_initialized"}}}}}}"#,
        seen.rpc_id()
    );
    web.status(&seen, 400, &body);
    web.initialize(Revision::V2025_11_25, Some("s-2"));
    let seen = web.see("tools/call");
    web.result(&seen, "{}");
    let expected = [Told::Ready(Revision::V2025_11_25), Told::Result(handle, "{}".to_owned())];
    assert_eq!(web.told(), expected);
}

/// A 404 of a session that has been replaced meanwhile begins no other one.
#[test]
fn a_late_404_does_not_begin_anew_again() {
    let mut web = legacy(Revision::V2025_11_25);
    web.send(call());
    web.send(call());
    let seen = web.see_all();
    web.status(&seen[0], 404, "");
    web.initialize(Revision::V2025_11_25, Some("s-2"));
    web.see("tools/call");
    web.status(&seen[1], 404, "");
    let again = web.see("tools/call");
    assert_eq!(again.header("mcp-session-id"), Some("s-2"));
}

/// SHTTP-L26 has nothing to do with servers that have no sessions: their 404 is an answer.
#[test]
fn without_a_session_a_404_is_an_answer() {
    let mut web = Web::new(|config| {
        config.session.protocol = Protocol::Legacy(Revision::V2025_11_25);
        config.listen = false;
    });
    web.initialize(Revision::V2025_11_25, None);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 404, "gone fishing");
    let told = web.told();
    assert_eq!(
        told[1],
        Told::Fault(Some(handle), crate::support::status_fault(404, "gone fishing"))
    );
    assert_eq!(told[2], Told::Error(handle, RequestError::Status(404)));
}

/// SHTTP-23: a request is given up with a notification, and nobody waits for its answer.
#[test]
fn shttp_23_a_request_is_cancelled_by_a_notification() {
    let mut web = legacy(Revision::V2025_11_25);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.stream(&seen);
    web.client.cancel(web.now, handle, "bored");
    let cancel = web.see("notifications/cancelled");
    assert_eq!(cancel.body()["params"]["requestId"].to_string(), seen.rpc_id());
    assert_eq!(web.aborted(), [seen.id]);
    assert_eq!(web.told(), [Told::Error(handle, RequestError::Cancelled)]);
    // case_40: what comes of it all the same is ignored.
    web.data(&seen, "data: {}\n\n");
    web.end(&seen);
    assert_eq!(web.told(), []);

    // One that never left needs none.
    let handle = web.send(call());
    web.client.cancel(web.now, handle, "bored");
    web.sees_nothing();
    assert_eq!(web.aborted(), []);
}

/// SHTTP-L01, SHTTP-L02, case_33: the stream for what the server sends unasked; that there is none
/// is a normal outcome.
#[test]
fn shttp_l02_case_33_a_stream_is_opened_if_there_is_one() {
    let start = || {
        let mut web = Web::legacy(Revision::V2025_11_25, |config| config.listen = true);
        let get = web.see("GET");
        assert_eq!(get.header("accept"), Some(EVENTS));
        assert_eq!(get.header("mcp-session-id"), Some("s-1"));
        assert_eq!(get.header("mcp-protocol-version"), Some("2025-11-25"));
        // case_38.
        assert_eq!(get.header("last-event-id"), None);
        (web, get)
    };
    let (mut web, get) = start();
    web.status(&get, 405, "");
    assert_eq!(web.told(), []);
    assert_eq!(web.client.poll_timeout(), None);

    let (mut web, get) = start();
    web.stream(&get);
    web.data(
        &get,
        &crate::support::event(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#),
    );
    web.data(&get, &crate::support::event(r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#));
    assert_eq!(web.told(), [Told::Notified("notifications/tools/list_changed".into())]);
    let pong = web.see_all();
    assert_eq!(pong[0].body()["id"], "p");
    // It can tell that the session is gone, too.
    web.end(&get);
    web.pass_to_timeout();
    let get = web.see("GET");
    web.status(&get, 404, "");
    let initialize: Seen = web.see("initialize");
    web.accept(&initialize, Revision::V2025_11_25, Some("s-2"));
    let _ = initialized(&initialize, Revision::V2025_11_25);
    let ready = web.see("notifications/initialized");
    web.status(&ready, 202, "");
    assert_eq!(web.see("GET").header("mcp-session-id"), Some("s-2"));
}

/// case_19: a server that is away while the session starts over may come back.
#[test]
fn case_19_a_server_that_comes_back_is_found() {
    let mut web = legacy(Revision::V2025_11_25);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 404, "");
    for _ in 0..3 {
        let initialize = web.see("initialize");
        web.fail(&initialize, mcp_core::transport::http::Failure::NotSent);
        web.sees_nothing();
        assert!(web.pass_to_timeout() >= secs(1));
    }
    web.initialize(Revision::V2025_11_25, Some("s-2"));
    let seen = web.see("tools/call");
    web.result(&seen, "{}");
    assert_eq!(web.told().pop(), Some(Told::Result(handle, "{}".into())));
}
