//! Requests of ours that have no answer yet.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use super::TransmitKey;
use crate::id::{RequestHandle, RequestKey};
use crate::jsonrpc::RawJson;
use crate::revision::Era;
use crate::session::Outgoing;
use crate::session::patience::Patience;
use crate::time::Instant;

/// What a request costs beyond its parameters.
const OVERHEAD: usize = size_of::<Pending>();

#[derive(Debug)]
pub(super) struct Pending {
    /// Kept for as long as it may have to be sent again.
    pub(super) item: Outgoing,
    pub(super) state: State,
    /// None for subscriptions, which last.
    pub(super) patience: Option<Patience>,
    /// Answers to what the server asked, for the next time it is sent.
    pub(super) answered: Option<Answered>,
    /// How often it has been asked for input.
    pub(super) rounds: u32,
    /// Whether the server may have worked on it: otherwise it is safe to try again.
    pub(super) left: bool,
    /// Whether it has been sent again after a restart: once is enough.
    pub(super) retried: bool,
    /// Whether nobody is told how it ends: it is the session's own.
    pub(super) silent: bool,
}

/// What goes back to the server in the next round (MRTR-10, MRTR-12).
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub(super) responses: BTreeMap<String, RawJson>,
    pub(super) state: Option<RawJson>,
}

#[derive(Debug)]
pub(super) enum State {
    /// It waits to leave.
    Waiting,
    /// It has left and waits for its answer.
    Sent(Sent),
    /// It waits for the application to give the server what it asks for.
    Asking(Round),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// Its name on the wire.
    pub(super) id: u64,
    pub(super) key: TransmitKey,
    pub(super) era: Era,
    /// Whether it had left before, and the server may have worked on it then.
    pub(super) before: bool,
    /// How often results had been found to be out of date by then.
    pub(super) epoch: u64,
}

/// What a request is asked for, and what has been answered so far.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) open: BTreeMap<RequestKey, String>,
    pub(super) answered: Answered,
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    table: BTreeMap<RequestHandle, Pending>,
    deadlines: BTreeSet<(Instant, RequestHandle)>,
    by_id: BTreeMap<u64, RequestHandle>,
    by_key: BTreeMap<TransmitKey, RequestHandle>,
    bytes: usize,
}

impl Requests {
    pub(super) fn insert(
        &mut self,
        handle: RequestHandle,
        item: Outgoing,
        patience: Option<Patience>,
    ) {
        self.bytes += cost(&item);
        if let Some(patience) = patience {
            self.deadlines.insert((patience.deadline(), handle));
        }
        let pending = Pending {
            item,
            state: State::Waiting,
            patience,
            answered: None,
            rounds: 0,
            left: false,
            retried: false,
            silent: false,
        };
        self.table.insert(handle, pending);
    }

    pub(super) fn remove(&mut self, handle: RequestHandle) -> Option<Pending> {
        let pending = self.table.remove(&handle)?;
        self.bytes -= cost(&pending.item);
        if let Some(patience) = pending.patience {
            self.deadlines.remove(&(patience.deadline(), handle));
        }
        self.forget_sent(&pending.state);
        Some(pending)
    }

    pub(super) fn get(&self, handle: RequestHandle) -> Option<&Pending> {
        self.table.get(&handle)
    }

    /// To change what is not looked up by: neither the state nor the patience.
    pub(super) fn get_mut(&mut self, handle: RequestHandle) -> Option<&mut Pending> {
        self.table.get_mut(&handle)
    }

    /// Changes the state; what it was comes back.
    pub(super) fn set_state(&mut self, handle: RequestHandle, state: State) -> Option<State> {
        if let State::Sent(sent) = &state {
            self.by_id.insert(sent.id, handle);
            self.by_key.insert(sent.key, handle);
        }
        let pending = self.table.get_mut(&handle)?;
        pending.left |= matches!(state, State::Sent(_));
        let old = core::mem::replace(&mut pending.state, state);
        self.forget_sent(&old);
        Some(old)
    }

    pub(super) fn set_patience(&mut self, handle: RequestHandle, patience: Option<Patience>) {
        let Some(pending) = self.table.get_mut(&handle) else {
            return;
        };
        if let Some(old) = core::mem::replace(&mut pending.patience, patience) {
            self.deadlines.remove(&(old.deadline(), handle));
        }
        if let Some(new) = patience {
            self.deadlines.insert((new.deadline(), handle));
        }
    }

    /// Starts the request's time anew.
    pub(super) fn progressed(&mut self, now: Instant, handle: RequestHandle) {
        if let Some(mut patience) = self.get(handle).and_then(|pending| pending.patience) {
            patience.renew(now);
            self.set_patience(handle, Some(patience));
        }
    }

    /// The request that left under this id and waits for its answer.
    pub(super) fn by_id(&self, id: u64) -> Option<(RequestHandle, Sent)> {
        let handle = *self.by_id.get(&id)?;
        self.sent(handle).map(|sent| (handle, sent))
    }

    /// The request that left in this frame and waits for its answer.
    pub(super) fn by_key(&self, key: TransmitKey) -> Option<(RequestHandle, Sent)> {
        let handle = *self.by_key.get(&key)?;
        self.sent(handle).map(|sent| (handle, sent))
    }

    pub(super) fn sent(&self, handle: RequestHandle) -> Option<Sent> {
        match self.table.get(&handle)?.state {
            State::Sent(sent) => Some(sent),
            _ => None,
        }
    }

    pub(super) fn handles(&self) -> alloc::vec::Vec<RequestHandle> {
        self.table.keys().copied().collect()
    }

    pub(super) fn first(&self) -> Option<RequestHandle> {
        self.table.first_key_value().map(|(handle, _)| *handle)
    }

    /// A request whose time has run out.
    pub(super) fn expired(&self, now: Instant) -> Option<RequestHandle> {
        let (deadline, handle) = self.deadlines.first()?;
        (*deadline <= now).then_some(*handle)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget_sent(&mut self, state: &State) {
        if let State::Sent(sent) = state {
            self.by_id.remove(&sent.id);
            self.by_key.remove(&sent.key);
        }
    }
}

pub(super) fn cost(item: &Outgoing) -> usize {
    let params = item.params.as_ref().map_or(0, RawJson::len);
    params.saturating_add(item.method.len()).saturating_add(OVERHEAD)
}
