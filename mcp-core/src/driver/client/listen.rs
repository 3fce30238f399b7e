//! Being told of changes, in both eras.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use super::error::ClientError;
use super::link::{Link, Waiting};
use crate::jsonrpc::RawJson;
use crate::lifecycle::NotificationMethod;
use crate::model::{SubscribeParams, SubscriptionFilter};
use crate::session::Outgoing;

/// Something the server reports.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// What happened.
    pub method: NotificationMethod,
    /// An object, or absent.
    pub params: Option<RawJson>,
}

/// What of a legacy server's reports is meant for one listener.
pub(super) type Filter = Arc<SubscriptionFilter>;

/// Notifications that wait for one listener at most. Changes say that there is something new, not
/// what: a listener that is behind loses the oldest.
const QUEUE: usize = 1024;

/// Where the notifications for one listener are put down.
#[derive(Default)]
pub(super) struct Sink(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Notification>,
    missed: u64,
    ended: bool,
    waker: Option<Waker>,
}

impl Sink {
    pub(super) fn put(&self, notification: Notification) {
        let mut queue = self.queue();
        if queue.waiting.len() >= QUEUE {
            queue.waiting.pop_front();
            queue.missed += 1;
        }
        queue.waiting.push_back(notification);
        wake(queue);
    }

    pub(super) fn end(&self) {
        let mut queue = self.queue();
        queue.ended = true;
        wake(queue);
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Notification>> {
        let mut queue = self.queue();
        if let Some(next) = queue.waiting.pop_front() {
            return Poll::Ready(Some(next));
        }
        if queue.ended {
            return Poll::Ready(None);
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut queue: MutexGuard<'_, Queue>) {
    let waker = queue.waker.take();
    drop(queue);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A subscription to changes. Dropping it ends the subscription at the server too.
pub struct Subscription {
    sink: Arc<Sink>,
    source: Source,
}

enum Source {
    /// One request that lasts, of which the reports are part.
    Stream(Option<Waiting>),
    /// What a legacy server tells to all, and the resources it was asked to watch.
    Shared { link: Arc<Link>, key: u64, filter: Filter },
}

impl Subscription {
    pub(super) const fn stream(sink: Arc<Sink>, waiting: Waiting) -> Self {
        Self { sink, source: Source::Stream(Some(waiting)) }
    }

    pub(super) fn shared(link: &Arc<Link>, filter: SubscriptionFilter) -> Self {
        let (sink, filter) = (Arc::<Sink>::default(), Arc::new(filter));
        let key = link.listen(Arc::clone(&filter), &sink);
        Self { sink, source: Source::Shared { link: Arc::clone(link), key, filter } }
    }

    /// Waits for the next report; none when the server ends the subscription.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// How the subscription ended, if not by the server's wish: once.
    pub async fn next(&mut self) -> Result<Option<Notification>, ClientError> {
        let next = core::future::poll_fn(|cx| self.sink.poll_next(cx)).await;
        if next.is_some() {
            return Ok(next);
        }
        match &mut self.source {
            Source::Stream(waiting) => match waiting.take() {
                Some(waiting) => waiting.answer().await.map(|_| None),
                None => Ok(None),
            },
            Source::Shared { link, .. } => Err(link.why_closed()),
        }
    }

    /// How many reports were dropped because nobody took them.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.sink.queue().missed
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Source::Shared { link, key, filter } = &self.source else {
            return;
        };
        link.unlisten(*key);
        for uri in filter.resource_subscriptions.iter().flatten() {
            let others = link.listeners();
            if others.iter().any(|(filter, _)| watches(filter, uri)) {
                continue;
            }
            if let Ok(params) = RawJson::from_value(&SubscribeParams::new(uri.as_str())) {
                let outgoing = Outgoing::new("resources/unsubscribe", Some(params));
                // Nobody waits for the answer, and it is no cancellation.
                link.with(|state, now| drop(state.machine.request(now, outgoing)));
            }
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

fn watches(filter: &SubscriptionFilter, uri: &str) -> bool {
    filter.resource_subscriptions.iter().flatten().any(|it| it == uri)
}

/// Whether a legacy server's report is one that was asked for.
pub(super) fn is_meant(filter: &SubscriptionFilter, notification: &Notification) -> bool {
    #[derive(Deserialize)]
    struct Updated {
        uri: String,
    }
    let wants = |wish: Option<bool>| wish == Some(true);
    match notification.method {
        NotificationMethod::ToolsListChanged => wants(filter.tools_list_changed),
        NotificationMethod::PromptsListChanged => wants(filter.prompts_list_changed),
        NotificationMethod::ResourcesListChanged => wants(filter.resources_list_changed),
        NotificationMethod::ResourcesUpdated => {
            let params = notification.params.as_ref();
            let updated = params.and_then(|params| params.to::<Updated>().ok());
            // What is told may be a part of what was subscribed to.
            let is_part = |of: &str, uri: &str| {
                uri.strip_prefix(of).is_some_and(|rest| {
                    rest.is_empty() || of.ends_with('/') || rest.starts_with(['/', '#', '?'])
                })
            };
            updated.is_some_and(|updated| {
                let mut wanted = filter.resource_subscriptions.iter().flatten();
                wanted.any(|it| is_part(it, &updated.uri))
            })
        }
        _ => false,
    }
}
