//! Clients over a pair of streams, and over those of a process.

use core::future::IntoFuture;
use core::time::Duration;

use mcp_core::config::Protocol;
use mcp_core::driver::Runtime;
use mcp_core::driver::client::{Client, Command};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::SubscriptionFilter;
use serde_json::{Value, json};

use super::{LEGACY, builder, done, start};
use crate::http::secs;
use crate::net::Net;
use crate::pipe::Pipe;

/// A server that only a test would write.
pub(super) struct Script {
    pub(super) net: Net,
    pub(super) client: Client<Net>,
    /// What the client reads.
    to: Pipe,
    from: Pipe,
}

impl Script {
    /// A client that is held to a legacy revision, ready.
    pub(super) fn legacy() -> Self {
        Self::ready(LEGACY, "initialize", welcome)
    }

    /// A client that is held to the modern era, ready.
    pub(super) fn modern() -> Self {
        Self::ready(Protocol::Modern, "server/discover", |asked| {
            let result = json!({"resultType": "complete", "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {"listChanged": true}}, "ttlMs": 0, "cacheScope": "private"});
            format!("{}\n", json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}))
        })
    }

    fn ready(protocol: Protocol, first: &str, answer: fn(&Value) -> String) -> Self {
        let (net, to, from) = (Net::new(), Pipe::new(), Pipe::new());
        let (builder, streams) = (builder(&net).protocol(protocol), (to.clone(), from.clone()));
        let ready = start(&net, async move { builder.streams(streams).await });
        let asked = messages(&net, &from);
        assert_eq!(asked[0]["method"], first);
        to.send(answer(&asked[0]));
        net.sim.run();
        let client = ready.take().expect("it is ready at once").unwrap();
        Self { net, client, to, from }
    }

    pub(super) fn heard(&self) -> Vec<Value> {
        messages(&self.net, &self.from)
    }

    pub(super) fn say(&self, message: &Value) {
        self.to.send(format!("{message}\n"));
        self.net.sim.run();
    }
}

fn welcome(initialize: &Value) -> String {
    let result = json!({"protocolVersion": "2025-11-25", "serverInfo": {"name": "s", "version": "1"},
        "capabilities": {"tools": {"listChanged": true}, "resources": {"subscribe": true}}});
    format!("{}\n", json!({"jsonrpc": "2.0", "id": initialize["id"], "result": result}))
}

fn messages(net: &Net, from: &Pipe) -> Vec<Value> {
    net.sim.run();
    from.receive().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn methods(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["method"].as_str().unwrap()).collect()
}

/// case_07, STDIO-08: the first request leaves behind `initialized` and waits for no timer; every
/// line is a message.
#[test]
fn case_07_the_first_request_leaves_at_once_behind_initialized() {
    let script = Script::legacy();
    assert_eq!(methods(&script.heard()), ["notifications/initialized"]);
    let call = start(&script.net, script.client.call_tool("t", ()));
    let heard = script.heard();
    assert_eq!(methods(&heard), ["tools/call"], "no time has passed");
    script.say(&json!({"jsonrpc": "2.0", "id": heard[0]["id"], "result": {"content": []}}));
    assert!(call.take().unwrap().unwrap().content.is_empty());
}

/// CANCEL-01: before it has left a request is taken back; after that the server is told.
#[test]
fn cancel_01_dropping_a_call_cancels_what_has_left_and_takes_back_what_has_not() {
    let script = Script::legacy();
    script.heard();
    // Never polled: it does not even begin.
    drop(script.client.call_tool("t", ()).into_future());
    assert!(script.heard().is_empty());

    let (client, net) = (script.client.clone(), script.net.clone());
    let dropped = start(&script.net, async move {
        let mut call = client.call_tool("t", ()).into_future();
        let mut nap = Box::pin(net.sleep_until(net.now() + secs(1)));
        core::future::poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            nap.as_mut().poll(cx)
        })
        .await;
    });
    let call = script.heard();
    script.net.sim.advance(secs(1));
    assert!(dropped.take().is_some());
    let cancelled = script.heard();
    assert_eq!(methods(&cancelled), ["notifications/cancelled"]);
    assert_eq!(cancelled[0]["params"]["requestId"], call[0]["id"]);
    // The answer that comes all the same is nobody's.
    script.say(&json!({"jsonrpc": "2.0", "id": call[0]["id"], "result": {}}));
    let ping = start(&script.net, script.client.ping());
    let asked = script.heard();
    script.say(&json!({"jsonrpc": "2.0", "id": asked[0]["id"], "result": {}}));
    ping.take().unwrap().unwrap();
}

/// TIME-01, TIME-02: the server is told, and the call has ended.
#[test]
fn time_01_a_call_that_is_not_answered_times_out() {
    let script = Script::legacy();
    script.heard();
    let call = start(&script.net, script.client.call_tool("t", ()).timeout(secs(5)));
    script.net.sim.advance(Duration::from_millis(4999));
    assert!(call.take().is_none());
    assert_eq!(methods(&script.heard()), ["tools/call"]);
    script.net.sim.advance(Duration::from_millis(1));
    script.net.sim.run();
    assert!(call.take().unwrap().unwrap_err().is_timeout());
    assert_eq!(methods(&script.heard()), ["notifications/cancelled"]);
}

