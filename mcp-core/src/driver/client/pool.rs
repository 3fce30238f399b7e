//! HTTP exchanges, on connections that are used again.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, HOST, PROXY_AUTHORIZATION};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};

use super::dial::{dial, within};
use super::net::NetOptions;
use super::origin::{Origin, host_header, origin_form};
use super::platform::ClientPlatform;
use super::proxy::Proxy;
use crate::time::Instant;

/// Connections to servers; cheap to clone.
pub(super) struct Pool<P: ClientPlatform>(Arc<Shared<P>>);

struct Shared<P> {
    platform: P,
    options: NetOptions,
    idle: Mutex<BTreeMap<Origin, Vec<Idle>>>,
}

struct Idle {
    connection: Connection,
    until: Instant,
}

/// A connection that can take a request.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    forwarder: Option<Proxy>,
}

/// Why an exchange came to nothing.
#[derive(Debug)]
pub(super) enum FetchError {
    /// Nothing of the request has left.
    NotSent(io::Error),
    /// The request has left, in part at least.
    Broken(io::Error),
    /// It was not sent for want of credentials; this is why there are none.
    Unauthorized(String),
}

impl<P: ClientPlatform> Pool<P> {
    pub(super) fn new(platform: P, options: NetOptions) -> Self {
        Self(Arc::new(Shared { platform, options, idle: Mutex::default() }))
    }

    /// Sends a request and waits for the head of its response, at most `timeout` if that is
    /// given. Redirects are not followed.
    ///
    /// On a connection that was used before and that the server has closed meanwhile, it is sent
    /// again on another one if nothing of it has left, or if sending it twice is as good as once
    /// by its method (RFC 9110, 9.2.2; RFC 9112, 9.3.1). A `POST` of which bytes have left is not:
    /// nobody knows whether it was read, and whoever sent it decides.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Option<Duration>,
    ) -> Result<Exchange<P>, FetchError> {
        let nowhere = || {
            let says = "not an http or https URL with a host";
            FetchError::NotSent(io::Error::new(io::ErrorKind::InvalidInput, says))
        };
        let origin = Origin::of(request.uri()).ok_or_else(nowhere)?;
        loop {
            let reused = self.0.take(&origin);
            let is_reused = reused.is_some();
            let mut connection = match reused {
                Some(connection) => connection,
                None => self.open(&origin, &request).await.map_err(FetchError::NotSent)?,
            };
            let sending = connection.send(&request);
            let sent = match timeout {
                Some(timeout) => within(&self.0.platform, timeout, sending).await,
                None => Some(sending.await),
            };
            match sent {
                Some(Ok(response)) => {
                    let pool = Self(Arc::clone(&self.0));
                    return Ok(Exchange::new(pool, origin, connection, response));
                }
                Some(Err(FetchError::NotSent(_))) if is_reused => {}
                Some(Err(FetchError::Broken(_)))
                    if is_reused && request.method().is_idempotent() => {}
                Some(Err(error)) => return Err(error),
                None => {
                    let says = "the response did not begin in time";
                    let error = io::Error::new(io::ErrorKind::TimedOut, says);
                    return Err(FetchError::Broken(error));
                }
            }
        }
    }

    /// Sends a request and reads its whole response, of at most `limit` bytes.
    pub(super) async fn fetch(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
        limit: usize,
    ) -> Result<Response<Bytes>, FetchError> {
        let fetching = async {
            let mut exchange = self.send(request, None).await?;
            let mut body = bytes::BytesMut::new();
            while let Some(data) = exchange.data().await? {
                if body.len().saturating_add(data.len()) > limit {
                    let says = alloc::format!("the response is longer than {limit} bytes");
                    return Err(FetchError::Broken(io::Error::other(says)));
                }
                body.extend_from_slice(&data);
            }
            let head = exchange.finish().await;
            Ok(Response::from_parts(head, body.freeze()))
        };
        within(&self.0.platform, timeout, fetching).await.unwrap_or_else(|| {
            let says = "the response did not come in time";
            Err(FetchError::Broken(io::Error::new(io::ErrorKind::TimedOut, says)))
        })
    }

    async fn open(&self, origin: &Origin, request: &Request<Bytes>) -> io::Result<Connection> {
        let Shared { platform, options, .. } = &*self.0;
        let dialed = dial(platform, (origin, request.uri()), options).await?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(options.head_bytes.max(8 * 1024))
            .handshake(dialed.stream)
            .await
            .map_err(io::Error::other)?;
        // Its errors reach whoever waits for a response.
        platform.spawn(async move { drop(connection.await) });
        Ok(Connection { sender, forwarder: dialed.forwarder })
    }
}

