//! Every order in which the parts of a handshake can reach a server, against a model.
//!
//! A story is a multiset of things that happen; all of its orders are played, for every gate,
//! every policy for early requests and every legacy revision. The model below is written from
//! the rules, not from the code: it says what leaves and what the application sees in each step.
//! On top of it stand invariants that hold whatever the model says.

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::time::Duration;

use bytes::Bytes;
use mcp_core::config::{EarlyRequests, Gate, HoldBudget, SessionConfig};
use mcp_core::id::{RequestKey, RequestTicket};
use mcp_core::jsonrpc::{ErrorObject, RawJson};
use mcp_core::lifecycle::{Method, Phase};
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::revision::Revision;
use mcp_core::session::{
    CloseReason, InitializeTicket, Lane, Outgoing, ServerEvent, ServerSession,
};
use mcp_core::time::Instant;

/// One thing that happens. The number of a message names it and orders its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Op {
    /// `initialize`, with this id.
    Initialize(u8),
    Initialized,
    /// `tools/call`, with this id.
    Call(u8),
    SetLevel,
    Ping,
    Unknown,
    /// `server/discover` of a modern client.
    Discover,
    /// `notifications/cancelled` for this id.
    Cancel(u8),
    /// The application accepts the `initialize` it was given.
    Accept,
    /// The application refuses the `initialize` it was given.
    Refuse,
    /// The application answers everything it works on.
    Answer,
    /// The application sends a notification, a request and a ping of its own.
    Talk,
    /// Time passes: longer than the hold deadline.
    Wait,
    /// Time passes: longer than the handshake deadline.
    WaitLong,
    /// Nothing more comes from the client.
    EndOfInput,
    /// The stream to the client is gone.
    Disconnect,
}

use Op::{
    Accept, Answer, Call, Cancel, Disconnect, Discover, EndOfInput, Initialize, Initialized, Ping,
    Refuse, SetLevel, Talk, Unknown, Wait, WaitLong,
};

/// What leaves towards the client.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Frame {
    /// The result of a request.
    Result(u8),
    /// An error with its code and its `data.reason`.
    Error(u8, i64, &'static str),
    /// A message of the server's own.
    Own(&'static str),
}

/// What the application sees.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Initialize,
    Initialized,
    Request(u8),
    Cancelled(u8),
    /// A request of the server's own ended without having been sent, or with its fate unknown.
    Ended(bool),
    Closed(CloseReason),
}

type Step = (Vec<Frame>, Vec<Event>);

const SET_LEVEL: u8 = 21;
const PING: u8 = 22;
const UNKNOWN: u8 = 23;
const DISCOVER: u8 = 24;
const HOLD: Duration = Duration::from_secs(2);
const HANDSHAKE: Duration = Duration::from_secs(60);
const DRAIN: Duration = Duration::from_secs(30);
const REASONS: [&str; 4] = ["not_initialized", "hold_timeout", "hold_queue_full", "shutting_down"];

/// The rules, in the fewest words.
struct Model {
    gate: Gate,
    policy: EarlyRequests,
    now: Duration,
    phase: Phase,
    /// The id of the `initialize` the application has.
    asked: Option<u8>,
    initialized_early: bool,
    held: Vec<u8>,
    hold_deadline: Option<Duration>,
    gave_up: bool,
    working: Vec<u8>,
    talk_waits: Vec<&'static str>,
    /// Whether the server may say what it likes, although nobody initialized.
    served: bool,
    asked_back: usize,
    drain_deadline: Option<Duration>,
    out: Step,
}

impl Model {
    fn new(gate: Gate, policy: EarlyRequests) -> Self {
        Self {
            gate,
            policy,
            now: Duration::ZERO,
            phase: Phase::New,
            asked: None,
            initialized_early: false,
            held: Vec::new(),
            hold_deadline: None,
            gave_up: false,
            working: Vec::new(),
            talk_waits: Vec::new(),
            served: false,
            asked_back: 0,
            drain_deadline: None,
            out: Step::default(),
        }
    }

