//! Hints about content, and who speaks or listens.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire, wire_enum};

wire_enum! {
    /// A side of the conversation.
    pub enum Role {
        /// The model.
        Assistant = "assistant",
        /// The person, or whoever acts for them.
        User = "user",
    }
}

wire! {
    /// Hints about the use of a content block or resource (`2026-07-28/schema#annotations`).
    ///
    /// They sit on the block, never inside its `resource`.
    #[derive(Default)]
    pub struct Annotations from server {
        required {}
        always {
            /// Who the content is meant for.
            audience / with_audience: Vec<Role>,
            /// How important the content is, from 0 (optional) to 1 (effectively required). What
            /// lies beyond is sent as the nearer of the two: peers refuse it.
            priority / with_priority: f64 as Fraction,
        }
        since V2025_06_18 {
            /// When the resource last changed, in ISO 8601. Since 2025-06-18.
            last_modified / with_last_modified: String,
        }
    }
}
