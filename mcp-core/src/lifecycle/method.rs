//! The methods of every revision.

use alloc::boxed::Box;
use core::fmt;

use crate::flat::FlatSet;
use crate::revision::Revision;
use Revision::{V2024_11_05 as R1, V2025_06_18 as R3, V2025_11_25 as R4, V2026_07_28 as R5};
use Sender::{Both, Client, Server};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Sender {
    /// The client alone.
    Client,
    /// The server alone.
    Server,
    /// Either.
    Both,
}

impl Sender {
    const fn includes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Both, _) | (Self::Client, Self::Client) | (Self::Server, Self::Server)
        )
    }
}

macro_rules! methods {
    (
        $(#[$doc:meta])* $name:ident;
        $($(#[$row_doc:meta])* $variant:ident = $text:literal, $($sender:ident, $since:ident ..= $until:ident),+;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$row_doc])* #[doc = concat!("`", $text, "`")] $variant,)+
            /// A method no revision defines.
            Other(Box<str>),
        }

        impl $name {
            /// The methods some revision defines.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The method with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }

            /// The name on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(name) => name,
                }
            }

            /// Whether `revision` has the method and lets `sender` send it. False for methods no
            /// revision defines.
            #[must_use]
            pub fn exists(&self, revision: Revision, sender: Sender) -> bool {
                let rows: &[_] = match self {
                    $(Self::$variant => &[$(($sender, $since, $until)),+],)+
                    Self::Other(_) => return false,
                };
                let has = |(by, since, until): &(Sender, Revision, Revision)| {
                    by.includes(sender) && *since <= revision && revision <= *until
                };
                rows.iter().any(has)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

methods! {
    /// A request method, with the revisions that have it and who may send it.
    ///
    /// ```
    /// use mcp_core::lifecycle::{Method, Sender};
    /// use mcp_core::revision::Revision;
    ///
    /// assert!(Method::Ping.exists(Revision::V2025_11_25, Sender::Client));
    /// assert!(!Method::Ping.exists(Revision::V2026_07_28, Sender::Client));
    /// ```
    Method;
    Initialize = "initialize", Client, R1..=R4;
    Ping = "ping", Both, R1..=R4;
    ServerDiscover = "server/discover", Client, R5..=R5;
    ToolsList = "tools/list", Client, R1..=R5;
    ToolsCall = "tools/call", Client, R1..=R5;
    PromptsList = "prompts/list", Client, R1..=R5;
    PromptsGet = "prompts/get", Client, R1..=R5;
    ResourcesList = "resources/list", Client, R1..=R5;
    ResourcesTemplatesList = "resources/templates/list", Client, R1..=R5;
    ResourcesRead = "resources/read", Client, R1..=R5;
    ResourcesSubscribe = "resources/subscribe", Client, R1..=R4;
    ResourcesUnsubscribe = "resources/unsubscribe", Client, R1..=R4;
    CompletionComplete = "completion/complete", Client, R1..=R5;
    LoggingSetLevel = "logging/setLevel", Client, R1..=R4;
    SubscriptionsListen = "subscriptions/listen", Client, R5..=R5;
    RootsList = "roots/list", Server, R1..=R4;
    SamplingCreateMessage = "sampling/createMessage", Server, R1..=R4;
    ElicitationCreate = "elicitation/create", Server, R3..=R4;
    TasksGet = "tasks/get", Both, R4..=R4, Client, R5..=R5;
    TasksResult = "tasks/result", Both, R4..=R4;
    TasksList = "tasks/list", Both, R4..=R4;
    TasksCancel = "tasks/cancel", Both, R4..=R4, Client, R5..=R5;
    /// Part of the tasks extension, as the others are in 2026-07-28.
    TasksUpdate = "tasks/update", Client, R5..=R5;
}

methods! {
    /// A notification method, with the revisions that have it and who may send it.
    NotificationMethod;
    Initialized = "notifications/initialized", Client, R1..=R4;
    Cancelled = "notifications/cancelled", Both, R1..=R5;
    Progress = "notifications/progress", Both, R1..=R5;
    Message = "notifications/message", Server, R1..=R5;
    ToolsListChanged = "notifications/tools/list_changed", Server, R1..=R5;
    PromptsListChanged = "notifications/prompts/list_changed", Server, R1..=R5;
    ResourcesListChanged = "notifications/resources/list_changed", Server, R1..=R5;
    ResourcesUpdated = "notifications/resources/updated", Server, R1..=R5;
    RootsListChanged = "notifications/roots/list_changed", Client, R1..=R4;
    ElicitationComplete = "notifications/elicitation/complete", Server, R4..=R4;
    TasksStatus = "notifications/tasks/status", Both, R4..=R4;
    /// Part of the tasks extension.
    Tasks = "notifications/tasks", Server, R5..=R5;
    SubscriptionsAcknowledged = "notifications/subscriptions/acknowledged", Server, R5..=R5;
}

/// The request methods one side answers; all others are -32601.
///
/// ```
/// use mcp_core::lifecycle::{Method, MethodSet};
///
/// let methods: MethodSet =
///     [Method::ToolsList, Method::ToolsCall, Method::from_name("acme/reindex")].into_iter().collect();
/// assert!(methods.contains(&Method::ToolsCall));
/// assert!(!methods.contains(&Method::PromptsGet));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodSet(FlatSet<Method>);

impl MethodSet {
    /// Adds a method.
    pub fn insert(&mut self, method: Method) {
        self.0.insert(method);
    }

    /// Whether the method is answered.
    #[must_use]
    pub fn contains(&self, method: &Method) -> bool {
        self.0.contains(method)
    }

    /// Whether the method is answered in a session of this revision.
    ///
    /// A method that some revision defines exists in those alone; one that none defines is the
    /// application's own and exists in all.
    #[must_use]
    pub fn serves(&self, method: &Method, revision: Revision, sender: Sender) -> bool {
        self.contains(method)
            && (matches!(method, Method::Other(_)) || method.exists(revision, sender))
    }
}

impl FromIterator<Method> for MethodSet {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        Self(methods.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for method in Method::ALL {
            assert_eq!(Method::from_name(method.as_str()), *method);
        }
        for method in NotificationMethod::ALL {
            assert_eq!(NotificationMethod::from_name(method.as_str()), *method);
        }
    }

    /// Table T1 of the specification: how many requests a client can send in each revision; three
    /// of the last are those of the tasks extension.
    #[test]
    fn each_revision_has_its_methods() {
        let count = |revision, sender| {
            Method::ALL.iter().filter(|method| method.exists(revision, sender)).count()
        };
        let by_client = Revision::ALL.map(|revision| count(revision, Client));
        assert_eq!(by_client, [13, 13, 13, 17, 13]);
        let by_server = Revision::ALL.map(|revision| count(revision, Server));
        assert_eq!(by_server, [3, 3, 4, 8, 0]);
    }
}
