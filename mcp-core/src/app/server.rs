//! A server: what it offers, and how it answers.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};

use super::audience::Audience;
use super::builder::ServerBuilder;
use super::changes::Changes;
use super::completion::{Completer, Subject};
use super::connection::Connection;
use super::greetings::Greetings;
use super::guard::{guarded, started};
use super::host::Host;
use super::listen::{List, Listeners, MAX_WATCHED_URI};
use super::method::{Listener, MethodEntry};
use super::prompt::PromptEntry;
use super::resource::{ResourceEntry, TemplateEntry};
use super::round::Seal;
use super::routes::Routes;
use super::shelf::Shelf;
use super::task::Tasks;
use super::tool::ToolEntry;
use super::{ConfigError, Context, Handler, Work};
use crate::flat::FlatMap;
use crate::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use crate::lifecycle::{Method, MethodSet, NotificationMethod};
use crate::model::{Implementation, InitializeResult, ResourceUpdatedParams};
use crate::modern::MirroredParams;
use crate::session::{Client, SessionSnapshot};

/// Tools, resources and prompts, ready to be given to a driver.
///
/// Cloning shares the server. It can change while it runs: see [`apply`](Self::apply).
///
/// A handler that panics fails its own request, which is answered with -32603 and nothing of the
/// panic's message; the session goes on.
#[derive(Clone, Debug)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) greeting: InitializeResult,
    pub(super) greetings: Greetings,
    /// Our name, as it stands in results of the modern era.
    pub(super) signature: Box<str>,
    pub(super) served: MethodSet,
    pub(super) routes: Routes,
    pub(super) tools: Shelf<ToolEntry>,
    /// Whether there is, or has been, a tool whose arguments are mirrored in headers.
    pub(super) mirrors: AtomicBool,
    pub(super) resources: Shelf<ResourceEntry>,
    pub(super) templates: Shelf<TemplateEntry>,
    pub(super) prompts: Shelf<PromptEntry>,
    pub(super) completions: FlatMap<Subject, FlatMap<String, Completer>>,
    pub(super) methods: FlatMap<Method, MethodEntry>,
    pub(super) notifications: FlatMap<NotificationMethod, Listener>,
    pub(super) on_initialize: Option<OnInitialize>,
    pub(super) max_subscriptions: usize,
    pub(super) audience: Audience,
    pub(super) seal: Seal,
    pub(super) listeners: Listeners,
    pub(super) tasks: Option<Arc<Tasks>>,
}

type Initialize = dyn Fn(Arc<Client>, InitializeResult) -> Work<InitializeResult> + Send + Sync;

/// What the application does when a client wants to initialize.
pub(super) struct OnInitialize(pub(super) Box<Initialize>);

impl fmt::Debug for OnInitialize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnInitialize")
    }
}

impl From<Inner> for Server {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Server {
    /// Starts putting a server together: its name for programs, and its version.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(Implementation::new(name, version))
    }

    /// Changes what the server offers, and tells every connected client which lists changed, once
    /// each.
    ///
    /// Calls in progress are not touched. What the server was built with stays in memory as long
    /// as the server, even if it is taken away: until the first change nothing has to be locked
    /// to look something up. A client whose queue of outgoing messages is full
    /// misses the notification.
    ///
    /// # Errors
    /// [`ConfigError`], and nothing has changed. [`ConfigError::NotOffered`] if the server was
    /// built without tools, resources or prompts: clients were told so once and for all; see
    /// [`ServerBuilder::tools`].
    pub fn apply(&self, mut changes: Changes) -> Result<(), ConfigError> {
        changes.check()?;
        let inner = &*self.0;
        let capabilities = &inner.greeting.capabilities;
        for (touched, offered, what) in [
            (changes.touches_tools(), capabilities.tools.is_some(), "tools"),
            (changes.touches_resources(), capabilities.resources.is_some(), "resources"),
            (changes.touches_prompts(), capabilities.prompts.is_some(), "prompts"),
        ] {
            if touched && !offered {
                return Err(ConfigError::NotOffered(what));
            }
        }
        if changes.tools.iter().any(|tool| tool.mirrored().is_some()) {
            inner.mirrors.store(true, Ordering::Release);
        }
        let tools = inner.tools.change(changes.tools, &changes.removed_tools);
        let resources = inner.resources.change(changes.resources, &changes.removed_resources);
        let templates = inner.templates.change(changes.templates, &changes.removed_templates);
        let prompts = inner.prompts.change(changes.prompts, &changes.removed_prompts);
        for (changed, list) in [
            (tools, List::Tools),
            (resources || templates, List::Resources),
            (prompts, List::Prompts),
        ] {
            if changed {
                inner.listeners.changed(list);
                let notification = list.notification();
                for connection in inner.audience.everyone() {
                    // Whoever cannot be told is too slow, or gone.
                    let _ = connection.notify(&notification, None);
                }
            }
        }
        Ok(())
    }

