//! What a POST is answered with: JSON or events, by the first thing there is to say.

use http::StatusCode;
use mcp_core::session::Outgoing;

use crate::support::{Reader, Said, VERSIONS, Web, call, cancel, full, ping, secs, stream};

/// SHTTP-13, SHTTP-15.
#[test]
fn an_answer_that_comes_first_is_json() {
    for version in VERSIONS {
        let web = Web::new();
        let mut client = web.join(version);
        let mut exchange = client.ask(&web, call(1));
        assert!(exchange.poll_answer(web.now).is_none());
        client.answer(&web, 1, "done");
        let said = Said::from(full(exchange.poll_answer(web.now)));
        assert_eq!(said.status, StatusCode::OK);
        assert_eq!((&said.body["id"], &said.body["result"]), (&1.into(), &"done".into()));
        assert!(!said.headers.contains_key("mcp-session-id"), "SHTTP-L20");
        assert!(exchange.poll_answer(web.now).is_none(), "once");
    }
}

/// What the session answers by itself needs no application.
#[test]
fn pings_and_unknown_methods_are_answered_at_once() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut exchange = client.ask(&web, ping(1));
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!(said.body["result"], serde_json::json!({}));
    let unknown = r#"{"jsonrpc":"2.0","id":2,"method":"acme/x"}"#;
    let mut exchange = client.ask(&web, unknown);
    assert_eq!(Said::from(full(exchange.poll_answer(web.now))).code(), -32601);
}

/// SHTTP-17, SHTTP-18, SHTTP-21: what is said before the answer makes it a stream, which ends
/// after the answer.
#[test]
fn a_message_before_the_answer_makes_a_stream() {
    for version in VERSIONS {
        let web = Web::new();
        let mut client = web.join(version);
        let mut reader = client.stream(&web, 1);
        let primed = if version == "2025-11-25" { &["prime", "started"][..] } else { &["started"] };
        assert_eq!(reader.read(web.now), primed, "SHTTP-L07, {version}");
        client.log(&web, 1, "half");
        assert_eq!(reader.read(web.now), ["half"]);
        assert!(!reader.stream.is_ended());
        client.answer(&web, 1, "done");
        assert_eq!(reader.read(web.now), ["1=done"]);
        assert!(reader.stream.is_ended(), "SHTTP-21");
    }
}

/// case_31: work that takes long makes a stream, which is kept alive.
#[test]
fn case_31_a_silent_answer_becomes_a_stream_and_is_kept_alive() {
    let mut web = Web::new();
    let mut client = web.join("2025-06-18");
    let mut exchange = client.ask(&web, call(1));
    web.pass(secs(2));
    assert_eq!(exchange.poll_timeout(), Some(web.now));
    exchange.handle_timeout(web.now);
    let mut reader = Reader::new(stream(exchange.poll_answer(web.now)));
    assert!(reader.read(web.now).is_empty());
    assert_eq!(reader.bytes, b": open\n\n", "the first byte comes at once");
    for comments in 2..5 {
        web.pass(secs(15));
        reader.stream.handle_timeout(web.now);
        assert!(reader.read(web.now).is_empty());
        assert_eq!(reader.decoder.comments(), comments);
    }
    client.answer(&web, 1, "done");
    assert_eq!(reader.read(web.now), ["1=done"]);
}

/// SHTTP-L06, case_37: each message leaves on one stream, those of a request on its own.
#[test]
fn case_37_each_message_is_on_exactly_one_stream() {
    let web = Web::new();
    let mut client = web.join("2025-06-18");
    let mut standing = client.listen(&web);
    let (mut one, mut two) = (client.stream(&web, 1), client.stream(&web, 2));
    client.log(&web, 2, "of two");
    client.log(&web, 1, "of one");
    assert!(client.announce(&web, "of none"));
    let (_, ticket) = &client.requests[0];
    let asked = Outgoing::new("roots/list", None).about(ticket.key());
    client.slot.lock().request(web.now, asked).unwrap();
    client.slot.lock().request(web.now, Outgoing::new("ping", None)).unwrap();
    client.answer(&web, 2, "b");
    client.answer(&web, 1, "a");
    assert_eq!(one.read(web.now), ["started", "of one", "roots/list", "1=a"]);
    assert_eq!(two.read(web.now), ["started", "of two", "2=b"]);
    assert_eq!(standing.read(web.now), ["of none", "ping"], "SHTTP-L04, SHTTP-L05");
    assert!(client.slot.lock().poll_transmit().is_none());
}

/// A request that was cancelled has no answer, and what waited for one ends all the same.
#[test]
fn a_cancelled_request_leaves_nothing_open() {
    let web = Web::new();
    let mut client = web.join("2025-06-18");
    let mut silent = client.ask(&web, call(1));
    let mut reader = client.stream(&web, 2);
    client.tell(&web, cancel(1));
    client.tell(&web, cancel(2));
    client.watch();
    assert_eq!(client.cancelled, 2);
    let response = full(silent.poll_answer(web.now));
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(reader.read(web.now), ["started"]);
    assert!(reader.stream.is_ended());
}

/// SHTTP-22: nobody waits, the work goes on, and its answer harms nobody.
#[test]
fn a_dropped_answer_is_no_cancellation() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    drop(client.ask(&web, call(1)));
    drop(client.stream(&web, 2));
    client.watch();
    assert_eq!((client.cancelled, client.closed), (0, 0), "case_18");
    client.answer(&web, 1, "a");
    client.answer(&web, 2, "b");
    let session = client.slot.lock();
    assert_eq!((session.in_flight(), session.outbox_frames(), session.ids_in_use()), (0, 0, 0));
}
