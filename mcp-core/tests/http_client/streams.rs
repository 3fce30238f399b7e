//! Streams that are cut, and how they go on.

use core::time::Duration;

use mcp_core::error::RequestError;
use mcp_core::jsonrpc::RawJson;
use mcp_core::revision::Revision;
use mcp_core::session::Outgoing;
use mcp_core::transport::http::{Failure, HttpFault};

use crate::support::{EVENTS, JSON, Seen, Told, Web, call, event, result_of, secs};

fn web() -> Web {
    Web::legacy(Revision::V2025_11_25, |_| {})
}

fn write() -> Outgoing {
    let params = RawJson::parse(r#"{"name":"write"}"#).unwrap();
    Outgoing::new("tools/call", Some(params)).with_timeout(secs(100_000))
}

/// SHTTP-L10, SHTTP-L11, SHTTP-L12, SHTTP-L16, SHTTP-L17, case_27: a server hangs up and is polled,
/// after the wait it asked for, from where its stream was, with a GET.
#[test]
fn shttp_l17_a_stream_that_ends_early_is_resumed() {
    let mut web = web();
    let handle = web.send(call());
    let post = web.see("tools/call");
    web.stream(&post);
    web.data(&post, "id: a\nretry: 2500\ndata:\n\n");
    web.end(&post);
    web.sees_nothing();
    assert_eq!(web.pass_to_timeout(), Duration::from_millis(2500), "not before");
    let get = web.see("GET");
    assert_eq!(get.header("last-event-id"), Some("a"));
    assert_eq!(get.header("mcp-session-id"), Some("s-1"));
    assert_eq!(get.header("accept"), Some(EVENTS));
    assert_eq!(get.header("mcp-protocol-version"), Some("2025-11-25"));
    // Cut again, elsewhere; the connection breaks instead of ending.
    web.stream(&get);
    web.data(&get, "id: b\ndata: {\"jsonrpc\"");
    web.fail(&get, Failure::Broken);
    web.pass_to_timeout();
    let get = web.see("GET");
    assert_eq!(get.header("last-event-id"), Some("a"), "b did not come to its end");
    web.stream(&get);
    web.data(&get, &format!("id: b\n{}", event(&result_of(&post, "{}"))));
    assert_eq!(web.told(), [Told::Result(handle, "{}".into())]);
    web.end(&get);
    assert_eq!(web.client.poll_timeout(), None);
}

/// case_35: neither a 200 nor an event without a new id is progress.
#[test]
fn case_35_a_stream_without_progress_is_given_up() {
    let mut web = web();
    let handle = web.send(write());
    let post = web.see("tools/call");
    web.stream(&post);
    web.data(&post, "id: a\ndata:\n\n");
    web.end(&post);
    for attempt in 0..5 {
        web.pass_to_timeout();
        let get = web.see("GET");
        match attempt % 3 {
            0 => web.fail(&get, Failure::NotSent),
            1 => web.status(&get, 503, ""),
            _ => {
                web.stream(&get);
                web.data(&get, ": hello\n\nid: a\ndata:\n\n");
                web.end(&get);
            }
        }
    }
    let expected = [
        Told::Fault(Some(handle), HttpFault::GaveUp { attempts: 5 }),
        Told::Error(handle, RequestError::Lost),
    ];
    assert_eq!(web.told(), expected);

    // With progress it goes on for as long as the request has time.
    let handle = web.send(write());
    let mut seen = web.see("tools/call");
    for round in 0..50 {
        web.stream(&seen);
        web.data(&seen, &format!("id: {round}\ndata:\n\n"));
        web.end(&seen);
        web.pass_to_timeout();
        seen = web.see("GET");
        assert_eq!(seen.header("last-event-id"), Some(round.to_string().as_str()));
    }
    web.client.cancel(web.now, handle, "enough");
    web.see("notifications/cancelled");
    assert_eq!(web.aborted(), [seen.id]);
}

/// Nothing to go on from: the request is lost, at once.
#[test]
fn a_stream_without_ids_cannot_be_resumed() {
    let mut web = web();
    for cut in ["", "data:\n\n", "id: a\n\nid\n\n"] {
        let handle = web.send(call());
        let post = web.see("tools/call");
        web.stream(&post);
        web.data(&post, cut);
        web.end(&post);
        web.sees_nothing();
        let expected = [
            Told::Fault(Some(handle), HttpFault::NoResponse),
            Told::Error(handle, RequestError::Lost),
        ];
        assert_eq!(web.told(), expected, "{cut:?}");
    }
}

/// A server that cannot resume says so, and the request is lost; one that has forgotten the session
/// loses that too, but nothing is done twice.
#[test]
fn a_refused_resumption_ends_the_request() {
    for status in [400, 404, 405, 410] {
        let mut web = web();
        let handle = web.send(write());
        let post = web.see("tools/call");
        web.stream(&post);
        web.data(&post, "id: a\nretry: 1\ndata:\n\n");
        web.end(&post);
        web.pass_to_timeout();
        let get = web.see("GET");
        web.status(&get, status, "");
        let fault = crate::support::status_fault(status, "");
        let expected = [Told::Fault(Some(handle), fault), Told::Error(handle, RequestError::Lost)];
        assert_eq!(web.told(), expected);
        if status == 404 {
            web.initialize(Revision::V2025_11_25, Some("s-2"));
        }
        web.sees_nothing();
    }
}

/// case_23, case_24, case_25, case_26, case_29: whatever the chunks, comments and line ends, the events are the same.
#[test]
fn shttp_16_case_23_streams_are_read_however_they_are_cut() {
    for end in ["\n", "\r\n", "\r"] {
        let mut web = web();
        let handle = web.send(call());
        let post = web.see("tools/call");
        web.stream(&post);
        let body = result_of(&post, r#"{"text":"🦀"}"#);
        let (one, two) = body.split_at(body.find(':').unwrap());
        let stream = [": keep-alive", "", "id: 1", "data:", "", "event: ping", "data: x", ""]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("data: {one}"), format!("data:{two}"), "unknown".into(), String::new()])
            .map(|line| line + end)
            .collect::<String>();
        for byte in stream.into_bytes() {
            web.client.handle_data(web.now, post.id, vec![byte].into());
        }
        let result = r#"{"text":"🦀"}"#.to_owned();
        assert_eq!(web.told(), [Told::Result(handle, result)], "{end:?}");
    }
}

