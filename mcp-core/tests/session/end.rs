//! How a session ends.

use mcp_core::error::{PeerError, RequestError, SendError};
use mcp_core::lifecycle::Phase;
use mcp_core::session::{CloseReason, Outgoing};

use super::support::*;

/// case_62: the end of input with requests in flight: all are answered, then the session closes.
#[test]
fn case_62_requests_in_flight_are_answered_after_the_end_of_input() {
    let mut server = Server::ready();
    for id in 0..20 {
        server.send(&call(id));
    }
    server.saw();
    server.session.handle_end_of_input(server.now, secs(5));
    assert!(!server.session.wants_input());
    for _ in 0..20 {
        assert_eq!(server.session.phase(), Phase::Operation);
        server.answer();
    }
    assert_eq!(server.said().len(), 20, "frames can be polled after the end");
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Disconnected)]);
    server.assert_empty();

    // Not for ever.
    let mut server = Server::ready();
    server.send(&call(1));
    server.saw();
    server.session.handle_end_of_input(server.now, secs(5));
    server.wait(secs(5));
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Disconnected)]);
    server.answer();
    server.assert_empty();
}

/// case_62: in the middle of the handshake too.
#[test]
fn case_62_the_end_of_input_during_the_handshake() {
    // Nothing to wait for: what is held hears so.
    let mut server = Server::new();
    server.send(&call(1));
    server.session.handle_end_of_input(server.now, secs(5));
    assert_eq!(server.said(), [error(1, -32002, "not_initialized")]);
    assert_eq!(server.session.phase(), Phase::Closed);

    // The application still answers: the handshake ends and the request is served.
    let mut server = Server::new();
    server.send(&call(1));
    server.send(&initialize(2, "2025-11-25"));
    server.saw();
    server.session.handle_end_of_input(server.now, secs(5));
    assert_eq!(server.session.phase(), Phase::Initializing);
    server.accept();
    assert_eq!(server.given(), ["1"]);
    server.answer();
    assert_eq!(server.said(), [result(2), result(1)]);
    assert_eq!(server.session.phase(), Phase::Closed);

    // With a strict gate `initialized` will never come.
    let mut server = Server::with(|config| config.gate = mcp_core::config::Gate::Initialized);
    server.send(&call(1));
    server.send(&initialize(2, "2025-11-25"));
    server.saw();
    server.session.handle_end_of_input(server.now, secs(1));
    server.accept();
    assert_eq!(server.said(), [result(2), error(1, -32002, "not_initialized")]);
    assert_eq!(server.session.phase(), Phase::Closed);

    // The application does not answer.
    let mut server = Server::new();
    server.send(&call(1));
    server.send(&initialize(2, "2025-11-25"));
    server.saw();
    server.session.handle_end_of_input(server.now, secs(1));
    server.wait(secs(1));
    assert_eq!(server.said(), [error(1, -32002, "hold_timeout"), error(2, -32603, "")]);
    assert_eq!(server.session.phase(), Phase::Closed);
}

/// case_42: nobody is left to answer what we asked, so whoever waits for it is told at once.
#[test]
fn case_42_the_end_of_input_ends_our_own_requests() {
    let mut server = Server::ready();
    server.send(&call(1));
    server.saw();
    let about = server.work[0].ticket.key();
    let question = || Outgoing::new("elicitation/create", None).about(about);
    let handle = server.session.request(server.now, question()).unwrap();
    server.said();
    server.session.handle_end_of_input(server.now, secs(5));
    assert_eq!(server.saw(), [Saw::Response(handle, Err(RequestError::Lost))]);
    assert_eq!(server.session.request(server.now, question()), Err(SendError::Closed(question())));
    // The output side is still there.
    let progress = Outgoing::new("notifications/progress", None).about(about);
    assert_eq!(server.session.notify(server.now, progress), Ok(()));
    server.answer();
    assert_eq!(server.said(), [own(None, "notifications/progress"), result(1)]);
}

/// Draining takes no new requests, and goes on reading the answers that the old ones wait for.
#[test]
fn draining_refuses_new_requests_and_reads_on() {
    let mut server = Server::ready();
    server.send(&call(1));
    server.saw();
    let about = server.work[0].ticket.key();
    let question = Outgoing::new("elicitation/create", None).about(about);
    let handle = server.session.request(server.now, question).unwrap();
    server.said();
    server.session.drain(server.now, secs(5));
    assert!(server.session.wants_input());
    server.send(&call(2));
    server.send(&initialize(3, "2025-11-25"));
    server.send(PING);
    server.send(&request(4, "no/such"));
    assert_eq!(
        server.said(),
        [
            error(2, -32603, "shutting_down"),
            error(3, -32600, ""),
            result("\"ping\""),
            error(4, -32601, "")
        ]
    );
    server.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert_eq!(server.saw(), [Saw::Response(handle, Ok("{}".into()))]);
    server.answer();
    assert_eq!(server.said(), [result(1)]);
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Local)]);
    server.assert_empty();
}

/// A session with nothing to do drains at once, and a cancelled request does not keep it.
#[test]
fn draining_ends_with_the_last_request() {
    let mut server = Server::ready();
    server.session.drain(server.now, secs(5));
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Local)]);

    let mut server = Server::ready();
    server.send(&call(1));
    server.session.drain(server.now, secs(5));
    server.send(&cancel(1));
    assert_eq!(server.session.phase(), Phase::Closed);

    let mut server = Server::new();
    server.session.drain(server.now, secs(5));
    assert_eq!(server.session.phase(), Phase::Closed);

    let mut server = Server::new();
    server.send(&initialize(1, "2025-11-25"));
    server.saw();
    server.session.drain(server.now, secs(5));
    server.refuse();
    assert_eq!(server.said(), [error(1, -32602, "")]);
    assert_eq!(server.session.phase(), Phase::Closed);
}

/// LIFE-10: after the end every call is harmless and says so.
#[test]
fn everything_is_harmless_after_the_end() {
    let mut server = Server::ready();
    server.send(&call(1));
    server.saw();
    server.session.close(server.now);
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Local)]);
    assert_eq!(server.try_send(PING), Err(PeerError::Closed));
    assert_eq!(server.try_send("garbage"), Err(PeerError::Closed));
    server.answer();
    server.session.drain(server.now, secs(1));
    server.session.handle_end_of_input(server.now, secs(1));
    server.session.handle_disconnect(server.now);
    server.session.close(server.now);
    server.wait(secs(1_000_000));
    assert_eq!((server.saw(), server.said()), (vec![], vec![]));
    assert!(!server.session.wants_input());
    server.assert_empty();
}

/// LIFE-10: what was queued when we closed can still be written; when the client is gone it cannot.
#[test]
fn closing_lets_what_is_queued_leave() {
    let mut server = Server::ready();
    server.send(PING);
    server.session.close(server.now);
    assert_eq!(server.said(), [result("\"ping\"")]);

    let mut server = Server::ready();
    server.send(PING);
    server.session.handle_disconnect(server.now);
    assert_eq!(server.said(), []);
}
