use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use mcp_core::app::{CallError, Connection, Context, Handler, Server};
use mcp_core::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use mcp_core::lifecycle::{Method, Sender};
use mcp_core::model::{CallToolResult, Content, RawObject, Tool};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use crate::support::{FakePeer, Fixture, key, run};

#[derive(serde::Deserialize)]
struct Add {
    a: f64,
    b: f64,
}

fn server() -> Server {
    Server::builder("s", "1")
        .raw_tool(Tool::new("add"), |args: Add, _: Context| async move {
            Ok(format!("{}", args.a + args.b))
        })
        .raw_tool(Tool::new("nothing"), |(): (), _: Context| async { Ok(()) })
        .raw_tool(Tool::new("echo"), |args: RawObject, _: Context| async move {
            Ok(args.get().to_owned())
        })
        .raw_tool(Tool::new("fail"), |_: Value, _: Context| async {
            "x".parse::<u8>()?;
            Ok(())
        })
        .raw_tool(Tool::new("refuse"), |_: Value, _: Context| async {
            let error = ErrorObject::new(ErrorCode::new(-31999), "not now");
            Err::<(), _>(CallError::from(error))
        })
        .raw_tool(Tool::new("panic"), |_: Value, _: Context| async {
            let secret = "password";
            if secret.len() == 8 {
                panic!("the secret is {secret}");
            }
            Ok(())
        })
        .raw_tool(Tool::new("panic2"), |_: Value, _: Context| {
            assert!(key() != key(), "at once");
            async { Ok(()) }
        })
        .raw_tool(Tool::new("mixed"), |_: Value, _: Context| async {
            Ok([Content::text("a"), Content::audio("AAAA", "audio/wav")])
        })
        .build()
        .unwrap()
}

fn text(result: &Value) -> &str {
    assert_eq!(result["content"].as_array().unwrap().len(), 1, "{result}");
    result["content"][0]["text"].as_str().unwrap()
}

#[test]
fn a_tool_is_called() {
    let fixture = Fixture::new(&server());
    let result = fixture.tool("add", r#"{"a":1,"b":2.5}"#).unwrap();
    assert_eq!(result, json!({"content":[{"type":"text","text":"3.5"}]}));
}

/// TOOL-18: content is there even if it is empty.
#[test]
fn tool_18_content_is_never_absent() {
    let fixture = Fixture::new(&server());
    assert_eq!(fixture.tool("nothing", "{}").unwrap(), json!({"content":[]}));
}

/// TOOL-12: arguments may be left out; if they are there, they are an object.
#[test]
fn tool_12_arguments_are_an_object_or_absent() {
    let fixture = Fixture::new(&server());
    for params in [r#"{"name":"echo"}"#, r#"{"name":"echo","arguments":null}"#] {
        let result = fixture.call(Method::ToolsCall, params).unwrap();
        assert_eq!(text(&result), "{}", "{params}");
    }
    for arguments in ["[]", "1", "\"a\"", "true"] {
        let error = fixture.tool("echo", arguments).unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_PARAMS, "{arguments}");
    }
}

/// Unknown members and numbers no `f64` holds reach a handler that asks for the JSON itself.
#[test]
fn raw_arguments_are_untouched() {
    let fixture = Fixture::new(&server());
    let arguments = r#"{ "n": 9007199254740993, "x": 1e400 }"#;
    assert_eq!(text(&fixture.tool("echo", arguments).unwrap()), arguments);
}

/// TOOL-13: in every revision, and for names that are no tool names.
#[test]
fn tool_13_an_unknown_tool_is_an_error_of_the_protocol() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&server(), revision);
        for name in ["subtract", "", "Add", "\u{1F4A5}"] {
            let error = fixture.tool(name, "{}").unwrap_err();
            assert_eq!(error.code(), ErrorCode::INVALID_PARAMS, "{revision} {name}");
        }
    }
    let fixture = Fixture::new(&server());
    for malformed in ["", "{}", r#"{"name":7}"#, r#"{"name":"add","name":"add"}"#] {
        assert_eq!(fixture.code(Method::ToolsCall, malformed), -32602, "{malformed}");
    }
}

