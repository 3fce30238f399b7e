//! Which era the server is of, and the handshake of the legacy one.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;

use super::requests::State;
use super::{ClientCloseReason, ClientEvent, ClientSession, Server, TransmitKey, TransmitKind};
use crate::config::Protocol;
use crate::error::RequestError;
use crate::id::RequestId;
use crate::jsonrpc::{ErrorCode, ErrorObject, Frame, Outcome, RawJson};
use crate::lifecycle::{ClientPhase, ClientStep, Method, Sender};
use crate::model::{
    DiscoverResult, ForRevision, InitializeParams, InitializeResult, ServerCapabilities,
    SetLevelParams, TASKS_EXTENSION,
};
use crate::revision::{Era, Revision};
use crate::session::{CancelReason, Outgoing};
use crate::time::{Instant, is_due};

/// Versions that are named in an error: a list without end helps nobody.
const NAMED: usize = 16;

#[derive(Debug)]
pub(super) struct Handshake {
    /// The `server/discover` that waits for its answer.
    probe: Option<u64>,
    /// The `initialize` that waits for its answer.
    initialize: Option<u64>,
    /// The last frame of it.
    frame: Option<TransmitKey>,
    /// The same, until it has been taken.
    key: Option<TransmitKey>,
    deadline: Option<Instant>,
    /// The legacy revision to propose.
    proposal: Revision,
    /// The modern revision to probe with.
    modern: Revision,
    /// Whether the server was asked with `server/discover`.
    probed: bool,
    /// Whether it was asked again, with a modern revision that it named in its refusal.
    probed_again: bool,
    /// Whether another legacy revision was proposed, after the first was refused.
    proposed_again: bool,
    /// What `server/discover` was answered after `initialize` had been sent.
    late: Option<Box<Server>>,
    /// How often the session has started over without getting ready.
    restarts: u32,
    /// The first frame of the session as it is now: older ones are of one that is gone.
    first_key: u64,
    /// Whether the server has answered a request of the session as it is now.
    answered: bool,
}

impl Handshake {
    pub(super) fn new(protocol: Protocol) -> Self {
        let proposal = match protocol {
            Protocol::Legacy(revision) => revision.min(Revision::LATEST_LEGACY),
            _ => Revision::LATEST_LEGACY,
        };
        Self {
            probe: None,
            initialize: None,
            frame: None,
            key: None,
            deadline: None,
            proposal,
            modern: Revision::V2026_07_28,
            probed: false,
            probed_again: false,
            proposed_again: false,
            late: None,
            restarts: 0,
            first_key: 0,
            answered: false,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) const fn note_answered(&mut self) {
        self.answered = true;
    }

    pub(super) fn close(&mut self) {
        self.probe = None;
        self.initialize = None;
        self.frame = None;
        self.key = None;
        self.deadline = None;
        self.late = None;
    }
}

impl ClientSession {
    pub(super) fn start(&mut self, now: Instant) {
        match self.config.protocol {
            Protocol::Auto | Protocol::Modern => self.probe(now),
            Protocol::LegacyFirst | Protocol::Legacy(_) => {
                self.step(ClientStep::NoDiscover);
                self.initialize(now);
            }
        }
    }

    /// Starts over: the server has forgotten the session.
    pub(super) fn begin_again(&mut self, now: Instant) {
        if self.phase == ClientPhase::Closed {
            return;
        }
        self.handshake.restarts += 1;
        if self.handshake.restarts > self.config.limits.restarts {
            self.end(ClientCloseReason::TooManyRestarts);
            return;
        }
        self.step(ClientStep::Restart);
        self.counters.restarts += 1;
        self.handshake.first_key = self.last_key + 1;
        self.handshake.answered = false;
        self.handshake.probed_again = false;
        self.handshake.proposed_again = false;
        self.outbox.drop_ahead();
        self.cache.clear();
        self.forget_incoming();
        match self.phase {
            ClientPhase::Probing => self.probe(now),
            _ => self.initialize(now),
        }
    }

