//! Verifying tokens: what only the outside of the state machine can do.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;

use super::Runtime;
use super::timer::within;
use crate::auth::{AccessToken, Secret, VerifyError};
use crate::time::Instant;

/// Finds out what a bearer token stands for: by checking its signature, or by asking its issuer.
///
/// It is asked for every request, before anything else of that is looked at. Whether the token is
/// for this server, and which scopes are enough, is decided elsewhere, by the
/// [`ResourceServer`](crate::auth::ResourceServer); that the token has not expired is decided here.
///
/// ```
/// use mcp_core::auth::{AccessToken, Principal, Secret, VerifyError};
/// use mcp_core::driver::TokenVerifier;
///
/// /// One token, for one person.
/// struct Demo;
///
/// impl TokenVerifier for Demo {
///     async fn verify(&self, token: &Secret) -> Result<AccessToken, VerifyError> {
///         if token.expose() != "ada's token" {
///             return Err(VerifyError::Invalid);
///         }
///         let ada = Principal::new("https://as.example.com", "ada");
///         Ok(AccessToken::new(ada, "https://mcp.example.com/mcp").with_scopes("mcp:basic"))
///     }
/// }
/// ```
pub trait TokenVerifier: Send + Sync + 'static {
    /// Verifies a token. What takes longer than a body may take to come in, counts as
    /// [`VerifyError::Unavailable`], and so does a panic.
    ///
    /// # Errors
    /// [`VerifyError`] when nothing is known of the token. Keep it out of logs.
    fn verify(
        &self,
        token: &Secret,
    ) -> impl Future<Output = Result<AccessToken, VerifyError>> + Send;
}

type Verdict<'a> = Pin<Box<dyn Future<Output = Result<AccessToken, VerifyError>> + Send + 'a>>;

/// A verifier of any type.
trait AnyVerifier: Send + Sync {
    fn verify<'a>(&'a self, token: &'a Secret) -> Verdict<'a>;
}

impl<V: TokenVerifier> AnyVerifier for V {
    fn verify<'a>(&'a self, token: &'a Secret) -> Verdict<'a> {
        Box::pin(TokenVerifier::verify(self, token))
    }
}

/// The verifier of a service, if it has one. Without, no token is good.
#[derive(Clone, Default)]
pub(super) struct Verifier(Option<Arc<dyn AnyVerifier>>);

impl Verifier {
    pub(super) fn new(verifier: impl TokenVerifier) -> Self {
        Self(Some(Arc::new(verifier)))
    }

    /// Verifies a token until `deadline`.
    pub(super) async fn verify<R: Runtime>(
        &self,
        runtime: &R,
        deadline: Instant,
        token: &Secret,
    ) -> Result<AccessToken, VerifyError> {
        let Some(verifier) = &self.0 else {
            return Err(VerifyError::Unavailable);
        };
        let verdict = within(runtime, deadline, verifier.verify(token)).await;
        verdict.unwrap_or(Err(VerifyError::Unavailable))
    }
}
