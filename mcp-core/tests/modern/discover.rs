//! `server/discover`.

use mcp_core::revision::Revision;
use serde_json::json;

use crate::support::{Web, builder, request};

/// DISC-01, DISC-03, DISC-04, DISC-06; CACHE-01, CACHE-02, CACHE-03.
#[test]
fn disc_03_a_server_says_what_it_offers() {
    let web = Web::of(builder().instructions("Ask."));
    let answer = web.post(&request("seven", "server/discover", &json!({})));
    let result = answer.result();
    assert_eq!(answer.json()["id"], "seven");
    assert_eq!(result["resultType"], "complete");
    let versions = Revision::ALL.map(|revision| json!(revision.as_str()));
    assert_eq!(result["supportedVersions"], json!(versions));
    assert_eq!(result["capabilities"]["tools"], json!({"listChanged": true}));
    assert_eq!(result["instructions"], "Ask.");
    assert!(result["ttlMs"].is_u64());
    assert!(["public", "private"].contains(&result["cacheScope"].as_str().unwrap()));
    let server = json!({"name": "s", "version": "1"});
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"], server);
    assert_eq!(result["serverInfo"], json!(null), "not at the top");
}

/// META-13: every result says whose it is, and nothing else of it changes.
#[test]
fn meta_13_every_result_names_the_server() {
    let web = Web::new();
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", json!({"name": "echo", "arguments": {"say": "hi"}})),
        ("resources/list", json!({})),
    ] {
        let result = web.ask(method, &params).result();
        let name = &result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
        assert_eq!(*name, "s", "{method}: {result}");
        assert_eq!(result["resultType"], "complete", "{method}");
    }
    assert_eq!(web.call("echo", &json!({"say": "hi"})).result()["content"][0]["text"], "hi");
}
