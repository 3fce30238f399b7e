//! The HTTP service, on its own and behind a listener, over connections in memory.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Body as _, Frame};
use mcp_core::config::SessionConfig;
use mcp_core::driver::{Body, HttpOptions, HttpService, Listener, Shutdown, serve_http};
use mcp_core::lifecycle::Method;
use mcp_core::transport::http::HttpConfig;
use mcp_core::transport::sse::Decoder;

use crate::app::{App, INITIALIZED, Welcome, call, cancel, initialize};
use crate::pipe::{Duplex, Pipe};
use crate::runtime::{Outcome, Sim};
use crate::stdio::said;

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn service(sim: &Sim, app: &App, change: impl FnOnce(&mut HttpConfig)) -> HttpService<Sim, App> {
    let mut config = HttpConfig::new(SessionConfig::new([Method::ToolsCall]));
    change(&mut config);
    HttpService::new(sim.clone(), app.clone(), config, &[7; 32])
}

/// A body in pieces; the last may never come.
pub(crate) struct Pieces(VecDeque<Bytes>, bool);

impl Pieces {
    pub(crate) fn whole(text: impl Into<Bytes>) -> Self {
        Self([text.into()].into(), true)
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.0.pop_front() {
            Some(piece) if piece == "error" => Poll::Ready(Some(Err(io::Error::other("cut")))),
            Some(piece) if piece == "wait" => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.1 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// The service called directly, as a server of somebody else's would.
pub(crate) struct Mounted {
    pub(crate) sim: Sim,
    pub(crate) app: App,
    pub(crate) service: HttpService<Sim, App>,
}

/// The stream of one session, read by a task of its own as fast as it comes.
struct Stream {
    uri: String,
    decoder: Mutex<Decoder>,
    received: Arc<Mutex<VecDeque<Bytes>>>,
    /// Set to stop reading and drop the body.
    dropped: Arc<Mutex<(bool, Option<Waker>)>>,
    ended: Outcome<()>,
}

impl Mounted {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut HttpConfig)) -> Self {
        let (sim, app) = (Sim::new(), App::new());
        let service = service(&sim, &app, change);
        Self { sim, app, service }
    }

    fn begin(&self, request: Request<Pieces>) -> Outcome<http::Response<Body<Sim, App>>> {
        let service = self.service.clone();
        let answered = self.sim.start(async move { service.handle(request).await });
        self.sim.run();
        answered
    }

    fn open(&self) -> Stream {
        let request = Request::get("/sse").header("host", "localhost");
        let response = self.begin(request.body(Pieces::whole("")).unwrap());
        let mut body = response.take().unwrap().into_body();
        let received = Arc::new(Mutex::new(VecDeque::new()));
        let dropped = Arc::new(Mutex::new((false, None::<Waker>)));
        let (into, drop_it) = (Arc::clone(&received), Arc::clone(&dropped));
        let ended = self.sim.start(async move {
            poll_fn(|cx| {
                let mut drop_it = drop_it.lock().unwrap();
                if drop_it.0 {
                    return Poll::Ready(());
                }
                drop_it.1 = Some(cx.waker().clone());
                drop(drop_it);
                while let Poll::Ready(frame) = Pin::new(&mut body).poll_frame(cx) {
                    match frame {
                        Some(frame) => {
                            let data = frame.unwrap().into_data().unwrap();
                            into.lock().unwrap().push_back(data);
                        }
                        None => return Poll::Ready(()),
                    }
                }
                Poll::Pending
            })
            .await;
        });
        self.sim.run();
        let mut decoder = Decoder::new();
        decoder.handle_bytes(received.lock().unwrap().pop_front().unwrap());
        let endpoint = decoder.poll_event().unwrap().unwrap();
        Stream {
            uri: String::from_utf8(endpoint.data().to_vec()).unwrap(),
            decoder: Mutex::new(decoder),
            received,
            dropped,
            ended,
        }
    }

    fn open_ready(&self) -> Stream {
        let stream = self.open();
        assert_eq!(self.post(&stream, initialize(0)), StatusCode::ACCEPTED);
        assert_eq!(self.post(&stream, INITIALIZED), StatusCode::ACCEPTED);
        assert_eq!(stream.said(), ["0"]);
        self.app.diary();
        stream
    }

    fn post(&self, stream: &Stream, body: impl Into<Bytes>) -> StatusCode {
        let answered = self.upload(stream, Pieces::whole(body));
        answered.take().unwrap().status()
    }

    fn upload(&self, stream: &Stream, body: Pieces) -> Outcome<http::Response<Body<Sim, App>>> {
        let request = Request::post(&stream.uri)
            .header("host", "localhost")
            .header("content-type", "application/json");
        self.begin(request.body(body).unwrap())
    }
}

impl Stream {
    fn said(&self) -> Vec<String> {
        let mut decoder = self.decoder.lock().unwrap();
        for piece in self.received.lock().unwrap().drain(..) {
            decoder.handle_bytes(piece);
        }
        core::iter::from_fn(|| decoder.poll_event())
            .map(|event| said(&serde_json::from_slice(event.unwrap().data()).unwrap()))
            .collect()
    }

