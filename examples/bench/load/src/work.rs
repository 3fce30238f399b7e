//! What users do: the messages, and the order they are sent in.

use std::fmt::Write as _;

use crate::response::contains;

use crate::users::{Event, Io, LISTEN, POST, User};

const MODERN_META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"}"#;

const HELLO: &str = r#""name":"echo","arguments":{"text":"hello"}"#;

pub const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}"#;
pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// `tools/call` of a session.
pub fn session_call(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{{HELLO}}}}}"#)
}

/// `tools/list` of a session.
fn session_list(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#)
}

/// What is asked again and again without a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Call,
    List,
    Progress,
}

impl Question {
    pub fn message(self, id: u64) -> String {
        let (method, params, token) = match self {
            Self::Call => ("tools/call", HELLO, ""),
            Self::List => ("tools/list", "", ""),
            Self::Progress => {
                ("tools/call", r#""name":"count","arguments":{"to":10}"#, r#","progressToken":7"#)
            }
        };
        let comma = if params.is_empty() { "" } else { "," };
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{{params}{comma}"_meta":{{{MODERN_META}{token}}}}}}}"#
        )
    }

    /// What shows that the answer is one.
    fn sign(self) -> &'static [u8] {
        match self {
            Self::Call => b"hello",
            Self::List => b"inputSchema",
            Self::Progress => b"counted to 10",
        }
    }

    fn headers(self) -> &'static str {
        match self {
            Self::Call => {
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n"
            }
            Self::List => "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n",
            Self::Progress => {
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: count\r\n"
            }
        }
    }
}

/// A request of HTTP/1.1, the same for every server.
pub fn post(path: &str, headers: &str, body: &str) -> String {
    let mut request = String::with_capacity(300 + body.len());
    let _ = write!(
        request,
        "POST {path} HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    request
}

pub fn get(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:8000\r\nAccept: text/event-stream\r\n{headers}\r\n"
    )
}

fn expect(status: u16, body: &[u8], expected: u16, sign: &[u8]) -> Result<(), String> {
    if status == expected && contains(body, sign) {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&body[..body.len().min(500)]);
    Err(format!("{status} instead of {expected}: {body}"))
}

/// Asks without a session, one request after the other.
pub struct Stateless {
    pub question: Question,
    pub next: u64,
}

impl Stateless {
    fn ask(&mut self, io: &mut Io) {
        self.next += 1;
        io.begin();
        io.post(post("/mcp", self.question.headers(), &self.question.message(self.next)));
    }
}

impl User for Stateless {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
        match event {
            Event::Start => self.ask(io),
            Event::Answer { status, body, .. } => {
                expect(status, body, 200, self.question.sign())?;
                if io.end() {
                    self.ask(io);
                }
            }
            Event::Event(_) => {}
        }
        Ok(())
    }
}

/// Where a user of a session is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Initializing,
    Initialized,
    Calling,
    Ending,
}

/// How a user of Streamable HTTP goes about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Custom {
    /// Call after call.
    Calls,
    /// List after list.
    Lists,
    /// Session after session, a call in each.
    Lifecycles,
}

/// Uses sessions of Streamable HTTP.
pub struct Session {
    custom: Custom,
    stage: Stage,
    headers: String,
    next: u64,
}

impl Session {
    pub fn new(custom: Custom) -> Self {
        Self { custom, stage: Stage::Initializing, headers: String::new(), next: 0 }
    }

    fn initialize(&mut self, io: &mut Io) {
        if self.custom == Custom::Lifecycles {
            io.begin();
        }
        self.stage = Stage::Initializing;
        io.post(post("/mcp", "", INITIALIZE));
    }

    fn call(&mut self, io: &mut Io) {
        if self.custom != Custom::Lifecycles {
            io.begin();
        }
        self.next += 1;
        self.stage = Stage::Calling;
        let message = match self.custom {
            Custom::Lists => session_list(self.next),
            Custom::Calls | Custom::Lifecycles => session_call(self.next),
        };
        io.post(post("/mcp", &self.headers, &message));
    }
}

impl User for Session {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
        let Event::Answer { status, session, body } = event else {
            match self.stage {
                Stage::Calling => self.call(io),
                _ => self.initialize(io),
            }
            return Ok(());
        };
        match self.stage {
            Stage::Initializing => {
                expect(status, body, 200, b"")?;
                let session = session.unwrap_or_default();
                self.headers =
                    format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n");
                self.stage = Stage::Initialized;
                io.post(post("/mcp", &self.headers, INITIALIZED));
            }
            Stage::Initialized => {
                if status != 200 {
                    expect(status, body, 202, b"")?;
                }
                self.call(io);
            }
            Stage::Calling => {
                let question = match self.custom {
                    Custom::Lists => Question::List,
                    Custom::Calls | Custom::Lifecycles => Question::Call,
                };
                expect(status, body, 200, question.sign())?;
                if self.custom == Custom::Lifecycles {
                    self.stage = Stage::Ending;
                    let headers = &self.headers;
                    io.post(format!(
                        "DELETE /mcp HTTP/1.1\r\nHost: localhost:8000\r\n{headers}\r\n"
                    ));
                } else if io.end() {
                    self.call(io);
                }
            }
            Stage::Ending => {
                if !(200..300).contains(&status) {
                    return Err(format!("DELETE: {status}"));
                }
                if io.end() {
                    self.initialize(io);
                }
            }
        }
        Ok(())
    }
}

/// How a user of HTTP+SSE goes about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Call after call.
    Calls,
    /// Stream after stream, a call on each.
    Lifecycles,
    /// So many calls at once, before the handshake or after it; stream after stream.
    Bursts { calls: usize, early: bool },
}

