//! Runs a client's session over a pair of byte streams, a message a line.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use hyper::rt::{Read, Write};

use super::dispatch::Dispatch;
use super::link::Link;
use super::trace::{Trace, Tracer};
use super::trouble::Trouble;
use crate::driver::Runtime;
use crate::driver::lines::{LineReader, LineWriter};
use crate::driver::timer::Timer;
use crate::session::{Lane, TransmitKey};
use crate::time::Instant;
use crate::transport::stdio::DEFAULT_MAX_LINE_BYTES;

/// How much of a line that is no message is kept to be shown.
const NOISE: usize = 1024;

/// How long the last frames of a session that is over may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How a conversation ended.
pub(super) enum End {
    /// The session is over.
    Closed,
    /// The server says nothing any more.
    Eof,
    /// A stream failed.
    Broken(io::Error),
}

/// A conversation with a server.
pub(super) struct Pipe<R: Runtime, I, O> {
    reader: LineReader<I>,
    writer: Writer<O>,
    timer: Timer<R>,
    written_by: Option<Instant>,
}

impl<R: Runtime, I: Read + Unpin, O: Write + Unpin> Pipe<R, I, O> {
    pub(super) fn new(dispatch: &Dispatch<R>, input: I, output: O) -> Self {
        let limit = dispatch.link.lock().machine.pipe().map(|it| it.config().limits.envelope.bytes);
        Self {
            reader: LineReader::new(input, limit.unwrap_or(DEFAULT_MAX_LINE_BYTES)),
            writer: Writer::new(output),
            timer: Timer::new(dispatch.runtime.clone()),
            written_by: None,
        }
    }

