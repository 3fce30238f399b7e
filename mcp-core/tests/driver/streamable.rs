//! Streamable HTTP through the glue: who works on what, who is woken, and what is left behind.

use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Mutex;

use http::request::Builder;
use http::{HeaderMap, Request, StatusCode};
use http_body::Body as _;
use mcp_core::session::Outgoing;
use mcp_core::transport::sse::Decoder;

use crate::app::{INITIALIZED, Welcome, call, cancel, initialize};
use crate::http::{Mounted, Pieces, secs};
use crate::runtime::Outcome;
use crate::stdio::said;

/// A request whose answer is read by a task of its own, as fast as it comes.
struct Fetch {
    head: Arc<Mutex<Option<(StatusCode, HeaderMap)>>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Set to hang up.
    stop: Arc<Mutex<(bool, Option<Waker>)>>,
    ended: Outcome<()>,
}

impl Fetch {
    fn hang_up(&self) {
        let mut stop = self.stop.lock().unwrap();
        stop.0 = true;
        stop.1.take().into_iter().for_each(Waker::wake);
    }

    fn status(&self) -> Option<StatusCode> {
        self.head.lock().unwrap().as_ref().map(|(status, _)| *status)
    }

    fn header(&self, name: &str) -> Option<String> {
        let head = self.head.lock().unwrap();
        let (_, headers) = head.as_ref()?;
        Some(headers.get(name)?.to_str().unwrap().into())
    }

    /// What came so far, in short, and the id of the last event.
    fn said(&self) -> (Vec<String>, Option<String>) {
        let bytes = self.bytes.lock().unwrap();
        if self.header("content-type").as_deref() == Some("application/json") {
            return (vec![said(&serde_json::from_slice(&bytes).unwrap())], None);
        }
        let mut decoder = Decoder::new();
        decoder.handle_slice(&bytes);
        let events = core::iter::from_fn(|| decoder.poll_event()).map(Result::unwrap);
        let said = events
            .filter(|event| !event.data().is_empty())
            .map(|event| said(&serde_json::from_slice(event.data()).unwrap()))
            .collect();
        (said, decoder.last_event_id().map(Into::into))
    }
}

fn fetch(mounted: &Mounted, request: Builder, body: String) -> Fetch {
    let service = mounted.service.clone();
    let request = request.body(Pieces::whole(body)).unwrap();
    let head = Arc::new(Mutex::new(None));
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(Mutex::new((false, None::<Waker>)));
    let (put_head, put_bytes, stopped) = (Arc::clone(&head), Arc::clone(&bytes), Arc::clone(&stop));
    let read = async move {
        let response = service.handle(request).await;
        let (parts, body) = response.into_parts();
        *put_head.lock().unwrap() = Some((parts.status, parts.headers));
        let mut body = pin!(body);
        while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            put_bytes.lock().unwrap().extend(frame.unwrap().into_data().unwrap());
        }
    };
    let ended = mounted.sim.start(async move {
        let mut read = pin!(read);
        poll_fn(|cx| {
            let mut stopped = stopped.lock().unwrap();
            if stopped.0 {
                return Poll::Ready(());
            }
            stopped.1 = Some(cx.waker().clone());
            drop(stopped);
            read.as_mut().poll(cx)
        })
        .await;
    });
    mounted.sim.run();
    Fetch { head, bytes, stop, ended }
}

fn posting() -> Builder {
    Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

struct Client<'a> {
    mounted: &'a Mounted,
    id: String,
}

impl<'a> Client<'a> {
    fn join(mounted: &'a Mounted) -> Self {
        let answer = fetch(mounted, posting(), initialize(0));
        assert_eq!(answer.said().0, ["0"]);
        let client = Self { mounted, id: answer.header("mcp-session-id").unwrap() };
        assert_eq!(client.post(INITIALIZED).status(), Some(StatusCode::ACCEPTED));
        mounted.app.diary();
        client
    }

    fn post(&self, body: impl Into<String>) -> Fetch {
        fetch(self.mounted, posting().header("mcp-session-id", &self.id), body.into())
    }

    fn get(&self, last: Option<&str>) -> Fetch {
        let request = Request::get("/mcp")
            .header("host", "localhost")
            .header("accept", "text/event-stream")
            .header("mcp-session-id", &self.id);
        let request = last.into_iter().fold(request, |it, last| it.header("last-event-id", last));
        fetch(self.mounted, request, String::new())
    }

    fn delete(&self) -> Fetch {
        let request = Request::delete("/mcp").header("host", "localhost");
        fetch(self.mounted, request.header("mcp-session-id", &self.id), String::new())
    }
}

/// The handler is polled inside the response: the only tasks are the reader of the answer and the
/// one that looks after all sessions.
#[test]
fn a_call_needs_no_task() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    assert_eq!(mounted.sim.tasks(), 1);
    let answer = client.post(call(1, "wait"));
    assert_eq!((mounted.sim.tasks(), answer.status()), (2, None));
    let polls = mounted.sim.polls();
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(answer.said().0, ["1"]);
    assert_eq!(mounted.sim.polls() - polls, 1, "woken once");
    assert_eq!(mounted.sim.tasks(), 1);
    assert_eq!(client.post(call(2, "echo")).said().0, ["2"]);
}

/// Messages before the answer leave when they are said.
#[test]
fn messages_leave_before_the_answer() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let answer = client.post(call(1, "tell"));
    assert_eq!(answer.header("content-type").unwrap(), "text/event-stream");
    let message = "notifications/message";
    assert_eq!(answer.said().0, [message, message, message, "1"]);
    assert!(answer.ended.take().is_some());
}

