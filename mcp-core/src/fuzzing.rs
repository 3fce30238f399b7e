//! Bodies of the fuzz targets: each must hold for any input.
//!
//! They are compiled with the tests of the crate and run by them on seeded inputs, so that they
//! keep up with it; the package `mcp-core/fuzz` gives each a coverage-guided target. To add one,
//! write the function, name it in [`TARGETS`], and add its target to that package.

#[cfg(feature = "client")]
mod client_ops;
mod envelope;
#[cfg(all(feature = "client", feature = "http"))]
mod http_client;
#[cfg(feature = "http")]
mod http_head;
mod session_ops;

#[cfg(feature = "client")]
pub use client_ops::client_ops;
pub use envelope::envelope;
#[cfg(all(feature = "client", feature = "http"))]
pub use http_client::http_client;
#[cfg(feature = "http")]
pub use http_head::http_head;
pub use session_ops::session_ops;

use alloc::vec::Vec;
use core::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::transport::sse::{DecodeError, Decoder, EventFields, SseEvent};
use crate::transport::stdio::{self, LineDecoder, LineError};

/// Every target.
pub const TARGETS: &[fn(&[u8])] = &[
    #[cfg(feature = "client")]
    client_ops,
    envelope,
    #[cfg(all(feature = "client", feature = "http"))]
    http_client,
    #[cfg(feature = "http")]
    http_head,
    line_decoder,
    session_ops,
    sse_decoder,
];

/// Chunking changes no line, buffering is bounded, and written lines are read back.
pub fn line_decoder(data: &[u8]) {
    let (limit, stream) = limit(data);

    let mut whole = LineDecoder::new().with_max_line_bytes(limit);
    whole.handle_bytes(Bytes::copy_from_slice(stream));
    whole.handle_eof();
    let lines: Vec<Result<Bytes, LineError>> = core::iter::from_fn(|| whole.poll_line()).collect();
    assert_eq!(whole.buffered_bytes(), 0, "nothing is left at the end");

    let mut pieces = LineDecoder::new().with_max_line_bytes(limit);
    let mut again = Vec::new();
    for (chunk, how) in chunks(stream) {
        match how {
            Push::Shared => pieces.handle_bytes(Bytes::copy_from_slice(chunk)),
            Push::Slice => pieces.handle_slice(chunk),
            Push::Unpolled => {
                pieces.handle_slice(chunk);
                continue;
            }
        }
        again.extend(core::iter::from_fn(|| pieces.poll_line()));
        assert!(pieces.wants_input());
        assert!(pieces.buffered_bytes() <= limit.saturating_add(1), "a line and its CR at most");
    }
    pieces.handle_eof();
    again.extend(core::iter::from_fn(|| pieces.poll_line()));
    assert_eq!(lines, again, "chunking changes nothing");

    let mut written = BytesMut::new();
    let mut good = Vec::new();
    for line in lines.into_iter().flatten() {
        assert!(line.len() <= limit && !line.is_empty() && !line.contains(&b'\n'));
        // A CR at the end of a line, or a mark at the start of the stream, is framing.
        if line.last() != Some(&b'\r') && !line.starts_with(b"\xEF\xBB\xBF") {
            stdio::write_line(&line, &mut written);
            good.push(line);
        }
    }
    let mut reader = LineDecoder::new().with_max_line_bytes(limit);
    reader.handle_bytes(written.freeze());
    let read: Vec<Bytes> =
        core::iter::from_fn(|| reader.poll_line()).map_while(Result::ok).collect();
    assert_eq!(good, read, "written lines are read back");
}

