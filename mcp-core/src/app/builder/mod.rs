//! Putting a server together.

mod build;
mod capabilities;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changes::Changes;
use super::completion::{Completer, CompletionInput, Subject};
use super::connection::Connection;
use super::method::{Listener, MethodEntry};
use super::resource::ResourceOutput;
use super::round::Seal;
use super::routes::{self, Routes};
use super::server::OnInitialize;
use super::task::TaskSettings;
use super::template::UriVariables;
use super::tool::ToolOutput;
use super::{CallError, ConfigError, Context};
use crate::flat::FlatMap;
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, NotificationMethod};
use crate::model::{
    Completion, GetPromptResult, Icon, Implementation, InitializeResult, Prompt, RawObject,
    Reference, Resource, ResourceTemplate, Tool,
};
use crate::session::Client;

/// Puts a [`Server`](super::Server) together; made by [`Server::builder`](super::Server::builder).
///
/// What the server tells clients it can do follows from what is added here. Mistakes are found
/// by [`build`](Self::build).
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ServerBuilder {
    info: Implementation,
    instructions: Option<String>,
    page_size: Option<usize>,
    subscriptions: Option<usize>,
    offers: Offers,
    routes: Routes,
    changes: Changes,
    completions: Vec<(Subject, String, Completer)>,
    methods: Vec<(String, MethodEntry)>,
    notifications: Vec<(String, Listener)>,
    checks: Checks,
    extensions: BTreeMap<String, RawJson>,
    on_initialize: Option<OnInitialize>,
    pub(super) seal: Seal,
    pub(super) tasks: TaskSettings,
}

/// What checks things that not every server has, and puts them in order: as with [`Routes`],
/// nothing but having them leads there.
#[derive(Clone, Copy, Debug, Default)]
struct Checks {
    completions: Option<Check<Completions>>,
    methods: Option<Check<Methods>>,
    notifications: Option<Check<Notifications>>,
}

type Check<T> = fn(&mut ServerBuilder) -> Result<T, ConfigError>;
type Completions = FlatMap<Subject, FlatMap<String, Completer>>;
type Methods = FlatMap<Method, MethodEntry>;
type Notifications = FlatMap<NotificationMethod, Listener>;

/// What is offered even if there is nothing of it yet.
#[derive(Clone, Copy, Debug, Default)]
struct Offers {
    tools: bool,
    resources: bool,
    prompts: bool,
    logging: bool,
}

/// How many resources one client may watch unless the builder says otherwise.
const SUBSCRIPTIONS: usize = 1024;

impl ServerBuilder {
    pub(super) fn new(info: Implementation) -> Self {
        Self {
            info,
            instructions: None,
            page_size: None,
            subscriptions: None,
            offers: Offers::default(),
            routes: Routes::default(),
            changes: Changes::new(),
            completions: Vec::new(),
            methods: Vec::new(),
            notifications: Vec::new(),
            checks: Checks::default(),
            extensions: BTreeMap::new(),
            on_initialize: None,
            seal: Seal::default(),
            tasks: TaskSettings::default(),
        }
    }

