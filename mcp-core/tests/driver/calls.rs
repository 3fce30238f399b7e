//! What becomes of handlers.

use core::time::Duration;

use mcp_core::error::SendError;
use mcp_core::session::Outgoing;

use crate::app::{INITIALIZED, Welcome, call, cancel, initialize};
use crate::pipe::Pipe;
use crate::stdio::Stdio;

const NONE: [&str; 0] = [];

/// Handlers run side by side, each in its own task.
#[test]
fn handlers_run_side_by_side() {
    let stdio = Stdio::ready();
    for id in 1..=3 {
        stdio.send(&call(id, "wait"));
    }
    assert_eq!(stdio.app.diary(), ["start 1", "start 2", "start 3"]);
    assert_eq!(stdio.sim.tasks(), 4);
    for id in [2, 3, 1] {
        stdio.app.release(id);
        assert_eq!(stdio.said(), [id.to_string()]);
    }
    assert_eq!(stdio.sim.tasks(), 1);
}

/// CANCEL-06: a cancelled handler is dropped and its request not answered.
#[test]
fn a_cancelled_handler_is_dropped() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.send(&call(2, "wait"));
    stdio.send(&cancel(1));
    assert_eq!(stdio.app.diary(), ["start 1", "start 2", "gone 1"]);
    assert_eq!(stdio.sim.tasks(), 2);
    stdio.app.release(1);
    stdio.app.release(2);
    assert_eq!(stdio.said(), ["2"]);
}

/// case_40: a request and its cancellation in one chunk: the handler starts and goes no further.
#[test]
fn case_40_cancelled_in_the_same_chunk() {
    let stdio = Stdio::ready();
    let chunk = format!("{}\n{}\n{}\n", call(1, "wait"), cancel(1), call(2, "echo"));
    stdio.input.send(chunk);
    assert_eq!(stdio.said(), ["2"]);
    let mut diary = stdio.app.diary();
    assert_eq!(diary[..2], ["start 1", "start 2"], "case_57");
    diary.sort();
    assert_eq!(diary[..2], ["gone 1", "gone 2"]);
    assert_eq!(stdio.sim.tasks(), 1);
}

/// ERR-01: a handler that panics is our failure: -32603, and the session lives on.
#[test]
fn a_panicking_handler_is_an_internal_error() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "panic"));
    assert_eq!(stdio.said(), ["1 -32603"]);
    stdio.send(&call(2, "panic later"));
    stdio.app.release(2);
    assert_eq!(stdio.said(), ["2 -32603"]);
    assert_eq!(stdio.sim.panics(), 1, "the first did not get to a task of its own");
    stdio.send(&call(3, "echo"));
    assert_eq!(stdio.said(), ["3"]);
}

/// The same for `initialize`: the client is told, and may try again.
#[test]
fn a_panicking_initialize_is_an_internal_error() {
    let stdio = Stdio::new();
    stdio.app.welcome(Welcome::Panic);
    stdio.send(&call(9, "echo"));
    stdio.send(&initialize(1));
    assert_eq!(stdio.said(), ["1 -32603"]);
    stdio.app.welcome(Welcome::Refuse);
    stdio.send(&initialize(2));
    assert_eq!(stdio.said(), ["2 -32602"], "RACE n");
    stdio.app.welcome(Welcome::Accept);
    stdio.send(&initialize(3));
    assert_eq!(stdio.said(), ["3", "9"]);
}

/// A notification whose handling panics does not take the session with it.
#[test]
fn a_panicking_notification_does_not_stop_the_session() {
    let stdio = Stdio::ready();
    let connection = stdio.app.connections().remove(0);
    stdio.send(&call(1, "wait"));
    // The panic unwinds through whoever handles the events: here the task that serves, so the
    // answer is all that can still be looked at.
    stdio.send(r#"{"jsonrpc":"2.0","method":"acme/panic"}"#);
    assert_eq!(stdio.sim.panics(), 0, "it stays where it happened");
    stdio.app.release(1);
    assert_eq!(stdio.said(), ["1"]);
    stdio.send(&call(2, "echo"));
    assert_eq!(stdio.said(), ["2"]);
    assert!(connection.client().is_some());
}

/// An `initialize` that never ends is let go with its session.
#[test]
fn an_initialize_that_never_ends_does_not_outlive_its_session() {
    let stdio = Stdio::new();
    stdio.app.welcome(Welcome::Never);
    stdio.send(&initialize(1));
    stdio.sim.advance(Duration::from_secs(60));
    assert_eq!(stdio.said(), ["1 -32603"]);
    assert_eq!(stdio.app.diary(), ["gone 0"]);
    stdio.assert_over().unwrap();
}

/// What a handler asks of the client comes back to it.
#[test]
fn the_client_answers_a_handler() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "ask"));
    let asked = stdio.messages();
    assert_eq!(asked[0]["method"], "roots/list");
    stdio.send(&format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"roots":[]}}}}"#, asked[0]["id"]));
    assert_eq!(stdio.said(), ["1"]);
    assert_eq!(stdio.app.diary()[1], r#"heard 1: {"roots":[]}"#);

    stdio.send(&call(2, "ask"));
    let asked = stdio.messages();
    stdio.send(&format!(
        r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-1,"message":"no"}}}}"#,
        asked[0]["id"]
    ));
    assert_eq!(stdio.said(), ["2"]);
    assert!(stdio.app.diary()[1].contains("no (-1)"));
}

