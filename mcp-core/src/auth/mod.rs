//! Authorization (`2026-07-28/basic/authorization`), without IO, for both sides.
//!
//! A resource server decides here who may call, and what those hear who may not
//! ([`ResourceServer`]); tokens are verified elsewhere, by asking an authorization server or by
//! checking a signature. A client gets its tokens here and puts them on requests
//! ([`Authorizer`]).

mod challenge;
#[cfg(feature = "client")]
mod client;
mod resource_server;
mod secret;
mod token;

pub use challenge::{Challenge, Reason};
#[cfg(feature = "es256")]
pub use client::Es256;
#[cfg(feature = "client")]
pub use client::{
    Attempt, AuthChallenge, AuthError, AuthFault, AuthMethod, Authorization, Authorizer,
    ClientCredentials, CredentialStore, Grant, IdentityProvider, InvalidOAuth, LocalHosts,
    MemoryStore, OAuthConfig, OAuthError, RedirectPage, RegisteredClient, SignError, Signer, Step,
    Tokens, UrlFault, Verdict,
};
pub use resource_server::{InvalidResource, ResourceServer};
pub use secret::Secret;
pub use token::{AccessToken, Principal, VerifyError, bearer};
