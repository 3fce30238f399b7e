//! The endpoint of Streamable HTTP: which era is a message of, and who takes it.

use http::HeaderMap;

use super::refusal::Refusal;
use super::upload::Posted;
use crate::jsonrpc::Incoming;
use crate::time::Instant;

/// A request of the modern era, ready to be worked on.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModernRequest {}

pub(super) fn accept<A>(
    _now: Instant,
    _headers: &HeaderMap,
    _incoming: Incoming,
    _bytes: usize,
) -> Posted<A> {
    Posted::Refused(Refusal::UnknownPath.into_response())
}
