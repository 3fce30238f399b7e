//! What each side can do.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use serde::de::IgnoredAny;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RawJson;
use super::revise::same_in_every_revision;
use super::wire::wire;
use crate::revision::Revision;

/// The key of the tasks extension in `extensions`.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// Marks a capability that has no settings: its presence, as `{}`, is the declaration.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a marker is constructed by name")]
pub struct Supported;

impl fmt::Debug for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supported")
    }
}

impl Serialize for Supported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

impl<'de> Deserialize<'de> for Supported {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self)
    }
}

same_in_every_revision!(Supported);

wire! {
    /// What a server offers (`2025-11-25/basic/lifecycle#capability-negotiation`).
    ///
    /// ```
    /// use mcp_core::model::{ListChangedCapability, ServerCapabilities};
    ///
    /// let offer = ServerCapabilities::new()
    ///     .with_tools(ListChangedCapability::new().with_list_changed(true));
    /// assert_eq!(serde_json::to_string(&offer)?, r#"{"tools":{"listChanged":true}}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    pub struct ServerCapabilities from server {
        required {}
        always {
            /// Capabilities outside the specification, by name.
            experimental / with_experimental: BTreeMap<String, RawJson> as Unique,
            /// The server sends log messages.
            logging / with_logging: Supported,
            /// The server has prompts.
            prompts / with_prompts: ListChangedCapability,
            /// The server has resources.
            resources / with_resources: ResourcesCapability,
            /// The server has tools.
            tools / with_tools: ListChangedCapability,
        }
        since V2025_03_26 {
            /// The server completes arguments. Since 2025-03-26; older clients may still ask.
            completions / with_completions: Supported,
        }
        only V2025_11_25 {
            /// Requests the server can run as tasks. 2025-11-25 only.
            tasks / with_tasks: TasksCapability,
        }
        since V2026_07_28 {
            /// Extensions the server supports, with their settings. Since 2026-07-28.
            extensions / with_extensions: BTreeMap<String, RawJson> as Unique,
        }
    }
}

impl ServerCapabilities {
    /// Whether the server supports the extension `name`.
    #[must_use]
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.contains_key(name))
    }
}

wire! {
    /// What a client offers (`2025-11-25/basic/lifecycle#capability-negotiation`).
    ///
    /// In 2026-07-28 it comes with every request, and only that request may use it.
    ///
    /// ```
    /// use mcp_core::model::{ClientCapabilities, ElicitationCapability};
    ///
    /// let offer = ClientCapabilities::new().with_elicitation(ElicitationCapability::new());
    /// assert!(offer.elicits_forms() && !offer.elicits_urls());
    /// ```
    #[derive(Default)]
    pub struct ClientCapabilities {
        required {}
        always {
            /// Capabilities outside the specification, by name.
            experimental / with_experimental: BTreeMap<String, RawJson> as Unique,
            /// The client can list its roots.
            roots / with_roots: RootsCapability,
            /// The client can sample from a model.
            sampling / with_sampling: SamplingCapability,
        }
        since V2025_06_18 {
            /// The client can ask its user. Since 2025-06-18.
            elicitation / with_elicitation: ElicitationCapability,
        }
        only V2025_11_25 {
            /// Requests the client can run as tasks. 2025-11-25 only.
            tasks / with_tasks: TasksCapability,
        }
        since V2026_07_28 {
            /// Extensions the client supports, with their settings. Since 2026-07-28.
            extensions / with_extensions: BTreeMap<String, RawJson> as Unique,
        }
    }
    prepare = Self::prepare;
}

impl ClientCapabilities {
    /// Whether the client answers form elicitations: `elicitation` without a mode means them.
    #[must_use]
    pub fn elicits_forms(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
    }

    /// Whether the client answers URL elicitations, which it must say explicitly.
    #[must_use]
    pub fn elicits_urls(&self) -> bool {
        self.elicitation.as_ref().is_some_and(|modes| modes.url.is_some())
    }

