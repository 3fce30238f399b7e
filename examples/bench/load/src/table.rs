//! What came out, as a table.

use std::time::Duration;

use crate::server::Peer;
use crate::users::Outcome;

/// The percentiles that are printed, and what they are of a thousand.
const TAIL: [(&str, usize); 4] = [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)];

/// One turn of one server.
pub struct Turn {
    per_second: f64,
    /// How long all but so many units took: see [`TAIL`].
    tail: [Duration; TAIL.len()],
    /// Processor time of the server for one unit of work, in microseconds.
    cpu: f64,
}

impl Turn {
    pub fn new(mut outcome: Outcome, used: f64) -> Self {
        let cpu = used * 1e6 / outcome.units.max(1) as f64;
        let tail = TAIL.map(|(_, permille)| outcome.permille(permille));
        Self { per_second: outcome.per_second(), tail, cpu }
    }
}

/// All turns of one server.
pub struct Row {
    pub peer: Peer,
    pub turns: Vec<Turn>,
    pub failed: Option<String>,
}

impl Row {
    pub fn new(peer: Peer) -> Self {
        Self { peer, turns: Vec::new(), failed: None }
    }

    fn median(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.turns.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The median of the ratios to another server in the same round.
    fn ratio(&self, to: &Self) -> f64 {
        let pairs = self.turns.iter().zip(&to.turns);
        let mut ratios: Vec<f64> =
            pairs.map(|(ours, its)| ours.per_second / its.per_second).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

pub fn print(name: &str, rows: &[Row]) {
    println!("\n{name}");
    let heads: String =
        TAIL.iter().map(|(name, _)| format!(" {:>8}", format!("µs {name}"))).collect();
    println!("  peer             /s   µs CPU{heads}   tokio is");
    let reference = rows.iter().find(|row| row.peer == Peer::Tokio);
    for row in rows {
        if let Some(error) = &row.failed {
            println!("  {:<10} failed: {error}", row.peer.name());
            continue;
        }
        let ratio = reference.map_or(f64::NAN, |reference| reference.ratio(row));
        let tail: String = (0..TAIL.len())
            .map(|at| format!(" {:>8.0}", row.median(|turn| turn.tail[at].as_secs_f64() * 1e6)))
            .collect();
        println!(
            "  {:<10} {:>9.0} {:>8.1}{tail} {:>9.2}x",
            row.peer.name(),
            row.median(|turn| turn.per_second),
            row.median(|turn| turn.cpu),
            ratio,
        );
    }
}
