//! Requests that come before the handshake is done.

use core::time::Duration;

use mcp_core::config::{EarlyRequests, Gate, HoldBudget};
use mcp_core::jsonrpc::ErrorCode;
use mcp_core::lifecycle::Phase;
use mcp_core::revision::Revision;
use mcp_core::session::EarlyRefusal;

use super::support::*;

const LATEST: &str = Revision::LATEST_LEGACY.as_str();

/// RACE a; case_02: a client that never initializes hears so after the hold time, then at once.
#[test]
fn race_a_case_02_without_initialize_the_first_waits_and_the_rest_are_refused_at_once() {
    let mut server = Server::new();
    server.send(&call(1));
    assert_eq!(server.said(), []);
    assert_eq!(server.session.poll_timeout(), Some(server.now + secs(2)));
    server.wait(secs(2));
    assert_eq!(server.said(), [error(1, -32002, "hold_timeout")]);
    for id in 2..10 {
        server.send(&call(id));
        assert_eq!(server.said(), [error(id, -32002, "not_initialized")]);
    }
    assert_eq!(server.session.counters().refused_not_initialized, 8);
    assert_eq!(server.session.counters().refused_hold_timeout, 1);
    server.saw();
    server.assert_empty();

    // The session lives on, and the same request works after the handshake.
    server.send(&initialize(20, LATEST));
    server.send(&call(1));
    assert_eq!(server.session.held(), 1, "an initialize is in sight again");
    server.saw();
    server.accept();
    server.send(&call(2));
    assert_eq!(server.given(), ["1", "2"]);
}

/// What a refusal says; LIFE-05, and the codes other implementations use for it do not matter.
#[test]
fn a_refusal_says_why_and_what_is_expected() {
    let mut server = Server::with(|config| config.early_requests = EarlyRequests::Refuse);
    server.send(&request("\"x\"", "resources/read"));
    assert_eq!(
        server.frames(),
        [concat!(
            r#"{"jsonrpc":"2.0","id":"x","error":{"code":-32002,"#,
            r#""message":"Server not initialized","data":{"reason":"not_initialized","#,
            r#""expected":"initialize","state":"new","retryable":true}}}"#
        )]
    );
    assert_eq!(server.saw(), [Saw::Refused("\"x\"".into(), EarlyRefusal::NotInitialized)]);

    let mut server = Server::with(|config| {
        config.early_requests = EarlyRequests::Refuse;
        config.not_initialized = ErrorCode::new(-31999);
    });
    server.send(&call(1));
    assert_eq!(server.said(), [error(1, -31999, "not_initialized")]);
}

/// RACE b: call and list, then the handshake.
#[test]
fn race_b_what_came_before_initialize_is_served_after_it() {
    for revision in Revision::LEGACY {
        let mut server = Server::new();
        server.send(&call(1));
        server.send(&request(2, "tools/list"));
        server.now = server.now + secs(1);
        server.send(&initialize(3, revision.as_str()));
        assert_eq!(server.saw(), [Saw::Held("1".into()), Saw::Held("2".into()), Saw::Initialize]);
        assert_eq!(server.said(), []);
        server.accept();
        assert_eq!(server.said(), [result(3)]);
        assert_eq!(server.given(), ["1", "2"]);
        assert!(server.work.iter().all(|request| request.held_for == secs(1)));
        assert_eq!(server.session.counters().held_for, secs(2));
        assert_eq!(server.session.counters().released, 2);
        server.answer();
        server.answer();
        assert_eq!(server.said(), [result(1), result(2)]);
        server.assert_empty();
    }
}

/// RACE c; case_01: initialize, list and call at once on three connections, in any order.
#[test]
fn race_c_case_01_three_at_once_are_all_served() {
    let frames = [initialize(1, LATEST), request(2, "tools/list"), call(3)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut server = Server::new();
        for index in order {
            server.send(&frames[index]);
        }
        server.saw();
        server.accept();
        assert_eq!(server.said(), [result(1)]);
        server.saw();
        server.answer();
        server.answer();
        let mut said = server.said();
        said.sort_by_key(|said| format!("{said:?}"));
        assert_eq!(said, [result(2), result(3)]);
    }
}

