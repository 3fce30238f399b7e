//! Calls over pipes, so many in flight.

use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use crate::response::contains;

use crate::server::{Peer, Places, Setup, cpu};
use crate::users::Outcome;
use crate::work::{INITIALIZE, INITIALIZED, session_call};

/// Returns what was done in the time, and the processor time the server used for it.
pub fn run(
    places: &Places,
    peer: Peer,
    setup: &Setup,
    window: usize,
    (warm, time): (Duration, Duration),
) -> Result<(Outcome, f64), String> {
    let (mut child, mut stdin, stdout) =
        places.start_stdio(peer, setup).map_err(|error| error.to_string())?;
    let process = child.id();
    let mut stdout = BufReader::with_capacity(64 * 1024, stdout);
    let mut talk = || -> Result<(Outcome, f64), String> {
        let mut line = Vec::new();
        let mut read = |line: &mut Vec<u8>| -> Result<(), String> {
            line.clear();
            match stdout.read_until(b'\n', line) {
                Ok(0) => Err("the server ended".into()),
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        };
        let mut send = |text: String| stdin.write_all(text.as_bytes()).map_err(|it| it.to_string());
        send(format!("{INITIALIZE}\n"))?;
        read(&mut line)?;
        send(format!("{INITIALIZED}\n"))?;
        let mut outcome = Outcome::default();
        let start = Instant::now();
        let (mut next, mut counted_from) = (0, None);
        let mut sent: Vec<Instant> = Vec::new();
        loop {
            // A whole window at a time, as a busy client writes it.
            let mut burst = String::new();
            for _ in 0..window {
                next += 1;
                burst.push_str(&session_call(next));
                burst.push('\n');
                sent.push(Instant::now());
            }
            send(burst)?;
            for _ in 0..window {
                read(&mut line)?;
                if !contains(&line, b"hello") {
                    return Err(String::from_utf8_lossy(&line).into());
                }
                if counted_from.is_some() {
                    outcome.units += 1;
                }
            }
            let now = Instant::now();
            if counted_from.is_some() {
                outcome.latencies.extend(sent.drain(..).map(|sent| now - sent));
            }
            sent.clear();
            match counted_from {
                None if now - start >= warm => counted_from = Some((now, cpu(process))),
                Some((from, used)) if now - from >= time => {
                    outcome.seconds = (now - from).as_secs_f64();
                    return Ok((outcome, cpu(process) - used));
                }
                _ => {}
            }
        }
    };
    let outcome = talk();
    let _ = child.kill();
    let _ = child.wait();
    outcome
}
