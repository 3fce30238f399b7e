//! The line and SSE decoders give the same result however a stream is cut, and the result a naive
//! reading of the whole stream gives.

use core::iter;

use bytes::{Bytes, BytesMut};
use mcp_core::transport::sse::{self, DecodeError, Decoder, EventFields, SseEvent};
use mcp_core::transport::stdio::{self, LineDecoder, LineError};
use proptest::prelude::*;

const MIB: usize = 1024 * 1024;

/// Feeds a stream in chunks, polling after each, and ends it.
fn lines<'a>(
    mut decoder: LineDecoder,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Result<Bytes, LineError>> {
    let mut lines = Vec::new();
    for chunk in chunks {
        decoder.handle_bytes(Bytes::copy_from_slice(chunk));
        lines.extend(iter::from_fn(|| decoder.poll_line()));
    }
    decoder.handle_eof();
    lines.extend(iter::from_fn(|| decoder.poll_line()));
    lines
}

/// Feeds a stream in chunks, polling after each, and ends it.
fn events<'a>(
    decoder: &mut Decoder,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Result<SseEvent, DecodeError>> {
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.handle_bytes(Bytes::copy_from_slice(chunk));
        events.extend(iter::from_fn(|| decoder.poll_event()));
    }
    decoder.handle_eof();
    events.extend(iter::from_fn(|| decoder.poll_event()));
    events
}

/// The data of every event of a stream whose events are all good.
fn data<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Bytes> {
    let events = events(&mut Decoder::new(), chunks);
    events.into_iter().map(|event| event.unwrap().into_data()).collect()
}

/// A stream in two pieces, for every place it can be cut at.
fn every_cut(stream: &[u8]) -> impl Iterator<Item = [&[u8]; 2]> {
    (0..=stream.len()).map(|at| stream.split_at(at).into())
}

/// A stream cut into pieces of the given sizes, over and over.
fn cut<'a>(mut stream: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at((*size).min(stream.len()));
        chunks.push(chunk);
        stream = rest;
    }
    chunks
}

#[test]
fn case_23_lf_cr_and_crlf_mix_at_every_cut() {
    let stream = b"data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\ndata: e\n\r\n";
    let expected = ["a", "b", "c", "d", "e"];
    assert_eq!(data(stream.chunks(1)), expected);
    for pieces in every_cut(stream) {
        assert_eq!(data(pieces), expected);
    }
}

#[test]
fn case_24_crlf_split_across_chunks_makes_no_phantom_line() {
    let stream = b"event: x\r\ndata: a\r\ndata: b\r\nid: 1\r\n\r\ndata: c\r\n\r\n";
    let whole = events(&mut Decoder::new(), [&stream[..]]);
    assert_eq!(whole.len(), 2);
    assert_eq!(whole[0].as_ref().unwrap().data(), "a\nb");
    for at in (1..stream.len()).filter(|&at| stream[at - 1..=at] == *b"\r\n") {
        let (start, rest) = stream.split_at(at);
        assert_eq!(events(&mut Decoder::new(), [start, rest]), whole);
        assert_eq!(events(&mut Decoder::new(), [start, b"", rest]), whole);
    }
}

#[test]
fn case_25_data_lines_join_and_code_points_survive_any_cut() {
    let stream = "data: {\"crab\":\ndata: \"\u{1f980}\u{2028}é\"}\n\n";
    let expected = ["{\"crab\":\n\"\u{1f980}\u{2028}é\"}"];
    assert_eq!(data(stream.as_bytes().chunks(1)), expected);
    for pieces in every_cut(stream.as_bytes()) {
        assert_eq!(data(pieces), expected);
    }
}

#[test]
fn case_26_comments_marks_unknown_fields_and_missing_spaces_are_no_errors() {
    let stream =
        b"\xEF\xBB\xBF: keepalive\n\n:\n:again\r\nfoo: bar\nbaz\nevent:message\ndata:{}\n\n";
    for pieces in every_cut(stream) {
        let mut decoder = Decoder::new();
        let events = events(&mut decoder, pieces);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].as_ref().unwrap().data(), "{}");
        assert_eq!(decoder.comments(), 3, "the idle timer can see them");
    }
}

