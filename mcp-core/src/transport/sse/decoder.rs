use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::mem;
use core::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

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

/// The fields of the current event so far.
#[derive(Default)]
struct Block {
    event: Option<Box<str>>,
    data: Data,
    id: Option<Box<str>>,
    retry: Option<Duration>,
}

/// The data lines of the current event, shared with the input for as long as there is only one.
#[derive(Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Joined(BytesMut),
}

/// An event that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    event: Option<Box<str>>,
    data: Bytes,
    id: Option<Box<str>>,
    retry: Option<Duration>,
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
                self.handle_field(line);
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
        self.block = Block { id: self.block.id.take(), ..Block::default() };
        self.block_bytes = self.block.len();
        Some(DecodeError::TooLarge { limit: self.max_event_bytes })
    }

    fn handle_field(&mut self, mut line: Bytes) {
        let colon = line.iter().position(|&byte| byte == b':');
        let name = line.split_to(colon.unwrap_or(line.len()));
        if colon.is_some() {
            line.advance(1);
            if line.first() == Some(&b' ') {
                line.advance(1);
            }
        }
        let value = line;
        match &name[..] {
            b"id" if !value.contains(&0) => self.block.id = Some(text(&value)),
            _ if self.refused => {}
            b"data" => self.block.data.push(value),
            b"event" => {
                let named = !value.is_empty() && value != SseEvent::DEFAULT_TYPE;
                self.block.event = named.then(|| text(&value));
            }
            b"retry" => self.block.retry = milliseconds(&value).or(self.block.retry),
            _ => {}
        }
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let block = mem::take(&mut self.block);
        self.block_bytes = 0;
        if let Some(id) = &block.id {
            self.last_event_id.clone_from(id);
        }
        let refused = mem::take(&mut self.refused);
        let data = match block.data {
            Data::None if block.id.is_none() && block.retry.is_none() => return None,
            Data::None => Bytes::new(),
            Data::One(line) => line,
            Data::Joined(lines) => lines.freeze(),
        };
        let event = SseEvent { event: block.event, data, id: block.id, retry: block.retry };
        if refused { None } else { Some(event) }
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

impl SseEvent {
    const DEFAULT_TYPE: &str = "message";

    /// The type of the event, `message` when the sender named none.
    #[must_use]
    pub fn event_type(&self) -> &str {
        self.event.as_deref().unwrap_or(Self::DEFAULT_TYPE)
    }

    /// The data, its lines joined by LF; not checked for UTF-8.
    #[must_use]
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// The data, without copying it.
    #[must_use]
    pub fn into_data(self) -> Bytes {
        self.data
    }

    /// Whether there is nothing to parse: the event only brings an id or a retry time, as priming
    /// events do (`2025-11-25/basic/transports`).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The id this very event brought; [`Decoder::last_event_id`] has the one in force.
    ///
    /// An empty id revokes the last one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// How long to wait before reconnecting from now on, when the event said so.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }
}

impl Block {
    fn len(&self) -> usize {
        let text = |field: &Option<Box<str>>| field.as_ref().map_or(0, |text| text.len());
        text(&self.event) + text(&self.id) + self.data.len()
    }
}

impl Data {
    fn push(&mut self, line: Bytes) {
        *self = match mem::take(self) {
            Self::None => Self::One(line),
            Self::One(first) => Self::join(BytesMut::from(first), &line),
            Self::Joined(lines) => Self::join(lines, &line),
        };
    }

    fn join(mut lines: BytesMut, line: &[u8]) -> Self {
        lines.extend_from_slice(b"\n");
        lines.extend_from_slice(line);
        Self::Joined(lines)
    }

    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(line) => line.len(),
            Self::Joined(lines) => lines.len(),
        }
    }
}

fn text(value: &[u8]) -> Box<str> {
    String::from_utf8_lossy(value).into()
}