/// RACE d: `initialized` comes late, or never.
#[test]
fn race_d_initialized_is_not_waited_for_unless_the_gate_is_strict() {
    let mut server = Server::new();
    server.send(&initialize(1, LATEST));
    server.send(&request(2, "tools/list"));
    server.saw();
    server.accept();
    assert_eq!(server.given(), ["2"]);
    server.wait(secs(3600 - 1));
    assert_eq!(server.session.phase(), Phase::Responded);

    let mut server = Server::with(|config| config.gate = Gate::Initialized);
    server.send(&initialize(1, LATEST));
    server.send(&request(2, "tools/list"));
    server.saw();
    server.accept();
    assert_eq!(server.given(), [""; 0]);
    server.now = server.now + Duration::from_millis(500);
    server.send(INITIALIZED);
    assert_eq!(server.given(), ["2"]);

    // With a strict gate a client that never says so hears what is missing.
    let mut server = Server::with(|config| config.gate = Gate::Initialized);
    server.send(&initialize(1, LATEST));
    server.saw();
    server.accept();
    server.send(&call(2));
    server.said();
    server.wait(secs(2));
    let frames = server.frames();
    assert!(frames[0].contains(r#""expected":"notifications/initialized","state":"responded""#));
}

/// RACE e; case_12: a ping never waits, and a held call does not notice.
#[test]
fn race_e_ping_is_answered_before_and_during_the_handshake() {
    let mut server = Server::new();
    server.send(PING);
    server.send(&call(1));
    server.send(PING);
    assert_eq!(server.said(), [result("\"ping\""), result("\"ping\"")]);
    server.send(&initialize(2, LATEST));
    server.send(PING);
    assert_eq!(server.said(), [result("\"ping\"")]);
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(2)]);
    assert_eq!(server.given(), ["1"]);
}

/// RACE f (early): `initialized` before `initialize` opens nothing.
#[test]
fn race_f_initialized_before_initialize_opens_nothing() {
    for gate in [Gate::InitializeResult, Gate::Initialized] {
        let mut server = Server::with(|config| config.gate = gate);
        server.send(INITIALIZED);
        server.send(&call(1));
        assert_eq!(server.session.phase(), Phase::New);
        assert_eq!((server.session.held(), server.given().len()), (1, 0));
        server.send(&initialize(2, LATEST));
        server.saw();
        server.accept();
        assert_eq!(server.session.phase(), Phase::Responded);
        assert_eq!(server.given().len(), usize::from(gate == Gate::InitializeResult));
    }
}

/// RACE g (count); case_03: 10 000 requests without a handshake meet a bound.
#[test]
fn race_g_case_03_a_flood_of_early_requests_meets_a_bound() {
    let mut server = Server::new();
    let bound = server.config.limits.held_requests;
    for id in 0..10_000 {
        server.send(&call(id));
        let said = server.said();
        if id < bound {
            assert_eq!(said, []);
        } else {
            assert_eq!(said, [error(id, -32002, "hold_queue_full")]);
        }
        server.saw();
    }
    assert_eq!(server.session.held(), bound);
    assert!(server.session.held_bytes() <= server.config.limits.held_bytes);
    assert_eq!(server.session.counters().held_peak, bound);
    // The handshake does not wait behind the flood, and what is held is served.
    server.send(&initialize(20_000, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(20_000)]);
    assert_eq!(server.given().len(), bound);

    let mut server = Server::new();
    for id in 0..10_000 {
        server.send(&call(id));
    }
    server.said();
    server.wait(secs(2));
    assert_eq!(server.said().len(), bound);
    server.saw();
    server.assert_empty();
}

