//! Duties of the modern era that are about all of it.

use mcp_core::app::{CallError, Context, Handler, Host};
use mcp_core::jsonrpc::ErrorCode;
use mcp_core::model::{RawObject, Tool};
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use crate::support::{Web, builder, meta, request_with};

fn client_that(capabilities: &Value) -> Value {
    let mut meta = meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
    meta
}

/// SHTTP-M21: a question that comes after something else is the last message of its stream.
#[test]
fn shttp_m21_a_question_ends_its_stream() {
    let asks = |_: Value, cx: Context| async move {
        let _ = cx.tell("notifications/acme/found", &json!({}));
        let name: Value = cx.list_roots("r").await.map(|roots| json!(roots.roots.len()))?;
        Ok::<_, CallError>(name.to_string())
    };
    let server = builder().raw_tool(Tool::new("asks"), asks).build().unwrap();
    server.hosted(&Host::new([7; 32], || UnixTime::EPOCH));
    let web = Web::with(server, |_| {});
    let params = json!({"name": "asks", "arguments": {}});
    let asked =
        web.post(&request_with(1, "tools/call", &params, &client_that(&json!({"roots": {}}))));
    assert!(asked.is_over(), "nothing comes after it");
    let events = asked.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[1]["result"]["resultType"], "input_required");
}

/// ELIC-23: that something has to be done at a URL is a question like others, not an error; and
/// nobody is told that it is done.
#[test]
fn elic_23_there_is_no_url_error_and_no_completion() {
    let tells = |_: Value, cx: Context| async move {
        assert!(cx.connection().elicitation_complete("e1").is_err());
        Ok::<_, CallError>("told")
    };
    let web = Web::of(builder().raw_tool(Tool::new("tells"), tells));
    assert_eq!(web.call("tells", &json!({})).result()["content"][0]["text"], "told");
}

/// CACHE-13: the pages of a list are for the same eyes.
#[test]
fn cache_13_all_pages_have_one_scope() {
    let mut builder = builder().page_size(2);
    for number in 0..5 {
        let tool = Tool::new(format!("tool{number}"));
        builder = builder.raw_tool(tool, |_: Value, _: Context| async { Ok("") });
    }
    let web = Web::of(builder);
    let (mut scopes, mut params) = (Vec::new(), json!({}));
    loop {
        let page = web.ask("tools/list", &params).result();
        scopes.push(page["cacheScope"].clone());
        match page.get("nextCursor") {
            Some(cursor) => params = json!({"cursor": cursor}),
            None => break,
        }
    }
    assert_eq!(scopes, [json!("private"), json!("private"), json!("private")]);
}

/// ERR-02, ERR-04: the era's codes are the three it defines, and the ranges it keeps to itself
/// are not touched; -32002, of the handshake, is not its own.
#[test]
fn err_04_the_codes_are_those_there_are() {
    let web = Web::new();
    let mut codes = std::collections::BTreeSet::new();
    let mut unspoken = meta();
    unspoken["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    for answer in [
        web.ask("acme/none", &json!({})),
        web.ask("tools/call", &json!({"name": "none"})),
        web.ask("resources/read", &json!({"uri": "a:b"})),
        web.ask("tools/list", &json!({"cursor": "x"})),
        web.post(&request_with(1, "tools/list", &json!({}), &unspoken)),
        web.post_with(
            &crate::support::headers(&json!({"method": "x"})),
            &request_with(1, "tools/list", &json!({}), &meta()),
        ),
    ] {
        codes.insert(answer.failure().1);
    }
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), [-32602, -32601, -32022, -32020]);
    let kept = [ErrorCode::UNSUPPORTED_PROTOCOL_VERSION.get(), -32021, -32020];
    assert_eq!(kept, [-32022, -32021, -32020]);
}

/// EXT-02, EXT-03: nothing of an extension is there until it is asked for.
#[test]
fn ext_03_extensions_are_off() {
    let web = Web::new();
    let discovered = web.ask("server/discover", &json!({})).result();
    assert_eq!(discovered["capabilities"].get("extensions"), None);
    let meta = client_that(&json!({"extensions": {"com.example/reviews": {}}}));
    let answer = web.post(&request_with(1, "com.example/review", &json!({}), &meta));
    assert_eq!(answer.failure(), (404, -32601, json!(1)));
    let answer = web.post(&request_with(1, "tools/list", &json!({}), &meta));
    assert_eq!(answer.status(), 200, "the core is there all the same");
}

/// EXT-06: what MCP Apps say has a place: the settings, and the `_meta` of a tool.
#[test]
fn ext_06_a_tool_may_have_an_app() {
    let settings: RawObject = r#"{"mimeTypes":["text/html;profile=mcp-app"]}"#.parse().unwrap();
    let tool: Tool = serde_json::from_value(json!({
        "name": "chart",
        "inputSchema": {"type": "object"},
        "_meta": {"ui": {"resourceUri": "ui://chart"}},
    }))
    .unwrap();
    let builder = builder()
        .extension("io.modelcontextprotocol/ui", settings)
        .raw_tool(tool, |_: Value, _: Context| async { Ok("as text") });
    let web = Web::of(builder);
    let discovered = web.ask("server/discover", &json!({})).result();
    let extensions = &discovered["capabilities"]["extensions"];
    let ui = &extensions["io.modelcontextprotocol/ui"];
    assert_eq!(ui["mimeTypes"], json!(["text/html;profile=mcp-app"]));
    let tools = web.ask("tools/list", &json!({})).result();
    let chart = tools["tools"].as_array().unwrap().iter().find(|it| it["name"] == "chart").unwrap();
    assert_eq!(chart["_meta"]["ui"]["resourceUri"], "ui://chart");
}
