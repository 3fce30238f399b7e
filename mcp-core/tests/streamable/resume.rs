//! Streams that were cut, and the rest of them.

use http::StatusCode;
use mcp_core::transport::http::MemoryEvents;
use mcp_core::transport::sse::Decoder;

use crate::support::{Client, VERSIONS, Web, call, full, secs, short};

fn refused_after(client: &Client, web: &Web, last: &str) {
    let request = client.signed(Web::getting()).header("last-event-id", last);
    let said = web.turned_away(request);
    assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, -32600), "{last}");
    assert_eq!(said.body["error"]["data"]["reason"], "unknown_event_id");
}

/// SHTTP-L16..L19, case_36: cut at every byte, before and after the handler is done; what came
/// before and after the cut is the whole, once.
#[test]
fn case_36_a_stream_cut_at_every_byte_resumes_to_one_answer() {
    for version in VERSIONS {
        for answered_before in [true, false] {
            let whole = {
                let web = Web::new();
                let mut client = web.join(version);
                let mut reader = client.stream(&web, 1);
                client.log(&web, 1, "half");
                client.answer(&web, 1, "done");
                reader.pull(web.now);
                reader.bytes
            };
            for cut in 0..=whole.len() {
                let web = Web::new();
                let mut client = web.join(version);
                let mut reader = client.stream(&web, 1);
                client.log(&web, 1, "half");
                if answered_before {
                    client.answer(&web, 1, "done");
                }
                reader.pull(web.now);
                let sent = reader.bytes.clone();
                drop(reader);
                if !answered_before {
                    client.answer(&web, 1, "done");
                }
                let mut decoder = Decoder::new();
                decoder.handle_slice(&sent[..cut.min(sent.len())]);
                let mut came: Vec<String> = core::iter::from_fn(|| decoder.poll_event())
                    .map(|event| short(event.unwrap().data()))
                    .collect();
                let Some(last) = decoder.last_event_id() else {
                    assert!(came.is_empty(), "nothing to go on from");
                    continue;
                };
                let mut rest = client.listen_after(&web, Some(last));
                came.extend(rest.read(web.now));
                came.retain(|it| it != "prime");
                assert_eq!(came, ["started", "half", "1=done"], "{version} at {cut}");
                assert!(rest.stream.is_ended());
            }
        }
    }
}

/// case_34, GHSA-84j6-jc92-77jm; SHTTP-L19: what is repeated belongs to the stream that was cut.
#[test]
fn case_34_streams_do_not_mix() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut standing = client.listen(&web);
    let (mut one, mut two) = (client.stream(&web, 1), client.stream(&web, 2));
    for reader in [&mut standing, &mut one, &mut two] {
        reader.pull(web.now);
        while reader.decoder.poll_event().is_some() {}
    }
    let lasts = [standing.last(), one.last(), two.last()].map(Option::unwrap);
    assert_eq!(lasts, ["0-1", "2-2", "3-2"], "SHTTP-L14, SHTTP-L15");
    drop((standing, one, two));
    client.log(&web, 2, "of two");
    assert!(client.announce(&web, "of none"));
    client.answer(&web, 1, "a");
    client.answer(&web, 2, "b");
    let expected = [&["of none"][..], &["1=a"], &["of two", "2=b"]];
    for (last, expected) in lasts.iter().zip(expected) {
        assert_eq!(client.listen_after(&web, Some(last)).read(web.now), expected);
    }
    // And across sessions: the same ids mean nothing there.
    let other = web.join("2025-11-25");
    for last in &lasts {
        refused_after(&other, &web, last);
    }
}

/// SHTTP-L17, SHTTP-L18: a stream goes on where its work still does.
#[test]
fn a_stream_goes_on_after_the_rest_of_it() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut reader = client.stream(&web, 1);
    assert_eq!(reader.read(web.now), ["prime", "started"]);
    let last = reader.last();
    drop(reader);
    client.log(&web, 1, "unheard");
    let mut resumed = client.listen_after(&web, last.as_deref());
    assert_eq!(resumed.read(web.now), ["unheard"]);
    assert!(!resumed.stream.is_ended());
    client.log(&web, 1, "heard");
    client.answer(&web, 1, "done");
    assert_eq!(resumed.read(web.now), ["heard", "1=done"]);
    assert!(resumed.stream.is_ended());
    let again = resumed.last();
    assert!(client.listen_after(&web, again.as_deref()).read(web.now).is_empty());
}

