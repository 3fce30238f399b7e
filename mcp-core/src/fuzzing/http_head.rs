//! Any requests to an HTTP server, while its streams come and go.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method as HttpMethod, Request, Response, StatusCode};

use crate::config::{EarlyRequests, HoldBudget, SessionConfig};
use crate::id::RequestTicket;
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, Phase};
use crate::model::{Implementation, InitializeResult, ServerCapabilities};
use crate::session::ServerEvent;
use crate::time::Instant;
use crate::transport::http::{
    Admission, EventStream, HttpConfig, HttpServer, Posted, Slot, Upload,
};
use crate::transport::sse::Decoder;

const METHODS: [HttpMethod; 6] = [
    HttpMethod::GET,
    HttpMethod::POST,
    HttpMethod::POST,
    HttpMethod::PUT,
    HttpMethod::HEAD,
    HttpMethod::OPTIONS,
];

const TARGETS: [&str; 8] = [
    "/sse",
    "/messages",
    "/messages?session_id=00000000000000000000000000000000",
    "/messages?session_id=%20&session_id=x",
    "http://localhost/sse",
    "http://evil.example/sse",
    "/",
    "*",
];

const HEADERS: [(&str, &str); 16] = [
    ("host", "localhost"),
    ("host", "[::1]:8000"),
    ("host", "evil.example"),
    ("host", ""),
    ("origin", "http://localhost:1"),
    ("origin", "null"),
    ("accept", "text/event-stream"),
    ("accept", "text/*;q=0, application/json"),
    ("content-type", "application/json"),
    ("content-type", "application/json; charset=\"utf-8\""),
    ("content-type", "text/plain"),
    ("content-length", "10"),
    ("content-length", "99999999999999999999"),
    ("content-length", "x"),
    ("accept", ""),
    ("x-other", "y"),
];

const MESSAGES: [&str; 12] = [
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#,
    r#"{"jsonrpc":"2.0","id":"2","method":"tools/call"}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#,
    r#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    r#"[{"jsonrpc":"2.0","id":5,"method":"ping"},7]"#,
    r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
    "{",
    "",
];

/// The answers there are to a request.
const STATUSES: [StatusCode; 9] = [
    StatusCode::ACCEPTED,
    StatusCode::BAD_REQUEST,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    StatusCode::SERVICE_UNAVAILABLE,
];

const MAX_SESSIONS: usize = 3;
const MAX_UPLOADS: usize = 4;
const HOLD_BUDGET: usize = 2000;
const OUTBOX: usize = 3000;
/// More than any frame of ours takes here.
const LARGEST_FRAME: usize = 1500;

/// Whatever heads and bodies come in: every request has one of the known answers, sessions and
/// what they hold are bounded, streams carry well-formed events, and when the streams are gone
/// nothing is left.
pub fn http_head(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut run = Run::new(bytes.next().unwrap_or(0));
    while let Some(op) = bytes.next() {
        let mut pick = |count: usize| usize::from(bytes.next().unwrap_or(0)) % count;
        match op % 8 {
            0 => run.request(Request::get("/sse").header("host", "localhost"), &[]),
            1 => run.message(&mut pick),
            2 => run.anything(&mut pick),
            3 => run.upload(&mut pick),
            4 => run.work(&mut pick),
            5 => run.pass_time(Duration::from_millis(1 << (pick(256) % 20))),
            6 => run.read(&mut pick),
            _ => run.leave(&mut pick),
        }
        run.check();
    }
    run.finish();
}

struct Client {
    stream: EventStream<()>,
    slot: Arc<Slot<()>>,
    uri: String,
    decoder: Decoder,
    tickets: Vec<RequestTicket>,
}

struct Run {
    server: HttpServer<()>,
    hold_budget: HoldBudget,
    now: Instant,
    clients: Vec<Client>,
    uploads: Vec<Upload<()>>,
    draining: bool,
}

impl Run {
    fn new(choice: u8) -> Self {
        let mut session = SessionConfig::new([Method::ToolsCall, Method::ToolsList]);
        session.early_requests = match choice % 4 {
            0 => EarlyRequests::Serve,
            1 => EarlyRequests::Refuse,
            _ => EarlyRequests::Hold,
        };
        session.hold_budget = HoldBudget::new(HOLD_BUDGET);
        session.limits.envelope.bytes = 500;
        session.limits.in_flight = 2;
        session.limits.outbox_bytes = OUTBOX;
        session.limits.outbox_bytes_max = 2 * OUTBOX;
        let hold_budget = session.hold_budget.clone();
        let mut config = HttpConfig::new(session);
        config.max_sessions = MAX_SESSIONS;
        config.mcp = None;
        Self {
            server: HttpServer::new(config, &[choice; 32]),
            hold_budget,
            now: Instant::EPOCH,
            clients: Vec::new(),
            uploads: Vec::new(),
            draining: false,
        }
    }

