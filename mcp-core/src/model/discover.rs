//! What a server of 2026-07-28 says about itself.

use alloc::string::String;
use alloc::vec::Vec;

use super::result::{CacheScope, ResultType, complete_cacheable};
use super::wire::wire;
use super::{Meta, ServerCapabilities};

wire! {
    /// The result of `server/discover` (`2026-07-28/server/discover#discoverresult`).
    ///
    /// The server's name belongs into the metadata. The versions may include older ones, which
    /// are then spoken after `initialize`.
    pub struct DiscoverResult from server {
        required {
            /// The revisions the server speaks.
            supported_versions: Vec<String>,
            /// What the server offers.
            capabilities: ServerCapabilities,
        }
        always {
            /// How to use the server, for the model.
            instructions / with_instructions: String,
            /// Metadata; names the server.
            meta = "_meta" / with_meta: Meta,
            /// How long the result stays fresh, in milliseconds; 0 if unset.
            ttl_ms / with_ttl_ms: u64 as Count,
            /// Who may share the result; private if unset.
            cache_scope / with_cache_scope: CacheScope,
            /// The kind of result.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}
complete_cacheable!(DiscoverResult);
