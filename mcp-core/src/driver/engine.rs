//! Turns the events of a session into work for its application.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::task::{Poll, Waker};
use std::panic::catch_unwind;

use super::Runtime;
use super::abort::AbortHandle;
use super::links::{Job, Links, Work};
use super::peer::{SessionPeer, Unreachable};
use crate::app::{Connection, Context, Handler};
use crate::id::RequestTicket;
use crate::jsonrpc::ErrorObject;
use crate::modern::ModernNotification;
use crate::session::{
    Client, IncomingRequest, InitializeTicket, Lane, ServerEvent, ServerSession, SessionSnapshot,
};
use crate::time::Instant;
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
    pub(super) fn connect(self: &Arc<Self>, link: &Arc<Link>) {
        let connection = Connection::new(self.peer(link));
        if let Some(principal) = link.principal() {
            connection.authorize(principal.clone());
        }
        self.handler.connected(&connection);
        link.attachment().connect(connection);
    }

    /// Ties a session that was kept elsewhere to the application.
    pub(super) fn reconnect(self: &Arc<Self>, link: &Arc<Link>, snapshot: &SessionSnapshot) {
        self.connect(link);
        let Some(connection) = link.attachment().connection() else {
            return;
        };
        if let Some(client) = snapshot.client() {
            connection.introduce(Arc::new(client));
        }
        if let Some(level) = snapshot.log_level {
            connection.set_log_level(level);
        }
        self.handler.restored(connection, snapshot);
    }

    fn peer(self: &Arc<Self>, link: &Arc<Link>) -> SessionPeer<R, H> {
        SessionPeer { engine: Arc::downgrade(self), link: Arc::downgrade(link) }
    }

    /// Handles what the session has to tell, and wakes whoever writes its frames if there is
    /// anything to do.
    pub(super) fn pump(self: &Arc<Self>, link: &Arc<Link>) {
        let links = link.attachment();
        links.in_turn(|| {
            loop {
                let mut session = link.lock();
                let Some(event) = session.poll_event() else {
                    let wakeful = match session.is_closed() {
                        true => links.writers(),
                        false => {
                            links.writers_of(session.lanes_with_transmit(), session.poll_timeout())
                        }
                    };
                    drop(session);
                    return wakeful.wake();
                };
                drop(session);
                self.handle(link, event);
            }
        });
    }

    fn handle(self: &Arc<Self>, link: &Arc<Link>, event: ServerEvent) {
        let links = link.attachment();
        match event {
            ServerEvent::Initialize(ticket, client) => self.initialize(link, ticket, *client),
            ServerEvent::Request(request) => self.call(link, request),
            ServerEvent::Cancelled(key, _) => {
                if let Some(task) = links.ended(Work::Request(key)) {
                    task.abort();
                }
            }
            ServerEvent::Notification(method, params) => {
                if let Some(connection) = links.connection() {
                    // A panic in a task of its own would not reach us either.
                    let tell = || self.handler.notification(connection, method, params);
                    let _ = catch_unwind(AssertUnwindSafe(tell));
                }
            }
            ServerEvent::ModernNotification(notification) => {
                self.hear(*notification, link.principal().cloned().map(Into::into));
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

    /// Passes on a notification of the modern era. There is no way to answer it, so its client can
    /// be told nothing and asked nothing.
    pub(super) fn hear(&self, notification: ModernNotification, principal: Option<Arc<str>>) {
        let ModernNotification { method, params, caller } = notification;
        let connection = Connection::stateless(Unreachable, caller);
        if let Some(principal) = principal {
            connection.authorize(principal);
        }
        let tell = || self.handler.notification(&connection, method, params);
        let _ = catch_unwind(AssertUnwindSafe(tell));
    }

    fn initialize(self: &Arc<Self>, link: &Arc<Link>, ticket: InitializeTicket, client: Client) {
        let Some(connection) = link.attachment().connection().cloned() else {
            return;
        };
        let lane = link.lock().initialize_lane().unwrap_or(Lane::Standing);
        let client = Arc::new(client);
        let (introduced, known) = (Arc::clone(&connection), Arc::clone(&client));
        let engine = Arc::clone(self);
        let work = async move { engine.handler.initialize(connection, client).await };
        self.work(link, lane, ticket, work, move |session, now, ticket, answer| match answer {
            Ok(result) => {
                introduced.introduce(known);
                session.accept(now, ticket, result);
            }
            Err(error) => session.refuse(now, ticket, &error),
        });
    }

    fn call(self: &Arc<Self>, link: &Arc<Link>, request: IncomingRequest) {
        let Some(connection) = link.attachment().connection().cloned() else {
            return;
        };
        let IncomingRequest { ticket, id, method, params, progress_token, lane, caller, .. } =
            request;
        let connection = match caller {
            None => connection,
            Some(caller) => Connection::stateless(self.peer(link).about(ticket.key()), *caller),
        };
        let context = Context::new(connection, ticket.key(), progress_token).with_id(id);
        let engine = Arc::clone(self);
        let work = async move { engine.handler.call(context, method, params).await };
        self.work(link, lane, ticket, work, ServerSession::respond);
    }

    /// Works for an answer, and gives it.
    ///
    /// Polled here once, requests start in the order they came; whoever is done by then needs no
    /// task.
    fn work<T: Ticket, A: Send + 'static>(
        self: &Arc<Self>,
        link: &Arc<Link>,
        lane: Lane,
        ticket: T,
        work: impl Future<Output = A> + Send + 'static,
        give: impl FnOnce(&mut ServerSession, Instant, T, A) + Send + 'static,
    ) {
        let mut owed = Owed::new(self, link, ticket);
        let mut work = Box::pin(work);
        let mut cx = core::task::Context::from_waker(Waker::noop());
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut cx))) {
            Ok(Poll::Ready(answer)) => owed.settle(Some(answer), give),
            Ok(Poll::Pending) => {
                let work = owed.start().guard(work);
                let job = async move {
                    let answer = work.await;
                    owed.settle(answer, give);
                };
                self.run(link, lane, Box::pin(job));
            }
            Err(_) => drop(owed),
        }
    }

    /// Lets whoever writes the answer do the work for it, or a task if nobody does.
    fn run(&self, link: &Arc<Link>, lane: Lane, job: Job) {
        match link.attachment().hand_over(lane, job) {
            Some(job) => self.runtime.spawn(job),
            None => link.attachment().wake_writer(lane),
        }
    }
}

