//! Requests and notifications of the server's own.

use core::time::Duration;

use mcp_core::error::{RequestError, SendError};
use mcp_core::id::RequestHandle;
use mcp_core::jsonrpc::{ErrorCode, RawJson};
use mcp_core::session::{CloseReason, Outgoing};

use super::support::*;

fn roots() -> Outgoing {
    Outgoing::new("roots/list", None)
}

fn ask(server: &mut Server, item: Outgoing) -> RequestHandle {
    server.session.request(server.now, item).unwrap()
}

fn ended(handle: RequestHandle, error: RequestError) -> Saw {
    Saw::Response(handle, Err(error))
}

#[test]
fn a_response_reaches_the_request_it_answers() {
    let mut server = Server::ready();
    let first = ask(&mut server, roots());
    let second = ask(&mut server, roots());
    assert_eq!(server.said(), [own(Some(1), "roots/list"), own(Some(2), "roots/list")]);
    server.send(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no","data":[1]}}"#);
    server.send(r#"{"jsonrpc":"2.0","id":1.0,"result":{"roots":[]}}"#);
    let saw = server.saw();
    let Saw::Response(handle, Err(RequestError::Refused(error))) = &saw[0] else {
        panic!("{saw:?}");
    };
    assert_eq!((*handle, error.code()), (second, ErrorCode::METHOD_NOT_FOUND));
    assert_eq!(error.data().map(RawJson::as_str), Some("[1]"));
    assert_eq!(saw[1], Saw::Response(first, Ok(r#"{"roots":[]}"#.into())));
    server.assert_empty();
}

/// case_41: what answers nothing is counted, and neither fatal nor answered.
#[test]
fn case_41_late_and_made_up_responses_and_progress_are_counted() {
    let mut server = Server::ready();
    let handle = ask(&mut server, roots());
    server.said();
    server.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert_eq!(server.saw(), [Saw::Response(handle, Ok("{}".into()))]);
    for id in ["1", "0", "-1", "2", "\"1\"", "99999999999999999999", "null"] {
        server.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
    server.send(r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#);
    for token in ["1", "7", "\"1\"", "null", "{}"] {
        server.send(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":1}}}}"#
        ));
    }
    server.send(r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#);
    assert_eq!((server.saw(), server.said()), (vec![], vec![]));
    assert_eq!(server.session.counters().unknown_responses, 8);
    assert_eq!(server.session.counters().unknown_progress, 6);
    server.assert_empty();
}

/// A request that has not left cannot be answered, nor progress be made on it.
#[test]
fn a_deferred_request_cannot_be_answered() {
    let mut server = Server::new();
    ask(&mut server, roots().with_progress());
    server.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    server.send(
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#,
    );
    assert_eq!(server.saw(), []);
    assert_eq!(server.session.counters().unknown_responses, 1);
    assert_eq!(server.session.counters().unknown_progress, 1);
    assert_eq!(server.session.outbound_requests(), 1);
}

/// case_45; TIME-01, TIME-02, JSONRPC-11, CANCEL-03, CANCEL-04: no answer in time ends the request
/// and tells the client to stop.
#[test]
fn case_45_a_request_ends_at_its_deadline() {
    let mut server = Server::ready();
    let slow = ask(&mut server, roots());
    let quick = ask(&mut server, roots().with_timeout(secs(1)));
    server.said();
    assert_eq!(server.session.poll_timeout(), Some(server.now + secs(1)));
    server.wait(secs(1));
    assert_eq!(server.saw(), [ended(quick, RequestError::TimedOut)]);
    assert_eq!(
        server.frames(),
        [
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"timed out"}}"#
        ]
    );
    // CANCEL-08: an answer that still comes is ignored.
    server.send(r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    assert_eq!(server.saw(), []);
    server.wait(secs(59));
    assert_eq!(server.saw(), [ended(slow, RequestError::TimedOut)]);
}

/// case_45; TIME-04, TIME-05, PROG-10: progress starts the time anew, up to a maximum.
#[test]
fn case_45_progress_stretches_the_deadline_up_to_a_maximum() {
    let mut server = Server::ready_with(|config| config.timeouts.outbound_max = secs(25));
    let handle = ask(&mut server, roots().with_timeout(secs(10)).with_progress());
    assert_eq!(
        server.frames(),
        [
            r#"{"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"progressToken":1}}}"#
        ]
    );
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#;
    for _ in 0..2 {
        server.wait(secs(9));
        server.send(progress);
        assert_eq!(server.saw(), [Saw::Progress(handle)]);
    }
    server.wait(secs(6));
    server.send(progress);
    assert_eq!(server.saw(), [Saw::Progress(handle)]);
    server.wait(Duration::from_millis(999));
    assert_eq!(server.saw(), []);
    server.wait(Duration::from_millis(1));
    assert_eq!(server.saw(), [ended(handle, RequestError::TimedOut)], "at 25 s and no later");
}

/// CANCEL-01.
#[test]
fn cancelling_tells_the_client_once() {
    let mut server = Server::ready();
    let handle = ask(&mut server, roots());
    server.said();
    server.session.cancel(server.now, handle, "no longer needed");
    server.session.cancel(server.now, handle, "no longer needed");
    assert_eq!(server.said(), [own(None, "notifications/cancelled")]);
    assert_eq!(server.saw(), [ended(handle, RequestError::Cancelled)]);
    server.assert_empty();
}

/// CANCEL-01: what the client has not heard of can be cancelled, or expire, without a word: it was
/// not sent.
#[test]
fn a_deferred_request_that_ends_was_not_sent() {
    let mut server = Server::new();
    let cancelled = ask(&mut server, roots());
    let expired = ask(&mut server, roots().with_timeout(secs(1)));
    let lost = ask(&mut server, roots());
    server.session.cancel(server.now, cancelled, "");
    server.wait(secs(1));
    assert_eq!(
        server.saw(),
        [ended(cancelled, RequestError::NotSent), ended(expired, RequestError::NotSent)]
    );
    server.session.close(server.now);
    assert_eq!(server.saw(), [ended(lost, RequestError::NotSent), Saw::Closed(CloseReason::Local)]);
    assert_eq!(server.said(), []);
    server.assert_empty();
}

/// case_42: the end of the session ends every request with one outcome: sent or not sent.
#[test]
fn case_42_the_end_of_the_session_ends_every_request() {
    let mut server = Server::new();
    server.send(&initialize(0, "2025-11-25"));
    server.saw();
    server.accept();
    let ping = ask(&mut server, Outgoing::new("ping", None));
    let roots = ask(&mut server, roots());
    server.session.handle_disconnect(server.now);
    assert_eq!(
        server.saw(),
        [
            ended(ping, RequestError::Lost),
            ended(roots, RequestError::NotSent),
            Saw::Closed(CloseReason::Disconnected)
        ]
    );
    server.session.handle_disconnect(server.now);
    server.session.close(server.now);
    server.wait(secs(1000));
    assert_eq!(server.saw(), []);
    server.assert_empty();
}

/// Deferred messages leave in the order they were given, once.
#[test]
fn deferred_messages_leave_in_order() {
    let mut server = Server::new();
    for round in 0..3 {
        let list = ["tools", "prompts", "resources"][round];
        let method = format!("notifications/{list}/list_changed");
        server.session.notify(server.now, Outgoing::new(method, None)).unwrap();
        ask(&mut server, roots());
    }
    server.shake_unread(mcp_core::revision::Revision::LATEST_LEGACY);
    let said = server.said();
    assert_eq!(
        said,
        [
            result(0),
            own(None, "notifications/tools/list_changed"),
            own(Some(1), "roots/list"),
            own(None, "notifications/prompts/list_changed"),
            own(Some(2), "roots/list"),
            own(None, "notifications/resources/list_changed"),
            own(Some(3), "roots/list"),
        ]
    );
}

/// With `Serve`, what waited for the handshake leaves when the first request shows that there
/// will be none.
#[test]
fn deferred_messages_do_not_wait_for_a_handshake_that_is_not_needed() {
    let mut server = Server::with(|config| {
        config.early_requests = mcp_core::config::EarlyRequests::Serve;
    });
    ask(&mut server, roots());
    assert_eq!(server.said(), []);
    server.send(&call(1));
    assert_eq!(server.said(), [own(Some(1), "roots/list")]);
    ask(&mut server, roots());
    assert_eq!(server.said(), [own(Some(2), "roots/list")]);
}

/// After the end nothing is taken, and what was not taken comes back.
#[test]
fn nothing_is_sent_after_the_end() {
    let mut server = Server::ready();
    server.session.close(server.now);
    assert_eq!(server.session.notify(server.now, roots()), Err(SendError::Closed(roots())));
    assert_eq!(
        server.session.request(server.now, roots()).map_err(SendError::into_inner),
        Err(roots())
    );
    server.saw();
    server.assert_empty();
}

/// JSONRPC-04, PROG-02: ids of ours count from 1 and are never used twice, and so do tokens.
#[test]
fn ids_of_ours_are_never_reused() {
    let mut server = Server::ready();
    for id in 1..100 {
        let handle = ask(&mut server, roots().with_progress());
        let frames = server.frames();
        assert_eq!(said(&frames[0]), own(Some(id), "roots/list"));
        assert!(frames[0].contains(&format!(r#"{{"_meta":{{"progressToken":{id}}}}}"#)));
        server.session.cancel(server.now, handle, "");
        server.said();
    }
}
