//! Turns the events of a client's session into work for its application.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::abort::AbortHandle;
use super::handlers::Handlers;
use super::link::Link;
use super::listen::{Notification, is_meant};
use crate::driver::Runtime;
use crate::id::{RequestKey, RequestTicket};
use crate::jsonrpc::{ErrorObject, RawJson, Reply};
use crate::lifecycle::NotificationMethod;
use crate::model::{ProgressParams, SubscribeParams};
use crate::revision::{Era, Revision};
use crate::session::{ClientEvent, IncomingRequest, Outgoing, Server};

/// Handles events, one after the other, for the one task that runs the client.
pub(super) struct Dispatch<R> {
    pub(super) runtime: R,
    pub(super) link: Arc<Link>,
    pub(super) handlers: Handlers,
    at_work: AtWork,
}

/// The handlers that have not answered yet.
type AtWork = Arc<Mutex<BTreeMap<RequestKey, AbortHandle>>>;

fn lock(at_work: &AtWork) -> MutexGuard<'_, BTreeMap<RequestKey, AbortHandle>> {
    at_work.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Runtime> Dispatch<R> {
    pub(super) fn new(runtime: R, link: Arc<Link>, handlers: Handlers) -> Self {
        Self { runtime, link, handlers, at_work: AtWork::default() }
    }

    pub(super) fn handle(&self, event: ClientEvent) {
        match event {
            ClientEvent::Ready(server) => self.ready(*server),
            ClientEvent::Request(request) => self.answer(request),
            ClientEvent::Cancelled(key, _) => {
                let task = lock(&self.at_work).remove(&key);
                if let Some(task) = task {
                    task.abort();
                }
            }
            ClientEvent::Notification { method, params, about } => {
                let is_task =
                    matches!(method, NotificationMethod::Tasks | NotificationMethod::TasksStatus);
                if is_task && let Some(params) = &params {
                    let now = self.runtime.now();
                    self.link.tasks().iter().for_each(|it| it.handle_notification(now, params));
                }
                let notification = Notification { method, params };
                match about.and_then(|about| self.link.sink(about)) {
                    Some(sink) => sink.put(notification.clone()),
                    None => self.tell_listeners(&notification),
                }
                if let Some(notified) = &self.handlers.notified {
                    let _ = catch_unwind(AssertUnwindSafe(|| notified(notification)));
                }
            }
            ClientEvent::Progress(handle, params) => {
                if let Some(progress) = self.link.progress(handle)
                    && let Ok(params) = params.to::<ProgressParams>()
                {
                    let _ = catch_unwind(AssertUnwindSafe(|| progress(params)));
                }
            }
            ClientEvent::Response(handle, outcome) => self.link.resolve(handle, outcome),
            ClientEvent::Closed(reason) => {
                let at_work = core::mem::take(&mut *lock(&self.at_work));
                at_work.into_values().for_each(|task| task.abort());
                for (_, sink) in self.link.listeners() {
                    sink.end();
                }
                self.link.lock().closed = Some(reason);
                self.link.wake_watchers();
            }
        }
    }

    fn ready(&self, server: Server) {
        let server = Arc::new(server);
        let legacy = server.revision.era() == Era::Legacy;
        let before = self.link.lock().server.replace(server);
        self.link.wake_watchers();
        // A legacy server that has started over does not know what it was asked to watch.
        if before.is_some() && legacy {
            for (filter, _) in self.link.listeners() {
                for uri in filter.resource_subscriptions.iter().flatten() {
                    if let Ok(params) = RawJson::from_value(&SubscribeParams::new(uri.as_str())) {
                        let again = Outgoing::new("resources/subscribe", Some(params));
                        self.link.with(|state, now| drop(state.machine.request(now, again)));
                    }
                }
            }
        }
    }

    fn tell_listeners(&self, notification: &Notification) {
        for (filter, sink) in self.link.listeners() {
            if is_meant(&filter, notification) {
                sink.put(notification.clone());
            }
        }
    }

    fn answer(&self, request: IncomingRequest) {
        let revision = self.link.lock().machine.revision().unwrap_or(Revision::V2025_11_25);
        let IncomingRequest { ticket, method, params, .. } = request;
        let key = ticket.key();
        let (link, at_work) = (Arc::clone(&self.link), Arc::clone(&self.at_work));
        let mut owed = Owed { link, at_work, key, ticket: Some(ticket) };
        let handlers = self.handlers.clone();
        // Within the task: a panic of the application's is answered there too.
        let work = async move { handlers.answer(revision, &method, params.as_deref()).await };
        let task = AbortHandle::default();
        lock(&self.at_work).insert(key, task.clone());
        self.runtime.spawn(async move {
            match task.guard(work).await {
                Some(reply) => owed.settle(reply),
                // It has been called off: nobody waits for an answer.
                None => drop(owed.ticket.take()),
            }
        });
    }
}

/// An answer that is owed. Dropped without one, the application has failed.
struct Owed {
    link: Arc<Link>,
    at_work: AtWork,
    key: RequestKey,
    ticket: Option<RequestTicket>,
}

impl Owed {
    fn settle(&mut self, reply: Reply) {
        if let Some(ticket) = self.ticket.take() {
            self.link.with(|state, now| state.machine.respond(now, ticket, reply));
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        lock(&self.at_work).remove(&self.key);
        self.settle(Err(ErrorObject::internal("the client failed to answer")));
    }
}