    /// Takes part in it until its end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, dispatch: &Dispatch<R>) -> Poll<End> {
        let link = &dispatch.link;
        link.register_runner(cx);
        loop {
            let wrote = match self.writer.poll_write(cx, dispatch) {
                Poll::Ready(Err(error)) => return Poll::Ready(End::Broken(error)),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            match poll_read(&mut self.reader, cx, dispatch) {
                Poll::Ready(Ok(true)) => continue,
                Poll::Ready(Ok(false)) => {
                    tell(dispatch);
                    return Poll::Ready(End::Eof);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(End::Broken(error)),
                Poll::Pending => {}
            }
            // Writing has events too: what is sent may complete the handshake.
            if tell(dispatch) {
                continue;
            }
            let now = dispatch.runtime.now();
            let state = link.lock();
            let (closed, mut due) = (state.closed.is_some(), state.machine.poll_timeout());
            drop(state);
            if closed {
                if wrote {
                    return Poll::Ready(End::Closed);
                }
                due = Some(*self.written_by.get_or_insert(now + LAST_WORDS));
            }
            ready!(self.timer.poll_until(due, cx));
            if closed {
                return Poll::Ready(End::Closed);
            }
            link.lock().machine.handle_timeout(dispatch.runtime.now());
        }
    }

    /// Closes what we write to, and gives back what we read from. Frames that were not written
    /// are told to the session.
    pub(super) fn hang_up(self, link: &Link, now: Instant) -> I {
        let written = self.writer.lines.written();
        let mut state = link.lock();
        if let Some(session) = state.machine.pipe() {
            for (end, key) in self.writer.marks {
                if end > written {
                    session.handle_not_sent(now, key);
                }
            }
        }
        self.reader.into_input()
    }
}

/// Handles the events there are; false if there are none.
pub(super) fn tell<R: Runtime>(dispatch: &Dispatch<R>) -> bool {
    let mut told = false;
    loop {
        let mut state = dispatch.link.lock();
        let event = state.machine.pipe().and_then(|session| session.poll_event());
        drop(state);
        let Some(event) = event else {
            return told;
        };
        dispatch.handle(event);
        told = true;
    }
}

/// Runs a client over a pair of streams.
pub(super) async fn run_streams<R, I, O>(dispatch: Dispatch<R>, input: I, output: O)
where
    R: Runtime,
    I: Read + Unpin,
    O: Write + Unpin,
{
    let _finish = Finish(Arc::clone(&dispatch.link));
    let mut pipe = Pipe::new(&dispatch, input, output);
    let end = core::future::poll_fn(|cx| pipe.poll(cx, &dispatch)).await;
    finish_session(&dispatch, end);
}

/// Ends a session whose streams have ended, and tells why.
pub(super) fn finish_session<R: Runtime>(dispatch: &Dispatch<R>, end: End) {
    let now = dispatch.runtime.now();
    if let End::Broken(error) = end {
        dispatch.link.note_trouble(None, Trouble::io(error));
    }
    if let Some(session) = dispatch.link.lock().machine.pipe() {
        session.handle_end_of_input(now);
    }
    tell(dispatch);
}

/// Says that nothing runs any more, whatever ends the runner.
pub(super) struct Finish(pub(super) Arc<Link>);

impl Drop for Finish {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Takes in what there is; false at the end of input.
fn poll_read<R: Runtime, I: Read + Unpin>(
    lines: &mut LineReader<I>,
    cx: &mut Context<'_>,
    dispatch: &Dispatch<R>,
) -> Poll<io::Result<bool>> {
    let link = &dispatch.link;
    let wants =
        |link: &Link| link.lock().machine.pipe().is_some_and(|session| session.wants_input());
    if !wants(link) {
        return Poll::Pending;
    }
    ready!(lines.poll_fill(cx))?;
    let now = dispatch.runtime.now();
    while let Some(line) = lines.poll_line() {
        if let (Some(traced), Ok(line)) = (&dispatch.handlers.traced, &line) {
            traced(Trace::Received(line));
        }
        let mut state = link.lock();
        let Some(session) = state.machine.pipe() else {
            break;
        };
        match line {
            Ok(line) => {
                // case_59: what is no message is no reason to give up on the server.
                if session.handle_frame(now, Lane::Standing, line.clone()).is_err() {
                    state.noise.lines += 1;
                    let shown = line.get(..NOISE).unwrap_or(&line);
                    state.noise.last = Some(String::from_utf8_lossy(shown).into_owned());
                }
            }
            Err(_) => session.handle_oversized_frame(now),
        }
        drop(state);
        tell(dispatch);
        if !wants(link) {
            return Poll::Ready(Ok(true));
        }
    }
    Poll::Ready(Ok(!lines.is_at_end()))
}

struct Writer<O> {
    lines: LineWriter<O>,
    /// Frames that have not been flushed, by where they end.
    marks: VecDeque<(u64, TransmitKey)>,
}

impl<O: Write + Unpin> Writer<O> {
    fn new(output: O) -> Self {
        Self { lines: LineWriter::new(output), marks: VecDeque::new() }
    }

    /// Writes what there is; ready when all of it has been written and flushed.
    fn poll_write<R: Runtime>(
        &mut self,
        cx: &mut Context<'_>,
        dispatch: &Dispatch<R>,
    ) -> Poll<io::Result<()>> {
        loop {
            self.gather(&dispatch.link, dispatch.handlers.traced.as_ref());
            if self.lines.is_flushed() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.lines.poll_flush(cx))?;
            let now = dispatch.runtime.now();
            let mut state = dispatch.link.lock();
            if let Some(session) = state.machine.pipe() {
                for (_, key) in self.marks.drain(..) {
                    session.handle_sent(now, key);
                }
            }
        }
    }

    fn gather(&mut self, link: &Link, traced: Option<&Tracer>) {
        let mut state = link.lock();
        let Some(session) = state.machine.pipe() else {
            return;
        };
        while self.lines.has_room() {
            let Some(transmit) = session.poll_transmit() else {
                return;
            };
            let frame = transmit.frame.into_bytes();
            if let Some(traced) = traced {
                traced(Trace::Sent(&frame));
            }
            let end = self.lines.push(&frame);
            self.marks.push_back((end, transmit.key));
        }
    }
}
