//! Accepts connections and serves them until told to stop.

use alloc::sync::Arc;
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, IoSlice};
use std::sync::{Mutex, PoisonError};

use hyper::rt::{Read, ReadBufCursor, Write};

use super::http_connection::Serving;
use super::timer::Timer;
use super::{HttpService, Runtime, Shutdown};
use crate::app::Handler;
use crate::time::Instant;

/// Where connections come from.
pub trait Listener: Send + 'static {
    /// A connection.
    type Io: Read + Write + Unpin + Send + 'static;

    /// Waits for the next connection. Dropping the future loses none.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Io>> + Send;
}

/// Bounds of an HTTP listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Connections at a time. Default 10 000; beyond it new ones wait to be accepted.
    pub connections: usize,
    /// How long a connection may take to send a request head, and stay idle between requests.
    /// Default 30 s.
    pub head_timeout: Duration,
    /// How long a connection may take nothing of what it is sent before it is closed. Default
    /// 30 s. Event streams last for hours, but not once their client has stopped reading.
    pub stall_timeout: Duration,
    /// How long connections may take to finish after the signal to stop. Default 10 s.
    pub grace: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Up to so many bytes are sent as one piece, a head with its body or an event with its frame: to
/// copy them costs less than to hand the system a list.
const SMALL: usize = 1024;

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `shutdown`, then lets those in progress finish: no new connection is
/// accepted, requests in flight are answered, event streams end.
pub async fn serve_http<R, H, L>(
    runtime: R,
    service: HttpService<R, H>,
    listener: L,
    options: HttpOptions,
    shutdown: Shutdown,
) where
    R: Runtime,
    H: Handler,
    L: Listener,
{
    runtime.run(listen(runtime.clone(), service, listener, options, shutdown)).await;
}

async fn listen<R, H, L>(
    runtime: R,
    service: HttpService<R, H>,
    mut listener: L,
    options: HttpOptions,
    shutdown: Shutdown,
) where
    R: Runtime,
    H: Handler,
    L: Listener,
{
    let open = Arc::new(Open::default());
    let mut stop = shutdown.started();
    loop {
        if until(&mut stop, open.below(options.connections)).await.is_none() {
            break;
        }
        let Some(accepted) = until(&mut stop, pin!(listener.accept())).await else {
            break;
        };
        match accepted {
            Ok(io) => {
                let counted = Counted::new(&open);
                let io = Impatient::new(io, runtime.clone(), options.stall_timeout);
                let (service, stop) = (service.clone(), shutdown.started());
                let connection =
                    Serving::new(runtime.clone(), service, io, options.head_timeout, stop);
                runtime.spawn(Accepted { connection, counted });
            }
            // Out of file descriptors, or the peer is gone already: neither ends the server.
            Err(_) => {
                let pause = pin!(runtime.sleep_until(runtime.now() + ACCEPT_PAUSE));
                if until(&mut stop, pause).await.is_none() {
                    break;
                }
            }
        }
    }
    drop(listener);
    service.drain(options.grace);
    let mut timer = Timer::new(runtime.clone());
    // What is left a moment after the grace has no intention to finish.
    let deadline = runtime.now() + options.grace + Duration::from_millis(500);
    let mut finished = open.below(1);
    core::future::poll_fn(|cx| match Pin::new(&mut finished).poll(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => timer.poll_until(Some(deadline), cx),
    })
    .await;
}

/// A connection that is counted as long as it is served.
struct Accepted<C> {
    connection: C,
    #[expect(dead_code, reason = "counts until it is dropped")]
    counted: Counted,
}

impl<C: Future<Output = ()> + Unpin> Future for Accepted<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.connection).poll(cx)
    }
}

/// A connection that fails when it takes nothing for too long: the engine above it does not poll
/// the body of an answer while there is no room for it, so nobody else would notice.
struct Impatient<I, R: Runtime> {
    io: I,
    runtime: R,
    timer: Timer<R>,
    timeout: Duration,
    /// When it fails, while it takes nothing.
    fails: Option<Instant>,
}