    fn drop_it(&self) {
        let mut dropped = self.dropped.lock().unwrap();
        dropped.0 = true;
        dropped.1.take().into_iter().for_each(Waker::wake);
    }
}

/// The answer leaves on the stream as soon as the handler has it.
#[test]
fn a_call_is_answered_on_the_stream() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    assert_eq!(mounted.post(&stream, call(1, "echo")), StatusCode::ACCEPTED);
    assert_eq!(stream.said(), ["1"]);
}

/// One turn for the POST, one for the handler, one for the stream: nobody is woken in vain.
#[test]
fn a_call_wakes_nobody_in_vain() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    let polls = mounted.sim.polls();
    mounted.post(&stream, call(1, "wait"));
    assert_eq!(mounted.sim.polls() - polls, 2, "the stream sleeps on");
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(stream.said(), ["1"]);
    assert_eq!(mounted.sim.polls() - polls, 4);
}

/// RACE a through the glue: the deadline of a held request wakes the stream in time, although the
/// stream slept until its next comment.
#[test]
fn race_a_a_held_request_is_refused_in_time() {
    let mounted = Mounted::new();
    let stream = mounted.open();
    mounted.sim.advance(secs(1));
    mounted.post(&stream, call(1, "echo"));
    mounted.sim.advance(Duration::from_millis(1999));
    assert!(stream.said().is_empty());
    mounted.sim.advance(Duration::from_millis(1));
    assert_eq!(stream.said(), ["1 -32002"]);
}

/// case_31: comments keep a silent stream alive, one every 15 seconds.
#[test]
fn case_31_a_silent_stream_has_comments() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    mounted.sim.advance(secs(60));
    stream.said();
    assert_eq!(stream.decoder.lock().unwrap().comments(), 4);
    for id in 1..=10 {
        mounted.sim.advance(secs(10));
        mounted.post(&stream, call(id, "echo"));
    }
    assert_eq!(stream.said().len(), 10);
    assert_eq!(stream.decoder.lock().unwrap().comments(), 4, "none while data flows");
}

/// RACE i, case_49: whatever a dropped stream leaves behind is gone: tasks, timers, the session.
#[test]
fn race_i_a_dropped_stream_takes_everything_with_it() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    mounted.post(&stream, call(1, "wait"));
    mounted.post(&stream, call(2, "ask"));
    let early = mounted.open();
    mounted.post(&early, call(1, "echo"));
    mounted.app.welcome(Welcome::Never);
    let greeted = mounted.open();
    mounted.post(&greeted, initialize(0));
    assert_eq!(mounted.service.sessions(), 3);
    for stream in [&stream, &early, &greeted] {
        stream.drop_it();
    }
    mounted.sim.run();
    assert_eq!(mounted.service.sessions(), 0);
    assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0));
    let mut diary = mounted.app.diary();
    diary.sort();
    assert_eq!(diary[..3], ["gone 0", "gone 1", "gone 2"]);
    assert_eq!(mounted.post(&stream, call(3, "echo")), StatusCode::NOT_FOUND);
}

