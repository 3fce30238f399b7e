//! Runs a client whose server is a child process, from its start to its end.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::mem::MaybeUninit;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::process::ExitStatus;

use hyper::rt::{Read, ReadBuf};

use super::command::{Command, Signal, Stderr, signal_group};
use super::dial::within;
use super::dispatch::Dispatch;
use super::pipe::{End, Finish, Pipe, finish_session, tell};
use super::platform::{Child, ClientPlatform};
use super::trouble::Trouble;
use crate::driver::Runtime;
use crate::driver::lines::LineReader;
use crate::driver::timer::Timer;
use crate::lifecycle::ClientPhase;

/// How long the output of a process that has ended may keep coming: what it has started itself
/// may hold it open.
const ECHO: Duration = Duration::from_millis(200);

/// How long a process stays up that may then be started again as often as a new one.
const STEADY: Duration = Duration::from_secs(60);

/// Lines of standard error that are kept, and bytes of one.
const LAST_LINES: usize = 20;
const LINE_BYTES: usize = 4 * 1024;

/// Runs a client over the standard streams of a process, which is started again if it ends by
/// itself.
pub(super) async fn run_child<P: ClientPlatform>(
    dispatch: Dispatch<P>,
    command: Command,
    child: P::Child,
) {
    let _finish = Finish(Arc::clone(&dispatch.link));
    let mut process = Process::new(child);
    let mut left = command.budget();
    let (mut respawned, mut was_ready) = (false, false);
    loop {
        let started = dispatch.runtime.now();
        let end = serve(&dispatch, &command, &mut process).await;
        let now = dispatch.runtime.now();
        if now >= started + STEADY {
            left = command.budget();
        }
        let phase = match dispatch.link.lock().machine.pipe() {
            Some(session) => session.phase(),
            None => ClientPhase::Closed,
        };
        was_ready |= phase.is_ready();
        let again = match phase {
            ClientPhase::Closed => false,
            // case_44: some servers end when they are asked what they do not know.
            ClientPhase::Probing if !was_ready => !core::mem::replace(&mut respawned, true),
            _ => was_ready && left > 0,
        };
        if !again {
            finish_session(&dispatch, end);
            return;
        }
        if was_ready {
            left -= 1;
            wait_for_work(&dispatch).await;
            if dispatch.link.lock().closed.is_some() {
                return;
            }
        }
        process = match dispatch.runtime.start(&command) {
            Ok(child) => Process::new(child),
            Err(error) => {
                finish_session(&dispatch, End::Broken(error));
                return;
            }
        };
        if let Some(session) = dispatch.link.lock().machine.pipe() {
            let now = dispatch.runtime.now();
            if was_ready {
                session.restart(now);
            } else {
                session.handle_no_discover(now);
            }
        }
    }
}

/// Talks to a process, and sees to its end.
async fn serve<P: ClientPlatform>(
    dispatch: &Dispatch<P>,
    command: &Command,
    process: &mut Process<P::Child>,
) -> End {
    let (Some(input), Some(output), report) = process.child.streams() else {
        return End::Broken(io::Error::other("the standard streams are not piped"));
    };
    let mut tail = Tail::new(report, command.stderr_goes().clone());
    let mut pipe = Pipe::new(dispatch, output, input);
    let mut status = None;
    let end = {
        let mut exited = pin!(process.exited());
        let mut timer = Timer::new(dispatch.runtime.clone());
        let mut silent_by = None;
        core::future::poll_fn(|cx| {
            tail.poll(cx);
            if let Poll::Ready(end) = pipe.poll(cx, dispatch) {
                return Poll::Ready(end);
            }
            if status.is_none()
                && let Poll::Ready(exit) = exited.as_mut().poll(cx)
            {
                status = Some(exit);
                silent_by = Some(dispatch.runtime.now() + ECHO);
            }
            timer.poll_until(silent_by, cx).map(|()| End::Eof)
        })
        .await
    };
    let now = dispatch.runtime.now();
    let output = pipe.hang_up(&dispatch.link, now);
    if status.is_none() {
        let mut rest = Rest { output: Some(output), tail: &mut tail };
        status = Some(see_off(&dispatch.runtime, process, &mut rest, command.patience()).await);
    }
    if !matches!(end, End::Closed) {
        let ended = match status {
            Some(Ok(status)) => format!("`{}` ended with {status}", command.name()),
            Some(Err(error)) => format!("`{}` is lost: {error}", command.name()),
            None => String::new(),
        };
        let words = tail.last_words();
        let words = if words.is_empty() { words } else { format!("; it said: {words}") };
        let said = format!("{ended}{words}");
        dispatch.link.note_trouble(None, Trouble::Program(said.into()));
    }
    match end {
        End::Broken(_) => End::Eof,
        end => end,
    }
}