/// RACE g (bytes, many): large requests meet the bound in bytes, of the session and of all.
#[test]
fn race_g_bytes_are_bounded_per_session_and_per_server() {
    let large = |id: usize| {
        let padding = "x".repeat(300_000);
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{padding}"}}}}"#
        )
    };
    let mut server = Server::new();
    for id in 0..4 {
        server.send(&large(id));
    }
    assert_eq!(server.session.held(), 3);
    assert_eq!(server.said(), [error(3, -32002, "hold_queue_full")]);
    assert!(server.session.counters().held_bytes_peak <= 1 << 20);

    let budget = HoldBudget::new(1_000_000);
    let mut many: Vec<Server> =
        (0..4).map(|_| Server::with(|config| config.hold_budget = budget.clone())).collect();
    let mut refused = 0;
    for server in &mut many {
        server.send(&large(1));
        server.send(&large(2));
        refused += server.said().len();
    }
    assert_eq!(refused, 8 - 3);
    assert!(budget.used() <= 1_000_000);
    // A session that is simply dropped gives its share back.
    drop(many);
    assert_eq!(budget.used(), 0);
}

/// RACE h: a cancelled request that is held is gone without an answer.
#[test]
fn race_h_a_held_request_can_be_cancelled() {
    let mut server = Server::new();
    server.send(&call(1));
    server.send(&call(2));
    server.send(&cancel(1));
    assert_eq!(server.session.held(), 1);
    assert_eq!(server.session.counters().cancelled, 1);
    server.send(&initialize(3, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(3)]);
    assert_eq!(server.given(), ["2"]);
}

/// RACE i: a stream that goes away takes queue and timers with it.
#[test]
fn race_i_a_dropped_stream_drops_queue_and_timers() {
    let mut server = Server::new();
    server.send(&call(1));
    server.session.handle_disconnect(server.now);
    assert_eq!(server.session.poll_timeout(), None);
    assert_eq!(server.try_send(&call(2)), Err(mcp_core::error::PeerError::Closed));
    assert_eq!(server.said(), []);
    server.saw();
    server.assert_empty();
}

/// RACE j (dup): an id in use is refused at once, and the first request does not notice.
#[test]
fn race_j_a_duplicate_of_a_held_request_is_refused() {
    let mut server = Server::new();
    server.send(&call(7));
    server.send(&request("7.0", "tools/list"));
    assert_eq!(server.said(), [error("7.0", -32600, "")]);
    server.send(&initialize(7, LATEST));
    assert_eq!(server.said(), [error(7, -32600, "")]);
    assert_eq!(server.session.phase(), Phase::New);
    server.send(&initialize(8, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.given(), ["7"]);
    server.answer();
    assert_eq!(server.said(), [result(8), result(7)]);
    assert_eq!(server.session.counters().refused_duplicate_id, 2);
}

/// RACE j (types): `7` and `"7"` are two requests.
#[test]
fn race_j_ids_of_different_types_are_different_requests() {
    let mut server = Server::new();
    server.send(&call(7));
    server.send(&call("\"7\""));
    assert_eq!(server.session.held(), 2);
    server.send(&initialize(8, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.given(), ["7", "\"7\""]);
    server.answer();
    server.answer();
    assert_eq!(server.said(), [result(8), result(7), result("\"7\"")]);
}

/// RACE k; case_04: a hundred held requests come out in the order they went in.
#[test]
fn race_k_case_04_held_requests_keep_their_order() {
    let mut server = Server::new();
    for id in 0..100 {
        server.send(&call(id));
    }
    server.send(&initialize(1000, LATEST));
    server.saw();
    server.accept();
    let expected: Vec<String> = (0..100).map(|id| id.to_string()).collect();
    assert_eq!(server.given(), expected);
}

/// RACE k.mid: requests before, between and after; none overtakes an older one.
#[test]
fn race_k_mid_nothing_newer_overtakes_what_is_held() {
    for gate in [Gate::InitializeResult, Gate::Initialized] {
        let mut server = Server::with(|config| config.gate = gate);
        for id in 0..40 {
            server.send(&call(id));
        }
        server.send(&initialize(1000, LATEST));
        for id in 40..60 {
            server.send(&call(id));
        }
        server.saw();
        server.accept();
        for id in 60..80 {
            server.send(&call(id));
        }
        server.send(INITIALIZED);
        for id in 80..100 {
            server.send(&call(id));
        }
        let expected: Vec<String> = (0..100).map(|id| id.to_string()).collect();
        assert_eq!(server.given(), expected);
        assert_eq!(server.said(), [result(1000)]);
    }
}

/// RACE m; case_10: a modern request is answered at once, whatever waits.
#[test]
fn race_m_case_10_a_probe_is_never_held() {
    let modern = |id: u8, method: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}}}"#
        )
    };
    for policy in [EarlyRequests::Hold, EarlyRequests::Refuse, EarlyRequests::Serve] {
        let mut server = Server::with(|config| config.early_requests = policy);
        // With and without `_meta`.
        server.send(&modern(1, "server/discover"));
        server.send(&request(2, "server/discover"));
        server.send(&modern(3, "tools/call"));
        let said = server.said();
        assert_eq!(said[..2], [error(1, -32601, ""), error(2, -32601, "")]);
        // VER-08: it hears which revisions there are, and never -32002.
        assert_eq!(said[2..], [error(3, -32022, "")]);
        assert_eq!(server.session.held(), 0);
    }
}

