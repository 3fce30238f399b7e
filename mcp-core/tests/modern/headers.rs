//! Headers that repeat what the body says.

use http::HeaderMap;
use mcp_core::app::{ConfigError, Context, Server};
use mcp_core::model::{RawObject, Tool};
use serde_json::{Value, json};

use crate::support::{Web, builder, headers, meta, request, request_with};

const SCHEMA: &str = r#"{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "limit":{"type":"integer","x-mcp-header":"Limit"},
    "at":{"type":"object","properties":{"dry":{"type":"boolean","x-mcp-header":"Dry-Run"}}}}}"#;

fn web() -> Web {
    let schema: RawObject = SCHEMA.parse().unwrap();
    let tool = Tool::new("query").with_input_schema(schema);
    Web::of(builder().raw_tool(tool, |args: Value, _: Context| async move { Ok(args.to_string()) }))
}

fn with(mut headers: HeaderMap, changes: &[(&'static str, &str)]) -> HeaderMap {
    for (name, value) in changes {
        headers.insert(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn without(mut headers: HeaderMap, name: &str) -> HeaderMap {
    headers.remove(name);
    headers
}

fn call(arguments: &Value) -> Value {
    request(9, "tools/call", &json!({"name": "query", "arguments": arguments}))
}

/// HDR-01, HDR-03, HDR-04, HDR-06; SHTTP-M15: each is missed, with the request's id.
#[test]
fn hdr_06_a_missing_header_is_refused() {
    let web = web();
    for (request, names) in [
        (call(&json!({})), &["mcp-protocol-version", "mcp-method", "mcp-name"][..]),
        (request(9, "resources/read", &json!({"uri": "a:b"})), &["mcp-name"]),
        (request(9, "tools/list", &json!({})), &["mcp-protocol-version", "mcp-method"]),
    ] {
        for name in names {
            let answer = web.post_with(&without(headers(&request), name), &request);
            assert_eq!(answer.failure(), (400, -32020, json!(9)), "{name}");
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(name), "{message}");
        }
    }
}

/// HDR-02, HDR-07, HDR-09, HDR-37; case_72: the body says something else, if only in its case.
#[test]
fn hdr_07_a_header_that_says_something_else_is_refused() {
    let web = web();
    let call = call(&json!({}));
    for (name, value) in [
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-protocol-version", "2030-01-01"),
        ("mcp-method", "tools/list"),
        ("mcp-method", "TOOLS/CALL"),
        ("mcp-method", ""),
        ("mcp-name", "echo"),
        ("mcp-name", "Query"),
        ("mcp-name", "\"query\""),
    ] {
        let answer = web.post_with(&with(headers(&call), &[(name, value)]), &call);
        assert_eq!(answer.failure(), (400, -32020, json!(9)), "{name}: {value}");
    }
    // Two of a name: which one counts would depend on who reads them.
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let mut twice = headers(&call);
        twice.append(name, twice[name].clone());
        assert_eq!(web.post_with(&twice, &call).failure().1, -32020, "{name}");
    }
}

/// case_72: header by body by session.
#[test]
fn case_72_header_and_body_agree_on_a_version() {
    let web = web();
    let none = "";
    for (header, body, expected) in [
        ("2026-07-28", "2026-07-28", 0),
        ("2026-07-28", none, -32602),
        ("2030-01-01", none, -32602),
        (none, "2026-07-28", -32020),
        ("2025-11-25", "2026-07-28", -32020),
        ("2026-07-28", "2025-11-25", -32020),
        ("2030-01-01", "2030-01-01", -32022),
        ("2025-11-25", "2025-11-25", -32022),
    ] {
        for session in [false, true] {
            if session && body == none {
                // Then it is a matter of that session.
                continue;
            }
            let mut meta = meta();
            let members = meta.as_object_mut().unwrap();
            members.remove("io.modelcontextprotocol/protocolVersion");
            if body != none {
                members.insert("io.modelcontextprotocol/protocolVersion".into(), json!(body));
            }
            let list = request_with(1, "tools/list", &json!({}), &meta);
            let mut headers = without(headers(&list), "mcp-protocol-version");
            if header != none {
                headers.insert("mcp-protocol-version", header.parse().unwrap());
            }
            if session {
                // SHTTP-M17, SHTTP-M18: ignored, and not echoed.
                headers.insert("mcp-session-id", "x".parse().unwrap());
                headers.insert("last-event-id", "7".parse().unwrap());
            }
            let answer = web.post_with(&headers, &list);
            let code = answer.json()["error"]["code"].as_i64().unwrap_or(0);
            assert_eq!(code, expected, "{header} {body} {session}");
            assert_eq!(answer.header("mcp-session-id"), None);
        }
    }
}

/// HDR-08, HDR-10, HDR-27..HDR-30.
#[test]
fn hdr_29_names_are_trimmed_and_decoded() {
    let web = web();
    let call = call(&json!({}));
    for good in ["query", "  query\t", "=?base64?cXVlcnk=?=", " =?base64?cXVlcnk=?= "] {
        let answer = web.post_with(&with(headers(&call), &[("mcp-name", good)]), &call);
        assert_eq!(answer.status(), 200, "{good}");
    }
    for bad in [
        "=?base64?cXVlcnk?=",
        "=?base64?cXVl cnk=?=",
        "=?base64?!!!!?=",
        "=?base64?/////w==?=",
        "=?BASE64?cXVlcnk=?=",
        "=?base64?cXVlcnk=",
        "qu\u{e9}ry",
    ] {
        let answer = web.post_with(&with(headers(&call), &[("mcp-name", bad)]), &call);
        assert_eq!(answer.failure().1, -32020, "{bad}");
    }
    // A name that ASCII cannot say.
    let read_ascii = || request(1, "resources/read", &json!({"uri": "a:e"}));
    let read = request(1, "resources/read", &json!({"uri": "a:\u{e9}"}));
    let encoded = with(without(headers(&read), "mcp-name"), &[("mcp-name", "=?base64?YTrDqQ==?=")]);
    assert_eq!(web.post_with(&encoded, &read).failure().1, -32602, "no such resource");
    let other = with(headers(&read_ascii()), &[("mcp-name", "=?base64?YTrDqQ==?=")]);
    assert_eq!(web.post_with(&other, &read_ascii()).failure().1, -32020);
}

/// case_66: a body that says two things cannot be compared with a header that says one.
#[test]
fn case_66_a_name_that_stands_there_twice_is_refused() {
    let web = web();
    let call = call(&json!({})).to_string();
    let twice = call.replace(r#""name":"query""#, r#""name":"query","name":"echo""#);
    assert_ne!(call, twice);
    let headers = headers(&serde_json::from_str(&call).unwrap());
    assert_eq!(web.post_raw(&headers, twice).failure().1, -32602);
}

/// HDR-12, HDR-21..HDR-24, HDR-31, HDR-34.
#[test]
fn hdr_23_mirrored_arguments_are_compared() {
    let web = web();
    let (region, limit, dry) = ("mcp-param-region", "mcp-param-limit", "mcp-param-dry-run");
    for (arguments, mirrored, good) in [
        (json!({"region": "eu"}), &[(region, "eu")][..], true),
        (json!({"region": "eu"}), &[(region, " eu ")], true),
        (json!({"region": "eu"}), &[(region, "=?base64?ZXU=?=")], true),
        (json!({"region": "\u{e9}"}), &[(region, "=?base64?w6k=?=")], true),
        (json!({"region": ""}), &[(region, "")], true),
        (json!({"region": "eu"}), &[], false),
        (json!({"region": "eu"}), &[(region, "EU")], false),
        (json!({"region": "eu"}), &[(region, "=?base64?ZXU?=")], false),
        (json!({"region": "eu"}), &[(region, "\u{e9}")], false),
        (json!({"region": null}), &[], true),
        (json!({}), &[], true),
        (json!({}), &[(region, "eu")], false),
        (json!({"limit": 42}), &[(limit, "42")], true),
        (json!({"limit": 42}), &[(limit, "42.0")], true),
        (json!({"limit": 42.0}), &[(limit, "42")], true),
        (json!({"limit": 42}), &[(limit, "43")], false),
        (json!({"limit": 42}), &[(limit, "forty-two")], false),
        (json!({"limit": 42}), &[], false),
        (json!({"at": {"dry": true}}), &[(dry, "true")], true),
        (json!({"at": {"dry": false}}), &[(dry, "true")], false),
        (json!({"at": {"dry": true}}), &[(dry, "True")], false),
        (json!({"at": {}}), &[], true),
        // What no tool asks for is let through.
        (json!({}), &[("mcp-param-other", "x")], true),
    ] {
        let call = call(&arguments);
        let answer = web.post_with(&with(headers(&call), mirrored), &call);
        if good {
            assert_eq!(answer.status(), 200, "{arguments} {mirrored:?}");
        } else {
            let failure = answer.failure();
            assert_eq!(failure, (400, -32020, json!(9)), "{arguments} {mirrored:?}");
        }
    }
}

/// HDR-13..HDR-18: a server does not offer a tool that clients would drop.
#[test]
fn hdr_15_a_wrong_annotation_is_found_when_the_server_is_built() {
    let schema = r#"{"type":"object","properties":{"x":{"type":"number","x-mcp-header":"X"}}}"#;
    let tool = Tool::new("t").with_input_schema(schema.parse::<RawObject>().unwrap());
    let built =
        Server::builder("s", "1").raw_tool(tool, |_: Value, _: Context| async { Ok("") }).build();
    assert!(matches!(built, Err(ConfigError::MirroredParam { .. })), "{built:?}");
}

/// SHTTP-M19: nobody says which headers notifications have, so any will do.
#[test]
fn shttp_m19_notifications_are_taken_as_they_are() {
    let web = web();
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": 1}});
    let mut few = headers(&request(1, "tools/list", &json!({})));
    few.remove("mcp-method");
    let answer = web.post_with(&few, &cancel);
    assert_eq!((answer.status(), answer.text().as_str()), (202, ""));
    // A response is neither; nothing was ever asked.
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(web.post_with(&few, &response).failure().0, 400);
    let batch = json!([request(1, "tools/list", &json!({}))]);
    assert_eq!(web.post_with(&few, &batch).failure().1, -32600);
}
