//! Sessions of the era before that go from one server to another.

use alloc::sync::Arc;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Mutex;

use http::{HeaderMap, HeaderValue};
use mcp_core::app::{Context, Server};
use mcp_core::driver::SessionStore;
use mcp_core::model::{Resource, Tool};
use mcp_core::session::SessionSnapshot;
use mcp_core::transport::http::SessionId;
use serde_json::{Value, json};

use crate::support::{Answer, Web, builder};

#[derive(Clone, Default)]
struct Table(Arc<Mutex<HashMap<String, String>>>);

impl SessionStore for Table {
    async fn load(&self, id: SessionId) -> Option<SessionSnapshot> {
        let text = self.0.lock().unwrap().get(&id.to_string()).cloned()?;
        serde_json::from_str(&text).ok()
    }

    fn forget(&self, id: SessionId) {
        self.0.lock().unwrap().remove(&id.to_string());
    }
}

fn server() -> Server {
    let log = |_: Value, cx: Context| async move {
        cx.info("loud");
        cx.error("louder");
        let roots = cx.list_roots("r").await?.roots.len();
        Ok(format!("{roots}"))
    };
    let read = |_, _: Context| async { Ok("text") };
    let builder = builder().raw_tool(Tool::new("log"), log);
    builder.resource(Resource::new("a:b", "b"), read).build().unwrap()
}

fn web(table: &Table) -> Web {
    let mut web = Web::with(server(), |_| {});
    web.service = web.service.with_session_store(table.clone());
    web
}

fn keep(web: &Web, table: &Table) {
    for (id, snapshot) in web.service.snapshots() {
        let text = serde_json::to_string(&snapshot).unwrap();
        table.0.lock().unwrap().insert(id.to_string(), text);
    }
}

fn headers(session: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "localhost"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(session) = session {
        headers.insert("mcp-session-id", session.parse().unwrap());
    }
    headers
}

fn post(web: &Web, session: &str, message: &Value) -> Answer {
    web.post_with(&headers(Some(session)), message)
}

fn call(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize(web: &Web) -> Answer {
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {"roots": {}},
        "clientInfo": {"name": "c", "version": "1"}});
    web.post_with(&headers(None), &call(0, "initialize", &params))
}

/// A session with a handshake, a level, a subscription and a request of the server behind it.
fn begin(web: &Web) -> String {
    let session = initialize(web).header("mcp-session-id").unwrap();
    post(web, &session, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    post(web, &session, &call(1, "logging/setLevel", &json!({"level": "error"})));
    post(web, &session, &call(2, "resources/subscribe", &json!({"uri": "a:b"})));
    assert!(ask(web, &session, 3).contains("louder"));
    session
}

/// Everything that a call with a question in it sends.
fn ask(web: &Web, session: &str, id: u64) -> String {
    let answer =
        post(web, session, &call(id, "tools/call", &json!({"name": "log", "arguments": {}})));
    let text = answer.text();
    let at = text.rfind("\"id\":").unwrap();
    let question: u64 = text[at + 5..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap();
    let roots = json!({"jsonrpc": "2.0", "id": question, "result": {"roots": []}});
    assert_eq!(post(web, session, &roots).status(), 202);
    answer.text()
}

/// case_20, case_20b: a snapshot on one, a restore on the other, with no handshake; whatever is
/// sent afterwards is the same to the byte, ids of events and of questions included.
#[test]
fn case_20_a_session_goes_on_elsewhere_byte_for_byte() {
    let (table, stayed) = (Table::default(), Table::default());
    let (one, other) = (web(&table), web(&stayed));
    let (moving, staying) = (begin(&one), begin(&other));
    assert_eq!(moving, staying, "both servers have the seed of the tests");
    keep(&one, &table);
    let text = table.0.lock().unwrap().values().next().unwrap().clone();
    assert!(!text.contains(&moving), "the id is as good as a credential");
    let there = web(&table);
    let moved = ask(&there, &moving, 4);
    assert_eq!(moved, ask(&other, &staying, 4));
    assert!(moved.contains("louder") && !moved.contains("\"loud\""), "{moved}");
    assert_eq!(there.service.sessions(), 1);
    assert_eq!(there.service.snapshots()[0].1, other.service.snapshots()[0].1);
    assert_eq!(there.service.snapshots()[0].1.subscriptions, ["a:b"]);
}

/// case_20b: what cannot be restored is a session there is not; and what was ended stays so.
#[test]
fn case_20b_only_what_is_kept_comes_back() {
    let table = Table::default();
    let one = web(&table);
    let session = begin(&one);
    let there = web(&table);
    let ping = call(9, "ping", &json!({}));
    assert_eq!(post(&there, &session, &ping).status(), 404);
    keep(&one, &table);
    let kept = table.0.lock().unwrap()[&session].clone();
    let spoil = |from: &str, to: &str| {
        assert!(kept.contains(from));
        table.0.lock().unwrap().insert(session.clone(), kept.replace(from, to));
        assert_eq!(post(&there, &session, &ping).status(), 404, "{to}");
    };
    spoil("\"version\":1,", "\"version\":2,");
    spoil("2025-11-25", "2026-07-28");
    spoil("2025-11-25", "2031-01-01");
    table.0.lock().unwrap().insert(session.clone(), kept.clone());
    assert_eq!(post(&there, &session, &ping).status(), 200);
    // Ended here, it does not come back anywhere.
    let delete = http::Request::delete("/mcp");
    let delete = headers(Some(&session))
        .iter()
        .fold(delete, |delete, (name, value)| delete.header(name, value))
        .body(crate::support::Whole::empty())
        .unwrap();
    let service = there.service.clone();
    let ended = there.sim.start(async move { service.handle(delete).await.status().as_u16() });
    there.sim.run();
    drop(ended);
    assert_eq!(post(&web(&table), &session, &ping).status(), 404);
}

/// case_16, case_20: a session that lives elsewhere is not gone because there is no room for it
/// here, or because the store does not answer: 503, and no new handshake.
#[test]
fn case_16_no_room_for_a_session_is_not_the_end_of_it() {
    let table = Table::default();
    let one = web(&table);
    // Both servers have one seed: the first session there has the id of the first one here.
    initialize(&one);
    let session = begin(&one);
    keep(&one, &table);
    let mut full = Web::with(server(), |config| config.max_sessions = 1);
    full.service = full.service.with_session_store(table.clone());
    assert_eq!(initialize(&full).status(), 200);
    let ping = call(9, "ping", &json!({}));
    let answer = post(&full, &session, &ping);
    assert_eq!(answer.status(), 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
    assert!(answer.text().contains("try again"), "{}", answer.text());

    let mut deaf = Web::with(server(), |_| {});
    deaf.service = deaf.service.with_session_store(Silent);
    let answer = post(&deaf, &session, &ping);
    deaf.sim.advance(Duration::from_secs(60));
    assert_eq!(answer.status(), 503);
}

/// A store that never answers.
struct Silent;

impl SessionStore for Silent {
    async fn load(&self, _: SessionId) -> Option<SessionSnapshot> {
        core::future::pending().await
    }

    fn forget(&self, _: SessionId) {}
}
