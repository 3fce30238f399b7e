//! What differs between the revisions, as data and as one trait.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Meta, RawJson, RawObject};
use crate::id::{ProgressToken, RequestId};
use crate::revision::Revision;

/// Turns a value of the superset model into one that a given revision's schema accepts.
///
/// Members that the revision does not know are removed, members that it demands are filled in
/// with a safe default, and content blocks that it lacks become a text block that says what
/// they were. Nothing is added for the reader's side: a value that was received needs no
/// adapting. What a revision cannot express at all (a URL elicitation before 2025-11-25, say)
/// is left as it is: capabilities decide whether it may be sent.
///
/// ```
/// use mcp_core::model::{ForRevision, Tool};
/// use mcp_core::revision::Revision;
///
/// let tool = Tool::new("add").with_title("Add two numbers");
/// assert_eq!(tool.for_revision(Revision::V2025_03_26).title, None);
/// ```
pub trait ForRevision {
    /// Makes the value legal in `revision`, in place.
    fn adapt(&mut self, revision: Revision);

    /// Makes the value legal in `revision`.
    #[must_use]
    fn for_revision(mut self, revision: Revision) -> Self
    where
        Self: Sized,
    {
        self.adapt(revision);
        self
    }
}

/// The revisions a member exists in.
#[derive(Clone, Copy)]
pub(super) struct Span {
    first: Revision,
    last: Revision,
}

impl Span {
    pub(super) const fn always() -> Self {
        Self { first: Revision::V2024_11_05, last: Revision::V2026_07_28 }
    }

    pub(super) const fn since(first: Revision) -> Self {
        Self { first, last: Revision::V2026_07_28 }
    }

    pub(super) const fn until(last: Revision) -> Self {
        Self { first: Revision::V2024_11_05, last }
    }

    pub(super) const fn only(revision: Revision) -> Self {
        Self { first: revision, last: revision }
    }

    pub(super) fn contains(self, revision: Revision) -> bool {
        self.first <= revision && revision <= self.last
    }
}

/// Types that mean the same in every revision.
macro_rules! same_in_every_revision {
    ($($name:ty),* $(,)?) => {
        $(impl $crate::model::ForRevision for $name {
            fn adapt(&mut self, _: $crate::revision::Revision) {}
        })*
    };
}
pub(super) use same_in_every_revision;

same_in_every_revision!(String, bool, u64, f64, Meta, RawJson, RawObject, RequestId, ProgressToken);

impl<T: ForRevision> ForRevision for Option<T> {
    fn adapt(&mut self, revision: Revision) {
        if let Some(value) = self {
            value.adapt(revision);
        }
    }
}

impl<T: ForRevision> ForRevision for Box<T> {
    fn adapt(&mut self, revision: Revision) {
        T::adapt(self, revision);
    }
}

impl<T: ForRevision> ForRevision for Vec<T> {
    fn adapt(&mut self, revision: Revision) {
        for value in self {
            value.adapt(revision);
        }
    }
}

impl<K, T: ForRevision> ForRevision for BTreeMap<K, T> {
    fn adapt(&mut self, revision: Revision) {
        for value in self.values_mut() {
            value.adapt(revision);
        }
    }
}
