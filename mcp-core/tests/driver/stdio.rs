//! One client over a pair of byte streams.

use core::time::Duration;
use std::io;

use mcp_core::config::SessionConfig;
use mcp_core::driver::{Shutdown, serve_stdio};
use mcp_core::lifecycle::Method;
use serde_json::Value;

use crate::app::{App, INITIALIZED, call, initialize};
use crate::pipe::Pipe;
use crate::runtime::{Outcome, Sim};

pub(crate) const GRACE: Duration = Duration::from_secs(10);

pub(crate) struct Stdio {
    pub(crate) sim: Sim,
    pub(crate) app: App,
    pub(crate) input: Pipe,
    pub(crate) output: Pipe,
    pub(crate) shutdown: Shutdown,
    pub(crate) served: Outcome<io::Result<()>>,
}

impl Stdio {
    pub(crate) fn new() -> Self {
        Self::with(Pipe::new(), Pipe::new(), |_| {})
    }

    pub(crate) fn with(input: Pipe, output: Pipe, change: impl FnOnce(&mut SessionConfig)) -> Self {
        let (sim, app, shutdown) = (Sim::new(), App::new(), Shutdown::new());
        let mut config = SessionConfig::new([Method::ToolsCall]);
        change(&mut config);
        let served = sim.start(serve_stdio(
            sim.clone(),
            app.clone(),
            (input.clone(), output.clone()),
            (config, GRACE),
            shutdown.clone(),
        ));
        Self { sim, app, input, output, shutdown, served }
    }

    pub(crate) fn ready() -> Self {
        Self::ready_with(Pipe::new(), Pipe::new(), |_| {})
    }

    pub(crate) fn ready_with(
        input: Pipe,
        output: Pipe,
        change: impl FnOnce(&mut SessionConfig),
    ) -> Self {
        let stdio = Self::with(input, output, change);
        stdio.send(&initialize(0));
        stdio.send(INITIALIZED);
        assert_eq!(stdio.said(), ["0"]);
        stdio.app.diary();
        stdio
    }

    pub(crate) fn send(&self, line: &str) {
        self.input.send(format!("{line}\n"));
        self.sim.run();
    }

    pub(crate) fn messages(&self) -> Vec<Value> {
        self.sim.run();
        let received = self.output.receive();
        assert!(received.is_empty() || received.ends_with('\n'));
        received.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was said, in short: the id of a result, id and code of an error, or a method.
    pub(crate) fn said(&self) -> Vec<String> {
        self.messages().iter().map(said).collect()
    }

    /// It is over, and nothing is left running.
    pub(crate) fn assert_over(&self) -> io::Result<()> {
        let outcome = self.served.take().expect("it is over");
        assert_eq!(self.sim.tasks(), 0, "tasks");
        assert_eq!(self.sim.timers(), 0, "timers");
        outcome
    }
}

pub(crate) fn said(message: &Value) -> String {
    if let Some(method) = message["method"].as_str() {
        return method.into();
    }
    match message.get("error") {
        None => message["id"].to_string(),
        Some(error) => format!("{} {}", message["id"], error["code"]),
    }
}

/// case_62; STDIO-13: elsewhere half of the calls in flight at the end of input are lost.
#[test]
fn case_62_everything_in_flight_at_the_end_of_input_is_answered() {
    let stdio = Stdio::ready();
    for id in 1..=100 {
        stdio.send(&call(id, "wait"));
    }
    stdio.input.end();
    stdio.sim.run();
    assert!(stdio.served.take().is_none());
    for id in (1..=100).rev() {
        stdio.app.release(id);
    }
    assert_eq!(stdio.said().len(), 100);
    stdio.assert_over().unwrap();
}

/// case_62: the last line may lack its end, and the answer may need a moment.
#[test]
fn case_62_a_last_line_without_its_end_is_a_line() {
    let stdio = Stdio::ready();
    stdio.input.send(call(1, "echo"));
    stdio.input.end();
    assert_eq!(stdio.said(), ["1"]);
    stdio.assert_over().unwrap();
}

/// What is not answered within the grace is let go.
#[test]
fn the_end_of_input_does_not_wait_for_ever() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.input.end();
    stdio.sim.advance(GRACE - Duration::from_nanos(1));
    assert!(stdio.served.take().is_none());
    stdio.sim.advance(Duration::from_nanos(1));
    assert_eq!(stdio.app.diary(), ["start 1", "gone 1"]);
    stdio.assert_over().unwrap();
}

