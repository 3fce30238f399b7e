//! Pages of lists.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::Meta;
use super::revise::same_in_every_revision;
use super::wire::wire;

/// A place in a list, opaque to everyone but the server that made it
/// (`2026-07-28/server/utilities/pagination`).
///
/// The empty text is a cursor too: only the absence of one means the start or the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the cursor.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Cursor {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Cursor {
    fn from(text: String) -> Self {
        Self(text)
    }
}

same_in_every_revision!(Cursor);

wire! {
    /// The params of `tools/list`, `prompts/list`, `resources/list`,
    /// `resources/templates/list` and (2025-11-25) `tasks/list`.
    #[derive(Default)]
    pub struct ListParams {
        required {}
        always {
            /// Where to go on; absent asks for the start.
            cursor / with_cursor: Cursor,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}
