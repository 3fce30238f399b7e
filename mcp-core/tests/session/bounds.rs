//! Every queue has a bound, and meets it with a refusal: each field of `Limits` is filled here.

use mcp_core::config::{HoldBudget, Limits, SessionConfig};
use mcp_core::error::{PeerError, SendError};
use mcp_core::jsonrpc::EnvelopeErrorKind;
use mcp_core::lifecycle::Phase;
use mcp_core::revision::Revision;
use mcp_core::session::{CloseReason, Outgoing};

use super::support::*;

fn log() -> Outgoing {
    Outgoing::new("notifications/message", None)
}

/// A new bound must come with a test: this breaks when a field is added.
#[test]
fn every_limit_is_finite() {
    let shown = format!("{:?}", Limits::default());
    assert!(!shown.contains("None") && !shown.contains(&usize::MAX.to_string()));
    assert_eq!(shown.matches(": ").count(), 14 + 4, "{shown}");
}

/// `parked_frames`, `parked_bytes`: what waits for a stream nobody has opened is bounded, stops
/// nothing else, and leaves when somebody does.
#[test]
fn limit_parked_frames_and_bytes() {
    for (frames, bytes) in [(3, usize::MAX), (usize::MAX, 500)] {
        let mut server = Server::ready_with(|config| {
            config.limits.parked_frames = frames;
            config.limits.parked_bytes = bytes;
            config.limits.outbox_frames = 2;
            config.limits.outbox_bytes = 300;
        });
        server.session.set_standing_read(server.now, false);
        let taken = (0..100).filter(|_| server.session.notify(server.now, log()).is_ok()).count();
        assert!((3..10).contains(&taken), "{taken}");
        assert!(server.session.request(server.now, Outgoing::new("ping", None)).is_err());
        assert!(!server.session.is_outbox_full() && server.session.wants_input());
        assert_eq!(server.session.outbox_frames(), 0, "nobody is expected to read them");
        server.now = server.now + secs(3600);
        server.session.handle_timeout(server.now);
        assert_ne!(server.session.phase(), Phase::Closed, "nobody has stalled");
        server.session.set_standing_read(server.now, true);
        assert!(server.session.is_outbox_full());
        assert_eq!(server.said().len(), taken);
    }
}

/// `envelope.bytes`; case_63: the bound counts bytes, not characters.
#[test]
fn limit_envelope_bytes_case_63() {
    let frame = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"x":"{}"}}}}"#,
        "é".repeat(100)
    );
    let fits = |bytes: usize| {
        let mut server = Server::ready();
        let mut config = (*server.config).clone();
        config.limits.envelope.bytes = bytes;
        server = Server::ready_with(|it| *it = config);
        let taken = server.try_send(&frame);
        (taken, server.said())
    };
    assert_eq!(fits(frame.len()), (Ok(()), vec![]));
    let (taken, said) = fits(frame.len() - 1);
    let Err(PeerError::Envelope(fault)) = taken else { panic!() };
    assert!(matches!(fault.kind(), EnvelopeErrorKind::TooLarge { .. }));
    assert_eq!(said, [error("", -32600, "")]);
    assert!(frame.chars().count() < frame.len() - 1);
}

/// `envelope.depth`, `envelope.batch`, `envelope.id_bytes`.
#[test]
fn limit_envelope_depth_batch_and_id_bytes() {
    let mut server = Server::with(|config| {
        config.limits.envelope.depth = 4;
        config.limits.envelope.batch = 2;
        config.limits.envelope.id_bytes = 8;
    });
    server.shake(Revision::V2025_03_26);
    server.send(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"a":[[]]}}"#);
    assert!(
        server
            .try_send(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"a":[[[]]]}}"#)
            .is_err()
    );
    server.send(&format!("[{PING},{PING}]"));
    assert!(server.try_send(&format!("[{PING},{PING},{PING}]")).is_err());
    server.send(&request("\"123456\"", "ping"));
    assert!(server.try_send(&request("\"1234567\"", "ping")).is_err());
    let refusals = server.said().iter().filter(|said| **said == error("", -32600, "")).count();
    assert_eq!((refusals, server.session.counters().malformed), (3, 3));
}

