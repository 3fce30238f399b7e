//! What the head of a request must say.

use http::{Request, StatusCode};
use mcp_core::transport::http::Posted;
use serde_json::json;

use crate::support::{Said, Web, call, full, initialize, ping};

/// SHTTP-07, SHTTP-L02.
#[test]
fn both_kinds_of_answer_must_be_acceptable() {
    let web = Web::new();
    let client = web.join("2025-11-25");
    let post = |accept: &str| {
        let request = Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", accept);
        web.post(client.signed(request), ping(1))
    };
    for bad in ["application/json", "text/event-stream", "text/html"] {
        let Posted::Refused(response) = post(bad) else { panic!("{bad}") };
        let said = Said::from(response);
        assert_eq!((said.status, said.code()), (StatusCode::NOT_ACCEPTABLE, -32600), "{bad}");
    }
    for good in ["*/*", "application/json, text/event-stream;q=0.1", "text/*, application/*"] {
        assert!(matches!(post(good), Posted::Exchange(_)), "{good}");
    }
    let get = Request::get("/mcp").header("host", "localhost").header("accept", "text/html");
    assert_eq!(web.turned_away(client.signed(get)).status, StatusCode::NOT_ACCEPTABLE);
}

#[test]
fn the_body_must_be_json() {
    let web = Web::new();
    let request = Request::post("/mcp").header("host", "localhost");
    let said = web.refused(request.header("content-type", "text/plain"), initialize("2025-11-25"));
    assert_eq!((said.status, said.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, -32600));
    for (garbage, code) in [("{", -32700), ("", -32700), ("7", -32600), ("{}", -32600)] {
        let said = web.refused(Web::posting(), garbage);
        assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, code), "{garbage}");
    }
    let said = web.refused(Web::posting().header("content-length", "99999999"), "");
    assert_eq!(said.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn other_methods_are_405_with_allow() {
    let web = Web::new();
    for method in ["PUT", "HEAD", "OPTIONS", "PATCH"] {
        let request = Request::builder().method(method).uri("/mcp").header("host", "localhost");
        let said = web.turned_away(request);
        assert_eq!(said.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(said.headers["allow"], "GET, POST, DELETE");
    }
}

/// SHTTP-03, SHTTP-04, on every method.
#[test]
fn foreign_origins_and_hosts_are_refused() {
    let web = Web::new();
    for request in [Web::posting(), Web::getting(), Web::deleting()] {
        let said = web.turned_away(request.header("origin", "https://evil.example"));
        assert_eq!(said.status, StatusCode::FORBIDDEN);
    }
    let request = Request::post("/mcp").header("host", "evil.example");
    assert_eq!(web.turned_away(request).status, StatusCode::FORBIDDEN);
}

/// SHTTP-L30..L35, case_72: by version agreed on and header, on every method.
#[test]
fn case_72_the_version_is_the_one_agreed_on() {
    let agreed = ["2025-03-26", "2025-06-18", "2025-11-25"];
    let sent = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "x", ""];
    for version in agreed {
        let web = Web::new();
        let client = web.join(version);
        let signed = |request: http::request::Builder, header: Option<&str>| {
            let request = request.header("mcp-session-id", &client.id);
            header.into_iter().fold(request, |it, header| it.header("mcp-protocol-version", header))
        };
        for header in sent {
            let good = header == version;
            let posted = web.post(signed(Web::posting(), Some(header)), ping(1));
            assert_eq!(matches!(posted, Posted::Exchange(_)), good, "{version} {header}");
            if !good {
                for request in [Web::getting(), Web::deleting()] {
                    let said = web.turned_away(signed(request, Some(header)));
                    assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, -32600));
                }
                let said = web.refused(signed(Web::posting(), Some(header)), ping(1));
                assert_eq!((said.status, said.code()), (StatusCode::BAD_REQUEST, -32600));
                let data = json!({"supported": version, "requested": header});
                assert_eq!(said.body["error"]["data"], data);
            }
        }
        let posted = web.post(signed(Web::posting(), None), ping(1));
        assert!(matches!(posted, Posted::Exchange(_)), "SHTTP-L32, SHTTP-L35");
        let twice = signed(Web::posting(), Some(version)).header("mcp-protocol-version", version);
        assert_eq!(web.refused(twice, ping(1)).status, StatusCode::BAD_REQUEST);
    }
}

/// SHTTP-L34: `initialize` agrees on a version, whatever its head says of those we know.
#[test]
fn initialize_needs_no_version_header() {
    let web = Web::new();
    for header in [None, Some("2025-03-26"), Some("2025-11-25")] {
        let request = header
            .into_iter()
            .fold(Web::posting(), |it, header| it.header("mcp-protocol-version", header));
        let posted = web.post(request, initialize("2025-06-18"));
        assert!(matches!(posted, Posted::Exchange(_)), "{header:?}");
    }
}

/// SHTTP-L29: names of headers have no case; the crate for heads sees to that, and we use it.
#[test]
fn header_names_have_no_case() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let request = Web::posting()
        .header("MCP-Session-Id", &client.id)
        .header("MCP-Protocol-Version", "2025-11-25");
    let Posted::Exchange(mut exchange) = web.post(request, call(1)) else {
        panic!("the session is found");
    };
    client.answer(&web, 1, "x");
    assert_eq!(full(exchange.poll_answer(web.now)).status(), StatusCode::OK);
}

/// case_22, SHTTP-M16: those who come without a session in the modern era find no such methods.
#[test]
fn case_22_modern_clients_find_neither_get_nor_delete() {
    let web = Web::new();
    for request in [Web::getting(), Web::deleting()] {
        let said = web.turned_away(request.header("mcp-protocol-version", "2026-07-28"));
        assert_eq!(said.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(said.headers["allow"], "POST");
    }
}
