//! Requests: what each of them sets off, and how what comes of it is put.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::completion::Subject;
use super::decode::{self, Misfit};
use super::guard::{guarded, resumed};
use super::listen::MAX_WATCHED_URI;
use super::round::Round;
use super::server::Inner;
use super::shelf::{Item, Shelf};
use super::tool::{ToolEntry, misfitting};
use super::{CallError, Context, Work};
use crate::jsonrpc::{
    ErrorCode, ErrorObject, Member, Params, RawJson, Reply, json_with_meta_member, with_member,
    with_meta_member,
};
use crate::lifecycle::{Method, Sender};
use crate::model::{
    CallToolResult, CompleteParams, CompleteResult, Completion, DiscoverResult, ForRevision,
    InitializeResult, ListParams, Meta, ReadResourceResult, SetLevelParams,
};
use crate::revision::{Era, Revision};

/// An answer on its way.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A request whose handler, if it has one, has been called.
pub(super) enum Running<'a> {
    /// There is nothing more to do; in the modern era the result is signed, too.
    Answered(RawJson),
    Tool(Arc<ToolEntry>, Option<Arc<Round>>, Work<CallToolResult>),
    /// A method of the application's own.
    Method(Work<RawJson>),
    /// What is asked for less often, and would make all of this larger.
    Other(Answering<'a>),
}

/// A request that has been begun, or the error that is its answer.
pub(super) type Begun<'a> = Result<Running<'a>, ErrorObject>;

impl Inner {
    /// Calls the handler of a request.
    pub(super) fn begin(
        &self,
        mut cx: Context,
        method: Method,
        params: Option<Params>,
        revision: Revision,
    ) -> Begun<'_> {
        if !self.served.serves(&method, revision, Sender::Client) {
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        if self.greeting.capabilities.logging.is_some() {
            cx = cx.with_logging();
        }
        let given = params.as_ref();
        self.open_round(&mut cx, &method, given)?;
        let reply = match method {
            Method::ToolsCall => return self.begin_tool(cx, given, revision),
            // Kept as they are sent, signed.
            Method::ToolsList => return list(&self.tools, given, revision),
            Method::SubscriptionsListen => {
                return Ok(Running::Other(Box::pin(async move {
                    let capabilities = &self.greeting.capabilities;
                    let (limit, tasks) = (self.max_subscriptions, self.tasks.as_deref());
                    let given = params.as_ref();
                    let reply = self.listeners.listen(cx, given, capabilities, limit, tasks).await;
                    reply.map(|result| self.sign(&result))
                })));
            }
            Method::TasksGet
            | Method::TasksResult
            | Method::TasksList
            | Method::TasksCancel
            | Method::TasksUpdate => {
                let Some(tasks) = &self.tasks else {
                    return Err(ErrorObject::method_not_found(method.as_str()));
                };
                return Ok(Running::Other(Box::pin(async move {
                    let reply = tasks.answer(cx, method, params.as_ref()).await;
                    reply.map(|result| self.put(result, revision))
                })));
            }
            Method::ServerDiscover => self.discover(revision)?,
            Method::LoggingSetLevel => {
                let SetLevelParams { level, .. } = decode::params(given)?;
                cx.connection().set_log_level(level);
                RawJson::EMPTY_OBJECT
            }
            other => {
                if let Some(route) = self.routes.get(&other) {
                    return route(self, cx, given, revision);
                }
                let Some(entry) = self.methods.get(&other) else {
                    return Err(ErrorObject::method_not_found(other.as_str()));
                };
                return Ok(Running::Method(entry.begin(given, cx)?));
            }
        };
        Ok(Running::Answered(self.put(reply, revision)))
    }