/// `held_requests`, `held_bytes`: the one too many is refused, the others stay.
#[test]
fn limit_held_requests_and_bytes() {
    let mut server = Server::with(|config| config.limits.held_requests = 3);
    for id in 0..5 {
        server.send(&call(id));
    }
    assert_eq!(
        server.said(),
        [error(3, -32002, "hold_queue_full"), error(4, -32002, "hold_queue_full")]
    );
    assert_eq!(server.session.held(), 3);
    // A cancelled one makes room.
    server.send(&cancel(1));
    server.send(&call(6));
    assert_eq!((server.said(), server.session.held()), (vec![], 3));

    let mut server = Server::with(|config| config.limits.held_bytes = 1000);
    let mut id = 0;
    while server.said().is_empty() {
        id += 1;
        server.send(&call(id));
    }
    assert!(id > 2 && server.session.held_bytes() <= 1000);

    let mut server = Server::with(|config| config.hold_budget = HoldBudget::new(10));
    server.send(&call(1));
    assert_eq!(server.said(), [error(1, -32002, "hold_queue_full")]);
    assert_eq!(server.config.hold_budget.used(), 0);
}

/// `in_flight`: no more input is wanted; who sends on is refused; an answer makes room.
#[test]
fn limit_in_flight() {
    let mut server = Server::ready_with(|config| config.limits.in_flight = 2);
    server.send(&call(1));
    assert!(server.session.wants_input());
    server.send(&call(2));
    assert!(!server.session.wants_input());
    server.send(&call(3));
    assert_eq!(server.said(), [error(3, -32603, "too_many_requests")]);
    assert_eq!(server.session.counters().refused_busy, 1);
    server.send(PING);
    assert_eq!(server.said(), [result("\"ping\"")], "a ping needs no room");
    server.saw();
    server.answer();
    assert!(server.session.wants_input());
    server.send(&call(3));
    assert_eq!(server.given(), ["3"]);
}

/// What fills the table may be waiting for an answer of the client: it must be read.
#[test]
fn a_full_table_does_not_shut_out_the_answers_it_waits_for() {
    let mut server = Server::ready_with(|config| config.limits.in_flight = 1);
    server.send(&call(1));
    server.saw();
    let about = server.work[0].ticket.key();
    let question = Outgoing::new("elicitation/create", None).about(about);
    server.session.request(server.now, question).unwrap();
    assert!(server.session.wants_input());
    server.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert!(!server.session.wants_input());
}

/// Held requests that find the table full are refused when their turn comes, never dropped.
#[test]
fn released_requests_meet_the_same_bound() {
    let mut server = Server::with(|config| config.limits.in_flight = 2);
    for id in 1..=4 {
        server.send(&call(id));
    }
    server.send(&initialize(9, "2025-11-25"));
    server.saw();
    server.accept();
    assert_eq!(server.given(), ["1", "2"]);
    let busy = |id| error(id, -32603, "too_many_requests");
    assert_eq!(server.said(), [result(9), busy(3), busy(4)]);
    assert_eq!(server.session.ids_in_use(), 2);
}

/// `outbox_bytes`, `outbox_frames`; case_47, case_48: a client that does not read is slowed, what
/// we would send comes back, and nothing blocks.
#[test]
fn limit_outbox_case_47_case_48() {
    let bounds: [fn(&mut SessionConfig); 2] =
        [|config| config.limits.outbox_frames = 8, |config| config.limits.outbox_bytes = 2000];
    for bound in bounds {
        let mut server = Server::ready_with(bound);
        let mut sent = 0;
        while server.session.notify(server.now, log()).is_ok() {
            sent += 1;
            assert!(sent < 100);
        }
        assert!(!server.session.wants_input());
        assert_eq!(server.session.notify(server.now, log()), Err(SendError::Full(log())));
        assert_eq!(server.session.request(server.now, log()), Err(SendError::Full(log())));
        assert_eq!(server.session.outbox_frames(), sent);
        // Another session does not notice.
        let mut other = Server::ready();
        other.send(PING);
        assert_eq!(other.said().len(), 1);
        // One frame read makes room for one.
        assert!(server.session.poll_transmit().is_some());
        assert!(server.session.wants_input());
        assert_eq!(server.session.notify(server.now, log()), Ok(()));
    }
}

/// `outbox_bytes_max`: a client that sends on without reading is cut off, with everything freed.
#[test]
fn limit_outbox_bytes_max() {
    let mut server = Server::ready_with(|config| {
        config.limits.outbox_bytes = 2_000;
        config.limits.outbox_bytes_max = 20_000;
    });
    server.send(&call(1));
    server.saw();
    let mut pings = 0;
    while server.session.phase() != Phase::Closed {
        let _ = server.try_send(PING);
        pings += 1;
        assert!(pings < 1000);
        assert!(server.session.outbox_bytes() <= 20_000 + 1000);
    }
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Stalled)]);
    assert_eq!(server.session.poll_timeout(), None);
    server.assert_empty();
}

