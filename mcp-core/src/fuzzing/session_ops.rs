//! Any list of calls on a server's session.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::config::{EarlyRequests, Gate, SessionConfig};
use crate::id::{RequestHandle, RequestKey, RequestTicket};
use crate::jsonrpc::{ErrorObject, Incoming, Message, RawJson};
use crate::lifecycle::{Method, Phase};
use crate::model::{Implementation, InitializeResult, ServerCapabilities};
use crate::session::{InitializeTicket, Lane, Outgoing, ServerEvent, ServerSession};
use crate::time::Instant;

/// Ids that are equal to one another or only look so.
const IDS: [&str; 6] = ["1", "1.0", "\"1\"", "2", "3", "\"a-rather-long-id\""];

const METHODS: [&str; 8] = [
    "tools/call",
    "tools/call",
    "tools/list",
    "logging/setLevel",
    "ping",
    "server/discover",
    "no/such",
    "initialize",
];

const NOTIFICATIONS: [&str; 4] = [
    "notifications/initialized",
    "notifications/initialized",
    "notifications/roots/list_changed",
    "notifications/made_up",
];

/// More than any frame of ours takes here.
const LARGEST_FRAME: usize = 1500;

/// Whatever is called in whatever order: bounds hold, every request has at most one answer, every
/// request of ours exactly one outcome, nothing follows the end, and nothing is left behind.
pub fn session_ops(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut run = Run::new(bytes.next().unwrap_or(0));
    while let Some(op) = bytes.next() {
        run.step(op, &mut bytes);
        run.check();
    }
    run.finish();
}

struct Run {
    session: ServerSession,
    config: Arc<SessionConfig>,
    now: Instant,
    /// The latest time the session was told.
    latest: Instant,
    initialize: Option<InitializeTicket>,
    tickets: Vec<RequestTicket>,
    seen: BTreeSet<RequestKey>,
    handles: Vec<RequestHandle>,
    open: BTreeSet<RequestHandle>,
    /// How often each id may still be answered.
    owed: BTreeMap<String, usize>,
    closed: bool,
}

impl Run {
    fn new(choice: u8) -> Self {
        let mut config =
            SessionConfig::new([Method::ToolsCall, Method::ToolsList, Method::LoggingSetLevel]);
        config.gate = match choice & 1 {
            0 => Gate::InitializeResult,
            _ => Gate::Initialized,
        };
        config.early_requests = match choice / 2 % 4 {
            0 => EarlyRequests::Refuse,
            1 => EarlyRequests::Serve,
            _ => EarlyRequests::Hold,
        };
        let limits = &mut config.limits;
        limits.envelope.bytes = 400;
        limits.envelope.depth = 6;
        limits.envelope.batch = 3;
        limits.envelope.id_bytes = 16;
        limits.held_requests = 3;
        limits.held_bytes = 1500;
        limits.in_flight = 3;
        limits.outbox_bytes = 2000;
        limits.outbox_bytes_max = 6000;
        limits.outbox_frames = 8;
        limits.deferred = 2;
        limits.outbound_requests = 3;
        limits.events = 6;
        let timeouts = &mut config.timeouts;
        timeouts.hold = Duration::from_secs(2);
        timeouts.handshake = Duration::from_secs(9);
        timeouts.idle = Duration::from_secs(20);
        timeouts.request = Duration::from_secs(7);
        timeouts.outbound = Duration::from_secs(3);
        timeouts.outbound_max = Duration::from_secs(8);
        timeouts.stall = Duration::from_secs(4);
        let config = Arc::new(config);
        let start = Instant::from_epoch(Duration::from_secs(100));
        Self {
            session: ServerSession::new(start, Arc::clone(&config)),
            config,
            now: start,
            latest: start,
            initialize: None,
            tickets: Vec::new(),
            seen: BTreeSet::new(),
            handles: Vec::new(),
            open: BTreeSet::new(),
            owed: BTreeMap::new(),
            closed: false,
        }
    }

