use mcp_core::app::{ConfigError, Server};
use mcp_core::lifecycle::Method;
use serde_json::json;

use crate::support::Fixture;

fn server() -> Server {
    Server::builder("s", "1").max_subscriptions(3).build().unwrap()
}

fn uri(uri: &str) -> String {
    json!({ "uri": uri }).to_string()
}

fn subscribe(fixture: &Fixture, to: &str) {
    let result = fixture.call(Method::ResourcesSubscribe, &uri(to)).unwrap();
    assert_eq!(result, json!({}));
}

/// RES-12, RES-13: only who asked is told, and only as long as it wants to be.
#[test]
fn res_13_only_watchers_are_told() {
    let server = server();
    let (a, b) = (Fixture::new(&server), Fixture::new(&server));
    subscribe(&a, "x:1");
    subscribe(&a, "x:1");
    subscribe(&b, "x:2");

    assert_eq!(server.resource_updated("x:1"), 1);
    assert_eq!(server.resource_updated("x:3"), 0);
    let update = ("notifications/resources/updated".to_owned(), json!({"uri": "x:1"}));
    assert_eq!(a.peer.take(), [update]);
    assert!(b.peer.take().is_empty());

    for _ in 0..2 {
        let result = a.call(Method::ResourcesUnsubscribe, &uri("x:1")).unwrap();
        assert_eq!(result, json!({}));
    }
    assert_eq!(server.resource_updated("x:1"), 0);
    assert_eq!(server.resource_updated("x:2"), 1);
}

/// What one client can make the server remember has an end, in number and in size.
#[test]
fn subscriptions_are_bounded() {
    let server = server();
    let fixture = Fixture::new(&server);
    for number in 0..3 {
        subscribe(&fixture, &format!("x:{number}"));
    }
    let error = fixture.call(Method::ResourcesSubscribe, &uri("x:3")).unwrap_err();
    assert_eq!(error.code().get(), -32600);
    assert_eq!(error.message(), "Too many subscriptions: a session may have 3");
    subscribe(&fixture, "x:0");
    fixture.call(Method::ResourcesUnsubscribe, &uri("x:0")).unwrap();
    subscribe(&fixture, "x:3");
    subscribe(&Fixture::new(&server), "x:0");

    let long = uri(&format!("x:{}", "y".repeat(8 << 10)));
    assert_eq!(Fixture::new(&server).code(Method::ResourcesSubscribe, &long), -32602);
    assert_eq!(fixture.code(Method::ResourcesSubscribe, "{}"), -32602);
}

/// case_49: subscriptions end with their connection.
#[test]
fn case_49_subscriptions_leave_nothing() {
    let server = server();
    for number in 0..10_000 {
        let fixture = Fixture::silent(&server);
        subscribe(&fixture, &format!("x:{number}"));
        subscribe(&fixture, "x:shared");
    }
    assert!(server.connections().is_empty());
    assert_eq!(server.resource_updated("x:shared"), 0);
}

#[test]
fn a_full_client_is_not_counted() {
    let server = server();
    let fixture = Fixture::new(&server);
    subscribe(&fixture, "x:1");
    fixture.peer.set_full(true);
    assert_eq!(server.resource_updated("x:1"), 0);
    fixture.peer.set_full(false);
    assert_eq!(server.resource_updated("x:1"), 1);
}

/// CAP-07: who did not offer subscriptions has none.
#[test]
fn cap_07_subscriptions_are_opt_in() -> Result<(), ConfigError> {
    let fixture = Fixture::new(&Server::builder("s", "1").resources().build()?);
    assert_eq!(fixture.code(Method::ResourcesSubscribe, &uri("x:1")), -32601);
    assert_eq!(fixture.code(Method::ResourcesUnsubscribe, &uri("x:1")), -32601);
    Ok(())
}
