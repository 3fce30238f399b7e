//! Batches: legal in 2025-03-26 alone.

use mcp_core::transport::http::Posted;
use serde_json::json;

use crate::support::{Reader, Said, Web, call, full, initialize, ping, stream};

fn batch(members: &[String]) -> String {
    format!("[{}]", members.join(","))
}

/// JSONRPC-14: the answers come as an array, in the order they were ready.
#[test]
fn a_batch_is_answered_with_an_array() {
    let web = Web::new();
    let mut client = web.join("2025-03-26");
    let mut exchange = client.ask(&web, batch(&[call(1), ping(2), call(3)]));
    client.answer(&web, 3, "c");
    assert!(exchange.poll_answer(web.now).is_none(), "one is missing");
    client.answer(&web, 1, "a");
    let said = Said::from(full(exchange.poll_answer(web.now)));
    let ids: Vec<_> = said.body.as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(2), &json!(3), &json!(1)]);
}

/// An array of one is an array.
#[test]
fn a_batch_of_one_is_answered_with_an_array() {
    let web = Web::new();
    let mut client = web.join("2025-03-26");
    let mut exchange = client.ask(&web, batch(&[ping(1)]));
    let said = Said::from(full(exchange.poll_answer(web.now)));
    assert_eq!(said.body, json!([{"jsonrpc":"2.0","id":1,"result":{}}]));
}

#[test]
fn a_batch_can_be_answered_with_events() {
    let web = Web::new();
    let mut client = web.join("2025-03-26");
    let mut exchange = client.ask(&web, batch(&[call(1), ping(2), call(3)]));
    client.log(&web, 3, "half");
    let mut reader = Reader::new(stream(exchange.poll_answer(web.now)));
    client.answer(&web, 3, "c");
    assert_eq!(reader.read(web.now), ["2=", "half", "3=c"]);
    assert!(!reader.stream.is_ended(), "SHTTP-20");
    client.answer(&web, 1, "a");
    assert_eq!(reader.read(web.now), ["1=a"]);
    assert!(reader.stream.is_ended());
}

/// case_68, JSONRPC-16: members that are refused, and those that want no answer.
#[test]
fn case_68_mixed_batches() {
    let web = Web::new();
    let mut client = web.join("2025-03-26");
    let told = r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#.to_owned();
    client.tell(&web, batch(&[told.clone(), told.clone()]));
    let mut exchange =
        client.ask(&web, batch(&[told, "7".into(), initialize("2025-03-26"), ping(2)]));
    let said = Said::from(full(exchange.poll_answer(web.now)));
    let codes: Vec<_> =
        said.body.as_array().unwrap().iter().map(|it| it["error"]["code"].as_i64()).collect();
    assert_eq!(codes, [Some(-32600), Some(-32600), None]);
    let said = web.refused(client.signed(Web::posting()), "[]");
    assert_eq!((said.status.as_u16(), said.code()), (400, -32600));
}

/// JSONRPC-17.
#[test]
fn other_revisions_refuse_batches() {
    let web = Web::new();
    for version in ["2025-06-18", "2025-11-25"] {
        let client = web.join(version);
        let said = web.refused(client.signed(Web::posting()), batch(&[ping(1)]));
        assert_eq!((said.status.as_u16(), said.code()), (400, -32600), "{version}");
    }
    let said = web.refused(Web::posting(), batch(&[initialize("2025-03-26")]));
    assert_eq!((said.status.as_u16(), said.code()), (400, -32600), "before there is a session");
    assert!(matches!(web.post(Web::posting(), initialize("2025-03-26")), Posted::Exchange(_)));
}
