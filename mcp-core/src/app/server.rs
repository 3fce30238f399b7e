//! A server: what it offers, and how it answers.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::pin::pin;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::audience::Audience;
use super::builder::ServerBuilder;
use super::changes::Changes;
use super::completion::{Completer, Subject};
use super::connection::Connection;
use super::decode::{self, Misfit};
use super::greetings::Greetings;
use super::guard::{guarded, resumed};
use super::host::Host;
use super::listen::{List, Listeners, MAX_WATCHED_URI};
use super::method::{Listener, MethodEntry};
use super::prompt::PromptEntry;
use super::resource::{ResourceEntry, TemplateEntry};
use super::round::Round;
use super::seal::Seal;
use super::shelf::{Item, Shelf};
use super::task::{Beginning, Slot, Tasks};
use super::tool::ToolEntry;
use super::{CallError, ConfigError, Context, Handler, Work};
use crate::jsonrpc::{
    ErrorCode, ErrorObject, Member, Params, RawJson, Reply, json_with_meta_member, with_meta_member,
};
use crate::lifecycle::{Method, MethodSet, NotificationMethod, Sender};
use crate::model::{
    CompleteParams, CompleteResult, Completion, DiscoverResult, ForRevision, Implementation,
    InitializeResult, ListParams, Meta, ReadResourceResult, ResourceUpdatedParams, SetLevelParams,
};
use crate::modern::MirroredParams;
use crate::revision::{Era, Revision};
use crate::session::{Client, SessionSnapshot};
use crate::small::SmallMap;

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
    pub(super) signature: RawJson,
    pub(super) served: MethodSet,
    pub(super) tools: Shelf<ToolEntry>,
    pub(super) resources: Shelf<ResourceEntry>,
    pub(super) templates: Shelf<TemplateEntry>,
    pub(super) prompts: Shelf<PromptEntry>,
    pub(super) completions: SmallMap<Subject, SmallMap<String, Completer>>,
    pub(super) methods: SmallMap<Method, MethodEntry>,
    pub(super) notifications: SmallMap<NotificationMethod, Listener>,
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
        let greeting = self.0.greeting.clone();
        let Some(OnInitialize(hook)) = &self.0.on_initialize else {
            return Ok(greeting);
        };
        let revision = client.revision;
        let work = async { hook(client, greeting).await.map_err(|it| it.into_error(revision)) };
        guarded(pin!(work)).await
    }

    async fn call(&self, mut cx: Context, method: Method, params: Option<Params>) -> Reply {
        let revision = cx.connection().revision();
        if !self.0.served.serves(&method, revision, Sender::Client) {
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        // In place, here and below: each other copy would make the future larger.
        if self.0.greeting.capabilities.logging.is_some() {
            cx = cx.with_logging();
        }
        self.0.open_round(&mut cx, &method, params.as_ref())?;
        // Lists are kept as they are sent, and what may take rounds is signed as it is written.
        let is_signed = revision.era() == Era::Legacy || is_list(&method) || takes_rounds(&method);
        let work = pin!(self.0.answer(cx, method, params.as_ref(), revision));
        let reply = guarded(work).await;
        if is_signed { reply } else { reply.map(|result| self.0.sign(&result)) }
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

#[derive(Deserialize)]
struct NamedParams<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "unread")]
    arguments: Option<&'a [u8]>,
    #[serde(borrow, default, deserialize_with = "unread")]
    task: Option<&'a [u8]>,
}

/// The text of a member that may be null.
fn unread<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de [u8]>, D::Error> {
    let json = <Option<&'de RawValue>>::deserialize(deserializer)?;
    Ok(json.map(|json| json.get().as_bytes()))
}

impl<'a> NamedParams<'a> {
    fn read(params: Option<&'a Params>) -> Result<Self, Misfit> {
        // What is not as it should be is told so by the plain reading.
        let found = params.and_then(Params::members).and_then(|members| {
            Some(Self {
                name: members.text(Member::Name)?,
                arguments: members.optional(Member::Arguments)?,
                task: members.optional(Member::Task)?,
            })
        });
        found.map_or_else(|| decode::params(params), Ok)
    }

