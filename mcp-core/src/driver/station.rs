//! Where an answer of Streamable HTTP is worked on and written.

use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;
use core::task::{Context, Poll, ready};
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;

use super::Runtime;
use super::engine::{Engine, Link};
use super::links::{Jobs, Links, WriterKey};
use super::timer::Timer;
use crate::app::Handler;
use crate::session::Lane;
use crate::time::Instant;
use crate::transport::http::{Answer, Exchange, McpStream};

/// Works for an answer while somebody waits for it: no task, and nothing between the work and the
/// writing. What is unfinished when it is dropped goes on in tasks (SHTTP-22).
pub(super) struct Station<R: Runtime, H: Handler> {
    engine: Arc<Engine<R, H>>,
    link: Arc<Link>,
    key: WriterKey,
    /// Locked by nobody: it only lets references to the station be shared.
    jobs: Mutex<Jobs>,
    /// Whether it does the work for the lane, too.
    works: bool,
    /// Whether others know of it: since it first had to wait. Work that begins before goes to
    /// tasks, unless it is taken from where it begins.
    known: bool,
    /// Whether the answer has been given whole, and the session has nothing to tell.
    is_over: bool,
    /// When it began: no time goes by before it first looks.
    began: Option<Instant>,
    timer: Timer<R>,
}

impl<R: Runtime, H: Handler> Station<R, H> {
    /// Writes a lane and does the work for it, of which it takes what there is.
    pub(super) fn working(
        now: Instant,
        engine: &Arc<Engine<R, H>>,
        link: &Arc<Link>,
        lane: Lane,
    ) -> Self {
        let mut station = Self::writing(engine, link, lane);
        (station.works, station.began) = (true, Some(now));
        engine.pump_for(link, lane, station.jobs());
        station
    }

    /// Writes a lane; the work for it is done elsewhere.
    pub(super) fn writing(engine: &Arc<Engine<R, H>>, link: &Arc<Link>, lane: Lane) -> Self {
        Self {
            engine: Arc::clone(engine),
            link: Arc::clone(link),
            key: link.attachment().new_writer(lane),
            jobs: Mutex::default(),
            works: false,
            known: false,
            is_over: false,
            began: None,
            timer: Timer::new(engine.runtime.clone()),
        }
    }

    /// Works until there is something to send.
    pub(super) fn poll<O: Outlet>(
        &mut self,
        outlet: &mut O,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output> {
        loop {
            self.take_work();
            self.work(cx);
            let now = self.began.take().unwrap_or_else(|| self.now());
            if let Some(output) = outlet.look(now) {
                return Poll::Ready(output);
            }
            let links = self.link.attachment();
            links.register_writer(self.key, cx);
            if self.works && !self.known {
                links.open_exchange(self.key.0);
            }
            self.known = true;
            // What happened before that has woken nobody.
            if self.take_work() {
                continue;
            }
            if let Some(output) = outlet.look(self.now()) {
                return Poll::Ready(output);
            }
            let deadline = outlet.deadline();
            self.link.attachment().writer_sleeps(self.key, deadline);
            ready!(self.timer.poll_until(deadline, cx));
            outlet.pass(self.now());
            self.engine.pump(&self.link);
        }
    }

    /// Takes note that there is nothing more to write, and nothing in the session to look at.
    pub(super) const fn rest(&mut self) {
        self.is_over = true;
    }

    /// Takes the work that others have begun; false if there is none.
    fn take_work(&mut self) -> bool {
        if !self.works || !self.known {
            return false;
        }
        let jobs = self.link.attachment().take_jobs(self.key.0);
        let is_some = !jobs.is_empty();
        self.jobs().extend(jobs);
        is_some
    }

    /// Does what can be done now.
    fn work(&mut self, cx: &mut Context<'_>) {
        self.jobs().retain_mut(|job| {
            // One that panics has failed; it says so when it is dropped.
            let polled = catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(cx)));
            matches!(polled, Ok(Poll::Pending))
        });
    }

    fn jobs(&mut self) -> &mut Jobs {
        self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.engine.runtime.now()
    }
}

/// What leaves a station.
pub(super) trait Outlet {
    type Output;

    /// What is to be sent, if there is something now.
    fn look(&mut self, now: Instant) -> Option<Self::Output>;

    /// When time alone changes something.
    fn deadline(&self) -> Option<Instant>;

    /// That time has come.
    fn pass(&mut self, now: Instant);
}

/// An answer to come, and the room for its headers.
pub(super) struct Awaited<'a>(pub(super) &'a mut Exchange<Links>, pub(super) &'a mut HeaderMap);

impl Outlet for Awaited<'_> {
    type Output = Answer<Links>;

    fn look(&mut self, now: Instant) -> Option<Answer<Links>> {
        let Self(exchange, room) = self;
        exchange.poll_answer_in(now, room)
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }

    fn pass(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }
}

impl Outlet for McpStream<Links> {
    /// A piece of the body, or its end.
    type Output = Option<Bytes>;

    fn look(&mut self, now: Instant) -> Option<Option<Bytes>> {
        match self.poll_data(now) {
            None => self.is_ended().then_some(None),
            data => Some(data),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.poll_timeout())
    }

    fn pass(&mut self, now: Instant) {
        self.handle_timeout(now);
    }
}

impl<R: Runtime, H: Handler> Drop for Station<R, H> {
    fn drop(&mut self) {
        let jobs = core::mem::take(self.jobs());
        let is_quiet = self.is_over && !self.known && jobs.is_empty();
        jobs.into_iter().for_each(|job| self.engine.runtime.spawn(job));
        if self.known {
            let untaken = self.link.attachment().close_station(self.key);
            untaken.into_iter().for_each(|job| self.engine.runtime.spawn(job));
        }
        if !is_quiet {
            self.engine.pump(&self.link);
        }
    }
}