    /// A request with this head and a body of these pieces; without any it stays open.
    fn request(&mut self, head: http::request::Builder, body: &[&'static [u8]]) {
        let Ok(request) = head.body(()) else { return };
        let (head, ()) = request.into_parts();
        self.begin(&head, body);
    }

    fn begin(&mut self, head: &Parts, body: &[&'static [u8]]) {
        match self.server.begin(self.now, head) {
            Admission::Authorize(_) => panic!("the server is not protected"),
            Admission::Reject(response) => check_response(&response),
            Admission::Open(mut stream) => {
                assert!(!self.draining);
                assert_eq!(stream.head().status(), StatusCode::OK);
                let mut decoder = Decoder::new();
                let first = stream.poll_data(self.now);
                decoder.handle_bytes(first.expect("the endpoint comes at once"));
                let endpoint = decoder.poll_event().expect("an event");
                let endpoint = endpoint.expect("a well-formed event");
                assert_eq!(endpoint.event_type(), "endpoint");
                let uri = core::str::from_utf8(endpoint.data()).expect("a URI is text");
                self.clients.push(Client {
                    slot: Arc::clone(stream.slot()),
                    stream,
                    uri: uri.to_string(),
                    decoder,
                    tickets: Vec::new(),
                });
            }
            Admission::ReadBody(mut upload) => {
                for piece in body {
                    if let Err(response) = upload.handle_data(Bytes::from_static(piece)) {
                        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
                        return check_response(&response);
                    }
                }
                if body.is_empty() && self.uploads.len() < MAX_UPLOADS {
                    self.uploads.push(upload);
                } else {
                    check_response(&end(upload, self.now));
                }
            }
            Admission::Listen(_) | Admission::Ended(..) => panic!("there is no /mcp here"),
        }
    }

    /// An honest message to a session there is.
    fn message(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        let Some(uri) = self.uri(pick) else { return };
        let head = Request::post(uri)
            .header("host", "localhost")
            .header("content-type", "application/json");
        let message = at(&MESSAGES, pick).as_bytes();
        let (start, end) = message.split_at(pick(64).min(message.len()));
        self.request(head, &[start, end]);
    }

    /// A request made of anything.
    fn anything(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        let target = match (pick(4), self.uri(pick)) {
            (0, Some(uri)) => uri,
            (1, Some(uri)) => {
                uri.to_uppercase().replace("/MESSAGES?SESSION_ID", "/messages?session_id")
            }
            _ => at(&TARGETS, pick).to_string(),
        };
        let mut head = Request::builder().method(at(&METHODS, pick)).uri(target);
        for _ in 0..pick(8) {
            let (name, value) = at(&HEADERS, pick);
            head = head.header(name, value);
        }
        if pick(4) == 0 {
            let name = HeaderName::from_static(at(&HEADERS, pick).0);
            let bytes: Vec<u8> =
                (0..pick(8)).filter_map(|_| u8::try_from(pick(256)).ok()).collect();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                head = head.header(name, value);
            }
        }
        let body = [at(&MESSAGES, pick).as_bytes()];
        self.request(head, body.get(..pick(2)).unwrap_or_default());
    }

    /// Goes on with an upload, to its end or not.
    fn upload(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        if self.uploads.is_empty() {
            let Some(uri) = self.uri(pick) else { return };
            let head = Request::post(uri)
                .header("host", "localhost")
                .header("content-type", "application/json");
            return self.request(head, &[]);
        }
        let mut upload = self.uploads.swap_remove(pick(self.uploads.len()));
        match pick(4) {
            0 => drop(upload),
            1 => check_response(&end(upload, self.now)),
            _ => match upload.handle_data(Bytes::from_static(at(&MESSAGES, pick).as_bytes())) {
                Ok(()) => self.uploads.push(upload),
                Err(response) => check_response(&response),
            },
        }
    }

    /// The application does some of its work.
    fn work(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        let now = self.now;
        let Some(client) = self.client(pick) else {
            return;
        };
        let mut session = client.slot.lock();
        while let Some(event) = session.poll_event() {
            match event {
                ServerEvent::Initialize(ticket, _) => {
                    let server = Implementation::new("s", "1");
                    let result = InitializeResult::new(ServerCapabilities::default(), server);
                    session.accept(now, ticket, result);
                }
                ServerEvent::Request(request) => client.tickets.push(request.ticket),
                ServerEvent::Closed(_) => client.tickets.clear(),
                _ => {}
            }
        }
        let answers = pick(client.tickets.len() + 1);
        for ticket in client.tickets.drain(..answers) {
            let result = format!("\"{}\"", "x".repeat(pick(4) * 300));
            let result = RawJson::parse(result).expect("a string");
            session.respond(now, ticket, Ok(result));
        }
    }

    fn pass_time(&mut self, time: Duration) {
        self.now = self.now + time;
        for client in &mut self.clients {
            client.stream.handle_timeout(self.now);
            assert!(client.stream.poll_timeout() > self.now, "nothing is due twice");
        }
    }

    fn read(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        let now = self.now;
        let Some(client) = self.client(pick) else {
            return;
        };
        for _ in 0..=pick(4) {
            let Some(piece) = client.stream.poll_data(now) else {
                break;
            };
            assert!(!piece.is_empty());
            client.decoder.handle_bytes(piece);
        }
        while let Some(event) = client.decoder.poll_event() {
            let event = event.expect("a well-formed event");
            assert_eq!(event.event_type(), "message");
            RawJson::parse(event.data().clone()).expect("a message is JSON");
        }
    }

    /// A client leaves; once in a while the server does.
    fn leave(&mut self, pick: &mut impl FnMut(usize) -> usize) {
        if pick(16) == 15 {
            self.draining = true;
            self.server.drain(self.now, Duration::from_secs(5));
        } else if !self.clients.is_empty() {
            let mut client = self.clients.swap_remove(pick(self.clients.len()));
            if pick(2) == 0 {
                client.stream.handle_disconnect(self.now);
                assert!(client.stream.is_ended());
            }
            drop(client.stream);
            assert_eq!(client.slot.lock().phase(), Phase::Closed);
        }
    }

    fn check(&self) {
        assert!(self.clients.len() <= MAX_SESSIONS);
        assert_eq!(self.server.sessions(), self.clients.len());
        assert!(self.hold_budget.used() <= HOLD_BUDGET);
        for client in &self.clients {
            let session = client.slot.lock();
            assert!(session.outbox_bytes() <= 2 * OUTBOX + LARGEST_FRAME);
            assert!(session.in_flight() <= 2);
            if session.phase() == Phase::Closed {
                assert_eq!((session.held(), session.in_flight()), (0, 0));
            }
        }
    }

    fn finish(mut self) {
        self.clients.clear();
        for upload in self.uploads.drain(..) {
            let response = end(upload, self.now);
            assert_ne!(response.status(), StatusCode::ACCEPTED, "its session is gone");
            check_response(&response);
        }
        assert_eq!(self.server.sessions(), 0);
        assert!(self.server.slots().is_empty());
        assert_eq!(self.hold_budget.used(), 0);
    }

    fn client(&mut self, pick: &mut impl FnMut(usize) -> usize) -> Option<&mut Client> {
        let count = self.clients.len();
        self.clients.get_mut(pick(count.max(1)))
    }

    fn uri(&mut self, pick: &mut impl FnMut(usize) -> usize) -> Option<String> {
        self.client(pick).map(|client| client.uri.clone())
    }
}

fn end(upload: Upload<()>, now: Instant) -> Response<Bytes> {
    match upload.handle_end(now) {
        Posted::Refused(response) | Posted::Session(response, _) => response,
        Posted::Exchange(_) | Posted::Modern(_) | Posted::Notified(..) => {
            panic!("nothing here is posted to /mcp")
        }
    }
}

fn at<T: Clone>(choices: &[T], pick: &mut impl FnMut(usize) -> usize) -> T {
    choices[pick(choices.len())].clone()
}

fn check_response(response: &Response<Bytes>) {
    let status = response.status();
    assert!(STATUSES.contains(&status), "{status}");
    if status == StatusCode::ACCEPTED {
        return assert!(response.body().is_empty());
    }
    let has = |name: &str| response.headers().contains_key(name);
    assert_eq!(has("allow"), status == StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(has("retry-after"), status == StatusCode::SERVICE_UNAVAILABLE);
    assert!(has("content-type"));
    assert!(response.body().starts_with(b"{\"jsonrpc\":\"2.0\","));
    RawJson::parse(response.body().clone()).expect("the body is JSON");
}
