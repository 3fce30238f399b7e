//! One request on its way to the MCP server.

use alloc::string::String;

use super::error::AuthError;

/// How a request leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// With a token.
    Applied,
    /// Without one: none was asked for so far.
    Anonymous,
    /// Not yet: a token is being got. Take the steps, and try again after [`Step::Done`](super::Step::Done).
    Wait,
}

/// What an answer means for the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It has nothing to do with authorization: it is the application's.
    Pass,
    /// Authorize the request anew and send it again, at once.
    Retry,
    /// The same after [`Step::Done`](super::Step::Done).
    Wait,
    /// The request has failed.
    Refused(AuthError),
}

/// One request and its retries. They are bounded by it: a request is sent at most a handful of
/// times, whatever the server answers.
#[derive(Debug)]
pub struct Attempt {
    pub(super) operation: String,
    /// The token that was sent: which one by count, zero for none.
    pub(super) generation: u64,
    /// The token that was found to end, by count: one that comes after it is sent, however soon
    /// it ends.
    pub(super) ends: Option<u64>,
    pub(super) renewals: u8,
    pub(super) nonces: u8,
}

impl Attempt {
    /// A request for an operation: the method and what it is about, `tools/call add`. The limit
    /// to step-ups is per operation (AUTH-C40).
    pub fn new(operation: impl Into<String>) -> Self {
        let operation = operation.into();
        Self { operation, generation: 0, ends: None, renewals: 0, nonces: 0 }
    }
}