/// A flood of tiny answers is counted with what each costs to keep.
#[test]
fn the_outbox_counts_what_a_frame_costs() {
    let mut server = Server::ready();
    server.send(&request(1, "ping"));
    let wire = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.len();
    assert!(server.session.outbox_bytes() >= wire + 64);
}

/// A session that is cut off in the middle of accepting, refusing or expiring stays closed, and
/// `Closed` stays its last event.
#[test]
fn being_cut_off_in_the_middle_is_the_end() {
    let full = |config: &mut SessionConfig| config.limits.outbox_bytes_max = 1;
    let mut server = Server::with(full);
    server.send(PING);
    server.send(&call(2));
    server.send(&initialize(1, "2025-11-25"));
    server.saw();
    server.accept();
    assert_eq!(server.session.phase(), Phase::Closed);
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Stalled)]);
    server.assert_empty();

    let mut server = Server::ready_with(full);
    server.send(&call(1));
    server.saw();
    let about = server.work[0].ticket.key();
    server.session.request(server.now, log().about(about).with_timeout(secs(3600))).unwrap();
    server.wait(secs(3600));
    let saw = server.saw();
    assert!(matches!(saw.last(), Some(Saw::Closed(CloseReason::Stalled))), "{saw:?}");
    assert_eq!(saw.len(), 3);
    server.assert_empty();
}

/// `deferred`: what waits for `initialized` is bounded and comes back.
#[test]
fn limit_deferred() {
    let mut server = Server::with(|config| config.limits.deferred = 2);
    let change = || Outgoing::new("notifications/tools/list_changed", None);
    assert_eq!(server.session.notify(server.now, change()), Ok(()));
    assert!(server.session.request(server.now, change()).is_ok());
    assert_eq!(server.session.notify(server.now, change()), Err(SendError::Full(change())));
    assert_eq!(server.session.request(server.now, change()), Err(SendError::Full(change())));
    assert_eq!(server.session.outbound_requests(), 1);
    server.shake_unread(Revision::LATEST_LEGACY);
    assert_eq!(server.said().len(), 3);
}

/// `outbound_requests`.
#[test]
fn limit_outbound_requests() {
    let mut server = Server::ready_with(|config| config.limits.outbound_requests = 1);
    let roots = || Outgoing::new("roots/list", None);
    assert!(server.session.request(server.now, roots()).is_ok());
    assert_eq!(server.session.request(server.now, roots()), Err(SendError::Full(roots())));
    server.send(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert!(server.session.request(server.now, roots()).is_ok());
}

/// `events`: an application that does not poll is not buried.
#[test]
fn limit_events() {
    let mut server = Server::ready_with(|config| config.limits.events = 2);
    for _ in 0..10 {
        server.send(r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#);
    }
    assert!(!server.session.wants_input());
    assert_eq!(server.session.counters().dropped_events, 8);
    server.send(&call(1));
    assert_eq!(server.said(), [error(1, -32603, "too_many_requests")]);
    assert_eq!(server.saw().len(), 2);
    assert!(server.session.wants_input());
    // Requests and cancels by turns do not grow past what is in flight either.
    for id in 0..100 {
        server.send(&call(id));
        server.send(&cancel(id));
        assert!(server.session.queued_events() <= 2 + 1);
    }
}

/// case_49: a hundred thousand clients that come, leave something behind and go.
#[test]
fn case_49_sessions_leave_nothing_behind() {
    let budget = HoldBudget::default();
    let mut template = SessionConfig::new([mcp_core::lifecycle::Method::ToolsCall]);
    template.hold_budget = budget.clone();
    let config = alloc::sync::Arc::new(template);
    let now = mcp_core::time::Instant::EPOCH;
    let frame = bytes::Bytes::from(call(1));
    let first = bytes::Bytes::from(initialize(2, "2025-11-25"));
    for round in 0..100_000_u32 {
        let mut session =
            mcp_core::session::ServerSession::new(now, alloc::sync::Arc::clone(&config));
        let lane = mcp_core::session::Lane::Standing;
        session.handle_frame(now, lane, frame.clone()).unwrap();
        assert!(budget.used() > 0);
        match round % 4 {
            0 => session.handle_disconnect(now),
            1 => session.handle_timeout(now + secs(3)),
            2 => session.handle_frame(now, lane, first.clone()).unwrap(),
            _ => session.close(now),
        }
    }
    assert_eq!(budget.used(), 0);
    assert_eq!(alloc::sync::Arc::strong_count(&config), 1);
}
