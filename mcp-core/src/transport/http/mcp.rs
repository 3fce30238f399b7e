//! The endpoint of Streamable HTTP: which era is a message of, and who takes it.

use alloc::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Response, StatusCode};
use serde::Serialize;

use super::admit::Grant;
use super::head::{Claims, Field, Fields, Several, Version};
use super::refusal::{Refusal, accepted, failure};
use super::server::{Admission, Shared};
use super::sessions::Slot;
use super::streams::{STANDING, Streams, lane};
use super::upload::{Posted, deliver};
use super::{EventId, Exchange, McpStream};
use crate::id::RequestId;
use crate::jsonrpc::{
    EnvelopeError, ErrorCode, ErrorObject, Found, Incoming, Member, Members, Message, Params,
    RawJson, Request,
};
use crate::lifecycle::Phase;
use crate::revision::{Era, Revision};
use crate::session::{EarlyRefusal, Lane, ServerSession};
use crate::time::Instant;

/// The header that names a session (`2025-11-25/basic/transports#session-management`).
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The header that names a revision (`2025-11-25/basic/transports#protocol-version-header`).
pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The header that names the last event a client has seen.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Takes a message posted to the endpoint.
pub(super) fn accept<A: Default>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    (claims, grant): (&Claims, &Grant),
    incoming: Incoming,
    bytes: usize,
) -> Posted<A> {
    match era_of(claims, &incoming) {
        Era::Modern => shared.modern.accept(now, (claims, grant), incoming),
        Era::Legacy => {
            let request = request_of(&incoming).map(|request| request.id.clone());
            accept_legacy(now, shared, (claims, grant), incoming, bytes)
                .unwrap_or_else(|fault| Posted::Refused(fault.into_response(request.as_ref())))
        }
    }
}

fn accept_legacy<A: Default>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    (claims, grant): (&Claims, &Grant),
    incoming: Incoming,
    bytes: usize,
) -> Result<Posted<A>, Fault> {
    let request = request_of(&incoming);
    let initializes = request.is_some_and(|request| request.method == *"initialize");
    let request = request.map(|request| request.id.clone());
    let Some(slot) = session_of(shared, claims, grant)? else {
        return match incoming {
            incoming if initializes => initialize(now, shared, (incoming, grant), request, bytes),
            Incoming::Batch(_) => Err(Fault::malformed(EnvelopeError::batch_not_allowed())),
            Incoming::Message(_) => Err(Fault::not_initialized(shared.session.not_initialized)),
        };
    };
    let mut session = slot.lock();
    if !initializes {
        check_version(claims, session.revision())?;
    }
    let Some(streams) = session.streams() else {
        return Err(Fault::gone());
    };
    streams.confirm_by(None);
    if let Incoming::Message(Message::Notification(_) | Message::Response(_)) = incoming {
        // Nothing will be said to it, on any lane.
        let delivered = deliver(now, &mut session, Lane::Standing, incoming, bytes);
        drop(session);
        let response = delivered.map_or_else(Refusal::into_response, |()| accepted());
        return Ok(Posted::Session(response, slot));
    }
    let (stream, reader) = streams.open_exchange();
    if let Err(refusal) = deliver(now, &mut session, lane(stream), incoming, bytes) {
        if let Some(streams) = session.streams() {
            streams.close_exchange(stream);
        }
        drop(session);
        return Ok(Posted::Session(refusal.into_response_to(request.as_ref()), slot));
    }
    if session.is_answered(lane(stream)) && !session.has_transmit_on(lane(stream)) {
        if let Some(streams) = session.streams() {
            streams.close_exchange(stream);
        }
        drop(session);
        return Ok(Posted::Session(accepted(), slot));
    }
    drop(session);
    let exchange = Exchange::new(now, Arc::clone(shared), slot, (stream, reader), request, None);
    Ok(Posted::Exchange(exchange))
}

/// Begins a session that nobody knows of until its `initialize` has been answered with a result.
fn initialize<A: Default>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    (incoming, grant): (Incoming, &Grant),
    request: Option<RequestId>,
    bytes: usize,
) -> Result<Posted<A>, Fault> {
    let place = shared.reserve(now).map_err(Fault::Refusal)?;
    let id = shared.ids.generate();
    let mut session = ServerSession::new(now, Arc::clone(&shared.session));
    session.set_standing_read(now, false);
    let mut streams = Streams::new(id, &shared.config.events, &shared.schedule);
    let (stream, reader) = streams.open_exchange();
    deliver(now, &mut session, lane(stream), incoming, bytes).map_err(Fault::Refusal)?;
    let slot = Slot::with_streams(id, session, streams, A::default());
    let slot = Arc::new(slot.owned_by(grant.principal().cloned()));
    let exchange =
        Exchange::new(now, Arc::clone(shared), slot, (stream, reader), request, Some(place));
    Ok(Posted::Exchange(exchange))
}

/// `GET`: a stream of what the server has to say, or the rest of one that was cut.
pub(super) fn listen<A>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    fields: &Fields<'_>,
    grant: &Grant,
) -> Admission<A> {
    try_listen(now, shared, fields, grant)
        .unwrap_or_else(|fault| Admission::Reject(fault.into_response(None)))
}

