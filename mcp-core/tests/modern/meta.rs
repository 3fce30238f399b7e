//! What every request must say in `_meta`, and what is heard if it does not.

use serde_json::{Value, json};

use crate::support::{Web, builder, headers, meta, request, request_with};

fn without(key: &str) -> Value {
    let mut meta = meta();
    meta.as_object_mut().unwrap().remove(&format!("io.modelcontextprotocol/{key}"));
    meta
}

fn with(key: &str, value: Value) -> Value {
    let mut meta = meta();
    meta[format!("io.modelcontextprotocol/{key}")] = value;
    meta
}

/// META-10, META-19: what is missing is named, with 400, whatever the headers say.
#[test]
fn meta_10_what_must_be_there_is_missed() {
    let web = Web::new();
    let headers = headers(&request(7, "server/discover", &json!({})));
    let bare = |params: Value| json!({"jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": params});
    let mut no_params = bare(json!({}));
    no_params.as_object_mut().unwrap().remove("params");
    for request in [
        no_params,
        bare(json!({})),
        bare(json!({"_meta": null})),
        bare(json!({"_meta": 7})),
        bare(json!({"_meta": {}})),
        bare(json!({"_meta": without("protocolVersion")})),
        bare(json!({"_meta": without("clientCapabilities")})),
        bare(json!({"_meta": with("protocolVersion", json!(7))})),
        bare(json!({"_meta": with("clientCapabilities", Value::Null)})),
        bare(json!({"_meta": with("clientCapabilities", json!("all"))})),
    ] {
        let answer = web.post_with(&headers, &request);
        assert_eq!(answer.failure(), (400, -32602, json!(7)), "{request}");
    }
}

/// META-11, META-12, META-14: a client need not say who it is, and may say it wrongly.
#[test]
fn meta_12_a_client_without_a_name_is_served() {
    let web = Web::new();
    for meta in [without("clientInfo"), with("clientInfo", json!({"name": "only"}))] {
        let answer = web.post(&request_with(1, "server/discover", &json!({}), &meta));
        assert_eq!(answer.result()["resultType"], "complete");
    }
}

/// VER-08, VER-24; SHTTP-M13: an unknown revision, and one that starts with a handshake.
#[test]
fn ver_08_a_revision_nobody_speaks_is_answered_with_those_there_are() {
    let web = Web::new();
    for version in ["2030-01-01", "2025-11-25", "", "DRAFT"] {
        for method in ["server/discover", "tools/list", "no/such"] {
            let meta = with("protocolVersion", json!(version));
            let answer = web.post(&request_with("a", method, &json!({}), &meta));
            assert_eq!(answer.failure(), (400, -32022, json!("a")), "{version} {method}");
            let data = &answer.json()["error"]["data"];
            assert_eq!(data["requested"], version);
            let supported = data["supported"].as_array().unwrap();
            assert_eq!(supported.len(), 5);
            assert!(supported.contains(&json!("2026-07-28")));
        }
    }
}

/// SHTTP-M12; CAP-07: methods of the other era, of other capabilities, and of none.
#[test]
fn shttp_m12_a_method_that_is_not_there_is_404() {
    let web = Web::new();
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "roots/list",
        "tasks/list",
        "prompts/list",
        "no/such",
    ] {
        let params = json!({"uri": "x", "level": "debug", "taskId": "t"});
        let answer = web.post(&request(5, method, &params));
        assert_eq!(answer.failure(), (404, -32601, json!(5)), "{method}");
    }
}

/// T8: each check comes before the next.
#[test]
fn the_checks_come_in_order() {
    let web = Web::of(builder());
    let bad_version = with("protocolVersion", json!("2030-01-01"));
    let mut of_other = headers(&request(1, "tools/list", &json!({})));

    // A member that is missing, in a version and with a method that are not there either.
    let mut missing = bad_version.clone();
    missing.as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
    let answer = web.post_with(&of_other, &request_with(1, "no/such", &json!({}), &missing));
    assert_eq!(answer.failure().1, -32602);
    // Headers that say something else.
    let wrong = request_with(1, "no/such", &json!({}), &bad_version);
    assert_eq!(web.post_with(&of_other, &wrong).failure().1, -32020);
    // The version.
    assert_eq!(web.post(&wrong).failure().1, -32022);
    // The method, before what `_meta` says beyond what it must.
    let level = with("logLevel", json!("loud"));
    assert_eq!(web.post(&request_with(1, "no/such", &json!({}), &level)).failure().1, -32601);
    assert_eq!(web.post(&request_with(1, "tools/list", &json!({}), &level)).failure().1, -32602);
    // The origin comes before everything.
    of_other.insert("origin", "https://evil.example.com".parse().unwrap());
    assert_eq!(web.post_raw(&of_other, "no json").status(), 403);
    of_other.remove("origin");
    assert_eq!(web.post_raw(&of_other, "no json").failure(), (400, -32700, Value::Null));
    assert_eq!(web.post_raw(&of_other, "{}").failure(), (400, -32600, Value::Null));
}

/// STATE-01, STATE-05: nothing is remembered of one request for the next.
#[test]
fn state_01_each_request_stands_for_itself() {
    let web = Web::new();
    web.ask("server/discover", &json!({})).result();
    let answer = web.post_with(
        &headers(&request(1, "tools/list", &json!({}))),
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
    );
    assert_eq!(answer.failure().1, -32602);
    assert_eq!(web.service.sessions(), 0);
}
