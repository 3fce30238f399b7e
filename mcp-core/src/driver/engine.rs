//! Turns the events of a session into work for its application.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::task::{Poll, Waker};
use std::panic::catch_unwind;

use super::Runtime;
use super::abort::{AbortHandle, Abortable};
use super::links::Links;
use super::peer::SessionPeer;
use crate::app::{Connection, Context, Handler};
use crate::id::RequestTicket;
use crate::jsonrpc::{ErrorObject, Reply};
use crate::lifecycle::Phase;
use crate::session::{Client, IncomingRequest, InitializeTicket, ServerEvent};
use crate::transport::http::Slot;

/// A session with what its tasks need.
pub(super) type Link = Slot<Links>;

/// A runtime and an application, together.
pub(super) struct Engine<R, H> {
    pub(super) runtime: R,
    pub(super) handler: H,
}

impl<R: Runtime, H: Handler> Engine<R, H> {
    /// Ties a new session to the application.
    pub(super) fn connect(&self, link: &Arc<Link>) {
        let peer = SessionPeer { runtime: self.runtime.clone(), link: Arc::downgrade(link) };
        let connection = Connection::new(peer);
        self.handler.connected(&connection);
        link.attachment().connect(connection);
    }

    /// Handles what the session has to tell, then wakes whoever writes its frames.
    pub(super) fn pump(self: &Arc<Self>, link: &Arc<Link>) {
        link.attachment().in_turn(|| {
            loop {
                let event = link.lock().poll_event();
                let Some(event) = event else { break };
                self.handle(link, event);
            }
        });
        link.attachment().wake_writer();
    }

    fn handle(self: &Arc<Self>, link: &Arc<Link>, event: ServerEvent) {
        let links = link.attachment();
        match event {
            ServerEvent::Initialize(ticket, client) => self.initialize(link, ticket, *client),
            ServerEvent::Request(request) => self.call(link, request),
            ServerEvent::Cancelled(key, _) => {
                if let Some(task) = links.ended(key) {
                    task.abort();
                }
            }
            ServerEvent::Notification(method, params) => {
                if let Some(connection) = links.connection() {
                    self.handler.notification(connection, method, params);
                }
            }
            ServerEvent::Response(handle, outcome) => {
                if let Some(answer) = links.take_answer(handle) {
                    answer.put(outcome);
                }
            }
            ServerEvent::Closed(_) => links.abort_all(),
            ServerEvent::Initialized
            | ServerEvent::Progress(..)
            | ServerEvent::Held(_)
            | ServerEvent::Refused(..) => {}
        }
    }

    fn initialize(self: &Arc<Self>, link: &Arc<Link>, ticket: InitializeTicket, client: Client) {
        let Some(connection) = link.attachment().connection().cloned() else {
            return;
        };
        let (engine, link) = (Arc::clone(self), Arc::clone(link));
        let client = Arc::new(client);
        self.runtime.spawn(async move {
            let (introduced, known) = (Arc::clone(&connection), Arc::clone(&client));
            let answer = engine.handler.initialize(connection, client).await;
            let now = engine.runtime.now();
            match answer {
                Ok(result) => {
                    introduced.introduce(known);
                    link.lock().accept(now, ticket, result);
                }
                Err(error) => link.lock().refuse(now, ticket, &error),
            }
            engine.pump(&link);
        });
    }

    fn call(self: &Arc<Self>, link: &Arc<Link>, request: IncomingRequest) {
        let Some(connection) = link.attachment().connection().cloned() else {
            return;
        };
        let IncomingRequest { ticket, method, params, progress_token, .. } = request;
        let key = ticket.key();
        let context = Context::new(connection, key, progress_token);
        let running =
            Running { engine: Arc::clone(self), link: Arc::clone(link), ticket: Some(ticket) };
        let engine = Arc::clone(self);
        let mut work = Box::pin(async move { engine.handler.call(context, method, params).await });
        // Polled here once, requests start in the order they came; whoever is done by then needs
        // no task.
        let mut cx = core::task::Context::from_waker(Waker::noop());
        let first = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut cx)));
        match first {
            Ok(Poll::Ready(reply)) => return running.finish(Some(reply)),
            Ok(Poll::Pending) => {}
            Err(_) => return drop(running),
        }
        let handle = AbortHandle::default();
        link.attachment().started(key, handle.clone());
        if link.lock().phase() == Phase::Closed {
            handle.abort();
        }
        let work = Abortable::new(work, handle);
        self.runtime.spawn(async move {
            let reply = work.await;
            running.finish(reply);
        });
    }
}

/// A request at work. However its task ends, the request is answered.
struct Running<R: Runtime, H: Handler> {
    engine: Arc<Engine<R, H>>,
    link: Arc<Link>,
    ticket: Option<RequestTicket>,
}

impl<R: Runtime, H: Handler> Running<R, H> {
    /// Answers the request, unless it was cancelled.
    fn finish(mut self, reply: Option<Reply>) {
        let ticket = self.ticket.take();
        if let (Some(ticket), Some(reply)) = (ticket, reply) {
            self.respond(ticket, reply);
        }
    }

    fn respond(&self, ticket: RequestTicket, reply: Reply) {
        self.link.attachment().ended(ticket.key());
        self.link.lock().respond(self.engine.runtime.now(), ticket, reply);
        self.engine.pump(&self.link);
    }
}

impl<R: Runtime, H: Handler> Drop for Running<R, H> {
    /// The task panicked, or its runtime shut down.
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.respond(ticket, Err(ErrorObject::internal("Internal error")));
        }
    }
}