/// TOOL-14, TOOL-15: who hears of bad arguments depends on the revision.
#[test]
fn tool_14_tool_15_bad_arguments_are_told_as_the_revision_says() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&server(), revision);
        let outcome = fixture.tool("add", r#"{"a":"one","b":2}"#);
        let message = "Invalid arguments: `a`: invalid type: string \"one\", expected f64";
        if revision < Revision::V2025_11_25 {
            let error = outcome.unwrap_err();
            assert_eq!(error.code(), ErrorCode::INVALID_PARAMS, "{revision}");
            assert_eq!(error.message(), message, "{revision}");
        } else {
            let result = outcome.unwrap();
            assert_eq!(result["isError"], true, "{revision}");
            assert_eq!(text(&result), message, "{revision}");
        }
    }
}

/// TOOL-16: what fails inside a tool is for the model, with the words of the error.
#[test]
fn tool_16_a_failure_is_a_result() {
    let fixture = Fixture::new(&server());
    let result = fixture.tool("fail", "{}").unwrap();
    assert_eq!(result["isError"], true);
    assert_eq!(text(&result), "invalid digit found in string");
}

#[test]
fn an_error_object_is_the_error_of_the_request() {
    let fixture = Fixture::new(&server());
    let error = fixture.tool("refuse", "{}").unwrap_err();
    assert_eq!((error.code().get(), error.message()), (-31999, "not now"));
}

/// A panic fails its request, says nothing of itself, and leaves the server as it was.
#[test]
fn a_panic_is_an_internal_error() {
    let fixture = Fixture::new(&server());
    for name in ["panic", "panic2"] {
        let error = fixture.tool(name, "{}").unwrap_err();
        assert_eq!(error.code(), ErrorCode::INTERNAL_ERROR, "{name}");
        assert_eq!(error.message(), "Internal error", "{name}");
        assert!(error.data().is_none(), "{name}");
    }
    assert!(fixture.tool("nothing", "{}").is_ok());
}

/// CONT-01: blocks that a revision lacks become text in it.
#[test]
fn cont_01_blocks_are_those_of_the_revision() {
    let fixture = Fixture::at(&server(), Revision::V2024_11_05);
    let result = fixture.tool("mixed", "{}").unwrap();
    assert_eq!(result["content"][1]["type"], "text");
    let fixture = Fixture::at(&server(), Revision::V2025_03_26);
    let result = fixture.tool("mixed", "{}").unwrap();
    assert_eq!(result["content"][1]["type"], "audio");
}

/// CAP-07: what is not offered is -32601, even if a driver lets the request through.
#[test]
fn cap_07_methods_not_offered_do_not_exist() {
    let fixture = Fixture::new(&Server::builder("s", "1").build().unwrap());
    let methods = fixture.server.methods();
    for method in Method::ALL {
        // What a server has in any case is of the other era.
        assert!(!methods.serves(method, Revision::LATEST_LEGACY, Sender::Client), "{method}");
        assert_eq!(fixture.code(method.clone(), "{}"), -32601, "{method}");
    }
    let initialize = fixture.server.greeting();
    assert_eq!(serde_json::to_value(&initialize.capabilities).unwrap(), json!({}));
}

