//! What browsers let pages do.

use http::request::Builder;
use http::{HeaderMap, Request};
use mcp_core::transport::http::{Cors, Origins};

use crate::support::{Said, Web};

const APP: &str = "https://app.example.com";

fn web() -> Web {
    let Web(protected) = Web::protected();
    let config = protected.config().clone();
    Web::with(|it| {
        *it = config;
        it.origins = Origins::default().allow(APP);
    })
}

fn preflight(path: &str, origin: &str, method: &str, headers: &str) -> Builder {
    Request::options(path)
        .header("host", "localhost")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
}

fn shared(web: &Web, request: Builder) -> HeaderMap {
    let (head, ()) = request.body(()).unwrap().into_parts();
    let mut headers = HeaderMap::new();
    web.0.add_cors_headers(&head, &mut headers);
    headers
}

/// case_73: a page that may call can send every header the protocol has, and needs no token for
/// its browser to ask.
#[test]
fn case_73_a_preflight_is_answered() {
    let asked = "authorization,content-type, Mcp-Protocol-Version,mcp-session-id,last-event-id,\
                 mcp-method,mcp-name,mcp-param-region,x-evil";
    for (path, methods) in [
        ("/mcp", "GET, POST, DELETE"),
        ("/sse", "GET"),
        ("/messages", "POST"),
        ("/.well-known/oauth-protected-resource/mcp", "GET, HEAD"),
    ] {
        let said = web().rejected(preflight(path, APP, "POST", asked));
        assert_eq!(said.status, 204, "{path}");
        assert_eq!(said.header("access-control-allow-methods"), methods);
        assert_eq!(
            said.header("access-control-allow-headers"),
            "authorization, content-type, mcp-protocol-version, mcp-session-id, last-event-id, \
             mcp-method, mcp-name, mcp-param-region"
        );
        assert_eq!(said.header("access-control-max-age"), "600");
        assert!(said.body.is_empty());
    }
    assert_eq!(web().rejected(preflight("/else", APP, "POST", "")).status, 404);
}

/// case_73, SHTTP-03: a page that may not call hears nothing that its browser would let it read.
#[test]
fn case_73_other_pages_are_refused() {
    let web = web();
    for origin in ["https://evil.example.com", "null", "*"] {
        let said: Said = web.rejected(preflight("/mcp", origin, "POST", "content-type"));
        assert_eq!(said.status, 403, "{origin}");
        let headers = shared(&web, preflight("/mcp", origin, "POST", ""));
        assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
        assert_eq!(headers["vary"], "origin");
    }
}

/// case_73: the real answers carry it as well, refusals among them.
#[test]
fn case_73_a_page_reads_what_the_protocol_needs() {
    let web = web();
    for origin in [APP, "http://localhost:6274"] {
        let headers = shared(&web, Web::posting("/mcp").header("origin", origin));
        assert_eq!(headers["access-control-allow-origin"], origin, "never `*`");
        let exposed = headers["access-control-expose-headers"].to_str().unwrap();
        for name in ["mcp-session-id", "www-authenticate", "mcp-protocol-version", "retry-after"] {
            assert!(exposed.contains(name), "{name}");
        }
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    let headers = shared(&web, Web::posting("/mcp"));
    assert!(!headers.contains_key("access-control-allow-origin"), "no page asks");
}

/// Even where any page may call, the one that asks is named.
#[test]
fn any_origin_is_echoed() {
    let web = Web::with(|config| config.origins = Origins::any());
    let headers = shared(&web, Web::posting("/mcp").header("origin", "https://x.example"));
    assert_eq!(headers["access-control-allow-origin"], "https://x.example");
}

/// Whoever mounts the server behind a layer of its own turns ours off, or adds to it.
#[test]
fn cors_is_configured() {
    let off = Web::with(|config| config.cors = None);
    let origin = "http://localhost:1";
    assert!(shared(&off, Web::posting("/mcp").header("origin", origin)).is_empty());
    assert_eq!(off.rejected(preflight("/mcp", origin, "POST", "")).status, 405);

    let more = Web::with(|config| {
        let mut cors = Cors::default();
        cors.request_headers.push("x-key".parse().unwrap());
        cors.response_headers.push("x-request-id".parse().unwrap());
        config.cors = Some(cors);
    });
    let said = more.rejected(preflight("/mcp", origin, "POST", "x-key, x-other"));
    assert_eq!(said.header("access-control-allow-headers"), "x-key");
    let headers = shared(&more, Web::posting("/mcp").header("origin", origin));
    let exposed: Vec<_> = headers.get_all("access-control-expose-headers").iter().collect();
    assert_eq!(exposed[1], "x-request-id");
}
