//! The client and our own server, over a link that reorders requests, loses answers and cuts
//! streams wherever it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use mcp_core::config::{ClientConfig, Protocol, SessionConfig};
use mcp_core::error::RequestError;
use mcp_core::id::{RequestHandle, RequestTicket};
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::revision::Revision;
use mcp_core::session::{ClientEvent, Outgoing, ServerEvent};
use mcp_core::time::Instant;
use mcp_core::transport::http::{
    Admission, Answer, EventStream, Exchange, Failure, FetchId, HttpClient, HttpClientConfig,
    HttpClientEvent, HttpConfig, HttpServer, McpStream, ModernCall, Payload, Posted, Slot,
};

use crate::support::secs;

/// How the server answers calls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Json,
    /// With a message ahead, so that the answer is a stream.
    Stream,
}

/// What the server is able to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Modern,
    Streamable,
    Sse,
}

/// An exchange, at the server's end.
enum Flight {
    Travelling(Box<Request<Bytes>>),
    Working(Box<Exchange<()>>),
    Mcp(Box<McpStream<()>>),
    Events(Box<EventStream<()>>),
    Modern(Box<ModernCall>, bool),
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

struct Pair {
    client: HttpClient,
    server: HttpServer<()>,
    now: Instant,
    random: Random,
    style: Style,
    /// How many more things may go wrong.
    faults: usize,
    /// After how many bytes the stream of a call is cut, once.
    cut_at: Option<usize>,
    flights: BTreeMap<FetchId, Flight>,
    /// Bytes of bodies of each exchange so far.
    carried: BTreeMap<FetchId, usize>,
    slots: Vec<Arc<Slot<()>>>,
    tickets: Vec<(Arc<Slot<()>>, RequestTicket, Option<u64>)>,
    /// How often each call was worked on.
    worked: BTreeMap<u64, usize>,
    open: BTreeSet<RequestHandle>,
    outcomes: BTreeMap<RequestHandle, Result<String, RequestError>>,
}

fn number(params: Option<&RawJson>) -> Option<u64> {
    let params: serde_json::Value = params?.to().ok()?;
    params["arguments"]["n"].as_u64()
}

fn result(n: Option<u64>) -> RawJson {
    let n = n.map_or_else(|| "null".to_owned(), |n| n.to_string());
    RawJson::parse(format!(r#"{{"resultType":"complete","content":[],"n":{n}}}"#)).unwrap()
}

fn note() -> Outgoing {
    let params = RawJson::parse(r#"{"level":"info","data":"working"}"#).unwrap();
    Outgoing::new("notifications/message", Some(params))
}

impl Pair {
    fn new(kind: Kind, style: Style, seed: u64) -> Self {
        let methods = [Method::ToolsList, Method::ToolsCall, Method::ServerDiscover];
        let mut session = SessionConfig::new(methods);
        session.modern = kind == Kind::Modern;
        let mut server = HttpConfig::new(session);
        if kind == Kind::Sse {
            server.mcp = None;
        }
        let mut session = ClientConfig::new(Implementation::new("c", "1"));
        session.limits.restarts = 50;
        if kind == Kind::Streamable {
            session.protocol = Protocol::Legacy(Revision::V2025_11_25);
        }
        let url = if kind == Kind::Sse { "http://localhost/sse" } else { "http://localhost/mcp" };
        let mut config = HttpClientConfig::new(url, session);
        config.reconnection.attempts = 30;
        let now = Instant::from_epoch(secs(1000));
        Self {
            client: HttpClient::new(now, config, seed).unwrap(),
            server: HttpServer::new(server, &[7; 32]),
            now,
            random: Random(seed),
            style,
            faults: 0,
            cut_at: None,
            flights: BTreeMap::new(),
            carried: BTreeMap::new(),
            slots: Vec::new(),
            tickets: Vec::new(),
            worked: BTreeMap::new(),
            open: BTreeSet::new(),
            outcomes: BTreeMap::new(),
        }
    }

    fn call(&mut self, n: u64) -> RequestHandle {
        let params = RawJson::parse(format!(r#"{{"name":"t","arguments":{{"n":{n}}}}}"#)).unwrap();
        let handle = self.client.request(self.now, Outgoing::new("tools/call", Some(params)));
        let handle = handle.unwrap();
        self.open.insert(handle);
        handle
    }

    /// Whether something goes wrong now.
    fn fault(&mut self, one_in: usize) -> bool {
        let fault = self.faults > 0 && self.random.chance(one_in);
        self.faults -= usize::from(fault);
        fault
    }

    fn run(&mut self) {
        for _ in 0..20_000 {
            if self.open.is_empty() {
                return;
            }
            self.step();
        }
        panic!("{} requests hang", self.open.len());
    }

    fn step(&mut self) {
        while let Some(fetch) = self.client.poll_fetch() {
            self.flights.insert(fetch.id, Flight::Travelling(fetch.request.into()));
        }
        while let Some(id) = self.client.poll_abort() {
            self.flights.remove(&id);
        }
        self.work();
        let ids: Vec<FetchId> = self.flights.keys().copied().collect();
        if !ids.is_empty() {
            // One after the other, in any order.
            let id = ids[self.random.below(ids.len())];
            if let Some(flight) = self.flights.remove(&id) {
                self.carry(id, flight);
            }
        }
        if self.random.chance(4) {
            self.now = self.now + core::time::Duration::from_millis(50);
            self.client.handle_timeout(self.now);
            for flight in self.flights.values_mut() {
                match flight {
                    Flight::Working(it) => it.handle_timeout(self.now),
                    Flight::Mcp(it) => it.handle_timeout(self.now),
                    Flight::Events(it) => it.handle_timeout(self.now),
                    Flight::Modern(it, _) => it.answer.handle_timeout(self.now),
                    Flight::Travelling(_) => {}
                }
            }
        }
        while let Some(event) = self.client.poll_event() {
            if let HttpClientEvent::Session(ClientEvent::Response(handle, outcome)) = event {
                assert!(self.open.remove(&handle), "one outcome for each request");
                let outcome = outcome.map(|result| result.as_str().to_owned());
                self.outcomes.insert(handle, outcome);
            }
        }
    }

    /// The application of the server.
    fn work(&mut self) {
        for slot in self.slots.clone() {
            loop {
                let event = slot.lock().poll_event();
                match event {
                    Some(ServerEvent::Initialize(ticket, _)) => {
                        let info = Implementation::new("s", "1");
                        let result = InitializeResult::new(ServerCapabilities::default(), info);
                        slot.lock().accept(self.now, ticket, result);
                    }
                    Some(ServerEvent::Request(request)) => {
                        let n = number(request.params.as_deref());
                        if let Some(n) = n {
                            *self.worked.entry(n).or_default() += 1;
                        }
                        if self.style == Style::Stream {
                            let about = note().about(request.ticket.key());
                            let _ = slot.lock().notify(self.now, about);
                        }
                        self.tickets.push((Arc::clone(&slot), request.ticket, n));
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        }
        if !self.tickets.is_empty() && self.random.chance(3) {
            let which = self.random.below(self.tickets.len());
            let (slot, ticket, n) = self.tickets.swap_remove(which);
            slot.lock().respond(self.now, ticket, Ok(result(n)));
        }
    }

    fn carry(&mut self, id: FetchId, flight: Flight) {
        match flight {
            Flight::Travelling(request) => {
                if self.fault(8) {
                    self.client.handle_failure(self.now, id, Failure::NotSent);
                    return;
                }
                if let Some(flight) = self.arrive(id, *request) {
                    self.flights.insert(id, flight);
                }
            }
            Flight::Working(mut exchange) => match exchange.poll_answer(self.now) {
                None => {
                    self.flights.insert(id, Flight::Working(exchange));
                }
                Some(Answer::Full(response)) => self.whole(id, response),
                Some(Answer::Stream(stream)) => {
                    self.head(id, stream.head());
                    self.flights.insert(id, Flight::Mcp(stream.into()));
                }
                Some(_) => unreachable!(),
            },
            Flight::Mcp(mut stream) => {
                let data = stream.poll_data(self.now);
                let ended = stream.is_ended();
                if self.data(id, data, ended) {
                    self.flights.insert(id, Flight::Mcp(stream));
                } else {
                    stream.handle_disconnect(self.now);
                }
            }
            Flight::Events(mut stream) => {
                let data = stream.poll_data(self.now);
                let ended = stream.is_ended();
                if self.data(id, data, ended) {
                    self.flights.insert(id, Flight::Events(stream));
                } else {
                    stream.handle_disconnect(self.now);
                }
            }
            Flight::Modern(mut call, begun) => {
                if !begun {
                    if let Some(response) = call.answer.poll_response() {
                        let (head, payload) = response.into_parts();
                        match payload {
                            Payload::Whole(frame) => {
                                self.whole(id, Response::from_parts(head, frame.to_bytes()));
                                return;
                            }
                            Payload::Stream => self.head(id, Response::from_parts(head, ())),
                        }
                        self.flights.insert(id, Flight::Modern(call, true));
                        return;
                    }
                    let reply = modern_result(&call);
                    call.answer.respond(&Ok(reply));
                    self.flights.insert(id, Flight::Modern(call, false));
                    return;
                }
                let data = call.answer.poll_data(self.now);
                let ended = call.answer.is_ended();
                if self.data(id, data, ended) {
                    if !ended {
                        let reply = modern_result(&call);
                        call.answer.respond(&Ok(reply));
                    }
                    self.flights.insert(id, Flight::Modern(call, true));
                } else {
                    call.answer.handle_disconnect();
                }
            }
        }
    }

    fn arrive(&mut self, id: FetchId, mut request: Request<Bytes>) -> Option<Flight> {
        let path = request.uri().path_and_query().unwrap().clone();
        *request.uri_mut() = Uri::from(path);
        request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
        let (head, body) = request.into_parts();
        let (head, ()) = Request::from_parts(head, ()).into_parts();
        let posted = match self.server.begin(self.now, &head) {
            Admission::Reject(response) => {
                self.whole(id, response);
                return None;
            }
            Admission::Ended(response, _) => {
                self.whole(id, response);
                return None;
            }
            Admission::Open(stream) => {
                self.slots.push(Arc::clone(stream.slot()));
                self.head(id, stream.head());
                return Some(Flight::Events(stream.into()));
            }
            Admission::Listen(stream) => {
                self.head(id, stream.head());
                return Some(Flight::Mcp(stream.into()));
            }
            Admission::ReadBody(mut upload) => {
                upload.handle_data(body).unwrap();
                upload.handle_end(self.now)
            }
            other => panic!("{other:?}"),
        };
        match posted {
            Posted::Refused(response) | Posted::Session(response, _) => {
                self.whole(id, response);
                None
            }
            Posted::Exchange(exchange) => {
                self.slots.push(Arc::clone(exchange.slot()));
                Some(Flight::Working(exchange.into()))
            }
            Posted::Modern(mut call) => {
                if let Some(n) = number(Some(&call.request.params)) {
                    *self.worked.entry(n).or_default() += 1;
                    if self.style == Style::Stream {
                        call.answer.notify(note()).unwrap();
                    }
                }
                Some(Flight::Modern(call, false))
            }
            other => panic!("{other:?}"),
        }
    }

    fn head(&mut self, id: FetchId, head: Response<()>) {
        let (head, ()) = head.into_parts();
        self.client.handle_head(self.now, id, &head);
    }

    /// Carries a whole answer, or loses it.
    fn whole(&mut self, id: FetchId, response: Response<Bytes>) {
        if self.fault(8) {
            self.client.handle_failure(self.now, id, Failure::Broken);
            return;
        }
        let (head, body) = response.into_parts();
        self.client.handle_head(self.now, id, &head);
        let cut = self.fault(8);
        let length = if cut { self.random.below(body.len() + 1) } else { body.len() };
        self.client.handle_data(self.now, id, body.slice(..length));
        if cut {
            self.client.handle_failure(self.now, id, Failure::Broken);
        } else {
            self.client.handle_end(self.now, id);
        }
    }

    /// Carries a piece of a stream, or cuts it; whether it goes on.
    fn data(&mut self, id: FetchId, data: Option<Bytes>, ended: bool) -> bool {
        if let Some(data) = data {
            let carried = self.carried.entry(id).or_default();
            let until = *carried + data.len();
            let exact = self.cut_at.filter(|at| *at < until).map(|at| at.saturating_sub(*carried));
            *carried = until;
            let cut = match exact {
                Some(at) => {
                    self.cut_at = None;
                    Some(at)
                }
                None => self.fault(6).then(|| self.random.below(data.len() + 1)),
            };
            self.client.handle_data(self.now, id, data.slice(..cut.unwrap_or(data.len())));
            if cut.is_some() {
                self.client.handle_failure(self.now, id, Failure::Broken);
                return false;
            }
            return true;
        }
        if ended {
            self.client.handle_end(self.now, id);
        }
        !ended
    }
}

fn modern_result(call: &ModernCall) -> RawJson {
    if call.request.method == Method::ServerDiscover {
        let result = r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","supportedVersions":["2026-07-28"],"capabilities":{}}"#;
        return RawJson::parse(result).unwrap();
    }
    result(number(Some(&call.request.params)))
}

/// case_36: a stream is cut at every byte of all it carries, the final event included; the answer
/// comes exactly once all the same.
#[test]
fn case_36_an_answer_survives_a_cut_at_every_byte() {
    let whole = {
        let mut pair = Pair::new(Kind::Streamable, Style::Stream, 1);
        let handle = pair.call(1);
        pair.run();
        assert!(pair.outcomes[&handle].is_ok());
        *pair.carried.values().max().unwrap()
    };
    assert!(whole > 100, "the answer was a stream");
    let mut resumed = 0;
    for at in 0..whole {
        let mut pair = Pair::new(Kind::Streamable, Style::Stream, 1);
        let handle = pair.call(1);
        pair.cut_at = Some(at);
        pair.run();
        let outcome = &pair.outcomes[&handle];
        assert_eq!(pair.worked[&1], 1, "cut at {at}");
        match outcome {
            Ok(result) => {
                assert!(result.contains("\"n\":1"));
                resumed += 1;
            }
            // Before the first id there is nothing to go on from.
            Err(error) => {
                assert_eq!((error, at < 40), (&RequestError::Lost, true), "cut at {at}");
            }
        }
    }
    assert!(resumed >= whole - 40, "{resumed} of {whole}");
}

/// Whatever the link does, every request ends exactly once, and what it is told is true: a result
/// is that of its own call, and no call that may change something is worked on twice.
#[test]
fn every_request_ends_once_and_honestly() {
    let mut results = 0;
    let mut broken = 0;
    for kind in [Kind::Modern, Kind::Streamable, Kind::Sse] {
        for style in [Style::Json, Style::Stream] {
            for seed in 0..150 {
                let mut pair = Pair::new(kind, style, seed);
                let early: Vec<_> = (0..3).map(|n| (n, pair.call(n))).collect();
                pair.faults = 0;
                while !pair.client.session().is_ready() {
                    pair.step();
                }
                pair.faults = 12;
                let late: Vec<_> = (3..8).map(|n| (n, pair.call(n))).collect();
                pair.run();
                for (n, handle) in early.into_iter().chain(late) {
                    let worked = pair.worked.get(&n).copied().unwrap_or_default();
                    let at = format!("{kind:?} {style:?} {seed}: call {n}");
                    match &pair.outcomes[&handle] {
                        Ok(result) => {
                            assert!(result.contains(&format!("\"n\":{n}")), "{at}");
                            assert_eq!(worked, 1, "{at}");
                            results += 1;
                        }
                        Err(RequestError::NotSent | RequestError::SessionGone) => {
                            assert_eq!(worked, 0, "{at}");
                            broken += 1;
                        }
                        Err(RequestError::Lost | RequestError::TimedOut) => {
                            assert!(worked <= 1, "{at}");
                            broken += 1;
                        }
                        Err(error) => panic!("{at}: {error}"),
                    }
                }
            }
        }
    }
    assert!(results > 1000 && broken > 500, "{results} results, {broken} faults");
}
