//! Who and what is let in, by the head of the request alone.

use alloc::collections::BTreeSet;
use core::time::Duration;

use http::{Request, StatusCode};
use mcp_core::transport::http::{Admission, Hosts, Origins, SessionId};

use crate::support::{Web, call, json, secs};

fn status_of_post(web: &Web, uri: &str) -> StatusCode {
    web.turned_away(Web::post(uri)).status
}

/// case_16, RACE i.dead: what each kind of wrong session id hears. Recovery keys on the status.
#[test]
fn case_16_a_session_that_is_not_there_is_404() {
    let web = Web::new();
    let unknown = format!("/messages?session_id={:032x}", 7);
    for uri in [
        unknown.as_str(),
        "/messages?session_id=x",
        "/messages?session_id=",
        "/messages?session_id=+0000000000000000000000000000001",
        "/messages?session_id=%30",
        "/messages?session_id=../../etc/passwd",
    ] {
        let turned = web.turned_away(Web::post(uri));
        assert_eq!(turned.status, StatusCode::NOT_FOUND, "{uri}");
        assert_eq!(turned.body["error"]["code"], -32600);
        assert!(turned.body.get("id").is_none(), "nothing of the body was read");
    }
    for uri in ["/messages", "/messages?", "/messages?sessionId=1", "/messages?session_id"] {
        assert_eq!(status_of_post(&web, uri), StatusCode::BAD_REQUEST, "{uri}");
    }
    let client = web.open();
    let uri = client.uri.clone();
    drop(client);
    assert_eq!(status_of_post(&web, &uri), StatusCode::NOT_FOUND);
    web.assert_empty();
}

/// An id cannot be spelled in a second way that reaches the same session.
#[test]
fn a_session_id_is_read_in_any_case_and_shown_to_nobody() {
    let web = Web::new();
    let client = web.open();
    let id = SessionId::parse(client.session_id()).unwrap();
    assert_eq!(SessionId::parse(&client.session_id().to_uppercase()), Some(id));
    assert_eq!(format!("{id:?}"), "SessionId(..)");
    let shown = format!("{:?} {:?}", client.stream, web.server);
    assert!(!shown.contains(client.session_id()));
}

/// SEC-02: at least 128 bits that nobody can guess: 32 hexadecimal digits, different for every
/// session and every seed (CVE-2026-34237 is what a readable id leads to).
#[test]
fn session_ids_are_128_bits_and_never_repeat() {
    let web = Web::new();
    let mut seen = BTreeSet::new();
    let mut ones = 0;
    for _ in 0..1000 {
        let client = web.open();
        assert_eq!(client.session_id().len(), 32);
        let bits = u128::from_str_radix(client.session_id(), 16).unwrap();
        ones += bits.count_ones();
        assert!(seen.insert(bits));
    }
    assert!((60_000..68_000).contains(&ones), "half of the bits are set: {ones}");
}

