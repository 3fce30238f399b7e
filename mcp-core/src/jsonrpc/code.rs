//! Error codes.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The number in an error object, with a name for each one the protocol defines.
///
/// ```
/// use mcp_core::jsonrpc::ErrorCode;
/// assert_eq!(ErrorCode::NOT_INITIALIZED.get(), -32002);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(i64);

impl ErrorCode {
    /// The bytes are no JSON.
    pub const PARSE_ERROR: Self = Self(-32700);
    /// The JSON is no request the protocol allows here.
    pub const INVALID_REQUEST: Self = Self(-32600);
    /// The receiver does not have the method.
    pub const METHOD_NOT_FOUND: Self = Self(-32601);
    /// The method is known, its parameters are wrong.
    pub const INVALID_PARAMS: Self = Self(-32602);
    /// The receiver failed; the request may have been fine.
    pub const INTERNAL_ERROR: Self = Self(-32603);
    /// A request came before the handshake was done and could not wait any longer.
    ///
    /// Legacy sessions only. The same number means "resource not found" on `resources/read` in
    /// those revisions; `data.reason` tells the two apart.
    pub const NOT_INITIALIZED: Self = Self(-32002);
    /// The resource does not exist (`2025-11-25/server/resources#error-handling`, up to that
    /// revision).
    pub const RESOURCE_NOT_FOUND: Self = Self(-32002);
    /// The headers of a request do not say what its body says
    /// (`2026-07-28/basic/transports/streamable-http#server-validation`).
    pub const HEADER_MISMATCH: Self = Self(-32020);
    /// The request needs something of the client that it did not declare
    /// (`2026-07-28/basic/index#_meta`).
    pub const MISSING_CLIENT_CAPABILITY: Self = Self(-32021);
    /// The request names a protocol revision the server does not speak
    /// (`2026-07-28/basic/versioning#protocol-version-negotiation`).
    pub const UNSUPPORTED_PROTOCOL_VERSION: Self = Self(-32022);

    /// The code with this number.
    #[must_use]
    pub const fn new(code: i64) -> Self {
        Self(code)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