    /// Whether `op` can happen now at all.
    fn allows(&self, op: Op) -> bool {
        let from_client = !matches!(op, Accept | Refuse | Answer | Talk | Wait | WaitLong);
        match op {
            Accept | Refuse => self.asked.is_some(),
            Answer => !self.working.is_empty(),
            Disconnect => self.phase != Phase::Closed,
            _ if from_client => self.phase != Phase::Closed && self.drain_deadline.is_none(),
            _ => true,
        }
    }

    fn step(&mut self, op: Op) -> Step {
        match op {
            Initialize(id) if self.phase == Phase::New => {
                self.phase = Phase::Initializing;
                self.asked = Some(id);
                self.gave_up = false;
                self.event(Event::Initialize);
            }
            Initialize(id) => self.error(id, -32600, ""),
            Initialized => match self.phase {
                Phase::Initializing => self.initialized_early = true,
                Phase::Responded => self.operate(),
                _ => {}
            },
            Call(id) => self.request(id),
            SetLevel => self.request(SET_LEVEL),
            Ping => self.out.0.push(Frame::Result(PING)),
            Unknown => self.error(UNKNOWN, -32601, ""),
            Discover => self.error(DISCOVER, -32601, ""),
            Cancel(id) => {
                self.held.retain(|held| *held != id);
                if self.working.contains(&id) {
                    self.working.retain(|working| *working != id);
                    self.event(Event::Cancelled(id));
                }
            }
            Accept => self.accept(),
            Refuse => {
                let id = self.asked.take().unwrap();
                self.error(id, -32603, "");
                self.phase = Phase::New;
                self.initialized_early = false;
                self.drained();
            }
            Answer => {
                for id in core::mem::take(&mut self.working) {
                    self.out.0.push(Frame::Result(id));
                }
                self.drained();
            }
            Talk if self.phase == Phase::Closed => {}
            Talk => self.talk(),
            Wait => self.wait(HOLD + Duration::from_millis(1)),
            WaitLong => self.wait(HANDSHAKE),
            EndOfInput => {
                self.drain_deadline = Some(self.now + DRAIN);
                self.end_requests();
                self.drained();
            }
            Disconnect => self.close(CloseReason::Disconnected),
        }
        core::mem::take(&mut self.out)
    }

    fn is_open(&self, id: u8) -> bool {
        match (self.policy, self.gate, self.phase) {
            (EarlyRequests::Serve, ..) | (_, _, Phase::Operation) => true,
            (_, Gate::InitializeResult, Phase::Responded) => true,
            // case_05: the one request that need not wait for `initialized`.
            (_, _, Phase::Responded) => id == SET_LEVEL,
            _ => false,
        }
    }

    fn request(&mut self, id: u8) {
        if self.held.contains(&id) || self.working.contains(&id) || self.asked == Some(id) {
            self.error(id, -32600, "");
        } else if self.is_open(id) {
            self.work(id);
        } else if self.policy == EarlyRequests::Refuse || self.gave_up {
            self.error(id, -32002, "not_initialized");
        } else {
            self.held.push(id);
            self.hold_deadline.get_or_insert(self.now + HOLD);
        }
    }

    fn work(&mut self, id: u8) {
        self.working.push(id);
        self.event(Event::Request(id));
        if !matches!(self.phase, Phase::Responded | Phase::Operation) {
            self.served = true;
            self.flush();
        }
    }

    fn accept(&mut self) {
        let id = self.asked.take().unwrap();
        self.out.0.push(Frame::Result(id));
        self.phase = Phase::Responded;
        if core::mem::take(&mut self.initialized_early) {
            self.operate();
        }
        self.release();
        self.drained();
    }

    fn operate(&mut self) {
        self.phase = Phase::Operation;
        self.event(Event::Initialized);
        self.flush();
        self.release();
    }

