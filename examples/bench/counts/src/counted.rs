//! The part of an operation that is counted: what we do, not what a client would do.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::allocator;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Does it, and counts it. What goes on around it is not counted.
pub fn counted<T>(work: impl FnOnce() -> T) -> T {
    let (mut work, mut done) = (Some(work), None);
    run(&mut || done = work.take().map(|work| work()));
    done.expect("it has run")
}

/// How many allocations there have been in what is counted.
pub fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// `check` has callgrind count in here, by this name. It is not to be nested.
#[inline(never)]
fn run(work: &mut dyn FnMut()) {
    let before = allocator::count();
    work();
    ALLOCATIONS.fetch_add(allocator::count() - before, Ordering::Relaxed);
}