/// A question before `initialized` waits for it.
#[test]
fn case_06_a_question_waits_for_initialized() {
    let stdio = Stdio::new();
    stdio.send(&initialize(0));
    stdio.send(&call(1, "ask"));
    assert_eq!(stdio.said(), ["0"]);
    stdio.send(INITIALIZED);
    assert_eq!(stdio.said(), ["roots/list"]);
}

/// A question nobody waits for any more is cancelled, once.
#[test]
fn a_dropped_question_is_cancelled() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "ask and leave"));
    let asked = stdio.messages();
    stdio.app.release(1);
    let messages = stdio.messages();
    assert_eq!(messages[0]["method"], "notifications/cancelled");
    assert_eq!(messages[0]["params"]["requestId"], asked[0]["id"]);
    assert_eq!(messages[1]["id"], 1);
    assert_eq!(messages.len(), 2);

    // The same when the client cancels the handler that asked.
    stdio.send(&call(2, "ask"));
    stdio.messages();
    stdio.send(&cancel(2));
    assert_eq!(stdio.said(), ["notifications/cancelled"]);
    stdio.send(r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    assert_eq!(stdio.said(), NONE, "too late");
    assert_eq!(stdio.sim.tasks(), 1);
}

/// A question that is not answered in time.
#[test]
fn case_45_a_question_has_a_deadline() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "ask"));
    stdio.messages();
    stdio.sim.advance(Duration::from_secs(60));
    assert_eq!(stdio.said(), ["notifications/cancelled", "1"]);
    assert!(stdio.app.diary()[1].contains("did not answer in time"));
}

/// case_42: nobody is left to answer, so nobody waits.
#[test]
fn case_42_the_end_of_input_ends_every_question() {
    let stdio = Stdio::ready();
    for id in 1..=3 {
        stdio.send(&call(id, "ask"));
    }
    stdio.messages();
    stdio.input.end();
    assert_eq!(stdio.said(), ["1", "2", "3"]);
    let diary = stdio.app.diary();
    let lost = diary.iter().filter(|entry| entry.contains("was lost before"));
    assert_eq!(lost.count(), 3);
    stdio.assert_over().unwrap();
}

/// A handler that waits for the client is served even while the table of requests is full.
#[test]
fn an_answer_gets_through_a_full_table() {
    let stdio = Stdio::ready_with(Pipe::new(), Pipe::new(), |config| config.limits.in_flight = 1);
    stdio.send(&call(1, "ask"));
    let asked = stdio.messages();
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, asked[0]["id"]);
    stdio.send(&answer);
    assert_eq!(stdio.said(), ["1"]);
}

/// What a handler tells the client leaves before its answer.
#[test]
fn case_57_what_a_handler_says_leaves_before_its_answer() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "tell"));
    let message = "notifications/message";
    assert_eq!(stdio.said(), [message, message, message, "1"]);
}

/// A request the application leaves lying is answered for it, and its handler dropped.
#[test]
fn a_handler_that_takes_too_long_is_dropped() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.sim.advance(Duration::from_secs(3600));
    assert_eq!(stdio.said(), ["1 -32603"]);
    assert_eq!(stdio.app.diary(), ["start 1", "gone 1"]);
    assert_eq!(stdio.sim.tasks(), 1);
}

/// A connection can be kept longer than its session.
#[test]
fn a_connection_without_its_session_sends_nothing() {
    let stdio = Stdio::ready();
    let connection = stdio.app.connections().remove(0);
    stdio.input.end();
    stdio.sim.run();
    stdio.assert_over().unwrap();
    let told = connection.peer().notify(Outgoing::new("notifications/message", None));
    assert!(matches!(told, Err(SendError::Closed(_))));
    let asked = stdio.sim.start(connection.peer().request(Outgoing::new("ping", None)));
    stdio.sim.run();
    assert!(asked.take().unwrap().is_err());
}

/// A silent session costs nothing: no task runs while nothing happens.
#[test]
fn an_idle_session_is_not_polled() {
    let stdio = Stdio::ready();
    stdio.sim.run();
    let polls = stdio.sim.polls();
    stdio.sim.advance(Duration::from_secs(3600));
    assert_eq!(stdio.sim.polls(), polls);
}

/// A call takes as few turns of the scheduler as it can: one, and for a handler that waits one
/// more each for the handler and for what goes out.
#[test]
fn a_call_wakes_nobody_in_vain() {
    let stdio = Stdio::ready();
    stdio.sim.run();
    let polls = stdio.sim.polls();
    stdio.send(&call(1, "echo"));
    assert_eq!(stdio.said(), ["1"]);
    assert_eq!(stdio.sim.polls() - polls, 1);
    stdio.send(&call(2, "wait"));
    let polls = stdio.sim.polls();
    stdio.app.release(2);
    assert_eq!(stdio.said(), ["2"]);
    assert_eq!(stdio.sim.polls() - polls, 2);
}
