//! An event as the application gets it.

use alloc::boxed::Box;
use core::time::Duration;

use bytes::Bytes;

/// An event that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    pub(super) event: Option<Box<str>>,
    pub(super) data: Bytes,
    pub(super) id: Option<Box<str>>,
    pub(super) retry: Option<Duration>,
}

impl SseEvent {
    pub(super) const DEFAULT_TYPE: &str = "message";

    /// The type of the event, `message` when the sender named none.
    #[must_use]
    pub fn event_type(&self) -> &str {
        self.event.as_deref().unwrap_or(Self::DEFAULT_TYPE)
    }

    /// The data, its lines joined by LF; not checked for UTF-8.
    #[must_use]
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// The data, without copying it.
    #[must_use]
    pub fn into_data(self) -> Bytes {
        self.data
    }

    /// Whether there is nothing to parse: the event only brings an id or a retry time, as priming
    /// events do (`2025-11-25/basic/transports`).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The id this very event brought; [`Decoder::last_event_id`](super::Decoder::last_event_id) has the one in force.
    ///
    /// An empty id revokes the last one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// How long to wait before reconnecting from now on, when the event said so.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }
}
