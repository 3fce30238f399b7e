//! Reading server-sent events.

mod block;
mod event;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use core::{fmt, mem};

use bytes::{Buf, Bytes, BytesMut};

use self::block::Block;
pub use self::event::SseEvent;

use crate::jsonrpc::position;
use crate::transport::stdio::Intake;

/// The largest event a [`Decoder`] accepts unless told otherwise: 4 MiB.
///
/// A message of a few megabytes is honest traffic (an embedded image, a long file); an event that
/// never ends is not, and the limit is what one peer can make the decoder hold on to.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Reads server-sent events, however the stream is cut into chunks
/// (`2025-11-25/basic/transports#resumability-and-redelivery`).
///
/// Follows the WHATWG HTML standard: lines end with LF, CR or CRLF, mixed at will; a byte order
/// mark at the start is skipped; comments and unknown fields are ignored; an event that the end of
/// the stream cuts off is discarded. It departs from the standard in these points:
///
/// - An event without data is delivered too when it has an id or a retry time. Its data is empty,
///   as that of a priming event: record the id, do not parse. See [`SseEvent::is_empty`].
/// - Data is delivered as received. Invalid UTF-8 is not replaced, since that could turn a damaged
///   message into a different valid one: the message parser reports it. In types and ids it is
///   replaced by U+FFFD.
/// - Events are limited in size.
///
/// Nothing is parsed before its line is complete, nothing is delivered before the blank line that
/// ends the event, and that blank line is recognised at its CR, without waiting for an LF. Time is
/// linear in the input, whatever the chunk size. Data of one line that lies within one pushed chunk
/// is a slice of that chunk (and keeps the chunk alive). The decoder keeps the unfinished event and
/// the last event id, each within [`max_event_bytes`](Self::max_event_bytes) (in a type or id, an
/// invalid byte takes up three), and the pushed bytes that have not been polled yet;
/// [`wants_input`](Self::wants_input) tells when there are none.
///
/// A decoder serves one stream. For the stream that resumes it, make a new one with
/// [`with_last_event_id`](Self::with_last_event_id).
///
/// ```
/// use bytes::Bytes;
/// use mcp_core::transport::sse::Decoder;
///
/// let mut decoder = Decoder::new();
/// for chunk in ["id: 1\nda", "ta:\n\n: keep-alive\nid: 2\n", "data: {}\r\n\r", "\n"] {
///     decoder.handle_bytes(Bytes::from(chunk));
///     while let Some(event) = decoder.poll_event() {
///         let event = event?;
///         if !event.is_empty() {
///             assert_eq!((event.event_type(), &event.data()[..]), ("message", &b"{}"[..]));
///         }
///     }
/// }
/// assert_eq!(decoder.last_event_id(), Some("2"));
/// assert_eq!(decoder.comments(), 1);
/// # Ok::<(), mcp_core::transport::sse::DecodeError>(())
/// ```
pub struct Decoder {
    intake: Intake,
    /// The start of a field line whose end has not been seen.
    partial: BytesMut,
    /// The current line is a comment or too long; its rest is dropped.
    skip_line: bool,
    /// The last line ended with a CR; an LF right after it belongs to that line end.
    after_cr: bool,
    block: Block,
    /// The bytes of the finished field lines of the current event; once it was refused, of its id.
    block_bytes: usize,
    /// The current event was refused; the rest of its data is dropped.
    refused: bool,
    last_event_id: Box<str>,
    comments: u64,
    max_event_bytes: usize,
}

/// An event was refused.
///
/// The peer is at fault, the stream stays usable, and nothing can be answered: the message, and
/// with it the request id, is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The event has more bytes than the decoder accepts; decoding goes on with the next event.
    ///
    /// Its id counts as received: a client that resumed before it would be sent it again, for ever.
    #[error("event is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes, as [`Decoder::with_max_event_bytes`] counts them.
        limit: usize,
    },
}