/// The right to answer something the client asked for.
trait Ticket: Send + 'static {
    fn work(&self) -> Work;

    /// Answers that we failed.
    fn fail(self, session: &mut ServerSession, now: Instant);
}

impl Ticket for InitializeTicket {
    fn work(&self) -> Work {
        Work::Initialize
    }

    fn fail(self, session: &mut ServerSession, now: Instant) {
        session.refuse(now, self, &failed());
    }
}

impl Ticket for RequestTicket {
    fn work(&self) -> Work {
        Work::Request(self.key())
    }

    fn fail(self, session: &mut ServerSession, now: Instant) {
        session.respond(now, self, Err(failed()));
    }
}

pub(super) fn failed() -> ErrorObject {
    ErrorObject::internal("Internal error")
}

/// An answer that is owed to the client. Whatever happens to the work for it, there is one.
struct Owed<R: Runtime, H: Handler, T: Ticket> {
    engine: Arc<Engine<R, H>>,
    link: Arc<Link>,
    ticket: Option<T>,
    /// Whether there is a task that can be stopped.
    started: bool,
}

impl<R: Runtime, H: Handler, T: Ticket> Owed<R, H, T> {
    fn new(engine: &Arc<Engine<R, H>>, link: &Arc<Link>, ticket: T) -> Self {
        Self {
            engine: Arc::clone(engine),
            link: Arc::clone(link),
            ticket: Some(ticket),
            started: false,
        }
    }

    /// Takes note of the task that is about to start; the handle is what stops it.
    fn start(&mut self) -> AbortHandle {
        let handle = AbortHandle::default();
        if let Some(ticket) = &self.ticket {
            self.link.attachment().started(ticket.work(), handle.clone());
            self.started = true;
        }
        handle
    }

    /// Gives the answer; without one the task was stopped, and nobody waits for it.
    fn settle<A>(
        mut self,
        answer: Option<A>,
        give: impl FnOnce(&mut ServerSession, Instant, T, A),
    ) {
        if let (Some(ticket), Some(answer)) = (self.ticket.take(), answer) {
            self.conclude(ticket, |session, now, ticket| give(session, now, ticket, answer));
        }
    }

    fn conclude(&self, ticket: T, give: impl FnOnce(&mut ServerSession, Instant, T)) {
        if self.started {
            self.link.attachment().ended(ticket.work());
        }
        give(&mut self.link.lock(), self.engine.runtime.now(), ticket);
        self.engine.pump(&self.link);
    }
}

impl<R: Runtime, H: Handler, T: Ticket> Drop for Owed<R, H, T> {
    /// The task panicked, or its runtime shut down.
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.conclude(ticket, |session, now, ticket| ticket.fail(session, now));
        }
    }
}
