//! Any list of calls on a client's session.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::config::{ClientConfig, Protocol};
use crate::id::{RequestHandle, RequestTicket};
use crate::jsonrpc::{ErrorObject, RawJson};
use crate::model::{ClientCapabilities, ElicitationCapability, Implementation, RootsCapability};
use crate::revision::Revision;
use crate::session::{ClientEvent, ClientSession, Outgoing, TransmitKey, TransmitKind};
use crate::time::Instant;

const METHODS: [&str; 6] =
    ["tools/call", "tools/list", "resources/read", "subscriptions/listen", "ping", "acme/x"];

/// What a server may answer to anything.
const RESULTS: [&str; 10] = [
    "{}",
    r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#,
    r#"{"protocolVersion":"2026-07-28","capabilities":{},"serverInfo":{"name":"s","version":"1"}}"#,
    r#"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#,
    r#"{"supportedVersions":["2025-03-26"],"capabilities":{}}"#,
    r#"{"resultType":"input_required","requestState":""}"#,
    r#"{"resultType":"input_required","inputRequests":{"a":{"method":"roots/list"},"b":{"method":"elicitation/create","params":{}}}}"#,
    r#"{"resultType":"complete","ttlMs":5000,"tools":[]}"#,
    r#"{"resultType":"what"}"#,
    "[]",
];

const ERRORS: [&str; 4] = [
    r#"{"code":-32601,"message":""}"#,
    r#"{"code":-32022,"message":"","data":{"supported":["2026-07-28","2024-11-05"]}}"#,
    r#"{"code":-32002,"message":"","data":{"reason":"not_initialized"}}"#,
    r#"{"code":-32602,"message":"Invalid request parameters","data":""}"#,
];

const MESSAGES: [&str; 7] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":2,"method":"roots/list"}"#,
    r#"{"jsonrpc":"2.0","id":2.0,"method":"elicitation/create","params":{"mode":"form"}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
    r#"[{"jsonrpc":"2.0","id":9,"method":"ping"},1]"#,
    "log line",
];

/// Whatever is called in whatever order: bounds hold, nothing leaves before its time, every
/// request has exactly one outcome, nothing follows the end, and nothing is left behind.
pub fn client_ops(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut run = Run::new(bytes.next().unwrap_or(0));
    while let Some(op) = bytes.next() {
        let argument = bytes.next().unwrap_or(0);
        run.step(op, argument);
        run.check();
    }
    run.finish();
}

struct Run {
    session: ClientSession,
    now: Instant,
    tickets: Vec<RequestTicket>,
    keys: Vec<TransmitKey>,
    handles: Vec<RequestHandle>,
    open: BTreeSet<RequestHandle>,
    last_id: u64,
    closed: bool,
}

impl Run {
    fn new(choice: u8) -> Self {
        let mut config = ClientConfig::new(Implementation::new("c", "1"));
        config.capabilities = ClientCapabilities::new()
            .with_roots(RootsCapability::new())
            .with_elicitation(ElicitationCapability::new());
        config.protocol = match choice % 4 {
            0 => Protocol::Auto,
            1 => Protocol::LegacyFirst,
            2 => Protocol::Modern,
            _ => Protocol::Legacy(Revision::V2025_03_26),
        };
        let limits = &mut config.limits;
        limits.envelope.bytes = 400;
        limits.requests = 4;
        limits.request_bytes = 4000;
        limits.notifications = 2;
        limits.incoming = 3;
        limits.outbox_frames = 6;
        limits.events = 8;
        limits.rounds = 3;
        limits.restarts = 2;
        limits.cached_results = 2;
        let now = Instant::from_epoch(Duration::from_secs(100));
        Self {
            session: ClientSession::new(now, Arc::new(config)),
            now,
            tickets: Vec::new(),
            keys: Vec::new(),
            handles: Vec::new(),
            open: BTreeSet::new(),
            last_id: 0,
            closed: false,
        }
    }

