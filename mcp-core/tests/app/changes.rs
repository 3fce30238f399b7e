use mcp_core::app::{Changes, ConfigError, Context, Server};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Prompt, Resource, ResourceTemplate, Tool};
use serde_json::{Value, json};

use crate::support::Fixture;

fn server() -> Server {
    Server::builder("s", "1")
        .raw_tool(Tool::new("old"), |_: Value, _: Context| async { Ok("old") })
        .resources()
        .prompts()
        .build()
        .unwrap()
}

fn add(name: &str) -> Changes {
    let name = name.to_owned();
    Changes::new().raw_tool(Tool::new(name.clone()), move |_: Value, _: Context| {
        let name = name.clone();
        async move { Ok(name) }
    })
}

/// TOOL-05, RES-16, PROMPT-04: every client hears of every list that changed, once.
#[test]
fn tool_05_every_client_is_told_once() {
    let server = server();
    let clients = [Fixture::new(&server), Fixture::new(&server)];
    let changes = add("a")
        .remove_tool("old")
        .resource(Resource::new("a:a", "a"), |_, _| async { Ok("") })
        .resource_template(ResourceTemplate::new("a:{x}", "a"), |_, _| async { Ok("") })
        .prompt(Prompt::new("p"), |(): (), _: Context| async { Ok("") });
    server.apply(changes).unwrap();
    for client in &clients {
        let told: Vec<String> = client.peer.take().into_iter().map(|(method, _)| method).collect();
        assert_eq!(
            told,
            [
                "notifications/tools/list_changed",
                "notifications/resources/list_changed",
                "notifications/prompts/list_changed",
            ]
        );
    }
    assert!(clients[0].tool("old", "{}").is_err());
    assert!(clients[0].tool("a", "{}").is_ok());
    assert!(clients[0].call(Method::ResourcesRead, r#"{"uri":"a:b"}"#).is_ok());
}

/// RES-16: families of resources have no notification of their own.
#[test]
fn res_16_a_template_changes_the_resources() {
    let server = server();
    let client = Fixture::new(&server);
    let template = ResourceTemplate::new("a:{x}", "a");
    server.apply(Changes::new().resource_template(template, |_, _| async { Ok("") })).unwrap();
    server.apply(Changes::new().remove_resource_template("a:{x}")).unwrap();
    let told = ("notifications/resources/list_changed".to_owned(), Value::Null);
    assert_eq!(client.peer.take(), [told.clone(), told]);
}

#[test]
fn nothing_changed_is_nothing_told() {
    let server = server();
    let client = Fixture::new(&server);
    server.apply(Changes::new()).unwrap();
    server.apply(Changes::new().remove_tool("x").remove_prompt("x")).unwrap();
    assert!(client.peer.take().is_empty());
}

/// The place in the list, and with it the meaning of cursors, stays.
#[test]
fn a_replacement_takes_the_place_of_what_it_replaces() {
    let server = server();
    server.apply(add("b")).unwrap();
    server.apply(add("old")).unwrap();
    let client = Fixture::new(&server);
    let list = client.call(Method::ToolsList, "").unwrap();
    assert_eq!(list["tools"][0]["name"], "old");
    assert_eq!(client.tool("old", "{}").unwrap()["content"][0]["text"], "old");
}

#[test]
fn a_mistake_changes_nothing() {
    let server = server();
    let client = Fixture::new(&server);
    let mistake =
        add("good").raw_tool(Tool::new("bad name"), |_: Value, _: Context| async { Ok(()) });
    assert_eq!(server.apply(mistake), Err(ConfigError::ToolName("bad name".into())));
    let twice = add("twice").raw_tool(Tool::new("twice"), |_: Value, _: Context| async { Ok(()) });
    assert!(matches!(server.apply(twice), Err(ConfigError::Duplicate { .. })));
    let list = client.call(Method::ToolsList, "").unwrap();
    assert_eq!(list["tools"].as_array().unwrap().len(), 1);
    assert!(client.peer.take().is_empty());
}

/// CAP-07: what clients were told at the start holds.
#[test]
fn cap_07_a_capability_cannot_come_later() {
    let server = Server::builder("s", "1").prompts().build().unwrap();
    assert_eq!(server.apply(add("a")), Err(ConfigError::NotOffered("tools")));
}

/// A client that cannot be told does not keep the others from being told.
#[test]
fn a_slow_client_misses_a_notification() {
    let server = server();
    let (slow, quick) = (Fixture::new(&server), Fixture::new(&server));
    slow.peer.set_full(true);
    server.apply(add("a")).unwrap();
    slow.peer.set_full(false);
    assert!(slow.peer.take().is_empty());
    assert_eq!(quick.peer.take().len(), 1);
}

/// case_49: connections that come and go leave nothing behind.
#[test]
fn case_49_connections_leave_nothing() {
    let server = server();
    let stays = Fixture::new(&server);
    for _ in 0..100_000 {
        drop(Fixture::silent(&server));
    }
    assert_eq!(server.connections().len(), 1);
    server.apply(add("a")).unwrap();
    assert_eq!(stays.peer.take(), [("notifications/tools/list_changed".to_owned(), Value::Null)]);
    drop(stays);
    assert!(server.connections().is_empty());
}

/// The last reference to a connection can be dropped while the server tells everyone something.
#[test]
fn a_connection_can_go_at_any_time() {
    let server = server();
    let kept = Fixture::new(&server);
    let mut all = server.connections();
    drop(kept);
    assert_eq!(all.len(), 1);
    all.clear();
    server.apply(add("a")).unwrap();
    assert!(server.connections().is_empty());
}

/// A server outlived by its connections is no problem either.
#[test]
fn a_connection_can_outlive_the_server() {
    let server = server();
    let fixture = Fixture::new(&server);
    let connection = fixture.connection.clone();
    drop(fixture);
    drop(server);
    drop(connection);
}

#[test]
fn handlers_can_change_the_server_they_belong_to() {
    let server = server();
    let inside = server.clone();
    let grow = move |_: Value, _: Context| {
        let server = inside.clone();
        async move {
            server.apply(add("grown"))?;
            Ok(json!({}).to_string())
        }
    };
    server.apply(Changes::new().raw_tool(Tool::new("grow"), grow)).unwrap();
    let client = Fixture::new(&server);
    assert!(client.tool("grow", "{}").unwrap().get("isError").is_none());
    assert!(client.tool("grown", "{}").is_ok());
}