impl<P: ClientPlatform> Clone for Pool<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: ClientPlatform> Shared<P> {
    /// Takes the connection that was used last.
    fn take(&self, origin: &Origin) -> Option<Connection> {
        let now = self.platform.now();
        let mut all = self.idle();
        // Those that nobody asks for must not be kept for ever.
        all.retain(|_, idle| {
            idle.retain(|it| it.until > now && !it.connection.sender.is_closed());
            !idle.is_empty()
        });
        all.get_mut(origin)?.pop().map(|idle| idle.connection)
    }

    fn put_back(&self, origin: Origin, connection: Connection, timeout: Duration) {
        let until = self.platform.now() + timeout;
        let mut all = self.idle();
        let idle = all.entry(origin).or_default();
        if idle.len() >= self.options.idle_connections && !idle.is_empty() {
            idle.remove(0);
        }
        if self.options.idle_connections > 0 {
            idle.push(Idle { connection, until });
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<Origin, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn send(&mut self, request: &Request<Bytes>) -> Result<Response<Incoming>, FetchError> {
        if self.sender.ready().await.is_err() {
            let gone = io::Error::from(io::ErrorKind::NotConnected);
            return Err(FetchError::NotSent(gone));
        }
        let request = self.addressed(request);
        self.sender.try_send_request(request).await.map_err(|mut error| {
            let unsent = error.take_message().is_some();
            let error = io::Error::other(error.into_error());
            if unsent { FetchError::NotSent(error) } else { FetchError::Broken(error) }
        })
    }

    /// The request as this connection must carry it.
    fn addressed(&self, request: &Request<Bytes>) -> Request<Full<Bytes>> {
        let mut sent = Request::new(Full::new(request.body().clone()));
        *sent.method_mut() = request.method().clone();
        sent.headers_mut().clone_from(request.headers());
        if let Ok(host) = HeaderValue::from_str(&host_header(request.uri())) {
            sent.headers_mut().insert(HOST, host);
        }
        *sent.uri_mut() = match &self.forwarder {
            Some(proxy) => {
                if let Some(value) = &proxy.authorization {
                    sent.headers_mut().insert(PROXY_AUTHORIZATION, value.clone());
                }
                request.uri().clone()
            }
            None => origin_form(request.uri()),
        };
        sent
    }
}

/// A response that is being read.
pub(super) struct Exchange<P: ClientPlatform> {
    head: Parts,
    body: Incoming,
    home: Box<Home<P>>,
}

/// Where a connection belongs that is free again.
struct Home<P: ClientPlatform> {
    pool: Pool<P>,
    origin: Origin,
    connection: Connection,
}

impl<P: ClientPlatform> Exchange<P> {
    fn new(
        pool: Pool<P>,
        origin: Origin,
        connection: Connection,
        response: Response<Incoming>,
    ) -> Self {
        let (head, body) = response.into_parts();
        Self { head, body, home: Box::new(Home { pool, origin, connection }) }
    }

    pub(super) const fn head(&self) -> &Parts {
        &self.head
    }

    /// The next piece of the body; none at its end.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, FetchError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| FetchError::Broken(io::Error::other(error)))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Keeps the connection for the next one. Without this it is closed, and so it is in the
    /// midst of a body.
    pub(super) async fn finish(self) -> Parts {
        let Self { head, body, home } = self;
        drop(body);
        let Home { pool, origin, mut connection } = *home;
        let shared = &pool.0;
        if let Some(timeout) = idle_timeout(&head.headers, shared.options.idle_timeout)
            && connection.sender.ready().await.is_ok()
        {
            shared.put_back(origin, connection, timeout);
        }
        head
    }
}

/// How long a connection may stay unused: a second less than the server says, for the way.
fn idle_timeout(headers: &HeaderMap, default: Duration) -> Option<Duration> {
    let closes = headers.get_all(CONNECTION).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case("close")))
    });
    if closes {
        return None;
    }
    let hint = headers.get("keep-alive").and_then(|value| value.to_str().ok());
    let seconds = hint.into_iter().flat_map(|hint| hint.split(',')).find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("timeout").then(|| value.trim().parse::<u64>().ok())?
    });
    match seconds {
        Some(seconds) => Some(Duration::from_secs(seconds.saturating_sub(1).min(60))),
        None => Some(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_a_connection_lasts() {
        let default = Duration::from_secs(4);
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            idle_timeout(&headers, default)
        };
        assert_eq!(with("keep-alive", "timeout=5"), Some(Duration::from_secs(4)));
        assert_eq!(with("keep-alive", "max=7, timeout=99999"), Some(Duration::from_secs(60)));
        assert_eq!(with("keep-alive", "timeout=soon"), Some(default));
        assert_eq!(with("connection", "Close"), None);
        assert_eq!(with("x", "y"), Some(default));
    }
}
