//! A client and a server over a link that delays, repeats, reorders and cuts, with fixed seeds.
//!
//! Every request ends once, with an outcome that is true: what is answered has its own answer,
//! what was not sent was never seen by the server's application, and nothing is done twice that
//! the client has not said may be. In the end nothing is left on either side.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use mcp_core::config::{ClientConfig, Protocol, SessionConfig};
use mcp_core::error::RequestError;
use mcp_core::id::{RequestHandle, RequestTicket};
use mcp_core::jsonrpc::{ErrorObject, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{
    ClientCapabilities, Implementation, InitializeResult, RootsCapability, ServerCapabilities,
};
use mcp_core::session::{
    ClientEvent, ClientSession, IncomingRequest, Lane, Outgoing, ServerEvent, ServerSession,
    TransmitKey, TransmitKind,
};
use mcp_core::time::Instant;
use serde_json::{Value, json};

struct Random(u64);

impl Random {
    /// Below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

fn raw(value: &Value) -> RawJson {
    RawJson::parse(value.to_string()).unwrap()
}

/// A request that the server's application works on.
struct Work {
    ticket: RequestTicket,
    method: Method,
    number: u64,
    modern: bool,
    rounds: bool,
}

struct Pair {
    random: Random,
    now: Instant,
    modern: bool,
    client: ClientSession,
    server: ServerSession,
    /// To the server: every message is a POST of its own, so they overtake each other, but for
    /// what the client waits for.
    up: Vec<(TransmitKey, TransmitKind, Bytes)>,
    /// To the client: one stream, in order.
    down: VecDeque<Bytes>,
    work: Vec<Work>,
    answers: Vec<IncomingRequest>,
    /// What the server's application has seen, by number, and how often.
    seen: BTreeMap<u64, usize>,
    numbers: BTreeMap<RequestHandle, (u64, bool)>,
    ends: BTreeMap<RequestHandle, usize>,
    last: u64,
    answered: usize,
}

impl Pair {
    fn new(seed: u64, modern: bool) -> Self {
        let mut config = ClientConfig::new(Implementation::new("c", "1"));
        config.capabilities = ClientCapabilities::new().with_roots(RootsCapability::new());
        config.limits.restarts = 1000;
        config.protocol =
            if seed.is_multiple_of(3) && !modern { Protocol::LegacyFirst } else { Protocol::Auto };
        let now = Instant::EPOCH;
        Self {
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            now,
            modern,
            client: ClientSession::new(now, Arc::new(config)),
            server: Self::server(now, modern),
            up: Vec::new(),
            down: VecDeque::new(),
            work: Vec::new(),
            answers: Vec::new(),
            seen: BTreeMap::new(),
            numbers: BTreeMap::new(),
            ends: BTreeMap::new(),
            last: 0,
            answered: 0,
        }
    }

    fn server(now: Instant, modern: bool) -> ServerSession {
        let mut config =
            SessionConfig::new([Method::ToolsList, Method::ToolsCall, Method::ServerDiscover]);
        config.modern = modern;
        ServerSession::new(now, Arc::new(config))
    }

    fn step(&mut self) {
        match self.random.below(20) {
            0..=3 => self.ask(),
            4 => self.cancel(),
            5..=9 => self.deliver_up(),
            10..=14 => self.deliver_down(),
            15 | 16 => self.work(),
            17 => self.answer(),
            18 => self.pass(),
            _ if self.random.one_in(8) => self.cut(),
            _ => self.pass(),
        }
        self.look();
    }

    fn ask(&mut self) {
        self.last += 1;
        let reads = self.random.one_in(3);
        let method = if reads { "tools/list" } else { "tools/call" };
        let params = raw(&json!({"name": "t", "arguments": {"n": self.last}}));
        let mut item = Outgoing::new(method, Some(params)).uncached();
        item.progress = self.random.one_in(2);
        if let Ok(handle) = self.client.request(self.now, item) {
            self.numbers.insert(handle, (self.last, reads));
        }
    }

    fn cancel(&mut self) {
        let at = self.random.below(self.numbers.len() as u64 + 1);
        if let Some(handle) = self.numbers.keys().nth(at as usize).copied() {
            self.client.cancel(self.now, handle, "bored");
        }
    }

    fn deliver_up(&mut self) {
        if self.up.is_empty() {
            return;
        }
        let at = self.random.below(self.up.len() as u64) as usize;
        let (key, kind, frame) = self.up.remove(at);
        let is_request = matches!(kind, TransmitKind::Request(_));
        if is_request && self.random.one_in(20) {
            self.client.handle_not_sent(self.now, key);
            return;
        }
        if matches!(kind, TransmitKind::Response | TransmitKind::Cancel(_))
            && self.random.one_in(10)
        {
            let _ = self.server.handle_frame(self.now, Lane::Standing, frame.clone());
        }
        let _ = self.server.handle_frame(self.now, Lane::Standing, frame);
        self.client.handle_sent(self.now, key);
    }

    fn deliver_down(&mut self) {
        if let Some(frame) = self.down.pop_front() {
            if self.random.one_in(15) {
                let _ = self.client.handle_frame(self.now, Lane::Standing, frame.clone());
            }
            let _ = self.client.handle_frame(self.now, Lane::Standing, frame);
        }
    }

    /// The server's application does something about a request.
    fn work(&mut self) {
        if self.work.is_empty() {
            return;
        }
        let at = self.random.below(self.work.len() as u64) as usize;
        let Work { ticket, method, number, modern, rounds } = self.work.remove(at);
        let reply = match self.random.below(6) {
            0 => Err(ErrorObject::internal("no")),
            1 if modern && !rounds && method == Method::ToolsCall => Ok(raw(&json!({
                "resultType": "input_required", "requestState": number.to_string(),
                "inputRequests": {"roots": {"method": "roots/list"}}}))),
            2 if !modern => {
                let about = ticket.key();
                let _ =
                    self.server.request(self.now, Outgoing::new("roots/list", None).about(about));
                self.work.push(Work { ticket, method, number, modern, rounds });
                return;
            }
            _ => Ok(raw(&json!({"n": number}))),
        };
        self.server.respond(self.now, ticket, reply);
    }

    /// The client's application answers something.
    fn answer(&mut self) {
        if let Some(request) = self.answers.pop() {
            let refuses = self.random.one_in(6);
            let reply = if refuses {
                Err(ErrorObject::internal("no"))
            } else {
                Ok(raw(&json!({"roots": []})))
            };
            self.client.respond(self.now, request.ticket, reply);
        }
    }

    fn pass(&mut self) {
        self.now = self.now + Duration::from_millis(self.random.below(3000));
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    /// The link is cut, and the client finds a new server at its end.
    fn cut(&mut self) {
        for (key, kind, _) in self.up.drain(..) {
            let is_request = matches!(kind, TransmitKind::Request(_));
            if is_request && self.random.one_in(2) {
                self.client.handle_lost(self.now, key);
            }
        }
        // A part of the stream still came through.
        let some = self.random.below(self.down.len() as u64 + 1) as usize;
        for frame in self.down.drain(..).take(some) {
            let _ = self.client.handle_frame(self.now, Lane::Standing, frame);
        }
        self.work.clear();
        self.server = Self::server(self.now, self.modern);
        self.client.restart(self.now);
    }

    fn look(&mut self) {
        while let Some(out) = self.client.poll_transmit() {
            if out.kind == TransmitKind::Initialized {
                assert!(
                    self.up.iter().all(|(_, kind, _)| !matches!(kind, TransmitKind::Request(_))
                        || self.client.counters().restarts > 0),
                    "case_07"
                );
            }
            self.up.push((out.key, out.kind, out.frame.to_bytes()));
        }
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Initialize(ticket, _) => {
                    let info = Implementation::new("s", "1");
                    let result = InitializeResult::new(ServerCapabilities::new(), info);
                    self.server.accept(self.now, ticket, result);
                }
                ServerEvent::Request(IncomingRequest {
                    ticket, method, params, caller, ..
                }) => {
                    if method == Method::ServerDiscover {
                        let result = json!({"resultType": "complete", "capabilities": {},
                            "supportedVersions": ["2026-07-28"], "ttlMs": 0});
                        self.server.respond(self.now, ticket, Ok(raw(&result)));
                        continue;
                    }
                    let params: Value = params.unwrap().to().unwrap();
                    let number = params["arguments"]["n"].as_u64().unwrap();
                    let rounds = params.get("inputResponses").is_some();
                    if rounds {
                        assert_eq!(params["requestState"], number.to_string(), "MRTR-16");
                    } else {
                        *self.seen.entry(number).or_default() += 1;
                    }
                    let modern = caller.is_some();
                    self.work.push(Work { ticket, method, number, modern, rounds });
                }
                ServerEvent::Cancelled(key, _) => self.work.retain(|work| work.ticket.key() != key),
                _ => {}
            }
        }
        while let Some(out) = self.server.poll_transmit() {
            self.down.push_back(out.frame.to_bytes());
        }
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Request(request) => self.answers.push(request),
                ClientEvent::Cancelled(key, _) => {
                    self.answers.retain(|request| request.ticket.key() != key);
                }
                ClientEvent::Response(handle, outcome) => self.judge(handle, outcome),
                ClientEvent::Closed(reason) => panic!("{reason}"),
                _ => {}
            }
        }
    }

    /// Whether an outcome is true.
    fn judge(&mut self, handle: RequestHandle, outcome: Result<RawJson, RequestError>) {
        let ends = self.ends.entry(handle).or_default();
        *ends += 1;
        assert_eq!(*ends, 1, "a request ends once");
        let (number, reads) = self.numbers[&handle];
        let seen = self.seen.get(&number).copied().unwrap_or_default();
        assert!(reads || seen <= 1, "nothing is done twice");
        match outcome {
            Ok(result) => {
                assert_eq!(result.to::<Value>().unwrap()["n"], number, "its own answer");
                assert!(seen > 0);
                self.answered += 1;
            }
            Err(RequestError::NotSent) => assert!(reads || seen == 0, "never left"),
            Err(RequestError::Refused(_)) => {}
            Err(RequestError::InputRefused(_)) => assert!(self.modern),
            Err(RequestError::Lost | RequestError::TimedOut | RequestError::Cancelled) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Everything comes to its end without further faults.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            while !self.up.is_empty() {
                let (key, _, frame) = self.up.remove(0);
                let _ = self.server.handle_frame(self.now, Lane::Standing, frame);
                self.client.handle_sent(self.now, key);
                self.look();
            }
            while let Some(frame) = self.down.pop_front() {
                let _ = self.client.handle_frame(self.now, Lane::Standing, frame);
            }
            self.look();
            self.answer();
            self.work();
            self.look();
            let due = self.client.poll_timeout();
            if self.client.is_ready() && self.client.outbound_requests() == 0 {
                break;
            }
            if self.up.is_empty()
                && self.down.is_empty()
                && self.work.is_empty()
                && self.answers.is_empty()
            {
                self.now = due.expect("nothing hangs without a deadline").max(self.now);
                self.client.handle_timeout(self.now);
                self.look();
            }
        }
        assert_eq!(self.ends.len(), self.numbers.len(), "every request has ended");
        while self.client.in_flight() > 0 && !self.answers.is_empty() {
            self.answer();
        }
        self.look();
        self.client.close(self.now);
        while self.client.poll_transmit().is_some() {}
        while self.client.poll_event().is_some() {}
        assert_eq!(self.client.outbound_bytes() + self.client.outbox_frames(), 0);
        assert_eq!((self.client.in_flight(), self.client.poll_timeout()), (0, None));
    }
}

fn simulate(modern: bool) {
    let (mut answered, mut restarts) = (0, 0);
    for seed in 1..=100 {
        let mut pair = Pair::new(seed, modern);
        pair.look();
        for _ in 0..400 {
            pair.step();
        }
        pair.settle();
        answered += pair.answered;
        restarts += pair.client.counters().restarts;
    }
    assert!(answered > 1000, "most get through: {answered}");
    assert!(restarts > 100, "{restarts}");
}

/// case_40, case_42, case_45, case_57: with a server of the legacy era.
#[test]
fn every_request_of_a_legacy_session_ends_once_and_truly() {
    simulate(false);
}

/// The same with one of the modern era.
#[test]
fn every_request_to_a_modern_server_ends_once_and_truly() {
    simulate(true);
}
