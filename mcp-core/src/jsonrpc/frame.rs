//! Encoded messages.

use alloc::vec::Vec;
use core::fmt;

use bytes::{Bytes, BytesMut};

use super::{ErrorObject, RawJson, Reply};
use crate::id::RequestId;

/// Results above this many bytes are shared with the frame, smaller ones copied into it: below it
/// one buffer is cheaper to write than three.
pub(super) const SHARE_ABOVE: usize = 4096;

/// What messages begin with, and what precedes their id.
const OPEN: &[u8] = b"{\"jsonrpc\":\"2.0\"";
const ID: &[u8] = b",\"id\":";

const TAIL: Bytes = Bytes::from_static(b"}");

/// An encoded JSON-RPC message, ready for any transport.
///
/// It holds no line break, so a line-based transport can never be split by it, and a large result
/// stays shared with whoever else sends it.
///
/// ```
/// use mcp_core::jsonrpc::Frame;
///
/// let frame = Frame::notification("notifications/tools/list_changed", None);
/// assert_eq!(
///     frame.to_bytes(),
///     r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    head: Bytes,
    /// A shared result, and what closes the message after it, if that is not there with it.
    shared: Option<(Bytes, Bytes)>,
}

impl Frame {
    /// The response to the request `id`.
    #[must_use]
    pub fn response(id: &RequestId, reply: &Reply) -> Self {
        match reply {
            Ok(result) => Self::result(id, result),
            Err(error) => Self::error(Some(id), error),
        }
    }

    /// The successful response to the request `id`.
    #[must_use]
    pub fn result(id: &RequestId, result: &RawJson) -> Self {
        let mut buffer = open_response(Some(id), b",\"result\":", result.len());
        let line = result.on_one_line();
        if matches!(line, alloc::borrow::Cow::Borrowed(_)) && result.len() > SHARE_ABOVE {
            let shared = match result.to_closed() {
                Some(closed) => (closed, Bytes::new()),
                None => (result.clone().into_bytes(), TAIL),
            };
            return Self { head: buffer.freeze(), shared: Some(shared) };
        }
        buffer.extend_from_slice(&line);
        buffer.extend_from_slice(b"}");
        Self { head: buffer.freeze(), shared: None }
    }

    /// The failed response to the request `id`, or to one whose id could not be read.
    #[must_use]
    pub fn error(id: Option<&RequestId>, error: &ErrorObject) -> Self {
        let mut buffer = open_response(id, b",\"error\":", 128);
        buffer.extend_from_slice(b"{\"code\":");
        push_json(&mut buffer, &error.code().get());
        buffer.extend_from_slice(b",\"message\":");
        push_json(&mut buffer, error.message());
        if let Some(data) = error.data() {
            buffer.extend_from_slice(b",\"data\":");
            buffer.extend_from_slice(&data.on_one_line());
        }
        buffer.extend_from_slice(b"}}");
        Self { head: buffer.freeze(), shared: None }
    }

    /// A request of our own.
    #[must_use]
    pub fn request(id: &RequestId, method: &str, params: Option<&RawJson>) -> Self {
        Self::call(Some(id), method, params)
    }

    /// A notification.
    #[must_use]
    pub fn notification(method: &str, params: Option<&RawJson>) -> Self {
        Self::call(None, method, params)
    }

    /// Length of the encoded message in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a message has at least an envelope")]
    pub fn len(&self) -> usize {
        let shared = self.shared.as_ref().map_or(0, |(body, tail)| body.len() + tail.len());
        self.head.len() + shared
    }

    /// The encoded message in one to three pieces, none of them copied.
    #[must_use]
    pub fn into_chunks(self) -> Chunks {
        let (body, tail) = self.shared.unzip();
        let tail = tail.filter(|tail| !tail.is_empty());
        Chunks([Some(self.head), body, tail])
    }

    /// The encoded message, if it is in one piece.
    #[cfg(feature = "driver")]
    pub(crate) fn into_whole(self) -> Result<Bytes, Chunks> {
        if self.shared.is_some() { Err(self.into_chunks()) } else { Ok(self.head) }
    }

    /// The encoded message in one piece; copies only if it is shared.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.shared.is_none() { self.head } else { self.to_bytes() }
    }

    /// The encoded message in one piece, shared; copies only if it is shared already.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let Some((body, tail)) = &self.shared else {
            return self.head.clone();
        };
        let mut whole = BytesMut::with_capacity(self.len());
        whole.extend_from_slice(&self.head);
        whole.extend_from_slice(body);
        whole.extend_from_slice(tail);
        whole.freeze()
    }

    fn call(id: Option<&RequestId>, method: &str, params: Option<&RawJson>) -> Self {
        let params_len = params.map_or(0, RawJson::len);
        let mut buffer = BytesMut::with_capacity(64 + method.len() + params_len);
        buffer.extend_from_slice(OPEN);
        push_id(&mut buffer, id);
        buffer.extend_from_slice(b",\"method\":");
        push_json(&mut buffer, method);
        if let Some(params) = params {
            buffer.extend_from_slice(b",\"params\":");
            buffer.extend_from_slice(&params.on_one_line());
        }
        buffer.extend_from_slice(b"}");
        Self { head: buffer.freeze(), shared: None }
    }
}

