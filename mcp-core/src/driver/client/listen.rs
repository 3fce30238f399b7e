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
use crate::error::RequestError;
use crate::jsonrpc::RawJson;
use crate::lifecycle::NotificationMethod;
use crate::model::{AcknowledgedParams, SubscribeParams, SubscriptionFilter};
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

    /// Puts down again what was taken first.
    fn put_back(&self, notification: Notification) {
        self.queue().waiting.push_front(notification);
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
    filter: Filter,
    source: Source,
}

enum Source {
    /// One request that lasts, of which the reports are part.
    Stream(Option<Waiting>),
    /// What a legacy server tells to all, and the resources it was asked to watch.
    Shared { link: Arc<Link>, key: u64 },
}

impl Subscription {
    pub(super) fn stream(sink: Arc<Sink>, waiting: Waiting, filter: SubscriptionFilter) -> Self {
        Self { sink, filter: Arc::new(filter), source: Source::Stream(Some(waiting)) }
    }

    pub(super) fn shared(link: &Arc<Link>, filter: SubscriptionFilter) -> Self {
        let (sink, filter) = (Arc::<Sink>::default(), Arc::new(filter));
        let key = link.listen(Arc::clone(&filter), &sink);
        Self { sink, filter, source: Source::Shared { link: Arc::clone(link), key } }
    }

    /// Waits for the server's acknowledgement, which comes before everything else (SUB-03): as
    /// long as for the answer to a request.
    pub(super) async fn acknowledged(mut self, link: &Link) -> Result<Self, ClientError> {
        let clock = link.clock();
        let patience = link.lock().machine.config().timeouts.request;
        let mut timeout = clock.sleep_until(clock.now() + patience);
        let first = core::future::poll_fn(|cx| match self.sink.poll_next(cx) {
            Poll::Ready(first) => Poll::Ready(Ok(first)),
            Poll::Pending => timeout.as_mut().poll(cx).map(Err),
        });
        let first = first
            .await
            .map_err(|()| ClientError::Request { error: RequestError::TimedOut, trouble: None })?;
        match first {
            Some(first) if first.method == NotificationMethod::SubscriptionsAcknowledged => {
                let agreed =
                    first.params.as_ref().and_then(|it| it.to::<AcknowledgedParams>().ok());
                if let Some(agreed) = agreed {
                    self.filter = Arc::new(agreed.notifications);
                }
            }
            // A server that forgets about it tells of changes all the same.
            Some(first) => self.sink.put_back(first),
            None => {
                if let Source::Stream(waiting) = &mut self.source
                    && let Some(waiting) = waiting.take()
                {
                    waiting.answer().await?;
                }
            }
        }
        Ok(self)
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

    /// What the server has agreed to tell: it may be less than it was asked for. A legacy server
    /// does not say.
    #[must_use]
    pub fn filter(&self) -> &SubscriptionFilter {
        &self.filter
    }

    /// How many reports were dropped because nobody took them.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.sink.queue().missed
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Source::Shared { link, key } = &self.source else {
            return;
        };
        link.unlisten(*key);
        for uri in self.filter.resource_subscriptions.iter().flatten() {
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
