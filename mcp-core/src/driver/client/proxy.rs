//! Proxies on the way to servers.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::task::{Poll, ready};
use std::io;

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::client::proxy::matcher::Matcher;

use super::origin::Origin;

/// Which servers are reached through a proxy.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// Every server is reached directly.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in upper case or lower
    /// case, read as curl reads them. Proxies are spoken to in plain HTTP.
    #[must_use]
    pub fn from_env() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    /// Every server is reached through the HTTP proxy at `uri`, but not those that match
    /// `except`, a list in the form of `NO_PROXY`.
    #[must_use]
    pub fn all(uri: &str, except: &str) -> Self {
        Self(Some(Arc::new(Matcher::builder().all(uri).no(except).build())))
    }

    pub(super) fn of(&self, uri: &Uri) -> Option<Proxy> {
        let found = self.0.as_ref()?.intercept(uri)?;
        Some(Proxy { uri: found.uri().clone(), authorization: found.basic_auth().cloned() })
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

/// A proxy, and what it wants to know of us.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Where it is.
    pub(super) fn origin(&self) -> io::Result<Origin> {
        let origin = Origin::of(&self.uri).filter(|origin| !origin.secure);
        origin.ok_or_else(|| {
            let scheme = self.uri.scheme_str().unwrap_or("none");
            io::Error::new(
                io::ErrorKind::Unsupported,
                format!("proxies of the kind `{scheme}` are not supported, only `http`"),
            )
        })
    }

    /// Lets the proxy connect a stream through to a server.
    pub(super) async fn tunnel<S>(&self, stream: S, to: &Origin) -> io::Result<S>
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let (mut sender, connection) =
            http1::handshake::<_, Empty<Bytes>>(stream).await.map_err(io::Error::other)?;
        let authority = to.authority();
        let mut request = Request::connect(authority.as_str()).header(HOST, authority.as_str());
        if let Some(value) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, value);
        }
        let request = request.body(Empty::new()).map_err(io::Error::other)?;
        let mut answer = Some(Box::pin(sender.send_request(request)));
        let mut parts = Box::pin(connection.without_shutdown());
        let mut stream = None;
        core::future::poll_fn(|cx| {
            if stream.is_none()
                && let Poll::Ready(parts) = parts.as_mut().poll(cx)
            {
                stream = Some(parts.map_err(io::Error::other)?.io);
            }
            if let Some(asked) = &mut answer {
                let status = ready!(asked.as_mut().poll(cx)).map_err(io::Error::other)?.status();
                answer = None;
                if !status.is_success() {
                    let says = format!("the proxy refuses to connect to {to}: {status}");
                    return Poll::Ready(Err(io::Error::other(says)));
                }
            }
            stream.take().map_or(Poll::Pending, |stream| Poll::Ready(Ok(stream)))
        })
        .await
    }
}