    fn release(&mut self) {
        let held = core::mem::take(&mut self.held);
        let (open, shut) = held.into_iter().partition(|id| self.is_open(*id));
        self.held = shut;
        if self.is_open(0) {
            self.hold_deadline = None;
        }
        for id in Vec::into_iter(open) {
            self.work(id);
        }
    }

    fn talk(&mut self) {
        let operating = self.phase == Phase::Operation || self.served;
        for what in ["list_changed", "roots/list", "ping"] {
            if what != "list_changed" && self.drain_deadline.is_some() {
                // Nobody is left to answer.
                continue;
            }
            self.asked_back += usize::from(what != "list_changed");
            if operating || (self.phase == Phase::Responded && what == "ping") {
                self.out.0.push(Frame::Own(what));
            } else {
                self.talk_waits.push(what);
            }
        }
    }

    fn flush(&mut self) {
        for what in core::mem::take(&mut self.talk_waits) {
            self.out.0.push(Frame::Own(what));
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        if self.phase == Phase::Closed {
            return;
        }
        if self.hold_deadline.is_some_and(|deadline| deadline <= self.now) {
            self.hold_deadline = None;
            self.refuse_held("hold_timeout");
            self.gave_up = self.phase == Phase::New;
        }
        let handshaking = matches!(self.phase, Phase::New | Phase::Initializing)
            && self.policy != EarlyRequests::Serve;
        let drained = self.drain_deadline.is_some_and(|deadline| deadline <= self.now);
        if drained || (handshaking && self.now >= HANDSHAKE) {
            self.refuse_held("hold_timeout");
            if let Some(id) = self.asked.take() {
                self.error(id, -32603, "");
            }
            self.close(if drained {
                CloseReason::Disconnected
            } else {
                CloseReason::HandshakeTimeout
            });
        }
        self.drained();
    }

    /// At the end of input what cannot be answered any more ends now.
    fn drained(&mut self) {
        if self.drain_deadline.is_none() || self.phase == Phase::Closed || self.asked.is_some() {
            return;
        }
        self.refuse_held("not_initialized");
        if self.working.is_empty() {
            self.close(CloseReason::Disconnected);
        }
    }

    fn refuse_held(&mut self, reason: &'static str) {
        for id in core::mem::take(&mut self.held) {
            self.error(id, -32002, reason);
        }
    }

    fn end_requests(&mut self) {
        let before = self.talk_waits.len();
        self.talk_waits.retain(|what| *what == "list_changed");
        let waiting = before - self.talk_waits.len();
        for index in 0..core::mem::take(&mut self.asked_back) {
            // A ping may have left ahead of what still waits, so count, do not order.
            self.event(Event::Ended(index < waiting));
        }
    }

    fn close(&mut self, reason: CloseReason) {
        if self.phase == Phase::Closed {
            return;
        }
        self.end_requests();
        self.talk_waits.clear();
        self.phase = Phase::Closed;
        self.held.clear();
        self.working.clear();
        self.asked = None;
        self.hold_deadline = None;
        self.event(Event::Closed(reason));
    }

    fn error(&mut self, id: u8, code: i64, reason: &'static str) {
        self.out.0.push(Frame::Error(id, code, reason));
    }

    fn event(&mut self, event: Event) {
        self.out.1.push(event);
    }
}

/// The session under test and what its application holds.
struct Play {
    session: ServerSession,
    now: Instant,
    budget: HoldBudget,
    initialize: Option<InitializeTicket>,
    work: Vec<(u8, RequestTicket)>,
    names: BTreeMap<RequestKey, u8>,
}

/// The frames a client sends, encoded once.
struct Frames(BTreeMap<Op, Bytes>);

impl Frames {
    fn new(revision: Revision) -> Self {
        let mut frames = BTreeMap::new();
        let mut put = |op, json: String| frames.insert(op, Bytes::from(json));
        for id in 0..8 {
            let initialize = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
            );
            put(Initialize(id), initialize);
            put(
                Call(id),
                format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t"}}}}"#
                ),
            );
            put(
                Cancel(id),
                format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
                ),
            );
        }
        put(Initialized, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.into());
        put(
            SetLevel,
            format!(
                r#"{{"jsonrpc":"2.0","id":{SET_LEVEL},"method":"logging/setLevel","params":{{"level":"info"}}}}"#
            ),
        );
        put(Ping, format!(r#"{{"jsonrpc":"2.0","id":{PING},"method":"ping"}}"#));
        put(Unknown, format!(r#"{{"jsonrpc":"2.0","id":{UNKNOWN},"method":"prompts/list"}}"#));
        put(
            Discover,
            format!(
                r#"{{"jsonrpc":"2.0","id":{DISCOVER},"method":"server/discover","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}}}"#
            ),
        );
        Self(frames)
    }
}

impl Play {
    fn new(config: &Arc<SessionConfig>) -> Self {
        Self {
            session: ServerSession::new(Instant::EPOCH, Arc::clone(config)),
            now: Instant::EPOCH,
            budget: config.hold_budget.clone(),
            initialize: None,
            work: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    fn step(&mut self, frames: &Frames, op: Op) -> Step {
        let (session, now) = (&mut self.session, self.now);
        match op {
            Accept => {
                let server = Implementation::new("s", "1");
                let result = InitializeResult::new(ServerCapabilities::new(), server);
                session.accept(now, self.initialize.take().unwrap(), result);
            }
            Refuse => {
                let error = ErrorObject::internal("no");
                session.refuse(now, self.initialize.take().unwrap(), &error);
            }
            Answer => {
                for (_, ticket) in self.work.drain(..) {
                    session.respond(now, ticket, Ok(RawJson::EMPTY_OBJECT));
                }
            }
            Talk => {
                let _ = session.notify(now, Outgoing::new("list_changed", None));
                let _ = session.request(now, Outgoing::new("roots/list", None));
                let _ = session.request(now, Outgoing::new("ping", None));
            }
            Wait | WaitLong => {
                let time = match op {
                    Wait => HOLD + Duration::from_millis(1),
                    _ => HANDSHAKE,
                };
                self.now = now + time;
                session.handle_timeout(self.now);
            }
            EndOfInput => session.handle_end_of_input(now, DRAIN),
            Disconnect => session.handle_disconnect(now),
            op => {
                let frame = frames.0[&op].clone();
                let taken = session.handle_frame(now, Lane::Standing, frame);
                assert!(taken.is_ok());
            }
        }
        self.drain()
    }

    fn drain(&mut self) -> Step {
        let mut step = Step::default();
        while let Some(transmit) = self.session.poll_transmit() {
            let bytes = transmit.frame.to_bytes();
            step.0.push(read(core::str::from_utf8(&bytes).unwrap()));
        }
        while let Some(event) = self.session.poll_event() {
            step.1.push(match event {
                ServerEvent::Initialize(ticket, _) => {
                    assert!(self.initialize.replace(ticket).is_none());
                    Event::Initialize
                }
                ServerEvent::Initialized => Event::Initialized,
                ServerEvent::Request(request) => {
                    let id = request.id.as_u64().unwrap() as u8;
                    self.names.insert(request.ticket.key(), id);
                    self.work.push((id, request.ticket));
                    Event::Request(id)
                }
                ServerEvent::Cancelled(key, _) => {
                    self.work.retain(|(_, ticket)| ticket.key() != key);
                    Event::Cancelled(self.names[&key])
                }
                ServerEvent::Response(_, Err(error)) => {
                    Event::Ended(error == mcp_core::error::RequestError::NotSent)
                }
                ServerEvent::Closed(reason) => {
                    self.work.clear();
                    self.initialize = None;
                    Event::Closed(reason)
                }
                ServerEvent::Held(_) | ServerEvent::Refused(..) => continue,
                other => panic!("{other:?}"),
            });
        }
        step
    }
}

fn config(gate: Gate, policy: EarlyRequests) -> Arc<SessionConfig> {
    let mut config = SessionConfig::new([Method::ToolsCall, Method::LoggingSetLevel]);
    config.gate = gate;
    config.early_requests = policy;
    config.timeouts.hold = HOLD;
    config.timeouts.handshake = HANDSHAKE;
    config.timeouts.outbound = Duration::MAX;
    Arc::new(config)
}

/// Reads a frame of ours back, as little of it as is needed.
fn read(json: &str) -> Frame {
    fn after<'a>(json: &'a str, what: &str) -> Option<&'a str> {
        json.split_once(what).map(|(_, rest)| rest)
    }
    let until = |text: &str| {
        let end = text.find([',', '}']).unwrap();
        text[..end].parse::<i64>().unwrap()
    };
    if let Some(method) = after(json, r#""method":""#) {
        for known in ["list_changed", "roots/list", "ping"] {
            if method.starts_with(known) {
                return Frame::Own(known);
            }
        }
        panic!("{json}");
    }
    let id = until(after(json, r#""id":"#).unwrap()) as u8;
    let Some(code) = after(json, r#""error":{"code":"#).map(until) else {
        assert!(json.contains(r#""result":{"#));
        return Frame::Result(id);
    };
    let reason = after(json, r#""reason":""#);
    let reason = reason
        .map_or("", |reason| *REASONS.iter().find(|known| reason.starts_with(**known)).unwrap());
    if code == -32002 {
        assert!(!reason.is_empty() && json.contains(r#""message":"Server not initialized""#));
        assert!(json.contains(r#""retryable":true"#) && json.contains(r#""expected":""#));
    }
    Frame::Error(id, code, reason)
}

/// What must hold of a whole order, whatever the model says.
#[derive(Default)]
struct Tally {
    asked: BTreeMap<u8, usize>,
    answered: BTreeMap<u8, usize>,
    cancelled: BTreeMap<u8, usize>,
    /// When each request came that has neither been answered nor cancelled.
    open: BTreeMap<u8, usize>,
    clock: usize,
    newest: usize,
    initialized: bool,
    closed: bool,
}

impl Tally {
    fn note(&mut self, op: Op, (gate, policy): (Gate, EarlyRequests), (frames, events): &Step) {
        self.clock += 1;
        let id = match op {
            Call(id) | Initialize(id) => Some(id),
            SetLevel => Some(SET_LEVEL),
            Ping => Some(PING),
            Unknown => Some(UNKNOWN),
            Discover => Some(DISCOVER),
            Cancel(id) => {
                if self.open.remove(&id).is_some() {
                    *self.cancelled.entry(id).or_default() += 1;
                }
                None
            }
            _ => None,
        };
        if let Some(id) = id {
            *self.asked.entry(id).or_default() += 1;
            self.open.entry(id).or_insert(self.clock);
        }
        if let Ping | Unknown | Discover = op {
            assert_eq!(frames.len(), 1, "answered in the same step");
        }
        for frame in frames {
            match frame {
                Frame::Result(id) | Frame::Error(id, ..) => {
                    *self.answered.entry(*id).or_default() += 1;
                    // A duplicate is refused in the step it comes in; the first stays open.
                    let duplicate = matches!(frame, Frame::Error(_, -32600, _));
                    if !duplicate || self.open.get(id) == Some(&self.clock) {
                        assert!(self.open.remove(id).is_some(), "{id} answered twice");
                    }
                    self.initialized |= matches!(frame, Frame::Result(1..=2));
                    assert!(!matches!(frame, Frame::Error(_, -32602, _)), "never -32602");
                }
                Frame::Own(_) => assert!(self.initialized || policy == EarlyRequests::Serve),
            }
        }
        for event in events {
            assert!(!self.closed, "nothing comes after the end");
            match event {
                Event::Request(id) => {
                    assert!(self.initialized || policy == EarlyRequests::Serve);
                    if *id == SET_LEVEL && gate == Gate::Initialized {
                        continue;
                    }
                    let arrival = self.open[id];
                    assert!(arrival > self.newest, "nothing newer before what is older");
                    self.newest = arrival;
                }
                Event::Closed(_) => self.closed = true,
                _ => {}
            }
        }
    }

    fn end(&self) {
        for (id, asked) in &self.asked {
            let answered = self.answered.get(id).copied().unwrap_or(0);
            let cancelled = self.cancelled.get(id).copied().unwrap_or(0);
            let open = usize::from(self.open.contains_key(id));
            assert_eq!(answered + cancelled + open, *asked, "request {id}");
            assert!(open == 0 || self.closed, "request {id} lost");
        }
    }
}

/// Plays one order; false if it cannot happen.
fn play(frames: &Frames, config: &Arc<SessionConfig>, order: &[Op]) -> bool {
    let (gate, policy) = (config.gate, config.early_requests);
    let mut model = Model::new(gate, policy);
    let mut play = Play::new(config);
    let mut tally = Tally::default();
    let settle = [Accept, Answer, Wait, Answer, Disconnect];
    for (index, op) in order.iter().chain(&settle).enumerate() {
        if !model.allows(*op) {
            if index < order.len() {
                return false;
            }
            continue;
        }
        if *op == Disconnect && index >= order.len() {
            tally.end();
        }
        let mut expected = model.step(*op);
        let mut seen = play.step(frames, *op);
        if *op == Disconnect {
            // What has not left by now never will.
            expected.0.clear();
        }
        let ended = |event: &Event| matches!(event, Event::Ended(_));
        let (mut these, mut those): (Vec<_>, Vec<_>) = (vec![], vec![]);
        expected.1.retain(|event| {
            !ended(event) || {
                these.push(event.clone());
                false
            }
        });
        seen.1.retain(|event| {
            !ended(event) || {
                those.push(event.clone());
                false
            }
        });
        let unsent = |events: &[Event]| events.iter().filter(|e| **e == Event::Ended(true)).count();
        assert_eq!((these.len(), unsent(&these)), (those.len(), unsent(&those)));
        assert_eq!(seen, expected, "at {op:?}");
        tally.note(*op, (gate, policy), &seen);

        let session = &play.session;
        assert_eq!(session.phase(), model.phase);
        assert_eq!(session.held(), model.held.len());
        assert_eq!(session.in_flight(), model.working.len());
        assert_eq!(session.outbound_requests(), model.asked_back);
        assert_eq!(
            session.ids_in_use(),
            model.held.len() + model.working.len() + usize::from(model.asked.is_some())
        );
        assert_eq!(play.budget.used(), session.held_bytes());
        assert_eq!(session.held() == 0, session.held_bytes() == 0);
        match session.poll_timeout() {
            Some(due) => assert!(due > play.now && session.phase() != Phase::Closed),
            None => assert_eq!(session.phase(), Phase::Closed),
        }
    }
    let session = &play.session;
    assert_eq!(session.phase(), Phase::Closed);
    assert_eq!((session.held(), session.held_bytes()), (0, 0));
    assert_eq!((session.in_flight(), session.ids_in_use()), (0, 0));
    assert_eq!((session.outbound_requests(), session.outbox_frames()), (0, 0));
    assert_eq!((session.poll_timeout(), play.budget.used()), (None, 0));
    let counters = session.counters();
    let gone = counters.refused_hold_timeout + counters.released;
    assert!(gone <= counters.held && counters.late_replies == 0 && counters.malformed == 0);
    true
}

/// Calls `visit` with every distinct order of `story`.
fn orders(story: &mut [Op], visit: &mut dyn FnMut(&[Op])) {
    story.sort_unstable();
    loop {
        visit(story);
        // The next order in the dictionary.
        let Some(pivot) = story.windows(2).rposition(|pair| pair[0] < pair[1]) else {
            return;
        };
        let swap = story.iter().rposition(|op| *op > story[pivot]).unwrap();
        story.swap(pivot, swap);
        story[pivot + 1..].reverse();
    }
}

const GATES: [Gate; 2] = [Gate::InitializeResult, Gate::Initialized];
const POLICIES: [EarlyRequests; 3] =
    [EarlyRequests::Hold, EarlyRequests::Refuse, EarlyRequests::Serve];

/// Plays every order of every story; the number of orders that can happen.
fn check(revisions: &[Revision], policies: &[EarlyRequests], stories: &[&[Op]]) -> usize {
    let mut played = 0;
    for revision in revisions {
        let frames = Frames::new(*revision);
        for gate in GATES {
            for policy in policies.iter().copied() {
                let config = config(gate, policy);
                for story in stories {
                    orders(&mut story.to_vec(), &mut |order| {
                        let told = Told(*revision, gate, policy, order);
                        played += usize::from(play(&frames, &config, order));
                        core::mem::forget(told);
                    });
                }
            }
        }
    }
    played
}

/// Says which order failed.
struct Told<'a>(Revision, Gate, EarlyRequests, &'a [Op]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let Self(revision, gate, policy, order) = self;
        eprintln!("{revision} {gate:?} {policy:?} {order:?}");
    }
}

/// case_01, case_02, case_04, case_05, case_08, case_10, case_11, case_12, case_40, case_62;
/// races a to f, h, j, k, m, n; JSONRPC-29, LIFE-01. Every revision, up to six things in any order.
#[test]
fn every_order_of_short_stories_in_every_revision() {
    let played = check(
        &Revision::LEGACY,
        &POLICIES,
        &[
            &[Initialize(1), Accept, Initialized, Call(5), Call(6), Ping],
            &[Initialize(1), Accept, Initialized, Call(5), Call(5), Answer],
            &[Initialize(1), Accept, Initialized, Call(5), Cancel(5), Call(6)],
            &[Initialize(1), Accept, Initialized, Call(5), SetLevel, Wait],
            &[Initialize(1), Initialize(2), Accept, Initialized, Call(5), Unknown],
            &[Initialize(1), Refuse, Initialize(2), Initialized, Call(5), Discover],
            &[Initialize(1), Accept, Initialized, Call(5), Wait, WaitLong],
            &[Initialize(1), Accept, Initialized, Call(5), Talk, EndOfInput],
            &[Initialize(1), Accept, Initialized, Call(5), Talk, Disconnect],
            &[Call(5), Call(6), Wait, Wait, Call(7), Ping],
        ],
    );
    println!("{played} orders of short stories");
    assert!(played >= 20_000, "{played}");
}

/// The same with seven and eight things, in the newest legacy revision; eight only where requests
/// are held.
#[test]
fn every_order_of_long_stories() {
    let seven: [&[Op]; 3] = [
        &[Initialize(1), Accept, Initialized, Call(5), Call(6), Call(7), Wait],
        &[Initialize(1), Accept, Initialized, Call(5), Call(5), Cancel(5), Answer],
        &[Initialize(1), Accept, Initialized, Cancel(5), Call(5), Talk, EndOfInput],
    ];
    let eight: [&[Op]; 5] = [
        &[Initialize(1), Accept, Initialized, Call(5), Call(5), Cancel(5), Call(6), Answer],
        &[Initialize(1), Accept, Initialized, Initialize(2), Call(5), SetLevel, Ping, Wait],
        &[Initialize(1), Refuse, Initialize(2), Accept, Initialized, Call(5), Call(6), Wait],
        &[Initialize(1), Accept, Initialized, Call(5), Call(6), Wait, Wait, Disconnect],
        &[Initialize(1), Accept, Initialized, Call(5), Call(6), Call(7), Unknown, Wait],
    ];
    let latest = [Revision::LATEST_LEGACY];
    let played = check(&latest, &POLICIES, &seven) + check(&latest, &[EarlyRequests::Hold], &eight);
    println!("{played} orders of long stories");
    assert!(played >= 100_000, "{played}");
}
