//! Requests and the checks they must pass.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::id::{ProgressToken, RequestId};
use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson, Request};
use crate::lifecycle::{Method, MethodSet, Sender};
use crate::model::{
    ClientCapabilities, Implementation, Level, Meta as Key, UnsupportedVersionData,
};
use crate::revision::{Era, Revision};
use crate::session::Client;

/// A request of the modern era that has passed every check that its text alone decides.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModernRequest {
    /// The client's name for it, echoed by its text.
    pub id: RequestId,
    /// What to do: a method the server has.
    pub method: Method,
    /// An object.
    pub params: RawJson,
    /// What to name in progress notifications, if the client wants any.
    pub progress_token: Option<ProgressToken>,
    /// Who sends it.
    pub caller: Caller,
}

/// What a request of the modern era says of its client. It holds for this request alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Caller {
    /// The revision, the capabilities, and the name, which is empty if the client keeps it to
    /// itself (META-12).
    pub client: Client,
    /// The least severe log messages the client wants; none at all if absent (LOG-09).
    pub log_level: Option<Level>,
}

/// A request that has what every request of the modern era must have, and nothing else is known
/// of it yet.
///
/// ```
/// use bytes::Bytes;
/// use mcp_core::jsonrpc::{EnvelopeLimits, Incoming, Message};
/// use mcp_core::lifecycle::{Method, MethodSet};
/// use mcp_core::modern::Candidate;
///
/// let frame = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{
///     "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
///              "io.modelcontextprotocol/clientCapabilities":{}}}}"#);
/// let Incoming::Message(Message::Request(request)) =
///     Incoming::parse(&frame, &EnvelopeLimits::default())? else { unreachable!() };
///
/// let methods: MethodSet = [Method::ToolsList].into_iter().collect();
/// let candidate = Candidate::read(request)?;
/// assert_eq!(candidate.version(), "2026-07-28");
/// let request = candidate.accept(&methods)?;
/// assert_eq!(request.method, Method::ToolsList);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Candidate {
    request: Request,
    params: RawJson,
    version: Cow<'static, str>,
    said: Result<Said, ErrorObject>,
    subject: Named,
}

/// What `_meta` says besides the revision.
#[derive(Clone, Debug)]
struct Said {
    capabilities: ClientCapabilities,
    info: Implementation,
    log_level: Option<Level>,
    progress_token: Option<ProgressToken>,
}

/// The member of the params that says what the request is about.
#[derive(Clone, Debug)]
enum Named {
    Nothing,
    /// Unread.
    Member(RawJson),
    /// It stands there twice.
    Ambiguous(&'static str),
}

impl Candidate {
    /// Takes a request that names its revision and its client's capabilities.
    ///
    /// # Errors
    /// -32602 when either is missing (META-10).
    pub fn read(request: Request) -> Result<Self, ErrorObject> {
        let params = request.params.clone().unwrap_or(RawJson::EMPTY_OBJECT);
        let subject = subject_of(request.method.as_str());
        let Params { meta, named } = Params::read(&params, subject)?;
        let meta = meta.ok_or_else(no_meta)?;
        let version = match meta.version.ok_or_else(|| missing(Key::PROTOCOL_VERSION))?.get() {
            LATEST => Cow::Borrowed(Revision::V2026_07_28.as_str()),
            other => serde_json::from_str(other)
                .map(Cow::Owned)
                .map_err(|_| malformed(Key::PROTOCOL_VERSION, "must be a string"))?,
        };
        meta.capabilities.ok_or_else(|| missing(Key::CLIENT_CAPABILITIES))?;
        let said = Said::read(&meta);
        Ok(Self { request, params, version, said, subject: named })
    }

