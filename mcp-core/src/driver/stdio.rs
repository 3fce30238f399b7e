//! Serves one client over a pair of byte streams, a message a line.

use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use hyper::rt::{Read, Write};

use super::engine::{Engine, Link};
use super::lines::{LineReader, LineWriter};
use super::links::{Links, ONLY};
use super::timer::Timer;
use super::{Runtime, Shutdown};
use crate::app::Handler;
use crate::config::SessionConfig;
use crate::lifecycle::Phase;
use crate::session::{Lane, ServerSession};
use crate::time::Instant;
use crate::transport::http::Slot;

/// Serves one client until it closes `input` or `shutdown` is given; what is in flight then is
/// still answered, within a grace, and then written, within another.
///
/// # Errors
/// The error of the stream that failed; [`io::ErrorKind::TimedOut`] if the client does not read.
/// The end of input is none.
pub async fn serve_stdio<R, H, I, O>(
    runtime: R,
    handler: H,
    (input, output): (I, O),
    (session, grace): (SessionConfig, Duration),
    shutdown: Shutdown,
) -> io::Result<()>
where
    R: Runtime,
    H: Handler,
    I: Read + Unpin,
    O: Write + Unpin,
{
    let lines = LineReader::new(input, session.limits.envelope.bytes);
    let session = ServerSession::new(runtime.now(), Arc::new(session));
    let link = Arc::new(Slot::new(session, Links::default()));
    let timer = Timer::new(runtime.clone());
    let engine = Arc::new(Engine { runtime, handler });
    engine.connect(&link);
    let pipe = Pipe {
        reader: Reader { lines, ended: false },
        writer: LineWriter::new(output),
        engine,
        link,
        timer,
        grace,
        written_by: None,
    };
    pipe.serve(shutdown).await
}

struct Pipe<R: Runtime, H: Handler, I, O> {
    reader: Reader<I>,
    writer: LineWriter<O>,
    engine: Arc<Engine<R, H>>,
    link: Arc<Link>,
    timer: Timer<R>,
    grace: Duration,
    /// When the last frames must have been written, once the session is over: its client may
    /// have stopped reading.
    written_by: Option<Instant>,
}

impl<R: Runtime, H: Handler, I: Read + Unpin, O: Write + Unpin> Pipe<R, H, I, O> {
    async fn serve(mut self, shutdown: Shutdown) -> io::Result<()> {
        let mut stop = Some(shutdown.started());
        let served = core::future::poll_fn(|cx| {
            if stop.as_mut().is_some_and(|stop| Pin::new(stop).poll(cx).is_ready()) {
                stop = None;
                self.link.lock().drain(self.engine.runtime.now(), self.grace);
                self.engine.pump(&self.link);
            }
            self.poll_serve(cx)
        })
        .await;
        self.link.lock().handle_disconnect(self.engine.runtime.now());
        self.engine.pump(&self.link);
        served
    }

    fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let links = self.link.attachment();
        links.writer_wakes(ONLY);
        let mut registered = false;
        loop {
            // Writing first: it may make the room that reading waits for.
            let wrote = poll_write(&mut self.writer, cx, &self.link)?;
            let read = self.reader.poll_read(cx, &self.engine, &self.link, self.grace)?;
            if read.is_ready() {
                continue;
            }
            // Registered no earlier, or what is done here would wake us again for nothing; and
            // then looked again, or what others have done meanwhile would be missed.
            if !core::mem::replace(&mut registered, true) {
                links.register_writer(ONLY, cx);
                continue;
            }
            let session = self.link.lock();
            let (closed, mut due) = (session.phase() == Phase::Closed, session.poll_timeout());
            drop(session);
            if closed {
                if wrote.is_ready() {
                    return Poll::Ready(Ok(()));
                }
                let now = self.engine.runtime.now();
                due = Some(*self.written_by.get_or_insert(now + self.grace));
            }
            ready!(self.timer.poll_until(due, cx));
            if closed {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.link.lock().handle_timeout(self.engine.runtime.now());
            self.engine.pump(&self.link);
            registered = false;
        }
    }
}

struct Reader<I> {
    lines: LineReader<I>,
    /// The session has been told that the stream has ended.
    ended: bool,
}

impl<I: Read + Unpin> Reader<I> {
    /// Takes in what there is; ready if there was something.
    fn poll_read<R: Runtime, H: Handler>(
        &mut self,
        cx: &mut Context<'_>,
        engine: &Arc<Engine<R, H>>,
        link: &Arc<Link>,
        grace: Duration,
    ) -> Poll<io::Result<()>> {
        if self.ended || !link.lock().wants_input() {
            return Poll::Pending;
        }
        ready!(self.lines.poll_fill(cx))?;
        let now = engine.runtime.now();
        while let Some(line) = self.lines.poll_line() {
            let mut session = link.lock();
            match line {
                // What is wrong with a line is told to its sender; the next one may be fine.
                Ok(line) => drop(session.handle_frame(now, Lane::Standing, line)),
                Err(_) => session.handle_oversized_frame(now, Lane::Standing),
            }
            let full = !session.wants_input();
            drop(session);
            engine.pump(link);
            if full {
                return Poll::Ready(Ok(()));
            }
        }
        if self.lines.is_at_end() {
            self.ended = true;
            link.lock().handle_end_of_input(now, grace);
            engine.pump(link);
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes what there is; ready when all of it has been written and flushed.
fn poll_write<O: Write + Unpin>(
    lines: &mut LineWriter<O>,
    cx: &mut Context<'_>,
    link: &Link,
) -> Poll<io::Result<()>> {
    loop {
        let mut session = link.lock();
        while lines.has_room() {
            let Some(transmit) = session.poll_transmit() else {
                break;
            };
            lines.push(&transmit.frame.into_bytes());
        }
        drop(session);
        if lines.is_flushed() {
            return Poll::Ready(Ok(()));
        }
        ready!(lines.poll_flush(cx))?;
    }
}