#[test]
fn case_27_priming_event_gives_its_id_and_nothing_to_parse() {
    for stream in [&b"id: 5\ndata: \n\n"[..], b"id: 5\ndata:\n\n", b"id: 5\n\n", b"id:5\r\rdata"] {
        let mut decoder = Decoder::new();
        let events = events(&mut decoder, [stream]);
        assert_eq!(events.len(), 1);
        let event = events[0].as_ref().unwrap();
        assert!(event.is_empty());
        assert_eq!(event.id(), Some("5"));
        assert_eq!(decoder.last_event_id(), Some("5"));
    }
    let mut out = BytesMut::new();
    EventFields::new().with_id("5").unwrap().write(b"", &mut out);
    assert_eq!(out, "id: 5\ndata: \n\n");
}

#[test]
fn case_28_event_over_the_cap_is_named_and_the_next_is_read() {
    let mut stream = b"data: ".to_vec();
    stream.resize(stream.len() + MIB, b'x');
    stream.extend_from_slice(b"\n\n");
    assert_eq!(data([&stream[..]])[0].len(), MIB, "1 MiB is within the default cap");

    stream.extend_from_slice(b"data: next\n\n");
    for size in [stream.len(), 4096] {
        let mut small = Decoder::new().with_max_event_bytes(64 * 1024);
        let events = events(&mut small, stream.chunks(size));
        assert_eq!(events.len(), 2);
        assert_eq!(events[0], Err(DecodeError::TooLarge { limit: 64 * 1024 }));
        assert_eq!(events[1].as_ref().unwrap().data(), "next");
    }
    assert_eq!(Decoder::new().max_event_bytes(), 4 * MIB);
}

#[test]
fn case_28_an_endless_event_is_refused_once_and_memory_stays_bounded() {
    let mut decoder = Decoder::new();
    let mut errors = Vec::new();
    let line = Bytes::from([&b"data: "[..], &[b'x'; 64 * 1024], b"\n"].concat());
    for _ in 0..160 {
        decoder.handle_bytes(line.clone());
        errors.extend(iter::from_fn(|| decoder.poll_event()));
        assert!(decoder.buffered_bytes() <= decoder.max_event_bytes());
    }
    assert_eq!(errors, [Err(DecodeError::TooLarge { limit: 4 * MIB })]);
}

#[test]
fn case_29_nothing_is_delivered_before_the_dispatch_line() {
    let mut decoder = Decoder::new();
    let (last, rest) = b"event: message\ndata: {\"a\":\ndata: 1}\n\n".split_last().unwrap();
    for byte in rest.chunks(1) {
        decoder.handle_slice(byte);
        assert_eq!(decoder.poll_event(), None);
    }
    decoder.handle_slice(&[*last]);
    let event = decoder.poll_event().unwrap().unwrap();
    assert_eq!(event.data(), "{\"a\":\n1}", "whole, and once");
    assert_eq!(decoder.poll_event(), None);
}

#[test]
fn case_29_ten_megabytes_in_one_byte_chunks_take_linear_time() {
    let mut decoder = Decoder::new().with_max_event_bytes(16 * MIB);
    decoder.handle_slice(b"data: ");
    for _ in 0..10 * MIB {
        decoder.handle_bytes(Bytes::from_static(b"x"));
        assert!(decoder.poll_event().is_none());
    }
    decoder.handle_slice(b"\n\n");
    assert_eq!(decoder.poll_event().unwrap().unwrap().data().len(), 10 * MIB);
}

#[test]
fn case_29_half_a_million_data_lines_take_linear_time() {
    let mut stream = b"data\n".repeat(MIB / 2);
    stream.push(b'\n');
    let data = data(stream.chunks(64 * 1024));
    assert_eq!(data[0].len(), MIB / 2 - 1);
}

#[test]
fn case_51_ten_megabytes_in_one_byte_chunks_take_linear_time() {
    let mut decoder = LineDecoder::new().with_max_line_bytes(16 * MIB);
    for _ in 0..10 * MIB {
        decoder.handle_bytes(Bytes::from_static(b"x"));
        assert!(decoder.poll_line().is_none());
    }
    decoder.handle_slice(b"\n");
    assert_eq!(decoder.poll_line().unwrap().unwrap().len(), 10 * MIB);
}