/// SHTTP-22, case_36: whoever hangs up gets the answer later, worked out by a task meanwhile.
#[test]
fn case_36_a_dropped_answer_is_worked_out_and_kept() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let answer = client.post(call(1, "wait"));
    mounted.sim.advance(secs(2));
    assert_eq!(answer.status(), Some(StatusCode::OK), "a stream by now");
    let (nothing, last) = answer.said();
    assert!(nothing.is_empty());
    answer.hang_up();
    mounted.sim.run();
    assert_eq!(mounted.app.diary(), ["start 1"], "it is not gone");
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(mounted.app.diary(), ["gone 1"]);
    let rest = client.get(last.as_deref());
    assert_eq!(rest.said().0, ["1"]);
    assert!(rest.ended.take().is_some());
    assert_eq!(mounted.sim.tasks(), 1);
}

/// Resumed while the work goes on: the answer wakes the new stream.
#[test]
fn a_resumed_stream_is_woken() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let answer = client.post(call(1, "wait"));
    mounted.sim.advance(secs(2));
    let (_, last) = answer.said();
    let rest = client.get(last.as_deref());
    assert!(answer.ended.take().is_some(), "case_21: taken over");
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(rest.said().0, ["1"]);
    assert!(rest.ended.take().is_some());
}

/// A question about a request leaves on its stream; its answer comes with a POST.
#[test]
fn a_handler_can_ask() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let standing = client.get(None);
    let answer = client.post(call(1, "ask"));
    assert_eq!(standing.said().0, ["roots/list"], "it is about no request");
    let heard = client.post(r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#);
    assert_eq!(heard.status(), Some(StatusCode::ACCEPTED));
    mounted.sim.run();
    assert_eq!(answer.said().0, ["1"]);
    assert_eq!(mounted.app.diary(), ["start 1", r#"heard 1: {"roots":[]}"#, "gone 1"]);
}

#[test]
fn a_cancelled_call_stops_and_its_answer_ends() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let answer = client.post(call(1, "wait"));
    client.post(cancel(1));
    mounted.sim.run();
    assert_eq!(mounted.app.diary(), ["start 1", "gone 1"]);
    assert!(answer.ended.take().is_some());
    assert!(answer.said().0.is_empty());
}

#[test]
fn a_call_that_panics_is_answered() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    assert_eq!(client.post(call(1, "panic")).said().0, ["1 -32603"]);
    let answer = client.post(call(2, "panic later"));
    mounted.app.release(2);
    mounted.sim.run();
    assert_eq!(answer.said().0, ["2 -32603"]);
    assert_eq!(mounted.sim.panics(), 0, "it was ours to catch");
}

/// case_21, case_09: the stream taken over is woken to end; announcements wake the new one.
#[test]
fn case_21_a_new_stream_ends_the_old_one() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let old = client.get(None);
    let new = client.get(None);
    assert!(old.ended.take().is_some());
    let connection = mounted.app.connections().remove(0);
    connection.peer().notify(Outgoing::new("notifications/message", None)).unwrap();
    mounted.sim.run();
    assert_eq!(new.said().0, ["notifications/message"]);
    assert!(new.ended.take().is_none());
}

/// DELETE stops everything that works for the session, and every stream of it.
#[test]
fn delete_ends_everything() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let standing = client.get(None);
    let answer = client.post(call(1, "wait"));
    assert_eq!(client.delete().status(), Some(StatusCode::NO_CONTENT));
    mounted.sim.run();
    assert!(standing.ended.take().is_some());
    assert_eq!(answer.status(), Some(StatusCode::NOT_FOUND));
    assert_eq!(mounted.app.diary(), ["start 1", "gone 1"]);
    assert_eq!(client.post(call(2, "echo")).status(), Some(StatusCode::NOT_FOUND));
    mounted.sim.advance(secs(60));
    assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0), "nothing to look after");
}

/// An `initialize` that nobody waits for any more, that is refused, that panics: no session.
#[test]
fn a_failed_initialize_leaves_nothing() {
    for welcome in [Welcome::Never, Welcome::Refuse, Welcome::Panic] {
        let mounted = Mounted::new();
        mounted.app.welcome(welcome);
        let answer = fetch(&mounted, posting(), initialize(0));
        if welcome == Welcome::Never {
            mounted.sim.advance(secs(10));
            assert_eq!(answer.status(), None, "its head says whether there is a session");
            answer.hang_up();
            mounted.sim.run();
        } else {
            assert!(answer.said().0[0].starts_with("0 -326"));
            assert_eq!(answer.header("mcp-session-id"), None);
        }
        assert_eq!(mounted.service.sessions(), 0);
        assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0));
        assert_eq!(mounted.app.diary(), ["gone 0"]);
    }
}

/// case_49, case_50: sessions nobody comes back to end without a DELETE, and so does the task
/// that looks after them.
#[test]
fn case_49_idle_sessions_are_looked_after() {
    let mounted = Mounted::with(|config| config.session.timeouts.idle = secs(600));
    let client = Client::join(&mounted);
    let standing = client.get(None);
    mounted.sim.advance(Duration::from_millis(599_900));
    assert_eq!(mounted.service.sessions(), 1);
    mounted.sim.advance(secs(20));
    assert!(standing.ended.take().is_some());
    assert_eq!(mounted.service.sessions(), 0);
    assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0));
    Client::join(&mounted);
    assert_eq!(mounted.sim.tasks(), 1, "looked after again");
}

/// A drain lets calls finish and ends what only waits.
#[test]
fn a_drain_answers_what_is_in_flight() {
    let mounted = Mounted::new();
    let client = Client::join(&mounted);
    let standing = client.get(None);
    let answer = client.post(call(1, "wait"));
    mounted.service.drain(secs(10));
    mounted.sim.run();
    assert!(standing.ended.take().is_none());
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(answer.said().0, ["1"]);
    assert!(standing.ended.take().is_some());
}