    /// Goes on to `initialize`: the server does not know `server/discover`.
    pub(super) fn fall_back(&mut self, now: Instant) {
        if self.config.protocol == Protocol::Modern {
            if self.phase == ClientPhase::Probing {
                self.end(ClientCloseReason::UnsupportedVersion(Vec::new()));
            }
        } else if self.step(ClientStep::NoDiscover) {
            self.initialize(now);
        }
    }

    /// The server is of the modern era and has said nothing of itself.
    pub(super) fn become_modern_unseen(&mut self) {
        let server = Server::new(self.handshake.modern, ServerCapabilities::new());
        self.become_modern(Box::new(server));
    }

    /// What a server answers that is not of our making, or is late.
    pub(super) fn handle_handshake_response(
        &mut self,
        now: Instant,
        id: Option<&RequestId>,
        outcome: Outcome,
    ) -> Option<Outcome> {
        let number = id.and_then(RequestId::as_u64);
        let probing = self.phase == ClientPhase::Probing;
        // A server that could not even read the probe cannot say what it answers.
        if probing && (number.is_some() && number == self.handshake.probe || id.is_none()) {
            self.handle_discovered(now, outcome);
        } else if number.is_some() && number == self.handshake.initialize {
            self.handle_initialized(now, outcome);
        } else if number.is_some() && number == self.handshake.probe {
            self.handshake.probe = None;
            self.handshake.late = match self.phase {
                ClientPhase::Initializing => outcome.ok().and_then(|result| self.modern(&result)),
                _ => None,
            };
        } else {
            return Some(outcome);
        }
        None
    }

    pub(super) fn handshake_sent(&mut self, now: Instant, key: TransmitKey) {
        if self.handshake.key != Some(key) {
            return;
        }
        self.handshake.key = None;
        match self.phase {
            // The time that the transport needed is not the server's.
            ClientPhase::Probing => {
                self.handshake.deadline = Some(now + self.config.timeouts.probe)
            }
            ClientPhase::Initializing => {
                self.handshake.deadline = Some(now + self.config.timeouts.initialize);
            }
            ClientPhase::Announcing => self.announced(now),
            _ => {}
        }
    }

    pub(super) fn handshake_not_sent(&mut self, now: Instant, key: TransmitKey) {
        if self.handshake.key != Some(key) {
            return;
        }
        self.handshake.key = None;
        match self.phase {
            // Until its deadline.
            ClientPhase::Announcing => self.outbox.handshake = Some(TransmitKind::Initialized),
            _ => self.handshake_failed(now),
        }
    }

    pub(super) fn handshake_lost(&mut self, now: Instant, key: TransmitKey) {
        if self.handshake.key == Some(key) && self.phase == ClientPhase::Announcing {
            // It left. If the server has not heard it after all, it will say so.
            self.handshake_sent(now, key);
        } else if self.is_handshake(key) {
            self.handshake_failed(now);
        }
    }

    pub(super) fn handshake_awaits(&self, key: TransmitKey) -> bool {
        let awaited = match self.phase {
            ClientPhase::Probing => self.handshake.probe,
            ClientPhase::Initializing => self.handshake.initialize,
            _ => None,
        };
        awaited.is_some() && self.handshake.frame == Some(key)
    }

    /// Whether there is nothing more to be done about it.
    pub(super) fn handshake_gone(&mut self, now: Instant, key: TransmitKey) -> bool {
        if self.is_handshake(key) && self.phase != ClientPhase::Announcing {
            self.handshake_failed(now);
            return true;
        }
        !matches!(self.phase, ClientPhase::Announcing | ClientPhase::Operation)
    }

    pub(super) fn handshake_timeout(&mut self, now: Instant) {
        if !is_due(self.handshake.deadline, now) {
            return;
        }
        match self.phase {
            ClientPhase::Probing if self.config.protocol != Protocol::Modern => self.fall_back(now),
            _ => self.end(ClientCloseReason::HandshakeTimeout),
        }
    }

