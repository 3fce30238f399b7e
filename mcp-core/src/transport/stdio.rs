//! The stdio line codec: one message per line (`2025-11-25/basic/transports#stdio`).
//!
//! The framing fits every ordered byte stream, Unix sockets and TCP included.

use core::fmt;
use core::mem;

use bytes::{Buf, Bytes, BytesMut};

use crate::jsonrpc::position;

/// The longest line a [`LineDecoder`] accepts unless told otherwise: 4 MiB.
///
/// A message of a few megabytes is honest traffic (an embedded image, a long file); a line that
/// never ends is not, and the limit is what one peer can make the decoder hold on to.
pub const DEFAULT_MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Splits a byte stream into lines, however the stream is cut into chunks.
///
/// Only LF ends a line. A CR directly before it belongs to the line end, and so does a CR that the
/// end of the stream left without its LF. No other character splits, U+2028 and U+2029 included.
/// A byte order mark at the start of the stream is skipped; so are lines of nothing but spaces,
/// tabs and CRs. Lines are not checked for UTF-8: the message parser does that, once, and a line
/// it refuses does not disturb the next one.
///
/// Time is linear in the input, whatever the chunk size. A line that lies within one pushed chunk
/// is a slice of that chunk (and keeps the chunk alive); others are copied once. The decoder keeps
/// at most one unfinished line of [`max_line_bytes`](Self::max_line_bytes) plus its CR, and the
/// pushed bytes that have not been polled yet; [`wants_input`](Self::wants_input) tells when there
/// are none.
///
/// ```
/// use bytes::Bytes;
/// use mcp_core::transport::stdio::LineDecoder;
///
/// let mut decoder = LineDecoder::new();
/// let mut lines = Vec::new();
/// for chunk in ["{\"id\":1}\r", "\n{\"id\"", ":2}\n"] {
///     decoder.handle_bytes(Bytes::from(chunk));
///     while let Some(line) = decoder.poll_line() {
///         lines.push(line?);
///     }
/// }
/// decoder.handle_eof();
/// assert_eq!(lines, ["{\"id\":1}", "{\"id\":2}"]);
/// assert_eq!(decoder.poll_line(), None);
/// # Ok::<(), mcp_core::transport::stdio::LineError>(())
/// ```
pub struct LineDecoder {
    intake: Intake,
    /// The start of a line whose end has not been seen.
    partial: BytesMut,
    /// The current line was refused; its rest is dropped up to the next LF.
    resync: bool,
    max_line_bytes: usize,
}

/// A line was refused.
///
/// The peer is at fault, the stream stays usable, and nothing can be answered: the message, and
/// with it the request id, is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The line has more bytes than the decoder accepts; decoding goes on with the next line.
    #[error("line is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes, line end excluded.
        limit: usize,
    },
}

