//! How sessions end: the stream goes away, or the server does.

use http::StatusCode;
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Phase;
use mcp_core::session::{CloseReason, Outgoing};

use crate::support::{Said, Web, answer, call, cancel, error, initialize, large_call, secs};

/// RACE i.drop, LIFE-11: other servers answer 202 for ever and lose the message.
#[test]
fn race_i_a_dropped_stream_takes_its_session_with_it() {
    let web = Web::new();
    let client = web.open();
    for id in 1..=3 {
        web.send(&client, large_call(id, 1000));
    }
    assert!(web.hold_budget.used() >= 3000);
    // A POST whose head came before the stream went, and whose body comes after.
    let mut between = web.upload(&client.uri);
    between.handle_data(call(4).into()).unwrap();
    let (uri, slot) = (client.uri.clone(), client.slot.clone());
    drop(client);
    assert_eq!(web.refused(&uri, call(5)).status, StatusCode::NOT_FOUND);
    let late = answer(between.handle_end(web.now));
    assert_eq!(late.status(), StatusCode::NOT_FOUND);
    {
        let session = slot.lock();
        assert_eq!(session.phase(), Phase::Closed);
        assert_eq!((session.held(), session.held_bytes()), (0, 0));
        assert_eq!((session.in_flight(), session.ids_in_use()), (0, 0));
        assert_eq!(session.outbox_bytes(), 0);
        assert_eq!(session.poll_timeout(), None);
    }
    web.assert_empty();
}

/// What was in flight ends with the stream: the application hears of it, its answers go nowhere.
#[test]
fn an_answer_after_the_stream_is_gone_is_dropped() {
    let web = Web::new();
    let mut client = web.open_ready();
    web.send(&client, call(1));
    client.watch();
    client.stream.handle_disconnect(web.now);
    assert_eq!(web.server.sessions(), 0);
    client.answer(web.now, Ok(RawJson::EMPTY_OBJECT));
    assert_eq!(client.slot.lock().counters().late_replies, 1);
    client.watch();
    assert_eq!(client.closed, Some(CloseReason::Disconnected));
    assert!(client.stream.is_ended());
}

/// case_31; LIFE-11: streams do not hold up a shutdown. New streams and requests are 503, what is
/// in flight is answered, then the streams end.
#[test]
fn case_31_drain_answers_what_is_in_flight_and_then_ends() {
    let web = Web::new();
    let mut busy = web.open_ready();
    let mut idle = web.open_ready();
    let mut early = web.open();
    web.send(&busy, call(1));
    web.send(&busy, call(2));
    busy.watch();
    web.send(&early, call(1));
    // What a handler at work asks of the client, and a POST that is being uploaded.
    let asked = Outgoing::new("roots/list", None);
    busy.slot.lock().request(web.now, asked).unwrap();
    let own = busy.messages(web.now);
    let mut between = web.upload(&busy.uri);

    web.server.drain(web.now, secs(10));

    let turned = web.turned_away(Web::get());
    assert_eq!(turned.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(turned.headers["retry-after"], "1");
    let turned = web.refused(&busy.uri, call(3));
    assert_eq!(turned.status, StatusCode::SERVICE_UNAVAILABLE);
    between.handle_data(call(4).into()).unwrap();
    let turned = answer(between.handle_end(web.now));
    assert_eq!(turned.status(), StatusCode::SERVICE_UNAVAILABLE);

    assert_eq!(idle.read(web.now), []);
    assert!(idle.stream.is_ended());
    assert_eq!(early.read(web.now), [error(1, -32002, "not_initialized")]);
    assert!(early.stream.is_ended());

    assert!(!busy.stream.is_ended());
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, own[0]["id"]);
    web.send(&busy, answer);
    assert_eq!(busy.slot.lock().outbound_requests(), 0, "responses are taken");
    web.send(&busy, cancel(2));
    busy.answer(web.now, Ok(RawJson::EMPTY_OBJECT));
    assert_eq!(busy.read(web.now), [Said::Result(1)]);
    assert!(busy.stream.is_ended(), "nothing is left to answer");
    drop((busy, idle, early));
    web.assert_empty();
}

/// What is not answered within the grace is cut off.
#[test]
fn drain_does_not_wait_for_ever() {
    let mut web = Web::new();
    let mut client = web.open_ready();
    web.send(&client, call(1));
    client.watch();
    web.server.drain(web.now, secs(10));
    assert_eq!(client.stream.poll_timeout(), web.now + secs(10));
    web.now = web.now + secs(10);
    client.stream.handle_timeout(web.now);
    assert!(client.stream.is_ended());
    client.watch();
    assert_eq!(client.closed, Some(CloseReason::Local));
}

/// An `initialize` that is being answered when the server drains is answered.
#[test]
fn drain_lets_a_handshake_in_progress_finish() {
    let web = Web::new();
    let mut client = web.open();
    web.send(&client, initialize(0, "2025-11-25"));
    web.server.drain(web.now, secs(10));
    assert!(!client.stream.is_ended());
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(0)]);
    assert!(client.stream.is_ended());
}