/// The stream for what is sent unasked goes on from where it was, for as long as it brings
/// something; when it is given up the session lives on.
#[test]
fn case_21_the_standing_stream_is_opened_again() {
    let mut web = Web::legacy(Revision::V2025_11_25, |config| config.listen = true);
    let mut get = web.see("GET");
    let note = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    for round in 0..20 {
        web.stream(&get);
        web.data(&get, &format!("id: {round}\n{}", event(note)));
        web.end(&get);
        assert_eq!(web.told(), [Told::Notified("notifications/tools/list_changed".into())]);
        assert!(web.pass_to_timeout() >= secs(1));
        get = web.see("GET");
        assert_eq!(get.header("last-event-id"), Some(round.to_string().as_str()));
    }
    // Something is in the way, for now: 409 is how some say that the old one is not gone yet.
    for status in [409, 503, 429, 409] {
        web.status(&get, status, "");
        web.pass_to_timeout();
        get = web.see("GET");
    }
    web.fail(&get, Failure::NotSent);
    assert_eq!(web.told(), [Told::Fault(None, HttpFault::GaveUp { attempts: 5 })]);
    assert_eq!(web.client.poll_timeout(), None);
    web.send(call());
    web.see("tools/call");
}

/// Every answer that is none ends its request.
#[test]
fn answers_that_are_none_end_their_request() {
    type Answer = fn(&mut Web, &Seen);
    let answers: [(Answer, RequestError); 7] = [
        (|web, seen| web.answer(seen, ""), RequestError::Lost),
        (|web, seen| web.answer(seen, "{}"), RequestError::Lost),
        (
            |web, seen| web.answer(seen, r#"{"jsonrpc":"2.0","id":99,"result":{}}"#),
            RequestError::Lost,
        ),
        (
            |web, seen| {
                web.head(seen, 202, &[("content-type", "text/plain")]);
                web.end(seen);
            },
            RequestError::Lost,
        ),
        (
            |web, seen| {
                web.head(seen, 200, &[("content-type", JSON)]);
                web.data(seen, "{\"jsonrpc\":");
                web.fail(seen, Failure::Broken);
            },
            RequestError::Lost,
        ),
        (|web, seen| web.fail(seen, Failure::Broken), RequestError::Lost),
        (|web, seen| web.fail(seen, Failure::NotSent), RequestError::NotSent),
    ];
    let mut web = web();
    for (index, (answer, error)) in answers.into_iter().enumerate() {
        let handle = web.send(call());
        let post = web.see("tools/call");
        answer(&mut web, &post);
        let told = web.told();
        assert_eq!(told.last(), Some(&Told::Error(handle, error)), "{index}");
        assert!(matches!(told[0], Told::Fault(..)), "{index}: {told:?}");
    }
}