/// case_49: 1e4 sessions with a handler at work, abandoned one after the other.
#[test]
fn case_49_abandoned_sessions_leave_no_task() {
    let mounted = Mounted::new();
    for _ in 0..10_000 {
        let stream = mounted.open();
        mounted.post(&stream, initialize(0));
        mounted.post(&stream, call(1, "wait"));
        stream.drop_it();
        mounted.sim.run();
        mounted.app.diary();
        mounted.app.connections();
    }
    assert_eq!(mounted.service.sessions(), 0);
    assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0));
}

/// RACE h and CANCEL-06 through the glue.
#[test]
fn a_cancelled_call_is_dropped() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    mounted.post(&stream, call(1, "wait"));
    mounted.post(&stream, cancel(1));
    assert_eq!(mounted.app.diary(), ["start 1", "gone 1"]);
    assert!(stream.said().is_empty());
}

/// A body in pieces, with pauses, cut short, or too slow.
#[test]
fn bodies_that_come_badly() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    let text = call(1, "echo");
    let mut pieces: VecDeque<Bytes> = VecDeque::new();
    for byte in text.bytes() {
        pieces.extend([vec![byte].into(), Bytes::from("wait")]);
    }
    let answered = mounted.upload(&stream, Pieces(pieces, true));
    assert_eq!(answered.take().unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(stream.said(), ["1"]);

    let cut = [Bytes::from("{"), "error".into()].into();
    let answered = mounted.upload(&stream, Pieces(cut, true));
    assert_eq!(answered.take().unwrap().status(), StatusCode::BAD_REQUEST);

    let timers = mounted.sim.timers();
    let answered = mounted.upload(&stream, Pieces([Bytes::from("{")].into(), false));
    mounted.sim.advance(secs(29));
    assert!(answered.take().is_none());
    mounted.sim.advance(secs(1));
    assert_eq!(answered.take().unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(mounted.sim.timers(), timers);
}

/// case_57: events are handled in the order the session gives them out, also when handling one
/// makes others. A notification whose handling sends is not overtaken by what it sends.
#[test]
fn case_57_notifications_are_seen_in_order() {
    let mounted = Mounted::new();
    let stream = mounted.open_ready();
    for n in 0..20 {
        let told = format!(r#"{{"jsonrpc":"2.0","method":"acme/told-{n}"}}"#);
        mounted.post(&stream, told);
    }
    let expected: Vec<String> = (0..20).map(|n| format!("acme/told-{n}")).collect();
    assert_eq!(mounted.app.diary(), expected);
}

/// Draining a service that is mounted elsewhere.
#[test]
fn drain_ends_the_streams_of_a_mounted_service() {
    let mounted = Mounted::new();
    let (busy, idle) = (mounted.open_ready(), mounted.open_ready());
    mounted.post(&busy, call(1, "wait"));
    mounted.service.drain(secs(10));
    mounted.sim.run();
    assert!(idle.ended.take().is_some());
    assert!(busy.ended.take().is_none());
    assert_eq!(mounted.post(&busy, call(2, "echo")), StatusCode::SERVICE_UNAVAILABLE);
    mounted.app.release(1);
    mounted.sim.run();
    assert_eq!(busy.said(), ["1"]);
    assert!(busy.ended.take().is_some());
    assert_eq!((mounted.sim.tasks(), mounted.sim.timers()), (0, 0));
}

/// A place to connect to, in memory.
#[derive(Clone, Default)]
struct Place(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    connections: VecDeque<io::Result<Duplex>>,
    listener: Option<Waker>,
}

impl Listener for Place {
    type Io = Duplex;

    async fn accept(&mut self) -> io::Result<Duplex> {
        poll_fn(|cx| {
            let mut place = self.0.lock().unwrap();
            match place.connections.pop_front() {
                Some(connection) => Poll::Ready(connection),
                None => {
                    place.listener = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

struct Listening {
    sim: Sim,
    app: App,
    place: Place,
    shutdown: Shutdown,
    served: Outcome<()>,
    service: HttpService<Sim, App>,
}

/// The client's end of a connection.
struct Connection {
    up: Pipe,
    down: Pipe,
}

impl Listening {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut HttpOptions)) -> Self {
        let (sim, app) = (Sim::new(), App::new());
        let (place, shutdown) = (Place::default(), Shutdown::new());
        let mut options = HttpOptions::default();
        change(&mut options);
        let service = service(&sim, &app, |_| {});
        let served = sim.start(serve_http(
            sim.clone(),
            service.clone(),
            place.clone(),
            options,
            shutdown.clone(),
        ));
        sim.run();
        Self { sim, app, place, shutdown, served, service }
    }

    fn connect(&self) -> Connection {
        let (up, down) = (Pipe::new(), Pipe::new());
        self.arrive(Ok(Duplex { input: up.clone(), output: down.clone() }));
        Connection { up, down }
    }

    fn arrive(&self, connection: io::Result<Duplex>) {
        let mut place = self.place.0.lock().unwrap();
        place.connections.push_back(connection);
        place.listener.take().into_iter().for_each(Waker::wake);
        drop(place);
        self.sim.run();
    }

    /// Connections nobody has accepted.
    fn waiting(&self) -> usize {
        self.place.0.lock().unwrap().connections.len()
    }

    fn open(&self) -> (Connection, String) {
        let connection = self.connect();
        connection.up.send("GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.sim.run();
        let received = connection.down.receive();
        assert!(received.starts_with("HTTP/1.1 200 OK\r\n"), "{received}");
        assert!(received.contains("content-type: text/event-stream\r\n"));
        let (_, uri) = received.split_once("data: ").unwrap();
        let (uri, _) = uri.split_once('\n').unwrap();
        (connection, uri.into())
    }

    fn open_ready(&self) -> (Connection, String) {
        let (stream, uri) = self.open();
        let post = self.connect();
        assert_eq!(self.post(&post, &uri, &initialize(0)), 202);
        assert_eq!(self.post(&post, &uri, INITIALIZED), 202);
        assert!(stream.down.receive().contains("\"id\":0,\"result\""));
        self.app.diary();
        (stream, uri)
    }

    fn post(&self, connection: &Connection, uri: &str, body: &str) -> u16 {
        let length = body.len();
        connection.up.send(format!(
            "POST {uri} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ));
        self.sim.run();
        let received = connection.down.receive();
        let status = received.strip_prefix("HTTP/1.1 ").unwrap();
        status[..3].parse().unwrap()
    }
}

/// SSE-01, SSE-02, SSE-04 over bytes: a stream, and messages on one connection that is kept.
#[test]
fn a_session_over_two_connections() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    let post = listening.connect();
    for id in 1..=3 {
        assert_eq!(listening.post(&post, &uri, &call(id, "echo")), 202);
        let received = stream.down.receive();
        let event = format!(
            "event: message\ndata: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}\n\n"
        );
        assert!(received.contains(&event), "{received}");
    }
}

/// RACE i over bytes: a client that closes its connection ends its session.
#[test]
fn a_closed_connection_ends_its_session() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    let post = listening.connect();
    listening.post(&post, &uri, &call(1, "wait"));
    stream.up.end();
    listening.sim.run();
    assert_eq!(listening.service.sessions(), 0);
    assert_eq!(listening.app.diary(), ["start 1", "gone 1"]);
    assert_eq!(listening.post(&post, &uri, &call(2, "echo")), 404);
}

/// Beyond the cap connections wait to be accepted; each that ends lets one in.
#[test]
fn connections_are_capped() {
    let listening = Listening::with(|options| options.connections = 2);
    let (one, uri) = listening.open();
    let two = listening.connect();
    let three = listening.connect();
    let four = listening.connect();
    assert_eq!(listening.waiting(), 2);
    assert_eq!(listening.post(&two, &uri, &call(1, "echo")), 202);
    one.up.end();
    listening.sim.run();
    assert_eq!(listening.waiting(), 1);
    assert_eq!(listening.post(&three, &uri, "x"), 404);
    two.up.end();
    listening.sim.run();
    assert_eq!(listening.waiting(), 0);
    assert_eq!(listening.post(&four, &uri, "x"), 404);
}

/// Out of file descriptors, or a peer that is gone already: the server goes on.
#[test]
fn a_failed_accept_is_tried_again() {
    let listening = Listening::new();
    listening.arrive(Err(io::ErrorKind::ConnectionAborted.into()));
    let later = listening.connect();
    assert_eq!(listening.waiting(), 1, "after a pause");
    listening.sim.advance(Duration::from_millis(50));
    assert_eq!(listening.waiting(), 0);
    assert_eq!(listening.post(&later, "/messages", "x"), 400);
}

/// case_31, case_58: the signal to stop. No new connections, what is in flight is answered,
/// streams and idle connections end.
#[test]
fn shutdown_is_graceful() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    let (_idle_stream, _) = listening.open_ready();
    let post = listening.connect();
    assert_eq!(listening.post(&post, &uri, &call(1, "wait")), 202);
    listening.shutdown.start();
    listening.sim.run();
    assert!(post.down.has_ended(), "idle");
    assert!(listening.served.take().is_none());
    listening.connect();
    assert_eq!(listening.waiting(), 1);
    listening.app.release(1);
    listening.sim.run();
    let received = stream.down.receive();
    assert!(received.contains("\"id\":1,\"result\""));
    assert!(received.ends_with("0\r\n\r\n"), "the body is complete");
    assert!(listening.served.take().is_some());
    assert_eq!((listening.sim.tasks(), listening.sim.timers()), (0, 0));
}

/// What does not finish within the grace does not hold up the end.
#[test]
fn shutdown_does_not_wait_for_ever() {
    let listening = Listening::with(|options| options.grace = secs(5));
    let (_stream, uri) = listening.open_ready();
    let post = listening.connect();
    listening.post(&post, &uri, &call(1, "wait"));
    listening.shutdown.start();
    listening.sim.advance(secs(4));
    assert!(listening.served.take().is_none());
    listening.sim.advance(secs(1));
    assert!(listening.served.take().is_some());
    assert_eq!(listening.app.diary(), ["start 1", "gone 1"]);
    assert_eq!((listening.sim.tasks(), listening.sim.timers()), (0, 0));
}

/// case_48, RACE g.unread over bytes: the client reads nothing, so nobody polls the body of its
/// stream. The connection is closed, and the session with it.
#[test]
fn case_48_a_client_that_does_not_read_is_cut_off() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    stream.down.resize(1000);
    let post = listening.connect();
    let mut taken = 0;
    while listening.post(&post, &uri, &call(taken, "much")) == 202 {
        taken += 1;
    }
    assert!((40..50).contains(&taken), "{taken}");
    listening.sim.advance(secs(31));
    assert_eq!(listening.service.sessions(), 0);
    let post = listening.connect();
    assert_eq!(listening.post(&post, &uri, &call(taken, "much")), 404);
    assert!(stream.down.has_ended());
}

/// A slow reader is not cut off while it reads.
#[test]
fn a_slow_reader_is_served() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    stream.down.resize(1000);
    let post = listening.connect();
    assert_eq!(listening.post(&post, &uri, &call(1, "much")), 202);
    let mut received = Vec::new();
    while received.len() < 100_000 {
        listening.sim.advance(secs(29));
        let pulled = stream.down.pull(usize::MAX);
        assert!(!pulled.is_empty());
        received.extend(pulled);
    }
    assert_eq!(listening.service.sessions(), 1);
}

/// A connection that says nothing, or half a head, does not stay.
#[test]
fn a_silent_connection_does_not_stay() {
    let listening = Listening::new();
    let silent = listening.connect();
    let half = listening.connect();
    half.up.send("GET /sse HTTP/1.1\r\nho");
    listening.sim.advance(secs(29));
    half.up.send("st: ");
    listening.sim.run();
    assert!(!silent.down.has_ended() && !half.down.has_ended());
    listening.sim.advance(secs(1));
    assert!(silent.down.has_ended() && half.down.has_ended());
    assert_eq!((listening.sim.tasks(), listening.sim.timers()), (1, 0));
}

/// A connection may stay silent for as long after each request as at first, however long the
/// answers take.
#[test]
fn a_connection_stays_while_it_is_used() {
    let listening = Listening::new();
    let (stream, uri) = listening.open_ready();
    let post = listening.connect();
    for id in 1..=3 {
        listening.sim.advance(secs(29));
        assert_eq!(listening.post(&post, &uri, &call(id, "echo")), 202);
    }
    listening.sim.advance(secs(29));
    assert!(!post.down.has_ended());
    listening.sim.advance(secs(1));
    assert!(post.down.has_ended());
    assert!(!stream.down.has_ended(), "its answer goes on");
    assert_eq!(listening.service.sessions(), 1);
}

/// The time for the next head begins when a stream has ended, not when it was asked for.
#[test]
fn a_connection_stays_after_a_long_answer() {
    let listening = Listening::new();
    let (stream, _) = listening.open_ready();
    listening.sim.advance(secs(100));
    listening.service.drain(secs(0));
    listening.sim.advance(secs(29));
    assert!(stream.down.receive().ends_with("0\r\n\r\n"), "the stream is over");
    assert!(!stream.down.has_ended());
    listening.sim.advance(secs(1));
    assert!(stream.down.has_ended());
}

/// case_73: the headers of an answer are its own, whatever stood in the same room before, and a page
/// that may call may read them.
#[test]
fn case_73_answers_have_headers_of_their_own() {
    let listening = Listening::new();
    let connection = listening.connect();
    let ask = |headers: &str| {
        let body = initialize(0);
        let length = body.len();
        connection.up.send(format!(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        ));
        listening.sim.run();
        let received = connection.down.receive();
        let (head, _) = received.split_once("\r\n\r\n").unwrap();
        let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names.join(" ")
    };
    let many: String = (0..40).map(|number| format!("x-{number}: secret\r\n")).collect();
    let own = "content-length content-type date mcp-session-id vary";
    let page = "access-control-allow-origin access-control-expose-headers";
    for _ in 0..2 {
        assert_eq!(ask("x-key: secret\r\n"), own);
        assert_eq!(ask("origin: http://localhost:3000\r\n"), format!("{page} {own}"));
        assert_eq!(ask(&many), own);
        assert_eq!(ask(""), own);
    }
}

/// Bytes that are no HTTP end their connection, and no more.
#[test]
fn nonsense_ends_its_connection_alone() {
    let listening = Listening::new();
    let (_stream, uri) = listening.open_ready();
    let bad = listening.connect();
    bad.up.send("\u{16}\u{3}\u{1} nonsense\r\n\r\n");
    listening.sim.run();
    assert!(bad.down.has_ended());
    let huge = listening.connect();
    huge.up.send(format!("GET /sse HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(300_000)));
    listening.sim.run();
    let received = huge.down.receive();
    assert!(received.starts_with("HTTP/1.1 431 "), "{received}");
    let post = listening.connect();
    assert_eq!(listening.post(&post, &uri, &call(1, "echo")), 202);
}

/// 413 before the body is read, and the connection does not go on with the rest of it as a head.
#[test]
fn a_refused_body_is_not_taken_for_a_request() {
    let listening = Listening::new();
    let (_stream, uri) = listening.open_ready();
    let post = listening.connect();
    let smuggled = "GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n";
    post.up.send(format!(
        "POST {uri} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 9000000\r\n\r\n{smuggled}"
    ));
    listening.sim.run();
    let received = post.down.receive();
    assert!(received.starts_with("HTTP/1.1 413 "), "{received}");
    assert_eq!(received.matches("HTTP/1.1").count(), 1);
    assert_eq!(listening.service.sessions(), 1);
}
