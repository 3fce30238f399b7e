//! Turns the events of a session into work for its application.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::{Context as Polling, Poll, Waker};
use std::panic::catch_unwind;

use super::Runtime;
use super::links::{Job, Jobs, Links, Work};
use super::peer::{SessionPeer, Unreachable};
use crate::app::{Connection, Context, Handler};
use crate::id::RequestTicket;
use crate::jsonrpc::ErrorObject;
use crate::modern::ModernNotification;
use crate::session::{
    Client, IncomingRequest, InitializeTicket, Lane, ServerEvent, ServerSession, SessionSnapshot,
};
use crate::time::Instant;
use crate::transport::http::{Slot, SlotGuard};

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
        self.pump_on(link, link.lock(), None);
    }

    /// The same for someone who does the work for a lane, and takes what there is of it.
    pub(super) fn pump_for(self: &Arc<Self>, link: &Arc<Link>, lane: Lane, jobs: &mut Jobs) {
        self.pump_on(link, link.lock(), Some((lane, jobs)));
    }

    /// The same for someone who has just done something to the session.
    fn pump_on(
        self: &Arc<Self>,
        link: &Arc<Link>,
        session: SlotGuard<'_>,
        mut own: Option<(Lane, &mut Jobs)>,
    ) {
        let links = link.attachment();
        if session.queued_events() == 0 {
            let wakeful = links.whom_to_wake(&session);
            drop(session);
            return wakeful.wake();
        }
        let mut locked = Some(session);
        links.in_turn(|| {
            loop {
                let mut session = locked.take().unwrap_or_else(|| link.lock());
                let event = session.poll_event();
                // Whatever the work for a request does to the session, it pumps itself.
                let is_last = session.queued_events() == 0
                    && matches!(event, None | Some(ServerEvent::Request(_)));
                let wakeful = is_last.then(|| links.whom_to_wake(&session));
                drop(session);
                if let Some(wakeful) = wakeful {
                    wakeful.wake();
                }
                if let Some((lane, job)) = event.and_then(|event| self.handle(link, event)) {
                    match &mut own {
                        Some((own, jobs)) if *own == lane => jobs.push(job),
                        _ => self.run(link, lane, job),
                    }
                }
                if is_last {
                    return;
                }
            }
        });
    }

    /// Handles an event. Returns the work for it, if that takes longer.
    fn handle(self: &Arc<Self>, link: &Arc<Link>, event: ServerEvent) -> Option<(Lane, Job)> {
        let links = link.attachment();
        match event {
            ServerEvent::Initialize(ticket, client) => {
                return self.initialize(link, ticket, client);
            }
            ServerEvent::Request(request) => return self.call(link, request),
            ServerEvent::Cancelled(key, _) => links.stop(Work::Request(key)),
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
            ServerEvent::Closed(_) => links.stop_all(),
            ServerEvent::Initialized
            | ServerEvent::Progress(..)
            | ServerEvent::Held(_)
            | ServerEvent::Refused(..) => {}
        }
        None
    }

    /// Passes on a notification of the modern era. There is no way to answer it, so its client can
    /// be told nothing and asked nothing.
    pub(super) fn hear(&self, notification: ModernNotification, principal: Option<Arc<str>>) {
        let ModernNotification { method, params, caller } = notification;
        let connection = Connection::stateless(Arc::new(Unreachable), caller);
        if let Some(principal) = principal {
            connection.authorize(principal);
        }
        let tell = || self.handler.notification(&connection, method, params);
        let _ = catch_unwind(AssertUnwindSafe(tell));
    }

    fn initialize(
        self: &Arc<Self>,
        link: &Arc<Link>,
        ticket: InitializeTicket,
        client: Arc<Client>,
    ) -> Option<(Lane, Job)> {
        let connection = link.attachment().connection()?;
        let greet = || self.handler.greet(connection, &client);
        if let Ok(Some(result)) = catch_unwind(AssertUnwindSafe(greet)) {
            connection.introduce(client);
            link.lock().accept_written(self.runtime.now(), ticket, result);
            return None;
        }
        let connection = Arc::clone(connection);
        let lane = link.lock().initialize_lane().unwrap_or(Lane::Standing);
        let mut owed = Owed::new(self, link, ticket);
        let engine = Arc::clone(self);
        begin(Box::pin(async move {
            let (introduced, known) = (Arc::clone(&connection), Arc::clone(&client));
            let work = pin!(engine.handler.initialize(connection, client));
            let answer = owed.work(work).await;
            owed.settle(answer, move |session, now, ticket, answer| match answer {
                Ok(result) => {
                    introduced.introduce(known);
                    session.accept(now, ticket, result);
                }
                Err(error) => session.refuse(now, ticket, &error),
            });
        }))
        .map(|job| (lane, job))
    }

    fn call(self: &Arc<Self>, link: &Arc<Link>, request: IncomingRequest) -> Option<(Lane, Job)> {
        let connection = Arc::clone(link.attachment().connection()?);
        let IncomingRequest { ticket, id, method, params, progress_token, lane, caller, .. } =
            request;
        let connection = match caller {
            None => connection,
            Some(caller) => {
                Connection::stateless(Arc::new(self.peer(link).about(ticket.key())), *caller)
            }
        };
        let context = Context::new(connection, ticket.key(), progress_token).with_id(id);
        let mut owed = Owed::new(self, link, ticket);
        let engine = Arc::clone(self);
        begin(Box::pin(async move {
            let work = pin!(engine.handler.call(context, method, params));
            let answer = owed.work(work).await;
            owed.settle(answer, ServerSession::respond);
        }))
        .map(|job| (lane, job))
    }

    /// Lets whoever writes the answer do the work for it, or a task if nobody does.
    fn run(&self, link: &Arc<Link>, lane: Lane, job: Job) {
        match link.attachment().hand_over(lane, job) {
            Some(job) => self.runtime.spawn(job),
            None => link.attachment().wake_writer(lane),
        }
    }
}

