//! `notifications/cancelled`, from the client.

use mcp_core::jsonrpc::RawJson;
use mcp_core::session::{CancelReason, Outgoing};

use super::support::*;

/// case_40, case_46; CANCEL-06, CANCEL-07, CANCEL-09: cancel before, with and after the answer.
#[test]
fn case_40_case_46_cancel_and_answer_may_come_in_any_order() {
    // Before the request: it names nothing.
    let mut server = Server::ready();
    server.send(&cancel(1));
    assert_eq!(server.session.counters().ignored_notifications, 1);
    server.send(&call(1));
    assert_eq!(server.given(), ["1"]);

    // Before the answer: the answer is not sent.
    let key = server.work[0].ticket.key();
    server.send(&cancel(1));
    let reason = CancelReason::Peer(Some("bored".into()));
    assert_eq!(server.saw(), [Saw::Cancelled(key, reason)]);
    server.answer();
    assert_eq!(server.said(), []);
    assert_eq!(server.session.counters().late_replies, 1);
    server.assert_empty();

    // After the answer: nothing is left to cancel.
    server.send(&call(2));
    server.saw();
    server.answer();
    server.send(&cancel(2));
    assert_eq!(server.saw(), []);
    assert_eq!(server.said(), [result(2)]);

    // Twice, and before the application has even seen the request.
    server.send(&call(3));
    server.send(&cancel(3));
    server.send(&cancel(3));
    let saw = server.saw();
    assert!(matches!(&saw[..], [Saw::Request(_), Saw::Cancelled(..)]), "{saw:?}");
    server.answer();
    assert_eq!(server.said(), []);
}

/// case_54: an id is free again after the cancel, and the old answer does not go to the new request.
#[test]
fn a_cancelled_id_can_be_used_again() {
    let mut server = Server::ready();
    server.send(&call(1));
    server.send(&cancel(1));
    server.send(&call(1));
    server.saw();
    let old = server.work.remove(0);
    server.session.respond(server.now, old.ticket, Ok(RawJson::parse(r#"{"old":1}"#).unwrap()));
    assert_eq!(server.said(), []);
    server.answer();
    assert_eq!(server.said(), [result(1)]);
}

/// CANCEL-02: `initialize` cannot be cancelled.
#[test]
fn initialize_cannot_be_cancelled() {
    let mut server = Server::new();
    server.send(&initialize(1, "2025-11-25"));
    server.send(&cancel(1));
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(1)]);
}

/// CANCEL-10: what makes no sense is ignored, never answered.
#[test]
fn malformed_cancellations_are_ignored() {
    let mut server = Server::ready();
    server.send(&call(1));
    server.saw();
    for params in [
        "{}",
        r#"{"requestId":null}"#,
        r#"{"requestId":{}}"#,
        r#"{"requestId":1.5}"#,
        r#"{"requestId":"1"}"#,
        r#"{"requestId":1,"reason":7}"#,
    ] {
        server.send(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}"#
        ));
    }
    server.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#);
    assert_eq!((server.saw(), server.said()), (vec![], vec![]));
    assert_eq!(server.session.in_flight(), 1);
    // By type and value, as ids are compared everywhere.
    server.send(&cancel("1.0"));
    assert_eq!(server.session.in_flight(), 0);
}

/// PROG-04, PROG-07: nothing can be said about a request that was cancelled or answered.
#[test]
fn what_is_about_a_request_that_ended_cannot_be_sent() {
    use mcp_core::error::SendError;
    let end: [fn(&mut Server); 2] = [|server| server.send(&cancel(1)), |server| server.answer()];
    for end in end {
        let mut server = Server::ready();
        server.send(&call(1));
        server.saw();
        let key = server.work[0].ticket.key();
        let item = Outgoing::new("notifications/progress", None).about(key);
        assert_eq!(server.session.notify(server.now, item.clone()), Ok(()));
        end(&mut server);
        assert_eq!(
            server.session.notify(server.now, item.clone()),
            Err(SendError::Ended(item.clone()))
        );
        assert_eq!(server.session.request(server.now, item.clone()), Err(SendError::Ended(item)));
    }
}
