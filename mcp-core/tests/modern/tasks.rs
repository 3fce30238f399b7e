//! Tasks of both designs through the glue: what is worked on outlives the exchange that began it.

use alloc::sync::Arc;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Mutex;

use http::HeaderMap;
use mcp_core::app::{Context, Handler, Host, ServerBuilder};
use mcp_core::driver::Runtime;
use mcp_core::model::{ElicitParams, FormSchema, TaskSupport, TextField, Tool};
use mcp_core::time::{Instant, UnixTime};
use serde_json::{Value, json};

use crate::runtime::Sim;
use crate::stdio::Stdio;
use crate::support::{Answer, VERSION, Web, builder, headers};

const RELATED: &str = "io.modelcontextprotocol/related-task";

/// What a tool waits for.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Gate {
    fn open(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        state.1.drain(..).for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A tool that works until the gate opens, and one that asks who is there.
fn tools(builder: ServerBuilder, gate: &Gate) -> ServerBuilder {
    let gate = gate.clone();
    let task = |name: &'static str| Tool::new(name).with_task_support(TaskSupport::Optional);
    let work = move |_: Value, cx: Context| {
        let gate = gate.clone();
        async move {
            cx.start_task().await?;
            gate.pass().await;
            Ok("worked")
        }
    };
    let ask = |_: Value, cx: Context| async move {
        cx.start_task().await?;
        let form = FormSchema::new().with_required_field("name", TextField::new());
        let answer = cx.elicit("who", ElicitParams::form("Who?", form)).await?;
        Ok(answer.value("name").and_then(|it| it.as_str()).unwrap_or("-").to_owned())
    };
    builder.raw_tool(task("work"), work).raw_tool(task("ask"), ask)
}

fn host(sim: &Sim) -> Host {
    let (clock, spawner, timer) = (sim.clone(), sim.clone(), sim.clone());
    let now = move || UnixTime::from_epoch(clock.now() - Instant::EPOCH);
    Host::new([7; 32], now).with_background(
        move |job| spawner.spawn(job),
        move |time| Box::pin(timer.sleep_until(timer.now() + time)),
    )
}

/// A client, whatever it is connected by. All that it receives ends up in one place.
enum Wire {
    Http { web: Web, session: Option<String>, answers: Vec<Answer> },
    Stdio(Stdio),
}

impl Wire {
    /// One of each kind, with the gate of its server's tools.
    fn all() -> [(Self, Gate); 2] {
        let (of_web, of_stdio) = (Gate::default(), Gate::default());
        let server = tools(builder(), &of_web).build().unwrap();
        let sim = Sim::new();
        server.hosted(&host(&sim));
        let web = Self::Http { web: Web::on(sim, server, |_| {}), session: None, answers: vec![] };
        let stdio = Stdio::of(|builder| tools(builder, &of_stdio), |_| {});
        stdio.server.hosted(&host(&stdio.sim));
        [(web, of_web), (Self::Stdio(stdio), of_stdio)]
    }

    fn sim(&self) -> &Sim {
        match self {
            Self::Http { web, .. } => &web.sim,
            Self::Stdio(stdio) => &stdio.sim,
        }
    }

    fn send(&mut self, message: &Value) {
        match self {
            Self::Http { web, session, answers } => {
                let headers = match session {
                    Some(session) => legacy_headers(session),
                    None => headers(message),
                };
                answers.push(web.post_with(&headers, message));
            }
            Self::Stdio(stdio) => stdio.send(message),
        }
    }

    fn received(&mut self) -> Vec<Value> {
        self.sim().run();
        match self {
            Self::Http { answers, .. } => {
                let mut all = Vec::new();
                for answer in answers.iter().filter(|it| it.has_begun()) {
                    match answer.header("content-type").as_deref() {
                        Some("text/event-stream") => all.extend(answer.events()),
                        Some(_) => all.push(answer.json()),
                        None => assert_eq!(answer.status(), 202),
                    }
                }
                answers.retain(|it| !it.is_over());
                all
            }
            Self::Stdio(stdio) => stdio.received(),
        }
    }

    /// The result of a request that is answered at once.
    fn ask(&mut self, request: &Value) -> Value {
        self.send(request);
        let received = self.received();
        let mut of_it = received.iter().filter(|it| it["id"] == request["id"]);
        let answer = of_it.next().unwrap_or_else(|| panic!("{request}: {received:?}"));
        assert!(answer["result"].is_object() && of_it.next().is_none(), "{received:?}");
        answer["result"].clone()
    }

    /// Shakes hands as clients of 2025-11-25 do.
    fn initialize(&mut self) {
        let hello = request(
            0,
            "initialize",
            &json!({
            "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "c", "version": "1"}}),
        );
        match self {
            Self::Http { web, session, .. } => {
                let welcome = web.post_with(&legacy_headers(""), &hello);
                *session = welcome.header("mcp-session-id");
            }
            Self::Stdio(stdio) => assert!(stdio.ask(&hello)["result"].is_object()),
        }
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assert_eq!(self.received(), [] as [Value; 0]);
    }
}

fn legacy_headers(session: &str) -> HeaderMap {
    let mut all = headers(&json!({}));
    if !session.is_empty() {
        all.insert("mcp-session-id", session.parse().unwrap());
    }
    all
}

fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A request of a client of the extension.
fn modern(id: u64, method: &str, params: &Value) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {
            "elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
    });
    crate::support::request_with(id, method, params, &meta)
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// TASKX-07, TASKX-11, TASKX-19, TASKX-24: over HTTP and stdio. The call is answered, its exchange
/// over, and the work goes on; whoever listens hears of its end.
#[test]
fn taskx_07_a_task_outlives_its_exchange() {
    for (mut wire, gate) in Wire::all() {
        let made = wire.ask(&modern(1, "tools/call", &json!({"name": "work", "arguments": {}})));
        assert_eq!((&made["resultType"], &made["status"]), (&json!("task"), &json!("working")));
        let id = made["taskId"].clone();
        let this = json!({"taskId": id});
        let other = wire.ask(&modern(2, "tools/call", &json!({"name": "work", "arguments": {}})));
        let other = json!({"taskId": other["taskId"]});

        wire.send(&modern(3, "subscriptions/listen", &json!({"notifications": {"taskIds": [id]}})));
        let heard = wire.received();
        assert_eq!(heard[0]["method"], "notifications/subscriptions/acknowledged", "{heard:?}");
        assert_eq!(wire.ask(&modern(4, "tasks/get", &this))["status"], "working");
        assert_eq!(wire.ask(&modern(5, "tasks/cancel", &other))["resultType"], "complete");
        gate.open();
        let told = wire.received();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["method"], "notifications/tasks", "{told:?}");
        assert_eq!(
            (&told[0]["params"]["taskId"], text(&told[0]["params"]["result"])),
            (&id, "worked")
        );
        let done = wire.ask(&modern(6, "tasks/get", &this));
        assert_eq!((&done["status"], text(&done["result"])), (&json!("completed"), "worked"));
        assert_eq!(wire.ask(&modern(7, "tasks/get", &other))["status"], "cancelled");
    }
}

/// TASKX-12, TASKX-18: a question of a task is answered by another request.
#[test]
fn taskx_18_a_task_is_answered() {
    for (mut wire, _) in Wire::all() {
        let made = wire.ask(&modern(1, "tools/call", &json!({"name": "ask", "arguments": {}})));
        let mut params = json!({"taskId": made["taskId"]});
        let open = wire.ask(&modern(2, "tasks/get", &params));
        assert_eq!(open["status"], "input_required");
        assert_eq!(open["inputRequests"]["who"]["method"], "elicitation/create");
        params["inputResponses"] = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
        wire.ask(&modern(3, "tasks/update", &params));
        let done = wire.ask(&modern(4, "tasks/get", &json!({"taskId": made["taskId"]})));
        assert_eq!((&done["status"], text(&done["result"])), (&json!("completed"), "Ada"));
    }
}

/// TASK-07, TASK-16, TASK-19, TASK-21: the design of 2025-11-25. The result is waited for, and
/// what the task asks leaves where it is waited for.
#[test]
fn task_16_a_result_is_waited_for_on_the_wire() {
    for (mut wire, gate) in Wire::all() {
        wire.initialize();
        let begin = |tool| json!({"name": tool, "arguments": {}, "task": {"ttl": 60_000}});
        let made = wire.ask(&request(1, "tools/call", &begin("work")));
        let id = made["task"]["taskId"].clone();
        assert_eq!(made["task"]["status"], "working");
        wire.send(&request(2, "tasks/result", &json!({"taskId": id})));
        assert!(wire.received().iter().all(|it| it["id"] != 2), "it is not done");
        gate.open();
        let received = wire.received();
        let done = received.iter().find(|it| it["id"] == 2).unwrap();
        assert_eq!(text(&done["result"]), "worked");
        assert_eq!(done["result"]["_meta"][RELATED]["taskId"], id);

        let made = wire.ask(&request(3, "tools/call", &begin("ask")));
        let id = json!({"taskId": made["task"]["taskId"]});
        assert_eq!(wire.ask(&request(4, "tasks/get", &id))["status"], "input_required");
        wire.send(&request(5, "tasks/result", &id));
        let received = wire.received();
        let question = received.iter().find(|it| it["method"] == "elicitation/create").unwrap();
        assert_eq!(question["params"]["_meta"][RELATED], id);
        wire.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result":
            {"action": "accept", "content": {"name": "Ada"}}}));
        let received = wire.received();
        let done = received.iter().find(|it| it["id"] == 5).unwrap();
        assert_eq!(text(&done["result"]), "Ada");
        assert_eq!(
            wire.ask(&request(6, "tasks/list", &json!({})))["tasks"].as_array().unwrap().len(),
            2
        );

        // TASK-14: after their time they are gone, with nothing left behind.
        let tasks = wire.sim().tasks();
        wire.sim().advance(Duration::from_secs(61));
        assert_eq!(wire.ask(&request(7, "tasks/list", &json!({})))["tasks"], json!([]));
        assert!(wire.sim().tasks() <= tasks);
    }
}

/// TASK-26, CANCEL-05: cancelled by its own method, not with the request that waits for it.
#[test]
fn task_26_a_task_is_cancelled_on_the_wire() {
    for (mut wire, gate) in Wire::all() {
        wire.initialize();
        let begin = json!({"name": "work", "arguments": {}, "task": {}});
        let made = wire.ask(&request(1, "tools/call", &begin));
        let id = json!({"taskId": made["task"]["taskId"]});
        wire.send(&request(2, "tasks/result", &id));
        wire.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": 2}}));
        wire.received();
        assert_eq!(wire.ask(&request(3, "tasks/get", &id))["status"], "working");
        assert_eq!(wire.ask(&request(4, "tasks/cancel", &id))["status"], "cancelled");
        gate.open();
        assert_eq!(wire.ask(&request(5, "tasks/get", &id))["status"], "cancelled");
    }
}