    /// Whether a frame belongs to the session as it is now.
    pub(super) const fn is_current(&self, key: TransmitKey) -> bool {
        key.0 >= self.handshake.first_key
            && matches!(self.phase, ClientPhase::Announcing | ClientPhase::Operation)
    }

    /// Whether a refusal means that the server does not know the session.
    pub(super) fn is_not_initialized(&self, error: &ErrorObject) -> bool {
        #[derive(Deserialize)]
        struct Data {
            reason: String,
        }
        if error.code() == ErrorCode::NOT_INITIALIZED {
            let data = error.data().and_then(|data| data.to::<Data>().ok());
            let known = ["not_initialized", "hold_timeout"];
            return data.is_some_and(|data| known.contains(&data.reason.as_str()));
        }
        // What the Python SDK says to the first request of a session without a handshake, and to
        // any request whose parameters are wrong.
        !self.handshake.answered
            && error.code() == ErrorCode::INVALID_PARAMS
            && error.message() == "Invalid request parameters"
            && error.data().is_some_and(|data| data.as_str() == "\"\"")
    }

    /// Whether a request may be sent in a revision. One that no revision defines may in all.
    pub(super) fn speaks(&self, method: &Method, revision: Revision) -> bool {
        let task = matches!(method, Method::TasksGet | Method::TasksCancel)
            && self.config.capabilities.has_extension(TASKS_EXTENSION);
        matches!(method, Method::Other(_))
            || method.exists(revision, Sender::Client)
            || (task && revision.era() == Era::Modern)
    }

    /// The frame of a part of the handshake.
    pub(super) fn handshake_frame(&mut self, kind: TransmitKind) -> super::ClientTransmit {
        let key = self.next_key();
        self.handshake.frame = Some(key);
        self.handshake.key = Some(key);
        let mut id = None;
        let (method, params, revision) = match kind {
            TransmitKind::Probe => {
                id = Some(self.next_id());
                self.handshake.probe = id;
                let modern = self.handshake.modern;
                self.stamp = self.stamp_for(modern);
                let params = self.stamped(&RawJson::EMPTY_OBJECT, None);
                ("server/discover", Some(params), Some(modern))
            }
            TransmitKind::Initialize => {
                id = Some(self.next_id());
                self.handshake.initialize = id;
                let proposal = self.handshake.proposal;
                let config = &self.config;
                let capabilities = config.capabilities.clone();
                let params =
                    InitializeParams::new(proposal.as_str(), capabilities, config.info.clone());
                let params = RawJson::known(&params.for_revision(proposal));
                ("initialize", Some(params), None)
            }
            _ => ("notifications/initialized", None, self.revision()),
        };
        let frame = match id {
            Some(id) => Frame::request(&RequestId::from(id), method, params.as_ref()),
            None => Frame::notification(method, None),
        };
        let method = Some(method.into());
        super::ClientTransmit { key, kind, revision, method, params, cancels: None, frame }
    }

    fn probe(&mut self, now: Instant) {
        self.handshake.probed = true;
        self.handshake.initialize = None;
        self.handshake.frame = None;
        self.handshake.key = None;
        self.handshake.deadline = Some(now + self.config.timeouts.probe);
        self.outbox.handshake = Some(TransmitKind::Probe);
    }

    fn initialize(&mut self, now: Instant) {
        self.handshake.initialize = None;
        self.handshake.frame = None;
        self.handshake.key = None;
        self.handshake.deadline = Some(now + self.config.timeouts.initialize);
        self.outbox.handshake = Some(TransmitKind::Initialize);
    }

