//! What idle sessions cost, and what a call costs among many of them and of many tools.

use std::time::Duration;

use crate::Options;
use crate::server::{Peer, Setup};
use crate::users::{Crowd, Outcome};
use crate::work::{Idle, Question, Session, Stateless};

pub fn run(options: &Options) -> Result<(), String> {
    println!("{} idle sessions", options.sessions);
    println!("  peer   stream     KiB each   call p50 µs (alone)   p99 µs (alone)");
    for &peer in &options.peers {
        for sse in [true, false] {
            let streams = match peer {
                Peer::Tokio | Peer::Smol => true,
                Peer::Hyper => sse,
                Peer::Rmcp => !sse,
                _ => false,
            };
            if streams {
                idle(options, peer, sse)?;
            }
        }
    }
    println!("\nsession call by the number of sessions, stateless call by the number of tools");
    println!("  peer      count   /s of calls among sessions   /s with as many tools");
    for peer in [Peer::Tokio, Peer::Smol] {
        for count in [1, 10, 100, 1000, 10_000] {
            let (sessions, tools) =
                (among(options, peer, count)?, with_tools(options, peer, count)?);
            let (sessions, tools) = (sessions.per_second(), tools.per_second());
            println!("  {:<6} {count:>8} {sessions:>28.0} {tools:>23.0}", peer.name());
        }
    }
    Ok(())
}

fn setup(options: &Options, tools: usize, sse: bool) -> Setup {
    Setup { core: options.core, tools, hyper: ("call", None), sse }
}

fn idle(options: &Options, peer: Peer, sse: bool) -> Result<(), String> {
    let places = &options.places;
    let server = places.start(peer, &setup(options, 2, sse)).map_err(|it| it.to_string())?;
    let alone = calls(options, &server, peer)?;
    let before = server.memory().map_err(|it| it.to_string())?;
    let mut crowd = Crowd::new(server.address).map_err(|it| it.to_string())?;
    for _ in 0..options.sessions {
        crowd.add(Idle::new(sse, peer == Peer::Hyper));
    }
    crowd.run_once(64)?;
    std::thread::sleep(Duration::from_millis(500));
    let after = server.memory().map_err(|it| it.to_string())?;
    let each = (after - before) as f64 / options.sessions as f64;
    let mut among = calls(options, &server, peer)?;
    let mut alone = alone;
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    println!(
        "  {:<6} {:<9} {each:>9.1} {:>12.0} ({:.0}) {:>12.0} ({:.0})",
        peer.name(),
        if sse { "HTTP+SSE" } else { "GET /mcp" },
        micros(among.percentile(50)),
        micros(alone.percentile(50)),
        micros(among.percentile(99)),
        micros(alone.percentile(99)),
    );
    Ok(())
}

/// Calls in one session, one after the other.
fn calls(options: &Options, server: &crate::server::Server, peer: Peer) -> Result<Outcome, String> {
    let mut crowd = Crowd::new(server.address).map_err(|it| it.to_string())?;
    if peer == Peer::Hyper {
        crowd.add(Stateless { question: Question::Call, next: 0 });
    } else {
        crowd.add(Session::new(false));
    }
    crowd.run(options.warm, options.time, || {})
}

/// Calls in one session while there are others.
fn among(options: &Options, peer: Peer, sessions: usize) -> Result<Outcome, String> {
    let places = &options.places;
    let server = places.start(peer, &setup(options, 2, false)).map_err(|it| it.to_string())?;
    let mut crowd = Crowd::new(server.address).map_err(|it| it.to_string())?;
    for _ in 1..sessions {
        crowd.add(Idle::new(false, false));
    }
    crowd.run_once(64)?;
    let mut busy = Crowd::new(server.address).map_err(|it| it.to_string())?;
    (0..16).for_each(|_| busy.add(Session::new(false)));
    busy.run(options.warm, options.time, || {})
}

fn with_tools(options: &Options, peer: Peer, tools: usize) -> Result<Outcome, String> {
    let places = &options.places;
    let server = places.start(peer, &setup(options, tools, false)).map_err(|it| it.to_string())?;
    let mut crowd = Crowd::new(server.address).map_err(|it| it.to_string())?;
    (0..16).for_each(|_| crowd.add(Stateless { question: Question::Call, next: 0 }));
    crowd.run(options.warm, options.time, || {})
}
