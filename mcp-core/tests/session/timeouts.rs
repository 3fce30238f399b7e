//! Each field of `Timeouts`, and time itself.

use core::time::Duration;

use mcp_core::config::Timeouts;
use mcp_core::lifecycle::Phase;
use mcp_core::session::{CancelReason, CloseReason, Outgoing};
use mcp_core::time::Instant;

use super::support::*;

const TICK: Duration = Duration::from_millis(1);

/// A new deadline must come with a test: this breaks when a field is added.
#[test]
fn every_deadline_is_finite() {
    let shown = format!("{:?}", Timeouts::default());
    assert_eq!(shown.matches(": ").count(), 7, "{shown}");
}

/// `hold`.
#[test]
fn timeout_hold() {
    let mut server = Server::with(|config| config.timeouts.hold = secs(5));
    server.send(&call(1));
    server.wait(secs(5) - TICK);
    assert_eq!(server.said(), []);
    server.wait(TICK);
    assert_eq!(server.said(), [error(1, -32002, "hold_timeout")]);
}

/// `handshake`: a session that never gets through it ends, and nobody is left without an answer.
#[test]
fn timeout_handshake() {
    let mut server = Server::with(|config| config.timeouts.hold = secs(100));
    server.send(&call(1));
    server.send(&initialize(2, "2025-11-25"));
    server.saw();
    server.wait(secs(60) - TICK);
    assert_eq!(server.session.phase(), Phase::Initializing);
    server.wait(TICK);
    assert_eq!(server.said(), [error(1, -32002, "hold_timeout"), error(2, -32603, "")]);
    let saw = server.saw();
    assert_eq!(saw.last(), Some(&Saw::Closed(CloseReason::HandshakeTimeout)));
    // The application is late: nothing happens.
    server.accept();
    server.assert_empty();

    let mut server = Server::ready();
    server.wait(secs(61));
    assert_eq!(server.session.phase(), Phase::Operation);
}

/// case_50: `idle`: whatever comes from the client counts, what is in flight keeps the session.
#[test]
fn timeout_idle() {
    let mut server = Server::ready_with(|config| config.timeouts.idle = secs(100));
    server.wait(secs(99));
    server.send(PING);
    server.wait(secs(99));
    assert!(server.try_send("garbage").is_err());
    server.wait(secs(99));
    server.send(&call(1));
    server.saw();
    server.wait(secs(1000));
    assert_eq!(server.session.phase(), Phase::Operation);
    server.answer();
    server.wait(secs(100) - TICK);
    assert_eq!(server.session.phase(), Phase::Operation);
    server.wait(TICK);
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Idle)]);
    assert_eq!(server.session.poll_timeout(), None);
}

/// `request`: a ticket that got lost is found; the client hears an error, not silence.
#[test]
fn timeout_request() {
    let mut server = Server::ready_with(|config| config.timeouts.request = secs(10));
    server.send(&call(1));
    server.wait(secs(4));
    server.send(&call(2));
    server.saw();
    let key = server.work[0].ticket.key();
    server.wait(secs(6));
    assert_eq!(server.said(), [error(1, -32603, "")]);
    assert_eq!(server.saw(), [Saw::Cancelled(key, CancelReason::Deadline)]);
    server.answer();
    assert_eq!(server.said(), []);
    assert_eq!(server.session.counters().late_replies, 1);
    assert_eq!(server.session.counters().expired, 1);
    server.wait(secs(4));
    assert_eq!(server.said(), [error(2, -32603, "")]);
}

/// `outbound`, `outbound_max`: see also `outbound.rs`.
#[test]
fn timeout_outbound() {
    let mut server = Server::ready_with(|config| {
        config.timeouts.outbound = secs(3);
        config.timeouts.outbound_max = secs(1);
    });
    server.session.request(server.now, Outgoing::new("roots/list", None)).unwrap();
    server.wait(secs(3) - TICK);
    assert_eq!(server.session.outbound_requests(), 1, "the maximum does not shorten it");
    server.wait(TICK);
    assert_eq!(server.session.outbound_requests(), 0);
}

/// `stall`: a full outbox that stands still ends the session; one that moves does not.
#[test]
fn timeout_stall() {
    let mut server = Server::ready_with(|config| {
        config.limits.outbox_frames = 4;
        config.timeouts.stall = secs(30);
    });
    let fill = |server: &mut Server| {
        let log = || Outgoing::new("notifications/message", None);
        while server.session.notify(server.now, log()).is_ok() {}
    };
    for _ in 0..5 {
        fill(&mut server);
        server.wait(secs(29));
        assert!(server.session.poll_transmit().is_some());
    }
    fill(&mut server);
    assert_eq!(server.session.phase(), Phase::Operation);
    server.wait(secs(30));
    server.wait(secs(30));
    assert_eq!(server.saw(), [Saw::Closed(CloseReason::Stalled)]);
    server.assert_empty();
}

/// Calling it early, late or twice is harmless; the time may even run backwards.
#[test]
fn time_that_runs_backwards_stands_still() {
    let mut server = Server::ready_with(|config| {
        config.timeouts.idle = secs(10);
        config.timeouts.request = secs(10);
    });
    server.wait(secs(9));
    server.send(&call(1));
    // The clock is set back: the request does not lose time, and the session does not either.
    let late = server.now;
    server.now = Instant::EPOCH;
    server.send(&call(2));
    server.session.handle_timeout(server.now);
    server.saw();
    server.answer();
    server.now = late + secs(9);
    server.session.handle_timeout(server.now);
    assert_eq!(server.session.phase(), Phase::Operation);
    assert_eq!(server.session.in_flight(), 1);
    server.wait(secs(1));
    assert_eq!(server.session.in_flight(), 0);
}

/// A deadline of the end of time never passes.
#[test]
fn endless_deadlines_do_not_overflow() {
    let mut server = Server::with(|config| {
        let timeouts = &mut config.timeouts;
        timeouts.hold = Duration::MAX;
        timeouts.handshake = Duration::MAX;
        timeouts.idle = Duration::MAX;
        timeouts.request = Duration::MAX;
        timeouts.outbound = Duration::MAX;
        timeouts.outbound_max = Duration::MAX;
        timeouts.stall = Duration::MAX;
    });
    server.send(&call(1));
    server.session.request(server.now, Outgoing::new("roots/list", None)).unwrap();
    let centuries = 5 * 100 * 365 * 24 * 60 * 60;
    server.wait(secs(centuries));
    assert_eq!(server.session.held(), 1);
    assert_eq!(server.said(), []);
}
