//! The client side: who issues tokens for a server, who the client is there, and what it takes
//! to get a token and keep it good.
//!
//! [`Authorizer`] is the machine; the rest is what it is made of.

mod attempt;
mod authorizer;
mod config;
mod dpop;
mod entropy;
mod error;
#[cfg(feature = "es256")]
mod es256;
mod flow;
mod form;
mod grant;
mod jwt;
mod metadata;
mod redirect;
mod registration;
mod step;
mod store;
mod token;
mod url;
mod www_authenticate;

pub use attempt::{Attempt, Authorization, Verdict};
pub use authorizer::Authorizer;
pub use config::{ClientCredentials, Grant, IdentityProvider, InvalidOAuth, OAuthConfig};
pub use error::{AuthError, AuthFault, OAuthError};
#[cfg(feature = "es256")]
pub use es256::Es256;
pub use jwt::{SignError, Signer};
pub use redirect::RedirectPage;
pub use step::Step;
pub use store::{AuthMethod, CredentialStore, MemoryStore, RegisteredClient, Tokens};
pub use url::{LocalHosts, UrlFault};
pub use www_authenticate::AuthChallenge;
