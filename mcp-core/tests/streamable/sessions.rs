//! How sessions begin and end.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use mcp_core::config::Gate;
use mcp_core::jsonrpc::Frame;
use mcp_core::session::Outgoing;
use mcp_core::time::Instant;
use mcp_core::transport::http::{Admission, EventId, EventLog, EventStore, Posted, SessionId};
use serde_json::json;

use crate::support::{
    INITIALIZED, Reader, Said, VERSIONS, Web, call, full, initialize, ping, secs, stream,
};

/// SHTTP-L20..L22, case_14: the id comes with the result, and never again.
#[test]
fn case_14_only_a_result_makes_a_session() {
    for version in VERSIONS {
        let web = Web::new();
        let client = web.join(version);
        assert_eq!(web.server.sessions(), 1);
        assert!(client.id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        assert_eq!(client.id.len(), 32);
    }
    let web = Web::new();
    let (mut client, mut exchange) = web.greet("2025-11-25");
    client.refuse(web.now);
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!((&said.body["id"], said.code()), (&json!(0), -32602));
    assert!(!said.headers.contains_key("mcp-session-id"));
    client.watch();
    assert_eq!(client.closed, 1);
    drop(exchange);
    assert_eq!(web.server.sessions(), 0);
}

/// An `initialize` without sense is refused by the session itself.
#[test]
fn a_malformed_initialize_leaves_no_session() {
    let web = Web::new();
    let Posted::Exchange(mut exchange) =
        web.post(Web::posting(), r#"{"jsonrpc":"2.0","id":0,"method":"initialize"}"#)
    else {
        panic!("an answer");
    };
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!(said.code(), -32602);
    assert!(!said.headers.contains_key("mcp-session-id"));
    assert_eq!(web.server.sessions(), 0);
}

/// Nobody waits for the answer: nobody will ever know the id.
#[test]
fn an_initialize_that_is_dropped_leaves_no_session() {
    let web = Web::new();
    let (mut client, exchange) = web.greet("2025-11-25");
    assert_eq!(web.server.sessions(), 1, "it counts");
    drop(exchange);
    client.watch();
    assert_eq!((client.closed, web.server.sessions()), (1, 0));
}

/// RACE a on Streamable HTTP, SHTTP-L24: what to do stands in the refusal.
#[test]
fn race_a_a_request_without_a_session_is_refused_at_once() {
    let web = Web::new();
    let data = json!({
        "reason": "not_initialized", "expected": "initialize", "state": "new", "retryable": true
    });
    for body in [call(7), ping(7)] {
        let said = web.refused(Web::posting(), body);
        assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, -32002));
        assert_eq!((&said.body["id"], &said.body["error"]["data"]), (&json!(7), &data));
        assert!(said.body["error"]["message"].as_str().unwrap().contains("POST initialize"));
    }
    let said = web.refused(Web::posting(), INITIALIZED);
    assert_eq!((said.status, said.body.get("id")), (StatusCode::BAD_REQUEST, None), "SHTTP-12");
    for request in [Web::getting(), Web::deleting()] {
        let said = web.turned_away(request);
        assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, -32002));
    }
    assert_eq!(web.server.sessions(), 0, "case_49");
}

/// SHTTP-L25, SHTTP-L27, case_16.
#[test]
fn case_16_a_deleted_session_is_404() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut standing = client.listen(&web);
    let mut silent = client.ask(&web, call(1));
    let mut streaming = client.stream(&web, 2);
    let Admission::Ended(response, _) = web.begin(client.signed(Web::deleting())) else {
        panic!("it is ended");
    };
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(web.server.sessions(), 0);
    client.watch();
    assert_eq!(client.closed, 1);
    let said = Said::from(full(silent.poll_answer(web.now)));
    assert_eq!((said.status, &said.body["id"]), (StatusCode::NOT_FOUND, &json!(1)));
    streaming.pull(web.now);
    standing.pull(web.now);
    assert!(streaming.stream.is_ended() && standing.stream.is_ended());
    for request in [Web::getting(), Web::deleting()] {
        let said = web.turned_away(client.signed(request));
        assert_eq!((said.status, said.code()), (StatusCode::NOT_FOUND, -32600));
    }
    for body in [call(3), initialize("2025-11-25"), INITIALIZED.to_owned()] {
        let said = web.refused(client.signed(Web::posting()), body);
        assert_eq!(said.status, StatusCode::NOT_FOUND);
    }
}

