//! The `data` of errors that the specification gives a shape.

use alloc::string::String;
use alloc::vec::Vec;

use super::ClientCapabilities;
use super::wire::wire;

wire! {
    /// The data of -32022, unsupported protocol version
    /// (`2026-07-28/basic/versioning`).
    pub struct UnsupportedVersionData from server {
        required {
            /// The revisions the server speaks; may name some that need `initialize`.
            supported: Vec<String>,
            /// What was asked for.
            requested: String,
        }
    }
}

wire! {
    /// The data of -32021, missing required client capability (`2026-07-28/basic/index`).
    pub struct MissingCapabilityData from server {
        required {
            /// What the client would have to declare on the request.
            required_capabilities: ClientCapabilities,
        }
    }
}

wire! {
    /// The data of a resource that was not found: of -32002 until 2025-11-25, of -32602 since
    /// (`2026-07-28/server/resources#error-handling`).
    pub struct ResourceNotFoundData from server {
        required {
            /// The resource's URI.
            uri: String,
        }
    }
}
