use core::fmt::Write;

use mcp_core::app::{CallError, Context, Server, UriVariables};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Resource, ResourceContents, ResourceTemplate};
use mcp_core::revision::Revision;
use serde_json::json;

use crate::support::Fixture;

fn server() -> Server {
    let show = |at: UriVariables, _: Context| async move {
        let mut shown = String::new();
        for (name, value) in at.iter() {
            write!(shown, "{name}={value};")?;
        }
        Ok(shown)
    };
    Server::builder("s", "1")
        .resource(
            Resource::new("test://static-text", "text").with_mime_type("text/plain"),
            |_, _| async { Ok("the text") },
        )
        .resource(
            Resource::new("test://static-binary", "binary").with_mime_type("image/png"),
            |_, _| async { Ok(vec![0xff_u8, 0, 1]) },
        )
        .resource(Resource::new("test://folder", "folder"), |uri: String, _| async move {
            Ok(vec![
                ResourceContents::text(uri.clone() + "/a", "a"),
                ResourceContents::text(uri + "/b", "b"),
            ])
        })
        .resource(Resource::new("test://broken", "broken"), |_, _| async {
            Err::<&str, _>(CallError::new("the disk is gone"))
        })
        .resource_template(
            ResourceTemplate::new("test://template/{id}/data", "data")
                .with_mime_type("application/json"),
            |at: UriVariables, _| async move {
                Ok(at.get("id").map(|id| json!({"id": id}).to_string()))
            },
        )
        .resource_template(
            ResourceTemplate::new("users://{id}", "user"),
            |at: UriVariables, _| async move { Ok((at.get("id") == Some("7")).then_some("Ada")) },
        )
        .resource_template(ResourceTemplate::new("file:///{+path}", "file"), show)
        .resource_template(ResourceTemplate::new("git://{repo}/{+path}@{rev}", "git"), show)
        .build()
        .unwrap()
}

fn read(fixture: &Fixture, uri: &str) -> Result<serde_json::Value, mcp_core::jsonrpc::ErrorObject> {
    fixture.call(Method::ResourcesRead, &json!({ "uri": uri }).to_string())
}

/// RES-05, RES-06, RES-19: text or base64, under the URI that was asked for.
#[test]
fn res_05_resources_are_read() {
    let fixture = Fixture::new(&server());
    for (uri, contents) in [
        (
            "test://static-text",
            json!([{"uri": "test://static-text", "mimeType": "text/plain", "text": "the text"}]),
        ),
        (
            "test://static-binary",
            json!([{"uri": "test://static-binary", "mimeType": "image/png", "blob": "/wAB"}]),
        ),
        (
            "test://folder",
            json!([{"uri": "test://folder/a", "text": "a"}, {"uri": "test://folder/b", "text": "b"}]),
        ),
        (
            "test://template/123/data",
            json!([{"uri": "test://template/123/data", "mimeType": "application/json", "text": r#"{"id":"123"}"#}]),
        ),
        ("file:///a/b%20c", json!([{"uri": "file:///a/b%20c", "text": "path=a/b c;"}])),
        (
            "git://r/a/b@main",
            json!([{"uri": "git://r/a/b@main", "text": "repo=r;path=a/b;rev=main;"}]),
        ),
    ] {
        assert_eq!(read(&fixture, uri).unwrap()["contents"], contents, "{uri}");
    }
}

/// RES-07, RES-10: what does not exist is an error that names it, never empty contents.
#[test]
fn res_07_an_unknown_resource_is_not_found() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&server(), revision);
        for uri in ["test://none", "users://8", "test://template//data", "file:///", ""] {
            let error = read(&fixture, uri).unwrap_err();
            assert_eq!(error.code().get(), -32002, "{revision} {uri}");
            let data: serde_json::Value = error.data().unwrap().to().unwrap();
            assert_eq!(data, json!({ "uri": uri }), "{revision}");
        }
    }
    let fixture = Fixture::new(&server());
    assert!(read(&fixture, "users://7").is_ok());
    for malformed in ["", "{}", r#"{"uri":7}"#] {
        assert_eq!(fixture.code(Method::ResourcesRead, malformed), -32602);
    }
}

/// RES-11.
#[test]
fn res_11_a_failure_is_an_internal_error() {
    let error = read(&Fixture::new(&server()), "test://broken").unwrap_err();
    assert_eq!((error.code().get(), error.message()), (-32603, "the disk is gone"));
}

/// CVE-2026-0621: a URI template of another implementation was a regular expression that a URI
/// could make backtrack for ever. These would, and are answered at once.
#[test]
fn cve_2026_0621_matching_is_linear() {
    let template = ResourceTemplate::new("x://{a}-{b}-{c}-{d}-{e}-{f}-{+g}-{h}-{i}/end", "x");
    let server = Server::builder("s", "1")
        .resource_template(template, |_, _| async { Ok("") })
        .build()
        .unwrap();
    let fixture = Fixture::new(&server);
    for filler in ["-", "a-", "--a", "a"] {
        let uri = format!("x://{}", filler.repeat(1 << 20));
        assert_eq!(read(&fixture, &uri).unwrap_err().code().get(), -32002);
        assert_eq!(read(&fixture, &(uri.clone() + "/en")).unwrap_err().code().get(), -32002);
        assert_eq!(
            read(&fixture, &(uri.clone() + "/end")).is_ok(),
            filler.contains('-') && filler != "a"
        );
    }
}