    fn step(&mut self, op: u8, argument: u8) {
        let (now, at) = (self.now, usize::from(argument));
        let session = &mut self.session;
        let key = self.keys.get(at % self.keys.len().max(1)).copied();
        match op % 16 {
            0 | 1 => {
                let params = RawJson::parse(format!(r#"{{"uri":"{}"}}"#, at % 3)).ok();
                let mut item = Outgoing::new(METHODS[at % METHODS.len()], params);
                item.progress = op.is_multiple_of(2);
                if let Ok(handle) = session.request(now, item) {
                    self.handles.push(handle);
                    self.open.insert(handle);
                }
            }
            2 => {
                let _ = session.notify(now, Outgoing::new("notifications/x", None));
            }
            3 => {
                if let Some(handle) = self.handles.get(at % self.handles.len().max(1)) {
                    session.cancel(now, *handle, "why");
                }
            }
            4 | 5 => self.drain(1 + at % 4),
            6 => self.answer(RESULTS[at % RESULTS.len()], "result", at / RESULTS.len()),
            7 => self.answer(ERRORS[at % ERRORS.len()], "error", at / ERRORS.len()),
            8 => self.hear(String::from(MESSAGES[at % MESSAGES.len()])),
            9 => {
                if let Some(key) = key {
                    match at % 5 {
                        0 => session.handle_not_sent(now, key),
                        1 => session.handle_lost(now, key),
                        2 => session.handle_session_gone(now, key),
                        _ => session.handle_sent(now, key),
                    }
                }
            }
            10 | 11 => {
                if !self.tickets.is_empty() {
                    let ticket = self.tickets.remove(at % self.tickets.len());
                    let error = Err(ErrorObject::internal("no"));
                    let reply = if at > 200 { error } else { Ok(RawJson::EMPTY_OBJECT) };
                    session.respond(now, ticket, reply);
                }
            }
            12 => {
                self.now = self.now + Duration::from_millis(at as u64 * 100);
                session.handle_timeout(self.now);
                let due = session.poll_timeout();
                assert!(due.is_none_or(|due| due > self.now), "what is due is done");
            }
            13 => self.events(1 + at % 4),
            14 => match at % 8 {
                0 => session.restart(now),
                1 => session.handle_modern(now),
                2 => session.handle_no_discover(now),
                3 => session.forget_private_results(now),
                _ => session.handle_oversized_frame(now),
            },
            _ => match at {
                0..3 => session.close(now),
                3..6 => session.handle_end_of_input(now),
                6..9 => session.handle_disconnect(now),
                _ => {}
            },
        }
    }

    /// An answer to one of the last requests, made up or not.
    fn answer(&mut self, body: &str, member: &str, back: usize) {
        let id = self.last_id.saturating_sub(back as u64 % 4);
        self.hear(format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{body}}}"#));
    }

    fn hear(&mut self, frame: String) {
        let lane = crate::session::Lane::Standing;
        let heard = self.session.handle_frame(self.now, lane, Bytes::from(frame));
        assert!(!self.closed || heard.is_err(), "a session that is over says so");
    }

    fn drain(&mut self, most: usize) {
        for _ in 0..most {
            let is_ready = self.session.is_ready();
            let Some(out) = self.session.poll_transmit() else { return };
            if let TransmitKind::Request(handle) = out.kind {
                assert!(is_ready && self.open.contains(&handle));
            }
            if matches!(
                out.kind,
                TransmitKind::Probe | TransmitKind::Initialize | TransmitKind::Request(_)
            ) {
                self.last_id += 1;
                let id = format!(r#""id":{},"#, self.last_id);
                let frame = out.frame.to_bytes();
                let text = core::str::from_utf8(&frame).expect("JSON is text");
                assert!(text.contains(&id), "ids count from 1");
            }
            self.keys.push(out.key);
        }
    }

    fn events(&mut self, most: usize) {
        for _ in 0..most {
            let Some(event) = self.session.poll_event() else { return };
            assert!(!self.closed, "nothing follows the end");
            match event {
                ClientEvent::Request(request) => self.tickets.push(request.ticket),
                ClientEvent::Response(handle, _) => {
                    assert!(self.open.remove(&handle), "one outcome each");
                }
                ClientEvent::Closed(_) => self.closed = true,
                _ => {}
            }
        }
    }

    fn check(&self) {
        let session = &self.session;
        assert!(session.outbound_requests() <= 4 + 1, "and one of the session's own");
        assert!(session.outbound_bytes() <= 4000);
        assert!(session.in_flight() <= 3);
        assert!(session.cached_results() <= 2);
        // What is open ends with an event, and so does what a request is asked.
        assert!(session.queued_events() <= 8 + 3 * (4 + 3) + 8, "{}", session.queued_events());
        assert!(session.outbox_frames() <= 1 + 4 * 6 + 1 + 4 + 2 + 8 + 4);
    }

    fn finish(mut self) {
        self.session.close(self.now);
        self.drain(usize::MAX);
        self.events(usize::MAX);
        assert!(self.closed && self.open.is_empty(), "every request has ended");
        let session = &self.session;
        assert_eq!(session.outbound_requests() + session.outbound_bytes(), 0);
        assert_eq!(session.in_flight() + session.outbox_frames() + session.queued_events(), 0);
        assert_eq!((session.cached_bytes(), session.poll_timeout()), (0, None));
    }
}