/// case_21 for the answer to a POST: whoever resumes takes over.
#[test]
fn resuming_takes_a_stream_over() {
    let web = Web::new();
    let mut client = web.join("2025-06-18");
    let mut old = client.stream(&web, 1);
    assert_eq!(old.read(web.now), ["started"]);
    let mut new = client.listen_after(&web, old.last().as_deref());
    client.answer(&web, 1, "done");
    old.pull(web.now);
    assert!(old.stream.is_ended());
    assert_eq!(new.read(web.now), ["1=done"], "SHTTP-L06");
}

/// An id that cannot be gone on from is an error, not a stream without events.
#[test]
fn a_bad_last_event_id_is_an_error() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut exchange = client.ask(&web, call(1));
    client.answer(&web, 1, "json");
    full(exchange.poll_answer(web.now));
    let mut reader = client.listen(&web);
    reader.pull(web.now);
    let no_ids = ["x", "0", "-", "0-", "-1", "0-0", "0-2", "0-01", "+0-1", "0-1-1", "0- 1", "2-1"];
    let too_large = ["99999999999999999999-1", "0-99999999999999999999", "18446744073709551615-1"];
    for last in no_ids.into_iter().chain(too_large) {
        refused_after(&client, &web, last);
    }
    let twice = client.signed(Web::getting());
    let twice = twice.header("last-event-id", "0-1").header("last-event-id", "0-1");
    assert_eq!(web.turned_away(twice).status, StatusCode::BAD_REQUEST);
    assert!(client.announce(&web, "still there"));
    assert_eq!(reader.read(web.now), ["prime", "still there"], "nothing was taken over");
}

/// What is kept is bounded by session, in all, and in time; beyond it resuming is refused, never
/// incomplete.
#[test]
fn what_is_kept_is_bounded() {
    let bounds: [fn(MemoryEvents) -> MemoryEvents; 2] =
        [|events| events.with_session_bytes(3000), |events| events.with_total_bytes(3000)];
    for bound in bounds {
        let web = Web::keeping(bound(MemoryEvents::default()), |_| {});
        let mut client = web.join("2025-11-25");
        let mut reader = client.stream(&web, 1);
        assert_eq!(reader.read(web.now), ["prime", "started"]);
        let first = reader.last().unwrap();
        for _ in 0..100 {
            client.log(&web, 1, &"x".repeat(500));
            reader.read(web.now);
            assert!(web.events.bytes() <= 3000);
        }
        let last = reader.last().unwrap();
        client.answer(&web, 1, "done");
        drop(reader);
        refused_after(&client, &web, &first);
        assert_eq!(client.listen_after(&web, Some(&last)).read(web.now), ["1=done"]);
        drop((client, web.server));
        assert_eq!(web.events.bytes(), 0, "case_49");
    }
}

#[test]
fn what_is_kept_is_forgotten_in_time() {
    let events = MemoryEvents::default().with_age(secs(60));
    let mut web = Web::keeping(events, |_| {});
    let mut client = web.join("2025-11-25");
    let mut standing = client.listen(&web);
    let mut reader = client.stream(&web, 1);
    client.answer(&web, 1, "done");
    assert_eq!(reader.read(web.now), ["prime", "started", "1=done"]);
    standing.read(web.now);
    let kept = web.events.bytes();
    assert!(kept > 0);
    web.pass(secs(59));
    let _ = web.server.handle_timeout(web.now);
    assert_eq!(web.events.bytes(), kept);
    web.pass(secs(10));
    let _ = web.server.handle_timeout(web.now);
    assert_eq!(web.events.bytes(), 0);
    refused_after(&client, &web, "2-2");
    let mut resumed = client.listen_after(&web, standing.last().as_deref());
    assert!(resumed.read(web.now).is_empty(), "nothing is missing from this one");
    assert!(client.announce(&web, "on"));
    assert_eq!(resumed.read(web.now), ["on"]);
}

/// An event too large to be kept leaves a gap, and nobody resumes across it.
#[test]
fn an_event_too_large_to_keep_is_a_gap() {
    let web = Web::keeping(MemoryEvents::default().with_session_bytes(2000), |_| {});
    let mut client = web.join("2025-11-25");
    let mut reader = client.stream(&web, 1);
    reader.read(web.now);
    let before = reader.last().unwrap();
    client.log(&web, 1, &"x".repeat(5000));
    reader.read(web.now);
    let behind = reader.last().unwrap();
    drop(reader);
    client.answer(&web, 1, "done");
    refused_after(&client, &web, &before);
    assert_eq!(client.listen_after(&web, Some(&behind)).read(web.now), ["1=done"]);
}