    fn step(&mut self, op: u8, bytes: &mut impl Iterator<Item = u8>) {
        let what = usize::from(bytes.next().unwrap_or(0));
        let now = self.now;
        match op % 16 {
            0..=3 => self.frame(frame(what, bytes).into()),
            4 => self.frame(bytes.take(what % 64).collect()),
            5 => {
                let frames: Vec<String> =
                    (0..what % 5).map(|it| frame(it * 37 + what, bytes)).collect();
                self.frame(format!("[{}]", frames.join(",")).into());
            }
            6 | 7 => self.decide(what),
            8 => {
                let item = self.outgoing(what);
                if let Err(refused) = self.session.notify(now, item.clone()) {
                    assert_eq!(refused.into_inner(), item);
                }
                self.told();
            }
            9 => {
                let item = self.outgoing(what);
                match self.session.request(now, item.clone()) {
                    Ok(handle) => {
                        assert!(self.open.insert(handle), "handles are unique");
                        self.handles.push(handle);
                    }
                    Err(refused) => assert_eq!(refused.into_inner(), item),
                }
                self.told();
            }
            10 => {
                if let Some(handle) = pick(&self.handles, what) {
                    self.session.cancel(now, *handle, "enough");
                    self.told();
                }
            }
            11 => {
                // Now and then the clock is set back.
                let by = Duration::from_millis(what as u64 % 128 * 50);
                self.now = match what {
                    0..250 => self.now + by,
                    _ => Instant::from_epoch(self.now - Instant::from_epoch(by)),
                };
            }
            12 | 13 => self.timeout(),
            14 => {
                for _ in 0..what % 4 {
                    self.poll_transmit();
                    self.poll_event();
                }
            }
            _ => match what {
                0..4 => self.session.close(now),
                4..8 => self.session.handle_disconnect(now),
                8..16 => self.session.drain(now, Duration::from_secs(3)),
                16..24 => self.session.handle_end_of_input(now, Duration::from_secs(3)),
                _ => while self.poll_event() || self.poll_transmit() {},
            },
        }
    }

    fn told(&mut self) {
        self.latest = self.latest.max(self.now);
    }

    fn timeout(&mut self) {
        self.session.handle_timeout(self.now);
        self.told();
        if self.now == self.latest {
            let due = self.session.poll_timeout();
            assert!(due.is_none_or(|due| due > self.now), "nothing is due twice");
        }
    }

    fn frame(&mut self, frame: Bytes) {
        let mut owe = |id: Option<&crate::id::RequestId>| {
            let id = id.map_or_else(String::new, ToString::to_string);
            *self.owed.entry(id).or_default() += 1;
        };
        let member = |member: &Result<Message, crate::jsonrpc::EnvelopeError>,
                      owe: &mut dyn FnMut(_)| {
            match member {
                Ok(Message::Request(request)) => owe(Some(request.id.clone())),
                Ok(_) => {}
                Err(error) if error.is_answerable() => owe(error.id().cloned()),
                Err(_) => {}
            }
        };
        match Incoming::parse(&frame, &self.config.limits.envelope) {
            Ok(Incoming::Message(message)) => member(&Ok(message), &mut |id| owe(id.as_ref())),
            Ok(Incoming::Batch(members)) => {
                // Refused as a whole, or each on its own.
                owe(None);
                for it in &members {
                    member(it, &mut |id| owe(id.as_ref()));
                }
            }
            Err(error) => member(&Err(error), &mut |id| owe(id.as_ref())),
        }
        let was_closed = self.session.phase() == Phase::Closed;
        let taken = self.session.handle_frame(self.now, Lane::Standing, frame);
        assert!(!was_closed || taken.is_err());
        if !was_closed {
            self.told();
        }
    }

    fn decide(&mut self, what: usize) {
        let now = self.now;
        if what.is_multiple_of(2)
            && let Some(ticket) = self.initialize.take()
        {
            if what.is_multiple_of(8) {
                self.session.refuse(now, ticket, &ErrorObject::internal("no"));
            } else {
                let server = Implementation::new("s", "1");
                let result = InitializeResult::new(ServerCapabilities::default(), server);
                self.session.accept(now, ticket, result);
            }
            self.told();
        } else if !self.tickets.is_empty() {
            let ticket = self.tickets.swap_remove(what % self.tickets.len());
            let reply = match what % 3 {
                0 => Err(ErrorObject::internal("no")),
                _ => Ok(RawJson::EMPTY_OBJECT),
            };
            self.session.respond(now, ticket, reply);
            self.told();
        }
    }

    fn outgoing(&self, what: usize) -> Outgoing {
        let methods = ["ping", "roots/list", "notifications/message", "notifications/progress"];
        let item = Outgoing::new(methods[what % 4], None);
        let item = match pick(&self.tickets, what / 4) {
            Some(ticket) if what.is_multiple_of(3) => item.about(ticket.key()),
            _ => item,
        };
        match what % 5 {
            0 => item.with_progress(),
            1 => item.with_timeout(Duration::from_secs(1)),
            _ => item,
        }
    }

    fn poll_transmit(&mut self) -> bool {
        let Some(transmit) = self.session.poll_transmit() else {
            return false;
        };
        let bytes = transmit.frame.to_bytes();
        assert!(bytes.len() < LARGEST_FRAME && !bytes.contains(&b'\n'));
        match Incoming::parse(&bytes, &crate::jsonrpc::EnvelopeLimits::default()) {
            Ok(Incoming::Message(Message::Response(response))) => {
                let id = response.id.map_or_else(String::new, |id| id.to_string());
                let owed = self.owed.get_mut(&id).filter(|owed| **owed > 0);
                *owed.unwrap_or_else(|| panic!("{id} is answered twice")) -= 1;
            }
            Ok(Incoming::Message(_)) => {}
            other => panic!("{bytes:?}: {other:?}"),
        }
        true
    }

