//! One connection and its requests.

use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;

use super::http_service::ServiceFuture;
use super::timer::Timer;
use super::{Body, HttpService, Runtime, Started};
use crate::app::Handler;
use crate::time::Instant;

/// A request head larger than this is refused with 431: room for long cookies and tokens.
const HEAD_BYTES: usize = 64 * 1024;

/// A connection being served, until it ends or its client lets it wait for too long.
///
/// By hand, for its size: an `async` block keeps what it captures beside what it waits for, so
/// two of them made each connection four times as large.
pub(super) struct Serving<R: Runtime, H: Handler, I: Read + Write + Unpin + Send + 'static> {
    connection: http1::Connection<I, Connected<R, H>>,
    stop: Option<Started>,
    head: HeadTimer<R>,
}

impl<R, H, I> Serving<R, H, I>
where
    R: Runtime,
    H: Handler,
    I: Read + Write + Unpin + Send + 'static,
{
    /// Serves a connection whose client sends each request head within `head_timeout`, and
    /// finishes what is in progress once `stop` is ready.
    pub(super) fn new(
        runtime: R,
        service: HttpService<R, H>,
        io: I,
        head_timeout: Duration,
        stop: Started,
    ) -> Self {
        let requests = Requests::default();
        let head = HeadTimer::new(runtime, requests.clone(), head_timeout);
        let connection = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            // A timer of its own would be made anew for each request, and read the clock thrice.
            .header_read_timeout(None)
            .serve_connection(io, Connected { service, requests });
        Self { connection, stop: Some(stop), head }
    }
}

impl<R, H, I> Future for Serving<R, H, I>
where
    R: Runtime,
    H: Handler,
    I: Read + Write + Unpin + Send + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { connection, stop, head } = &mut *self;
        let mut connection = Pin::new(connection);
        if stop.as_mut().is_some_and(|stop| Pin::new(stop).poll(cx).is_ready()) {
            *stop = None;
            connection.as_mut().graceful_shutdown();
        }
        match connection.poll(cx) {
            // A peer that breaks the protocol of the connection ends the connection, no more.
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => head.poll(cx),
        }
    }
}

/// The service, as one connection has it.
struct Connected<R: Runtime, H: Handler> {
    service: HttpService<R, H>,
    requests: Requests,
}

impl<R: Runtime, H: Handler> hyper::service::Service<Request<Incoming>> for Connected<R, H> {
    type Response = Response<Body<R, H>>;
    type Error = core::convert::Infallible;
    type Future = ServiceFuture<R, H>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.service.call_on(request, self.requests.begin())
    }
}

/// How many requests have come on a connection. Its clones are kept by the requests that are
/// being answered, besides the two who count.
#[derive(Clone, Default)]
struct Requests(Arc<AtomicU64>);

/// A request that is being answered, until this is dropped.
pub(super) struct Answering(#[expect(dead_code, reason = "counts until it is dropped")] Requests);

impl Requests {
    fn begin(&self) -> Answering {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answering(self.clone())
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn are_answered(&self) -> bool {
        Arc::strong_count(&self.0) == 2
    }
}

/// When the head of the next request must have come.
struct HeadTimer<R: Runtime> {
    runtime: R,
    requests: Requests,
    timeout: Duration,
    /// How many requests had come before the one that is waited for, and until when.
    waits: Option<(u64, Instant)>,
    timer: Timer<R>,
    /// Whom the timer wakes.
    waker: Option<Waker>,
}

impl<R: Runtime> HeadTimer<R> {
    fn new(runtime: R, requests: Requests, timeout: Duration) -> Self {
        let timer = Timer::new(runtime.clone());
        Self { runtime, requests, timeout, waits: None, timer, waker: None }
    }

    /// Is ready when nothing is being answered, and no head has come for too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.requests.are_answered() {
            self.waits = None;
            return Poll::Pending;
        }
        let count = self.requests.count();
        let is_registered = |waker: &Waker| waker.will_wake(cx.waker());
        let is_registered = self.waker.as_ref().is_some_and(is_registered);
        let until = match self.waits {
            Some((waited, until)) if waited == count => until,
            _ => {
                let now = self.runtime.now();
                let until = now + self.timeout;
                self.waits = Some((count, until));
                // What was set for the request before wakes early enough for this one.
                if is_registered && self.timer.wakes_after(now) {
                    return Poll::Pending;
                }
                until
            }
        };
        if !is_registered {
            self.waker = Some(cx.waker().clone());
        }
        self.timer.poll_until(Some(until), cx)
    }
}