    /// Whether the client lets servers offer tools to the model it samples from.
    #[must_use]
    pub fn samples_with_tools(&self) -> bool {
        self.sampling.as_ref().is_some_and(|sampling| sampling.tools.is_some())
    }

    /// Whether the client supports the extension `name`.
    #[must_use]
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.contains_key(name))
    }

    fn prepare(&mut self, revision: Revision) {
        // In 2025-06-18 every elicitation is a form: a client that only opens URLs has none.
        if revision == Revision::V2025_06_18 && !self.elicits_forms() {
            self.elicitation = None;
        }
    }
}

wire! {
    /// A list that may change, and whether the server says when it does.
    #[derive(Default)]
    pub struct ListChangedCapability from server {
        required {}
        always {
            /// Whether the server sends `list_changed`; absent means not.
            list_changed / with_list_changed: bool,
        }
    }
}

wire! {
    /// How a server's resources can be watched.
    #[derive(Default)]
    pub struct ResourcesCapability from server {
        required {}
        always {
            /// Whether single resources can be subscribed to; absent means not.
            subscribe / with_subscribe: bool,
            /// Whether the server sends `list_changed`; absent means not.
            list_changed / with_list_changed: bool,
        }
    }
}

wire! {
    /// A client's roots, and whether it says when they change.
    #[derive(Default)]
    pub struct RootsCapability {
        required {}
        until V2025_11_25 {
            /// Whether the client sends `notifications/roots/list_changed`. Until 2025-11-25.
            list_changed / with_list_changed: bool,
        }
    }
}

wire! {
    /// What a client can do when it samples.
    #[derive(Default)]
    pub struct SamplingCapability {
        required {}
        since V2025_11_25 {
            /// The model may use tools that the server offers. Since 2025-11-25.
            tools / with_tools: Supported,
            /// The client can include context from servers. Since 2025-11-25.
            context / with_context: Supported,
        }
    }
}

wire! {
    /// How a client can ask its user; neither mode named means forms.
    #[derive(Default)]
    pub struct ElicitationCapability {
        required {}
        since V2025_11_25 {
            /// By a form. Since 2025-11-25; implied before.
            form / with_form: Supported,
            /// By opening a URL. Since 2025-11-25.
            url / with_url: Supported,
        }
    }
}

wire! {
    /// What a receiver of tasks supports (`2025-11-25/basic/utilities/tasks#capabilities`);
    /// 2025-11-25 only.
    #[derive(Default)]
    pub struct TasksCapability {
        required {}
        always {
            /// `tasks/list` is answered.
            list / with_list: Supported,
            /// `tasks/cancel` is answered.
            cancel / with_cancel: Supported,
            /// The requests that may ask for a task: these and no others.
            requests / with_requests: TaskRequests,
        }
    }
}

wire! {
    /// The requests that may ask for a task: `tools` at a server, the others at a client.
    #[derive(Default)]
    pub struct TaskRequests {
        required {}
        always {
            /// Requests about tools.
            tools / with_tools: ToolsTaskRequests,
            /// Requests about sampling.
            sampling / with_sampling: SamplingTaskRequests,
            /// Requests about elicitation.
            elicitation / with_elicitation: ElicitationTaskRequests,
        }
    }
}

wire! {
    /// The tool requests that may ask for a task.
    #[derive(Default)]
    pub struct ToolsTaskRequests {
        required {}
        always {
            /// `tools/call`.
            call / with_call: Supported,
        }
    }
}

wire! {
    /// The sampling requests that may ask for a task.
    #[derive(Default)]
    pub struct SamplingTaskRequests {
        required {}
        always {
            /// `sampling/createMessage`.
            create_message / with_create_message: Supported,
        }
    }
}

wire! {
    /// The elicitation requests that may ask for a task.
    #[derive(Default)]
    pub struct ElicitationTaskRequests {
        required {}
        always {
            /// `elicitation/create`.
            create / with_create: Supported,
        }
    }
}