    /// Takes the request if its revision is spoken and its method is one of `methods`.
    ///
    /// # Errors
    /// -32022 for a revision that is not of the modern era (VER-08), -32601 for a method that
    /// the revision does not have or the server does not serve, -32602 for `_meta` that is not
    /// what the revision says.
    pub fn accept(self, methods: &MethodSet) -> Result<ModernRequest, ErrorObject> {
        let revision = self.revision()?;
        let method = Method::from_name(self.request.method.as_str());
        if !methods.serves(&method, revision, Sender::Client) {
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        let Self { request, params, said, .. } = self;
        let Said { capabilities, info, log_level, progress_token } = said?;
        let client = Client { revision, capabilities, info };
        let caller = Caller { client, log_level };
        Ok(ModernRequest { id: request.id, method, params, progress_token, caller })
    }

    /// The client's name for the request.
    #[must_use]
    pub const fn id(&self) -> &RequestId {
        &self.request.id
    }

    /// The method, whether the server has it or not.
    #[must_use]
    pub fn method(&self) -> &str {
        self.request.method.as_str()
    }

    /// The params: an object with a `_meta`.
    #[must_use]
    pub const fn params(&self) -> &RawJson {
        &self.params
    }

    /// The revision the request names; any text may stand there.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether requests of its method are about something that intermediaries are told as well.
    #[must_use]
    pub fn has_subject(&self) -> bool {
        subject_of(self.method()).is_some()
    }

    /// What the request is about: the name of a tool or prompt, the URI of a resource, the id of a
    /// task. Over HTTP a header says the same (HDR-04, HDR-05).
    ///
    /// # Errors
    /// -32602 when it is no text, or stands there twice: the header could match either.
    pub fn subject(&self) -> Result<Option<String>, ErrorObject> {
        let why = match &self.subject {
            Named::Nothing => return Ok(None),
            Named::Ambiguous(name) => format!("duplicate field `{name}`"),
            Named::Member(json) => match serde_json::from_str(json.as_str()) {
                Ok(subject) => return Ok(subject),
                Err(error) => error.to_string(),
            },
        };
        Err(ErrorObject::invalid_params(format!("Invalid params: {why}")))
    }

    fn revision(&self) -> Result<Revision, ErrorObject> {
        let spoken = |revision: &Revision| revision.era() == Era::Modern;
        self.version
            .parse()
            .ok()
            .filter(spoken)
            .ok_or_else(|| unsupported(&self.version, &Revision::ALL))
    }
}

impl Said {
    fn read(meta: &Meta<'_>) -> Result<Self, ErrorObject> {
        let capabilities = match meta.capabilities.map(RawValue::get) {
            Some("{}") => ClientCapabilities::default(),
            _ => read(meta.capabilities, Key::CLIENT_CAPABILITIES)?.unwrap_or_default(),
        };
        let log_level = read(meta.log_level, Key::LOG_LEVEL)?;
        let progress_token = read(meta.progress_token, Key::PROGRESS_TOKEN)?;
        // Nothing may depend on it (META-14), so nothing fails for it either.
        let info = meta.info.and_then(|info| serde_json::from_str(info.get()).ok());
        let info = info.unwrap_or_else(|| Implementation::new("", ""));
        Ok(Self { capabilities, info, log_level, progress_token })
    }
}

impl ModernRequest {
    /// Takes a request of a transport that has no headers.
    ///
    /// # Errors
    /// See [`Candidate::read`] and [`Candidate::accept`].
    pub fn read(request: Request, methods: &MethodSet) -> Result<Self, ErrorObject> {
        Candidate::read(request)?.accept(methods)
    }
}

/// Whether a message belongs to the modern era, by what it says and nothing else: its `_meta`
/// has a member that only this era requires, or its method is one that only this era has.
#[must_use]
pub fn is_modern(method: &str, params: Option<&RawJson>) -> bool {
    let only_modern = |method: &Method| {
        method.exists(Revision::V2026_07_28, Sender::Client)
            && !method.exists(Revision::LATEST_LEGACY, Sender::Client)
    };
    let marked = params.filter(|params| params.may_name("_meta")).is_some_and(|params| {
        Meta::read(params).is_ok_and(|meta| meta.version.is_some() || meta.capabilities.is_some())
    });
    marked || only_modern(&Method::from_name(method))
}

/// -32022: the revision is none of those the server speaks (VER-08).
pub(crate) fn unsupported(requested: &str, supported: &[Revision]) -> ErrorObject {
    let supported = supported.iter().map(ToString::to_string).collect::<alloc::vec::Vec<_>>();
    let data = UnsupportedVersionData::new(supported, requested);
    ErrorObject::new(ErrorCode::UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version")
        .with_data(RawJson::known(&data))
}

/// The members of `_meta` that make a request one of the modern era, unread.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) version: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub(super) capabilities: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    pub(super) info: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/logLevel")]
    log_level: Option<&'a RawValue>,
    #[serde(borrow, rename = "progressToken")]
    progress_token: Option<&'a RawValue>,
}

/// `"2026-07-28"`, as most write it.
const LATEST: &str = "\"2026-07-28\"";

/// The member of the params that `Mcp-Name` repeats (HDR-04, HDR-05).
pub(super) fn subject_of(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        "tasks/get" | "tasks/update" | "tasks/cancel" => Some("taskId"),
        _ => None,
    }
}

/// What must be known of the params before anybody works on them, read in one pass.
struct Params<'a> {
    meta: Option<Meta<'a>>,
    named: Named,
}

