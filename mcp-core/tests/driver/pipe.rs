//! Byte streams in memory, as narrow and as broken as a test wants them.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::{Mutex, MutexGuard};

use hyper::rt::{Read, ReadBufCursor, Write};

/// One direction of a stream; clones are its two ends.
#[derive(Clone, Default)]
pub(crate) struct Pipe(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// Bytes that move in one call.
    step: usize,
    /// No more will be written.
    ended: bool,
    /// Nobody reads any more.
    broken: bool,
    flushed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    pub(crate) fn new() -> Self {
        Self::narrow(usize::MAX, usize::MAX)
    }

    /// Holds `capacity` bytes and moves `step` of them at a time.
    pub(crate) fn narrow(capacity: usize, step: usize) -> Self {
        let pipe = Self::default();
        pipe.state().capacity = capacity;
        pipe.state().step = step;
        pipe
    }

    /// Writes what there is room for, and says how much that is.
    pub(crate) fn push(&self, bytes: &[u8]) -> usize {
        let mut state = self.state();
        let room = state.capacity.saturating_sub(state.bytes.len());
        let count = room.min(bytes.len());
        state.bytes.extend(&bytes[..count]);
        wake(state.reader.take());
        count
    }

    /// Writes all of it.
    pub(crate) fn send(&self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        assert_eq!(self.push(text), text.len(), "there is room");
    }

    /// Reads what there is, at most `count` bytes.
    pub(crate) fn pull(&self, count: usize) -> Vec<u8> {
        let mut state = self.state();
        let count = count.min(state.bytes.len());
        wake(state.writer.take());
        state.bytes.drain(..count).collect()
    }

    pub(crate) fn receive(&self) -> String {
        String::from_utf8(self.pull(usize::MAX)).unwrap()
    }

    /// Waits for what there is to read; nothing at the end.
    pub(crate) fn poll_text(&self, cx: &Context<'_>) -> Poll<String> {
        let mut state = self.state();
        if state.bytes.is_empty() && !state.ended {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        Poll::Ready(self.receive())
    }

    /// Nothing more will be written.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        wake(state.reader.take());
    }

    /// Nobody reads any more: writes fail.
    pub(crate) fn cut(&self) {
        let mut state = self.state();
        state.broken = true;
        wake(state.writer.take());
    }

    /// From now on holds `capacity` bytes and moves as many at a time.
    pub(crate) fn resize(&self, capacity: usize) {
        let mut state = self.state();
        state.capacity = capacity;
        state.step = capacity;
        wake(state.writer.take());
    }

    pub(crate) fn len(&self) -> usize {
        self.state().bytes.len()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// Whether everything that was written has been flushed.
    pub(crate) fn is_flushed(&self) -> bool {
        self.state().flushed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn wake(waker: Option<Waker>) {
    waker.into_iter().for_each(Waker::wake);
}

impl Read for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if state.bytes.is_empty() {
            if state.ended {
                return Poll::Ready(Ok(()));
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = state.step.min(state.bytes.len()).min(buffer.remaining());
        let bytes: Vec<u8> = state.bytes.drain(..count).collect();
        buffer.put_slice(&bytes);
        wake(state.writer.take());
        Poll::Ready(Ok(()))
    }
}

impl Write for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        if state.broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = state.capacity.saturating_sub(state.bytes.len());
        let count = state.step.min(room).min(bytes.len());
        if count == 0 {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.bytes.extend(&bytes[..count]);
        state.flushed = false;
        wake(state.reader.take());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state().flushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

/// Both directions, as a server has them.
pub(crate) struct Duplex {
    pub(crate) input: Pipe,
    pub(crate) output: Pipe,
}

impl Read for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_read(cx, buffer)
    }
}

impl Write for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.output).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_shutdown(cx)
    }
}

impl Drop for Duplex {
    /// As a socket does: the other side sees the end, and can write no more.
    fn drop(&mut self) {
        self.output.end();
        self.input.cut();
    }
}
