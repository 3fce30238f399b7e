//! Tasks: requests that are worked on while nobody waits for their answer.
//!
//! There are two designs that have nothing on the wire in common, and one handler for both: that
//! of 2025-11-25, where the client asks for a task (`2025-11-25/basic/utilities/tasks`), and the
//! extension `io.modelcontextprotocol/tasks` of 2026-07-28, where the server decides.

use alloc::boxed::Box;
use core::time::Duration;

use super::builder::ServerBuilder;

mod begin;
mod date;
mod desk;
mod live;
mod owner;
mod question;
mod requests;
mod run;
mod store;

pub use owner::TaskOwner;
pub use store::{MemoryTaskStore, TaskLimits, TaskRecord, TaskStore, TaskStoreFull};

pub(super) use begin::Slot;
pub(super) use desk::Tasks;

/// How tasks are kept, as the builder was told.
#[derive(Debug)]
pub(super) struct TaskSettings {
    /// Offered even if no tool supports them yet.
    offered: bool,
    ttl: Duration,
    max_ttl: Duration,
    poll_interval: Duration,
    store: Option<Box<dyn TaskStore>>,
}

/// How long a task is kept unless the client asks for something else.
const TTL: Duration = Duration::from_secs(60 * 60);

/// The longest a task is kept.
const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// How often clients are told to ask.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

impl Default for TaskSettings {
    fn default() -> Self {
        Self {
            offered: false,
            ttl: TTL,
            max_ttl: MAX_TTL,
            poll_interval: POLL_INTERVAL,
            store: None,
        }
    }
}

impl TaskSettings {
    /// What a task is given of what a client wishes, if it does.
    fn granted(&self, wish_ms: Option<u64>) -> Duration {
        wish_ms.map_or(self.ttl, Duration::from_millis).min(self.max_ttl)
    }
}

/// Tasks: calls of tools that go on while the client does something else.
///
/// A tool whose [`Tool::with_task_support`](crate::model::Tool::with_task_support) says
/// `Optional` or `Required` can be run as a task; having one offers tasks to clients, in the way
/// of 2025-11-25 and as the extension `io.modelcontextprotocol/tasks` of 2026-07-28. Nothing of
/// it is there for clients of other revisions or without the extension: for them the same handler
/// answers the call, unless the tool requires a task. See
/// [`Context::start_task`](super::Context::start_task) for what a handler does.
///
/// A task is seen by whoever made it and nobody else: by the principal, if there is one; else, in
/// 2025-11-25, by the session. In 2026-07-28 there are no sessions, and the task's id, which
/// cannot be guessed, is what gives access to a task that no principal has made.
impl ServerBuilder {
    /// Offers tasks even if no tool supports them yet, to be added by
    /// [`Server::apply`](super::Server::apply).
    pub const fn tasks(mut self) -> Self {
        self.tasks.offered = true;
        self
    }

    /// Sets how long a task is kept from its creation, and the longest that a client of 2025-11-25
    /// may ask for. Then it is forgotten, and stopped if it has not ended.
    ///
    /// Default 1 h, since people may have to answer; and 1 day: somebody else's work waits
    /// for the room.
    pub const fn task_ttl(mut self, default: Duration, longest: Duration) -> Self {
        self.tasks.ttl = default;
        self.tasks.max_ttl = longest;
        self
    }

    /// Sets how often clients are told to ask how far a task is. Default 1 s: the wait that a
    /// person does not mind.
    pub const fn task_poll_interval(mut self, interval: Duration) -> Self {
        self.tasks.poll_interval = interval;
        self
    }

    /// Sets where tasks are kept. Default a [`MemoryTaskStore`] with its default limits.
    pub fn task_store(mut self, store: impl TaskStore) -> Self {
        self.tasks.store = Some(Box::new(store));
        self
    }
}