fn try_listen<A>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    fields: &Fields<'_>,
    grant: &Grant,
) -> Result<Admission<A>, Fault> {
    let slot = known_session(now, shared, fields, grant)?;
    if !fields.accepts("text/event-stream") {
        return Err(Fault::Refusal(Refusal::NotAcceptable));
    }
    let last = fields.last_event_id.single().map_err(|Several| Fault::bad_event())?;
    // An empty id is what clients send that have seen none.
    let last = last.filter(|last| !last.is_empty());
    let mut session = slot.lock();
    session.tick(now);
    let Some(last) = last else {
        let reader = session.take_over(now, STANDING).ok_or_else(Fault::gone)?;
        drop(session);
        let stream = McpStream::begin(now, slot, (STANDING, reader), &shared.config);
        return Ok(Admission::Listen(stream));
    };
    let last = last.to_str().ok().and_then(EventId::parse).ok_or_else(Fault::bad_event)?;
    let missed = session.streams().and_then(|streams| streams.after(last));
    let missed = missed.ok_or_else(Fault::bad_event)?;
    let reader = session.take_over(now, last.stream);
    drop(session);
    let stream = McpStream::resume(now, slot, (last.stream, reader), &shared.config, missed);
    Ok(Admission::Listen(stream))
}

/// `DELETE`: the client is done with its session.
pub(super) fn delete<A>(
    now: Instant,
    shared: &Arc<Shared<A>>,
    fields: &Fields<'_>,
    grant: &Grant,
) -> Admission<A> {
    match known_session(now, shared, fields, grant) {
        Ok(slot) => {
            slot.lock().close(now);
            if let Some(id) = slot.session_id() {
                shared.sessions.remove(id);
            }
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Admission::Ended(response, slot)
        }
        Err(fault) => Admission::Reject(fault.into_response(None)),
    }
}

/// What the client hears whose session is over.
pub(super) fn gone(request: Option<&RequestId>) -> Response<Bytes> {
    Fault::gone().into_response(request)
}

/// The session of a `GET` or `DELETE`, which is in use.
fn known_session<A>(
    now: Instant,
    shared: &Shared<A>,
    fields: &Fields<'_>,
    grant: &Grant,
) -> Result<Arc<Slot<A>>, Fault> {
    let claims = &Claims::of(fields);
    let Some(slot) = session_of(shared, claims, grant)? else {
        let modern = matches!(&claims.version, Field::Once(version) if !version.is_legacy());
        // The modern era has neither method (SHTTP-M16, case_22).
        return Err(if modern {
            Fault::Refusal(Refusal::MethodNotAllowed("POST"))
        } else {
            Fault::not_initialized(shared.session.not_initialized)
        });
    };
    let mut session = slot.lock();
    session.tick(now);
    if session.is_closed() {
        return Err(Fault::gone());
    }
    check_version(claims, session.revision())?;
    if let Some(streams) = session.streams() {
        streams.confirm_by(None);
    }
    drop(session);
    Ok(slot)
}

/// The session a request names; `None` if it names none.
fn session_of<A>(
    shared: &Shared<A>,
    claims: &Claims,
    grant: &Grant,
) -> Result<Option<Arc<Slot<A>>>, Fault> {
    let id = match claims.session {
        Field::Once(id) => id,
        Field::Absent => return Ok(None),
        Field::Several => None,
    };
    let slot = id.and_then(|id| shared.sessions.get(id));
    // A session of HTTP+SSE has one stream, and that is not here.
    let slot = slot.filter(|slot| grant.reaches(slot) && slot.session_id().is_some());
    slot.map(Some).ok_or_else(Fault::gone)
}

/// SHTTP-L31..L33: a client that says which revision it speaks says the one agreed on.
fn check_version(claims: &Claims, agreed: Option<Revision>) -> Result<(), Fault> {
    let version = match &claims.version {
        Field::Absent => return Ok(()),
        Field::Once(Version::Known(version)) if Some(*version) == agreed => return Ok(()),
        Field::Once(Version::Known(version)) => Some(version.as_str()),
        Field::Once(Version::Other(version)) => version.to_str().ok(),
        Field::Several => None,
    };
    Err(Fault::version(version.unwrap_or_default(), agreed))
}

/// The id to echo when the message is refused.
pub(super) fn id_of(incoming: &Incoming) -> Option<&RequestId> {
    request_of(incoming).map(|request| &request.id)
}

/// The one request of a message that is no batch.
const fn request_of(incoming: &Incoming) -> Option<&Request> {
    match incoming {
        Incoming::Message(Message::Request(request)) => Some(request),
        _ => None,
    }
}

/// Why a request to the endpoint is refused.
enum Fault {
    Refusal(Refusal),
    Error(StatusCode, ErrorObject),
}

impl Fault {
    fn gone() -> Self {
        Self::Refusal(Refusal::UnknownSession)
    }

    fn malformed(error: EnvelopeError) -> Self {
        Self::Refusal(Refusal::Malformed(error))
    }

