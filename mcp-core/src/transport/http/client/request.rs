//! The HTTP requests themselves: which headers each has.

use alloc::string::String;

use bytes::Bytes;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use super::HttpClient;
use super::exchange::{Exchange, Job, Purpose, Thread};
use super::url;
use crate::modern::header::{Subject, encode};
use crate::revision::Revision;
use crate::session::TransmitKind;
use crate::transport::http::mcp::{LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID};
use crate::transport::http::metadata::{METHOD, NAME};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
/// SHTTP-07: the server decides which of them it is.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The user's headers that may be sent: HTTP's own and the protocol's are not theirs to set.
pub(super) fn own_headers(headers: &HeaderMap) -> HeaderMap {
    let reserved = [
        HOST,
        CONNECTION,
        CONTENT_LENGTH,
        TRANSFER_ENCODING,
        TE,
        TRAILER,
        UPGRADE,
        ACCEPT,
        CONTENT_TYPE,
        LAST_EVENT_ID,
    ];
    let mut own = HeaderMap::new();
    for (name, value) in headers {
        if !reserved.contains(name) && !name.as_str().starts_with("mcp-") {
            let mut value = value.clone();
            value.set_sensitive(true);
            own.append(name.clone(), value);
        }
    }
    own
}

impl HttpClient {
    /// Whether the exchange may carry what is meant for the server alone.
    pub(super) fn is_trusted(&self, exchange: &Exchange) -> bool {
        url::same_origin(&exchange.uri, &self.url)
    }

    pub(super) fn build(&self, exchange: &Exchange) -> Request<Bytes> {
        let mut headers =
            if self.is_trusted(exchange) { self.headers.clone() } else { HeaderMap::new() };
        let (method, body) = match &exchange.purpose {
            Purpose::Message(job) => {
                self.put_message(&mut headers, exchange, job);
                (Method::POST, job.body.clone())
            }
            Purpose::Refresh(refresh) => {
                headers.insert(CONTENT_TYPE, JSON);
                headers.insert(ACCEPT, BOTH);
                put_version(&mut headers, refresh.call.revision);
                headers.insert(METHOD, HeaderValue::from_static("tools/list"));
                (Method::POST, refresh.body.clone())
            }
            Purpose::Resume(job) => {
                self.put_stream(&mut headers, exchange, &job.thread);
                if let Some(id) = &job.offered {
                    headers.insert(SESSION_ID, id.clone());
                }
                (Method::GET, Bytes::new())
            }
            Purpose::Listen(thread) | Purpose::Events(thread) => {
                self.put_stream(&mut headers, exchange, thread);
                (Method::GET, Bytes::new())
            }
            Purpose::End(session) => {
                headers.insert(SESSION_ID, session.clone());
                put_version(&mut headers, self.session.revision());
                (Method::DELETE, Bytes::new())
            }
            Purpose::Nothing => (Method::GET, Bytes::new()),
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = exchange.uri.clone();
        *request.headers_mut() = headers;
        request
    }

    fn put_message(&self, headers: &mut HeaderMap, exchange: &Exchange, job: &Job) {
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, BOTH);
        if job.is_modern() {
            put_version(headers, job.revision);
            self.put_routing(headers, job);
        } else if job.kind != TransmitKind::Initialize {
            put_version(headers, job.revision.or_else(|| self.session.revision()));
            self.put_session(headers, exchange);
        }
    }

    /// What intermediaries route by (HDR-03, HDR-04, HDR-12).
    fn put_routing(&self, headers: &mut HeaderMap, job: &Job) {
        let Some(method) = job.method.as_deref() else { return };
        put(headers, METHOD, method);
        let (Some(subject), Some(params)) = (Subject::of(method), &job.params) else { return };
        let Ok(Some(name)) = subject.read(params) else { return };
        put(headers, NAME, &encode(&name));
        if method == "tools/call" {
            for (header, value) in self.tools.headers(&name, params) {
                if let Ok(header) = HeaderName::from_bytes(header.as_bytes()) {
                    put(headers, header, &value);
                }
            }
        }
    }

    fn put_stream(&self, headers: &mut HeaderMap, exchange: &Exchange, thread: &Thread) {
        headers.insert(ACCEPT, EVENTS);
        put_version(headers, self.session.revision());
        self.put_session(headers, exchange);
        if let Some(id) = &thread.last_event_id
            && let Ok(id) = HeaderValue::from_bytes(id.as_bytes())
        {
            headers.insert(LAST_EVENT_ID, id);
        }
    }

    /// The session id, to the origin it came from (SHTTP-L23).
    fn put_session(&self, headers: &mut HeaderMap, exchange: &Exchange) {
        if let Some(id) = &self.session_id
            && url::same_origin(&exchange.uri, &self.endpoint)
        {
            headers.insert(SESSION_ID, id.clone());
        }
    }
}

/// SHTTP-L30, HDR-01: from 2025-06-18 on.
fn put_version(headers: &mut HeaderMap, revision: Option<Revision>) {
    if let Some(revision) = revision.filter(|revision| *revision >= Revision::V2025_06_18) {
        headers.insert(PROTOCOL_VERSION, HeaderValue::from_static(revision.as_str()));
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(String::from(value)) {
        headers.insert(name, value);
    }
}