impl<I: Write + Unpin, R: Runtime> Impatient<I, R> {
    fn new(io: I, runtime: R, timeout: Duration) -> Self {
        Self { io, timer: Timer::new(runtime.clone()), runtime, timeout, fails: None }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let wrote = write(Pin::new(&mut self.io), cx);
        if wrote.is_ready() {
            self.fails = None;
            return wrote;
        }
        let in_time = || self.runtime.now() + self.timeout;
        let fails = *self.fails.get_or_insert_with(in_time);
        self.timer.poll_until(Some(fails), cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: Read + Unpin, R: Runtime> Read for Impatient<I, R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: Write + Unpin, R: Runtime> Write for Impatient<I, R> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watch(cx, |io, cx| io.poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch(cx, Write::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch(cx, Write::poll_shutdown)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut room = [0; SMALL];
        match join(pieces, &mut room) {
            Some(whole) => self.watch(cx, |io, cx| io.poll_write(cx, whole)),
            None => self.watch(cx, |io, cx| io.poll_write_vectored(cx, pieces)),
        }
    }
}

/// The pieces as one, if there is room for them.
fn join<'a>(pieces: &[IoSlice<'_>], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = pieces.iter().map(|piece| piece.len()).sum();
    let whole = room.get_mut(..length)?;
    let mut rest = &mut *whole;
    for piece in pieces {
        let (part, more) = rest.split_at_mut(piece.len());
        part.copy_from_slice(piece);
        rest = more;
    }
    Some(whole)
}

/// What `future` comes to, or `None` once `stop` is ready.
async fn until<F: Future + Unpin>(
    stop: &mut (impl Future<Output = ()> + Unpin),
    mut future: F,
) -> Option<F::Output> {
    core::future::poll_fn(|cx| {
        if Pin::new(&mut *stop).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut future).poll(cx).map(Some)
    })
    .await
}

/// How many connections are open.
#[derive(Default)]
struct Open {
    count: AtomicUsize,
    /// The accept loop, when it waits for the count to fall.
    waiting: Mutex<Option<Waker>>,
}

impl Open {
    /// Is ready when fewer than `limit` are open.
    fn below(&self, limit: usize) -> Below<'_> {
        Below { open: self, limit }
    }
}

struct Below<'a> {
    open: &'a Open,
    limit: usize,
}

impl Future for Below<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let is_below = || self.open.count.load(Ordering::Acquire) < self.limit;
        if is_below() {
            return Poll::Ready(());
        }
        let mut waiting = self.open.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some(cx.waker().clone());
        drop(waiting);
        if is_below() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// One open connection.
struct Counted(Arc<Open>);

impl Counted {
    fn new(open: &Arc<Open>) -> Self {
        open.count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        let waker = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[derive(Clone)]
    struct Still;

    impl Runtime for Still {
        type Sleep = core::future::Pending<()>;

        fn now(&self) -> Instant {
            Instant::EPOCH
        }

        fn sleep_until(&self, _at: Instant) -> Self::Sleep {
            core::future::pending()
        }

        fn spawn(&self, _task: impl Future<Output = ()> + Send + 'static) {}
    }

    /// Takes three bytes at a time, and notes in how many pieces they were offered.
    #[derive(Default)]
    struct Slow {
        taken: Vec<u8>,
        offered: Vec<usize>,
    }

    impl Write for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.offered.push(1);
            let length = bytes.len().min(3);
            self.taken.extend_from_slice(&bytes[..length]);
            Poll::Ready(Ok(length))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            pieces: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let written = self.as_mut().poll_write(cx, &pieces[0]);
            self.offered.pop();
            self.offered.push(pieces.len());
            written
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn write(pieces: &[&[u8]]) -> (usize, Slow) {
        let mut io = Impatient::new(Slow::default(), Still, Duration::from_secs(1));
        let pieces: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(written)) = Pin::new(&mut io).poll_write_vectored(&mut cx, &pieces)
        else {
            panic!("it takes something at any time");
        };
        (written, io.io)
    }

    #[test]
    fn few_bytes_are_sent_as_one_piece() {
        let (written, io) = write(&[b"ab", b"", b"cd"]);
        assert_eq!((written, &*io.taken, &*io.offered), (3, &b"abc"[..], &[1][..]));
    }

    #[test]
    fn many_bytes_are_not_copied() {
        let (head, body) = ([b'h'; 2], [b'b'; SMALL - 1]);
        let (written, io) = write(&[&head, &body]);
        assert_eq!((written, &*io.taken, &*io.offered), (2, &b"hh"[..], &[2][..]));
    }

    #[test]
    fn as_many_bytes_as_there_is_room_for_are_few() {
        let (head, body) = ([b'h'; 2], [b'b'; SMALL - 2]);
        let (written, io) = write(&[&head, &body]);
        assert_eq!((written, &*io.taken, &*io.offered), (3, &b"hhb"[..], &[1][..]));
    }
}