    fn not_initialized(code: ErrorCode) -> Self {
        let message = "Server not initialized: POST initialize without Mcp-Session-Id, then send \
                       the session id from its response with every request";
        let error = ErrorObject::new(code, message);
        Self::Error(StatusCode::BAD_REQUEST, with_data(error, &NotInitialized::NEW))
    }

    fn version(requested: &str, agreed: Option<Revision>) -> Self {
        #[derive(Serialize)]
        struct Data<'a> {
            supported: Option<&'static str>,
            requested: &'a str,
        }
        let message = "Bad Request: MCP-Protocol-Version must be the version agreed on";
        let error = ErrorObject::new(ErrorCode::INVALID_REQUEST, message);
        let data = Data { supported: agreed.map(Revision::as_str), requested };
        Self::Error(StatusCode::BAD_REQUEST, with_data(error, &data))
    }

    fn bad_event() -> Self {
        #[derive(Serialize)]
        struct Data {
            reason: &'static str,
        }
        let message = "Bad Request: Last-Event-ID names no event of this session from which its \
                       stream can go on; open a stream without it";
        let error = ErrorObject::new(ErrorCode::INVALID_REQUEST, message);
        let error = with_data(error, &Data { reason: "unknown_event_id" });
        Self::Error(StatusCode::BAD_REQUEST, error)
    }

    fn into_response(self, request: Option<&RequestId>) -> Response<Bytes> {
        match self {
            Self::Refusal(refusal) => refusal.into_response_to(request),
            Self::Error(status, error) => failure(status, request, &error),
        }
    }
}

/// `data` of the refusal of a request that came without a session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotInitialized {
    reason: &'static str,
    expected: &'static str,
    state: &'static str,
    retryable: bool,
}

impl NotInitialized {
    const NEW: Self = Self {
        reason: EarlyRefusal::NotInitialized.as_str(),
        expected: "initialize",
        state: Phase::New.as_str(),
        retryable: true,
    };
}

fn with_data(error: ErrorObject, data: &impl Serialize) -> ErrorObject {
    match RawJson::from_value(data) {
        Ok(data) => error.with_data(data),
        Err(_) => error,
    }
}

/// The era a message belongs to, from itself alone: nothing sticks to a connection or a client.
///
/// The body decides if it names a revision in `_meta`: a client of the modern era may still send
/// the session id it once got (SHTTP-M17). Without that, a revision in the header that is none of
/// ours from before makes it modern, so that its sender hears which ones there are (VER-08); in a
/// session it is a mistake of that session's client (SHTTP-L33).
fn era_of(claims: &Claims, incoming: &Incoming) -> Era {
    // Headers first: looking at them costs less than a look into the body.
    let by_headers = match (&claims.version, &claims.session) {
        (Field::Once(version), Field::Absent) if !version.is_legacy() => Era::Modern,
        (Field::Several, Field::Absent) => Era::Modern,
        _ => Era::Legacy,
    };
    let params = match incoming {
        Incoming::Message(Message::Request(request)) => request.params.as_ref(),
        Incoming::Message(Message::Notification(notification)) => notification.params.as_ref(),
        _ => None,
    };
    match by_headers {
        Era::Legacy if params.is_some_and(names_revision) => Era::Modern,
        era => era,
    }
}

/// Whether `_meta` has the member that marks a message of the modern era, whatever its value.
fn names_revision(params: &Params) -> bool {
    let names = |members: Members<'_>| {
        let has = |member| matches!(members.get(member), Found::Once(_));
        has(Member::Meta) && has(Member::ProtocolVersion)
    };
    params.with_members(names).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::jsonrpc::EnvelopeLimits;

    fn era(headers: &[(&HeaderName, &str)], body: &'static str) -> Era {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap())).collect();
        let body = Bytes::from_static(body.as_bytes());
        let claims = Claims::of(&Fields::of(&headers));
        era_of(&claims, &Incoming::parse(&body, &EnvelopeLimits::default()).unwrap())
    }

    /// case_72: header and body, in every combination that decides.
    #[test]
    fn the_era_is_decided_by_message() {
        let plain = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let marked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let broken = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}}"#;
        let other = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":1}}}"#;
        let (version, session) = (&PROTOCOL_VERSION, &SESSION_ID);
        for body in [marked, broken] {
            assert_eq!(era(&[], body), Era::Modern);
            assert_eq!(era(&[(version, "2025-06-18")], body), Era::Modern);
            assert_eq!(era(&[(session, "x")], body), Era::Modern, "SHTTP-M17");
        }
        for body in [plain, other, "[1]"] {
            assert_eq!(era(&[], body), Era::Legacy);
            assert_eq!(era(&[(version, "2025-06-18")], body), Era::Legacy);
            assert_eq!(era(&[(version, "2026-07-28")], body), Era::Modern);
            assert_eq!(era(&[(version, "1999-01-01")], body), Era::Modern);
            assert_eq!(era(&[(version, "2026-07-28"), (session, "x")], body), Era::Legacy);
            let twice = [(version, "2025-06-18"), (version, "2025-06-18")];
            assert_eq!(era(&twice, body), Era::Modern);
        }
    }
}