/// Waits for a process to end whose input is closed; tells it to, then makes it (STDIO-10,
/// STDIO-11).
async fn see_off<R: Runtime, C: Child>(
    runtime: &R,
    process: &mut Process<C>,
    rest: &mut Rest<'_, C::Stdout, C::Stderr>,
    grace: Duration,
) -> io::Result<ExitStatus> {
    for signal in [Signal::Terminate, Signal::Kill] {
        if let Some(status) = within(runtime, grace, rest.until(process.exited())).await {
            return status;
        }
        process.signal(signal);
    }
    rest.until(process.exited()).await
}

/// Waits until there is something to start a server for; keeps the session's time.
async fn wait_for_work<P: ClientPlatform>(dispatch: &Dispatch<P>) {
    let mut timer = Timer::new(dispatch.runtime.clone());
    core::future::poll_fn(|cx| {
        dispatch.link.register_runner(cx);
        loop {
            tell(dispatch);
            let mut state = dispatch.link.lock();
            let wanted = state.machine.pipe().is_none_or(|session| {
                session.is_closed() || session.has_transmit() || session.outbound_requests() > 0
            });
            let due = state.machine.poll_timeout();
            drop(state);
            if wanted {
                return Poll::Ready(());
            }
            core::task::ready!(timer.poll_until(due, cx));
            dispatch.link.lock().machine.handle_timeout(dispatch.runtime.now());
        }
    })
    .await;
}

/// A process and what it has started itself.
struct Process<C: Child> {
    child: C,
    /// Its process group is called as itself.
    leader: Option<u32>,
}

impl<C: Child> Process<C> {
    fn new(child: C) -> Self {
        let leader = child.id();
        Self { child, leader }
    }

    async fn exited(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.exited().await?;
        // At once: while any of the group lives nobody else can have its name.
        signal_group(self.leader.take(), Signal::Kill);
        Ok(status)
    }

    fn signal(&mut self, signal: Signal) {
        let heard = signal_group(self.leader, signal);
        if !heard || matches!(signal, Signal::Kill) {
            // It may have ended just now.
            drop(self.child.kill());
        }
    }
}

impl<C: Child> Drop for Process<C> {
    fn drop(&mut self) {
        if self.leader.is_some() {
            self.signal(Signal::Kill);
        }
    }
}

/// What a process still says when nobody wants to know: it must not wait for us.
struct Rest<'a, O, E> {
    output: Option<O>,
    tail: &'a mut Tail<E>,
}

impl<O: Read + Unpin, E: Read + Unpin> Rest<'_, O, E> {
    async fn until<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        core::future::poll_fn(|cx| {
            self.tail.poll(cx);
            while let Some(output) = &mut self.output {
                match discard(output, cx) {
                    Poll::Ready(true) => {}
                    Poll::Ready(false) => self.output = None,
                    Poll::Pending => break,
                }
            }
            future.as_mut().poll(cx)
        })
        .await
    }
}

/// The last lines of standard error.
struct Tail<E> {
    input: Option<LineReader<E>>,
    lines: VecDeque<String>,
    stderr: Stderr,
}

impl<E: Read + Unpin> Tail<E> {
    fn new(input: Option<E>, stderr: Stderr) -> Self {
        let input = input.map(|input| LineReader::new(input, LINE_BYTES));
        Self { input, lines: VecDeque::new(), stderr }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        while let Some(input) = &mut self.input {
            if input.poll_fill(cx).is_pending() {
                return;
            }
            while let Some(line) = input.poll_line() {
                let line = match &line {
                    Ok(line) => String::from_utf8_lossy(line).into_owned(),
                    Err(error) => format!("({error})"),
                };
                if let Stderr::Forward(to) = &self.stderr {
                    to(&line);
                }
                if self.lines.len() == LAST_LINES {
                    self.lines.pop_front();
                }
                self.lines.push_back(line);
            }
            if input.is_at_end() {
                self.input = None;
            }
        }
    }

    fn last_words(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        lines.join("\n").trim().to_string()
    }
}

/// Reads a piece that nobody wants; false at the end, and on failure, which is one.
fn discard<S: Read + Unpin>(stream: &mut S, cx: &mut Context<'_>) -> Poll<bool> {
    let mut chunk = [const { MaybeUninit::uninit() }; LINE_BYTES];
    let mut buffer = ReadBuf::uninit(&mut chunk);
    match Pin::new(stream).poll_read(cx, buffer.unfilled()) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Err(_)) => Poll::Ready(false),
        Poll::Ready(Ok(())) => Poll::Ready(!buffer.filled().is_empty()),
    }
}
