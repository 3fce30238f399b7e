//! What waits to leave, in the order in which it may.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;

use super::TransmitKind;
use super::requests::{Sent, cost};
use crate::id::RequestHandle;
use crate::jsonrpc::Frame;
use crate::session::Outgoing;

/// What an answer costs beyond its bytes.
const OVERHEAD: usize = size_of::<Ahead>();

/// What need not wait until the session is ready.
#[derive(Debug)]
pub(super) enum Ahead {
    Response(Frame),
    /// A notification about a request of the server.
    About(Outgoing),
    /// A request of ours is no longer wanted.
    Cancel {
        handle: RequestHandle,
        sent: Sent,
        reason: String,
    },
}

/// What waits until the session is ready, in the order it was given to it.
#[derive(Debug)]
pub(super) enum Waiting {
    Request(RequestHandle),
    Notification(Outgoing),
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// A part of the handshake, which goes before everything.
    pub(super) handshake: Option<TransmitKind>,
    ahead: VecDeque<(Ahead, usize)>,
    ahead_bytes: usize,
    waiting: BTreeMap<u64, Waiting>,
    notifications: usize,
    notification_bytes: usize,
}

impl Outbox {
    pub(super) fn push_ahead(&mut self, item: Ahead) {
        let bytes = OVERHEAD
            + match &item {
                Ahead::Response(frame) => frame.len(),
                Ahead::About(item) => cost(item),
                Ahead::Cancel { reason, .. } => reason.len(),
            };
        self.ahead_bytes += bytes;
        self.ahead.push_back((item, bytes));
    }

    pub(super) fn pop_ahead(&mut self) -> Option<Ahead> {
        let (item, bytes) = self.ahead.pop_front()?;
        self.ahead_bytes -= bytes;
        Some(item)
    }

    /// Forgets what was said to a session that is gone.
    pub(super) fn drop_ahead(&mut self) {
        self.ahead.clear();
        self.ahead_bytes = 0;
    }

    /// Puts a request in its place: what was given to the session earlier leaves earlier, also
    /// when it leaves again.
    pub(super) fn wait(&mut self, handle: RequestHandle) {
        self.waiting.insert(handle.0, Waiting::Request(handle));
    }

    pub(super) fn push_notification(&mut self, place: u64, item: Outgoing) {
        self.notifications += 1;
        self.notification_bytes += cost(&item);
        self.waiting.insert(place, Waiting::Notification(item));
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let (_, waiting) = self.waiting.pop_first()?;
        if let Waiting::Notification(item) = &waiting {
            self.notifications -= 1;
            self.notification_bytes -= cost(item);
        }
        Some(waiting)
    }

    pub(super) fn remove(&mut self, handle: RequestHandle) {
        self.waiting.remove(&handle.0);
    }

    /// Forgets what can no longer be of use when the session is over: all but answers.
    pub(super) fn close(&mut self) {
        self.handshake = None;
        self.waiting.clear();
        self.notifications = 0;
        self.notification_bytes = 0;
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_empty(&self, ready: bool) -> bool {
        self.handshake.is_none() && self.ahead.is_empty() && (!ready || self.waiting.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.handshake.is_some()) + self.ahead.len() + self.waiting.len()
    }

    pub(super) const fn notifications(&self) -> usize {
        self.notifications
    }

    pub(super) const fn notification_bytes(&self) -> usize {
        self.notification_bytes
    }

    pub(super) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    pub(super) const fn ahead_bytes(&self) -> usize {
        self.ahead_bytes
    }
}