#[test]
fn unknown_sessions_are_404() {
    let web = Web::new();
    let sse = web.begin(http::Request::get("/sse").header("host", "localhost"));
    let Admission::Open(mut sse) = sse else { panic!("a stream") };
    let first = sse.poll_data(web.now).unwrap();
    let first = core::str::from_utf8(&first).unwrap();
    let sse_id = first.split("session_id=").nth(1).unwrap().split('&').next().unwrap();
    for id in ["0", "x", "", "00000000000000000000000000000000", sse_id] {
        for request in [Web::posting(), Web::getting(), Web::deleting()] {
            let said = web.refused(request.header("mcp-session-id", id), call(1));
            assert_eq!(said.status, StatusCode::NOT_FOUND, "{id}");
        }
    }
    let client = web.join("2025-11-25");
    let uri = format!("/messages?session_id={}", client.id);
    let request = http::Request::post(uri).header("host", "localhost");
    let request = request.header("content-type", "application/json");
    assert_eq!(web.turned_away(request).status, StatusCode::NOT_FOUND);
}

/// case_11: a second `initialize` changes nothing.
#[test]
fn case_11_a_second_initialize_is_refused() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut exchange = client.ask(&web, initialize("2025-03-26"));
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!(said.code(), -32600);
    assert!(!said.headers.contains_key("mcp-session-id"));
    assert_eq!(web.server.sessions(), 1);
    let mut exchange = client.ask(&web, ping(1));
    assert_eq!(Said::from(full(exchange.poll_answer(web.now))).status, StatusCode::OK);
}

/// Requests before `initialized` wait in the session if they must, each for its own answer.
#[test]
fn early_requests_are_held() {
    let mut web = Web::with(|config| config.session.gate = Gate::Initialized);
    let mut client = web.welcome("2025-11-25");
    let mut one = client.ask(&web, call(1));
    let mut two = client.ask(&web, call(2));
    assert!(client.requests.is_empty());
    client.tell(&web, INITIALIZED);
    client.watch();
    let order: Vec<_> = client.requests.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [1, 2], "in the order they came");
    client.answer(&web, 2, "b");
    client.answer(&web, 1, "a");
    for (exchange, id) in [(&mut one, 1), (&mut two, 2)] {
        assert_eq!(Said::from(full(exchange.poll_answer(web.now))).body["id"], id);
    }
    let mut late = web.welcome("2025-11-25");
    let mut exchange = late.ask(&web, call(1));
    web.pass(secs(2));
    exchange.handle_timeout(web.now);
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!(said.body["error"]["data"]["reason"], "hold_timeout");
}

/// case_49, case_50: those who never say goodbye are forgotten, a stream or not.
#[test]
fn case_49_idle_sessions_end_by_themselves() {
    let mut web = Web::with(|config| config.session.timeouts.idle = secs(600));
    let mut client = web.join("2025-11-25");
    let mut standing = client.listen(&web);
    let mut busy = web.join("2025-11-25");
    let _working = busy.ask(&web, call(1));
    while web.now.since_epoch() < secs(600) {
        web.now = web.server.poll_timeout().expect("there are sessions");
        let telling = web.server.handle_timeout(web.now);
        assert_eq!(telling.is_empty(), web.now.since_epoch() < secs(600));
    }
    assert_eq!(web.now.since_epoch(), secs(600), "to the point");
    client.watch();
    assert_eq!((client.closed, web.server.sessions()), (1, 1));
    standing.pull(web.now);
    assert!(standing.stream.is_ended());
    let said = web.refused(client.signed(Web::posting()), ping(1));
    assert_eq!(said.status, StatusCode::NOT_FOUND);
    busy.watch();
    assert_eq!(busy.closed, 0, "it is not idle");
}

/// case_49: a client that does not come back after `initialize` does not take the place of one
/// that would.
#[test]
fn case_49_a_session_nobody_has_heard_of_ends_soon() {
    let mut web = Web::new();
    let mut absent = web.welcome("2025-11-25");
    let mut present = web.join("2025-11-25");
    web.pass(secs(60));
    let telling = web.server.handle_timeout(web.now);
    assert_eq!(telling.len(), 1);
    absent.watch();
    present.watch();
    assert_eq!((absent.closed, present.closed), (1, 0));
    assert_eq!(web.server.sessions(), 1);
}

/// Keeps nothing, and counts how often a session is looked at.
#[derive(Clone, Debug, Default)]
struct Looks(Arc<AtomicUsize>);

impl Looks {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl EventStore for Looks {
    fn open(&self, _: SessionId) -> Box<dyn EventLog> {
        Box::new(self.clone())
    }
}

impl EventLog for Looks {
    fn append(&mut self, _: Instant, _: EventId, _: Option<Frame>) {}

    fn end(&mut self, _: Instant, _: u64) {}

