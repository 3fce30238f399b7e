//! A session driven by hand: no runtime, no sockets, no threads.
//!
//! ```text
//! cargo run -p mcp-examples --bin embedded
//! ```
//!
//! This is what embedding the engine looks like: frames go in, events and frames come out, and
//! time is whatever the caller says it is. The "network" is a pair of queues. The client's
//! `tools/call` overtakes its own `initialize`, which is what happens when every message travels
//! in an HTTP request of its own; watch the session hold it back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_core::config::SessionConfig;
use mcp_core::jsonrpc::{ErrorObject, RawJson, Reply};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Implementation, InitializeResult, ServerCapabilities};
use mcp_core::session::{Lane, ServerEvent, ServerSession};
use mcp_core::time::Instant;

/// Both directions of an in-memory pipe.
#[derive(Default)]
struct Pipe {
    to_server: VecDeque<Bytes>,
    to_client: VecDeque<Bytes>,
}

fn main() {
    let mut pipe = Pipe::default();
    for message in [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"clock"}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"embedded","version":"1.0"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"clock"}}"#,
    ] {
        pipe.to_server.push_back(Bytes::from_static(message.as_bytes()));
    }

    // 1. A session is made with the time it begins at and what it is to answer.
    let mut now = Instant::EPOCH;
    let config = SessionConfig::new([Method::ToolsList, Method::ToolsCall]);
    let mut session = ServerSession::new(now, Arc::new(config));

    // 2. The loop every driver runs: frames in, timers, events, frames out.
    while let Some(frame) = pipe.to_server.pop_front() {
        now = now + Duration::from_millis(10);
        println!("client > {}", text(&frame));
        if let Err(error) = session.handle_frame(now, Lane::Standing, frame) {
            println!("         ({error}; the client has been told)");
        }
        if session.poll_timeout().is_some_and(|deadline| deadline <= now) {
            session.handle_timeout(now);
        }
        while let Some(event) = session.poll_event() {
            handle(&mut session, now, event);
        }
        while let Some(transmit) = session.poll_transmit() {
            pipe.to_client.push_back(transmit.frame.to_bytes());
        }
        while let Some(frame) = pipe.to_client.pop_front() {
            println!("server > {}", text(&frame));
        }
    }

    // 3. Everything the session did has been counted.
    let counters = session.counters();
    println!("held {}, released {}", counters.held, counters.released);
    println!("waited {:?} in all", counters.held_for);
}

/// The application: it answers what the session cannot answer by itself.
fn handle(session: &mut ServerSession, now: Instant, event: ServerEvent) {
    match event {
        ServerEvent::Initialize(ticket, client) => {
            println!("         {} {} wants to start", client.info.name, client.revision);
            let server = Implementation::new("embedded", "1.0");
            let result = InitializeResult::new(ServerCapabilities::new(), server);
            session.accept(now, ticket, result);
        }
        ServerEvent::Request(request) => {
            println!("         {} waited {:?}", request.method, request.held_for);
            session.respond(now, request.ticket, answer(&request.method, now));
        }
        ServerEvent::Held(id) => println!("         request {id} waits for the handshake"),
        other => println!("         {other:?}"),
    }
}

fn answer(method: &Method, now: Instant) -> Reply {
    let result = match method {
        Method::ToolsCall => format!(
            r#"{{"content":[{{"type":"text","text":"{} ms since the start"}}]}}"#,
            now.since_epoch().as_millis()
        ),
        _ => r#"{"tools":[{"name":"clock","inputSchema":{"type":"object"}}]}"#.into(),
    };
    RawJson::parse(result).map_err(|_| ErrorObject::internal("Internal error"))
}

fn text(frame: &Bytes) -> &str {
    std::str::from_utf8(frame).unwrap_or("(not UTF-8)")
}
