//! The event stream: its first event, its silence, its bytes.

use core::time::Duration;

use alloc::sync::Arc;
use http::StatusCode;
use mcp_core::config::EarlyRequests;
use mcp_core::jsonrpc::{Frame, RawJson};
use mcp_core::lifecycle::Phase;
use mcp_core::session::{CloseReason, Outgoing};
use mcp_core::transport::http::{Admission, SsePaths};
use mcp_core::transport::sse::{Decoder, MESSAGE_PREFIX, SUFFIX};

use crate::support::{Said, Web, call, initialize, secs};

fn endpoint(web: &Web) -> String {
    let Admission::Open(mut stream) = web.begin(Web::get()) else {
        panic!("an event stream");
    };
    let first = stream.poll_data(web.now).expect("at t = 0");
    String::from_utf8(first.to_vec()).unwrap()
}

/// SSE-02, case_31: the first event is there before anything else happens, with headers that keep
/// proxies from holding it back.
#[test]
fn the_endpoint_event_comes_first_and_at_once() {
    let web = Web::new();
    let Admission::Open(mut stream) = web.begin(Web::get()) else {
        panic!("an event stream");
    };
    let head = stream.head();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-type"], "text/event-stream");
    assert_eq!(head.headers()["cache-control"], "no-cache");
    assert_eq!(head.headers()["x-accel-buffering"], "no");
    let first = stream.poll_data(web.now).unwrap();
    let first = core::str::from_utf8(&first).unwrap();
    let (before, after) = first.split_once("session_id=").unwrap();
    assert_eq!(before, "event: endpoint\ndata: /messages?");
    let (id, after) = after.split_once('&').unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(after, "init_required=true\n\n");
    assert!(stream.poll_data(web.now).is_none());
    assert!(!stream.is_ended());
}

/// RACE l: the hint is a query parameter, which every client leaves alone.
#[test]
fn race_l_the_hint_says_whether_to_initialize() {
    for (policy, hint) in [
        (EarlyRequests::Hold, "&init_required=true\n"),
        (EarlyRequests::Refuse, "&init_required=true\n"),
        (EarlyRequests::Serve, "&init_required=false\n"),
    ] {
        let web = Web::with(|config| config.session.early_requests = policy);
        assert!(endpoint(&web).contains(hint), "{policy:?}");
    }
}

/// case_30: a proxy that strips a prefix is told to the client; the URI is an absolute path.
#[test]
fn case_30_the_endpoint_has_the_public_prefix() {
    let web = Web::with(|config| {
        let mut paths = SsePaths::default();
        paths.public_prefix = "/tenants/7".into();
        paths.messages = "/post".into();
        config.sse = Some(paths);
        config.retry = Some(secs(3));
    });
    let endpoint = endpoint(&web);
    assert!(
        endpoint.starts_with("event: endpoint\nretry: 3000\ndata: /tenants/7/post?session_id=")
    );
}

/// The POST to the URI as announced, hint and all, reaches the session.
#[test]
fn a_message_is_202_at_once_and_answered_on_the_stream() {
    let web = Web::new();
    let mut client = web.open_ready();
    web.send(&client, call(1));
    assert_eq!(client.read(web.now), [], "before the application has answered");
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(1)]);
}

/// case_31: a comment after a silence, again after another one, and none while data flows.
#[test]
fn case_31_a_silent_stream_is_kept_alive_with_comments() {
    let mut web = Web::new();
    let mut client = web.open_ready();
    let start = web.now;
    for comments in 1..=3 {
        let due = client.stream.poll_timeout();
        assert_eq!(due, start + secs(15 * comments));
        web.now = due;
        client.stream.handle_timeout(web.now);
        assert_eq!(client.pieces(web.now), [b": keep-alive\n\n".as_slice()]);
    }
    for id in 1..100 {
        web.now = web.now + secs(14);
        web.send(&client, call(id));
        client.work(web.now);
        client.stream.handle_timeout(web.now);
        assert_eq!(client.read(web.now), [Said::Result(id)]);
        assert_eq!(client.comments(), 0, "the ones above were not decoded");
    }
    assert_eq!(client.stream.poll_timeout(), web.now + secs(15));
}

/// A client that does not read must not keep its owner awake: nothing is due twice.
#[test]
fn an_unread_stream_has_no_deadline_in_the_past() {
    let mut web = Web::new();
    let mut client = web.open_ready();
    for round in 0..3 {
        web.send(&client, call(round));
        client.work(web.now);
        web.now = client.stream.poll_timeout();
        client.stream.handle_timeout(web.now);
        assert!(client.stream.poll_timeout() > web.now);
    }
    let unread = client.read(web.now);
    assert_eq!(unread, [Said::Result(0), Said::Result(1), Said::Result(2)]);
    assert_eq!(client.comments(), 0, "data was waiting all the time");
}

