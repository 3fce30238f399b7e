//! Notifications of the application's own, in both directions.

use alloc::sync::Arc;
use std::sync::Mutex;

use mcp_core::app::{Connection, Context, ServerBuilder};
use mcp_core::model::Tool;
use serde_json::{Value, json};

use crate::support::{Web, builder, meta, secs};

type Heard = Arc<Mutex<Vec<String>>>;

fn listening() -> (ServerBuilder, Heard) {
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let builder = builder()
        .notification("notifications/acme/moved", move |params: Value, from: &Arc<Connection>| {
            let said = format!("{} {}", from.revision(), params["to"]);
            hears.lock().unwrap().push(said);
        })
        .raw_tool(Tool::new("find"), |_: Value, cx: Context| async move {
            let _ = cx.tell("notifications/acme/found", &json!({"at": 7}));
            Ok("done")
        });
    (builder, heard)
}

fn notification(method: &str, params: &Value, marked: bool) -> Value {
    let mut params = params.clone();
    if marked {
        params["_meta"] = meta();
    }
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

/// META-17, SHTTP-M19: neither `_meta` nor headers are insisted on, and each is 202.
#[test]
fn meta_17_a_notification_reaches_the_application() {
    let (builder, heard) = listening();
    let web = Web::of(builder);
    let moved =
        |to: &str, marked| notification("notifications/acme/moved", &json!({"to": to}), marked);
    let marked = moved("a", true);
    assert_eq!(web.post(&marked).status(), 202);
    // By its header alone.
    let mut headers = crate::support::headers(&marked);
    headers.remove("mcp-method");
    assert_eq!(web.post_with(&headers, &moved("b", false)).status(), 202);
    // By its body alone.
    headers.remove("mcp-protocol-version");
    assert_eq!(web.post_with(&headers, &moved("c", true)).status(), 202);
    let expected = ["a", "b", "c"].map(|to| format!("2026-07-28 \"{to}\""));
    assert_eq!(*heard.lock().unwrap(), expected);
}

/// What nobody knows, or what has no meaning in this era, is taken and forgotten.
#[test]
fn unknown_notifications_are_ignored() {
    let (builder, heard) = listening();
    let web = Web::of(builder);
    for method in [
        "notifications/acme/other",
        "notifications/initialized",
        "notifications/roots/list_changed",
        "notifications/cancelled",
        "notifications/progress",
        "notifications/message",
    ] {
        let answer = web.post(&notification(method, &json!({"requestId": 1}), true));
        assert_eq!((answer.status(), answer.text().as_str()), (202, ""), "{method}");
    }
    let mut of_another = notification("notifications/acme/moved", &json!({"to": "a"}), true);
    of_another["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01".into();
    assert_eq!(web.post(&of_another).status(), 202);
    assert!(heard.lock().unwrap().is_empty());
}

/// SHTTP-M01: it is on the stream of the request it is about.
#[test]
fn a_notification_of_ours_is_on_its_requests_stream() {
    let web = Web::of(listening().0);
    let answer = web.call("find", &json!({}));
    web.sim.advance(secs(1));
    let events = answer.events();
    assert_eq!(events[0]["method"], "notifications/acme/found");
    assert_eq!(events[0]["params"], json!({"at": 7}));
    assert_eq!(events[1]["result"]["content"][0]["text"], "done");
}