/// Uses HTTP+SSE.
pub struct Sse {
    habit: Habit,
    stage: Stage,
    path: String,
    next: u64,
    /// Answers on [`POST`] and events that are still to come.
    awaited: (usize, usize),
    /// A server that has no handshake.
    bare: bool,
}

impl Sse {
    pub fn new(habit: Habit, bare: bool) -> Self {
        let stage = Stage::Initializing;
        Self { habit, stage, path: String::new(), next: 0, awaited: (0, 0), bare }
    }

    fn open(&mut self, io: &mut Io) {
        if self.habit != Habit::Calls {
            io.begin();
        }
        self.path.clear();
        io.listen(get("/sse", ""));
    }

    fn call(&mut self, io: &mut Io) {
        self.next += 1;
        self.awaited.0 += 1;
        self.awaited.1 += 1;
        io.post(post(&self.path, "", &session_call(self.next)));
    }

    fn initialize(&mut self, io: &mut Io) {
        self.stage = Stage::Initializing;
        self.awaited = (self.awaited.0 + 1, self.awaited.1 + 1);
        io.post(post(&self.path, "", INITIALIZE));
    }

    fn work(&mut self, io: &mut Io) {
        self.stage = Stage::Calling;
        match self.habit {
            Habit::Calls => {
                io.begin();
                self.call(io);
            }
            Habit::Lifecycles => self.call(io),
            Habit::Bursts { early: true, .. } => self.finish(io),
            Habit::Bursts { calls, .. } => (0..calls).for_each(|_| self.call(io)),
        }
    }

    fn finish(&mut self, io: &mut Io) {
        let goes_on = io.end();
        match self.habit {
            Habit::Calls if goes_on => self.work(io),
            Habit::Calls => {}
            Habit::Lifecycles | Habit::Bursts { .. } => {
                io.close(LISTEN);
                io.close(POST);
                self.stage = Stage::Ending;
                if goes_on {
                    self.open(io);
                }
            }
        }
    }

    fn proceed(&mut self, io: &mut Io) {
        if self.awaited != (0, 0) {
            return;
        }
        match self.stage {
            Stage::Initializing => {
                self.stage = Stage::Initialized;
                self.awaited.0 = 1;
                io.post(post(&self.path, "", INITIALIZED));
            }
            Stage::Initialized => self.work(io),
            Stage::Calling => self.finish(io),
            Stage::Ending => {}
        }
    }
}

impl User for Sse {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
        match event {
            Event::Start if self.stage == Stage::Calling => self.work(io),
            Event::Start => self.open(io),
            Event::Event(event) if self.path.is_empty() => {
                let event = String::from_utf8_lossy(event);
                let path = event.lines().find_map(|line| line.strip_prefix("data: "));
                self.path = path.ok_or("no endpoint")?.trim().into();
                if self.bare {
                    self.work(io);
                    return Ok(());
                }
                if let Habit::Bursts { calls, early: true } = self.habit {
                    (0..calls).for_each(|_| self.call(io));
                }
                self.initialize(io);
            }
            Event::Event(event) => {
                if !contains(event, b"\"result\"") {
                    let event = String::from_utf8_lossy(event);
                    // Comments that keep the connection alive.
                    return if event.starts_with(':') { Ok(()) } else { Err(event.into()) };
                }
                self.awaited.1 -= 1;
                self.proceed(io);
            }
            Event::Answer { status, body, .. } => {
                expect(status, body, 202, b"")?;
                self.awaited.0 -= 1;
                self.proceed(io);
            }
        }
        Ok(())
    }
}

/// Opens a stream and leaves it open: one unit of work.
pub struct Idle {
    sse: bool,
    bare: bool,
    stage: Stage,
    path: String,
    headers: String,
    awaited: usize,
}

impl Idle {
    pub fn new(sse: bool, bare: bool) -> Self {
        let stage = Stage::Initializing;
        let (path, headers) = (String::new(), String::new());
        Self { sse, bare, stage, path, headers, awaited: 0 }
    }
}

impl User for Idle {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
        match event {
            Event::Start if self.sse => {
                io.begin();
                io.listen(get("/sse", ""));
            }
            Event::Start => {
                io.begin();
                io.post(post("/mcp", "", INITIALIZE));
            }
            Event::Event(event) if self.sse && self.path.is_empty() => {
                let event = String::from_utf8_lossy(event);
                let path = event.lines().find_map(|line| line.strip_prefix("data: "));
                self.path = path.ok_or("no endpoint")?.trim().into();
                if self.bare {
                    io.end();
                } else {
                    self.awaited = 2;
                    io.post(post(&self.path, "", INITIALIZE));
                }
            }
            Event::Event(_) if self.stage == Stage::Initializing && self.sse => self.step(io),
            Event::Event(_) => {}
            Event::Answer { status, body, session } => match self.stage {
                Stage::Initializing if self.sse => self.step(io),
                Stage::Initializing => {
                    expect(status, body, 200, b"")?;
                    let session = session.unwrap_or_default();
                    self.headers = format!(
                        "Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"
                    );
                    self.stage = Stage::Initialized;
                    io.post(post("/mcp", &self.headers, INITIALIZED));
                }
                _ => {
                    expect(status, body, 202, b"")?;
                    // The connection it posted on is not part of the session.
                    io.close(POST);
                    if !self.sse {
                        io.listen(get("/mcp", &self.headers));
                    }
                    io.end();
                }
            },
        }
        Ok(())
    }
}

impl Idle {
    fn step(&mut self, io: &mut Io) {
        self.awaited -= 1;
        if self.awaited == 0 {
            self.stage = Stage::Initialized;
            io.post(post(&self.path, "", INITIALIZED));
        }
    }
}