impl<'a> Params<'a> {
    fn read(params: &'a RawJson, subject: Option<&'static str>) -> Result<Self, ErrorObject> {
        let mut text = serde_json::Deserializer::from_str(params.as_str());
        ParamsVisitor { params, subject }
            .deserialize(&mut text)
            .map_err(|error| ErrorObject::invalid_params(format!("Invalid _meta: {error}")))
    }
}

struct ParamsVisitor<'a> {
    params: &'a RawJson,
    /// The member that says what the request is about, if its method has such a thing.
    subject: Option<&'static str>,
}

impl<'a> DeserializeSeed<'a> for ParamsVisitor<'a> {
    type Value = Params<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Params<'a>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ParamsVisitor<'a> {
    type Value = Params<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Params<'a>, A::Error> {
        let (mut meta, mut named) = (None, Named::Nothing);
        while let Some(name) = members.next_key::<Name<'a>>()? {
            match self.subject {
                _ if name.0 == "_meta" => {
                    if meta.replace(members.next_value::<Option<Meta<'a>>>()?).is_some() {
                        return Err(de::Error::duplicate_field("_meta"));
                    }
                }
                Some(subject) if name.0 == subject => {
                    let value = self.params.part(members.next_value()?);
                    named = match named {
                        Named::Nothing => Named::Member(value),
                        _ => Named::Ambiguous(subject),
                    };
                }
                _ => {
                    members.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        Ok(Params { meta: meta.flatten(), named })
    }
}

/// The name of a member.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Meta<'a> {
    pub(super) fn read(params: &'a RawJson) -> Result<Self, ErrorObject> {
        Params::read(params, None)?.meta.ok_or_else(no_meta)
    }
}

fn no_meta() -> ErrorObject {
    ErrorObject::invalid_params("Missing required member: _meta")
}

fn read<'a, T: Deserialize<'a>>(
    json: Option<&'a RawValue>,
    key: &'static str,
) -> Result<Option<T>, ErrorObject> {
    json.map(|json| serde_json::from_str(json.get()))
        .transpose()
        .map_err(|error| malformed(key, error))
}

fn missing(key: &'static str) -> ErrorObject {
    ErrorObject::invalid_params(format!("Missing required _meta member: {key}"))
}

fn malformed(key: &'static str, why: impl fmt::Display) -> ErrorObject {
    let why = why.to_string();
    let why: Cow<'_, str> = why.split(" at line ").next().unwrap_or_default().into();
    ErrorObject::invalid_params(format!("Invalid _meta member {key}: {why}"))
}
