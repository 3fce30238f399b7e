//! Opens connections.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::{Poll, ready};
use core::time::Duration;
use std::io;

use http::Uri;

use super::net::{Allows, NetOptions};
use super::origin::Origin;
use super::platform::ClientPlatform;
use super::proxy::Proxy;
use super::stream::Stream;
use crate::driver::Runtime;
use crate::driver::timer::Timer;

/// How long an address may keep us waiting before the next one is tried beside it (RFC 8305).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of a host that are tried at most.
const ADDRESSES: usize = 8;

/// A new connection.
pub(super) struct Dialed<P: ClientPlatform> {
    pub(super) stream: Stream<P::Stream, P::TlsStream>,
    /// The proxy that forwards the requests, if they must be addressed to it.
    pub(super) forwarder: Option<Proxy>,
}

/// Opens a connection to the origin of `uri`.
pub(super) async fn dial<P: ClientPlatform>(
    platform: &P,
    (origin, uri): (&Origin, &Uri),
    options: &NetOptions,
) -> io::Result<Dialed<P>> {
    let connecting = async {
        let tls = if origin.secure { Some(options.tls()?) } else { None };
        let proxy = options.proxies.of(uri);
        let next = proxy.as_ref().map(Proxy::origin).transpose()?;
        let stream = match &next {
            Some(proxy) => reach(platform, proxy, None).await?,
            None => reach(platform, origin, options.allows.as_ref()).await?,
        };
        let Some(tls) = tls else {
            return Ok(Dialed { stream: Stream::Plain(stream), forwarder: proxy });
        };
        let stream = match proxy {
            Some(proxy) => proxy.tunnel(stream, origin).await?,
            None => stream,
        };
        let stream = platform.secure(stream, &origin.host, &tls).await?;
        Ok(Dialed { stream: Stream::Secure(Box::new(stream)), forwarder: None })
    };
    let connected = within(platform, options.connect_timeout, connecting).await;
    connected.unwrap_or_else(|| {
        let says = alloc::format!("{origin} could not be connected to in time");
        Err(io::Error::new(io::ErrorKind::TimedOut, says))
    })
}

/// Connects to whichever address of a host answers first.
async fn reach<P: ClientPlatform>(
    platform: &P,
    origin: &Origin,
    allows: Option<&Allows>,
) -> io::Result<P::Stream> {
    let mut addresses = platform.resolve(&origin.host, origin.port).await?;
    // SEC-06: a public name may lead into a private network.
    let found = !addresses.is_empty();
    addresses.retain(|address| allows.is_none_or(|allows| (allows.0)(address.ip())));
    if found && addresses.is_empty() {
        let says = alloc::format!("{origin} leads into a private network, which is not allowed");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, says));
    }
    let mut waiting = by_turns(addresses).into_iter().take(ADDRESSES);
    type Attempt<'a, S> = Pin<Box<dyn Future<Output = io::Result<S>> + Send + 'a>>;
    let mut attempts: Vec<Attempt<'_, P::Stream>> = Vec::new();
    let mut timer = Timer::new(platform.clone());
    let mut next = platform.now();
    let mut failed = None;
    core::future::poll_fn(|cx| {
        loop {
            let mut connected = None;
            attempts.retain_mut(|attempt| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(stream)) => {
                    connected = Some(stream);
                    false
                }
                Poll::Ready(Err(error)) => {
                    failed = Some(error);
                    // The next one need not wait for what has failed.
                    next = platform.now();
                    false
                }
            });
            if let Some(stream) = connected {
                return Poll::Ready(Ok(stream));
            }
            if (attempts.is_empty() || platform.now() >= next)
                && let Some(address) = waiting.next()
            {
                attempts.push(Box::pin(platform.connect(address)));
                next = platform.now() + STAGGER;
                continue;
            }
            if attempts.is_empty() {
                let nowhere =
                    || io::Error::new(io::ErrorKind::NotFound, "the host has no usable address");
                return Poll::Ready(Err(failed.take().unwrap_or_else(nowhere)));
            }
            let due = (waiting.len() > 0).then_some(next);
            ready!(timer.poll_until(due, cx));
        }
    })
    .await
}

/// The addresses by turns of their families, that of the first one first.
fn by_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv6) else {
        return addresses;
    };
    let (these, those): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let (mut these, mut those) = (these.into_iter(), those.into_iter());
    let mut turns = Vec::new();
    loop {
        let pair = [these.next(), those.next()];
        if pair == [None, None] {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

/// What a future comes to, unless it takes too long.
pub(super) async fn within<R: Runtime, F: Future>(
    runtime: &R,
    timeout: Duration,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = Timer::new(runtime.clone());
    let deadline = runtime.now() + timeout;
    core::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.poll_until(Some(deadline), cx).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let [a, b, c, d] = ["[::1]:1", "[::2]:1", "[::3]:1", "1.2.3.4:1"].map(address);
        assert_eq!(by_turns([a, b, c, d].to_vec()), [a, d, b, c]);
        assert_eq!(by_turns(Vec::new()), []);
    }
}