#[test]
fn case_51_unpolled_one_byte_chunks_take_linear_time() {
    let mut decoder = LineDecoder::new();
    for _ in 0..MIB {
        decoder.handle_slice(b"x");
    }
    decoder.handle_slice(b"\n");
    assert_eq!(decoder.poll_line().unwrap().unwrap().len(), MIB);
}

#[test]
fn case_51_an_endless_line_is_refused_once_and_memory_stays_bounded() {
    let mut decoder = LineDecoder::new();
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut errors = Vec::new();
    for _ in 0..160 {
        decoder.handle_bytes(chunk.clone());
        errors.extend(iter::from_fn(|| decoder.poll_line()));
        assert!(decoder.buffered_bytes() <= decoder.max_line_bytes());
    }
    assert_eq!(errors, [Err(LineError::TooLong { limit: 4 * MIB })]);
    decoder.handle_slice(b"\n{}\n");
    assert_eq!(decoder.poll_line(), Some(Ok(Bytes::from_static(b"{}"))));
}

/// STDIO-03.
#[test]
fn case_60_unicode_line_separators_do_not_split_lines() {
    let line = "{\"text\":\"a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\"}";
    let stream = format!("{line}\n{line}\r\n");
    for pieces in every_cut(stream.as_bytes()) {
        let lines = lines(LineDecoder::new(), pieces);
        assert_eq!(lines, [Ok(Bytes::from(line)), Ok(Bytes::from(line))]);
    }
}

#[test]
fn case_61_crlf_marks_and_bad_utf8_are_taken_and_only_lf_is_sent() {
    let stream = b"\xEF\xBB\xBF{\"id\":1}\r\n\x81\xFE\r\n{\"id\":2}\r\n";
    for pieces in every_cut(stream) {
        let lines = lines(LineDecoder::new(), pieces);
        let expected = [&b"{\"id\":1}"[..], b"\x81\xFE", b"{\"id\":2}"];
        assert_eq!(lines, expected.map(|line| Ok(Bytes::from_static(line))));
    }
    let mut out = BytesMut::new();
    stdio::write_line(b"{}", &mut out);
    assert_eq!(out, "{}\n");
}

#[test]
fn case_63_caps_count_bytes_not_characters() {
    let crabs = "\u{1f980}".repeat(4);
    assert_eq!(crabs.len(), 16);
    for (limit, fits) in [(16, true), (15, false)] {
        let decoder = LineDecoder::new().with_max_line_bytes(limit);
        let lines = lines(decoder, [format!("{crabs}\n").as_bytes()]);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].is_ok(), fits);

        let mut decoder = Decoder::new().with_max_event_bytes("data:".len() + limit);
        let events = events(&mut decoder, [format!("data:{crabs}\n\n").as_bytes()]);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].is_ok(), fits);
    }
}

/// Pieces of both formats: random bytes alone would hardly ever form a line that means something.
#[rustfmt::skip]
const TOKENS: &[&[u8]] = &[
    b"\n", b"\n", b"\n\n", b"\r", b"\r\n", b" ", b":", b"data", b"data:", b"data: a", b"event: b",
    b"event", b"event:message", b"id: c", b"id:", b"id:\0", b"retry: 15", b"retry: x", b"dat",
    b": note", b"{\"id\":1}", b"\xEF\xBB\xBF", b"\xEF\xBB", b"\xF0\x9F\xA6\x80", b"\xE2\x80\xA8",
    b"\x80",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        8 => prop::sample::select(TOKENS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(token, 0..32).prop_map(|tokens| tokens.concat())
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..9, 1..8)
}

fn limits() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..24, Just(4 * MIB)]
}

/// The lines of a whole stream, without regard to cost.
fn reference_lines(limit: usize, stream: &[u8]) -> Vec<Result<Bytes, LineError>> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let lines = stream.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let results = lines.map(|line| match line {
        long if long.len() > limit => Err(LineError::TooLong { limit }),
        line => Ok(Bytes::copy_from_slice(line)),
    });
    let blank = |line: &Bytes| line.iter().all(|byte| b" \t\r".contains(byte));
    results.filter(|line| !line.as_ref().is_ok_and(blank)).collect()
}