    /// Sets the server's name for people. Clients see it since 2025-06-18.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// Says what the server does, for people. Clients see it since 2025-11-25.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.info.description = Some(description.into());
        self
    }

    /// Sets where people can read more. Clients see it since 2025-11-25.
    pub fn website(mut self, url: impl Into<String>) -> Self {
        self.info.website_url = Some(url.into());
        self
    }

    /// Sets pictures to show beside the name. Clients see them since 2025-11-25.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.info.icons = Some(icons.into());
        self
    }

    /// Says how to use the server, for the model.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Sets how many things one page of a list holds.
    ///
    /// By default a list is one page: clients that never ask for a second one are common, and a
    /// page made ahead of time costs nothing to send again. Set it if a list is too long for
    /// clients' message limits.
    pub const fn page_size(mut self, size: usize) -> Self {
        self.page_size = Some(size);
        self
    }

    /// Adds a tool whose input schema is that of the handler's arguments.
    ///
    /// The schema comes from `A`; one that `tool` may have is replaced. Arguments that do not fit
    /// never reach the handler: the model is told which member is wrong (as a JSON-RPC error
    /// before 2025-11-25). A tool without arguments takes `()`. For an output schema, return
    /// [`Json`](super::Json).
    ///
    /// ```
    /// use mcp_core::app::{Context, Json, Server};
    /// use mcp_core::model::Tool;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Add {
    ///     /// The first number.
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// let server = Server::builder("demo", "1.0")
    ///     .tool(Tool::new("add").with_description("Adds two numbers"), |args: Add, _cx: Context| {
    ///         async move { Ok(format!("{}", args.a + args.b)) }
    ///     })
    ///     .tool(Tool::new("primes"), |_: (), _cx: Context| async { Ok(Json([2, 3, 5])) })
    ///     .build()?;
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    #[cfg(feature = "schemars")]
    pub fn tool<A, F, Fut, R>(mut self, tool: Tool, handler: F) -> Self
    where
        A: DeserializeOwned + schemars::JsonSchema,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ToolOutput,
    {
        self.changes = self.changes.tool(tool, handler);
        self
    }

    /// Adds a tool that brings its own input schema, sent to clients exactly as it is.
    ///
    /// The arguments are read as an `A`: a type of one's own,
    /// [`RawJson`](crate::jsonrpc::RawJson), [`RawObject`](crate::model::RawObject) or
    /// `serde_json::Value`. What the schema says beyond that is the handler's to check, or
    /// `mcp-core`'s with its feature `validate`.
    pub fn raw_tool<A, F, Fut, R>(mut self, tool: Tool, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ToolOutput,
    {
        self.changes = self.changes.raw_tool(tool, handler);
        self
    }

    /// Adds a resource; the handler is given its URI.
    ///
    /// Text and bytes are sent with the resource's own media type.
    ///
    /// ```
    /// use mcp_core::app::{Context, Server};
    /// use mcp_core::model::Resource;
    ///
    /// let readme = Resource::new("docs://readme", "readme").with_mime_type("text/markdown");
    /// let server = Server::builder("docs", "1.0")
    ///     .resource(readme, |_uri: String, _cx: Context| async { Ok("# Docs") })
    ///     .build()?;
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    pub fn resource<F, Fut, R>(mut self, resource: Resource, handler: F) -> Self
    where
        F: Fn(String, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        self.routes.resources = Some(routes::RESOURCES);
        self.changes = self.changes.resource(resource, handler);
        self
    }

    /// Adds a family of resources; the handler is given what the template's variables stand for.
    ///
    /// `{name}` stands for one or more characters other than `/`, `?` and `#`, and `{+name}`,
    /// once per template, for any. A resource with the very URI comes first, then the families
    /// in the order they were added.
    ///
    /// ```
    /// use mcp_core::app::{Context, Server, UriVariables};
    /// use mcp_core::model::ResourceTemplate;
    ///
    /// let user = ResourceTemplate::new("users://{id}/profile", "profile");
    /// let server = Server::builder("users", "1.0")
    ///     .resource_template(user, |at: UriVariables, _cx: Context| async move {
    ///         Ok(match at.get("id") {
    ///             Some("7") => Some("Ada"),
    ///             _ => None, // there is no such resource
    ///         })
    ///     })
    ///     .build()?;
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    pub fn resource_template<F, Fut, R>(mut self, template: ResourceTemplate, handler: F) -> Self
    where
        F: Fn(UriVariables, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: ResourceOutput,
    {
        self.routes.resources = Some(routes::RESOURCES);
        self.changes = self.changes.resource_template(template, handler);
        self
    }

    /// Adds a prompt.
    ///
    /// Its arguments are texts: `A` is a struct of `String` and `Option<String>`, a map, or `()`.
    /// A missing one that the prompt requires never reaches the handler.
    ///
    /// ```
    /// use mcp_core::app::{Context, Server};
    /// use mcp_core::model::{Prompt, PromptArgument};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Greeting {
    ///     name: String,
    /// }
    ///
    /// let prompt = Prompt::new("greeting")
    ///     .with_arguments([PromptArgument::new("name").with_required(true)]);
    /// let server = Server::builder("demo", "1.0")
    ///     .prompt(prompt, |args: Greeting, _cx: Context| async move {
    ///         Ok(format!("Greet {} kindly.", args.name))
    ///     })
    ///     .build()?;
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    pub fn prompt<A, F, Fut, R>(mut self, prompt: Prompt, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Into<GetPromptResult>,
    {
        self.routes.prompts = Some(routes::PROMPTS);
        self.changes = self.changes.prompt(prompt, handler);
        self
    }

    /// Completes an argument of a prompt, or a variable of a resource template.
    ///
    /// The handler returns values, best first; of more than 100 the first 100 are sent. Arguments
    /// without a completion get no values.
    ///
    /// ```
    /// use mcp_core::app::{CompletionInput, Context, Server};
    /// use mcp_core::model::{Prompt, PromptArgument, Reference};
    ///
    /// let server = Server::builder("demo", "1.0")
    ///     .prompt(
    ///         Prompt::new("explain").with_arguments([PromptArgument::new("language")]),
    ///         |_: (), _cx: Context| async { Ok("Explain.") },
    ///     )
    ///     .completion(
    ///         Reference::prompt("explain"),
    ///         "language",
    ///         |typed: CompletionInput, _cx: Context| async move {
    ///             let mut languages = vec!["python", "rust"];
    ///             languages.retain(|language| language.starts_with(&typed.value));
    ///             Ok(languages)
    ///         },
    ///     )
    ///     .build()?;
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    pub fn completion<F, Fut, R>(
        mut self,
        reference: Reference,
        argument: impl Into<String>,
        handler: F,
    ) -> Self
    where
        F: Fn(CompletionInput, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Into<Completion>,
    {
        self.routes.completions = Some(routes::COMPLETIONS);
        self.checks.completions = Some(Self::take_completions);
        let subject = Subject::new(reference);
        let completer = Completer::new(handler);
        self.completions.push((subject, argument.into(), completer));
        self
    }

    /// Answers a request method that is not the server's own.
    ///
    /// The params are read as a `P`; absent ones are an empty object. The result must become an
    /// object; `()` becomes an empty one.
    pub fn method<P, F, Fut, R>(mut self, method: impl Into<String>, handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(P, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Serialize,
    {
        self.checks.methods = Some(Self::take_methods);
        self.methods.push((method.into(), MethodEntry::new(handler)));
        self
    }

    /// Hears of a notification of clients: one of the server's own, or
    /// `notifications/roots/list_changed`.
    ///
    /// The params are read as a `P`; absent ones are an empty object. What cannot be read is
    /// ignored, as notifications are not answered, and so is a notification that nobody listens
    /// to. The handler must not block. In the modern era its [`Connection`] is about this
    /// notification alone, and nothing can be sent on it.
    pub fn notification<P, F>(mut self, method: impl Into<String>, handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(P, &Arc<Connection>) + Send + Sync + 'static,
    {
        self.checks.notifications = Some(Self::take_notifications);
        self.notifications.push((method.into(), Listener::new(handler)));
        self
    }

    /// Says that the server supports an extension of the protocol, with its settings.
    ///
    /// The name has a prefix, as in `com.example/reviews`. What the extension consists of is
    /// added like everything else, its requests with [`method`](Self::method). Clients see the
    /// extension since 2026-07-28 (`2026-07-28/basic/versioning#extension-negotiation`).
    pub fn extension(mut self, name: impl Into<String>, settings: impl Into<RawObject>) -> Self {
        self.extensions.insert(name.into(), settings.into().into());
        self
    }

    /// Sees every client that wants to initialize, and what it would be answered.
    ///
    /// The handler may change the answer, or refuse the client with an error.
    pub fn on_initialize<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Arc<Client>, InitializeResult) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<InitializeResult, CallError>> + Send + 'static,
    {
        self.on_initialize =
            Some(OnInitialize(Box::new(move |client, result| Box::pin(handler(client, result)))));
        self
    }

    /// Lets handlers log to the client ([`Context::log`]) and clients set the level.
    ///
    /// Until a client sets one, it gets messages from `info` up.
    pub const fn logging(mut self) -> Self {
        self.offers.logging = true;
        self
    }

    /// Lets clients watch resources: see
    /// [`Server::resource_updated`](super::Server::resource_updated).
    ///
    /// Each client may watch 1024 of them, more than any is known to show at once.
    pub const fn subscriptions(self) -> Self {
        self.max_subscriptions(SUBSCRIPTIONS)
    }

    /// Lets clients watch resources, `limit` of them each: what one client can make the server
    /// remember must have an end.
    pub const fn max_subscriptions(mut self, limit: usize) -> Self {
        self.routes.resources = Some(routes::RESOURCES);
        self.subscriptions = Some(limit);
        self
    }

    /// Offers tools even if there are none yet, to be added by
    /// [`Server::apply`](super::Server::apply).
    pub const fn tools(mut self) -> Self {
        self.offers.tools = true;
        self
    }

    /// Offers resources even if there are none yet, to be added by
    /// [`Server::apply`](super::Server::apply).
    pub const fn resources(mut self) -> Self {
        self.routes.resources = Some(routes::RESOURCES);
        self.offers.resources = true;
        self
    }

    /// Offers prompts even if there are none yet, to be added by
    /// [`Server::apply`](super::Server::apply).
    pub const fn prompts(mut self) -> Self {
        self.routes.prompts = Some(routes::PROMPTS);
        self.offers.prompts = true;
        self
    }
}
