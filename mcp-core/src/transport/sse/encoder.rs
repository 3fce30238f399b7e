use core::fmt::Write as _;
use core::time::Duration;

use bytes::BytesMut;

use crate::jsonrpc::position;

/// What precedes the data of a plain `message` event, for a payload that is sent without being
/// copied: [`MESSAGE_PREFIX`], payload, [`SUFFIX`].
///
/// The payload must hold no newline; JSON-RPC frames never do. For an event with an id see
/// [`EventFields::write_prefix`].
pub const MESSAGE_PREFIX: &[u8] = b"event: message\ndata: ";

/// What follows the data of an event whose payload is sent without being copied.
pub const SUFFIX: &[u8] = b"\n\n";

/// The fields of an event to send, apart from its data.
///
/// Text that could end its line and smuggle in further fields is refused when it is set, never
/// stripped: an altered id would no longer name the event it was made for. Writing cannot fail.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::transport::sse::{EventFields, SUFFIX};
///
/// let mut out = BytesMut::new();
/// let fields = EventFields::message().with_id("7")?;
/// fields.write(b"{}", &mut out);
/// assert_eq!(out, "event: message\nid: 7\ndata: {}\n\n");
///
/// // The same bytes, around a payload that is shared and not copied.
/// let mut prefix = BytesMut::new();
/// fields.write_prefix(&mut prefix);
/// assert_eq!(out, [&prefix[..], b"{}", SUFFIX].concat());
/// # Ok::<(), mcp_core::transport::sse::FieldError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFields<'a> {
    event: Option<&'a str>,
    id: Option<&'a str>,
    retry: Option<Duration>,
}

/// A field of an event cannot be written.
///
/// The caller is at fault; nothing was written and the stream stays usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The text holds a CR or LF, which would end the field.
    #[error("event field holds a line break")]
    LineBreak,
    /// The id holds a NUL, for which a receiver would ignore it.
    #[error("event id holds a NUL")]
    Nul,
}

impl<'a> EventFields<'a> {
    /// No fields: an event of the default type, `message`.
    #[must_use]
    pub const fn new() -> Self {
        Self { event: None, id: None, retry: None }
    }

    /// An event that says its type, `message`, as HTTP+SSE clients expect it
    /// (`2024-11-05/basic/transports#http-with-sse`).
    #[must_use]
    pub const fn message() -> Self {
        Self { event: Some("message"), id: None, retry: None }
    }

    /// Sets the type of the event.
    ///
    /// # Errors
    ///
    /// [`FieldError::LineBreak`] when `event` holds a CR or LF.
    pub fn with_event(self, event: &'a str) -> Result<Self, FieldError> {
        Ok(Self { event: Some(single_line(event)?), ..self })
    }

    /// Sets the id a client resumes from.
    ///
    /// An empty id makes the client forget the one it has.
    ///
    /// # Errors
    ///
    /// [`FieldError::LineBreak`] when `id` holds a CR or LF, [`FieldError::Nul`] for a NUL.
    pub fn with_id(self, id: &'a str) -> Result<Self, FieldError> {
        if id.contains('\0') {
            return Err(FieldError::Nul);
        }
        Ok(Self { id: Some(single_line(id)?), ..self })
    }

    /// Sets how long the client waits before it reconnects, sent in whole milliseconds.
    #[must_use]
    pub const fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Appends the event to `out`, with each line of `data` (ended by LF, CR or CRLF) in a field of
    /// its own.
    ///
    /// Empty data with an id is a priming event (`2025-11-25/basic/transports`).
    pub fn write(&self, data: &[u8], out: &mut BytesMut) {
        self.write_fields(out);
        // Exact for the one line that messages consist of.
        out.reserve("data: ".len() + data.len() + SUFFIX.len());
        for line in Lines(Some(data)) {
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(line);
            out.extend_from_slice(b"\n");
        }
        out.extend_from_slice(b"\n");
    }

    /// Appends what precedes the data of the event, for a payload that is sent without being
    /// copied: prefix, payload, [`SUFFIX`].
    ///
    /// The payload must hold no newline; JSON-RPC frames never do.
    pub fn write_prefix(&self, out: &mut BytesMut) {
        self.write_fields(out);
        out.extend_from_slice(b"data: ");
    }