impl LineDecoder {
    /// A decoder at the start of a stream, limited to [`DEFAULT_MAX_LINE_BYTES`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            intake: Intake::default(),
            partial: BytesMut::new(),
            resync: false,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
        }
    }

    /// Sets the longest accepted line, in bytes (not characters), line end excluded.
    #[must_use]
    pub const fn with_max_line_bytes(mut self, limit: usize) -> Self {
        self.max_line_bytes = limit;
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

    /// Ends the stream: a last line without LF becomes a line.
    pub fn handle_eof(&mut self) {
        self.intake.close();
    }

    /// The next line, without its end; never blank.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLong`] once for each line over the limit, as soon as that is known. The
    /// decoder then skips to the next LF and goes on.
    #[must_use]
    pub fn poll_line(&mut self) -> Option<Result<Bytes, LineError>> {
        while let Some(input) = self.intake.unread() {
            let line = match position(input, |byte| byte == b'\n') {
                Some(end) => {
                    let rest = input.split_to(end);
                    input.advance(1);
                    self.end_line(rest)
                }
                None => {
                    let start = mem::take(input);
                    self.keep(&start).map(Err)
                }
            };
            if line.is_some() {
                return line;
            }
        }
        if self.intake.is_closed() { self.end_line(Bytes::new()) } else { None }
    }

    /// Whether every pushed byte has been looked at; a caller that reads only then bounds memory.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        !self.intake.is_closed() && self.intake.len() == 0
    }

    /// The bytes the decoder holds: the unfinished line and what has not been polled.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.partial.len() + self.intake.len()
    }

    /// The longest accepted line, in bytes, line end excluded.
    #[must_use]
    pub const fn max_line_bytes(&self) -> usize {
        self.max_line_bytes
    }

    /// Keeps bytes of a line that has no end yet.
    fn keep(&mut self, bytes: &[u8]) -> Option<LineError> {
        if self.resync {
            return None;
        }
        let total = self.partial.len().saturating_add(bytes.len());
        if let Some(over @ 1..) = total.checked_sub(self.max_line_bytes) {
            // A CR just past the limit may yet turn out to belong to the line end.
            let last = bytes.last().or_else(|| self.partial.last());
            if over > 1 || last != Some(&b'\r') {
                self.partial = BytesMut::new();
                self.resync = true;
                return Some(self.too_long());
            }
        }
        self.partial.extend_from_slice(bytes);
        None
    }

    /// Completes the current line with the bytes before its LF (or before the end of the stream).
    fn end_line(&mut self, rest: Bytes) -> Option<Result<Bytes, LineError>> {
        if mem::take(&mut self.resync) {
            return None;
        }
        let mut line = if self.partial.is_empty() {
            rest
        } else {
            let error = self.keep(&rest);
            if mem::take(&mut self.resync) {
                return error.map(Err);
            }
            // Taken whole: a split would leave a handle that keeps the allocation alive.
            mem::take(&mut self.partial).freeze()
        };
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        if line.len() > self.max_line_bytes {
            return Some(Err(self.too_long()));
        }
        let blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        if blank { None } else { Some(Ok(line)) }
    }

    const fn too_long(&self) -> LineError {
        LineError::TooLong { limit: self.max_line_bytes }
    }
}

impl Default for LineDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows sizes only: the buffers hold payload.
impl fmt::Debug for LineDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineDecoder")
            .field("max_line_bytes", &self.max_line_bytes)
            .field("buffered_bytes", &self.buffered_bytes())
            .finish_non_exhaustive()
    }
}

/// What ends a line on the way out, for callers that write a shared frame without copying it.
pub const LINE_END: &[u8] = b"\n";

/// Appends one frame and its [`LINE_END`] to `out`; LF only, on every platform.
///
/// The frame must hold no raw newline (`2025-11-25/basic/transports#stdio`). Every frame this
/// crate makes is free of them, so this is checked in debug builds only.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::transport::stdio;
///
/// let mut out = BytesMut::new();
/// stdio::write_line(br#"{"jsonrpc":"2.0","method":"ping","id":1}"#, &mut out);
/// assert!(out.ends_with(b"}\n"));
/// ```
pub fn write_line(frame: &[u8], out: &mut BytesMut) {
    debug_assert!(!frame.contains(&b'\n'), "frames are serialised without newlines");
    out.reserve(frame.len() + LINE_END.len());
    out.extend_from_slice(frame);
    out.extend_from_slice(LINE_END);
}

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The undecoded part of a stream, past a leading byte order mark.
#[derive(Default)]
pub(super) struct Intake {
    current: Bytes,
    /// Chunks pushed before `current` was used up; coalesced, so that many tiny chunks do not cost
    /// more than their bytes.
    backlog: BytesMut,
    /// How much of the byte order mark the stream has begun with; all of it once that is settled.
    mark_matched: usize,
    closed: bool,
}

