//! One stream, two eras.

use alloc::sync::Arc;
use core::future::pending;
use std::io;
use std::sync::Mutex;

use mcp_core::app::{Changes, Connection, Context, Handler, Server, ServerBuilder};
use mcp_core::config::{EarlyRequests, SessionConfig};
use mcp_core::driver::{Shutdown, serve_stdio};
use mcp_core::model::Tool;
use serde_json::{Value, json};

use crate::pipe::Pipe;
use crate::runtime::{Outcome, Sim};
use crate::support::{builder, meta, request, request_with, secs};

pub(crate) struct Stdio {
    pub(crate) sim: Sim,
    pub(crate) server: Server,
    input: Pipe,
    output: Pipe,
    shutdown: Shutdown,
    served: Outcome<io::Result<()>>,
}

impl Stdio {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut SessionConfig)) -> Self {
        Self::of(|builder| builder, change)
    }

    pub(crate) fn of(
        build: impl FnOnce(ServerBuilder) -> ServerBuilder,
        change: impl FnOnce(&mut SessionConfig),
    ) -> Self {
        let wait = |_: Value, _: Context| async { pending::<Result<String, _>>().await };
        let report = |_: Value, cx: Context| async move {
            cx.info("m");
            cx.progress(1.0, None, None);
            assert!(cx.list_roots("r").await.is_err());
            Ok("reported")
        };
        let server = build(builder())
            .raw_tool(Tool::new("wait"), wait)
            .raw_tool(Tool::new("report"), report)
            .build()
            .unwrap();
        let mut config = SessionConfig::new([]);
        config.methods = server.methods();
        config.modern = true;
        change(&mut config);
        let (sim, shutdown) = (Sim::new(), Shutdown::new());
        let (input, output) = (Pipe::new(), Pipe::new());
        let served = sim.start(serve_stdio(
            sim.clone(),
            server.clone(),
            (input.clone(), output.clone()),
            (config, secs(10)),
            shutdown.clone(),
        ));
        Self { sim, server, input, output, shutdown, served }
    }

    pub(crate) fn send(&self, message: &Value) {
        self.input.send(format!("{message}\n"));
        self.sim.run();
    }

    pub(crate) fn received(&self) -> Vec<Value> {
        self.sim.run();
        let text = self.output.receive();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Sends a message that is answered at once.
    pub(crate) fn ask(&self, message: &Value) -> Value {
        self.send(message);
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received[0].clone()
    }

    fn initialize(&self, id: u64) -> Value {
        self.ask(&initialize(id))
    }
}

fn initialize(id: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"}}})
}

fn legacy(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn call(id: impl Into<Value>, tool: &str) -> Value {
    request(id, "tools/call", &json!({"name": tool, "arguments": {"say": "hi"}}))
}

fn initialized() -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/initialized"})
}

/// STDIO-19, TRANS-02; case_10; VER-22, VER-23: in every phase and under every policy, beside whatever waits.
#[test]
fn case_10_a_modern_request_waits_for_no_handshake() {
    for policy in [EarlyRequests::Hold, EarlyRequests::Refuse, EarlyRequests::Serve] {
        let stdio = Stdio::with(|config| config.early_requests = policy);
        let served = |id: u64| {
            let result = stdio.ask(&call(id, "echo"))["result"].clone();
            assert_eq!(result["content"][0]["text"], "hi");
            assert_eq!(result["resultType"], "complete");
            let discovered = stdio.ask(&request(id, "server/discover", &json!({})));
            assert_eq!(discovered["result"]["supportedVersions"].as_array().unwrap().len(), 5);
        };
        served(1);
        if policy == EarlyRequests::Hold {
            // One of the other era is held meanwhile.
            stdio.send(&legacy(7, "tools/list", &json!({})));
            assert_eq!(stdio.received(), [] as [Value; 0]);
            served(2);
        }
        stdio.send(&initialize(3));
        let answers = stdio.received();
        assert_eq!(answers[0]["result"]["protocolVersion"], "2025-11-25");
        assert_eq!(answers.len(), if policy == EarlyRequests::Hold { 2 } else { 1 });
        served(4);
        stdio.send(&initialized());
        served(5);
        let list = stdio.ask(&legacy(6, "tools/list", &json!({})));
        assert!(list["result"]["tools"].is_array());
        assert_eq!(list["result"]["resultType"], Value::Null, "not of that era");
    }
}