/// STDIO-13: the end of input before anything else: a client that only looked.
#[test]
fn an_empty_input_is_no_error() {
    let stdio = Stdio::new();
    stdio.input.end();
    stdio.sim.run();
    stdio.assert_over().unwrap();
}

/// Held requests have nothing to wait for when no more input can come.
#[test]
fn held_requests_are_refused_at_the_end_of_input() {
    let stdio = Stdio::new();
    stdio.send(&call(1, "echo"));
    assert_eq!(stdio.said(), [""; 0]);
    stdio.input.end();
    assert_eq!(stdio.said(), ["1 -32002"]);
    stdio.assert_over().unwrap();
}

/// case_51, case_59, case_61; STDIO-03, STDIO-07: what is no message is told so, and the next line
/// is read.
#[test]
fn case_59_bad_lines_are_answered_and_skipped() {
    let stdio = Stdio::ready_with(Pipe::new(), Pipe::new(), |config| {
        config.limits.envelope.bytes = 1000;
    });
    for bad in ["nonsense", "{", "[]", "7"] {
        stdio.send(bad);
        assert_eq!(stdio.said().len(), 1, "{bad}");
    }
    stdio.input.send(b"\xff\xfe\n");
    assert_eq!(stdio.said(), ["null -32700"]);
    stdio.send(&"x".repeat(1_000_000));
    assert_eq!(stdio.said(), ["null -32600"], "one answer, however long the line");
    stdio.send("");
    stdio.input.send(format!("{}\r\n", call(1, "echo")));
    assert_eq!(stdio.said(), ["1"]);
}

/// Any sizes of reads and writes give the same bytes.
#[test]
fn case_55_reads_and_writes_of_one_byte() {
    let wide = Stdio::ready();
    let narrow =
        Stdio::ready_with(Pipe::narrow(usize::MAX, 1), Pipe::narrow(usize::MAX, 1), |_| {});
    let answers = [wide, narrow].map(|stdio| {
        for id in 1..=20 {
            stdio.input.send(call(id, "echo") + "\n");
        }
        stdio.input.send(call(21, "much") + "\n");
        stdio.input.end();
        stdio.sim.run();
        assert!(stdio.output.is_flushed(), "case_52");
        let received = stdio.output.receive();
        stdio.assert_over().unwrap();
        received
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].lines().count(), 21);
}

/// case_47; STDIO-20, TRANS-01: pipes that hold almost nothing, full in both directions at once.
/// Everything that was sent is answered, once.
#[test]
fn case_47_tiny_pipes_do_not_deadlock() {
    for (capacity, frames) in [(1, 1), (7, 2), (64, 4096)] {
        let stdio = Stdio::with(
            Pipe::narrow(capacity, usize::MAX),
            Pipe::narrow(capacity, usize::MAX),
            |config| {
                config.limits.outbox_frames = frames;
                config.limits.in_flight = 3;
            },
        );
        let mut lines = vec![initialize(0), INITIALIZED.into()];
        lines.extend((1..=50).map(|id| call(id, "echo")));
        let sent = lines.join("\n") + "\n";
        let (mut left, mut received) = (sent.as_bytes(), Vec::new());
        // The client writes all it can before it reads anything.
        for _ in 0..100_000 {
            let pushed = stdio.input.push(left);
            left = &left[pushed..];
            stdio.sim.run();
            if pushed == 0 {
                received.extend(stdio.output.pull(1));
                stdio.sim.run();
            }
        }
        assert!(left.is_empty(), "everything was read");
        let received = String::from_utf8(received).unwrap();
        let ids: Vec<String> =
            received.lines().map(|line| said(&serde_json::from_str(line).unwrap())).collect();
        let expected: Vec<String> = (0..=50).map(|id: u32| id.to_string()).collect();
        assert_eq!(ids, expected, "{capacity} bytes");
    }
}

