//! What idle sessions cost, and what a call costs by how much there is beside it.

use std::time::Duration;

use crate::Options;
use crate::server::{Peer, Server, Setup};
use crate::users::{Crowd, Outcome};
use crate::work::{Custom, Idle, Question, Session, Stateless};

pub fn run(options: &Options, parts: &str) -> Result<(), String> {
    for part in parts.split(',') {
        match part {
            "idle" => idle(options)?,
            "sessions" => sessions(options)?,
            "tools" => tools(options)?,
            "cores" => cores(options)?,
            _ => return Err(format!("no such part of the scale: {part}")),
        }
    }
    Ok(())
}

fn setup(options: &Options, tools: usize, sse: bool) -> Setup {
    Setup { cores: options.cores, tools, hyper: ("call", None), sse }
}

fn start(options: &Options, peer: Peer, setup: &Setup) -> Result<Server, String> {
    options.places.start(peer, setup).map_err(|error| error.to_string())
}

fn crowd(server: &Server) -> Result<Crowd<'static>, String> {
    Crowd::new(server.address).map_err(|error| error.to_string())
}

/// Memory of idle sessions, and how long a call takes among them.
fn idle(options: &Options) -> Result<(), String> {
    println!("\n{} idle sessions", options.sessions);
    println!("  peer       stream     KiB each   call p50 µs (alone)   p99 µs (alone)");
    for &peer in &options.peers {
        for sse in [true, false] {
            let streams = match peer {
                Peer::Tokio | Peer::Smol => true,
                Peer::Hyper | Peer::HyperSmol => sse,
                Peer::Rmcp => !sse,
                Peer::Ts1 | Peer::Ts2 | Peer::Py1 | Peer::Py2 => false,
            };
            if streams {
                idle_on(options, peer, sse)?;
            }
        }
    }
    Ok(())
}

fn idle_on(options: &Options, peer: Peer, sse: bool) -> Result<(), String> {
    let server = start(options, peer, &setup(options, 2, sse))?;
    let memory = || server.memory().map_err(|error| error.to_string());
    let mut alone = calls(options, &server, peer)?;
    let before = memory()?;
    let mut crowd = crowd(&server)?;
    for _ in 0..options.sessions {
        crowd.add(Idle::new(sse, peer.is_bare()));
    }
    crowd.run_once()?;
    std::thread::sleep(Duration::from_millis(500));
    let each = (memory()? - before) as f64 / options.sessions as f64;
    let mut among = calls(options, &server, peer)?;
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    println!(
        "  {:<10} {:<9} {each:>9.1} {:>12.0} ({:.0}) {:>12.0} ({:.0})",
        peer.name(),
        if sse { "HTTP+SSE" } else { "GET /mcp" },
        micros(among.permille(500)),
        micros(alone.permille(500)),
        micros(among.permille(990)),
        micros(alone.permille(990)),
    );
    Ok(())
}

/// Calls one after the other, in a session where there are any.
fn calls(options: &Options, server: &Server, peer: Peer) -> Result<Outcome, String> {
    let mut crowd = crowd(server)?;
    if peer.is_bare() {
        crowd.add(Stateless { question: Question::Call, next: 0 });
    } else {
        crowd.add(Session::new(Custom::Calls));
    }
    crowd.run(options.warm, options.time, || {})
}

/// What a call takes of the server's processor time, in microseconds.
fn cost(options: &Options, server: &Server, mut crowd: Crowd<'_>) -> Result<f64, String> {
    let mut used = 0.0;
    let outcome = crowd.run(options.warm, options.time, || used = server.cpu())?;
    Ok((server.cpu() - used) * 1e6 / outcome.units.max(1) as f64)
}

/// The middle one of as many costs as there are rounds.
fn median(options: &Options, cost: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    let mut costs: Vec<f64> =
        std::iter::repeat_with(cost).take(options.rounds).collect::<Result<_, _>>()?;
    costs.sort_unstable_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().ok_or_else(|| "no rounds".into())
}

/// A table of costs: a row for each peer, a column for each number.
fn print_costs(
    options: &Options,
    what: &str,
    numbers: &[usize],
    cost: impl Fn(Peer, usize) -> Result<f64, String>,
) -> Result<(), String> {
    println!("\n{what}");
    let heads: String = numbers.iter().map(|number| format!(" {number:>7}")).collect();
    println!("  peer      {heads}");
    for &peer in options.peers.iter().filter(|peer| peer.is_ours()) {
        let costs: Result<Vec<String>, String> =
            numbers.iter().map(|&number| Ok(format!(" {:>7.1}", cost(peer, number)?))).collect();
        println!("  {:<10}{}", peer.name(), costs?.concat());
    }
    Ok(())
}

/// Calls in sixteen sessions while there are others.
fn sessions(options: &Options) -> Result<(), String> {
    let what = "µs CPU of a session call, by the number of idle sessions";
    print_costs(options, what, &[0, 10, 100, 1000, 10_000], |peer, sessions| {
        let server = start(options, peer, &setup(options, 2, false))?;
        let mut others = crowd(&server)?;
        for _ in 0..sessions {
            others.add(Idle::new(false, false));
        }
        others.run_once()?;
        median(options, || {
            let mut busy = crowd(&server)?;
            (0..16).for_each(|_| busy.add(Session::new(Custom::Calls)));
            cost(options, &server, busy)
        })
    })
}

/// Calls without a session, of the tool that is last in the catalog.
fn tools(options: &Options) -> Result<(), String> {
    let what = "µs CPU of a stateless call, by the number of tools";
    print_costs(options, what, &[1, 10, 100, 1000, 10_000], |peer, tools| {
        let server = start(options, peer, &setup(options, tools, false))?;
        median(options, || cost(options, &server, stateless(&server, 16)?))
    })
}

fn stateless(server: &Server, users: u64) -> Result<Crowd<'static>, String> {
    let mut crowd = crowd(server)?;
    (0..users).for_each(|user| crowd.add(Stateless { question: Question::Call, next: user << 20 }));
    Ok(crowd)
}

/// Calls without a session, by how many cores the server has.
fn cores(options: &Options) -> Result<(), String> {
    let most = std::thread::available_parallelism().map_or(1, usize::from).max(2);
    println!("\nstateless calls by the server's cores: /s (µs CPU of each)");
    println!("  peer      {}", (1..=most).map(|cores| format!(" {cores:>16}")).collect::<String>());
    for &peer in options.peers.iter().filter(|peer| peer.is_modern()) {
        let mut row = String::new();
        for cores in 1..=most {
            let setup = Setup { cores: Some(cores), ..setup(options, 2, false) };
            let server = start(options, peer, &setup)?;
            let mut used = 0.0;
            let mut crowd = stateless(&server, 64)?;
            let outcome = crowd.run(options.warm, options.time, || used = server.cpu())?;
            let each = (server.cpu() - used) * 1e6 / outcome.units.max(1) as f64;
            row.push_str(&format!(" {:>9.0} ({each:>4.1})", outcome.per_second()));
        }
        println!("  {:<10}{row}", peer.name());
    }
    Ok(())
}