/// VER-23; STATE-01: neither era sticks.
#[test]
fn ver_23_the_era_is_that_of_the_request() {
    let stdio = Stdio::new();
    // A client that probes and then goes on as it always did.
    stdio.ask(&request(1, "server/discover", &json!({})));
    assert_eq!(stdio.initialize(2)["result"]["protocolVersion"], "2025-11-25");
    stdio.send(&initialized());
    assert!(stdio.ask(&legacy(3, "ping", &json!({})))["result"].is_object());
    // CAP-04: what `initialize` declared is nothing to a request of the other era, and vice versa.
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe"] {
        let params = json!({"uri": "a:b", "level": "debug"});
        let answer = stdio.ask(&request(4, method, &params));
        assert_eq!(answer["error"]["code"], -32601, "{method}");
    }
    // The handshake is still done, and once.
    assert_eq!(stdio.ask(&initialize(5))["error"]["code"], -32600);
    assert!(stdio.ask(&legacy(6, "tools/list", &json!({})))["result"].is_object());
}

/// META-10, VER-08, ERR-05: as on HTTP, and never -32002.
#[test]
fn meta_10_what_is_missing_is_missed_here_too() {
    let stdio = Stdio::new();
    let mut versionless = meta();
    versionless.as_object_mut().unwrap().remove("io.modelcontextprotocol/protocolVersion");
    let mut incapable = meta();
    incapable.as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
    let mut future = meta();
    future["io.modelcontextprotocol/protocolVersion"] = json!("2030-01-01");
    let mut odd = meta();
    odd["io.modelcontextprotocol/protocolVersion"] = json!(7);
    for (request, code) in [
        (request_with(1, "tools/list", &json!({}), &versionless), -32602),
        (request_with(1, "tools/list", &json!({}), &incapable), -32602),
        (request_with(1, "tools/list", &json!({}), &odd), -32602),
        (legacy(1, "server/discover", &json!({})), -32602),
        (json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover"}), -32602),
        (request_with(1, "tools/list", &json!({}), &future), -32022),
        (request_with(1, "server/discover", &json!({}), &future), -32022),
        (request_with(1, "no/such", &json!({}), &future), -32022),
        (request(1, "no/such", &json!({})), -32601),
    ] {
        let answer = stdio.ask(&request);
        assert_eq!(answer["error"]["code"], code, "{request}");
        assert_eq!(answer["id"], 1);
    }
}

/// case_71: a modern version in `initialize` is no modern session.
#[test]
fn case_71_initialize_never_leads_to_the_modern_era() {
    let stdio = Stdio::new();
    let mut initialize = initialize(1);
    initialize["params"]["protocolVersion"] = json!("2026-07-28");
    assert_eq!(stdio.ask(&initialize)["result"]["protocolVersion"], "2025-11-25");
}

/// STDIO-18, CANCEL-06, CANCEL-11; JSONRPC-05: by id and type, and the id is free afterwards.
#[test]
fn cancel_11_a_modern_request_can_be_cancelled() {
    let stdio = Stdio::new();
    stdio.send(&call(7, "wait"));
    stdio.send(&call("7", "wait"));
    let twice = stdio.ask(&call(7, "echo"));
    assert_eq!(twice["error"]["code"], -32600);
    let cancel = |id: Value| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    stdio.send(&cancel(json!(7)));
    assert_eq!(stdio.received(), [] as [Value; 0]);
    assert!(stdio.ask(&call(7, "echo"))["result"].is_object());
    assert_eq!(stdio.ask(&call("7", "echo"))["error"]["code"], -32600, "still at work");
    // CANCEL-07, CANCEL-10.
    stdio.send(&cancel(json!(99)));
    stdio.send(&cancel(Value::Null));
    stdio.send(&cancel(json!("7")));
    assert!(stdio.ask(&call("7", "echo"))["result"].is_object());
}

/// LOG-09, LOG-10; PROG: before any handshake, and only what was asked for.
#[test]
fn log_10_a_request_reports_before_any_handshake() {
    let stdio = Stdio::new();
    assert!(stdio.ask(&call(1, "report"))["result"].is_object());
    let mut loud = call(2, "report");
    loud["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!("info");
    loud["params"]["_meta"]["progressToken"] = json!("t");
    stdio.send(&loud);
    let received = stdio.received();
    let methods: Vec<_> = received.iter().map(|it| it["method"].as_str()).collect();
    assert_eq!(methods, [Some("notifications/message"), Some("notifications/progress"), None]);
}

/// A client of the modern era has no handshake to be late for.
#[test]
fn a_modern_client_owes_no_handshake() {
    let stdio = Stdio::new();
    stdio.ask(&call(1, "echo"));
    stdio.sim.advance(secs(3600));
    assert!(stdio.served.take().is_none());
    assert!(stdio.ask(&call(2, "echo"))["result"].is_object());
}

fn listen(id: impl Into<Value>) -> Value {
    request(
        id,
        "subscriptions/listen",
        &json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions": ["a:b"]}}),
    )
}

const ID: &str = "io.modelcontextprotocol/subscriptionId";

/// SUB-03, SUB-05, SUB-08, SUB-10: several on one stream, beside a session of the other era.
#[test]
fn sub_08_subscriptions_share_a_stream() {
    let stdio = Stdio::new();
    for id in [json!(1), json!("1")] {
        let acknowledged = stdio.ask(&listen(id.clone()));
        assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(acknowledged["params"]["_meta"][ID], id);
    }
    assert_eq!(stdio.server.resource_updated("a:b"), 2);
    let mut tags: Vec<_> =
        stdio.received().iter().map(|it| it["params"]["_meta"][ID].to_string()).collect();
    tags.sort();
    assert_eq!(tags, ["\"1\"", "1"]);
    // The session hears of it once, and untagged.
    stdio.initialize(5);
    stdio.send(&initialized());
    let tool = |_: Value, _: Context| async { Ok("") };
    stdio.server.apply(Changes::new().raw_tool(Tool::new("new"), tool)).unwrap();
    let received = stdio.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|it| it["method"] == "notifications/tools/list_changed"));
    let untagged = received.iter().filter(|it| it["params"]["_meta"][ID].is_null());
    assert_eq!(untagged.count(), 1);
    // Cancelled, it is gone without a word.
    stdio.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": 1}}));
    assert_eq!(stdio.received(), [] as [Value; 0]);
    assert_eq!(stdio.server.resource_updated("a:b"), 1);
}

