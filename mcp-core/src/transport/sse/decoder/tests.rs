use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

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