impl fmt::Debug for Frame {
    /// Shows the size alone: payloads can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.len())
    }
}

/// The pieces of a [`Frame`], in order.
#[derive(Clone, Debug)]
pub struct Chunks([Option<Bytes>; 3]);

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let [first, second, third] = &mut self.0;
        let next = core::mem::replace(first, second.take());
        *second = third.take();
        next
    }
}

fn open_response(id: Option<&RequestId>, member: &[u8], body: usize) -> BytesMut {
    let body = if body > SHARE_ABOVE { 0 } else { body };
    // To the byte for a result: bytes with room behind them are shared at the cost of one more
    // allocation.
    let id_len = id.map_or(0, |id| ID.len() + id.as_json_bytes().len());
    let mut buffer = BytesMut::with_capacity(OPEN.len() + id_len + member.len() + body + 1);
    buffer.extend_from_slice(OPEN);
    push_id(&mut buffer, id);
    buffer.extend_from_slice(member);
    buffer
}

fn push_id(buffer: &mut BytesMut, id: Option<&RequestId>) {
    if let Some(id) = id {
        buffer.extend_from_slice(ID);
        buffer.extend_from_slice(id.as_json_bytes());
    }
}

/// Appends a string or a number, which always have a JSON form.
fn push_json<T: serde::Serialize + ?Sized>(buffer: &mut BytesMut, value: &T) {
    let json: Vec<u8> = serde_json::to_vec(value).unwrap_or_default();
    buffer.extend_from_slice(&json);
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;
    use crate::jsonrpc::ErrorCode;

    fn id(json: &'static str) -> RequestId {
        RequestId::from_json(json).unwrap()
    }

    /// STDIO-02: a line break inside a message would end it early.
    #[test]
    fn a_frame_never_holds_a_line_break() {
        let pretty = RawJson::parse("{\n \"a\":\r\n [1,\n2], \"s\": \"x\\ny\"}").unwrap();
        let frames = [
            Frame::result(&id("1"), &pretty),
            Frame::notification("n\n", Some(&pretty)),
            Frame::request(&id("\"a\""), "m", Some(&pretty)),
            Frame::error(
                None,
                &ErrorObject::new(ErrorCode::PARSE_ERROR, "a\nb").with_data(pretty.clone()),
            ),
        ];
        for frame in frames {
            let bytes = frame.to_bytes();
            assert!(!bytes.iter().any(|b| matches!(b, b'\n' | b'\r')), "{bytes:?}");
            assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
    }

    /// case_64: the id comes back as it was sent.
    #[test]
    fn case_64_ids_are_echoed_by_their_text() {
        for json in ["1", "1.0", "\"1\"", "9007199254740993", "\"\\u0061\""] {
            let frame = Frame::result(&id(json), &RawJson::EMPTY_OBJECT).to_bytes();
            let expected = alloc::format!("{{\"jsonrpc\":\"2.0\",\"id\":{json},\"result\":{{}}}}");
            assert_eq!(frame, expected.as_bytes());
        }
    }

    #[test]
    fn a_large_result_is_shared_and_reads_the_same() {
        let body = alloc::format!("[{}0]", "0,".repeat(SHARE_ABOVE));
        let result = RawJson::parse(body.clone()).unwrap();
        let frame = Frame::result(&id("7"), &result);
        let chunks: Vec<Bytes> = frame.clone().into_chunks().collect();
        assert_eq!(chunks.len(), 3);
        assert_eq!(chunks[1].as_ptr(), result.as_bytes().as_ptr(), "no copy");
        assert_eq!(chunks.concat(), frame.to_bytes());
        assert_eq!(frame.len(), frame.to_bytes().len());
        assert_eq!(frame.to_bytes(), whole(&body));
    }

    /// What closes a message after a large result would else be written to the socket by itself.
    #[test]
    fn a_large_result_of_ours_leaves_in_one_piece_with_what_closes_the_message() {
        for length in [SHARE_ABOVE - 2, SHARE_ABOVE - 1, SHARE_ABOVE * 2] {
            let text = "x".repeat(length);
            let result = RawJson::from_value(&text).unwrap();
            assert_eq!(result.as_str(), alloc::format!("\"{text}\""));
            assert_eq!(result.len(), length + 2);
            assert_eq!(result, RawJson::parse(result.as_str().to_owned()).unwrap());
            assert_eq!(result.clone().into_bytes(), result.detached().into_bytes());
            let frame = Frame::result(&id("7"), &result);
            assert_eq!(frame.to_bytes(), whole(result.as_str()));
            assert_eq!(frame.len(), frame.to_bytes().len());
            let chunks: Vec<Bytes> = frame.into_chunks().collect();
            assert_eq!(chunks.len(), if result.len() > SHARE_ABOVE { 2 } else { 1 });
        }
    }

    fn whole(result: &str) -> alloc::string::String {
        alloc::format!(r#"{{"jsonrpc":"2.0","id":7,"result":{result}}}"#)
    }
}
