//! What a handler can ask the client for.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::future::Future;
use core::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer;
#[cfg(feature = "schemars")]
use super::answer::Elicited;
use super::ask::Ask;
use super::connection::Connection;
use super::context::Context;
use super::conversation;
use super::decode;
use super::error::{AskError, CallError};
use super::feature::ClientFeature;
use super::resource::has_scheme;
use crate::error::SendError;
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, NotificationMethod, Sender};
use crate::model::{
    ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitFormParams, ElicitParams,
    ElicitResult, ElicitUrlParams, ElicitationCompleteParams, ForRevision, FormSchema,
    InputRequest, ListRootsResult,
};
use crate::revision::{Era, Revision};
use crate::session::Outgoing;

/// How long a question waits for a person, or for a person to let a model answer. They read,
/// think and type.
const FOR_PEOPLE: Duration = Duration::from_secs(10 * 60);

/// Questions to the client, written once for both eras.
///
/// In the legacy era a question is a request to the client, and the handler waits for the answer.
/// In the modern era (2026-07-28) nobody waits: the handler *ends* with
/// [`AskError::InputRequired`], which `?` passes on; the client is told what is asked and repeats
/// its request with the answers, and the handler runs again from its start. Every question finds
/// its answer by its `key` then, those of earlier rounds too, which travel sealed in
/// `requestState`.
///
/// So a handler that asks does its work after its last question, or keeps what it did before in a
/// [`memo`](Self::memo). A key names one question of the handler; the second question with the
/// same key in one run is another question. A question must not depend on anything but the
/// arguments, answers and memos: the answer counts for whatever the question is when the handler
/// runs again.
///
/// Through a task ([`start_task`](Self::start_task)) a handler asks without ending, in both eras:
/// it waits for the answer, and the task is `input_required` meanwhile.
///
/// In the modern era only the handlers of tools, prompts and resources can ask
/// (`2026-07-28/basic/patterns/mrtr#supported-requests`), of a [`Server`](super::Server) whose
/// driver called [`Handler::hosted`](super::Handler::hosted). A handler that fails while a
/// question of it is open is taken to have failed for want of the answer, whatever its error
/// says, unless that is a JSON-RPC error; one that succeeds did not need the answer.
///
/// ```
/// use mcp_core::app::{CallError, Context, Server};
/// use mcp_core::model::{BooleanField, ElicitParams, FormSchema, Tool};
///
/// #[derive(serde::Deserialize)]
/// struct Delete {
///     folder: String,
/// }
///
/// async fn delete(args: Delete, cx: Context) -> Result<String, CallError> {
///     // Counted once: what is asked and what is done then agree.
///     let files = cx.memo("files", || 3)?;
///     let question = format!("Delete {files} files in {}?", args.folder);
///     let form = FormSchema::new().with_required_field("sure", BooleanField::new());
///     let answer = cx.elicit("confirm", ElicitParams::form(question, form)).await?;
///     match answer.value("sure").and_then(|sure| sure.as_bool()) {
///         Some(true) => Ok(format!("{files} files deleted")),
///         _ => Ok("nothing deleted".into()),
///     }
/// }
///
/// let server = Server::builder("files", "1.0").raw_tool(Tool::new("delete"), delete).build()?;
/// # use std::sync::Arc;
/// # use core::{pin::pin, task::{Context as Polling, Poll, Waker}};
/// # use mcp_core::app::{Connection, Handler, Host, Peer, PeerAnswer};
/// # use mcp_core::config::{EarlyRequests, SessionConfig};
/// # use mcp_core::error::SendError;
/// # use mcp_core::id::RequestKey;
/// # use mcp_core::jsonrpc::RawJson;
/// # use mcp_core::lifecycle::Method;
/// # use mcp_core::model::Implementation;
/// # use mcp_core::revision::Revision;
/// # use mcp_core::session::{Client, Lane, Outgoing, ServerEvent, ServerSession};
/// # use mcp_core::time::{Instant, UnixTime};
/// # struct Person;
/// # impl Peer for Person {
/// #     fn notify(&self, it: Outgoing) -> Result<(), SendError<Outgoing>> {
/// #         Err(SendError::Full(it))
/// #     }
/// #     fn request(&self, asked: Outgoing) -> PeerAnswer {
/// #         assert_eq!(asked.method, "elicitation/create");
/// #         let answer = r#"{"action":"accept","content":{"sure":true}}"#;
/// #         Box::pin(async move { Ok(RawJson::parse(answer).unwrap()) })
/// #     }
/// # }
/// # fn key() -> RequestKey {
/// #     let mut config = SessionConfig::new([Method::ToolsCall]);
/// #     config.early_requests = EarlyRequests::Serve;
/// #     let mut session = ServerSession::new(Instant::EPOCH, Arc::new(config));
/// #     let frame = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#;
/// #     session.handle_frame(Instant::EPOCH, Lane::Standing, frame.into()).unwrap();
/// #     loop {
/// #         if let Some(ServerEvent::Request(request)) = session.poll_event() {
/// #             return request.ticket.key();
/// #         }
/// #     }
/// # }
/// # let call = |revision, params: serde_json::Value| {
/// #     let client = r#"{"elicitation":{}}"#.parse::<mcp_core::model::RawObject>().unwrap();
/// #     let info = Implementation::new("client", "1");
/// #     let connection = Connection::new(Person);
/// #     connection.introduce(Arc::new(Client::new(revision, client.decode().unwrap(), info)));
/// #     let cx = Context::new(connection, key(), None);
/// #     let mut work = pin!(server.call(cx, Method::ToolsCall, Some(params.into())));
/// #     loop {
/// #         let mut cx = Polling::from_waker(Waker::noop());
/// #         if let Poll::Ready(reply) = work.as_mut().poll(&mut cx) {
/// #             return reply.unwrap().to::<serde_json::Value>().unwrap();
/// #         }
/// #     }
/// # };
/// server.hosted(&Host::new([7; 32], || UnixTime::EPOCH)); // a driver does that
///
/// // A client of the legacy era is asked while the call waits.
/// let params = serde_json::json!({"name": "delete", "arguments": {"folder": "/tmp"}});
/// let done = call(Revision::V2025_11_25, params.clone());
/// assert_eq!(done["content"][0]["text"], "3 files deleted");
///
/// // One of the modern era is told what to ask, and calls again with the answer.
/// let asked = call(Revision::V2026_07_28, params.clone());
/// let question = &asked["inputRequests"]["confirm"];
/// assert_eq!(question["params"]["message"], "Delete 3 files in /tmp?");
/// let mut again = params;
/// again["inputResponses"]["confirm"] =
///     serde_json::json!({"action": "accept", "content": {"sure": true}});
/// again["requestState"] = asked["requestState"].clone();
/// let done = call(Revision::V2026_07_28, again);
/// assert_eq!(done["content"][0]["text"], "3 files deleted");
/// # Ok::<(), mcp_core::app::ConfigError>(())
/// ```
impl Context {
    /// Asks the client's model.
    ///
    /// `includeContext` is left out for clients that did not declare `sampling.context`, which
    /// is deprecated without (`2025-11-25/client/sampling#capabilities`).
    ///
    /// # Errors
    /// [`AskError`]; the client is not asked if it did not declare `sampling`, or `sampling.tools`
    /// for a question that offers tools, or if a tool call of the conversation has no result.
    pub fn sample(&self, key: &str, params: CreateMessageParams) -> Ask<CreateMessageResult> {
        let mut params = params;
        let has_tools = params.tools.is_some() || params.tool_choice.is_some();
        let needs: &[_] = match has_tools {
            true => &[ClientFeature::Sampling, ClientFeature::SamplingTools],
            false => &[ClientFeature::Sampling],
        };
        let client = self.connection().client();
        let sampling = client.and_then(|client| client.capabilities.sampling.as_ref());
        let takes_context = sampling.is_some_and(|sampling| sampling.context.is_some());
        if self.revision() >= Revision::V2025_11_25 && !takes_context {
            params.include_context = None; // SAMP-06
        }
        match conversation::mistake(&params.messages) {
            Some(mistake) => Ask::known(Err(AskError::Question(mistake))),
            None => self.ask(key, needs, params.into(), Some(FOR_PEOPLE), answer::parse),
        }
    }