impl Decoder {
    /// A decoder at the start of a stream, limited to [`DEFAULT_MAX_EVENT_BYTES`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            intake: Intake::default(),
            partial: BytesMut::new(),
            skip_line: false,
            after_cr: false,
            block: Block::default(),
            block_bytes: 0,
            refused: false,
            last_event_id: Box::default(),
            comments: 0,
            max_event_bytes: DEFAULT_MAX_EVENT_BYTES,
        }
    }

    /// Sets the largest accepted event, in bytes (not characters): all its field lines with their
    /// names, without line ends and comments.
    #[must_use]
    pub const fn with_max_event_bytes(mut self, limit: usize) -> Self {
        self.max_event_bytes = limit;
        self
    }

    /// Sets the id this stream was resumed from, which stands until an event brings another.
    #[must_use]
    pub fn with_last_event_id(mut self, id: &str) -> Self {
        self.last_event_id = Box::from(id);
        self
    }

    /// Takes the next chunk of the stream without copying it; ignored after
    /// [`handle_eof`](Self::handle_eof).
    ///
    /// Legal at any time, but a chunk that arrives while an earlier one has not been polled to its
    /// end is copied.
    pub fn handle_bytes(&mut self, chunk: Bytes) {
        self.intake.push(chunk);
    }

    /// Takes the next chunk of the stream by copying it; otherwise as
    /// [`handle_bytes`](Self::handle_bytes).
    pub fn handle_slice(&mut self, chunk: &[u8]) {
        self.intake.push_slice(chunk);
    }

    /// Ends the stream: an event without its blank line is discarded.
    pub fn handle_eof(&mut self) {
        self.intake.close();
    }

    /// The next event.
    ///
    /// # Errors
    ///
    /// [`DecodeError::TooLarge`] once for each event over the limit, as soon as that is known. The
    /// decoder then skips to the end of the event and goes on.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Result<SseEvent, DecodeError>> {
        while let Some(input) = self.intake.unread() {
            if mem::take(&mut self.after_cr) && input.first() == Some(&b'\n') {
                input.advance(1);
                continue;
            }
            let event = match position(input, |byte| matches!(byte, b'\r' | b'\n')) {
                Some(end) => {
                    let rest = input.split_to(end);
                    self.after_cr = input.first() == Some(&b'\r');
                    input.advance(1);
                    self.end_line(rest)
                }
                None => {
                    let start = mem::take(input);
                    self.keep(&start).map(Err)
                }
            };
            if event.is_some() {
                return event;
            }
        }
        if self.intake.is_closed() {
            self.partial = BytesMut::new();
            self.block = Block::default();
        }
        None
    }

    /// Whether every pushed byte has been looked at; a caller that reads only then bounds memory.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        !self.intake.is_closed() && self.intake.len() == 0
    }

    /// The id to resume from: that of the last complete event that had one, unless it was empty.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        Some(&*self.last_event_id).filter(|id| !id.is_empty())
    }

    /// How many comments have begun, for idle timers: a peer that sends keep-alives is there.
    #[must_use]
    pub const fn comments(&self) -> u64 {
        self.comments
    }

    /// The bytes the decoder holds: the unfinished event and what has not been polled.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.intake.len() + self.partial.len() + self.block.len()
    }

    /// The largest accepted event, in bytes; see
    /// [`with_max_event_bytes`](Self::with_max_event_bytes).
    #[must_use]
    pub const fn max_event_bytes(&self) -> usize {
        self.max_event_bytes
    }

    /// Keeps bytes of a line that has no end yet.
    fn keep(&mut self, bytes: &[u8]) -> Option<DecodeError> {
        if self.skip_line {
            return None;
        }
        if self.partial.is_empty() && bytes.first() == Some(&b':') {
            self.comments += 1;
            self.skip_line = true;
            return None;
        }
        if !self.has_room_for(self.partial.len().saturating_add(bytes.len())) {
            self.partial = BytesMut::new();
            self.skip_line = true;
            return self.refuse();
        }
        self.partial.extend_from_slice(bytes);
        None
    }

    /// Completes the current line with the bytes before its end.
    fn end_line(&mut self, rest: Bytes) -> Option<Result<SseEvent, DecodeError>> {
        if mem::take(&mut self.skip_line) {
            return None;
        }
        let line = if self.partial.is_empty() {
            rest
        } else {
            let error = self.keep(&rest);
            if mem::take(&mut self.skip_line) {
                return error.map(Err);
            }
            // Taken whole: a split would leave a handle that keeps the allocation alive.
            mem::take(&mut self.partial).freeze()
        };
        match line.first() {
            None => return self.end_event().map(Ok),
            Some(b':') => self.comments += 1,
            Some(_) if !self.has_room_for(line.len()) => return self.refuse().map(Err),
            Some(_) => {
                self.block_bytes += line.len();
                self.block.handle_field(line, self.refused);
                if self.refused {
                    self.block_bytes = self.block.len();
                }
            }
        }
        None
    }

    fn has_room_for(&self, line_bytes: usize) -> bool {
        self.block_bytes.saturating_add(line_bytes) <= self.max_event_bytes
    }

    /// Gives the current event up. Its id is kept, and looked for in the lines to come.
    fn refuse(&mut self) -> Option<DecodeError> {
        if mem::replace(&mut self.refused, true) {
            return None;
        }
        self.block.forget_all_but_id();
        self.block_bytes = self.block.len();
        Some(DecodeError::TooLarge { limit: self.max_event_bytes })
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let block = mem::take(&mut self.block);
        self.block_bytes = 0;
        if let Some(id) = &block.id {
            self.last_event_id.clone_from(id);
        }
        let refused = mem::take(&mut self.refused);
        block.into_event().filter(|_| !refused)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows sizes only: the buffers hold payload.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("max_event_bytes", &self.max_event_bytes)
            .field("buffered_bytes", &self.buffered_bytes())
            .finish_non_exhaustive()
    }
}
