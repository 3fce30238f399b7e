//! What an answer looks like, and what becomes of a request whose client leaves.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::app::{CallError, Context, Delivery, Server, ServerBuilder};
use mcp_core::driver::Runtime;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::{Level, Tool};
use serde_json::{Value, json};

use crate::runtime::Sim;
use crate::support::{Web, builder, meta, request_with, secs};

/// Tools that take their time.
fn slow(sim: &Sim, running: &Arc<AtomicUsize>) -> ServerBuilder {
    struct Running(Arc<AtomicUsize>);
    impl Drop for Running {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let (sim, running) = (sim.clone(), Arc::clone(running));
    builder().raw_tool(Tool::new("slow"), move |args: Value, cx: Context| {
        let (sim, running) = (sim.clone(), Arc::clone(&running));
        async move {
            running.fetch_add(1, Ordering::Relaxed);
            let _running = Running(running);
            let wait = |secs_: u64| sim.sleep_until(sim.now() + secs(secs_));
            for step in 1..=args["steps"].as_u64().unwrap_or(0) {
                wait(args["each"].as_u64().unwrap_or(1)).await;
                cx.progress(step as f64, None, None);
                cx.info(step);
            }
            wait(args["then"].as_u64().unwrap_or(0)).await;
            match args["fail"].as_i64() {
                Some(code) => Err(ErrorObject::new(ErrorCode::new(code), "no").into()),
                None => Ok("done"),
            }
        }
    })
}

struct Slow {
    web: Web,
    running: Arc<AtomicUsize>,
}

impl Slow {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut mcp_core::transport::http::HttpConfig)) -> Self {
        // The tools need the clock before there is a service that has it.
        let running = Arc::<AtomicUsize>::default();
        let sim = Sim::new();
        let server = slow(&sim, &running).build().unwrap();
        Self { web: Web::on(sim, server, change), running }
    }

    fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}

fn call(arguments: &Value, extra: &[(&str, Value)]) -> Value {
    let mut meta = meta();
    for (key, value) in extra {
        meta[*key] = value.clone();
    }
    let params = json!({"name": "slow", "arguments": arguments});
    request_with("id", "tools/call", &params, &meta)
}

const LOG: &str = "io.modelcontextprotocol/logLevel";

/// SHTTP-02, SHTTP-M01, SHTTP-M04, SHTTP-M07; SHTTP-M20: what comes first decides the form.
#[test]
fn shttp_m04_a_stream_begins_with_the_first_notification() {
    let slow = Slow::new();
    let plain = slow.web.post(&call(&json!({"steps": 3}), &[]));
    let told = slow.web.post(&call(&json!({"steps": 3}), &[("progressToken", json!(7))]));
    assert!(!plain.has_begun() && !told.has_begun());
    slow.web.sim.advance(secs(1));
    assert!(!plain.has_begun());
    assert_eq!(told.header("x-accel-buffering").as_deref(), Some("no"));
    assert_eq!(told.header("cache-control").as_deref(), Some("no-cache"));
    assert!(!told.text().contains("id:"), "nothing to resume from");
    let [first] = &told.events()[..] else { panic!("one") };
    assert_eq!(first["method"], "notifications/progress");
    assert_eq!(first["params"], json!({"progressToken": 7, "progress": 1}));
    slow.web.sim.advance(secs(10));
    let rest = told.events();
    assert_eq!(rest.len(), 3);
    assert_eq!(
        (&rest[2]["id"], &rest[2]["result"]["resultType"]),
        (&json!("id"), &json!("complete"))
    );
    assert!(told.is_over());
    assert_eq!(plain.result()["content"][0]["text"], "done");
}

/// LOG-08, LOG-09, LOG-10; SHTTP-M03: each request gets what it asked for, and nothing else.
#[test]
fn log_09_messages_are_for_the_request_that_asks() {
    let slow = Slow::new();
    let silent = slow.web.post(&call(&json!({"steps": 2}), &[]));
    let loud = slow.web.post(&call(&json!({"steps": 2}), &[(LOG, json!("info"))]));
    let strict = slow.web.post(&call(&json!({"steps": 2}), &[(LOG, json!("error"))]));
    slow.web.sim.advance(secs(5));
    let events = loud.events();
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["method"], "notifications/message");
    assert_eq!(events[0]["params"]["level"], "info");
    silent.result();
    strict.result();
    // LOG-06.
    let answer = slow.web.post(&call(&json!({}), &[(LOG, json!("loud"))]));
    assert_eq!(answer.failure().1, -32602);
}

/// ERR-08, ERR-09, CAP-06; SHTTP-M20: the mandated statuses, and 200 for everything else and after.
#[test]
fn err_08_statuses_are_those_of_the_codes() {
    let slow = Slow::new();
    for (code, status) in [
        (-32020, 400),
        (-32021, 400),
        (-32022, 400),
        (-32601, 404),
        (-32602, 200),
        (-32603, 200),
        (7, 200),
    ] {
        let answer = slow.web.post(&call(&json!({"fail": code}), &[]));
        assert_eq!(answer.failure(), (status, code, json!("id")));
        let late = json!({"fail": code, "steps": 1});
        let answer = slow.web.post(&call(&late, &[("progressToken", json!(1))]));
        slow.web.sim.advance(secs(2));
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.events()[1]["error"]["code"], code);
    }
    let unknown = slow.web.ask("tools/call", &json!({"name": "no-such"}));
    assert_eq!(unknown.failure(), (200, -32602, json!(1)));
}