    fn arguments(&self) -> &'a str {
        self.arguments.map_or("{}", |json| core::str::from_utf8(json).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct UriParams<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

impl<'a> UriParams<'a> {
    fn read(params: Option<&'a Params>) -> Result<Self, Misfit> {
        let found = params.and_then(Params::members).and_then(|it| it.text(Member::Uri));
        found.map_or_else(|| decode::params(params), |uri| Ok(Self { uri }))
    }
}

impl Inner {
    async fn answer(
        &self,
        cx: Context,
        method: Method,
        params: Option<&Params>,
        revision: Revision,
    ) -> Reply {
        match method {
            Method::ServerDiscover => self.discover(revision),
            Method::SubscriptionsListen => {
                let capabilities = &self.greeting.capabilities;
                let tasks = self.tasks.as_deref();
                let listening =
                    self.listeners.listen(cx, params, capabilities, self.max_subscriptions, tasks);
                // Boxed: it is the largest of all, and the one that is made least often.
                Box::pin(listening).await
            }
            Method::ToolsList => list(&self.tools, params, revision),
            Method::PromptsList => list(&self.prompts, params, revision),
            Method::ResourcesList => list(&self.resources, params, revision),
            Method::ResourcesTemplatesList => list(&self.templates, params, revision),
            Method::ToolsCall => self.call_tool(cx, params, revision).await,
            Method::PromptsGet => self.get_prompt(cx, params).await,
            Method::ResourcesRead => self.read_resource(cx, params).await,
            Method::ResourcesSubscribe => self.subscribe(cx.connection(), params),
            Method::ResourcesUnsubscribe => {
                let UriParams { uri } = UriParams::read(params)?;
                self.audience.unwatch(cx.connection(), &uri);
                Ok(RawJson::EMPTY_OBJECT)
            }
            Method::CompletionComplete => self.complete(cx, params, revision).await,
            Method::LoggingSetLevel => {
                let SetLevelParams { level, .. } = decode::params(params)?;
                cx.connection().set_log_level(level);
                Ok(RawJson::EMPTY_OBJECT)
            }
            Method::TasksGet
            | Method::TasksResult
            | Method::TasksList
            | Method::TasksCancel
            | Method::TasksUpdate => match &self.tasks {
                Some(tasks) => Box::pin(tasks.answer(cx, method, params)).await,
                None => Err(ErrorObject::method_not_found(method.as_str())),
            },
            other => match self.methods.get(&other) {
                Some(entry) => entry.call(params, cx, revision).await,
                None => Err(ErrorObject::method_not_found(other.as_str())),
            },
        }
    }

    /// DISC-01, DISC-03.
    fn discover(&self, revision: Revision) -> Reply {
        let InitializeResult { capabilities, instructions, .. } = &self.greeting;
        let versions: Vec<String> = Revision::ALL.iter().map(ToString::to_string).collect();
        let mut result = DiscoverResult::new(versions, capabilities.clone());
        result.instructions.clone_from(instructions);
        encode(result, revision)
    }

    /// Says whose result it is (META-13).
    fn sign(&self, result: &RawJson) -> RawJson {
        with_meta_member(result, Meta::SERVER_INFO, self.signature.as_str())
    }

    async fn call_tool(&self, cx: Context, params: Option<&Params>, revision: Revision) -> Reply {
        let params = NamedParams::read(params)?;
        let arguments = params.arguments();
        if !arguments.starts_with('{') {
            return Err(ErrorObject::invalid_params("`arguments` must be an object"));
        }
        let Some(entry) = self.tools.get(&params.name) else {
            return Err(unknown("tool", &params.name));
        };
        if let Some(tasks) = &self.tasks
            && let Some(slot) = tasks.admit(entry.tool.task_support(), params.task, &cx)?
        {
            // Boxed: few calls are tasks, and all would be as large.
            return Box::pin(self.call_as_task(slot, entry, arguments, cx)).await;
        }
        let round = cx.round.clone();
        let result = entry.call(arguments, cx, revision).await;
        self.close_round(round, revision, result, CallError::into_tool_result)
    }

    /// Calls a tool; the answer may be that it is a task.
    async fn call_as_task(
        &self,
        slot: Arc<Slot>,
        entry: Arc<ToolEntry>,
        arguments: &str,
        mut cx: Context,
    ) -> Reply {
        if slot.is_at_once() {
            slot.start()?;
        }
        cx.task = Some(Arc::clone(&slot));
        let (round, revision) = (cx.round.clone(), cx.revision());
        let work = entry.start(arguments, cx, revision);
        match slot.conduct(work).await {
            Beginning::Task(reply) if revision.era() == Era::Legacy => reply,
            Beginning::Task(reply) => reply.map(|result| self.sign(&result)),
            Beginning::Answer(result) => {
                self.close_round(round, revision, result, CallError::into_tool_result)
            }
        }
    }

    async fn get_prompt(&self, cx: Context, params: Option<&Params>) -> Reply {
        let params = NamedParams::read(params)?;
        let Some(entry) = self.prompts.get(&params.name) else {
            return Err(unknown("prompt", &params.name));
        };
        let (round, revision) = (cx.round.clone(), cx.revision());
        let result = entry.get(params.arguments(), cx).await;
        self.close_round(round, revision, result, fail)
    }

    async fn read_resource(&self, cx: Context, params: Option<&Params>) -> Reply {
        let UriParams { uri } = UriParams::read(params)?;
        let (round, revision) = (cx.round.clone(), cx.revision());
        let result = match self.find_resource(&uri, cx) {
            Some(work) => resumed(work).await,
            None => Err(CallError::resource_not_found(uri)),
        };
        self.close_round(round, revision, result, fail)
    }

    /// Takes up what earlier rounds of a request left, if it may take several (MRTR-02).
    fn open_round(
        &self,
        cx: &mut Context,
        method: &Method,
        params: Option<&Params>,
    ) -> Result<(), ErrorObject> {
        if !takes_rounds(method) || cx.revision().era() == Era::Legacy {
            return Ok(());
        }
        let principal = cx.principal.clone();
        cx.round = Some(Arc::new(Round::read(principal, method.clone(), params, &self.seal)?));
        Ok(())
    }

    /// Answers with the result, or with the questions without which there is none.
    fn close_round<T: ForRevision + Serialize>(
        &self,
        round: Option<Arc<Round>>,
        revision: Revision,
        result: Result<T, CallError>,
        fail: impl FnOnce(CallError, Revision) -> Result<T, ErrorObject>,
    ) -> Reply {
        let error = match result {
            Ok(result) => return self.encode(result, revision),
            Err(error) => error,
        };
        let round = round.filter(|_| error.may_want_input());
        match round.and_then(|round| round.end(&self.seal).transpose()) {
            Some(asks) => self.encode(asks?, revision),
            None => self.encode(fail(error, revision)?, revision),
        }
    }

    /// Writes a result, signed where results are.
    fn encode<T: ForRevision + Serialize>(&self, result: T, revision: Revision) -> Reply {
        if revision.era() == Era::Legacy {
            return encode(result, revision);
        }
        let result = result.for_revision(revision);
        json_with_meta_member(&result, Meta::SERVER_INFO, self.signature.as_str())
            .map_err(|_| no_json())
    }

    fn find_resource(&self, uri: &str, cx: Context) -> Option<Work<ReadResourceResult>> {
        if let Some(entry) = self.resources.get(uri) {
            return Some(entry.read(cx));
        }
        // The handler runs outside: nothing may be locked while it does.
        let (entry, variables) = self.templates.find_map(|entry| {
            let variables = entry.template.captures(uri)?;
            Some((Arc::clone(entry), variables))
        })?;
        Some(entry.read(variables, cx))
    }

    fn subscribe(&self, connection: &Arc<Connection>, params: Option<&Params>) -> Reply {
        let UriParams { uri } = UriParams::read(params)?;
        if uri.len() > MAX_WATCHED_URI {
            return Err(ErrorObject::invalid_params(format!(
                "The URI is longer than {MAX_WATCHED_URI} bytes"
            )));
        }
        let limit = self.max_subscriptions;
        match self.audience.watch(connection, &uri, limit) {
            Ok(()) => Ok(RawJson::EMPTY_OBJECT),
            Err(_) => Err(ErrorObject::new(
                ErrorCode::INVALID_REQUEST,
                format!("Too many subscriptions: a session may have {limit}"),
            )),
        }
    }

    async fn complete(&self, cx: Context, params: Option<&Params>, revision: Revision) -> Reply {
        let params: CompleteParams = decode::params(params)?;
        let subject =
            self.subject(Subject::new(params.reference.clone()), &params.argument.name)?;
        let completer = self.completions.get(&subject);
        let completion = match completer.and_then(|it| it.get(&params.argument.name)) {
            Some(completer) => resumed(completer.run(params.into(), cx)).await,
            None => Ok(Completion::new([])),
        };
        let completion = completion.map_err(|error| error.into_error(revision))?;
        encode(CompleteResult::new(completion), revision)
    }

    /// What an argument belongs to, if there is such an argument (COMP-06). A resource may be
    /// named by a URI of its template's making (COMP-03).
    fn subject(&self, subject: Subject, argument: &str) -> Result<Subject, ErrorObject> {
        let (found, has_argument) = match &subject {
            Subject::Prompt(name) => {
                let Some(entry) = self.prompts.get(name) else {
                    return Err(unknown("prompt", name));
                };
                (subject, entry.has_argument(argument))
            }
            Subject::Template(uri) => {
                let entry = self.templates.get(uri).or_else(|| {
                    self.templates
                        .find_map(|entry| entry.template.captures(uri).map(|_| Arc::clone(entry)))
                });
                let Some(entry) = entry else {
                    return Err(unknown("resource template", uri));
                };
                let template = entry.resource_template.uri_template.clone();
                (Subject::Template(template), entry.template.has_variable(argument))
            }
        };
        if has_argument { Ok(found) } else { Err(unknown("argument", argument)) }
    }
}

/// MRTR-02
const fn takes_rounds(method: &Method) -> bool {
    matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
}

const fn is_list(method: &Method) -> bool {
    matches!(
        method,
        Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
    )
}

fn list<T: Item>(shelf: &Shelf<T>, params: Option<&Params>, revision: Revision) -> Reply {
    let cursor = params.and_then(Params::members).and_then(|it| it.optional(Member::Cursor));
    let cursor = match (params, cursor) {
        (None, _) | (_, Some(None)) => None,
        _ => decode::params::<ListParams>(params)?.cursor,
    };
    shelf.list(cursor.as_ref(), revision)
}

fn encode<T: ForRevision + Serialize>(result: T, revision: Revision) -> Reply {
    RawJson::from_value(&result.for_revision(revision)).map_err(|_| no_json())
}

fn no_json() -> ErrorObject {
    ErrorObject::internal("the result has no JSON form")
}

fn fail<T>(error: CallError, revision: Revision) -> Result<T, ErrorObject> {
    Err(error.into_error(revision))
}

fn unknown(what: &str, name: &str) -> ErrorObject {
    ErrorObject::invalid_params(decode::shorten(format!("Unknown {what}: {name}")))
}
