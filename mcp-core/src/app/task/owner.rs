//! Whose a task is.

use alloc::sync::{Arc, Weak};

use super::super::{Connection, Context};
use crate::revision::Era;

/// Who may see a task: whoever made it, in the era it was made in.
#[derive(Clone, Debug)]
pub struct TaskOwner {
    era: Era,
    who: Who,
}

#[derive(Clone, Debug)]
enum Who {
    Principal(Arc<str>),
    /// A session whose client did not have to say who it is.
    Session(Weak<Connection>),
    /// A client of the modern era that did not have to say who it is: who knows the id.
    Bearer,
}

impl TaskOwner {
    /// A principal, for stores that bring back tasks of an earlier process.
    #[must_use]
    pub fn principal_of(era: Era, principal: impl Into<Arc<str>>) -> Self {
        Self { era, who: Who::Principal(principal.into()) }
    }

    /// Whoever knows the id, for stores that bring back tasks of an earlier process.
    #[must_use]
    pub const fn bearer() -> Self {
        Self { era: Era::Modern, who: Who::Bearer }
    }

    /// Whoever sends a request.
    pub(super) fn of(cx: &Context) -> Self {
        let era = cx.revision().era();
        let who = match (&cx.principal, era) {
            (Some(principal), _) => Who::Principal(Arc::clone(principal)),
            (None, Era::Legacy) => Who::Session(Arc::downgrade(cx.connection())),
            (None, Era::Modern) => Who::Bearer,
        };
        Self { era, who }
    }

    /// The era whose clients see the task.
    #[must_use]
    pub const fn era(&self) -> Era {
        self.era
    }

    /// The principal, if the task is one's.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        match &self.who {
            Who::Principal(principal) => Some(principal),
            Who::Session(_) | Who::Bearer => None,
        }
    }

    /// Whether nobody can ask for the task any more: its session is over.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(&self.who, Who::Session(session) if session.strong_count() == 0)
    }
}

impl PartialEq for TaskOwner {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.who, &other.who) {
            (Who::Principal(one), Who::Principal(other)) => one == other,
            // A weak reference keeps the address from being given to another session.
            (Who::Session(one), Who::Session(other)) => one.ptr_eq(other),
            (Who::Bearer, Who::Bearer) => true,
            _ => false,
        };
        same && self.era == other.era
    }
}

impl Eq for TaskOwner {}
