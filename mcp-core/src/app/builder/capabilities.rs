//! What a server says it can do.

use super::{Offers, ServerBuilder};
use crate::lifecycle::{Method, MethodSet};
use crate::model::{
    ListChangedCapability, ResourcesCapability, ServerCapabilities, Supported, TaskRequests,
    TasksCapability, ToolsTaskRequests,
};

impl ServerBuilder {
    /// CAP-07: what is there, and nothing else.
    pub(super) fn capabilities(&self, completions: bool) -> ServerCapabilities {
        let Offers { tools, resources, prompts, logging } = self.offers;
        // Any list can change through `Server::apply`, which tells the clients.
        let list = ListChangedCapability::new().with_list_changed(true);
        let mut capabilities = ServerCapabilities::new();
        if tools || self.changes.touches_tools() {
            capabilities.tools = Some(list.clone());
        }
        if resources || self.subscriptions.is_some() || self.changes.touches_resources() {
            let mut resources = ResourcesCapability::new().with_list_changed(true);
            resources.subscribe = self.subscriptions.map(|_| true);
            capabilities.resources = Some(resources);
        }
        if prompts || self.changes.touches_prompts() {
            capabilities.prompts = Some(list);
        }
        capabilities.logging = logging.then_some(Supported);
        capabilities.completions = completions.then_some(Supported);
        if !self.extensions.is_empty() {
            capabilities.extensions = Some(self.extensions.clone());
        }
        capabilities
    }
}

/// What 2025-11-25 is told of tasks (TASK-01). They can be listed: each belongs to a session, or
/// to a principal.
pub(super) fn tasks_capability() -> TasksCapability {
    let calls = ToolsTaskRequests::new().with_call(Supported);
    TasksCapability::new()
        .with_list(Supported)
        .with_cancel(Supported)
        .with_requests(TaskRequests::new().with_tools(calls))
}

/// The methods behind the capabilities; those of others are -32601 (CAP-07).
pub(super) fn served_methods(capabilities: &ServerCapabilities) -> MethodSet {
    let mut methods = alloc::vec![Method::ServerDiscover, Method::SubscriptionsListen];
    if capabilities.tools.is_some() {
        methods.extend([Method::ToolsList, Method::ToolsCall]);
    }
    if let Some(resources) = &capabilities.resources {
        methods.extend([
            Method::ResourcesList,
            Method::ResourcesTemplatesList,
            Method::ResourcesRead,
        ]);
        if resources.subscribe == Some(true) {
            methods.extend([Method::ResourcesSubscribe, Method::ResourcesUnsubscribe]);
        }
    }
    if capabilities.prompts.is_some() {
        methods.extend([Method::PromptsList, Method::PromptsGet]);
    }
    if capabilities.completions.is_some() {
        methods.push(Method::CompletionComplete);
    }
    if capabilities.tasks.is_some() {
        methods.extend([
            Method::TasksGet,
            Method::TasksResult,
            Method::TasksList,
            Method::TasksCancel,
            Method::TasksUpdate,
        ]);
    }
    if capabilities.logging.is_some() {
        methods.push(Method::LoggingSetLevel);
    }
    methods.into_iter().collect()
}
