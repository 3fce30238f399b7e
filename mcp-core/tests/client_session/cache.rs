//! Results that are fresh for a while.

use mcp_core::session::Outgoing;
use serde_json::{Value, json};

use crate::support::{Client, Saw, answered, call, notification, raw, refusal, result, secs};

fn tools(ttl: &Value) -> Value {
    json!({"tools": [], "ttlMs": ttl, "cacheScope": "private"})
}

fn read(uri: &str) -> Outgoing {
    Outgoing::new("resources/read", Some(raw(&format!(r#"{{"uri":"{uri}"}}"#))))
}

fn page(cursor: &str) -> Outgoing {
    Outgoing::new("tools/list", Some(raw(&format!(r#"{{"cursor":"{cursor}"}}"#))))
}

/// Asks, and answers if it has to.
fn fetch(client: &mut Client, item: Outgoing, answer: &Value) -> bool {
    let handle = client.request(item);
    let sent = client.sent();
    let fetched = !sent.is_empty();
    if let [out] = &sent[..] {
        client.hear(&result(out.id(), answer));
    }
    assert!(matches!(client.saw()[..], [Saw::Response(it, Ok(_))] if it == handle));
    fetched
}

/// CACHE-05, CACHE-08: while it is fresh, for the same method and parameters alone.
#[test]
fn cache_05_a_fresh_result_serves_the_same_request() {
    let mut client = Client::modern();
    let answer = tools(&json!(10_000));
    assert!(fetch(&mut client, page("a"), &answer));
    assert!(!fetch(&mut client, page("a"), &answer));
    assert!(fetch(&mut client, page("b"), &answer));
    assert!(fetch(&mut client, Outgoing::new("prompts/list", page("a").params), &answer));
    assert!(fetch(&mut client, page("a").uncached(), &answer), "on demand");
    client.wait(secs(9));
    assert!(!fetch(&mut client, page("a"), &answer));
    client.wait(secs(1));
    assert!(fetch(&mut client, page("a"), &answer), "stale at that moment");
    // As it came.
    let handle = client.request(page("a"));
    assert_eq!(client.saw(), [answered(handle, &answer.to_string())]);
    assert_eq!(client.session.counters().cache_hits, 3);
}

/// CACHE-07: what is not cached at all.
#[test]
fn cache_07_without_time_to_live_nothing_is_kept() {
    for ttl in [json!(0), json!(-5), json!(null), json!("9"), json!(1.5)] {
        let mut client = Client::modern();
        assert!(fetch(&mut client, page("a"), &tools(&ttl)));
        assert!(fetch(&mut client, page("a"), &tools(&ttl)), "{ttl}");
        assert_eq!(client.session.cached_results(), 0);
    }
    let mut client = Client::modern();
    for _ in 0..2 {
        assert!(fetch(&mut client, call(), &tools(&json!(1000))), "calls act");
    }
    let mut legacy = Client::legacy();
    for _ in 0..2 {
        assert!(fetch(&mut legacy, page("a"), &tools(&json!(1000))));
    }
}

/// CACHE-06: rounds are not kept.
#[test]
fn cache_06_rounds_are_not_kept() {
    let answer = json!({"contents": [], "ttlMs": 10_000});
    let mut client = Client::modern();
    for _ in 0..2 {
        let handle = client.request(read("a:b"));
        let out = client.sent_one();
        client
            .hear(&result(out.id(), &json!({"resultType": "input_required", "requestState": "s"})));
        let again = client.sent_one();
        client.hear(&result(again.id(), &answer));
        assert!(matches!(client.saw()[..], [Saw::Response(it, Ok(_))] if it == handle));
    }
    let own = raw(r#"{"uri":"a:b","requestState":"s"}"#);
    for _ in 0..2 {
        assert!(fetch(&mut client, Outgoing::new("resources/read", Some(own.clone())), &answer));
    }
}

/// CACHE-12: changes make results stale at once, also those on their way.
#[test]
fn cache_12_changes_make_results_stale() {
    let answer = json!({"contents": [], "tools": [], "ttlMs": 10_000});
    let mut client = Client::modern();
    for item in [page("a"), read("a:a"), read("b:b")] {
        fetch(&mut client, item, &answer);
    }
    client.hear(&notification("notifications/tools/list_changed", &json!({})));
    client.hear(&notification("notifications/resources/updated", &json!({"uri": "a:a"})));
    client.saw();
    assert!(fetch(&mut client, page("a"), &answer));
    assert!(fetch(&mut client, read("a:a"), &answer));
    assert!(!fetch(&mut client, read("b:b"), &answer));

    client.request(page("z"));
    let out = client.sent_one();
    client.hear(&notification("notifications/tools/list_changed", &json!({})));
    client.hear(&result(out.id(), &answer));
    client.saw();
    assert!(fetch(&mut client, page("z"), &answer), "it may have been older than the change");
}

/// CACHE-11, CACHE-16: what is not said to be public goes with the authorization.
#[test]
fn cache_11_private_results_go_with_the_authorization() {
    let mut client = Client::modern();
    let answer = |scope: Value| json!({"tools": [], "ttlMs": 10_000, "cacheScope": scope});
    fetch(&mut client, page("public"), &answer(json!("public")));
    fetch(&mut client, page("private"), &answer(json!("private")));
    fetch(&mut client, page("none"), &answer(json!(null)));
    client.session.forget_private_results(client.now);
    assert!(!fetch(&mut client, page("public"), &json!({})));
    assert!(fetch(&mut client, page("private"), &json!({})));
    assert!(fetch(&mut client, page("none"), &json!({})));
}

/// CACHE-14: a cursor that does not work any more takes all pages along.
#[test]
fn cache_14_a_bad_cursor_drops_all_pages() {
    let mut client = Client::modern();
    fetch(&mut client, Outgoing::new("tools/list", None), &tools(&json!(60_000)));
    client.request(page("old"));
    let out = client.sent_one();
    client.hear(&refusal(out.id(), -32602, &json!(null)));
    client.saw();
    assert!(fetch(&mut client, Outgoing::new("tools/list", None), &json!({})));
}

#[test]
fn what_is_kept_is_bounded() {
    let mut client = Client::modern_with(|config| {
        config.limits.cached_results = 3;
        config.limits.cached_bytes = 2000;
    });
    for number in 0..50 {
        fetch(&mut client, page(&number.to_string()), &tools(&json!(10_000 + number)));
        assert!(client.session.cached_results() <= 3 && client.session.cached_bytes() <= 2000);
    }
    assert!(!fetch(&mut client, page("49"), &json!({})), "what is fresh the longest stays");
    let large = json!({"tools": ["x".repeat(3000)], "ttlMs": 10_000});
    fetch(&mut client, page("large"), &large);
    assert!(fetch(&mut client, page("large"), &json!({})));
    client.session.close(client.now);
    assert_eq!((client.session.cached_results(), client.session.cached_bytes()), (0, 0));
}