/// Starts work. Polled here once, requests start in the order they came; what is done by then
/// needs nobody to go on with it.
fn begin(mut job: Job) -> Option<Job> {
    let mut cx = Polling::from_waker(Waker::noop());
    // Work that panics has failed; it says so when it is dropped.
    let polled = catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(&mut cx)));
    matches!(polled, Ok(Poll::Pending)).then_some(job)
}

/// The right to answer something the client asked for.
trait Ticket: Send + 'static {
    fn work(&self) -> Work;

    /// Whether the client still waits for an answer.
    fn is_open(&self, session: &ServerSession) -> bool;

    /// Answers that we failed.
    fn fail(self, session: &mut ServerSession, now: Instant);
}

impl Ticket for InitializeTicket {
    fn work(&self) -> Work {
        Work::Initialize
    }

    fn is_open(&self, session: &ServerSession) -> bool {
        session.initialize_lane().is_some()
    }

    fn fail(self, session: &mut ServerSession, now: Instant) {
        session.refuse(now, self, &failed());
    }
}

impl Ticket for RequestTicket {
    fn work(&self) -> Work {
        Work::Request(self.key())
    }

    fn is_open(&self, session: &ServerSession) -> bool {
        session.lane_of(self.key()).is_some()
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
    /// Whether it is known whom to wake to stop the work.
    stoppable: bool,
}

impl<R: Runtime, H: Handler, T: Ticket> Owed<R, H, T> {
    fn new(engine: &Arc<Engine<R, H>>, link: &Arc<Link>, ticket: T) -> Self {
        Self {
            engine: Arc::clone(engine),
            link: Arc::clone(link),
            ticket: Some(ticket),
            stoppable: false,
        }
    }

    /// Does the work for the answer; there is none if the work is stopped.
    ///
    /// The caller pins the work: taken by value it would be in the future twice.
    async fn work<A>(&mut self, mut work: Pin<&mut impl Future<Output = A>>) -> Option<A> {
        let mut begun = false;
        poll_fn(|cx| {
            let (links, Some(ticket)) = (self.link.attachment(), &self.ticket) else {
                return Poll::Ready(None);
            };
            let goes_on = if self.stoppable {
                links.is_wanted(ticket.work(), cx)
            } else {
                !begun || ticket.is_open(&self.link.lock())
            };
            if !goes_on {
                return Poll::Ready(None);
            }
            let polled = work.as_mut().poll(cx).map(Some);
            // Most is done when it is polled again at the latest, and nobody has to know of it.
            if polled.is_pending() && core::mem::replace(&mut begun, true) && !self.stoppable {
                links.started(ticket.work(), cx);
                self.stoppable = true;
                // It may have been stopped while nobody knew of it.
                if !ticket.is_open(&self.link.lock()) {
                    links.ended(ticket.work());
                    return Poll::Ready(None);
                }
            }
            polled
        })
        .await
    }

    /// Gives the answer; without one the work was stopped, and nobody waits for it.
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
        if self.stoppable {
            self.link.attachment().ended(ticket.work());
        }
        let mut session = self.link.lock();
        give(&mut session, self.engine.runtime.now(), ticket);
        self.engine.pump_on(&self.link, session, None);
    }
}

impl<R: Runtime, H: Handler, T: Ticket> Drop for Owed<R, H, T> {
    /// The work panicked, or its runtime shut down.
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.conclude(ticket, |session, now, ticket| ticket.fail(session, now));
        }
    }
}
