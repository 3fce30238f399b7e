//! The pieces a stream of events leaves in.

use alloc::collections::VecDeque;
use core::fmt;

use bytes::{Bytes, BytesMut};

use crate::jsonrpc::Frame;
use crate::transport::sse;

/// Small frames are gathered into pieces of about this many bytes, so that a burst of them takes
/// few writes; larger ones leave as they are.
const GATHER: usize = 16 * 1024;

/// Bytes to write, small ones together and large ones uncopied.
#[derive(Default)]
pub(super) struct Pieces {
    ready: VecDeque<Bytes>,
    gathered: BytesMut,
}

impl Pieces {
    /// Whether so much has been gathered that it should be written first.
    pub(super) fn is_enough(&self) -> bool {
        self.gathered.len() >= GATHER || !self.ready.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_empty() && self.ready.is_empty()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
    }

    /// Adds an event that carries a frame; `write_prefix` writes what precedes its data.
    pub(super) fn push_event(&mut self, frame: Frame, write_prefix: impl FnOnce(&mut BytesMut)) {
        let large = frame.len() > GATHER;
        if !large {
            self.gathered.reserve(frame.len() + 64);
        }
        write_prefix(&mut self.gathered);
        for chunk in frame.into_chunks() {
            if large && chunk.len() > GATHER {
                self.ready.push_back(self.gathered.split().freeze());
                self.ready.push_back(chunk);
            } else {
                self.gathered.extend_from_slice(&chunk);
            }
        }
        self.gathered.extend_from_slice(sse::SUFFIX);
    }

    pub(super) fn pop(&mut self) -> Option<Bytes> {
        if let Some(piece) = self.ready.pop_front() {
            return Some(piece);
        }
        (!self.gathered.is_empty()).then(|| self.gathered.split().freeze())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl fmt::Debug for Pieces {
    /// Hides the messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pieces({})", self.ready.len() + usize::from(!self.gathered.is_empty()))
    }
}
