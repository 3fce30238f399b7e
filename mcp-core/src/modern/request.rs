//! Requests and the checks they must pass.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use core::fmt;

use serde::Deserialize;

use crate::id::{ProgressToken, RequestId};
use crate::jsonrpc::{
    ErrorCode, ErrorObject, Found, Member, Members, Params, RawJson, Request, read_json, text_of,
};
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
    pub params: Params,
    /// What to name in progress notifications, if the client wants any.
    pub progress_token: Option<ProgressToken>,
    /// Who sends it.
    pub caller: Caller,
}

/// What a request of the modern era says of its client. It holds for this request alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Caller {
    /// The revision the request is of.
    pub revision: Revision,
    /// What the client can be asked.
    pub capabilities: ClientCapabilities,
    /// The least severe log messages the client wants; none at all if absent (LOG-09).
    pub log_level: Option<Level>,
    /// What the client calls itself, unread: few ask.
    pub(super) info: Option<RawJson>,
}

impl Caller {
    /// The client with its name, which is empty if the client keeps it to itself (META-12), or
    /// says something that is none: nothing may depend on it (META-14), so nothing fails for it
    /// either.
    #[must_use]
    pub fn client(&self) -> Client {
        let info = self.info.as_ref().and_then(|info| info.to().ok());
        let info = info.unwrap_or_else(|| Implementation::new("", ""));
        Client::new(self.revision, self.capabilities.clone(), info)
    }
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
    id: RequestId,
    method: Method,
    /// Outlined.
    params: Params,
    version: Cow<'static, str>,
}

impl Candidate {
    /// Takes a request that names its revision and its client's capabilities.
    ///
    /// # Errors
    /// -32602 when either is missing (META-10).
    pub fn read(request: Request) -> Result<Self, ErrorObject> {
        let Request { id, method, params } = request;
        let params = params.unwrap_or(Params::empty()).outlined().map_err(|it| unreadable(&it))?;
        let meta = params.members().map(Meta::of).transpose()?.flatten().ok_or_else(no_meta)?;
        let version = match meta.version.ok_or_else(|| missing(Key::PROTOCOL_VERSION))? {
            LATEST => Cow::Borrowed(Revision::V2026_07_28.as_str()),
            other => read_json(other)
                .map(Cow::Owned)
                .map_err(|_| malformed(Key::PROTOCOL_VERSION, "must be a string"))?,
        };
        meta.capabilities.ok_or_else(|| missing(Key::CLIENT_CAPABILITIES))?;
        Ok(Self { id, method: Method::from_name(method.as_str()), params, version })
    }

    /// Takes the request if its revision is spoken and its method is one of `methods`.
    ///
    /// # Errors
    /// -32022 for a revision that is not of the modern era (VER-08), -32601 for a method that
    /// the revision does not have or the server does not serve, -32602 for `_meta` that is not
    /// what the revision says.
    pub fn accept(self, methods: &MethodSet) -> Result<ModernRequest, ErrorObject> {
        let revision = self.revision()?;
        if !methods.serves(&self.method, revision, Sender::Client) {
            return Err(ErrorObject::method_not_found(self.method.as_str()));
        }
        let meta = self.params.members().map(Meta::of).transpose()?.flatten();
        let meta = meta.unwrap_or_default();
        let capabilities = match meta.capabilities {
            Some(b"{}") => ClientCapabilities::default(),
            json => read(json, Key::CLIENT_CAPABILITIES)?.unwrap_or_default(),
        };
        let log_level = read(meta.log_level, Key::LOG_LEVEL)?;
        let progress_token = read(meta.progress_token, Key::PROGRESS_TOKEN)?;
        let Self { id, method, params, .. } = self;
        let info = params.member(Member::ClientInfo);
        let caller = Caller { revision, capabilities, log_level, info };
        Ok(ModernRequest { id, method, params, progress_token, caller })
    }

    /// The client's name for the request.
    #[must_use]
    pub const fn id(&self) -> &RequestId {
        &self.id
    }

    /// The method, whether the server has it or not.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The params: an object with a `_meta`.
    #[must_use]
    pub const fn params(&self) -> &Params {
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
        subject_of(&self.method).is_some()
    }