    /// The answer to `server/discover`.
    fn handle_discovered(&mut self, now: Instant, outcome: Outcome) {
        self.handshake.probe = None;
        match outcome {
            Ok(result) => match result.to::<DiscoverResult>() {
                Ok(discovered) => match self.modern(&result) {
                    Some(server) => self.become_modern(server),
                    None => self.choose_legacy(now, discovered.supported_versions),
                },
                // Whatever that is, the modern era does not answer like this (VER-13).
                Err(_) => self.fall_back(now),
            },
            Err(error) if error.code() == ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => {
                let supported = supported(&error);
                // It may be the revision that was refused: of several machines behind one
                // address, some are newer than others.
                let mutual = newest(&supported, |it| it.era() == Era::Modern);
                match mutual {
                    Some(revision)
                        if !self.handshake.probed_again && self.step(ClientStep::Probe) =>
                    {
                        self.handshake.probed_again = true;
                        self.handshake.modern = revision;
                        self.probe(now);
                    }
                    _ => self.choose_legacy(now, supported),
                }
            }
            // VER-12, VER-25: only the modern era has these.
            Err(error)
                if [ErrorCode::HEADER_MISMATCH, ErrorCode::MISSING_CLIENT_CAPABILITY]
                    .contains(&error.code()) =>
            {
                self.become_modern_unseen();
            }
            // VER-14: whatever else it says.
            Err(_) => self.fall_back(now),
        }
    }

    /// The server speaks no modern revision of ours: what is left (VER-09).
    fn choose_legacy(&mut self, now: Instant, mut supported: Vec<String>) {
        let legacy = newest(&supported, |it| it.era() == Era::Legacy);
        match legacy {
            Some(revision) if self.config.protocol != Protocol::Modern => {
                self.handshake.proposal = revision;
                self.fall_back(now);
            }
            _ => {
                supported.truncate(NAMED);
                self.end(ClientCloseReason::UnsupportedVersion(supported));
            }
        }
    }

    /// The server that a result of `server/discover` describes, if we speak a modern revision of
    /// its.
    fn modern(&self, result: &RawJson) -> Option<Box<Server>> {
        let discovered = result.to::<DiscoverResult>().ok()?;
        let revision = newest(&discovered.supported_versions, |it| it.era() == Era::Modern)?;
        let info = discovered.meta.and_then(|meta| meta.server_info().ok().flatten());
        let mut server = Server::new(revision, discovered.capabilities);
        server.info = info;
        server.instructions = discovered.instructions;
        Some(Box::new(server))
    }

    /// The answer to `initialize`.
    fn handle_initialized(&mut self, now: Instant, outcome: Outcome) {
        self.handshake.initialize = None;
        match outcome {
            Ok(result) => match result.to::<InitializeResult>() {
                Ok(result) => self.accept(now, result),
                Err(error) => {
                    self.end(ClientCloseReason::InvalidHandshake(error.to_string()));
                }
            },
            Err(error) => self.handle_refusal(now, error),
        }
    }

    fn accept(&mut self, now: Instant, result: InitializeResult) {
        let revision = result.protocol_version.parse().ok();
        let Some(revision) = revision.filter(|it| Revision::LEGACY.contains(it)) else {
            let offered: String = result.protocol_version.chars().take(64).collect();
            self.end(ClientCloseReason::UnsupportedVersion([offered].into()));
            return;
        };
        let mut server = Server::new(revision, result.capabilities);
        server.info = Some(result.server_info);
        server.instructions = result.instructions;
        self.server = Some(Box::new(server));
        self.announce(now);
    }