    /// Waits for the handler, and puts what comes of it into an answer.
    #[expect(clippy::manual_async_fn, reason = "it is the smaller for it")]
    pub(super) fn finish<'a>(
        &'a self,
        running: Begun<'a>,
        revision: Revision,
    ) -> impl Future<Output = Reply> + Send + 'a {
        async move {
            match running? {
                Running::Answered(result) => Ok(result),
                Running::Tool(entry, round, work) => {
                    let result = guarded(resumed(work)).await?;
                    let result = result.and_then(|result| Ok(entry.keeps_its_word(result)?));
                    self.close_call(round, revision, result)
                }
                Running::Method(work) => {
                    let result = guarded(resumed(work)).await?;
                    let result = result.map_err(|error| error.into_error(revision))?;
                    Ok(match revision.era() {
                        Era::Legacy => result,
                        // JSONRPC-19, JSONRPC-20
                        Era::Modern => {
                            self.sign(&with_member(&result, "resultType", r#""complete""#))
                        }
                    })
                }
                Running::Other(work) => guarded(work).await?,
            }
        }
    }

    /// A result as its revision has it: in the modern era it says whose it is.
    fn put(&self, result: RawJson, revision: Revision) -> RawJson {
        match revision.era() {
            Era::Legacy => result,
            Era::Modern => self.sign(&result),
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
    pub(super) fn sign(&self, result: &RawJson) -> RawJson {
        with_meta_member(result, Meta::SERVER_INFO, &self.signature)
    }

    fn begin_tool(&self, cx: Context, params: Option<&Params>, revision: Revision) -> Begun<'_> {
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
            return slot.begin(self, entry, arguments, cx).map(Running::Other);
        }
        let round = cx.round.clone();
        match entry.begin(arguments, cx) {
            Ok(work) => Ok(Running::Tool(entry, round, work)),
            Err(misfit) => {
                let result = misfitting(&misfit, revision);
                self.close_call(round, revision, result).map(Running::Answered)
            }
        }
    }

    pub(super) fn begin_prompt(
        &self,
        cx: Context,
        params: Option<&Params>,
        revision: Revision,
    ) -> Begun<'_> {
        let params = NamedParams::read(params)?;
        let Some(entry) = self.prompts.get(&params.name) else {
            return Err(unknown("prompt", &params.name));
        };
        let round = cx.round.clone();
        let begun = entry.begin(params.arguments(), cx);
        Ok(Running::Other(Box::pin(async move {
            let result = match begun {
                Ok(work) => resumed(work).await.map(|result| entry.described(result)),
                Err(error) => Err(error.into()),
            };
            self.close_round(round, revision, result, fail)
        })))
    }

    pub(super) fn begin_resource(
        &self,
        cx: Context,
        params: Option<&Params>,
        revision: Revision,
    ) -> Begun<'_> {
        let UriParams { uri } = UriParams::read(params)?;
        let round = cx.round.clone();
        let begun = self.find_resource(&uri, cx).ok_or_else(|| uri.into_owned());
        Ok(Running::Other(Box::pin(async move {
            let result = match begun {
                Ok(work) => resumed(work).await,
                Err(uri) => Err(CallError::resource_not_found(uri)),
            };
            self.close_round(round, revision, result, fail)
        })))
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
        cx.round = Round::read(principal, method, params, &self.seal)?;
        Ok(())
    }

    /// [`close_round`](Self::close_round) of a tool, in one place for all runtimes.
    fn close_call(
        &self,
        round: Option<Arc<Round>>,
        revision: Revision,
        result: Result<CallToolResult, CallError>,
    ) -> Reply {
        self.close_round(round, revision, result, CallError::into_tool_result)
    }

    /// Answers with the result, or with the questions without which there is none.
    pub(super) fn close_round<T: ForRevision + Serialize>(
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
        match round.and_then(|round| round.end(self, revision)) {
            Some(asks) => asks,
            None => self.encode(fail(error, revision)?, revision),
        }
    }

    /// Writes a result, signed where results are.
    pub(super) fn encode<T: ForRevision + Serialize>(
        &self,
        result: T,
        revision: Revision,
    ) -> Reply {
        if revision.era() == Era::Legacy {
            return encode(result, revision);
        }
        let result = result.for_revision(revision);
        json_with_meta_member(&result, Meta::SERVER_INFO, &self.signature).map_err(|_| no_json())
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

    pub(super) fn subscribe(
        &self,
        cx: Context,
        params: Option<&Params>,
        revision: Revision,
    ) -> Begun<'_> {
        let UriParams { uri } = UriParams::read(params)?;
        if uri.len() > MAX_WATCHED_URI {
            return Err(ErrorObject::invalid_params(format!(
                "The URI is longer than {MAX_WATCHED_URI} bytes"
            )));
        }
        let limit = self.max_subscriptions;
        match self.audience.watch(cx.connection(), &uri, limit) {
            Ok(()) => Ok(Running::Answered(self.put(RawJson::EMPTY_OBJECT, revision))),
            Err(_) => Err(ErrorObject::new(
                ErrorCode::INVALID_REQUEST,
                format!("Too many subscriptions: a session may have {limit}"),
            )),
        }
    }

    pub(super) fn unsubscribe(
        &self,
        cx: Context,
        params: Option<&Params>,
        revision: Revision,
    ) -> Begun<'_> {
        let UriParams { uri } = UriParams::read(params)?;
        self.audience.unwatch(cx.connection(), &uri);
        Ok(Running::Answered(self.put(RawJson::EMPTY_OBJECT, revision)))
    }

    pub(super) fn begin_completion(
        &self,
        cx: Context,
        params: Option<&Params>,
        revision: Revision,
    ) -> Begun<'_> {
        let params: CompleteParams = decode::params(params)?;
        let subject =
            self.subject(Subject::new(params.reference.clone()), &params.argument.name)?;
        let completer = self.completions.get(&subject);
        let completer = completer.and_then(|it| it.get(&params.argument.name));
        let work = completer.map(|completer| completer.run(params.into(), cx));
        Ok(Running::Other(Box::pin(async move {
            let completion = match work {
                Some(work) => resumed(work).await.map_err(|error| error.into_error(revision))?,
                None => Completion::new([]),
            };
            Ok(self.put(encode(CompleteResult::new(completion), revision)?, revision))
        })))
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

pub(super) fn list<T: Item>(
    shelf: &Shelf<T>,
    params: Option<&Params>,
    revision: Revision,
) -> Begun<'static> {
    let cursor = params.and_then(Params::members).and_then(|it| it.optional(Member::Cursor));
    let cursor = match (params, cursor) {
        (None, _) | (_, Some(None)) => None,
        _ => decode::params::<ListParams>(params)?.cursor,
    };
    shelf.list(cursor.as_ref(), revision).map(Running::Answered)
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
