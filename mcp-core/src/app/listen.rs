//! Subscriptions of the modern era: a request that is told of changes for as long as it lives.

use alloc::format;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context as Polling, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::decode;
use super::task::Tasks;
use super::{Connection, Context};
use crate::error::SendError;
use crate::flat::FlatSet;
use crate::id::RequestId;
use crate::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use crate::lifecycle::NotificationMethod;
use crate::model::{
    AcknowledgedParams, EmptyParams, ListenParams, Meta, ResourceUpdatedParams, ServerCapabilities,
    SubscriptionFilter, TASKS_EXTENSION,
};
use crate::modern::listen_result;
use crate::small::SmallMap;

/// The longest URI a client can watch, in bytes: with the limit on their number it bounds what
/// one client can make the server remember.
pub(super) const MAX_WATCHED_URI: usize = 8 << 10;

/// The tasks that one subscription may watch: more than a client can have worked on at a time.
const MAX_WATCHED_TASKS: usize = 1024;

/// The three lists that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Tools,
    Prompts,
    Resources,
}

impl List {
    pub(super) const fn notification(self) -> NotificationMethod {
        match self {
            Self::Tools => NotificationMethod::ToolsListChanged,
            Self::Prompts => NotificationMethod::PromptsListChanged,
            Self::Resources => NotificationMethod::ResourcesListChanged,
        }
    }
}

/// Something that can be watched by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
    /// A resource, by its URI.
    Resource(Arc<str>),
    /// A task, by its id.
    Task(Arc<str>),
}

/// Who listens, and to what.
///
/// Whoever changes something leaves a note with each listener and wakes it; the listener sends
/// its notes when it is polled. Notes of the same change are one, so a client that reads slowly
/// takes no more memory than its subscription has entries, and misses nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Listeners(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    listeners: SmallMap<u64, Listener>,
    watchers: SmallMap<Watched, FlatSet<u64>>,
    next: u64,
}

#[derive(Debug)]
struct Listener {
    lists: FlatSet<List>,
    watches: FlatSet<Watched>,
    notes: Arc<Mutex<Notes>>,
}

/// What a listener has not sent yet.
#[derive(Debug, Default)]
struct Notes {
    changed: FlatSet<List>,
    updated: FlatSet<Watched>,
    waker: Option<Waker>,
}

/// A listener's place in the table. It leaves by being dropped.
struct Seat {
    table: Weak<Mutex<Table>>,
    key: u64,
}

impl Listeners {
    /// Answers `subscriptions/listen`: acknowledges what can be served, and then sends what
    /// happens until nobody listens any more.
    pub(super) async fn listen(
        &self,
        cx: Context,
        params: Option<&Params>,
        capabilities: &ServerCapabilities,
        max_watches: usize,
        tasks: Option<&Tasks>,
    ) -> Reply {
        let Some(id) = cx.id().cloned() else {
            return Err(ErrorObject::internal("the subscription has no name"));
        };
        let ListenParams { notifications, .. } = decode::params(params)?;
        let wanted_tasks = notifications.task_ids.clone();
        let mut honoured = honoured(notifications, capabilities);
        if let (Some(ids), Some(tasks)) = (wanted_tasks, tasks) {
            // TASKX-23
            cx.require_extension(TASKS_EXTENSION)
                .map_err(|error| error.into_error(cx.revision()))?;
            if ids.len() > MAX_WATCHED_TASKS {
                return Err(ErrorObject::invalid_params(format!(
                    "Too many tasks: a subscription may have {MAX_WATCHED_TASKS}"
                )));
            }
            honoured.task_ids = Some(tasks.visible(ids, &cx));
        }
        let watched = honoured.resource_subscriptions.as_deref().unwrap_or_default();
        if watched.len() > max_watches {
            return Err(ErrorObject::invalid_params(format!(
                "Too many resources: a subscription may have {max_watches}"
            )));
        }
        if watched.iter().any(|uri| uri.len() > MAX_WATCHED_URI) {
            return Err(ErrorObject::invalid_params(format!(
                "A URI is longer than {MAX_WATCHED_URI} bytes"
            )));
        }
        // A change from here on is noted, and sent after the acknowledgment (SUB-04).
        let (notes, _seat) = self.join(&honoured);
        let meta = Meta::new().with_subscription_id(&id);
        let acknowledged = AcknowledgedParams::new(honoured).with_meta(meta);
        let method = NotificationMethod::SubscriptionsAcknowledged;
        if cx.connection().notify(&method, Some(RawJson::known(&acknowledged))).is_err() {
            return Err(ErrorObject::internal("the subscription cannot be acknowledged"));
        }
        poll_fn(|polling| send(cx.connection(), &notes, &id, tasks, polling)).await;
        Ok(listen_result(&id))
    }

