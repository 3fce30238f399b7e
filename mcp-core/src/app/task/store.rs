//! Where tasks are kept.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::TaskOwner;
use crate::jsonrpc::{RawJson, Reply};
use crate::model::{InputRequests, Task};
use crate::small::SmallMap;
use crate::time::UnixTime;

/// All there is to know of a task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskRecord {
    /// Who may see it.
    pub owner: TaskOwner,
    /// How far it is.
    pub task: Task,
    /// When it is to be forgotten.
    pub expires: UnixTime,
    /// What it asks for and has no answer to; always empty in 2025-11-25, where questions are
    /// requests.
    pub input_requests: InputRequests,
    /// What the request is answered with, once that is known.
    pub outcome: Option<Reply>,
}

impl TaskRecord {
    /// A task that has just been made, or is brought back.
    #[must_use]
    pub const fn new(owner: TaskOwner, task: Task, expires: UnixTime) -> Self {
        Self { owner, task, expires, input_requests: InputRequests::new(), outcome: None }
    }

    /// How many bytes of memory it takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let outcome = match &self.outcome {
            None => 0,
            Some(Ok(result)) => result.len(),
            Some(Err(error)) => error.message().len() + error.data().map_or(0, RawJson::len),
        };
        let asked = match self.input_requests.is_empty() {
            true => 0,
            false => RawJson::known(&self.input_requests).len(),
        };
        let message = self.task.status_message.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.task.task_id.len() + message + asked + outcome
    }
}

/// There is no room for a task, or for its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, thiserror::Error)]
#[error("there is no room for the task")]
#[expect(clippy::exhaustive_structs, reason = "made by stores")]
pub struct TaskStoreFull;

/// Where a server keeps its tasks.
///
/// The server holds what is being worked on by itself, and tells the store of every change; the
/// store is asked for whatever clients want to know. So a store that outlives the process keeps
/// the results of tasks available, but not the work on unfinished ones: who restores those
/// should restore them as failed.
///
/// The methods are called while requests are answered and must not block for long: a store behind
/// a network writes behind.
pub trait TaskStore: fmt::Debug + Send + Sync + 'static {
    /// Takes in a new task. A client is told of it only afterwards.
    ///
    /// # Errors
    /// [`TaskStoreFull`]; the client is answered with an error.
    fn insert(&self, now: UnixTime, record: TaskRecord) -> Result<(), TaskStoreFull>;

    /// Takes note of a change. A task that has been forgotten meanwhile stays so.
    ///
    /// # Errors
    /// [`TaskStoreFull`]; the task then fails for want of room.
    fn update(&self, now: UnixTime, record: TaskRecord) -> Result<(), TaskStoreFull>;

    /// A task that has not expired.
    fn get(&self, now: UnixTime, id: &str) -> Option<TaskRecord>;

    /// The tasks of an owner that have not expired, ordered by id, at most `limit` of those
    /// whose ids are greater than `after`.
    fn list(
        &self,
        now: UnixTime,
        owner: &TaskOwner,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<TaskRecord>;
}

/// How much a [`MemoryTaskStore`] keeps. What is beyond is refused: a task that a client was
/// promised is never dropped to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskLimits {
    /// The tasks of all owners. Default 4096.
    pub tasks: usize,
    /// The tasks of one owner, so that no client takes the room of all; clients of the modern era
    /// without a principal are one owner. Default 1024.
    pub tasks_per_owner: usize,
    /// The bytes of all tasks with their results. Default 64 MiB: as much as a server can spare,
    /// and some hundred pictures.
    pub bytes: usize,
}

impl Default for TaskLimits {
    fn default() -> Self {
        Self { tasks: 4096, tasks_per_owner: 1024, bytes: 64 << 20 }
    }
}

/// Keeps tasks in memory until they expire.
#[derive(Default)]
pub struct MemoryTaskStore {
    limits: TaskLimits,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    records: SmallMap<String, (usize, TaskRecord)>,
    bytes: usize,
    /// When the first one expires, or sooner.
    next: Option<UnixTime>,
}

/// Shows limits only: results are the owners'.
impl fmt::Debug for MemoryTaskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTaskStore").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl MemoryTaskStore {
    /// A store with these limits.
    #[must_use]
    pub fn new(limits: TaskLimits) -> Self {
        Self { limits, kept: Mutex::default() }
    }

    /// How many tasks there are, and how many bytes they take.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.records.len(), kept.bytes)
    }

    /// Whether there are no tasks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().records.is_empty()
    }

    fn at(&self, now: UnixTime) -> MutexGuard<'_, Kept> {
        let mut kept = self.lock();
        kept.forget_expired(now);
        kept
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TaskStore for MemoryTaskStore {
    fn insert(&self, now: UnixTime, record: TaskRecord) -> Result<(), TaskStoreFull> {
        let mut kept = self.at(now);
        let of_owner =
            |kept: &Kept| kept.records.values().filter(|(_, it)| it.owner == record.owner).count();
        let is_full = |kept: &Kept| {
            kept.records.len() >= self.limits.tasks || of_owner(kept) >= self.limits.tasks_per_owner
        };
        if is_full(&kept) {
            kept.forget_gone();
            if is_full(&kept) {
                return Err(TaskStoreFull);
            }
        }
        kept.put(record, self.limits.bytes)
    }

    fn update(&self, now: UnixTime, record: TaskRecord) -> Result<(), TaskStoreFull> {
        let mut kept = self.at(now);
        match kept.records.contains_key(&record.task.task_id) {
            true => kept.put(record, self.limits.bytes),
            false => Ok(()),
        }
    }

    fn get(&self, now: UnixTime, id: &str) -> Option<TaskRecord> {
        self.at(now).records.get(id).map(|(_, record)| record.clone())
    }

    fn list(
        &self,
        now: UnixTime,
        owner: &TaskOwner,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<TaskRecord> {
        let kept = self.at(now);
        let records = kept.records.range_from(after.unwrap_or_default());
        let records = records.filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let own = records.filter(|(_, (_, record))| record.owner == *owner);
        own.take(limit).map(|(_, (_, record))| record.clone()).collect()
    }
}

impl Kept {
    /// Puts a record in the place of the one before it, if the bytes suffice.
    fn put(&mut self, record: TaskRecord, max_bytes: usize) -> Result<(), TaskStoreFull> {
        let size = record.size();
        let id = &record.task.task_id;
        let before = |kept: &Self| kept.records.get(id).map_or(0, |(size, _)| *size);
        let others = |kept: &Self| kept.bytes - before(kept);
        // What takes no more room than before has its room.
        if size > before(self) && others(self) + size > max_bytes {
            self.forget_gone();
            if others(self) + size > max_bytes {
                return Err(TaskStoreFull);
            }
        }
        self.bytes = others(self) + size;
        self.next = Some(self.next.map_or(record.expires, |next| next.min(record.expires)));
        self.records.insert(id.clone(), (size, record));
        Ok(())
    }

    fn forget_expired(&mut self, now: UnixTime) {
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.retain(|record| now < record.expires);
        self.next = self.records.values().map(|(_, record)| record.expires).min();
    }

    /// Forgets what has ended and nobody can ask for any more.
    fn forget_gone(&mut self) {
        self.retain(|record| !(record.owner.is_gone() && record.task.status.is_final()));
    }

    fn retain(&mut self, keep: impl Fn(&TaskRecord) -> bool) {
        let bytes = &mut self.bytes;
        self.records.retain(|_, (size, record)| {
            let keeps = keep(record);
            if !keeps {
                *bytes -= *size;
            }
            keeps
        });
    }
}