/// What nobody takes is bounded: the newest changes count, and how many were missed is told.
#[test]
fn a_subscription_that_nobody_reads_keeps_the_newest_and_counts_the_rest() {
    let script = Script::legacy();
    script.heard();
    let client = script.client.clone();
    let filter = SubscriptionFilter::default().with_tools_list_changed(true);
    let mut subscription = done(&script.net, async move { client.listen(filter).await }).unwrap();
    for _ in 0..1030 {
        script.say(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    }
    assert_eq!(subscription.missed(), 6);
    let taken = done(&script.net, async move {
        for _ in 0..1024 {
            subscription.next().await.unwrap().unwrap();
        }
        subscription.missed()
    });
    assert_eq!(taken, 6);
}

/// SUB-03: a subscription has begun when the server says so; one that never does is no reason to
/// wait for ever.
#[test]
fn sub_03_a_subscription_begins_with_its_acknowledgement() {
    let script = Script::modern();
    let listen = |script: &Script| {
        let client = script.client.clone();
        let filter = SubscriptionFilter::default()
            .with_tools_list_changed(true)
            .with_prompts_list_changed(true);
        let listening = start(&script.net, async move { client.listen(filter).await });
        (listening, script.heard()[0]["id"].clone())
    };
    let (listening, id) = listen(&script);
    assert!(listening.take().is_none());
    let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
    script.say(&json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
        "params": {"notifications": {"toolsListChanged": true}, "_meta": &meta}}));
    let mut subscription = listening.take().unwrap().unwrap();
    assert_eq!(subscription.filter().prompts_list_changed, None, "what was agreed on");
    script.say(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed",
        "params": {"_meta": &meta}}));
    let first = done(&script.net, async move { subscription.next().await }).unwrap().unwrap();
    assert_eq!(first.method, NotificationMethod::ToolsListChanged);

    // Refused, forgotten.
    script.heard();
    let (listening, id) = listen(&script);
    script.say(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}}));
    assert!(listening.take().unwrap().unwrap_err().refusal().is_some());
    let (listening, _) = listen(&script);
    script.net.sim.advance(secs(60));
    script.net.sim.run();
    assert!(listening.take().unwrap().unwrap_err().is_timeout());
    assert_eq!(methods(&script.heard()), ["notifications/cancelled"]);
}

/// case_59: who only makes noise is no server, and the error says what it was.
#[test]
fn case_59_noise_is_told_of_who_never_says_who_it_is() {
    let (net, to, from) = (Net::new(), Pipe::new(), Pipe::new());
    let (builder, streams) = (builder(&net).protocol(LEGACY), (to.clone(), from));
    let ready = start(&net, async move { builder.streams(streams).await });
    to.send("Usage: server [--stdio]\n");
    net.sim.advance(secs(120));
    net.sim.run();
    let error = ready.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("no message: `Usage: server [--stdio]`"), "{error}");
}

/// case_59: what is no message is counted, and only the beginning of the last one is kept.
#[test]
fn case_59_noise_is_counted_and_bounded() {
    let script = Script::legacy();
    script.heard();
    let noise = "x".repeat(100_000);
    for _ in 0..3 {
        script.to.send(format!("{noise}\n"));
        script.net.sim.run();
    }
    let counted = script.client.noise();
    assert_eq!((counted.lines, counted.last.unwrap().len()), (3, 1024));
    let ping = start(&script.net, script.client.ping());
    let asked = script.heard();
    script.say(&json!({"jsonrpc": "2.0", "id": asked[0]["id"], "result": {}}));
    ping.take().unwrap().unwrap();
}

/// STDIO-06: whatever a process writes to standard error is read, or it would stop; the last
/// words of it are kept, and they say why it ended.
#[test]
fn stdio_06_standard_error_is_read_and_its_end_is_told() {
    let net = Net::new();
    let process = net.child();
    let builder = builder(&net).protocol(LEGACY);
    let ready = start(&net, async move { builder.stdio(Command::new("server")).await });
    for line in 0..10_000 {
        process.stderr().send(format!("line {line}\n"));
        net.sim.run();
        assert_eq!(process.stderr().len(), 0);
    }
    assert_eq!(messages(&net, process.stdin())[0]["method"], "initialize");
    process.exit(7);
    net.sim.advance(secs(30));
    let error = ready.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("exit status: 7") && error.contains("line 9999"), "{error}");
    assert!(!error.contains("line 9000"), "{error}");
    let _ = process.stdout();
}

/// STDIO-09: every revision is spoken over streams.
#[test]
fn stdio_09_every_revision_is_spoken_over_streams() {
    let revisions = mcp_core::revision::Revision::ALL.iter().copied();
    let legacy = revisions.filter(|it| it.era() == mcp_core::revision::Era::Legacy);
    let all = legacy.map(Protocol::Legacy).chain([Protocol::Modern, Protocol::Auto]);
    for protocol in all {
        let net = Net::new();
        let server = mcp_core::app::Server::builder("s", "1").build().unwrap();
        let client = super::piped(&net, builder(&net).protocol(protocol), server);
        match protocol {
            Protocol::Legacy(revision) => assert_eq!(client.revision(), Some(revision)),
            _ => assert_eq!(client.revision(), Some(mcp_core::revision::Revision::V2026_07_28)),
        }
        done(&net, client.ping()).unwrap();
    }
}