/// SHTTP-M09, SHTTP-M10: who hangs up cancels, before the head and after it.
#[test]
fn shttp_m09_hanging_up_is_cancelling() {
    let slow = Slow::new();
    let waiting = slow.web.post(&call(&json!({"then": 100}), &[]));
    let streaming =
        slow.web.post(&call(&json!({"steps": 1, "then": 100}), &[("progressToken", json!(1))]));
    slow.web.sim.advance(secs(2));
    assert_eq!(slow.running(), 2);
    assert!(streaming.has_begun());
    waiting.hang_up();
    slow.web.sim.run();
    assert_eq!(slow.running(), 1);
    streaming.hang_up();
    slow.web.sim.run();
    assert_eq!((slow.running(), slow.web.sim.tasks(), slow.web.sim.timers()), (0, 0, 0));
}

/// SHTTP-M05: a stream is never silent for long, and a request that takes long becomes one.
#[test]
fn shttp_m05_silence_is_broken() {
    let slow = Slow::with(|config| config.keep_alive = secs(15));
    let answer = slow.web.post(&call(&json!({"then": 40}), &[]));
    slow.web.sim.advance(secs(14));
    assert!(!answer.has_begun());
    slow.web.sim.advance(secs(2));
    assert_eq!(answer.text(), ": keep-alive\n\n");
    slow.web.sim.advance(secs(15));
    assert_eq!(answer.text().matches(": keep-alive\n\n").count(), 2);
    slow.web.sim.advance(secs(15));
    let events = answer.events();
    assert_eq!(events.len(), 1, "comments are no messages");
    assert!(answer.is_over());
}

/// A handler that has forgotten its request does not keep it for ever.
#[test]
fn a_request_ends_at_its_deadline() {
    let slow = Slow::with(|config| {
        config.session.timeouts.request = secs(10);
    });
    let answer = slow.web.post(&call(&json!({"then": 1000}), &[]));
    slow.web.sim.advance(secs(11));
    assert_eq!(answer.failure().1, -32603);
    assert_eq!((slow.running(), slow.web.sim.tasks()), (0, 0));
}

/// A client that does not read is not remembered without end: what does not fit is refused.
#[test]
fn the_queue_of_one_answer_is_bounded() {
    let flood = |_: Value, cx: Context| async move {
        let sent = (0..1000).filter(|n| cx.log(Level::Error, n) == Delivery::Sent).count();
        Ok(format!("{sent}"))
    };
    let server = builder().raw_tool(Tool::new("flood"), flood).build().unwrap();
    let web = Web::with(server, |config| config.session.limits.exchange_frames = 100);
    let mut meta = meta();
    meta[LOG] = json!("debug");
    let params = json!({"name": "flood", "arguments": {}});
    let answer = web.post(&request_with(1, "tools/call", &params, &meta));
    let events = answer.events();
    assert_eq!(events.len(), 101);
    assert_eq!(events[100]["result"]["content"][0]["text"], "100");
}

/// SHTTP-M02, TRANS-03: nothing is asked of the client, whatever it says it can do; and what belongs on no
/// answer stays off it.
#[test]
fn shttp_m02_a_client_is_asked_nothing() {
    let nosy = |_: Value, cx: Context| async move {
        assert!(cx.list_roots("r").await.is_err());
        assert!(cx.ping().await.is_err());
        let method = NotificationMethod::ToolsListChanged;
        assert!(cx.connection().notify(&method, None).is_err());
        Ok::<_, CallError>("nothing")
    };
    let web = Web::of(builder().raw_tool(Tool::new("nosy"), nosy));
    let mut meta = meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({"roots": {}});
    let params = json!({"name": "nosy"});
    let answer = web.post(&request_with(1, "tools/call", &params, &meta));
    assert_eq!(answer.result()["content"][0]["text"], "nothing");
}

/// A handler of one's own that panics fails its own request.
#[test]
fn a_panic_is_an_internal_error() {
    let bad = |args: Value, _: Context| async move {
        assert_eq!(args["x"], 1, "a handler panics");
        Ok("")
    };
    let web = Web::of(builder().raw_tool(Tool::new("bad"), bad));
    assert_eq!(web.call("bad", &json!({})).failure().1, -32603);
    web.call("bad", &json!({"x": 1})).result();
    assert_eq!(web.sim.panics(), 0);
}

/// Many at once, on no session, each with its own answer.
#[test]
fn state_02_requests_do_not_wait_for_each_other() {
    let slow = Slow::with(|config| config.keep_alive = secs(1000));
    let answers: Vec<_> =
        (0..100).map(|n| slow.web.post(&call(&json!({"then": 100 - n}), &[]))).collect();
    assert_eq!((slow.running(), slow.web.service.sessions()), (100, 0));
    slow.web.sim.advance(secs(50));
    assert_eq!(answers.iter().filter(|answer| answer.is_over()).count(), 50);
    slow.web.sim.advance(secs(51));
    answers.iter().for_each(|answer| drop(answer.result()));
}

/// A server that is stopping takes no new requests and answers those it has.
#[test]
fn a_server_that_stops_answers_what_it_has() {
    let slow = Slow::new();
    let answer = slow.web.post(&call(&json!({"then": 5}), &[]));
    slow.web.service.drain(secs(10));
    let late = slow.web.ask("tools/list", &json!({}));
    assert_eq!((late.failure().0, late.failure().2), (503, json!(1)));
    slow.web.sim.advance(secs(6));
    answer.result();
}

/// Where the era is not served, its clients hear which revisions there are.
#[test]
fn ver_08_a_server_of_the_other_era_says_so() {
    let server: Server = builder().build().unwrap();
    let web = Web::with(server, |config| config.session.modern = false);
    let answer = web.ask("server/discover", &json!({}));
    assert_eq!(answer.failure(), (400, -32022, json!(1)));
    let supported = &answer.json()["error"]["data"]["supported"];
    assert_eq!(supported.as_array().unwrap().len(), 4);
}