/// Chunking changes no event, buffering is bounded, and written events are read back.
pub fn sse_decoder(data: &[u8]) {
    let (limit, stream) = limit(data);

    let mut whole = Decoder::new().with_max_event_bytes(limit);
    whole.handle_bytes(Bytes::copy_from_slice(stream));
    whole.handle_eof();
    let events: Vec<Result<SseEvent, DecodeError>> =
        core::iter::from_fn(|| whole.poll_event()).collect();
    assert_eq!(whole.buffered_bytes(), 0, "nothing is left at the end");

    let mut pieces = Decoder::new().with_max_event_bytes(limit);
    let mut again = Vec::new();
    for (chunk, how) in chunks(stream) {
        match how {
            Push::Shared => pieces.handle_bytes(Bytes::copy_from_slice(chunk)),
            Push::Slice => pieces.handle_slice(chunk),
            Push::Unpolled => {
                pieces.handle_slice(chunk);
                continue;
            }
        }
        again.extend(core::iter::from_fn(|| pieces.poll_event()));
        assert!(pieces.wants_input());
        // Invalid bytes in a type or an id become characters of three bytes.
        assert!(pieces.buffered_bytes() <= limit.saturating_mul(3), "an event at most");
    }
    pieces.handle_eof();
    again.extend(core::iter::from_fn(|| pieces.poll_event()));
    assert_eq!(events, again, "chunking changes nothing");
    assert_eq!(whole.last_event_id(), pieces.last_event_id());
    assert_eq!(whole.comments(), pieces.comments());

    let good: Vec<SseEvent> = events.into_iter().flatten().collect();
    let mut written = BytesMut::new();
    for event in &good {
        assert!(event.data().len() <= limit);
        rewrite(event, &mut written);
    }
    let mut reader = Decoder::new().with_max_event_bytes(usize::MAX);
    reader.handle_bytes(written.freeze());
    let read: Vec<SseEvent> =
        core::iter::from_fn(|| reader.poll_event()).map_while(Result::ok).collect();
    assert_eq!(good, read, "written events are read back");
}

fn rewrite(event: &SseEvent, out: &mut BytesMut) {
    let fields = EventFields::new().with_event(event.event_type());
    let mut fields = fields.expect("a received type is one line");
    if let Some(id) = event.id() {
        fields = fields.with_id(id).expect("a received id is one line without NUL");
    }
    if let Some(retry) = event.retry() {
        assert!(retry <= Duration::from_millis(u64::MAX));
        fields = fields.with_retry(retry);
    }
    fields.write(event.data(), out);
}

/// The first byte of the input is the size limit (255: none worth mentioning), so that short
/// inputs reach it.
fn limit(data: &[u8]) -> (usize, &[u8]) {
    match data {
        [255, stream @ ..] => (data.len(), stream),
        [limit, stream @ ..] => (usize::from(*limit), stream),
        [] => (0, data),
    }
}

enum Push {
    Shared,
    Slice,
    /// The caller pushes on before it has polled.
    Unpolled,
}

