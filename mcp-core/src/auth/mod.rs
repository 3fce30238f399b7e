//! Authorization (`2026-07-28/basic/authorization`), without IO: who may call, and what those hear
//! who may not.
//!
//! Tokens are verified elsewhere, by asking an authorization server or by checking a signature;
//! here is what a resource server decides with the outcome.

mod challenge;
mod resource_server;
mod secret;
mod token;

pub use challenge::{Challenge, Reason};
pub use resource_server::{InvalidResource, ResourceServer};
pub use secret::Secret;
pub use token::{AccessToken, Principal, bearer};