    fn after(&self, _: EventId) -> Option<Vec<(EventId, Frame)>> {
        None
    }

    fn handle_timeout(&mut self, _: Instant) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// Counts the logs it opens.
#[derive(Debug, Default)]
struct Opened(AtomicUsize);

impl EventStore for Opened {
    fn open(&self, _: SessionId) -> Box<dyn EventLog> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::new(Looks::default())
    }
}

#[test]
fn a_log_is_opened_for_the_first_event() {
    let opened = Arc::new(Opened::default());
    let web = Web::with(|config| config.events = opened.clone());
    let mut client = web.join("2025-11-25");
    let mut exchange = client.ask(&web, call(1));
    client.answer(&web, 1, "a");
    assert_eq!(Said::from(full(exchange.poll_answer(web.now))).status, StatusCode::OK);
    assert_eq!(opened.0.load(Ordering::Relaxed), 0, "an answer alone is no event");
    for _ in 0..2 {
        drop(client.listen(&web));
        assert_eq!(opened.0.load(Ordering::Relaxed), 1);
    }
}

/// Does what is due until then, as a driver would.
fn let_pass(web: &mut Web, until: Instant) -> usize {
    let mut telling = 0;
    while let Some(due) = web.server.poll_timeout().filter(|due| *due <= until) {
        web.now = due;
        telling += web.server.handle_timeout(due).len();
    }
    web.now = until;
    telling
}

/// Time costs what is due, and not what there is: a thousand idle sessions are looked at once when
/// they have begun and once when they end, in the hours between only the one that has a deadline.
#[test]
fn idle_sessions_cost_nothing_as_time_goes_by() {
    let looks = Looks::default();
    let mut web = Web::with(|config| config.events = Arc::new(looks.clone()));
    let mut clients: Vec<_> = (0..1000).map(|_| web.join("2025-11-25")).collect();
    // A stream that there was has a log, and that is what is looked at.
    clients.iter().for_each(|client| drop(client.listen(&web)));
    let start = web.now;
    assert_eq!(let_pass(&mut web, start + secs(60)), 0);
    assert_eq!(looks.take(), 1000);
    let client = clients.first_mut().expect("a thousand");
    client.slot.lock().request(web.now, Outgoing::new("ping", None)).expect("room for one");
    assert_eq!(let_pass(&mut web, start + secs(60 + 60 + 10)), 1, "nobody answers in a minute");
    assert!((1..=3).contains(&looks.take()));
    assert_eq!(let_pass(&mut web, start + secs(12 * 3600 - 1)), 0);
    assert_eq!((looks.take(), web.server.sessions()), (0, 1000));
    assert_eq!(let_pass(&mut web, start + secs(12 * 3600 + 10)), 1000);
    assert_eq!((looks.take(), web.server.sessions()), (1000, 0));
    assert_eq!(web.server.poll_timeout(), None);
}

/// Nothing to look after, nothing to wake up for.
#[test]
fn a_server_without_sessions_has_no_deadline() {
    let mut web = Web::new();
    assert_eq!(web.server.poll_timeout(), None);
    assert!(web.server.handle_timeout(web.now).is_empty());
    let client = web.join("2025-11-25");
    let Admission::Ended(..) = web.begin(client.signed(Web::deleting())) else {
        panic!("it is ended");
    };
    web.pass(secs(3600));
    assert!(web.server.handle_timeout(web.now).is_empty());
    assert_eq!(web.server.poll_timeout(), None);
}

/// The signal to stop: what is in flight is answered, and nothing new begins.
#[test]
fn a_drain_answers_what_is_in_flight() {
    let web = Web::new();
    let (_waiting, mut greeted) = {
        let (mut client, exchange) = web.greet("2025-11-25");
        client.accept(web.now);
        (client, exchange)
    };
    let mut client = web.join("2025-11-25");
    let mut standing = client.listen(&web);
    let mut exchange = client.ask(&web, call(1));
    client.log(&web, 1, "half");
    let mut reader = Reader::new(stream(exchange.poll_answer(web.now)));
    web.server.drain(web.now, secs(10));
    assert!(!standing.stream.is_ended());
    let said = web.refused(client.signed(Web::posting()), call(2));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
    let said = web.refused(Web::posting(), initialize("2025-11-25"));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
    let said = Said::from(full(greeted.poll_answer(web.now)));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE, "it came too late");
    client.answer(&web, 1, "a");
    assert_eq!(reader.read(web.now), ["prime", "half", "1=a"]);
    standing.pull(web.now);
    assert!(reader.stream.is_ended() && standing.stream.is_ended());
}
