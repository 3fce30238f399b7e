//! The bodies of our answers.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Runtime;
use super::engine::Engine;
use super::http_connection::Answering;
use super::links::{Links, ONLY};
use super::modern::Call;
use super::station::Station;
use super::timer::Timer;
use crate::app::Handler;
use crate::jsonrpc::{Chunks, Frame as Message};
use crate::transport::http::{EventStream, McpStream};

/// The body of an answer: one piece, or a stream of events.
pub struct Body<R: Runtime, H: Handler> {
    kind: Kind<R, H>,
    /// The request it answers, where those of a connection are counted.
    answering: Option<Answering>,
}

enum Kind<R: Runtime, H: Handler> {
    Full(Bytes),
    /// Several pieces, and how many bytes are left of them.
    Chunks(Box<Chunks>, usize),
    Events(Box<Events<R, H>>),
    Stream(Box<Stream<R, H>>),
    Call(Box<Call<R>>),
}

impl<R: Runtime, H: Handler> Body<R, H> {
    const fn of(kind: Kind<R, H>) -> Self {
        Self { kind, answering: None }
    }

    /// Counts as an answer as long as it is there.
    pub(super) fn count(&mut self, answering: Option<Answering>) {
        self.answering = answering;
    }

    pub(super) const fn full(bytes: Bytes) -> Self {
        Self::of(Kind::Full(bytes))
    }

    pub(super) fn frame(frame: Message) -> Self {
        let length = frame.len();
        Self::of(match frame.into_whole() {
            Ok(whole) => Kind::Full(whole),
            Err(chunks) => Kind::Chunks(Box::new(chunks), length),
        })
    }

    pub(super) fn call(call: Call<R>) -> Self {
        Self::of(Kind::Call(Box::new(call)))
    }

    pub(super) fn events(engine: Arc<Engine<R, H>>, stream: EventStream<Links>) -> Self {
        let timer = Timer::new(engine.runtime.clone());
        Self::of(Kind::Events(Box::new(Events { engine, stream, timer })))
    }

    pub(super) fn stream(stream: McpStream<Links>, station: Station<R, H>) -> Self {
        Self::of(Kind::Stream(Box::new(Stream { stream, station })))
    }
}

impl<R: Runtime, H: Handler> http_body::Body for Body<R, H> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut self.kind {
            Kind::Full(bytes) if bytes.is_empty() => None,
            Kind::Full(bytes) => Some(core::mem::take(bytes)),
            Kind::Chunks(chunks, left) => {
                let chunk = chunks.next();
                *left -= chunk.as_ref().map_or(0, Bytes::len);
                chunk
            }
            Kind::Events(events) => core::task::ready!(events.poll_data(cx)),
            Kind::Stream(stream) => {
                let Stream { stream, station } = &mut **stream;
                core::task::ready!(station.poll(stream, cx))
            }
            Kind::Call(call) => core::task::ready!(call.poll_data(cx)),
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Chunks(_, left) => *left == 0,
            Kind::Events(_) | Kind::Stream(_) | Kind::Call(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Chunks(_, left) => SizeHint::with_exact(*left as u64),
            Kind::Events(_) | Kind::Stream(_) | Kind::Call(_) => SizeHint::default(),
        }
    }
}

impl<R: Runtime, H: Handler> fmt::Debug for Body<R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Full(_) => "Full",
            Kind::Chunks(..) => "Chunks",
            Kind::Events(_) => "Events",
            Kind::Stream(_) => "Stream",
            Kind::Call(_) => "Call",
        };
        f.debug_tuple("Body").field(&kind).finish()
    }
}

/// A session's event stream. Whoever polls it keeps the session's time as well: a session of
/// HTTP+SSE lives exactly as long as its stream, so it needs no task of its own.
struct Events<R: Runtime, H: Handler> {
    engine: Arc<Engine<R, H>>,
    stream: EventStream<Links>,
    timer: Timer<R>,
}

impl<R: Runtime, H: Handler> Events<R, H> {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            self.stream.slot().attachment().register_writer(ONLY, cx);
            let now = self.engine.runtime.now();
            if let Some(data) = self.stream.poll_data(now) {
                return Poll::Ready(Some(data));
            }
            if self.stream.is_ended() {
                return Poll::Ready(None);
            }
            let deadline = self.stream.poll_timeout();
            self.stream.slot().attachment().writer_sleeps(ONLY, Some(deadline));
            core::task::ready!(self.timer.poll_until(Some(deadline), cx));
            self.stream.handle_timeout(self.engine.runtime.now());
            self.engine.pump(self.stream.slot());
        }
    }
}

impl<R: Runtime, H: Handler> Drop for Events<R, H> {
    fn drop(&mut self) {
        self.stream.handle_disconnect(self.engine.runtime.now());
        self.engine.pump(self.stream.slot());
    }
}

/// A stream of Streamable HTTP, with the work for it if it answers a `POST`. Dropped, the stream
/// goes first: then nobody reads what the rest of the work comes to.
struct Stream<R: Runtime, H: Handler> {
    stream: McpStream<Links>,
    station: Station<R, H>,
}