/// SUB-11, SUB-12; CANCEL-13, trap 28: the notification, then the result, and then the end; when
/// the server stops, and when the client has nothing more to say.
#[test]
fn cancel_13_a_subscription_ends_with_notification_and_result() {
    for stops in [true, false] {
        let stdio = Stdio::new();
        stdio.ask(&listen("s"));
        if stops {
            stdio.shutdown.start();
        } else {
            stdio.input.end();
        }
        let received = stdio.received();
        assert_eq!(received.len(), 2, "{received:?}");
        assert_eq!(received[0]["method"], "notifications/cancelled");
        assert_eq!(received[0]["params"]["requestId"], "s");
        assert_eq!(received[1]["id"], "s");
        assert_eq!(received[1]["result"]["resultType"], "complete");
        assert_eq!(received[1]["result"]["_meta"][ID], "s");
        stdio.served.take().expect("at once").unwrap();
        assert_eq!((stdio.sim.tasks(), stdio.sim.timers()), (0, 0));
    }
}

/// case_62: what is in flight at the end is answered, in this era as well.
#[test]
fn case_62_what_is_in_flight_at_the_end_is_answered() {
    let stdio = Stdio::new();
    stdio.input.send(format!("{}\n{}\n", call(1, "report"), call(2, "echo")));
    stdio.input.end();
    let received = stdio.received();
    assert_eq!(received.len(), 2);
    stdio.served.take().expect("at once").unwrap();
}

/// Without the era nothing changes: `server/discover` is unknown, as with every server before it.
#[test]
fn ver_13_a_server_of_the_other_era_knows_no_probe() {
    let stdio = Stdio::with(|config| config.modern = false);
    let discover = request(1, "server/discover", &json!({}));
    assert_eq!(stdio.ask(&discover)["error"]["code"], -32601);
    assert_eq!(stdio.ask(&call(2, "echo"))["error"]["code"], -32022);
}

