//! What the application has not polled yet.

use alloc::collections::VecDeque;

use super::Counters;
use crate::small::push_back;

/// Tells what need not be known: dropped, and counted, where `limit` events wait already.
pub(super) fn inform<E>(events: &mut VecDeque<E>, limit: usize, counters: &mut Counters, event: E) {
    if events.len() < limit {
        push_back(events, event);
    } else {
        counters.dropped_events += 1;
    }
}