/// A retry time: digits only; one too large to count is as long as can be.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if value.is_empty() {
        return None;
    }
    let mut total = 0_u64;
    for byte in value {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        total = total.saturating_mul(10).saturating_add(u64::from(digit));
    }
    Some(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    type Item = Result<SseEvent, DecodeError>;

    fn drain(decoder: &mut Decoder) -> Vec<Item> {
        core::iter::from_fn(|| decoder.poll_event()).collect()
    }

    /// The events of one stream, checked to be the same whole and byte by byte.
    fn decode(limit: usize, stream: &'static [u8]) -> (Vec<Item>, Decoder) {
        let mut whole = Decoder::new().with_max_event_bytes(limit);
        whole.handle_bytes(Bytes::from_static(stream));
        let events = drain(&mut whole);

        let mut bytewise = Decoder::new().with_max_event_bytes(limit);
        let mut again = Vec::new();
        for byte in stream.chunks(1) {
            bytewise.handle_slice(byte);
            again.extend(drain(&mut bytewise));
            assert!(bytewise.buffered_bytes() <= limit);
        }
        assert_eq!(events, again);
        assert_eq!(whole.last_event_id(), bytewise.last_event_id());
        assert_eq!(whole.comments(), bytewise.comments());
        (events, whole)
    }

    fn events(stream: &'static [u8]) -> Vec<Item> {
        decode(DEFAULT_MAX_EVENT_BYTES, stream).0
    }

    const EMPTY: SseEvent = SseEvent { event: None, data: Bytes::new(), id: None, retry: None };

    fn data(data: &'static str) -> SseEvent {
        SseEvent { data: Bytes::from_static(data.as_bytes()), ..EMPTY }
    }

    fn id(id: &str, event: SseEvent) -> SseEvent {
        SseEvent { id: Some(Box::from(id)), ..event }
    }

    fn typed(event_type: &str, event: SseEvent) -> SseEvent {
        SseEvent { event: Some(Box::from(event_type)), ..event }
    }

    fn retry(millis: u64) -> SseEvent {
        SseEvent { retry: Some(Duration::from_millis(millis)), ..EMPTY }
    }

    const TOO_LARGE: fn(usize) -> Item = |limit| Err(DecodeError::TooLarge { limit });

    #[test]
    fn line_ends_mix() {
        let expected = [Ok(data("a\nb\nc\nd"))];
        assert_eq!(events(b"data:a\ndata:b\rdata:c\r\ndata:d\n\n"), expected);
        for end in [&b"data:a\n\r"[..], b"data:a\r\r", b"data:a\r\n\r", b"data:a\r\n\n\n"] {
            assert_eq!(events(end), [Ok(data("a"))]);
        }
        assert_eq!(events(b"data:a\r\n"), [], "CR LF is one line end, not two");
    }

    #[test]
    fn an_event_is_delivered_at_the_cr_of_its_blank_line() {
        let mut decoder = Decoder::new();
        decoder.handle_slice(b"data:a\r\n\r");
        assert_eq!(drain(&mut decoder), [Ok(data("a"))]);
        decoder.handle_slice(b"\ndata:b\n\n");
        assert_eq!(drain(&mut decoder), [Ok(data("b"))]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_start_only() {
        assert_eq!(
            events(b"\xEF\xBB\xBFdata:a\n\n\xEF\xBB\xBFdata:b\n\ndata:\xEF\xBB\xBF\n\n"),
            [Ok(data("a")), Ok(data("\u{feff}"))]
        );
        assert_eq!(events(b"\xEF\xBBdata:a\n\ndata:b\n\n"), [Ok(data("b"))]);
    }

    #[test]
    fn one_space_after_the_colon_is_dropped() {
        assert_eq!(events(b"data: a\ndata:  b\ndata:c: d\n\n"), [Ok(data("a\n b\nc: d"))]);
    }

    #[test]
    fn a_field_without_colon_has_an_empty_value() {
        assert_eq!(events(b"data\ndata\n\n"), [Ok(data("\n"))]);
        assert_eq!(events(b"id\n\n"), [Ok(id("", EMPTY))]);
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert_eq!(events(b"Data: x\n data: x\ndat\ndatum:\ndata:a\nfoo:\n\n"), [Ok(data("a"))]);
    }

    #[test]
    fn comments_are_ignored_and_counted() {
        let (events, decoder) = decode(8, b": a long comment\n:\n\ndata:a\n:x\ndata:b\n\n: open");
        assert_eq!(events, [TOO_LARGE(8)], "two data lines of 6 bytes");
        assert_eq!(decoder.comments(), 4);
        assert_eq!(decoder.buffered_bytes(), 0, "comments are not kept");
    }

    #[test]
    fn the_type_is_message_unless_named() {
        assert_eq!(events(b"event: endpoint\ndata:a\n\ndata:b\n\n")[0], {
            Ok(typed("endpoint", data("a")))
        });
        for stream in [
            &b"data:a\n\n"[..],
            b"event:\ndata:a\n\n",
            b"event: message\ndata:a\n\n",
            b"event: x\nevent\ndata:a\n\n",
            b"event: x\n\ndata:a\n\n",
        ] {
            let events = events(stream);
            assert_eq!(events, [Ok(data("a"))]);
            assert_eq!(events[0].as_ref().unwrap().event_type(), "message");
        }
    }

    #[test]
    fn the_id_sticks() {
        let (events, decoder) = decode(64, b"id: 1\ndata:a\n\ndata:b\n\n");
        assert_eq!(events, [Ok(id("1", data("a"))), Ok(data("b"))]);
        assert_eq!(decoder.last_event_id(), Some("1"));
        let (_, decoder) = decode(64, b"id: 1\n\nid\n\n");
        assert_eq!(decoder.last_event_id(), None, "an empty id revokes");
    }

    #[test]
    fn an_id_with_nul_is_ignored() {
        let (events, decoder) = decode(64, b"id: 1\nid: 2\0\ndata:a\n\n");
        assert_eq!(events, [Ok(id("1", data("a")))]);
        assert_eq!(decoder.last_event_id(), Some("1"));
    }

    #[test]
    fn the_id_counts_once_its_event_is_complete() {
        let (events, mut decoder) = decode(64, b"id: 1\n\nid: 2\ndata: lost\n");
        assert_eq!(events, [Ok(id("1", EMPTY))]);
        assert_eq!(decoder.last_event_id(), Some("1"));
        decoder.handle_eof();
        decoder.handle_slice(b"\n");
        assert_eq!(decoder.poll_event(), None, "the cut event is discarded");
        assert_eq!(decoder.last_event_id(), Some("1"));
        assert_eq!(decoder.buffered_bytes(), 0);
        assert!(!decoder.wants_input());
    }

    #[test]
    fn a_resumed_stream_starts_with_its_id() {
        let mut decoder = Decoder::new().with_last_event_id("9");
        assert_eq!(decoder.last_event_id(), Some("9"));
        decoder.handle_slice(b"data:a\n\n");
        assert_eq!(drain(&mut decoder), [Ok(data("a"))]);
        assert_eq!(decoder.last_event_id(), Some("9"));
    }

    #[test]
    fn retry_takes_digits_only() {
        assert_eq!(events(b"retry: 1500\n\n"), [Ok(retry(1500))]);
        assert_eq!(events(b"retry: 99999999999999999999999\n\n"), [Ok(retry(u64::MAX))]);
        assert_eq!(events(b"retry:7\nretry: -1\nretry:+2\nretry:\nretry:1e3\n\n"), [Ok(retry(7))]);
        assert_eq!(events(b"retry: 1 \n\n"), []);
    }

    #[test]
    fn events_without_data_are_delivered_for_their_id_or_retry() {
        assert_eq!(events(b"\n\n:c\n\nevent: x\n\n"), []);
        assert_eq!(events(b"data:\n\n"), [Ok(EMPTY)]);
        assert!(events(b"id: 1\ndata: \n\n")[0].as_ref().unwrap().is_empty());
    }

    #[test]
    fn invalid_utf8_is_kept_in_data_and_replaced_elsewhere() {
        let expected = SseEvent { data: Bytes::from_static(b"\xFF\x80"), ..EMPTY };
        assert_eq!(
            events(b"id:\xFF\nevent:\xC3\ndata:\xFF\x80\n\n"),
            [Ok(id("\u{fffd}", typed("\u{fffd}", expected)))]
        );
    }

    #[test]
    fn the_limit_counts_field_lines() {
        assert_eq!(decode(6, b"data:a\n\n").0, [Ok(data("a"))]);
        assert_eq!(decode(5, b"data:a\n\n").0, [TOO_LARGE(5)]);
        assert_eq!(decode(11, b"data:a\r\nid: 1\r\n\r\n").0, [Ok(id("1", data("a")))]);
        assert_eq!(decode(10, b"data:a\r\nid: 1\r\n\r\n").0, [TOO_LARGE(10)]);
        assert_eq!(decode(5, b"unknown: field\n\n").0, [TOO_LARGE(5)]);
        assert_eq!(decode(0, b"\n:c\n\nid\n\n").0, [TOO_LARGE(0)]);
        assert_eq!(decode(usize::MAX, b"data:a\n\n").0, [Ok(data("a"))]);
    }

    #[test]
    fn an_event_over_the_limit_is_reported_once_and_the_next_is_read() {
        let (events, decoder) = decode(
            12,
            b"data: 0123456789\ndata: 0123456789\ndata:x\n\ndata:a\n\ndata:12345\ndata:678\n\nid:2\n\n",
        );
        assert_eq!(events, [TOO_LARGE(12), Ok(data("a")), TOO_LARGE(12), Ok(id("2", EMPTY))]);
        assert_eq!(decoder.last_event_id(), Some("2"));
    }

    #[test]
    fn the_id_of_an_event_over_the_limit_counts() {
        let (events, decoder) = decode(12, b"id: 1\ndata: 0123456789\n\n");
        assert_eq!((events, decoder.last_event_id()), (alloc::vec![TOO_LARGE(12)], Some("1")));
        let (events, decoder) = decode(12, b"data:1234567\ndata:89\nid: 1\n\n");
        assert_eq!((events, decoder.last_event_id()), (alloc::vec![TOO_LARGE(12)], Some("1")));
        let (events, decoder) = decode(12, b"data: 0123456789\nretry: 5\nid: 1\n\ndata:a\n\n");
        assert_eq!(events, [TOO_LARGE(12), Ok(data("a"))]);
        assert_eq!(decoder.last_event_id(), Some("1"));
    }

    #[test]
    fn an_event_over_the_limit_is_reported_before_it_ends() {
        let mut decoder = Decoder::new().with_max_event_bytes(8);
        decoder.handle_slice(b"data: 123");
        assert_eq!(drain(&mut decoder), [TOO_LARGE(8)]);
        decoder.handle_slice(b"\ndata: 4\nevent: 5\n");
        assert_eq!(drain(&mut decoder), []);
        assert_eq!(decoder.buffered_bytes(), 0, "its rest is not kept");
    }

    #[test]
    fn data_within_one_chunk_is_not_copied() {
        let chunk = Bytes::copy_from_slice(b"data: {\"a\":1}\n\n");
        let range = chunk.as_ptr_range();
        let mut decoder = Decoder::new();
        decoder.handle_bytes(chunk);
        for event in drain(&mut decoder) {
            assert!(range.contains(&event.unwrap().into_data().as_ptr()));
        }
    }

    #[test]
    fn chunks_may_be_pushed_without_polling() {
        let mut decoder = Decoder::new();
        for chunk in [&b"\xEF"[..], b"\xBB\xBFda", b"", b"ta:a\r", b"\n\r", b"\ndata:b\n\n"] {
            decoder.handle_bytes(Bytes::copy_from_slice(chunk));
        }
        assert!(!decoder.wants_input());
        decoder.handle_eof();
        assert_eq!(drain(&mut decoder), [Ok(data("a")), Ok(data("b"))]);
    }

    #[test]
    fn debug_shows_no_payload() {
        let mut decoder = Decoder::new();
        decoder.handle_slice(b"data: secret\n\n");
        assert!(!alloc::format!("{decoder:?}").contains("secret"));
    }
}