/// RACE n: a refused initialize leaves the session as new as before, and what is held waits on.
#[test]
fn race_n_a_refused_initialize_changes_nothing() {
    let mut server = Server::new();
    server.send(&call(1));
    server.send(&initialize(2, LATEST));
    server.send(INITIALIZED);
    server.saw();
    server.refuse();
    assert_eq!(server.session.phase(), Phase::New);
    assert_eq!(server.said(), [error(2, -32602, "")]);
    server.send(INITIALIZED);
    assert_eq!(server.session.phase(), Phase::New);
    assert_eq!((server.session.held(), server.given().len()), (1, 0));
    server.send(&initialize(2, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.session.phase(), Phase::Responded, "the old one is forgotten");
    assert_eq!(server.given(), ["1"]);

    // An initialize that cannot be read is refused by the session itself.
    let mut server = Server::new();
    server.send(&request(1, "initialize"));
    assert_eq!(server.said(), [error(1, -32602, "")]);
    assert_eq!(server.session.phase(), Phase::New);
}

/// The hold deadline is one per session, from its first held request.
#[test]
fn the_hold_deadline_does_not_move() {
    let mut server = Server::new();
    for id in 0..4 {
        server.send(&call(id));
        server.wait(Duration::from_millis(499));
    }
    assert_eq!(server.said(), []);
    server.wait(Duration::from_millis(4));
    assert_eq!(server.said().len(), 4);

    // While initialize is being answered, the time runs all the same.
    let mut server = Server::new();
    server.send(&initialize(1, LATEST));
    server.send(&call(2));
    server.saw();
    server.wait(secs(2));
    let frames = server.frames();
    assert!(
        frames[0]
            .contains(r#""reason":"hold_timeout","expected":"initialize","state":"initializing""#)
    );
    server.send(&call(3));
    server.accept();
    assert_eq!(server.given(), ["3"], "initialize is in sight: the next one may wait");
}

/// A frame that comes after the deadline, but before the timer fired, breaks nothing.
#[test]
fn a_late_timer_is_harmless() {
    let mut server = Server::new();
    server.send(&call(1));
    server.now = server.now + secs(5);
    server.send(&initialize(2, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.given(), ["1"]);
    server.wait(Duration::ZERO);
    assert_eq!(server.said(), [result(2)]);
}

/// `Refuse`: everything early is refused, also while initialize is being answered.
#[test]
fn refuse_holds_nothing() {
    let mut server = Server::with(|config| config.early_requests = EarlyRequests::Refuse);
    server.send(&call(1));
    server.send(&initialize(2, LATEST));
    server.send(&call(3));
    server.saw();
    server.accept();
    server.send(&call(4));
    assert_eq!(
        server.said(),
        [error(1, -32002, "not_initialized"), error(3, -32002, "not_initialized"), result(2)]
    );
    assert_eq!(server.given(), ["4"]);
}

/// `Serve`: a client that never initializes is served, and one that does still can.
#[test]
fn serve_needs_no_handshake() {
    let mut server = Server::with(|config| config.early_requests = EarlyRequests::Serve);
    server.send(&call(1));
    assert_eq!(server.given(), ["1"]);
    server.wait(secs(120));
    assert_eq!(server.session.phase(), Phase::New);
    server.answer();
    server.send(&initialize(2, LATEST));
    server.saw();
    server.accept();
    assert_eq!(server.said(), [result(1), result(2)]);
}
