//! What a server's catalog is made of, and how it changes.

use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::prompt::PromptEntry;
use super::resource::{ResourceEntry, ResourceOutput, TemplateEntry};
use super::shelf::{Index, Item};
use super::template::UriVariables;
use super::tool::{ToolEntry, ToolOutput};
use super::{CallError, ConfigError, Context};
use crate::jsonrpc::RawJson;
use crate::model::{GetPromptResult, Prompt, Resource, ResourceTemplate, TaskSupport, Tool};

/// Tools, resources and prompts to add to a running server, and names to take away.
///
/// [`Server::apply`](super::Server::apply) makes all of it true at once, and tells each client
/// once of each list that changed. Whatever has the name of something there is replaces it,
/// and keeps its place in the list.
///
/// ```
/// use mcp_core::app::{Changes, Context, Server};
/// use mcp_core::model::Tool;
/// use mcp_core::jsonrpc::RawJson;
///
/// let server = Server::builder("demo", "1.0").tools().build()?;
/// let ready = |_: RawJson, _: Context| async { Ok("ready") };
/// server.apply(Changes::new().raw_tool(Tool::new("status"), ready))?;
/// server.apply(Changes::new().remove_tool("status"))?;
/// # Ok::<(), mcp_core::app::ConfigError>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "changes do nothing until they are applied"]
pub struct Changes {
    pub(super) tools: Vec<ToolEntry>,
    pub(super) resources: Vec<ResourceEntry>,
    pub(super) templates: Vec<TemplateEntry>,
    pub(super) prompts: Vec<PromptEntry>,
    pub(super) removed_tools: Vec<String>,
    pub(super) removed_resources: Vec<String>,
    pub(super) removed_templates: Vec<String>,
    pub(super) removed_prompts: Vec<String>,
    mistake: Option<ConfigError>,
}

impl Changes {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool whose input schema is that of the handler's arguments.
    ///
    /// See [`ServerBuilder::tool`](super::ServerBuilder::tool).
    #[cfg(feature = "schemars")]
    pub fn tool<A, F, Fut, R>(self, mut tool: Tool, handler: F) -> Self
    where
        A: DeserializeOwned + schemars::JsonSchema,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ToolOutput,
    {
        tool.input_schema = super::schema::input::<A>();
        self.raw_tool(tool, handler)
    }

    /// Adds a tool that brings its own input schema.
    ///
    /// See [`ServerBuilder::raw_tool`](super::ServerBuilder::raw_tool).
    pub fn raw_tool<A, F, Fut, R>(mut self, mut tool: Tool, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ToolOutput,
    {
        tool.output_schema = tool.output_schema.or_else(R::output_schema);
        self.tools.push(ToolEntry::new(tool, handler));
        self
    }

    /// Adds a resource.
    ///
    /// See [`ServerBuilder::resource`](super::ServerBuilder::resource).
    pub fn resource<F, Fut, R>(mut self, resource: Resource, handler: F) -> Self
    where
        F: Fn(String, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        self.add_resource(ResourceEntry::new(resource, handler));
        self
    }

    /// Adds a family of resources.
    ///
    /// See [`ServerBuilder::resource_template`](super::ServerBuilder::resource_template).
    pub fn resource_template<F, Fut, R>(mut self, template: ResourceTemplate, handler: F) -> Self
    where
        F: Fn(UriVariables, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        self.add_template(TemplateEntry::new(template, handler));
        self
    }

    /// Adds a prompt.
    ///
    /// See [`ServerBuilder::prompt`](super::ServerBuilder::prompt).
    pub fn prompt<A, F, Fut, R>(mut self, prompt: Prompt, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Into<GetPromptResult>,
    {
        self.add_prompt(PromptEntry::new(prompt, handler));
        self
    }

    /// Takes a tool away, if there is one of that name. Calls in progress are finished.
    pub fn remove_tool(mut self, name: impl Into<String>) -> Self {
        self.removed_tools.push(name.into());
        self
    }

    /// Takes the resource with this URI away, if there is one.
    pub fn remove_resource(mut self, uri: impl Into<String>) -> Self {
        self.removed_resources.push(uri.into());
        self
    }

    /// Takes the family of resources with this template away, if there is one.
    pub fn remove_resource_template(mut self, uri_template: impl Into<String>) -> Self {
        self.removed_templates.push(uri_template.into());
        self
    }

    /// Takes a prompt away, if there is one of that name.
    pub fn remove_prompt(mut self, name: impl Into<String>) -> Self {
        self.removed_prompts.push(name.into());
        self
    }

    // What not every server offers is checked here, where nothing but its being offered leads.

    fn add_resource(&mut self, entry: ResourceEntry) {
        self.note(entry.check().and_then(|()| check_json(&entry, &entry.resource)));
        self.resources.push(entry);
    }

    fn add_template(&mut self, entry: Result<TemplateEntry, ConfigError>) {
        match entry {
            Ok(entry) => {
                self.note(
                    entry.check().and_then(|()| check_json(&entry, &entry.resource_template)),
                );
                self.templates.push(entry);
            }
            Err(mistake) => self.note(Err(mistake)),
        }
    }

    fn add_prompt(&mut self, entry: PromptEntry) {
        self.note(check_json(&entry, &entry.prompt));
        self.prompts.push(entry);
    }

    fn note(&mut self, found: Result<(), ConfigError>) {
        if let Err(mistake) = found {
            self.mistake.get_or_insert(mistake);
        }
    }

    /// The name of a tool that can be run as a task.
    pub(super) fn task_tool(&self) -> Option<&str> {
        let mut tools = self.tools.iter().map(|entry| &entry.tool);
        let tool = tools.find(|tool| tool.task_support() != TaskSupport::Forbidden)?;
        Some(&tool.name)
    }

    pub(super) const fn touches_tools(&self) -> bool {
        !self.tools.is_empty() || !self.removed_tools.is_empty()
    }

    /// Templates have no notification of their own: they count as resources.
    pub(super) const fn touches_resources(&self) -> bool {
        !self.resources.is_empty()
            || !self.removed_resources.is_empty()
            || !self.templates.is_empty()
            || !self.removed_templates.is_empty()
    }

    pub(super) const fn touches_prompts(&self) -> bool {
        !self.prompts.is_empty() || !self.removed_prompts.is_empty()
    }

    /// Whether clients can be offered all of it.
    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake);
        }
        for entry in &mut self.tools {
            entry.check()?;
            check_json(entry, &entry.tool)?;
        }
        check_names(&self.tools)?;
        check_names(&self.resources)?;
        check_names(&self.templates)?;
        check_names(&self.prompts)
    }
}

/// It can be written as JSON.
fn check_json<T: Item>(item: &T, wire: &impl Serialize) -> Result<(), ConfigError> {
    match RawJson::from_value(wire) {
        Ok(_) => Ok(()),
        Err(_) => Err(ConfigError::NoJson { kind: T::KIND, name: item.key().into() }),
    }
}

/// Names are unique.
fn check_names<T: Item>(items: &[T]) -> Result<(), ConfigError> {
    let mut index = Index::default();
    match items.iter().map(T::key).find(|name| !index.is_new(name)) {
        Some(name) => Err(ConfigError::Duplicate { kind: T::KIND, name: name.into() }),
        None => Ok(()),
    }
}
