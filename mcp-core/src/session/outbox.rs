//! Frames that wait to leave.

use alloc::collections::VecDeque;

use super::{Counters, Transmit};
use crate::config::{Limits, Timeouts};
use crate::time::Instant;

/// What a waiting frame costs beyond its own bytes: a flood of tiny ones must not slip through
/// the bounds.
const OVERHEAD: usize = size_of::<Transmit>();

#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: VecDeque<Transmit>,
    bytes: usize,
    /// When a full outbox that stands still ends the session.
    stall: Option<Instant>,
    /// Whether something has left since the deadline was set.
    moved: bool,
}

impl Outbox {
    pub(super) fn push(
        &mut self,
        now: Instant,
        (limits, timeouts): (&Limits, &Timeouts),
        counters: &mut Counters,
        transmit: Transmit,
    ) {
        self.bytes = self.bytes.saturating_add(cost(&transmit));
        self.frames.push_back(transmit);
        counters.sent += 1;
        counters.outbox_bytes_peak = counters.outbox_bytes_peak.max(self.bytes);
        if self.is_full(limits) && self.stall.is_none() {
            self.stall = Some(now + timeouts.stall);
            self.moved = false;
        }
    }

    pub(super) fn pop(&mut self) -> Option<Transmit> {
        let transmit = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(cost(&transmit));
        self.moved = true;
        if self.frames.is_empty() {
            self.stall = None;
        }
        Some(transmit)
    }

    /// Whether nothing has left a full outbox since its deadline was set; sets a new one if
    /// something has.
    pub(super) fn is_stalled(
        &mut self,
        now: Instant,
        limits: &Limits,
        timeouts: &Timeouts,
    ) -> bool {
        if self.stall.is_none_or(|deadline| now < deadline) {
            return false;
        }
        if !self.is_full(limits) {
            self.stall = None;
            return false;
        }
        let stalled = !self.moved;
        self.stall = Some(now + timeouts.stall);
        self.moved = false;
        stalled
    }

    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.bytes >= limits.outbox_bytes || self.frames.len() >= limits.outbox_frames
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.stall
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn cost(transmit: &Transmit) -> usize {
    transmit.frame.len().saturating_add(OVERHEAD)
}
