//! What all results have in common, and the empty ones.

use alloc::borrow::Cow;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::Meta;
use super::revise::same_in_every_revision;
use super::wire::{wire, wire_enum};
use crate::revision::Revision;

/// The kind of a result (`2026-07-28/basic/index#resulttype`); since 2026-07-28.
///
/// A result without it comes from an older server and is complete. A kind that neither the
/// specification nor an agreed extension names makes the response invalid: check [`is_known`].
///
/// [`is_known`]: Self::is_known
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResultType(Cow<'static, str>);

impl ResultType {
    /// The final result of the request.
    pub const COMPLETE: Self = Self(Cow::Borrowed("complete"));
    /// The server needs input before it can go on.
    pub const INPUT_REQUIRED: Self = Self(Cow::Borrowed("input_required"));
    /// The server made a task of the request (tasks extension).
    pub const TASK: Self = Self(Cow::Borrowed("task"));

    /// A kind that an extension defines.
    #[must_use]
    pub const fn extension(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The text that stands for the kind on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of the constants of this type.
    #[must_use]
    pub fn is_known(&self) -> bool {
        [Self::COMPLETE, Self::INPUT_REQUIRED, Self::TASK].contains(self)
    }
}

same_in_every_revision!(ResultType);

/// Marks the result as complete where the revision demands a kind.
pub(super) fn mark_complete(result_type: &mut Option<ResultType>, revision: Revision) {
    if revision >= Revision::V2026_07_28 {
        result_type.get_or_insert(ResultType::COMPLETE);
    }
}

/// Finishes a result that has a kind since 2026-07-28.
macro_rules! complete {
    ($name:ident) => {
        impl $name {
            fn finish(&mut self, revision: $crate::revision::Revision) {
                $crate::model::result::mark_complete(&mut self.result_type, revision);
            }
        }
    };
}
pub(super) use complete;

/// Finishes a result that has a kind and caching hints since 2026-07-28.
macro_rules! complete_cacheable {
    ($name:ident) => {
        impl $name {
            fn finish(&mut self, revision: $crate::revision::Revision) {
                $crate::model::result::mark_complete(&mut self.result_type, revision);
                if revision >= $crate::revision::Revision::V2026_07_28 {
                    self.ttl_ms.get_or_insert(0);
                    self.cache_scope.get_or_insert($crate::model::CacheScope::Private);
                }
            }
        }
    };
}
pub(super) use complete_cacheable;

wire_enum! {
    /// Who may share a cached result (`2026-07-28/server/utilities/caching#cache-scope-field`).
    pub enum CacheScope from server {
        /// Anyone.
        Public = "public",
        /// Only whoever shares the authorization it was fetched with. Absent means this.
        Private = "private",
    }
}

wire! {
    /// The params of requests and notifications that have no members of their own: `ping`,
    /// `server/discover`, `roots/list`, `notifications/initialized`, the `list_changed` ones.
    #[derive(Default)]
    pub struct EmptyParams {
        required {}
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The result of requests that only have to be acknowledged: `ping`, `logging/setLevel`,
    /// `resources/subscribe` and `unsubscribe`, the tasks extension's `update` and `cancel`.
    #[derive(Default)]
    pub struct EmptyResult {
        required {}
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2026_07_28 {
            /// The kind of result. Since 2026-07-28.
            result_type / with_result_type: ResultType,
        }
    }
    finish = Self::finish;
}
complete!(EmptyResult);
