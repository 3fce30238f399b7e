//! The endpoint of Streamable HTTP: which era is a message of, and who takes it.

use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::head;
use super::modern::Stateless;
use super::refusal::Refusal;
use super::upload::Posted;
use crate::jsonrpc::{Incoming, Message, RawJson};
use crate::revision::{Era, Revision};
use crate::time::Instant;

/// The header that names a session (`2025-11-25/basic/transports#session-management`).
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The header that names a revision (`2025-11-25/basic/transports#protocol-version-header`).
pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// Takes a message posted to the endpoint.
pub(super) fn accept<A>(
    now: Instant,
    headers: &HeaderMap,
    incoming: Incoming,
    _bytes: usize,
    stateless: &Stateless,
) -> Posted<A> {
    match era_of(headers, &incoming) {
        Era::Modern => stateless.accept(now, headers, incoming),
        Era::Legacy => Posted::Refused(Refusal::UnknownPath.into_response()),
    }
}

/// The era a message belongs to, from itself alone: nothing sticks to a connection or a client.
///
/// The body decides if it names a revision in `_meta`: a client of the modern era may still send
/// the session id it once got (SHTTP-M17). Without that, a revision in the header that is none of
/// ours from before makes it modern, so that its sender hears which ones there are (VER-08); in a
/// session it is a mistake of that session's client (SHTTP-L33).
fn era_of(headers: &HeaderMap, incoming: &Incoming) -> Era {
    let params = match incoming {
        Incoming::Message(Message::Request(request)) => request.params.as_ref(),
        Incoming::Message(Message::Notification(notification)) => notification.params.as_ref(),
        _ => None,
    };
    if params.is_some_and(names_revision) {
        return Era::Modern;
    }
    match head::single(headers, PROTOCOL_VERSION) {
        Ok(None) => Era::Legacy,
        _ if headers.contains_key(SESSION_ID) => Era::Legacy,
        Ok(Some(version)) if is_legacy(version.as_bytes()) => Era::Legacy,
        _ => Era::Modern,
    }
}

fn is_legacy(version: &[u8]) -> bool {
    Revision::LEGACY.iter().any(|revision| revision.as_str().as_bytes() == version)
}

/// Whether `_meta` has the member that marks a message of the modern era, whatever its value.
fn names_revision(params: &RawJson) -> bool {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow, rename = "_meta")]
        meta: Meta<'a>,
    }
    #[derive(Deserialize)]
    struct Meta<'a> {
        #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
        version: &'a RawValue,
    }
    let text = params.as_str();
    // Most have no `_meta`; looking for the letters first spares them a parse. A backslash could
    // spell them with escapes.
    (text.contains("_meta") || text.contains('\\'))
        && serde_json::from_str::<Params<'_>>(text).is_ok_and(|params| {
            let _any = params.meta.version;
            true
        })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::jsonrpc::EnvelopeLimits;

    fn era(headers: &[(&HeaderName, &str)], body: &'static str) -> Era {
        let headers =
            headers.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap())).collect();
        let body = Bytes::from_static(body.as_bytes());
        era_of(&headers, &Incoming::parse(&body, &EnvelopeLimits::default()).unwrap())
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
