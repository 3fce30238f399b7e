//! What browsers ask before they let a page call a server, and read its answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CACHE_CONTROL,
    CONTENT_TYPE, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::mcp::{LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID};
use super::metadata;

/// Cross-origin resource sharing: what pages may send, and may read of the answers.
///
/// Which pages that are is what [`Origins`](super::Origins) say. The answer names the one origin
/// that asked and never `*`, and cookies are not asked for: a page shows who it calls for with a
/// token (`2025-11-25/basic/transports#security-warning`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cors {
    /// Headers that pages may send besides those the protocol has, for whatever stands in front
    /// of this server. Default none.
    pub request_headers: Vec<HeaderName>,
    /// Headers that pages may read besides those the protocol has. Default none.
    pub response_headers: Vec<HeaderName>,
    /// How long a browser may go without asking again. Default 10 min: a change of the
    /// configuration is seen soon, and a call rarely costs two round trips. Browsers have caps of
    /// their own, 2 h at the most.
    pub max_age: Duration,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            max_age: Duration::from_secs(10 * 60),
        }
    }
}

/// What a client sends (`2026-07-28/basic/transports/streamable-http`).
const REQUEST: [HeaderName; 9] = [
    ACCEPT,
    AUTHORIZATION,
    CACHE_CONTROL,
    CONTENT_TYPE,
    LAST_EVENT_ID,
    metadata::METHOD,
    metadata::NAME,
    PROTOCOL_VERSION,
    SESSION_ID,
];

/// What a client needs to read that pages do not see by themselves (`case_73`).
const RESPONSE: &str = "mcp-session-id, mcp-protocol-version, www-authenticate, retry-after, allow";

/// The beginning of the names of mirrored arguments (HDR-15).
const PARAM: &str = "mcp-param-";

impl Cors {
    /// Whether a browser asks before it sends the request of a page.
    pub(super) fn is_preflight(head: &Parts) -> bool {
        head.method == Method::OPTIONS
            && head.headers.contains_key(ORIGIN)
            && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The answer to a browser that asks, from a page that may call. It names the headers that
    /// were asked for and are known: a wildcard would not cover `Authorization`.
    pub(super) fn preflight(&self, head: &Parts, methods: &'static str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        let allowed = self.allowed(&head.headers);
        if let Some(allowed) = HeaderValue::try_from(allowed).ok().filter(|it| !it.is_empty()) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(self.max_age.as_secs()));
        for name in [ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS] {
            headers.append(VARY, HeaderValue::from(name));
        }
        response
    }

    /// Lets the page that may call read the answer.
    pub(super) fn share(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE));
        for name in &self.response_headers {
            headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from(name.clone()));
        }
    }

    fn allowed(&self, headers: &HeaderMap) -> String {
        let asked = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
        let names = asked
            .filter_map(|names| names.to_str().ok())
            .flat_map(|names| names.split(','))
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
            .filter(|name| self.takes(name));
        let mut allowed = String::new();
        for name in names {
            if !allowed.is_empty() {
                allowed.push_str(", ");
            }
            allowed.push_str(name.as_str());
        }
        allowed
    }

    fn takes(&self, name: &HeaderName) -> bool {
        REQUEST.contains(name)
            || self.request_headers.contains(name)
            || name.as_str().starts_with(PARAM)
    }
}

/// Says that the answer would be another one for another page, so that no cache mixes them up.
pub(super) fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from(ORIGIN));
}