    /// Tells the clients that watch a resource that it changed (RES-13), and how many they are;
    /// in the modern era, how many subscriptions.
    ///
    /// A client whose queue of outgoing messages is full misses the notification and is not
    /// counted.
    pub fn resource_updated(&self, uri: &str) -> usize {
        let params = RawJson::known(&ResourceUpdatedParams::new(uri));
        let method = NotificationMethod::ResourcesUpdated;
        let watchers = self.0.audience.watchers(uri).into_iter();
        let told = watchers
            .filter(|connection| connection.notify(&method, Some(params.clone())).is_ok())
            .count();
        told + self.0.listeners.updated(uri)
    }

    /// The clients of the legacy era that are connected, initialized or not.
    #[must_use]
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        self.0.audience.everyone()
    }

    /// What the server answers to `initialize`.
    #[must_use]
    pub fn greeting(&self) -> &InitializeResult {
        &self.0.greeting
    }
}

impl Inner {
    /// Copied here, and not once more for each runtime.
    fn copy_of_greeting(&self) -> InitializeResult {
        self.greeting.clone()
    }
}

impl Handler for Server {
    fn methods(&self) -> MethodSet {
        self.0.served.clone()
    }

    fn hosted(&self, host: &Host) {
        self.0.seal.set_host(host);
        if let Some(tasks) = &self.0.tasks {
            tasks.set_host(host);
        }
    }

    fn connected(&self, connection: &Arc<Connection>) {
        self.0.audience.join(connection);
    }

    fn snapshot(&self, connection: &Arc<Connection>, snapshot: &mut SessionSnapshot) {
        snapshot.subscriptions = self.0.audience.watched(connection);
    }

    fn restored(&self, connection: &Arc<Connection>, snapshot: &SessionSnapshot) {
        for uri in snapshot.subscriptions.iter().filter(|uri| uri.len() <= MAX_WATCHED_URI) {
            // Whoever may have fewer here watches fewer.
            let _ = self.0.audience.watch(connection, uri, self.0.max_subscriptions);
        }
    }

    fn greet(&self, connection: &Arc<Connection>, client: &Client) -> Option<RawJson> {
        if self.0.on_initialize.is_some() {
            return None;
        }
        self.0.audience.join(connection);
        self.0.greetings.of(&self.0.greeting, client.revision)
    }

    async fn initialize(
        &self,
        connection: Arc<Connection>,
        client: Arc<Client>,
    ) -> Result<InitializeResult, ErrorObject> {
        self.0.audience.join(&connection);
        let greeting = self.0.copy_of_greeting();
        let Some(OnInitialize(hook)) = &self.0.on_initialize else {
            return Ok(greeting);
        };
        let revision = client.revision;
        let work = async { hook(client, greeting).await.map_err(|it| it.into_error(revision)) };
        guarded(pin!(work)).await?
    }

    fn call(
        &self,
        cx: Context,
        method: Method,
        params: Option<Params>,
    ) -> impl Future<Output = Reply> + Send {
        let revision = cx.connection().revision();
        // Begun before there is a future, which is the smaller for it.
        let running = started(|| self.0.begin(cx, method, params, revision));
        self.0.finish(running, revision)
    }

    fn mirrors(&self) -> bool {
        self.0.mirrors.load(Ordering::Acquire)
    }

    fn mirrored(&self, tool: &str) -> Option<Arc<MirroredParams>> {
        self.0.tools.get(tool)?.mirrored()
    }

    fn notification(
        &self,
        connection: &Arc<Connection>,
        method: NotificationMethod,
        params: Option<RawJson>,
    ) {
        if let Some(listener) = self.0.notifications.get(&method) {
            listener.hear(params.as_ref(), connection);
        }
    }
}