    /// `initialize` was refused: perhaps the server is of the modern era, or speaks another
    /// revision of the legacy one.
    fn handle_refusal(&mut self, now: Instant, error: ErrorObject) {
        let may_be_modern = matches!(self.config.protocol, Protocol::Auto | Protocol::LegacyFirst);
        if let Some(server) = self.handshake.late.take() {
            self.become_modern(server);
            return;
        }
        let mut supported = supported(&error);
        if may_be_modern && newest(&supported, |it| it.era() == Era::Modern).is_some() {
            self.become_modern_unseen();
            return;
        }
        if may_be_modern && !self.handshake.probed && self.step(ClientStep::Probe) {
            self.probe(now);
            return;
        }
        let proposal = self.handshake.proposal;
        let other = newest(&supported, |it| it.era() == Era::Legacy && it != proposal);
        match other {
            Some(revision) if !self.handshake.proposed_again => {
                self.handshake.proposed_again = true;
                self.handshake.proposal = revision;
                self.initialize(now);
            }
            // It remembers the session after all.
            _ if error.code() == ErrorCode::INVALID_REQUEST && self.server.is_some() => {
                self.announce(now);
            }
            _ if !supported.is_empty() => {
                supported.truncate(NAMED);
                self.end(ClientCloseReason::UnsupportedVersion(supported));
            }
            _ => self.end(ClientCloseReason::Refused(error)),
        }
    }

    fn announce(&mut self, now: Instant) {
        if self.step(ClientStep::Accepted) {
            self.handshake.late = None;
            self.handshake.deadline = Some(now + self.config.timeouts.initialize);
            self.outbox.handshake = Some(TransmitKind::Initialized);
        }
    }

    fn announced(&mut self, now: Instant) {
        if !self.step(ClientStep::Announced) {
            return;
        }
        self.become_ready();
        let logs = self.server.as_ref().is_some_and(|server| server.capabilities.logging.is_some());
        if let Some(level) = self.config.log_level.filter(|_| logs) {
            // Before anything the application has waiting.
            let params = RawJson::known(&SetLevelParams::new(level));
            let item = Outgoing::new("logging/setLevel", Some(params));
            self.admit_silent(now, item);
        }
    }

    fn become_modern(&mut self, server: Box<Server>) {
        if self.step(ClientStep::Discovered) {
            self.stamp = self.stamp_for(server.revision);
            self.server = Some(server);
            self.outbox.handshake = None;
            self.become_ready();
        }
    }

    fn become_ready(&mut self) {
        self.handshake.close();
        self.handshake.restarts = 0;
        let Some(server) = self.server.clone() else {
            return;
        };
        let revision = server.revision;
        self.events.push_back(ClientEvent::Ready(server));
        for handle in self.requests.handles() {
            let waits = |state: &State| matches!(state, State::Waiting);
            let spoken = self.requests.get(handle).is_none_or(|pending| {
                !waits(&pending.state)
                    || self.speaks(&Method::from_name(&pending.item.method), revision)
            });
            if !spoken {
                self.finish(handle, Err(RequestError::NotInRevision(revision)));
            }
        }
    }

    fn handshake_failed(&mut self, now: Instant) {
        match self.phase {
            // Asking is what it did not survive (`case_44`).
            ClientPhase::Probing if self.config.protocol != Protocol::Modern => self.fall_back(now),
            ClientPhase::Probing | ClientPhase::Initializing | ClientPhase::Announcing => {
                self.end(ClientCloseReason::Disconnected);
            }
            _ => {}
        }
    }

    /// Whether a frame is the part of the handshake that waits for its answer.
    fn is_handshake(&self, key: TransmitKey) -> bool {
        self.handshake.frame == Some(key)
    }

    /// What the server wants from the session that is gone is not wanted any more.
    fn forget_incoming(&mut self) {
        for key in core::mem::take(&mut self.ids).into_values() {
            self.incoming.remove(key);
            self.events.push_back(ClientEvent::Cancelled(key, CancelReason::Withdrawn));
        }
        self.elicitations.clear();
    }
}

/// The revisions that a refusal names.
fn supported(error: &ErrorObject) -> Vec<String> {
    #[derive(Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    let data = error.data().and_then(|data| data.to::<Data>().ok());
    data.map(|data| data.supported).unwrap_or_default()
}

/// The newest of the named revisions that will do.
fn newest(names: &[String], will_do: impl Fn(Revision) -> bool) -> Option<Revision> {
    names.iter().filter_map(|name| name.parse().ok()).filter(|it| will_do(*it)).max()
}