    /// Asks the client's user, by a form or by a URL to open.
    ///
    /// An accepted form has been checked against the fields that were asked for, but for the
    /// formats of texts. The user may as well decline or dismiss it. That a URL was accepted means that it was opened, not that
    /// whatever waits behind it is done. In 2025-11-25 it needs an
    /// [`elicitation_id`](crate::model::ElicitUrlParams::elicitation_id) of your choice.
    ///
    /// # Errors
    /// [`AskError`]; the client is not asked if it did not declare the elicitation mode, or if
    /// the form is not flat.
    pub fn elicit(&self, key: &str, params: ElicitParams) -> Ask<ElicitResult> {
        let params = params.for_revision(self.revision());
        let (needs, fields) = match &params {
            ElicitParams::Form(form) => (ClientFeature::FormElicitation, flat(form).map(Some)),
            ElicitParams::Url(url) => {
                let problem = self.mistake_in(url).map_or(Ok(None), Err);
                (ClientFeature::UrlElicitation, problem)
            }
        };
        let fields = match fields {
            Ok(fields) => fields,
            Err(_) if !self.declares(needs) => {
                return Ask::known(Err(AskError::Unsupported(needs)));
            }
            Err(problem) => return Ask::known(Err(AskError::Question(problem))),
        };
        self.ask(key, &[needs], params.into(), Some(FOR_PEOPLE), move |json| {
            let result: ElicitResult = answer::parse(json)?;
            if let Some(fields) = &fields {
                answer::check(fields, &result)?;
            }
            Ok(result)
        })
    }

