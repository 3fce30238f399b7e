//! What is compared.

use std::path::PathBuf;

use crate::Options;
use crate::server::{Peer, Setup, store};
use crate::stdio;
use crate::table::{Row, Turn, print};
use crate::users::{Crowd, Event, Io, User};
use crate::work::{Custom, Habit, Question, Session, Sse, Stateless, post};

/// A kind of work, and how many do it at once.
pub struct Scenario {
    pub name: &'static str,
    kind: Kind,
    users: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Stateless(Question),
    Session(Custom),
    Sse(Habit),
    Stdio,
}

pub fn all() -> Vec<Scenario> {
    use Kind::{Session, Sse, Stateless, Stdio};
    let scenario = |name, kind, users| Scenario { name, kind, users };
    let (calls, lifecycle) = (Session(Custom::Calls), Session(Custom::Lifecycles));
    let burst = |early| Sse(Habit::Bursts { calls: 100, early });
    vec![
        scenario("stateless-1", Stateless(Question::Call), 1),
        scenario("stateless-64", Stateless(Question::Call), 64),
        scenario("stateless-512", Stateless(Question::Call), 512),
        scenario("session-1", calls, 1),
        scenario("session-64", calls, 64),
        scenario("session-512", calls, 512),
        scenario("list-380", Stateless(Question::List), 16),
        scenario("progress-10", Stateless(Question::Progress), 64),
        scenario("lifecycle", lifecycle, 64),
        scenario("sse-call", Sse(Habit::Calls), 64),
        scenario("sse-lifecycle", Sse(Habit::Lifecycles), 16),
        scenario("burst-held", burst(true), 8),
        scenario("burst-ready", burst(false), 8),
        scenario("stdio-64", Stdio, 64),
    ]
}

impl Kind {
    fn takes(self, peer: Peer) -> bool {
        match self {
            Self::Stateless(Question::List) => true,
            Self::Stateless(_) => peer.is_modern(),
            Self::Session(Custom::Lifecycles) => !peer.is_bare() && peer != Peer::Ts2,
            Self::Session(_) => peer != Peer::Ts2,
            Self::Stdio => !peer.is_bare(),
            // A server that does not hold them loses them or refuses them.
            Self::Sse(Habit::Bursts { early: true, .. }) => peer.is_ours(),
            Self::Sse(Habit::Calls) => peer.has_sse(),
            Self::Sse(_) => peer.has_sse() && !peer.is_bare(),
        }
    }
}

pub fn run(options: &Options) -> Result<(), String> {
    for scenario in &options.scenarios {
        let peers = options.peers.iter().copied().filter(|peer| scenario.kind.takes(*peer));
        let mut rows: Vec<Row> = peers.map(Row::new).collect();
        let list = match scenario.kind {
            Kind::Stateless(Question::List) => Some(our_list(options)?),
            _ => None,
        };
        for round in 0..options.rounds {
            // Back and forth, so that a machine that gets busier treats nobody better.
            let order: Vec<usize> = match round % 2 {
                0 => (0..rows.len()).collect(),
                _ => (0..rows.len()).rev().collect(),
            };
            for row in order {
                let row = &mut rows[row];
                match turn(options, scenario, row.peer, list.clone()) {
                    Ok(turn) => row.turns.push(turn),
                    Err(error) => row.failed = Some(error),
                }
            }
        }
        print(scenario.name, &rows);
    }
    Ok(())
}

fn turn(
    options: &Options,
    scenario: &Scenario,
    peer: Peer,
    list: Option<PathBuf>,
) -> Result<Turn, String> {
    let mode = match scenario.kind {
        Kind::Stateless(Question::Progress) => "progress",
        Kind::Stateless(Question::List) => "list",
        _ => "call",
    };
    let sse = matches!(scenario.kind, Kind::Sse(_));
    let tools = if mode == "list" { 380 } else { 2 };
    let setup = Setup { cores: options.cores, tools, hyper: (mode, list), sse };
    let Options { places, warm, time, .. } = options;
    if matches!(scenario.kind, Kind::Stdio) {
        let (outcome, used) = stdio::run(places, peer, &setup, scenario.users, (*warm, *time))?;
        return Ok(Turn::new(outcome, used));
    }
    let server = places.start(peer, &setup).map_err(|error| error.to_string())?;
    let mut crowd = Crowd::new(server.address).map_err(|error| error.to_string())?;
    for user in 0..scenario.users {
        match scenario.kind {
            // Who knows nothing but sessions lists in one.
            Kind::Stateless(Question::List) if !peer.is_modern() => {
                crowd.add(Session::new(Custom::Lists));
            }
            Kind::Stateless(question) => {
                crowd.add(Stateless { question, next: user as u64 * 1_000_000 });
            }
            // Bare hyper knows no sessions; it gets the same calls.
            Kind::Session(_) if peer.is_bare() => {
                crowd.add(Bare { next: 0 });
            }
            Kind::Session(custom) => crowd.add(Session::new(custom)),
            Kind::Sse(habit) => crowd.add(Sse::new(habit, peer.is_bare())),
            Kind::Stdio => {}
        }
    }
    let mut used = 0.0;
    let outcome = crowd.run(*warm, *time, || used = server.cpu())?;
    let used = server.cpu() - used;
    Ok(Turn::new(outcome, used))
}

/// Calls as they stand in a session, without one.
struct Bare {
    next: u64,
}

impl User for Bare {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
        if matches!(event, Event::Start) || io.end() {
            self.next += 1;
            io.begin();
            let headers = "Mcp-Session-Id: 0123456789abcdef0123456789abcdef\r\n\
                           MCP-Protocol-Version: 2025-11-25\r\n";
            io.post(post("/mcp", headers, &crate::work::session_call(self.next)));
        }
        Ok(())
    }
}

/// What our server answers to `tools/list`, for bare hyper to send as well.
fn our_list(options: &Options) -> Result<PathBuf, String> {
    struct Once<'a>(&'a mut Vec<u8>);

    impl User for Once<'_> {
        fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String> {
            match event {
                Event::Answer { body, .. } => {
                    self.0.extend_from_slice(body);
                    io.end();
                }
                _ => {
                    io.begin();
                    let headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n";
                    io.post(post("/mcp", headers, &Question::List.message(1)));
                }
            }
            Ok(())
        }
    }

    let setup = Setup { cores: None, tools: 380, hyper: ("list", None), sse: false };
    let server = options.places.start(Peer::Tokio, &setup).map_err(|error| error.to_string())?;
    let mut body = Vec::new();
    let mut crowd = Crowd::new(server.address).map_err(|error| error.to_string())?;
    crowd.add(Once(&mut body));
    crowd.run_once()?;
    drop(crowd);
    let start = memchr::memmem::find(&body, b"\"result\":").ok_or("no result in our list")? + 9;
    let result = body.get(start..body.len() - 1).unwrap_or_default();
    store("mcp-bench-list.json", result).map_err(|error| error.to_string())
}