    /// Takes note that a list has changed.
    pub(super) fn changed(&self, list: List) {
        let table = lock(&self.0);
        let concerned = table.listeners.values().filter(|it| it.lists.contains(&list));
        let wakers = concerned.map(|it| note(&it.notes, |notes| notes.changed.insert(list)));
        let wakers: Vec<_> = wakers.collect();
        drop(table);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Takes note that a resource has changed, and says how many listen to that.
    pub(super) fn updated(&self, uri: &str) -> usize {
        self.happened(&Watched::Resource(uri.into()))
    }

    /// Takes note that a task has changed.
    #[cfg(feature = "tasks")]
    pub(super) fn task_changed(&self, id: &Arc<str>) {
        self.happened(&Watched::Task(Arc::clone(id)));
    }

    fn happened(&self, watched: &Watched) -> usize {
        let table = lock(&self.0);
        let Some((watched, keys)) = table.watchers.get_key_value(watched) else {
            return 0;
        };
        let concerned = keys.iter().filter_map(|key| table.listeners.get(key));
        let write = |notes: &mut Notes| notes.updated.insert(watched.clone());
        let wakers: Vec<_> = concerned.map(|it| note(&it.notes, write)).collect();
        drop(table);
        let count = wakers.len();
        wakers.into_iter().flatten().for_each(Waker::wake);
        count
    }

    fn join(&self, honoured: &SubscriptionFilter) -> (Arc<Mutex<Notes>>, Seat) {
        let lists = [
            (List::Tools, honoured.tools_list_changed),
            (List::Prompts, honoured.prompts_list_changed),
            (List::Resources, honoured.resources_list_changed),
        ];
        let lists = lists.into_iter().filter(|(_, wanted)| *wanted == Some(true));
        let lists = lists.map(|(list, _)| list).collect();
        let notes = Arc::<Mutex<Notes>>::default();
        let mut table = lock(&self.0);
        let key = table.next;
        table.next += 1;
        let mut watches = FlatSet::new();
        let resources = honoured.resource_subscriptions.iter().flatten();
        let resources = resources.map(|uri| Watched::Resource(uri.as_str().into()));
        let tasks = honoured.task_ids.iter().flatten();
        let tasks = tasks.map(|id| Watched::Task(id.as_str().into()));
        for wanted in resources.chain(tasks) {
            // The text is shared with whoever watches the same.
            let known = table.watchers.get_key_value(&wanted);
            let watched = known.map_or(wanted, |(known, _)| known.clone());
            table.watchers.get_or_default(watched.clone()).insert(key);
            watches.insert(watched);
        }
        table.listeners.insert(key, Listener { lists, watches, notes: Arc::clone(&notes) });
        drop(table);
        (notes, Seat { table: Arc::downgrade(&self.0), key })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(table) = self.table.upgrade() else {
            return;
        };
        let mut table = lock(&table);
        let Some(listener) = table.listeners.remove(&self.key) else {
            return;
        };
        for watched in listener.watches.iter() {
            if let Some(watchers) = table.watchers.get_mut(watched) {
                watchers.remove(&self.key);
                if watchers.is_empty() {
                    table.watchers.remove(watched);
                }
            }
        }
    }
}

/// What of a wish can be served: what the capabilities say, and nothing that was not asked for
/// (SUB-02, SUB-06, SUB-15).
fn honoured(wish: SubscriptionFilter, capabilities: &ServerCapabilities) -> SubscriptionFilter {
    let says = |list: Option<Option<bool>>| list.flatten() == Some(true);
    let tools = says(capabilities.tools.as_ref().map(|it| it.list_changed));
    let prompts = says(capabilities.prompts.as_ref().map(|it| it.list_changed));
    let resources = says(capabilities.resources.as_ref().map(|it| it.list_changed));
    let watching = says(capabilities.resources.as_ref().map(|it| it.subscribe));
    let both = |wanted: Option<bool>, offered: bool| wanted.filter(|wanted| *wanted && offered);
    let mut honoured = SubscriptionFilter::new();
    honoured.tools_list_changed = both(wish.tools_list_changed, tools);
    honoured.prompts_list_changed = both(wish.prompts_list_changed, prompts);
    honoured.resources_list_changed = both(wish.resources_list_changed, resources);
    honoured.resource_subscriptions = wish.resource_subscriptions.filter(|_| watching);
    honoured
}

/// Sends what has been noted. Is ready when nobody is there to hear it.
fn send(
    connection: &Connection,
    notes: &Mutex<Notes>,
    id: &RequestId,
    tasks: Option<&Tasks>,
    polling: &Polling<'_>,
) -> Poll<()> {
    let mut taken = lock(notes);
    taken.waker = Some(polling.waker().clone());
    let (mut changed, mut updated) =
        (core::mem::take(&mut taken.changed), core::mem::take(&mut taken.updated));
    drop(taken);
    let meta = || Meta::new().with_subscription_id(id);
    let outcome = loop {
        let sent = if let Some(list) = changed.first() {
            let params = RawJson::known(&EmptyParams::new().with_meta(meta()));
            connection.notify(&list.notification(), Some(params))
        } else if let Some(Watched::Resource(uri)) = updated.first() {
            let params = ResourceUpdatedParams::new(&**uri).with_meta(meta());
            let method = NotificationMethod::ResourcesUpdated;
            connection.notify(&method, Some(RawJson::known(&params)))
        } else if let Some(Watched::Task(id)) = updated.first() {
            // How the task is now. One that has been forgotten meanwhile is not worth a word.
            let news = tasks.and_then(|it| it.news(id, meta(), connection.revision()));
            let Some(params) = news else {
                updated.pop_first();
                continue;
            };
            connection.notify(&NotificationMethod::Tasks, Some(params))
        } else {
            break Poll::Pending;
        };
        match sent {
            Ok(()) if changed.pop_first().is_some() => {}
            Ok(()) => drop(updated.pop_first()),
            Err(SendError::Full(_)) => break Poll::Pending,
            Err(_) => break Poll::Ready(()),
        }
    };
    // What did not fit goes with the next change.
    let mut kept = lock(notes);
    kept.changed.extend(changed);
    kept.updated.extend(updated);
    outcome
}

/// Leaves a note; says whom to wake, once nothing is locked any more.
fn note(notes: &Mutex<Notes>, write: impl FnOnce(&mut Notes) -> bool) -> Option<Waker> {
    let mut notes = lock(notes);
    write(&mut notes);
    notes.waker.take()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
