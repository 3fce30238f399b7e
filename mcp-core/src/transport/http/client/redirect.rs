//! Where a response sends a request on to, and whether it goes there.

use http::header::LOCATION;
use http::response::Parts;
use http::{Method, StatusCode, Uri};

use super::url;

/// Why a redirect was not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectRefusal {
    /// There were more than [`HttpClientLimits::redirects`](super::HttpClientLimits::redirects).
    #[error("more than {limit} redirects")]
    TooMany {
        /// The bound.
        limit: usize,
    },
    /// It names no URL a client can talk to.
    #[error("the server redirects to no usable URL")]
    Location,
    /// 301, 302 and 303 would turn a `POST` into a `GET`, and the message would be lost.
    #[error(
        "the server redirects a {method} with {status}: it must use 307 or 308, or the URL \
             {to} must be used instead"
    )]
    LosesMessage {
        /// What was sent.
        method: Method,
        /// The answer.
        status: StatusCode,
        /// Where it leads.
        to: Uri,
    },
    /// From `https` to `http`: everybody on the way could read along.
    #[error("the server redirects from https to http")]
    Downgrade,
    /// From the internet to this machine or its network (SEC-06).
    #[error("the server redirects into the internal network")]
    Internal,
}

/// Whether the response is a redirect.
pub(super) const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirected request goes.
pub(super) fn target(
    from: &Uri,
    method: &Method,
    response: &Parts,
) -> Result<Uri, RedirectRefusal> {
    let location = response.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let to = location.and_then(|location| url::resolve(from, location).ok());
    let to = to.ok_or(RedirectRefusal::Location)?;
    if url::is_secure(from) && !url::is_secure(&to) {
        return Err(RedirectRefusal::Downgrade);
    }
    if url::is_internal(&to) && !url::is_internal(from) {
        return Err(RedirectRefusal::Internal);
    }
    let status = response.status;
    if *method != Method::GET && !matches!(status.as_u16(), 307 | 308) {
        let method = method.clone();
        return Err(RedirectRefusal::LosesMessage { method, status, to });
    }
    Ok(to)
}