/// Cuts a stream at places its own bytes choose.
fn chunks(mut stream: &[u8]) -> impl Iterator<Item = (&[u8], Push)> {
    let mut state = 0_u8;
    core::iter::from_fn(move || {
        let first = *stream.first()?;
        state = state.wrapping_mul(31).wrapping_add(first);
        let size = match state % 8 {
            0 => 16,
            small => usize::from(small).div_ceil(2),
        };
        let (chunk, rest) = stream.split_at(size.min(stream.len()));
        stream = rest;
        let push = match state / 8 % 4 {
            0 => Push::Unpolled,
            1 => Push::Slice,
            _ => Push::Shared,
        };
        Some((chunk, push))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of the formats under test: random bytes alone would hardly ever form one.
    const TOKENS: &[&[u8]] = &[
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xBB",
        b" ",
        b":",
        b"\0",
        b"data:",
        b"data: ",
        b"data",
        b"event: ",
        b"event:message",
        b"id: ",
        b"id",
        b"retry: ",
        b"retry:15",
        b"9",
        b": note",
        b"{\"jsonrpc\":\"2.0\",\"id\":1}",
        b"\xF0\x9F\xA6\x80",
        b"\xF0\x9F",
        b"\xE2\x80\xA8",
        b"\xFF",
        b"x",
    ];

    /// Pieces of messages.
    const JSON: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b" ",
        b"\n",
        b"1",
        b"-0.0",
        b"1e9",
        b"null",
        b"\"jsonrpc\":\"2.0\"",
        b"{\"jsonrpc\":\"2.0\",",
        b"\"id\":1",
        b"\"id\":\"a\"",
        b"\"id\":null",
        b"\"method\":\"a\"",
        b"\"Method\":\"a\"",
        b"\"m\\u0065thod\":\"\\u0061\"",
        b"\"params\":{}",
        b"\"params\":{\"a\":[1e999]}",
        b"\"param\xC5\xBF\":{}",
        b"\"result\":{}",
        b"\"result\":[\n]",
        b"\"error\":{\"code\":1,\"message\":\"m\",\"data\":[ ]}",
        b"\"x\":0",
        b"\xFF",
    ];

    /// The xorshift generator, for inputs that are the same in every run.
    struct Seeded(u64);

    impl Seeded {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % bound as u64).unwrap()
        }

        fn input(&mut self) -> Vec<u8> {
            let mut input = Vec::new();
            input.push([0, 1, 5, 9, 14, 30, 60, 255][self.below(8)]);
            for _ in 0..self.below(40) {
                match self.below(8) {
                    0 => input.push(self.below(256).try_into().unwrap()),
                    _ => input.extend_from_slice(TOKENS[self.below(TOKENS.len())]),
                }
            }
            input
        }
    }

    /// GHSA-3qhf-m339-9g5v, GHSA-j975-95f5-7wqh.
    #[test]
    fn messages_hold_for_seeded_inputs() {
        let mut seeded = Seeded(0x6d63_7063_6f64_6563);
        for _ in 0..20_000 {
            let mut input = Vec::new();
            if seeded.below(4) > 0 {
                // Members in any order, most of them well-formed.
                input.extend_from_slice(b"{\"jsonrpc\":\"2.0\"");
                for _ in 0..seeded.below(4) {
                    input.push(b',');
                    input.extend_from_slice(JSON[16 + seeded.below(JSON.len() - 16)]);
                }
                input.push(b'}');
            } else {
                for _ in 0..seeded.below(12) {
                    input.extend_from_slice(JSON[seeded.below(JSON.len())]);
                }
            }
            envelope(&input);
        }
    }

    /// GHSA-3qhf-m339-9g5v, GHSA-j975-95f5-7wqh.
    #[test]
    fn sessions_hold_for_seeded_operations() {
        let mut seeded = Seeded(0x6d63_7063_6f64_6563);
        for round in 0..4000 {
            let length = seeded.below(if round % 8 == 0 { 2000 } else { 200 });
            let input: Vec<u8> =
                (0..length).map(|_| seeded.below(256).try_into().unwrap()).collect();
            session_ops(&input);
        }
    }

    #[cfg(all(feature = "client", feature = "http"))]
    #[test]
    fn http_clients_hold_for_seeded_operations() {
        let mut seeded = Seeded(0x6d63_7063_6f64_6563);
        for round in 0..4000 {
            let length = seeded.below(if round % 8 == 0 { 2000 } else { 200 });
            let input: Vec<u8> =
                (0..length).map(|_| seeded.below(256).try_into().unwrap()).collect();
            http_client(&input);
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn http_servers_hold_for_seeded_operations() {
        let mut seeded = Seeded(0x6d63_7063_6f64_6563);
        for round in 0..4000 {
            let length = seeded.below(if round % 8 == 0 { 2000 } else { 200 });
            let input: Vec<u8> =
                (0..length).map(|_| seeded.below(256).try_into().unwrap()).collect();
            http_head(&input);
        }
    }

    #[test]
    fn targets_hold_for_seeded_inputs() {
        for target in TARGETS {
            target(b"");
            let mut seeded = Seeded(0x6d63_7063_6f64_6563);
            for _ in 0..4000 {
                target(&seeded.input());
            }
        }
    }
}