    /// Asks the client's user by a form whose fields are those of `T`.
    ///
    /// The fields are texts, numbers, booleans, enums without data, and lists of such enums;
    /// each may be an `Option`. Doc comments become descriptions; `schemars` attributes set
    /// titles, lengths, ranges, formats and defaults.
    ///
    /// ```
    /// use mcp_core::app::{CallError, Context};
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Person {
    ///     /// How to call you.
    ///     #[schemars(title = "Your name", length(min = 1))]
    ///     name: String,
    ///     age: Option<u8>,
    ///     colour: Colour,
    /// }
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// enum Colour {
    ///     Red,
    ///     Green,
    /// }
    ///
    /// async fn greet(cx: Context) -> Result<String, CallError> {
    ///     let person = cx.elicit_form::<Person>("person", "Who are you?").await?;
    ///     Ok(match person.accepted() {
    ///         Some(person) => format!("Hello, {}!", person.name),
    ///         None => "Hello, whoever you are!".into(),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// [`AskError`]; [`AskError::Question`] names the field that no form can have.
    #[cfg(feature = "schemars")]
    pub fn elicit_form<T>(&self, key: &str, message: &str) -> Ask<Elicited<T>>
    where
        T: DeserializeOwned + schemars::JsonSchema + 'static,
    {
        let fields = match super::form::of::<T>() {
            Ok(fields) => fields,
            Err(problem) => return Ask::known(Err(AskError::Question(problem))),
        };
        let params = ElicitParams::form(message, fields.clone());
        self.elicit(key, params).then(move |result| answer::read(&fields, result))
    }

    /// Asks the client which folders the server may work in.
    ///
    /// # Errors
    /// [`AskError`]; the client is not asked if it did not declare `roots`.
    pub fn list_roots(&self, key: &str) -> Ask<ListRootsResult> {
        let request = InputRequest::ListRoots(None);
        self.ask(key, &[ClientFeature::Roots], request, None, answer::parse)
    }

    /// Keeps a value for the rounds to come, so that work is not repeated and what was asked
    /// about is what is done.
    ///
    /// `make` runs in the first round that comes here; later rounds get the same value, and so
    /// does every other call with the key. A value that cannot be read as a `T` any more is made
    /// anew. In the legacy era there is one round, and `make` simply runs.
    ///
    /// The client can read the value, though not alter it: no secrets. It may also go back to an
    /// earlier round and take another turn: what must happen only once has to be remembered by
    /// the server, for which a random value kept here is a good name.
    ///
    /// # Errors
    /// The value has no JSON form.
    pub fn memo<T>(&self, key: &str, make: impl FnOnce() -> T) -> Result<T, CallError>
    where
        T: Serialize + DeserializeOwned,
    {
        match self.recall(key) {
            Some(value) => Ok(value),
            None => self.remember(key, make()),
        }
    }

    /// Keeps a value that takes time to make; see [`memo`](Self::memo).
    ///
    /// # Errors
    /// Those of `make`, which are not kept; the value has no JSON form.
    pub async fn memo_async<T, Fut>(
        &self,
        key: &str,
        make: impl FnOnce() -> Fut,
    ) -> Result<T, CallError>
    where
        T: Serialize + DeserializeOwned,
        Fut: Future<Output = Result<T, CallError>>,
    {
        match self.recall(key) {
            Some(value) => Ok(value),
            None => self.remember(key, make().await?),
        }
    }

    /// Whether the client can be asked this, here: for questions that are only worth asking if
    /// it can.
    #[must_use]
    pub fn supports(&self, feature: ClientFeature) -> bool {
        let can_ask = self.revision().era() == Era::Legacy || self.round.is_some();
        can_ask && self.declares(feature)
    }

    /// ELIC-11, ELIC-12.
    fn mistake_in(&self, url: &ElicitUrlParams) -> Option<String> {
        let wants_id = self.revision() == Revision::V2025_11_25;
        if !has_scheme(&url.url) {
            Some("a URL starts with its scheme".into())
        } else if wants_id && url.elicitation_id.as_deref().is_none_or(str::is_empty) {
            Some("a URL needs an `elicitation_id` in 2025-11-25".into())
        } else {
            None
        }
    }

    fn declares(&self, feature: ClientFeature) -> bool {
        let client = self.connection().client();
        client.is_some_and(|client| feature.is_in(&client.capabilities, client.revision))
    }

    fn recall<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.round.as_ref()?.memo(key)?.to().ok()
    }