/// CANCEL-06: a request that is cancelled is dropped, and its handler can clean up.
#[test]
fn cancel_06_a_dropped_call_drops_the_work() {
    struct Cleanup(Arc<AtomicBool>);
    impl Drop for Cleanup {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let cleaned = Arc::new(AtomicBool::new(false));
    let in_handler = Arc::clone(&cleaned);
    let server = Server::builder("s", "1")
        .raw_tool(Tool::new("wait"), move |_: Value, _: Context| {
            let cleanup = Cleanup(Arc::clone(&in_handler));
            async move {
                core::future::pending::<()>().await;
                drop(cleanup);
                Ok(())
            }
        })
        .build()
        .unwrap();
    let cx = Context::new(Connection::new(FakePeer::default()), key(), None);
    let params = RawJson::parse(r#"{"name":"wait"}"#).unwrap();
    {
        let mut call = core::pin::pin!(server.call(cx, Method::ToolsCall, Some(params.into())));
        let poll = core::future::poll_fn(|task| {
            let pending = call.as_mut().poll(task).is_pending();
            core::task::Poll::Ready(pending)
        });
        assert!(run(poll), "it waits");
        assert!(!cleaned.load(Ordering::Relaxed));
    }
    assert!(cleaned.load(Ordering::Relaxed));
}

#[test]
fn a_custom_method_is_answered() {
    let server = Server::builder("s", "1")
        .method("acme/double", |args: Add, _: Context| async move {
            Ok(json!({"sum": args.a + args.b}))
        })
        .method("acme/nothing", |(): (), _: Context| async { Ok(()) })
        .method("acme/number", |(): (), _: Context| async { Ok(7) })
        .build()
        .unwrap();
    let fixture = Fixture::new(&server);
    let method = |name: &str| Method::from_name(name);
    assert!(server.methods().contains(&method("acme/double")));
    let result = fixture.call(method("acme/double"), r#"{"a":1,"b":2}"#).unwrap();
    assert_eq!(result["sum"], 3.0);
    assert_eq!(fixture.call(method("acme/nothing"), "").unwrap(), json!({}));
    assert_eq!(fixture.code(method("acme/number"), ""), -32603);
    assert_eq!(fixture.code(method("acme/double"), r#"{"a":1}"#), -32602);
    assert_eq!(fixture.code(method("acme/other"), ""), -32601);
}

/// JSONRPC-19, JSONRPC-20: of a custom method too, unless it says so itself.
#[test]
fn jsonrpc_20_the_result_of_a_custom_method_is_of_a_kind() {
    let server = Server::builder("s", "1")
        .method("acme/nothing", |(): (), _: Context| async { Ok(()) })
        .method("acme/own", |(): (), _: Context| async { Ok(json!({"resultType": "acme"})) })
        .build()
        .unwrap();
    let kind = |revision, method| {
        let fixture = Fixture::with(&server, revision, "{}");
        let result = fixture.call(Method::from_name(method), "{}").unwrap();
        result.get("resultType").cloned()
    };
    assert_eq!(kind(Revision::V2026_07_28, "acme/nothing"), Some(json!("complete")));
    assert_eq!(kind(Revision::V2026_07_28, "acme/own"), Some(json!("acme")));
    assert_eq!(kind(Revision::V2025_11_25, "acme/nothing"), None);
}

/// A client can be refused, or answered something else, by what it is.
#[test]
fn on_initialize_sees_every_client() {
    let server = Server::builder("s", "1")
        .instructions("short")
        .on_initialize(|client, mut result| async move {
            if client.revision < Revision::V2025_03_26 {
                Err(ErrorObject::invalid_params("too old"))?;
            }
            result.instructions = Some("long".to_owned());
            Ok(result)
        })
        .build()
        .unwrap();
    let initialize = |revision| {
        let fixture = Fixture::at(&server, revision);
        let client = Arc::clone(fixture.connection.client().unwrap());
        run(server.initialize(Arc::clone(&fixture.connection), client))
    };
    let result = initialize(Revision::V2025_11_25).unwrap();
    assert_eq!(result.instructions.as_deref(), Some("long"));
    assert_eq!(initialize(Revision::V2024_11_05).unwrap_err().message(), "too old");
}

/// TOOL-22: clients refuse a result without what its schema promises; better to say so here.
#[test]
fn tool_22_an_output_schema_is_a_promise() {
    let tool = |name: &str| {
        let schema: RawObject = r#"{"type":"object"}"#.parse().unwrap();
        Tool::new(name).with_output_schema(schema)
    };
    let server = Server::builder("s", "1")
        .raw_tool(tool("forgets"), |_: Value, _: Context| async { Ok("text") })
        .raw_tool(tool("fails"), |_: Value, _: Context| async {
            Err::<(), _>(CallError::new("no"))
        })
        .raw_tool(tool("keeps"), |_: Value, _: Context| async {
            Ok(CallToolResult::structured(&json!({}))?)
        })
        .build()
        .unwrap();
    let fixture = Fixture::new(&server);
    let error = fixture.tool("forgets", "{}").unwrap_err();
    assert_eq!(error.code(), ErrorCode::INTERNAL_ERROR);
    assert_eq!(fixture.tool("fails", "{}").unwrap()["isError"], true);
    assert!(fixture.tool("keeps", "{}").is_ok());
}

/// A whole result passes as it is.
#[test]
fn a_result_of_ones_own() {
    let server = Server::builder("s", "1")
        .raw_tool(Tool::new("own"), |_: Value, _: Context| async {
            Ok(CallToolResult::structured(&json!({"n": 1}))?)
        })
        .build()
        .unwrap();
    let structured = |revision| Fixture::at(&server, revision).tool("own", "{}").unwrap();
    assert_eq!(structured(Revision::V2025_06_18)["structuredContent"]["n"], 1);
    assert_eq!(structured(Revision::V2025_03_26).get("structuredContent"), None);
}