/// What an event brings, in comparable form: type, data, id, retry.
type Brought = (String, Vec<u8>, Option<String>, Option<u128>);

fn brought(event: SseEvent) -> Brought {
    (
        event.event_type().to_owned(),
        event.data().to_vec(),
        event.id().map(str::to_owned),
        event.retry().map(|retry| retry.as_millis()),
    )
}

/// The events of a whole stream, without regard to cost.
fn reference_events(limit: usize, stream: &[u8]) -> Vec<Result<Brought, DecodeError>> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut text = Vec::new();
    for (at, byte) in stream.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && stream[at - 1] == b'\r' => {}
            b'\r' => text.push(b'\n'),
            other => text.push(*other),
        }
    }
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let (unfinished, lines) = lines.split_last().unwrap();
    let mut blocks: Vec<Vec<&[u8]>> = lines.split(|line| line.is_empty()).map(Vec::from).collect();
    let mut cut_off = blocks.pop().unwrap();
    cut_off.push(unfinished);
    blocks.push(cut_off);

    let mut events = Vec::new();
    let last = blocks.len() - 1;
    for (at, mut block) in blocks.into_iter().enumerate() {
        block.retain(|line| !line.starts_with(b":"));
        if block.concat().len() > limit {
            events.push(Err(DecodeError::TooLarge { limit }));
        } else if at < last {
            events.extend(reference_event(&block).map(Ok));
        }
    }
    events
}

fn reference_event(block: &[&[u8]]) -> Option<Brought> {
    let (mut event, mut data, mut id, mut retry) = (String::new(), None, None, None);
    for line in block {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap();
        let value = parts.next().unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let text = String::from_utf8_lossy(value).into_owned();
        match name {
            b"event" => event = text,
            b"data" => data.get_or_insert_with(Vec::new).push(value),
            b"id" if !value.contains(&0) => id = Some(text),
            b"retry" if value.iter().all(u8::is_ascii_digit) => retry = text.parse().ok().or(retry),
            _ => {}
        }
    }
    if data.is_none() && id.is_none() && retry.is_none() {
        return None;
    }
    let event = if event.is_empty() { "message".to_owned() } else { event };
    Some((event, data.unwrap_or_default().join(&b'\n'), id, retry))
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn lines_are_those_of_the_reference_for_any_chunking(
        stream in stream(), sizes in sizes(), limit in limits(),
    ) {
        let decoder = LineDecoder::new().with_max_line_bytes(limit);
        prop_assert_eq!(lines(decoder, cut(&stream, &sizes)), reference_lines(limit, &stream));
    }

    #[test]
    fn events_are_those_of_the_reference_for_any_chunking(
        stream in stream(), sizes in sizes(), limit in limits(),
    ) {
        let mut decoder = Decoder::new().with_max_event_bytes(limit);
        let events = events(&mut decoder, cut(&stream, &sizes));
        let events: Vec<_> = events.into_iter().map(|event| event.map(brought)).collect();
        prop_assert_eq!(&events, &reference_events(limit, &stream));
        if events.iter().all(Result::is_ok) {
            let last = events.into_iter().flatten().filter_map(|event| event.2).next_back();
            prop_assert_eq!(decoder.last_event_id(), last.as_deref().filter(|id| !id.is_empty()));
        }
    }

    #[test]
    fn written_events_are_read_back_for_any_chunking(
        data in "(?s).{0,40}", id in "[^\0\r\n]{0,8}", comment in "(?s).{0,16}", sizes in sizes(),
    ) {
        let mut out = BytesMut::new();
        sse::write_comment(&comment, &mut out);
        EventFields::message().with_id(&id)?.write(data.as_bytes(), &mut out);
        let mut decoder = Decoder::new();
        let events = events(&mut decoder, cut(&out, &sizes));
        prop_assert_eq!(events.len(), 1);
        let event = events[0].clone()?;
        prop_assert_eq!(event.id(), Some(&*id));
        let normal = data.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(event.data(), normal.as_bytes());
        prop_assert!(decoder.comments() > 0);
    }
}
