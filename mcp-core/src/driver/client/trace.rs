//! What goes over the wire, for those who want to see it.

use alloc::sync::Arc;

use http::{Method, StatusCode, Uri};

/// Something that goes over the wire, as it goes.
///
/// Headers are not among it, so credentials are not either; what the messages themselves say may
/// still be nobody else's business.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Trace<'a> {
    /// A message to the server: a line, or the body of an HTTP request. Empty for a request
    /// without a body.
    Sent(&'a [u8]),
    /// What the server sends: a line, or a piece of the body of an HTTP answer, cut anywhere.
    Received(&'a [u8]),
    /// The head of an HTTP request.
    Request(&'a Method, &'a Uri),
    /// The head of an HTTP answer.
    Answer(StatusCode),
}

/// Is shown it.
pub(super) type Tracer = Arc<dyn Fn(Trace<'_>) + Send + Sync>;