    fn poll_event(&mut self) -> bool {
        let Some(event) = self.session.poll_event() else {
            return false;
        };
        assert!(!self.closed, "nothing follows the end");
        match event {
            ServerEvent::Initialize(ticket, client) => {
                assert!(self.initialize.is_none(), "one at a time");
                assert_eq!(client.revision.era(), crate::revision::Era::Legacy);
                self.initialize = Some(ticket);
            }
            ServerEvent::Request(request) => {
                assert!(self.seen.insert(request.ticket.key()), "given once");
                self.tickets.push(request.ticket);
            }
            ServerEvent::Cancelled(key, _) => assert!(self.seen.contains(&key)),
            ServerEvent::Response(handle, _) => {
                assert!(self.open.remove(&handle), "one outcome");
            }
            ServerEvent::Progress(handle, _) => assert!(self.open.contains(&handle)),
            ServerEvent::Closed(_) => {
                self.closed = true;
                // An initialize that was never answered is over.
                self.initialize = None;
            }
            _ => {}
        }
        true
    }

    fn check(&self) {
        let (session, limits) = (&self.session, &self.config.limits);
        assert!(session.held() <= limits.held_requests);
        assert!(session.held_bytes() <= limits.held_bytes);
        assert_eq!(self.config.hold_budget.used(), session.held_bytes());
        assert!(session.in_flight() <= limits.in_flight);
        assert!(session.outbound_requests() <= limits.outbound_requests);
        assert!(session.outbox_bytes() <= limits.outbox_bytes_max + LARGEST_FRAME);
        assert_eq!(session.outbox_frames() > 0, session.has_transmit());
        assert!(
            session.queued_events()
                <= limits.events + limits.in_flight + limits.outbound_requests + 2
        );
        let working = session.held() + session.in_flight();
        assert!((working..=working + 1).contains(&session.ids_in_use()));
        if session.phase() == Phase::Closed {
            assert_eq!((session.ids_in_use(), session.outbound_requests()), (0, 0));
            assert!(session.poll_timeout().is_none() && !session.wants_input());
        } else {
            assert!(session.poll_timeout().is_some(), "no session lasts for ever");
        }
    }

    /// Every session ends, and leaves nothing behind.
    fn finish(mut self) {
        self.now = self.latest;
        for _ in 0..100 {
            while self.poll_event() || self.poll_transmit() {}
            let Some(due) = self.session.poll_timeout() else {
                break;
            };
            self.now = due;
            self.timeout();
            self.check();
        }
        assert_eq!(self.session.phase(), Phase::Closed);
        assert!(self.closed && self.open.is_empty(), "everything has ended");
        let budget = self.config.hold_budget.clone();
        drop(self.session);
        assert_eq!(budget.used(), 0);
    }
}

fn pick<T>(items: &[T], which: usize) -> Option<&T> {
    items.get(which % items.len().max(1))
}

/// A message a client could send, or nearly.
fn frame(what: usize, bytes: &mut impl Iterator<Item = u8>) -> String {
    let next = usize::from(bytes.next().unwrap_or(0));
    let id = IDS[next % IDS.len()];
    let open = r#"{"jsonrpc":"2.0","#;
    match what % 16 {
        0..=5 => {
            let method = METHODS[next / 8 % METHODS.len()];
            let params = match (method, what / 16) {
                ("initialize", 0) => r#"{"protocolVersion":7}"#,
                ("initialize", 1 | 2) => {
                    r#"{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#
                }
                ("initialize", _) => {
                    r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#
                }
                (_, 0) => r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
                (_, 1) => r#"{"_meta":{"progressToken":"t"}}"#,
                (_, 2) => r#"{"_meta":7}"#,
                _ => "{}",
            };
            format!(r#"{open}"id":{id},"method":"{method}","params":{params}}}"#)
        }
        6 => {
            let params = r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#;
            format!(r#"{open}"id":{id},"method":"initialize","params":{params}}}"#)
        }
        7 | 8 => {
            let method = NOTIFICATIONS[next % NOTIFICATIONS.len()];
            format!(r#"{open}"method":"{method}"}}"#)
        }
        9 | 10 => {
            format!(r#"{open}"method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
        }
        11 => {
            format!(
                r#"{open}"method":"notifications/progress","params":{{"progressToken":{id}}}}}"#
            )
        }
        12 => format!(r#"{open}"id":{id},"result":{{}}}}"#),
        13 => format!(r#"{open}"id":{id},"error":{{"code":-1,"message":"m"}}}}"#),
        14 => format!(r#"{open}"id":{id},"method":"ping","Method":"pong"}}"#),
        _ => format!(r#"{open}"id":{id},"result":{{}},"error":"#),
    }
}