/// META-17: each era has its own, and neither opens the other's gate.
#[test]
fn notifications_of_both_eras_reach_the_application() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let with = |builder: ServerBuilder| {
        builder
            .notification("notifications/acme/moved", move |_: Value, from: &Arc<Connection>| {
                hears.lock().unwrap().push(from.revision().to_string());
            })
            .raw_tool(Tool::new("find"), |_: Value, cx: Context| async move {
                let _ = cx.tell("notifications/acme/found", &json!({"at": 7}));
                Ok("done")
            })
    };
    let stdio = Stdio::of(with, |config| config.gate = mcp_core::config::Gate::Initialized);
    let notification =
        |method: &str, params: Value| json!({"jsonrpc": "2.0", "method": method, "params": params});
    stdio.initialize(1);
    stdio.send(&notification("notifications/initialized", json!({"_meta": meta()})));
    stdio.send(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
    assert!(stdio.received().is_empty(), "the gate is still shut");
    stdio.send(&notification("notifications/acme/moved", json!({"_meta": meta()})));
    stdio.send(&notification("notifications/acme/other", json!({"_meta": meta()})));
    stdio.send(&notification("notifications/initialized", json!({})));
    assert_eq!(stdio.received().len(), 1);
    stdio.send(&notification("notifications/acme/moved", json!({})));
    stdio.send(&notification("notifications/acme/other", json!({})));
    assert_eq!(*heard.lock().unwrap(), ["2026-07-28", "2025-11-25"]);
    let call = json!({"name": "find", "arguments": {}});
    for call in [
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call}),
        request(4, "tools/call", &call),
    ] {
        stdio.send(&call);
        let received = stdio.received();
        assert_eq!(received[0]["method"], "notifications/acme/found");
        assert_eq!(received[1]["result"]["content"][0]["text"], "done");
    }
}

/// What a known method cannot use is -32602, in both eras, and nothing else ends with it.
#[test]
fn bad_params_of_known_methods_are_invalid_params() {
    use mcp_core::model::{Prompt, PromptArgument, Reference, Resource};
    let stdio = Stdio::of(
        |builder| {
            let prompt = |_: Value, _: Context| async { Ok("text") };
            let read = |_, _: Context| async { Ok("text") };
            builder
                .prompt(Prompt::new("p").with_arguments([PromptArgument::new("a")]), prompt)
                .resource(Resource::new("a:b", "b"), read)
                .completion(Reference::prompt("p"), "a", |_, _| async { Ok(vec!["x"]) })
        },
        |_| {},
    );
    stdio.initialize(0);
    stdio.send(&initialized());
    let both = [
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 7})),
        ("tools/call", json!({"name": "echo", "arguments": "x"})),
        ("tools/call", json!({"name": "nobody"})),
        ("tools/list", json!({"cursor": 7})),
        ("tools/list", json!({"cursor": "made up"})),
        ("prompts/get", json!({})),
        ("prompts/get", json!({"name": "nobody"})),
        ("prompts/get", json!({"name": "p", "arguments": {"a": 1}})),
        ("resources/read", json!({})),
        ("resources/read", json!({"uri": 7})),
        ("completion/complete", json!({})),
        ("completion/complete", json!({"ref": {"type": "ref/none"}, "argument": {}})),
    ];
    for (method, params) in &both {
        for message in [legacy(1, method, params), request(1, method, params)] {
            let answer = stdio.ask(&message);
            assert_eq!(answer["error"]["code"], -32602, "{message}: {answer}");
        }
    }
    for (method, params) in [
        ("logging/setLevel", json!({})),
        ("logging/setLevel", json!({"level": "loudest"})),
        ("resources/subscribe", json!({})),
        ("resources/unsubscribe", json!({"uri": []})),
    ] {
        let answer = stdio.ask(&legacy(1, method, &params));
        assert_eq!(answer["error"]["code"], -32602, "{method} {params}: {answer}");
    }
    let listen = stdio.ask(&request(1, "subscriptions/listen", &json!({"notifications": 7})));
    assert_eq!(listen["error"]["code"], -32602);
    assert_eq!(stdio.ask(&call(2, "echo"))["result"]["content"][0]["text"], "hi");
}
