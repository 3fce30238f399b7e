//! What is done for every message, again and again, to be counted.
//!
//! ```text
//! bench-counts OPERATION TIMES    does it so many times (for callgrind)
//! bench-counts allocations        prints how many allocations each takes
//! bench-counts list               prints the operations
//! ```

mod allocator;
mod counted;
mod operations;

use operations::{ALL, Operation};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (name, times) = (arguments.next().unwrap_or_default(), arguments.next());
    match &*name {
        "list" => ALL.iter().for_each(|(name, _)| println!("{name}")),
        "allocations" => {
            for (name, make) in ALL {
                println!("{name} {}", allocations(&mut *make()));
            }
        }
        _ => {
            let Some((_, make)) = ALL.iter().find(|(known, _)| *known == name) else {
                eprintln!("no such operation; `list` prints them");
                std::process::exit(2);
            };
            let mut operation = make();
            for _ in 0..times.and_then(|times| times.parse().ok()).unwrap_or(1) {
                operation();
            }
        }
    }
}

/// Allocations of one time, when everything that is made once has been made. Buffers that grow now
/// and then make it a fraction.
fn allocations(operation: &mut Operation) -> f64 {
    const TIMES: u32 = 100;
    (0..TIMES).for_each(|_| operation());
    let before = counted::allocations();
    (0..TIMES).for_each(|_| operation());
    (counted::allocations() - before) as f64 / f64::from(TIMES)
}
