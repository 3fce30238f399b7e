//! Lines over byte streams: what stdio is for either end.

use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use bytes::{Buf, Bytes, BytesMut};
use hyper::rt::{Read, ReadBuf, Write};

use crate::transport::stdio::{LineDecoder, LineError, write_line};

/// Bytes read at a time, and gathered before they are written.
const CHUNK: usize = 16 * 1024;

/// Reads lines.
pub(super) struct LineReader<I> {
    input: I,
    decoder: LineDecoder,
    at_end: bool,
}

impl<I: Read + Unpin> LineReader<I> {
    pub(super) fn new(input: I, max_line_bytes: usize) -> Self {
        let decoder = LineDecoder::new().with_max_line_bytes(max_line_bytes);
        Self { input, decoder, at_end: false }
    }

    /// Reads a chunk, unless there is more of an earlier one. A stream that fails has ended.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.at_end || !self.decoder.wants_input() {
            return Poll::Ready(Ok(()));
        }
        let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
        let mut buffer = ReadBuf::uninit(&mut chunk);
        let read = ready!(Pin::new(&mut self.input).poll_read(cx, buffer.unfilled()));
        if read.is_err() || buffer.filled().is_empty() {
            self.at_end = true;
            self.decoder.handle_eof();
        } else {
            self.decoder.handle_slice(buffer.filled());
        }
        Poll::Ready(read)
    }

    /// The next line of what has been read.
    pub(super) fn poll_line(&mut self) -> Option<Result<Bytes, LineError>> {
        self.decoder.poll_line()
    }

    /// Whether the stream has ended; lines may be left.
    pub(super) const fn is_at_end(&self) -> bool {
        self.at_end
    }

    #[cfg(feature = "client-driver")]
    pub(super) fn into_input(self) -> I {
        self.input
    }
}

/// Writes lines.
pub(super) struct LineWriter<O> {
    output: O,
    pending: BytesMut,
    /// Bytes of every line so far.
    queued: u64,
    flushed: bool,
}

impl<O: Write + Unpin> LineWriter<O> {
    pub(super) fn new(output: O) -> Self {
        Self { output, pending: BytesMut::new(), queued: 0, flushed: true }
    }

    /// Whether another line is to be gathered before those there are get written.
    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < CHUNK
    }

    /// Adds a line, and says where it ends, in bytes from the first one.
    pub(super) fn push(&mut self, frame: &[u8]) -> u64 {
        let before = self.pending.len();
        write_line(frame, &mut self.pending);
        self.queued += (self.pending.len() - before) as u64;
        self.flushed = false;
        self.queued
    }

    /// Writes and flushes every line.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let wrote = ready!(Pin::new(&mut self.output).poll_write(cx, &self.pending))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(wrote);
        }
        ready!(Pin::new(&mut self.output).poll_flush(cx))?;
        self.flushed = true;
        Poll::Ready(Ok(()))
    }

    /// Whether every line has been written and flushed.
    pub(super) const fn is_flushed(&self) -> bool {
        self.flushed
    }

    /// How much has been written, in bytes of lines.
    #[cfg(feature = "client-driver")]
    pub(super) fn written(&self) -> u64 {
        self.queued - self.pending.len() as u64
    }
}
