//! Floods: what a client can take from us by sending much or reading little.

use bytes::Bytes;
use http::StatusCode;
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Phase;
use mcp_core::session::{CloseReason, Outgoing};

use crate::support::{
    Client, INITIALIZED, Said, Web, call, cancel, error, initialize, large_call, secs,
};

/// case_03, RACE g.count: 10 000 early requests on one session. The queue fills, the rest is told
/// at once, initialize is answered promptly, and everybody gets exactly one answer.
#[test]
fn case_03_ten_thousand_early_requests() {
    let web = Web::new();
    let mut client = web.open();
    let mut answers = vec![0; 10_001];
    let mut count = |client: &mut Client| {
        for said in client.read(web.now) {
            match said {
                Said::Result(id) => answers[usize::try_from(id).unwrap()] += 1,
                Said::Error(id, -32002, reason) => {
                    assert_eq!(reason, "hold_queue_full");
                    answers[usize::try_from(id).unwrap()] += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    };
    for id in 1..=10_000 {
        web.send(&client, call(id));
        client.watch();
        count(&mut client);
    }
    {
        let session = client.slot.lock();
        assert_eq!(session.held(), 256);
        assert!(session.held_bytes() <= 1 << 20);
        assert_eq!(session.counters().refused_hold_queue_full, 10_000 - 256);
    }
    web.send(&client, initialize(0, "2025-11-25"));
    client.work(web.now);
    count(&mut client);
    assert!(answers.iter().all(|answers| *answers == 1));
    drop(client);
    web.assert_empty();
}

/// RACE g.bytes: 200 requests of 512 KiB hold one megabyte, not a hundred.
#[test]
fn race_g_bytes_large_early_requests_are_bounded_in_bytes() {
    let web = Web::new();
    let mut client = web.open();
    for id in 1..=200 {
        web.send(&client, large_call(id, 512 << 10));
    }
    assert_eq!(client.slot.lock().held(), 1);
    assert!(web.hold_budget.used() <= 1 << 20);
    assert_eq!(client.read(web.now).len(), 199);
}

/// RACE g.count: a request is a slice of the buffer it was read into, often much larger than what
/// is counted of it. What is held lets go of that.
#[test]
fn a_held_request_does_not_keep_the_buffer_it_came_in() {
    let web = Web::new();
    let mut client = web.open();
    let buffer = Bytes::from(format!("{}{}", call(1), " ".repeat(8000)));
    web.send(&client, buffer.slice(..call(1).len()));
    assert!(buffer.is_unique());
    web.send(&client, initialize(0, "2025-11-25"));
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(0), Said::Result(1)]);
}

/// RACE g.many: 64 sessions that hold what they may stay within the server's bound together.
#[test]
fn race_g_many_sessions_share_a_budget() {
    let web = Web::with(|config| {
        config.session.limits.held_bytes = 4 << 20;
        config.session.hold_budget = mcp_core::config::HoldBudget::new(16 << 20);
    });
    let mut clients: Vec<_> = (0..64).map(|_| web.open()).collect();
    for client in &clients {
        for id in 1..=4 {
            web.send(client, large_call(id, 512 << 10));
        }
    }
    let budget = 16 << 20;
    assert!(web.hold_budget.used() <= budget);
    assert!(web.hold_budget.used() > budget - (1 << 20), "and use it");
    let mut refused = 0;
    for client in &mut clients {
        for said in client.read(web.now) {
            assert!(matches!(said, Said::Error(_, -32002, reason) if reason == "hold_queue_full"));
            refused += 1;
        }
    }
    let held: usize = clients.iter().map(|client| client.slot.lock().held()).sum();
    assert_eq!(held + refused, 256);
    // Who initializes is served; who leaves gives back.
    web.send(&clients[0], initialize(0, "2025-11-25"));
    clients[0].work(web.now);
    assert_eq!(clients[0].read(web.now).len(), 5);
    drop(clients);
    web.assert_empty();
}

/// GHSA-9pj6-vhgr-3mwh: sessions that never initialize do not stay.
#[test]
fn two_thousand_silent_sessions_end_at_the_handshake_deadline() {
    let mut web = Web::new();
    let mut clients: Vec<_> = (0..2000).map(|_| web.open()).collect();
    assert_eq!(web.server.sessions(), 2000);
    web.now = web.now + secs(59);
    for client in &mut clients {
        client.stream.handle_timeout(web.now);
        let _ = client.pieces(web.now);
        assert!(!client.stream.is_ended());
        assert_eq!(client.stream.poll_timeout(), web.now + secs(1));
    }
    web.now = web.now + secs(1);
    for client in &mut clients {
        client.stream.handle_timeout(web.now);
        client.watch();
        assert_eq!(client.closed, Some(CloseReason::HandshakeTimeout));
        assert!(client.stream.is_ended());
    }
    drop(clients);
    web.assert_empty();
}

/// case_48, RACE g.unread: a client that does not read its stream. The outbox fills up to its
/// bound, then requests are 503, then the session is closed.
#[test]
fn case_48_a_client_that_does_not_read_is_slowed_and_then_closed() {
    let mut web = Web::new();
    let mut client = web.open_ready();
    let result = RawJson::parse(format!("\"{}\"", "x".repeat(100_000))).unwrap();
    let mut taken = 0;
    let refused = loop {
        let response = web.try_send(&client.uri, call(taken));
        if response.status() != StatusCode::ACCEPTED {
            break response;
        }
        taken += 1;
        client.watch();
        while !client.requests.is_empty() {
            client.answer(web.now, Ok(result.clone()));
        }
        assert!(client.slot.lock().outbox_bytes() < (4 << 20) + 200_000);
    };
    assert!((40..45).contains(&taken), "4 MiB of 100 kB: {taken}");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    web.now = web.now + secs(30);
    client.stream.handle_timeout(web.now);
    client.watch();
    assert_eq!(client.closed, Some(CloseReason::Stalled));
    assert_eq!(client.slot.lock().outbox_bytes(), 0);
    let refused = web.refused(&client.uri, call(taken));
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    drop(client);
    web.assert_empty();
}

/// The same when nobody looks after the stream because its connection takes nothing: the POSTs of
/// the client keep the session's time.
#[test]
fn case_48_posts_close_a_session_whose_stream_is_stuck() {
    let mut web = Web::new();
    let client = web.open_ready();
    let large = Outgoing::new(
        "notifications/message",
        Some(RawJson::parse(format!("{{\"data\":\"{}\"}}", "x".repeat(5 << 20))).unwrap()),
    );
    client.slot.lock().notify(web.now, large).unwrap();
    assert_eq!(web.refused(&client.uri, call(1)).status, StatusCode::SERVICE_UNAVAILABLE);
    web.now = web.now + secs(30);
    assert_eq!(web.refused(&client.uri, call(2)).status, StatusCode::NOT_FOUND);
    assert_eq!(client.slot.lock().phase(), Phase::Closed);
    assert_eq!(client.slot.lock().outbox_bytes(), 0);
}

/// A slow reader is slowed and served: as long as something leaves, it is not cut off.
#[test]
fn a_slow_reader_is_not_closed() {
    let mut web = Web::with(|config| config.session.limits.outbox_bytes = 1000);
    let mut client = web.open_ready();
    for id in 0..20 {
        let result = RawJson::parse(format!("\"{}\"", "x".repeat(20_000))).unwrap();
        web.send(&client, call(id));
        client.watch();
        client.answer(web.now, Ok(result));
        assert_eq!(web.refused(&client.uri, call(100)).status, StatusCode::SERVICE_UNAVAILABLE);
        web.now = web.now + secs(29);
        client.stream.handle_timeout(web.now);
        assert_eq!(client.read(web.now), [Said::Result(id)]);
    }
}

/// case_47: a session that can take no more requests still takes what it waits for.
#[test]
fn case_47_a_busy_session_takes_responses_cancellations_and_pings() {
    let web = Web::with(|config| config.session.limits.in_flight = 2);
    let mut client = web.open_ready();
    web.send(&client, call(1));
    web.send(&client, call(2));
    client.watch();
    assert_eq!(web.refused(&client.uri, call(3)).status, StatusCode::SERVICE_UNAVAILABLE);
    web.send(&client, r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#);
    assert_eq!(client.read(web.now), [Said::Result(9)], "case_12");
    web.send(&client, r#"{"jsonrpc":"2.0","id":77,"result":{}}"#);
    assert_eq!(client.slot.lock().counters().unknown_responses, 1);
    web.send(&client, INITIALIZED);
    web.send(&client, cancel(1));
    client.watch();
    assert_eq!(client.cancelled, 1);
    web.send(&client, call(4));
    client.watch();
    assert_eq!(client.requests.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 4]);

    let asked = Outgoing::new("roots/list", None);
    client.slot.lock().request(web.now, asked).unwrap();
    let own = client.messages(web.now);
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, own[0]["id"]);
    web.send(&client, answer);
    assert_eq!(client.slot.lock().outbound_requests(), 0);
}

/// A ping costs room in the outbox: when that is full, it waits like the rest.
#[test]
fn a_flood_of_pings_is_bounded() {
    let web = Web::new();
    let client = web.open_ready();
    let mut taken = 0;
    while web.try_send(&client.uri, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).status()
        == StatusCode::ACCEPTED
    {
        taken += 1;
        assert!(taken <= 4096);
    }
    assert_eq!(client.slot.lock().outbox_frames(), 4096);
}

/// RACE j: an id that is in use is refused on the stream, and the first request is unaffected.
#[test]
fn race_j_a_second_request_with_the_same_id() {
    let web = Web::new();
    let mut client = web.open();
    web.send(&client, call(7));
    web.send(&client, call(7));
    assert_eq!(client.read(web.now), [error(7, -32600, "")]);
    web.send(&client, initialize(0, "2025-11-25"));
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(0), Said::Result(7)]);
}
