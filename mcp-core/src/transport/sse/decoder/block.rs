//! The fields of the event that is being received.

use alloc::boxed::Box;
use alloc::string::String;
use core::mem;
use core::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

use super::SseEvent;

/// The fields of the current event so far.
#[derive(Default)]
pub(super) struct Block {
    event: Option<Box<str>>,
    data: Data,
    pub(super) id: Option<Box<str>>,
    retry: Option<Duration>,
}

/// The data lines of the current event, shared with the input for as long as there is only one.
#[derive(Default)]
enum Data {
    #[default]
    None,
    One(Bytes),
    Joined(BytesMut),
}

impl Block {
    /// Takes in a field line; of a refused event only the id is wanted.
    pub(super) fn handle_field(&mut self, mut line: Bytes, refused: bool) {
        let colon = line.iter().position(|&byte| byte == b':');
        let name = line.split_to(colon.unwrap_or(line.len()));
        if colon.is_some() {
            line.advance(1);
            if line.first() == Some(&b' ') {
                line.advance(1);
            }
        }
        let value = line;
        match &name[..] {
            b"id" if !value.contains(&0) => self.id = Some(text(&value)),
            _ if refused => {}
            b"data" => self.data.push(value),
            b"event" => {
                let named = !value.is_empty() && value != SseEvent::DEFAULT_TYPE;
                self.event = named.then(|| text(&value));
            }
            b"retry" => self.retry = milliseconds(&value).or(self.retry),
            _ => {}
        }
    }

    /// Gives up what takes room, but for the id.
    pub(super) fn forget_all_but_id(&mut self) {
        *self = Self { id: self.id.take(), ..Self::default() };
    }

    /// The event that the fields make; `None` if there is nothing in it to deliver.
    pub(super) fn into_event(self) -> Option<SseEvent> {
        let data = match self.data {
            Data::None if self.id.is_none() && self.retry.is_none() => return None,
            Data::None => Bytes::new(),
            Data::One(line) => line,
            Data::Joined(lines) => lines.freeze(),
        };
        Some(SseEvent { event: self.event, data, id: self.id, retry: self.retry })
    }

    /// The bytes that are kept.
    pub(super) fn len(&self) -> usize {
        let text = |field: &Option<Box<str>>| field.as_ref().map_or(0, |text| text.len());
        text(&self.event) + text(&self.id) + self.data.len()
    }
}

impl Data {
    fn push(&mut self, line: Bytes) {
        *self = match mem::take(self) {
            Self::None => Self::One(line),
            Self::One(first) => Self::join(BytesMut::from(first), &line),
            Self::Joined(lines) => Self::join(lines, &line),
        };
    }

    fn join(mut lines: BytesMut, line: &[u8]) -> Self {
        lines.extend_from_slice(b"\n");
        lines.extend_from_slice(line);
        Self::Joined(lines)
    }

    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(line) => line.len(),
            Self::Joined(lines) => lines.len(),
        }
    }
}

fn text(value: &[u8]) -> Box<str> {
    String::from_utf8_lossy(value).into()
}

/// A retry time: digits only; one too large to count is as long as can be.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if value.is_empty() {
        return None;
    }
    let mut total = 0_u64;
    for byte in value {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        total = total.saturating_mul(10).saturating_add(u64::from(digit));
    }
    Some(Duration::from_millis(total))
}