    fn remember<T: Serialize>(&self, key: &str, value: T) -> Result<T, CallError> {
        if let Some(round) = &self.round {
            round.set_memo(key, RawJson::from_value(&value)?);
        }
        Ok(value)
    }

    fn ask<T>(
        &self,
        key: &str,
        needs: &[ClientFeature],
        question: InputRequest,
        timeout: Option<Duration>,
        read: impl FnOnce(&RawJson) -> Result<T, AskError> + Send + 'static,
    ) -> Ask<T> {
        let undeclared = needs.iter().find(|feature| !self.declares(**feature));
        if let Some(feature) = undeclared {
            return Ask::known(Err(AskError::Unsupported(*feature)));
        }
        let question = question.for_revision(self.revision());
        if self.revision().era() == Era::Modern {
            return match self.live_task() {
                Some(task) => Ask::sent(task.ask(key, question), read),
                None => Ask::known(self.look_up(key, question, read)),
            };
        }
        let params = match &question {
            InputRequest::Elicit(params) => RawJson::from_value(params).map(Some),
            InputRequest::CreateMessage(params) => RawJson::from_value(params).map(Some),
            InputRequest::ListRoots(_) => Ok(None),
        };
        let params = match params {
            Ok(params) => params,
            Err(error) => return Ask::known(Err(AskError::Question(error.to_string()))),
        };
        let mut request = Outgoing::new(question.method(), params).about(self.request());
        request.timeout = self.timeout.or(timeout);
        if let Some(task) = self.live_task() {
            return Ask::sent(task.request(request), read);
        }
        Ask::request(Arc::clone(self.connection()), request, read)
    }

    /// The answer to a question, if there is one; else the question goes out at the end of the
    /// round.
    fn look_up<T>(
        &self,
        key: &str,
        question: InputRequest,
        read: impl FnOnce(&RawJson) -> Result<T, AskError>,
    ) -> Result<T, AskError> {
        let Some(round) = &self.round else {
            return Err(AskError::Unavailable("here"));
        };
        let name = round.name(key);
        let Some(json) = round.answer(&name) else {
            round.ask(name, question);
            return Err(AskError::InputRequired);
        };
        let answer = read(&json).map_err(|error| error.about(&name))?;
        round.keep(name, json);
        Ok(answer)
    }
}

/// ELIC-06: a form is flat.
fn flat(form: &ElicitFormParams) -> Result<FormSchema, String> {
    form.fields().map_err(|error| error.to_string())
}

impl AskError {
    /// Says which of several answers it is about.
    pub(super) fn about(self, key: &str) -> Self {
        match self {
            Self::Answer(why) => {
                Self::Answer(decode::shorten(alloc::format!("`inputResponses.{key}`: {why}")))
            }
            other => other,
        }
    }
}

impl ClientFeature {
    /// Whether a client that declared these capabilities has it in this revision.
    fn is_in(self, client: &ClientCapabilities, revision: Revision) -> bool {
        let has_modes = revision >= Revision::V2025_11_25;
        let declared = match self {
            Self::Sampling => client.sampling.is_some(),
            Self::SamplingTools => has_modes && client.samples_with_tools(),
            Self::FormElicitation => client.elicits_forms(),
            Self::UrlElicitation => has_modes && client.elicits_urls(),
            Self::Roots => client.roots.is_some(),
        };
        // There are no requests of servers in the modern era, but all these questions.
        declared
            && (revision.era() == Era::Modern || self.method().exists(revision, Sender::Server))
    }

    const fn method(self) -> Method {
        match self {
            Self::Sampling | Self::SamplingTools => Method::SamplingCreateMessage,
            Self::FormElicitation | Self::UrlElicitation => Method::ElicitationCreate,
            Self::Roots => Method::RootsList,
        }
    }
}

impl Connection {
    /// Tells the client that what it was asked to do at a URL is done: `elicitation_id` is the one
    /// of that question. Nobody but the client that was asked is told (ELIC-18).
    ///
    /// # Errors
    /// [`SendError`] hands it back: [`Ended`](SendError::Ended) if the revision has no such
    /// notification, which is only in 2025-11-25.
    pub fn elicitation_complete(&self, elicitation_id: &str) -> Result<(), SendError<Outgoing>> {
        let method = NotificationMethod::ElicitationComplete;
        let params = RawJson::known(&ElicitationCompleteParams::new(elicitation_id));
        if !method.exists(self.revision(), Sender::Server) {
            let item = Outgoing::new(method.as_str().to_owned(), Some(params));
            return Err(SendError::Ended(item));
        }
        self.notify(&method, Some(params))
    }
}