impl Intake {
    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.current.is_empty() && self.backlog.is_empty() && !self.closed {
            self.current = chunk;
        } else {
            self.push_slice(&chunk);
        }
    }

    pub(super) fn push_slice(&mut self, chunk: &[u8]) {
        if !self.closed {
            self.backlog.extend_from_slice(chunk);
        }
    }

    pub(super) const fn close(&mut self) {
        self.closed = true;
    }

    /// The bytes to decode next, for the caller to consume from the front; never empty.
    pub(super) fn unread(&mut self) -> Option<&mut Bytes> {
        self.refill();
        while let Some(expected) = BYTE_ORDER_MARK.get(self.mark_matched) {
            match self.current.first() {
                Some(byte) if byte == expected => {
                    self.current.advance(1);
                    self.mark_matched += 1;
                    self.refill();
                }
                None if !self.closed => return None,
                _ => self.put_mark_back(),
            }
        }
        if self.current.is_empty() { None } else { Some(&mut self.current) }
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn len(&self) -> usize {
        self.current.len() + self.backlog.len()
    }

    fn refill(&mut self) {
        if self.current.is_empty() && !self.backlog.is_empty() {
            self.current = mem::take(&mut self.backlog).freeze();
        }
    }

    /// The stream began like a byte order mark and went on otherwise: those bytes are content.
    fn put_mark_back(&mut self) {
        let matched = BYTE_ORDER_MARK.get(..self.mark_matched).unwrap_or_default();
        if !matched.is_empty() {
            let mut whole = BytesMut::with_capacity(matched.len() + self.current.len());
            whole.extend_from_slice(matched);
            whole.extend_from_slice(&self.current);
            self.current = whole.freeze();
        }
        self.mark_matched = BYTE_ORDER_MARK.len();
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    const TOO_LONG: fn(usize) -> Result<Bytes, LineError> =
        |limit| Err(LineError::TooLong { limit });

    fn ok(line: &'static str) -> Result<Bytes, LineError> {
        Ok(Bytes::from_static(line.as_bytes()))
    }

    fn drain(decoder: &mut LineDecoder) -> Vec<Result<Bytes, LineError>> {
        core::iter::from_fn(|| decoder.poll_line()).collect()
    }

    /// The lines of one stream, checked to be the same whole and byte by byte.
    fn lines(limit: usize, stream: &'static [u8]) -> Vec<Result<Bytes, LineError>> {
        let mut whole = LineDecoder::new().with_max_line_bytes(limit);
        whole.handle_bytes(Bytes::from_static(stream));
        whole.handle_eof();
        let lines = drain(&mut whole);

        let mut bytewise = LineDecoder::new().with_max_line_bytes(limit);
        let mut again = Vec::new();
        for byte in stream.chunks(1) {
            bytewise.handle_slice(byte);
            again.extend(drain(&mut bytewise));
            assert!(bytewise.buffered_bytes() <= limit.saturating_add(3));
        }
        bytewise.handle_eof();
        again.extend(drain(&mut bytewise));
        assert_eq!(lines, again);
        assert_eq!((whole.buffered_bytes(), bytewise.buffered_bytes()), (0, 0));
        lines
    }

    #[test]
    fn lf_splits_and_one_cr_before_it_is_dropped() {
        assert_eq!(lines(9, b"a\nb\r\nc\r\r\n"), [ok("a"), ok("b"), ok("c\r")]);
        assert_eq!(lines(9, b"a\rb\n"), [ok("a\rb")], "a CR inside a line is content");
    }

    #[test]
    fn blank_lines_are_skipped() {
        assert_eq!(lines(9, b"\n\r\n \t\r\na\n\n\r\r\n"), [ok("a")]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_start_only() {
        assert_eq!(lines(9, b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb\n"), [ok("a"), ok("\u{feff}b")]);
        assert_eq!(lines(9, b"\xEF\xBB\xBF\xEF\xBB\xBFa"), [ok("\u{feff}a")]);
        assert_eq!(lines(9, b"\xEF\xBB\xBF"), []);
    }

    #[test]
    fn a_torn_byte_order_mark_is_content() {
        for stream in [&b"\xEF"[..], b"\xEF\xBB", b"\xEFa", b"\xEF\xBBa"] {
            assert_eq!(lines(9, stream), [Ok(Bytes::from_static(stream))]);
        }
    }

    #[test]
    fn the_end_of_the_stream_ends_the_last_line() {
        assert_eq!(lines(9, b"a\nb"), [ok("a"), ok("b")]);
        assert_eq!(lines(9, b"b\r"), [ok("b")]);
        assert_eq!(lines(9, b"a\n\r"), [ok("a")]);
    }

    #[test]
    fn input_after_the_end_is_ignored() {
        let mut decoder = LineDecoder::new();
        assert!(decoder.wants_input());
        decoder.handle_slice(b"a\n");
        decoder.handle_eof();
        decoder.handle_slice(b"b\n");
        decoder.handle_bytes(Bytes::from_static(b"c\n"));
        decoder.handle_eof();
        assert_eq!(drain(&mut decoder), [ok("a")]);
        assert_eq!(decoder.poll_line(), None);
        assert!(!decoder.wants_input());
    }

    #[test]
    fn the_limit_excludes_the_line_end() {
        assert_eq!(lines(3, b"abc\nabc\r\nabc\r"), [ok("abc"), ok("abc"), ok("abc")]);
        assert_eq!(lines(3, b"abcd\n"), [TOO_LONG(3)]);
        assert_eq!(lines(3, b"abc\r\r\n"), [TOO_LONG(3)]);
        assert_eq!(lines(3, b"abc\rd\n"), [TOO_LONG(3)]);
        assert_eq!(lines(3, b"\xEF\xBB\xBFabc\r\n"), [ok("abc")], "nor is the mark counted");
        assert_eq!(lines(0, b"\r\na\n"), [TOO_LONG(0)]);
        assert_eq!(lines(usize::MAX, b"a\n"), [ok("a")]);
    }

    #[test]
    fn a_line_over_the_limit_is_reported_once_and_the_next_is_read() {
        assert_eq!(
            lines(3, b"0123456789\r\nabc\n0123456789\n\ndef\n01234"),
            [TOO_LONG(3), ok("abc"), TOO_LONG(3), ok("def"), TOO_LONG(3)]
        );
    }

    #[test]
    fn a_line_over_the_limit_is_reported_before_it_ends() {
        let mut decoder = LineDecoder::new().with_max_line_bytes(3);
        decoder.handle_slice(b"abcd");
        assert_eq!(drain(&mut decoder), [TOO_LONG(3)]);
        assert_eq!(decoder.buffered_bytes(), 0);
        decoder.handle_slice(b"efgh\nok\n");
        assert_eq!(drain(&mut decoder), [ok("ok")]);
    }

    #[test]
    fn lines_within_one_chunk_are_not_copied() {
        let chunk = Bytes::from(vec![b'x'; 64]);
        let mut with_end = BytesMut::from(&chunk[..]);
        with_end.extend_from_slice(b"\ny\n");
        let chunk = with_end.freeze();
        let range = chunk.as_ptr_range();
        let mut decoder = LineDecoder::new();
        decoder.handle_bytes(chunk);
        for line in drain(&mut decoder) {
            assert!(range.contains(&line.unwrap().as_ptr()));
        }
    }

    #[test]
    fn chunks_may_be_pushed_without_polling() {
        let mut decoder = LineDecoder::new();
        for chunk in [&b"\xEF"[..], b"\xBB\xBFa", b"", b"\r", b"\nb\nc", b"d\n"] {
            decoder.handle_bytes(Bytes::copy_from_slice(chunk));
        }
        assert!(!decoder.wants_input());
        assert_eq!(drain(&mut decoder), [ok("a"), ok("b"), ok("cd")]);
        assert!(decoder.wants_input());
    }

    #[test]
    fn debug_shows_no_payload() {
        let mut decoder = LineDecoder::new();
        decoder.handle_slice(b"secret");
        assert!(!alloc::format!("{decoder:?}").contains("secret"));
    }

    #[test]
    fn write_line_ends_with_lf() {
        let mut out = BytesMut::new();
        write_line(b"{}", &mut out);
        write_line(b"[]", &mut out);
        assert_eq!(out, "{}\n[]\n");
    }
}
