//! What is to be done for a token.

use core::fmt;

use bytes::Bytes;
use http::{Request, Uri};

use super::dpop;
use super::error::AuthError;

/// What the caller does next for an [`Authorizer`](super::Authorizer).
#[non_exhaustive]
pub enum Step {
    /// Send this request, follow no redirect, and bring the response to
    /// [`handle_response`](super::Authorizer::handle_response), or its failure to
    /// [`handle_failure`](super::Authorizer::handle_failure).
    Fetch(Request<Bytes>),
    /// Open this URL in the person's browser, never through a shell (SEC-08), and bring the query
    /// of the redirect to [`handle_redirect`](super::Authorizer::handle_redirect).
    OpenBrowser(Uri),
    /// There is a token: send again what waits.
    Done,
    /// There is none, and what waits has failed.
    Failed(AuthError),
}

impl fmt::Debug for Step {
    /// Without queries and bodies: there are codes, verifiers and secrets in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(it) => write!(f, "Fetch({} {:?})", it.method(), Bare(it.uri())),
            Self::OpenBrowser(uri) => write!(f, "OpenBrowser({:?})", Bare(uri)),
            Self::Done => f.write_str("Done"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

struct Bare<'a>(&'a Uri);

impl fmt::Debug for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, url) = dpop::target(self.0).unwrap_or_default();
        f.write_str(&url)
    }
}