/// SSE-04, case_52: what leaves is what a writer that copies everything would write, whatever the
/// sizes, alone and in bursts.
#[test]
fn events_are_what_a_naive_writer_would_write() {
    let web = Web::new();
    let mut client = web.open_ready();
    let sizes = [2, 100, 4095, 4096, 4097, 16_000, 16_384, 16_385, 100_000, 3, 300_000, 2];
    for burst in 1..=sizes.len() {
        for window in sizes.windows(burst) {
            let mut expected = Vec::new();
            for (id, size) in (0..).zip(window) {
                let result = RawJson::parse(format!("\"{}\"", "x".repeat(size - 2))).unwrap();
                let frame = Frame::result(&id.into(), &result).to_bytes();
                expected.extend([MESSAGE_PREFIX, &frame, SUFFIX].concat());
                web.send(&client, call(id));
                client.watch();
                client.answer(web.now, Ok(result));
            }
            assert_eq!(client.pieces(web.now).concat(), expected, "{window:?}");
        }
    }
    let large = Outgoing::new("notifications/message", Some(large_params()));
    client.slot.lock().notify(web.now, large).unwrap();
    let pieces = client.pieces(web.now).concat();
    let frame = Frame::notification("notifications/message", Some(&large_params()));
    assert_eq!(pieces, [MESSAGE_PREFIX, &frame.to_bytes(), SUFFIX].concat());
}

fn large_params() -> RawJson {
    RawJson::parse(format!("{{\"data\":\"{}\"}}", "y".repeat(40_000))).unwrap()
}

/// RACE finding 2: 380 tools are slow elsewhere because every session encodes them anew.
#[test]
fn a_large_shared_result_reaches_every_stream_without_a_copy() {
    let web = Web::new();
    let result = RawJson::parse(format!("[{}0]", "0,".repeat(120_000))).unwrap();
    for _ in 0..3 {
        let mut client = web.open_ready();
        web.send(&client, call(1));
        client.watch();
        client.answer(web.now, Ok(result.clone()));
        let pieces = client.pieces(web.now);
        let shared = pieces.iter().filter(|piece| piece.as_ptr() == result.as_bytes().as_ptr());
        assert_eq!(shared.count(), 1);
        assert_eq!(pieces.len(), 3, "what precedes it, itself, what follows");
    }
}

/// A burst of small frames takes few writes.
#[test]
fn small_events_leave_together() {
    let web = Web::new();
    let mut client = web.open_ready();
    for id in 0..100 {
        web.send(&client, call(id));
    }
    client.work(web.now);
    let pieces = client.pieces(web.now);
    assert_eq!(pieces.len(), 1);
    let mut decoder = Decoder::new();
    decoder.handle_bytes(pieces.into_iter().next().unwrap());
    assert_eq!(core::iter::from_fn(|| decoder.poll_event()).count(), 100);
}

/// GHSA-345p-7cg4-v4c7: what is for one client never reaches another, whatever ids they choose.
#[test]
fn case_53_equal_ids_of_two_clients_do_not_meet() {
    let web = Web::new();
    let (mut one, mut two) = (web.open_ready(), web.open_ready());
    web.send(&one, call(1));
    web.send(&two, call(1));
    two.watch();
    two.answer(web.now, Ok(RawJson::parse("\"two\"").unwrap()));
    assert_eq!(one.messages(web.now).len(), 0);
    one.watch();
    one.answer(web.now, Ok(RawJson::parse("\"one\"").unwrap()));
    assert_eq!(one.messages(web.now)[0]["result"], "one");
    assert_eq!(two.messages(web.now)[0]["result"], "two");
}

/// A session that is over ends its stream once everything has been written, not before.
#[test]
fn a_stream_ends_after_its_last_event() {
    let mut web = Web::new();
    let mut client = web.open();
    web.send(&client, call(1));
    web.now = web.now + secs(60);
    client.stream.handle_timeout(web.now);
    assert_eq!(client.slot.lock().phase(), Phase::Closed);
    assert!(!client.stream.is_ended());
    assert_eq!(client.read(web.now).len(), 1, "the refusal of the held call");
    assert!(client.stream.is_ended());
    client.watch();
    assert_eq!(client.closed, Some(CloseReason::HandshakeTimeout));
    web.now = web.now + secs(60);
    client.stream.handle_timeout(web.now);
    assert!(client.stream.is_ended(), "no comment after the end");
}

/// Time that runs backwards, calls that are early, late or doubled: all harmless.
#[test]
fn any_order_of_calls_is_legal() {
    let web = Web::new();
    let mut client = web.open_ready();
    let late = web.now + secs(3600);
    client.stream.handle_timeout(late);
    client.stream.handle_timeout(web.now);
    client.stream.handle_timeout(web.now + Duration::from_nanos(1));
    let _ = client.pieces(web.now);
    web.send(&client, initialize(9, "2025-11-25"));
    client.stream.handle_disconnect(web.now);
    client.stream.handle_disconnect(web.now);
    assert!(client.stream.poll_data(web.now).is_none());
    assert!(client.stream.is_ended());
    client.stream.handle_timeout(late + secs(3600));
    assert!(client.stream.is_ended());
    let slot = Arc::clone(&client.slot);
    drop(client);
    assert_eq!(slot.lock().phase(), Phase::Closed);
    web.assert_empty();
}