    /// What the request is about: the name of a tool or prompt, the URI of a resource, the id of a
    /// task. Over HTTP a header says the same (HDR-04, HDR-05).
    ///
    /// # Errors
    /// -32602 when it is no text, or stands there twice: the header could match either.
    pub fn subject(&self) -> Result<Option<Cow<'_, str>>, ErrorObject> {
        let subject = subject_of(&self.method);
        let members = self.params.members();
        let why = match subject.zip(members).map(|(subject, it)| it.get(subject)) {
            None | Some(Found::Nothing) => return Ok(None),
            Some(Found::Twice) => {
                format!("duplicate field `{}`", subject.map_or("", Member::as_str))
            }
            Some(Found::Once(b"null")) => return Ok(None),
            Some(Found::Once(json)) => match text_of(json) {
                Ok(subject) => return Ok(Some(subject)),
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
pub fn is_modern(method: &str, params: Option<&Params>) -> bool {
    let only_modern = |method: &Method| {
        method.exists(Revision::V2026_07_28, Sender::Client)
            && !method.exists(Revision::LATEST_LEGACY, Sender::Client)
    };
    let is_marked = |members: Members<'_>| {
        let meta = Meta::of(members).ok().flatten().unwrap_or_default();
        meta.version.is_some() || meta.capabilities.is_some()
    };
    params.is_some_and(|params| params.with_members(is_marked).unwrap_or(false))
        || only_modern(&Method::from_name(method))
}

/// -32022: the revision is none of those the server speaks (VER-08).
pub(crate) fn unsupported(requested: &str, supported: &[Revision]) -> ErrorObject {
    let supported = supported.iter().map(ToString::to_string).collect::<alloc::vec::Vec<_>>();
    let data = UnsupportedVersionData::new(supported, requested);
    ErrorObject::new(ErrorCode::UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version")
        .with_data(RawJson::known(&data))
}

/// The members of `_meta` that make a request one of the modern era, unread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meta<'a> {
    pub(super) version: Option<&'a [u8]>,
    pub(super) capabilities: Option<&'a [u8]>,
    log_level: Option<&'a [u8]>,
    progress_token: Option<&'a [u8]>,
}

/// `"2026-07-28"`, as most write it.
const LATEST: &[u8] = b"\"2026-07-28\"";

/// The member of the params that `Mcp-Name` repeats (HDR-04, HDR-05).
pub(super) const fn subject_of(method: &Method) -> Option<Member> {
    match method {
        Method::ToolsCall | Method::PromptsGet => Some(Member::Name),
        Method::ResourcesRead => Some(Member::Uri),
        Method::TasksGet | Method::TasksUpdate | Method::TasksCancel => Some(Member::TaskId),
        _ => None,
    }
}

impl<'a> Meta<'a> {
    /// The `_meta` of params, if there is one.
    ///
    /// # Errors
    /// -32602 when it, or one of its members, stands there twice.
    pub(super) fn of(members: Members<'a>) -> Result<Option<Self>, ErrorObject> {
        let get = |member: Member| match members.get(member) {
            Found::Nothing | Found::Once(b"null") => Ok(None),
            Found::Once(json) => Ok(Some(json)),
            Found::Twice => Err(unreadable(&format_args!("duplicate field `{}`", member.as_str()))),
        };
        if get(Member::Meta)?.is_none() {
            return Ok(None);
        }
        get(Member::ClientInfo)?;
        Ok(Some(Self {
            version: get(Member::ProtocolVersion)?,
            capabilities: get(Member::ClientCapabilities)?,
            log_level: get(Member::LogLevel)?,
            progress_token: get(Member::ProgressToken)?,
        }))
    }
}

fn no_meta() -> ErrorObject {
    ErrorObject::invalid_params("Missing required member: _meta")
}

fn unreadable(why: &impl fmt::Display) -> ErrorObject {
    ErrorObject::invalid_params(format!("Invalid _meta: {why}"))
}

fn read<'a, T: Deserialize<'a>>(
    json: Option<&'a [u8]>,
    key: &'static str,
) -> Result<Option<T>, ErrorObject> {
    json.map(read_json).transpose().map_err(|error| malformed(key, error))
}

fn missing(key: &'static str) -> ErrorObject {
    ErrorObject::invalid_params(format!("Missing required _meta member: {key}"))
}

fn malformed(key: &'static str, why: impl fmt::Display) -> ErrorObject {
    let why = why.to_string();
    let why: Cow<'_, str> = why.split(" at line ").next().unwrap_or_default().into();
    ErrorObject::invalid_params(format!("Invalid _meta member {key}: {why}"))
}
