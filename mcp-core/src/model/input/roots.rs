//! The folders a client lets a server work in.

use alloc::string::String;
use alloc::vec::Vec;

use super::Meta;
use super::wire::wire;

wire! {
    /// A folder or file a server may work in (`2025-11-25/client/roots#root`).
    pub struct Root {
        required {
            /// A `file://` URI.
            uri: String,
        }
        always {
            /// The name for people.
            name / with_name: String,
        }
        since V2025_06_18 {
            /// Metadata. Since 2025-06-18.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of `roots/list` (`2025-11-25/client/roots#listing-roots`).
    ///
    /// In 2026-07-28 it travels bare, as an input response.
    pub struct ListRootsResult {
        required {
            /// The roots.
            roots: Vec<Root>,
        }
        until V2025_11_25 {
            /// Metadata. Until 2025-11-25.
            meta = "_meta" / with_meta: Meta,
        }
    }
}