    fn write_fields(&self, out: &mut BytesMut) {
        if let Some(event) = self.event {
            write_field(b"event: ", event, out);
        }
        if let Some(id) = self.id {
            write_field(b"id: ", id, out);
        }
        if let Some(retry) = self.retry {
            // A `BytesMut` grows as needed and refuses nothing.
            let _ = writeln!(out, "retry: {}", retry.as_millis());
        }
    }
}

/// Appends a comment, which receivers ignore: it keeps an idle connection open.
///
/// Each line of `text` (ended by LF, CR or CRLF) becomes a comment of its own, so no text can turn
/// into fields. The blank line at the end serves receivers that split the stream at blank lines.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::transport::sse;
///
/// let mut out = BytesMut::new();
/// sse::write_comment("keep-alive", &mut out);
/// assert_eq!(out, ": keep-alive\n\n");
/// ```
pub fn write_comment(text: &str, out: &mut BytesMut) {
    for line in Lines(Some(text.as_bytes())) {
        out.extend_from_slice(b": ");
        out.extend_from_slice(line);
        out.extend_from_slice(b"\n");
    }
    out.extend_from_slice(b"\n");
}

fn write_field(name: &[u8], value: &str, out: &mut BytesMut) {
    out.extend_from_slice(name);
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\n");
}

fn single_line(text: &str) -> Result<&str, FieldError> {
    if text.contains(['\r', '\n']) { Err(FieldError::LineBreak) } else { Ok(text) }
}

/// The lines of a text, split at LF, CR and CRLF; an empty text is one empty line.
struct Lines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.0.take()?;
        let end = position(text, |byte| matches!(byte, b'\r' | b'\n'));
        let Some((line, rest)) = end.and_then(|end| text.split_at_checked(end)) else {
            return Some(text);
        };
        self.0 = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => Some(rest),
            [] => None,
        };
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: EventFields<'_>, data: &str) -> BytesMut {
        let mut out = BytesMut::new();
        fields.write(data.as_bytes(), &mut out);
        out
    }

    #[test]
    fn fields_are_written_in_order() {
        let fields = EventFields::new()
            .with_event("endpoint")
            .unwrap()
            .with_id("a b")
            .unwrap()
            .with_retry(Duration::from_micros(1_500_900));
        assert_eq!(
            written(fields, "/messages"),
            "event: endpoint\nid: a b\nretry: 1500\ndata: /messages\n\n"
        );
        assert_eq!(written(EventFields::new(), "{}"), "data: {}\n\n");
    }

    #[test]
    fn the_longest_retry_is_digits() {
        let out = written(EventFields::new().with_retry(Duration::MAX), "");
        assert_eq!(out, "retry: 18446744073709551615999\ndata: \n\n");
    }

    #[test]
    fn a_priming_event_has_an_id_and_empty_data() {
        assert_eq!(written(EventFields::new().with_id("0").unwrap(), ""), "id: 0\ndata: \n\n");
    }

    #[test]
    fn each_line_of_data_gets_a_field() {
        assert_eq!(
            written(EventFields::new(), "a\nb\rc\r\nd\n"),
            "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"
        );
        assert_eq!(written(EventFields::new(), "\n\r"), "data: \ndata: \ndata: \n\n");
    }

    #[test]
    fn line_breaks_in_fields_are_refused() {
        for text in ["a\nb", "a\r", "\r\n", "x\n\ndata: forged"] {
            assert_eq!(EventFields::new().with_event(text), Err(FieldError::LineBreak));
            assert_eq!(EventFields::new().with_id(text), Err(FieldError::LineBreak));
        }
        assert_eq!(EventFields::new().with_id("a\0"), Err(FieldError::Nul));
    }

    #[test]
    fn a_shared_payload_is_wrapped_as_it_would_be_written() {
        let mut prefix = BytesMut::new();
        EventFields::message().write_prefix(&mut prefix);
        assert_eq!(prefix, MESSAGE_PREFIX);
        assert_eq!(
            written(EventFields::message(), "{}"),
            [MESSAGE_PREFIX, b"{}", SUFFIX].concat()[..]
        );
    }

    #[test]
    fn no_comment_text_becomes_a_field() {
        let mut out = BytesMut::new();
        write_comment("a\n\ndata: x\r\rid: y", &mut out);
        assert_eq!(out, ": a\n: \n: data: x\n: \n: id: y\n\n");
    }
}