/// A burst that fills the outbox, read only afterwards: the rest of the burst is not forgotten.
#[test]
fn a_burst_larger_than_the_outbox_is_answered() {
    let stdio = Stdio::ready_with(Pipe::new(), Pipe::new(), |config| {
        config.limits.outbox_frames = 5;
    });
    stdio.output.resize(1);
    let burst: String = (0..1000)
        .map(|id| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\n"))
        .collect();
    stdio.input.send(burst);
    stdio.sim.run();
    stdio.output.resize(usize::MAX);
    assert_eq!(stdio.said().len(), 999 + 1);
}

/// While too much is in flight nothing is read; an answer makes room.
#[test]
fn input_waits_while_too_much_is_in_flight() {
    let stdio = Stdio::ready_with(Pipe::new(), Pipe::new(), |config| config.limits.in_flight = 2);
    for id in 1..=5 {
        stdio.send(&call(id, "wait"));
    }
    assert_eq!(stdio.app.diary(), ["start 1", "start 2"]);
    stdio.app.release(1);
    assert_eq!(stdio.said(), ["1"]);
    assert_eq!(stdio.app.diary(), ["gone 1", "start 3"]);
    for id in 2..=5 {
        stdio.app.release(id);
    }
    assert_eq!(stdio.said(), ["2", "3", "4", "5"]);
}

/// Nobody reads what we write: that is the end, and an error.
#[test]
fn a_broken_output_ends_the_session() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.output.cut();
    stdio.send(&call(2, "echo"));
    stdio.sim.run();
    let error = stdio.assert_over().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert!(stdio.app.diary().contains(&"gone 1".into()));
}

/// case_48: a client that sends and does not read is closed, and does not keep us.
#[test]
fn case_48_a_client_that_does_not_read_is_closed() {
    let stdio = Stdio::ready();
    stdio.output.resize(10);
    for id in 1..=60 {
        stdio.send(&call(id, "much"));
    }
    assert!(stdio.input.len() > 0, "the rest is not even read");
    stdio.sim.advance(Duration::from_secs(60) + GRACE);
    let error = stdio.assert_over().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// case_58: a shutdown that waits for a client to read would leave a process behind.
#[test]
fn case_58_shutdown_does_not_wait_for_a_client_that_does_not_read() {
    let stdio = Stdio::ready();
    stdio.output.resize(10);
    stdio.send(&call(1, "much"));
    stdio.shutdown.start();
    stdio.sim.advance(GRACE);
    let error = stdio.assert_over().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// A client that reads slowly at the end gets everything within the grace.
#[test]
fn a_slow_reader_gets_the_last_answer() {
    let stdio = Stdio::ready();
    stdio.output.resize(12_000);
    stdio.send(&call(1, "much"));
    stdio.input.end();
    let mut received = Vec::new();
    for _ in 0..9 {
        stdio.sim.advance(Duration::from_secs(1));
        received.extend(stdio.output.pull(12_000));
    }
    stdio.sim.run();
    assert!(received.ends_with(b"}\n"));
    stdio.assert_over().unwrap();
}

/// The signal to stop: nothing new is taken, what is in flight is answered.
#[test]
fn shutdown_drains() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.shutdown.start();
    stdio.sim.run();
    stdio.send(&call(2, "echo"));
    assert_eq!(stdio.said(), ["2 -32603"]);
    stdio.app.release(1);
    assert_eq!(stdio.said(), ["1"]);
    stdio.assert_over().unwrap();
    assert!(stdio.shutdown.is_started());
}

/// A half-closed client: its input has ended, our output still works.
#[test]
fn notifications_still_leave_after_the_end_of_input() {
    let stdio = Stdio::ready();
    stdio.send(&call(1, "wait"));
    stdio.input.end();
    stdio.sim.run();
    for connection in stdio.app.connections() {
        let told = mcp_core::session::Outgoing::new("notifications/message", None);
        connection.peer().notify(told).unwrap();
    }
    assert_eq!(stdio.said(), ["notifications/message"]);
    stdio.app.release(1);
    assert_eq!(stdio.said(), ["1"]);
    stdio.assert_over().unwrap();
}
