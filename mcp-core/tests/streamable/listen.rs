//! The stream a client opens with GET.

use mcp_core::session::Outgoing;

use crate::support::{VERSIONS, Web, call, secs};

/// SHTTP-L03, SHTTP-L07, case_31: the first byte is there at once; an event to resume from only
/// for those who know it.
#[test]
fn case_31_the_first_bytes_come_at_once() {
    for version in VERSIONS {
        let web = Web::new();
        let client = web.join(version);
        let mut reader = client.listen(&web);
        reader.pull(web.now);
        let expected: &[u8] = match version {
            "2025-11-25" => b"id: 0-1\nretry: 1000\ndata: \n\n",
            _ => b": open\n\n",
        };
        assert_eq!(reader.bytes, expected, "{version}");
    }
}

/// case_21: a new GET takes the stream over, the old one ends.
#[test]
fn case_21_a_new_stream_takes_over() {
    let web = Web::new();
    let client = web.join("2025-06-18");
    let mut old = client.listen(&web);
    assert!(client.announce(&web, "one"));
    assert_eq!(old.read(web.now), ["one"]);
    let mut new = client.listen(&web);
    assert!(client.announce(&web, "two"));
    assert!(old.read(web.now).is_empty());
    assert!(old.stream.is_ended());
    drop(old);
    assert!(client.announce(&web, "three"));
    assert_eq!(new.read(web.now), ["two", "three"], "the end of the old one changes nothing");
}

/// case_09: what is said before there is a stream waits for it, within bounds.
#[test]
fn case_09_messages_wait_for_a_stream() {
    let mut web = Web::with(|config| config.session.limits.parked_frames = 3);
    let mut client = web.join("2025-06-18");
    for text in ["one", "two", "three"] {
        assert!(client.announce(&web, text));
    }
    assert!(!client.announce(&web, "four"), "handed back");
    let asked = client.slot.lock().request(web.now, Outgoing::new("ping", None));
    assert!(asked.is_err());
    web.pass(secs(3600));
    client.slot.lock().handle_timeout(web.now);
    let mut exchange = client.ask(&web, call(1));
    client.answer(&web, 1, "served all the same");
    assert!(exchange.poll_answer(web.now).is_some());
    assert_eq!(client.closed, 0, "nobody has stalled");
    let mut reader = client.listen(&web);
    assert!(client.announce(&web, "five"));
    assert_eq!(reader.read(web.now), ["one", "two", "three", "five"]);
    drop(reader);
    assert!(client.announce(&web, "six"), "and again");
}

/// case_09: the same by bytes.
#[test]
fn case_09_waiting_messages_are_bounded_in_bytes() {
    let web = Web::with(|config| config.session.limits.parked_bytes = 10_000);
    let client = web.join("2025-06-18");
    let taken = (0..100).filter(|_| client.announce(&web, &"x".repeat(1000))).count();
    assert!((8..=10).contains(&taken), "{taken}");
}

/// case_09: a question that nobody has heard is taken back when its time is over.
#[test]
fn case_09_an_unheard_question_expires() {
    let mut web = Web::new();
    let mut client = web.join("2025-06-18");
    client.slot.lock().request(web.now, Outgoing::new("roots/list", None)).unwrap();
    web.pass(secs(60));
    client.slot.lock().handle_timeout(web.now);
    client.watch();
    assert_eq!(client.responses, ["the request was not sent"]);
    let mut reader = client.listen(&web);
    assert!(reader.read(web.now).is_empty());
}

/// case_18, case_38: the session outlives its stream; a stream opened anew repeats nothing.
#[test]
fn case_38_a_fresh_stream_repeats_nothing() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut reader = client.listen(&web);
    assert!(client.announce(&web, "one"));
    assert_eq!(reader.read(web.now), ["prime", "one"]);
    drop(reader);
    assert!(client.announce(&web, "two"));
    let mut reader = client.listen_after(&web, Some(""));
    assert_eq!(reader.read(web.now), ["prime", "two"]);
    client.watch();
    assert_eq!(client.closed, 0);
}
