//! Extensions that a client may have.

use super::{CallError, Context};
use crate::jsonrpc::RawJson;

impl Context {
    /// The settings of an extension that the client declared, in 2026-07-28 with this very request
    /// (`2026-07-28/basic/versioning#extension-negotiation`); `None` if it did not.
    #[must_use]
    pub fn client_extension(&self, name: &str) -> Option<&RawJson> {
        self.connection().client()?.capabilities.extensions.as_ref()?.get(name)
    }

    /// Ends the handler unless the client declared an extension.
    ///
    /// # Errors
    /// The client did not. Passed on with `?`, the request fails with -32021, which names the
    /// extension, in 2026-07-28; earlier, like any other failure.
    pub fn require_extension(&self, name: &str) -> Result<&RawJson, CallError> {
        self.client_extension(name).ok_or_else(|| CallError::missing_extension(name))
    }
}
