//! What a token allows once it is in.

use mcp_core::transport::http::{Admission, Posted};
use mcp_core::transport::sse::Decoder;
use serde_json::json;

use crate::support::{NOW, Web, call, in_session, token};

const BASIC: &str = "mcp:basic";

/// HDR-36; AUTH-RS02, AUTH-RS03, AUTH-RS10: the body says which tool, so it is read before and worked on
/// after.
#[test]
fn a_tool_may_need_more() {
    let web = Web::protected();
    let (id, slot) = web.join("2025-11-25", &token("ada", BASIC));
    let said = web.refused(in_session("/mcp", &id), token("ada", BASIC), call(1, "delete"));
    assert_eq!(said.status, 403);
    let challenge = said.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"mcp:basic mcp:write\""), "{challenge}");
    assert!(challenge.contains("resource_metadata="), "{challenge}");
    assert_eq!(said.json()["id"], 1);
    assert!(slot.lock().poll_event().is_none(), "nobody was asked to delete anything");

    for (scopes, tool) in
        [(BASIC, "read"), ("mcp:basic mcp:write", "delete"), ("mcp:admin", "delete")]
    {
        let posted = web.post(in_session("/mcp", &id), token("ada", scopes), call(2, tool));
        let Posted::Exchange(exchange) = posted else { panic!("{scopes} {tool}: {posted:?}") };
        assert!(slot.lock().poll_event().is_some());
        let ended = slot.lock().poll_event();
        assert!(ended.is_none());
        drop(exchange);
        let cancelled =
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#;
        web.post(in_session("/mcp", &id), token("ada", scopes), cancelled);
        while slot.lock().poll_event().is_some() {}
    }
}

/// AUTH-RS12: a batch is served if all of it may be, and all that is missing is named at once.
#[test]
fn a_batch_needs_what_all_of_it_needs() {
    let web = Web::protected();
    let (id, slot) = web.join("2025-03-26", &token("ada", BASIC));
    let batch = format!("[{},{},{}]", call(1, "read"), call(2, "delete"), call(3, "spend"));
    let said = web.refused(in_session("/mcp", &id), token("ada", BASIC), batch.clone());
    assert_eq!(said.status, 403);
    let challenge = said.header("www-authenticate");
    assert!(challenge.contains("scope=\"mcp:basic mcp:money mcp:write\""), "{challenge}");
    assert!(slot.lock().poll_event().is_none());
    let posted = web.post(in_session("/mcp", &id), token("ada", "mcp:admin"), batch);
    assert!(matches!(posted, Posted::Exchange(_)), "{posted:?}");
}

/// AUTH-RS02, AUTH-RS03: the same in the modern era, where the request is all there is.
#[test]
fn the_modern_era_needs_the_same() {
    let web = Web::protected();
    let body = |tool: &str| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"name": tool, "arguments": {}, "_meta": meta});
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string()
    };
    let posting = |tool: &str| {
        Web::posting("/mcp")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
    };
    let said = web.refused(posting("delete"), token("ada", BASIC), body("delete"));
    assert_eq!((said.status.as_u16(), &said.json()["id"]), (403, &json!(7)));
    let posted = web.post(posting("read"), token("ada", BASIC), body("read"));
    let Posted::Modern(call) = posted else { panic!("{posted:?}") };
    assert_eq!(call.principal, Some(token("ada", "").principal));
}

/// AUTH-RS02: and over HTTP+SSE, where the POST hears it.
#[test]
fn http_sse_needs_the_same() {
    let web = Web::protected();
    let opening = http::Request::get("/sse").header("host", "localhost");
    let Admission::Open(mut stream) = web.verified(opening, Ok(token("ada", BASIC))) else {
        panic!("not opened");
    };
    let mut decoder = Decoder::new();
    decoder.handle_bytes(stream.poll_data(NOW).unwrap());
    let endpoint = decoder.poll_event().unwrap().unwrap();
    let uri = core::str::from_utf8(endpoint.data()).unwrap();
    let said = web.refused(Web::posting(uri), token("ada", BASIC), call(1, "delete"));
    assert_eq!(said.status, 403);
    let posted = web.post(Web::posting(uri), token("ada", BASIC), call(1, "read"));
    assert!(matches!(posted, Posted::Session(response, _) if response.status() == 202));
}

/// A name that can be read in two ways is not looked up in one of them.
#[test]
fn a_call_that_does_not_read_is_refused() {
    let web = Web::protected();
    let (id, slot) = web.join("2025-11-25", &token("ada", BASIC));
    for params in [r#"{"name":"read","name":"delete"}"#, r#"{"name":["delete"]}"#, "[]"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        let said = web.refused(in_session("/mcp", &id), token("ada", BASIC), body);
        assert_eq!(said.status, 400, "{params}");
        assert!(slot.lock().poll_event().is_none());
    }
}
