//! The handshake of the revisions up to 2025-11-25.

use alloc::string::String;

use super::wire::wire;
use super::{ClientCapabilities, ForRevision, Implementation, Meta, ServerCapabilities};
use crate::revision::Revision;

wire! {
    /// The params of `initialize` (`2025-11-25/basic/lifecycle#initialization`).
    ///
    /// ```
    /// use mcp_core::model::{ClientCapabilities, Implementation, InitializeParams};
    ///
    /// let params = InitializeParams::new(
    ///     "2025-11-25",
    ///     ClientCapabilities::new(),
    ///     Implementation::new("demo", "1.0"),
    /// );
    /// assert_eq!(params.protocol_version, "2025-11-25");
    /// ```
    pub struct InitializeParams from client {
        required {
            /// The newest revision the client speaks; any text may arrive.
            protocol_version: String,
            /// What the client offers.
            capabilities: ClientCapabilities,
            /// Who the client is.
            client_info: Implementation,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of `initialize` (`2025-11-25/basic/lifecycle#initialization`).
    pub struct InitializeResult from server {
        required {
            /// What the server offers.
            capabilities: ServerCapabilities,
            /// Who the server is.
            server_info: Implementation;
            /// The revision the session speaks; a client that does not speak it disconnects. A
            /// session fills it in.
            protocol_version / with_protocol_version: String = Revision::LATEST_LEGACY.as_str().into(),
        }
        always {
            /// How to use the server, for the model.
            instructions / with_instructions: String,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

impl InitializeResult {
    /// What a client hears with whom this revision has been agreed on.
    pub(crate) fn agreed_on(mut self, revision: Revision) -> Self {
        self.protocol_version = revision.as_str().into();
        self.for_revision(revision)
    }
}
