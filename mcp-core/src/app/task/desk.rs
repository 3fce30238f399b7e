//! All tasks of a server.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::super::changes::Changes;
use super::super::listen::Listeners;
use super::super::{ConfigError, Connection, Host};
use super::date::iso_8601;
use super::live::Live;
use super::{MemoryTaskStore, TaskOwner, TaskRecord, TaskSettings, TaskStore};
use crate::jsonrpc::{ErrorObject, RawJson, Reply};
use crate::model::{DetailedTask, ForRevision, Meta, Task, TaskStatus};
use crate::revision::{Era, Revision};
use crate::small::SmallMap;

/// What an id of ours is made for, so that no key is used for two things.
const PURPOSE: &[u8] = b"mcp task id";

/// The tasks of a server: those in its store, and those that are worked on.
pub(in super::super) struct Tasks {
    settings: TaskSettings,
    store: Box<dyn TaskStore>,
    listeners: Listeners,
    /// The host that came last: earlier ones may have stopped.
    host: Mutex<Option<Host>>,
    live: Mutex<SmallMap<Arc<str>, Arc<Live>>>,
    made: AtomicU64,
}

impl Tasks {
    /// The tasks of a server that offers any.
    pub(in super::super) fn offered(
        mut settings: TaskSettings,
        changes: &Changes,
        listeners: &Listeners,
    ) -> Result<Option<Arc<Self>>, ConfigError> {
        if !settings.offered && changes.task_tool().is_none() {
            return Ok(None);
        }
        let store = settings.store.take();
        Ok(Some(Arc::new(Self {
            settings,
            store: store.unwrap_or_else(|| Box::new(MemoryTaskStore::default())),
            listeners: listeners.clone(),
            host: Mutex::default(),
            live: Mutex::default(),
            made: AtomicU64::new(0),
        })))
    }

    pub(in super::super) fn set_host(&self, host: &Host) {
        *lock(&self.host) = Some(host.clone());
    }

    /// Makes a task.
    pub(super) fn make(
        self: &Arc<Self>,
        owner: TaskOwner,
        ttl_ms: Option<u64>,
        about: (Revision, Weak<Connection>),
    ) -> Result<Arc<Live>, ErrorObject> {
        let host = lock(&self.host).clone().filter(Host::runs_tasks);
        let host = host.ok_or_else(|| {
            ErrorObject::internal("the server cannot run tasks: its driver did not say how")
        })?;
        let now = host.now();
        let ttl = self.settings.granted(ttl_ms);
        let millis = |duration: core::time::Duration| {
            u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
        };
        let task = Task::new(self.new_id(&host), iso_8601(now))
            .with_ttl_ms(millis(ttl))
            .with_poll_interval_ms(millis(self.settings.poll_interval));
        let record = TaskRecord::new(owner, task, now + ttl);
        self.store
            .insert(now, record.clone())
            .map_err(|_| ErrorObject::internal("there are too many tasks: try again later"))?;
        let live = Live::new(Arc::clone(self), host, about, record);
        lock(&self.live).insert(Arc::clone(live.id()), Arc::clone(&live));
        Ok(live)
    }

    /// An id that nobody can guess (TASK-30, TASKX-26) and that occurs once (TASK-10).
    fn new_id(&self, host: &Host) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(host.seed()).expect("HMAC takes keys of any length");
        mac.update(PURPOSE);
        mac.update(&number.to_be_bytes());
        // Two servers of one process can have the same host, but not the same place in memory.
        mac.update(&core::ptr::from_ref(self).addr().to_be_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// The task has ended: from now on it is the store's alone.
    pub(super) fn forget(&self, id: &str) {
        let live = lock(&self.live).remove(id);
        drop(live);
    }

    /// A task of an owner; of anyone else's and of those there are not, the client hears the
    /// same (TASK-29, TASKX-26).
    pub(super) fn find(&self, id: &str, owner: &TaskOwner) -> Result<TaskRecord, ErrorObject> {
        let record = self.now().and_then(|now| self.store.get(now, id));
        record.filter(|record| record.owner == *owner).ok_or_else(|| {
            // TASK-27, TASKX-22
            ErrorObject::invalid_params(
                "Unknown task: there is none with this id, or it has expired",
            )
        })
    }

    /// What there is to say of a task to those who listen.
    pub(in super::super) fn news(&self, id: &str, meta: Meta, to: Revision) -> Option<RawJson> {
        let task = self.store.get(self.now()?, id).map(detailed)?;
        Some(RawJson::known(&task.with_meta(meta).for_revision(to)))
    }

    pub(super) fn live(&self, id: &str) -> Option<Arc<Live>> {
        lock(&self.live).get(id).cloned()
    }

    /// Whether the driver can run tasks.
    pub(super) fn can_run(&self) -> bool {
        lock(&self.host).as_ref().is_some_and(Host::runs_tasks)
    }

    pub(super) fn now(&self) -> Option<crate::time::UnixTime> {
        // Asked outside the lock: the clock is somebody else's code.
        let host = lock(&self.host).clone();
        host.map(|host| host.now())
    }

    pub(super) fn store(&self) -> &dyn TaskStore {
        &*self.store
    }

    pub(super) const fn listeners(&self) -> &Listeners {
        &self.listeners
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A task with what stands beside it (TASKX-11).
pub(super) fn detailed(record: TaskRecord) -> DetailedTask {
    let TaskRecord { owner, task, input_requests, outcome, .. } = record;
    let status = task.status;
    let detail = DetailedTask::new(task);
    if owner.era() == Era::Legacy {
        return detail;
    }
    match (status, outcome) {
        (TaskStatus::InputRequired, _) => detail.with_input_requests(input_requests),
        (TaskStatus::Completed, Some(Ok(result))) => match result.to() {
            Ok(result) => DetailedTask { result: Some(result), ..detail },
            Err(_) => detail,
        },
        (TaskStatus::Failed, Some(Err(error))) => detail.with_error(error),
        _ => detail,
    }
}

/// A task without anything beside it, as the params of a notification.
pub(super) fn detail(task: Task, revision: Revision) -> Reply {
    encode(DetailedTask::new(task), revision)
}

pub(super) fn encode<T: ForRevision + Serialize>(result: T, revision: Revision) -> Reply {
    RawJson::from_value(&result.for_revision(revision))
        .map_err(|_| ErrorObject::internal("the result has no JSON form"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