#[test]
fn other_paths_are_404_and_other_methods_405_with_allow() {
    let web = Web::new();
    for path in ["/", "/sse/", "/messages/x", "/rpc", "/SSE", "*"] {
        let turned = web.turned_away(Request::get(path).header("host", "localhost"));
        assert_eq!(turned.status, StatusCode::NOT_FOUND, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"] {
        let request = Web::get().method(method);
        let turned = web.turned_away(request);
        assert_eq!(turned.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(turned.headers["allow"], "GET", "case_22");
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let turned = web.turned_away(Web::post("/messages").method(method));
        assert_eq!(turned.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(turned.headers["allow"], "POST");
    }
    web.assert_empty();
}

#[test]
fn a_server_without_the_pair_has_none_of_its_paths() {
    let web = Web::with(|config| config.sse = None);
    assert_eq!(web.turned_away(Web::get()).status, StatusCode::NOT_FOUND);
    assert_eq!(status_of_post(&web, "/messages"), StatusCode::NOT_FOUND);
}

#[test]
fn a_client_that_takes_no_events_is_406() {
    let web = Web::new();
    for accept in ["application/json", "text/html, image/*", "", "text/event-stream;q=0"] {
        let turned = web.turned_away(Web::get().header("accept", accept));
        assert_eq!(turned.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
    }
    web.assert_empty();
    for accept in ["text/event-stream", "*/*", "application/json, text/event-stream;q=0.1"] {
        let admitted = web.begin(Web::get().header("accept", accept));
        assert!(matches!(admitted, Admission::Open(_)), "{accept}");
    }
    web.assert_empty();
}

/// CVE-2026-33252: a page can post `text/plain` across sites without asking.
#[test]
fn a_body_that_is_not_json_is_415() {
    let web = Web::new();
    let client = web.open();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "",
    ] {
        let request = Request::post(&client.uri)
            .header("host", "localhost")
            .header("content-type", content_type);
        let turned = web.turned_away(request);
        assert_eq!(turned.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    let none = Request::post(&client.uri).header("host", "localhost");
    assert_eq!(web.turned_away(none).status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let two = Web::post(&client.uri).header("content-type", "text/plain");
    assert_eq!(web.turned_away(two).status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// case_63, CVE-2026-39313: the limit counts bytes, and does not trust what was announced.
#[test]
fn case_63_a_body_over_the_limit_is_413() {
    let web = Web::with(|config| config.session.limits.envelope.bytes = 200);
    let mut client = web.open_ready();
    let announced = Web::post(&client.uri).header("content-length", "201");
    let turned = web.turned_away(announced);
    assert_eq!(turned.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(turned.body["error"]["code"], -32600);

    for announced in ["200", "0", "-1", "99999999999999999999999", "x"] {
        let request = Web::post(&client.uri).header("content-length", announced);
        let Admission::ReadBody(mut upload) = web.begin(request) else {
            continue;
        };
        assert!(upload.handle_data(vec![b' '; 150].into()).is_ok());
        let refused = upload.handle_data(vec![b' '; 51].into()).unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(json(refused.body())["error"]["code"], -32600);
    }
    let fits = format!("{}{}", call(1), " ".repeat(200 - call(1).len()));
    web.send(&client, fits);
    client.work(web.now);
    assert_eq!(client.read(web.now).len(), 1, "the session lives on");
}

/// A length no machine can hold is not taken for none.
#[test]
fn an_absurd_content_length_is_413() {
    let web = Web::new();
    let client = web.open();
    let request = Web::post(&client.uri).header("content-length", "99999999999999999999999999");
    assert_eq!(web.turned_away(request).status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// CVE-2025-66414, CVE-2025-66416, CVE-2026-34742, GHSA-89vp-x53w-74fx, GHSA-8jxr-pr72-r468;
/// SSE-05, SHTTP-03, SHTTP-04, SEC-10: rebinding and cross-site pages, on both endpoints, before
/// anything else is looked at.
#[test]
fn strange_hosts_and_origins_are_403() {
    let web = Web::new();
    let client = web.open();
    for uri in ["/sse", client.uri.as_str(), "/messages", "/nowhere"] {
        for method in ["GET", "POST"] {
            let head = || {
                Request::builder()
                    .uri(uri)
                    .method(method)
                    .header("content-type", "application/json")
            };
            let turned = web.turned_away(head().header("host", "evil.example:8000"));
            assert_eq!(turned.status, StatusCode::FORBIDDEN, "{method} {uri}");
            for origin in ["http://evil.example", "null", "http://localhost.evil.example"] {
                let request = head().header("host", "localhost").header("origin", origin);
                assert_eq!(web.turned_away(request).status, StatusCode::FORBIDDEN, "{origin}");
            }
        }
    }
    assert_eq!(web.server.sessions(), 1);
    let allowed = Web::get().header("origin", "http://localhost:3000");
    assert!(matches!(web.begin(allowed), Admission::Open(_)));

    let web = Web::with(|config| {
        config.hosts = Hosts::default().allow("mcp.example.com");
        config.origins = Origins::default().allow("https://app.example.com");
    });
    let request = Request::get("/sse")
        .header("host", "mcp.example.com")
        .header("origin", "https://app.example.com");
    assert!(matches!(web.begin(request), Admission::Open(_)));
}

/// A request that names two hosts means one thing to a proxy and another to us.
#[test]
fn none_or_two_hosts_are_400() {
    let web = Web::new();
    let none = Request::get("/sse");
    assert_eq!(web.turned_away(none).status, StatusCode::BAD_REQUEST);
    let two = Web::get().header("host", "localhost");
    assert_eq!(web.turned_away(two).status, StatusCode::BAD_REQUEST);
    let absolute = Request::get("http://localhost/sse")
        .header("host", "localhost")
        .header("host", "evil.example");
    assert_eq!(web.turned_away(absolute).status, StatusCode::BAD_REQUEST);
    let absolute = Request::get("http://evil.example/sse").header("host", "localhost");
    assert_eq!(web.turned_away(absolute).status, StatusCode::FORBIDDEN);
    let absolute = Request::get("http://localhost/sse");
    assert!(matches!(web.begin(absolute), Admission::Open(_)), "HTTP/2 has no Host");
}

/// GHSA-9pj6-vhgr-3mwh: the table is bounded, and one who leaves makes room.
#[test]
fn too_many_sessions_are_503_with_retry_after() {
    let web = Web::with(|config| config.max_sessions = 3);
    let mut clients: Vec<_> = (0..3).map(|_| web.open()).collect();
    let turned = web.turned_away(Web::get());
    assert_eq!(turned.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(turned.headers["retry-after"], "1");
    clients.pop();
    clients.push(web.open());
    assert_eq!(web.turned_away(Web::get()).status, StatusCode::SERVICE_UNAVAILABLE);
    drop(clients);
    web.assert_empty();
}

/// case_49: 38 KiB per rejected request, elsewhere. A request that is turned away leaves nothing.
#[test]
fn case_49_rejected_requests_leave_nothing() {
    let web = Web::new();
    let unknown = format!("/messages?session_id={:032x}", 7);
    for turn in 0..100_000 {
        let request = match turn % 4 {
            0 => Web::get().header("accept", "application/json"),
            1 => Web::post("/messages"),
            2 => Web::post(&unknown),
            _ => Web::get().header("host", "evil.example"),
        };
        assert!(matches!(web.begin(request), Admission::Reject(_)));
    }
    web.assert_empty();
}

/// case_49: sessions that are opened and abandoned, with a request held and one in flight.
#[test]
fn case_49_abandoned_sessions_leave_nothing() {
    let mut web = Web::new();
    for turn in 0..100_000_u64 {
        web.now = web.now + Duration::from_millis(1);
        let mut client = web.open();
        match turn % 10 {
            0 => web.send(&client, call(1)),
            1 => {
                client = web.open_ready();
                web.send(&client, call(1));
                client.watch();
                assert_eq!(client.requests.len(), 1);
            }
            _ => {}
        }
        assert_eq!(web.server.sessions(), 1);
    }
    web.now = web.now + secs(60);
    web.assert_empty();
}
