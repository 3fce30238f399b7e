//! Reads answers of HTTP/1.1 as they come in.

use memchr::memmem::find;

/// What has been read.
#[derive(Debug)]
pub enum Read {
    /// A whole answer.
    Answer,
    /// One event of a stream that stays open.
    Event(Vec<u8>),
}

/// One connection's answers, one after the other.
#[derive(Default)]
pub struct Reader {
    buffer: Vec<u8>,
    body: Vec<u8>,
    head: Option<Head>,
    session: Option<String>,
    status: u16,
    /// Whether the next answer is a stream that stays open.
    streams: bool,
}

#[derive(Clone, Copy)]
enum Head {
    Length(usize),
    Chunked,
}

impl Reader {
    pub fn new(streams: bool) -> Self {
        Self { streams, ..Self::default() }
    }

    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The session id in the head of the last answer.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// What is complete, if anything is.
    pub fn next(&mut self) -> Result<Option<Read>, &'static str> {
        let head = match self.head {
            Some(head) => head,
            None => {
                let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
                    return Ok(None);
                };
                let head = self.read_head(end)?;
                self.buffer.drain(..end + 4);
                self.body.clear();
                self.head = Some(head);
                head
            }
        };
        match head {
            Head::Length(length) if self.buffer.len() >= length => {
                self.body.extend(self.buffer.drain(..length));
                self.head = None;
                Ok(Some(Read::Answer))
            }
            Head::Length(_) => Ok(None),
            Head::Chunked => self.read_chunks(),
        }
    }

    fn read_head(&mut self, end: usize) -> Result<Head, &'static str> {
        let head = std::str::from_utf8(&self.buffer[..end]).map_err(|_| "a head in UTF-8")?;
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        self.status = status.ok_or("a status")?;
        self.session = None;
        let mut framing = None;
        for line in head.split("\r\n").skip(1) {
            let (name, value) = line.split_once(':').ok_or("a header")?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                framing = Some(Head::Length(value.parse().map_err(|_| "a length")?));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Some(Head::Chunked);
            } else if name.eq_ignore_ascii_case("mcp-session-id") {
                self.session = Some(value.into());
            }
        }
        let empty = matches!(self.status, 204 | 304).then_some(Head::Length(0));
        framing.or(empty).ok_or("an answer with a length")
    }

    fn read_chunks(&mut self) -> Result<Option<Read>, &'static str> {
        loop {
            if self.streams
                && let Some(end) = end_of_event(&self.body)
            {
                let event = self.body.drain(..end).collect();
                return Ok(Some(Read::Event(event)));
            }
            let Some(line) = find(&self.buffer, b"\r\n") else {
                return Ok(None);
            };
            let size = std::str::from_utf8(&self.buffer[..line]).unwrap_or_default();
            let size = usize::from_str_radix(size, 16).map_err(|_| "the size of a chunk")?;
            if self.buffer.len() < line + 2 + size + 2 {
                return Ok(None);
            }
            self.body.extend_from_slice(&self.buffer[line + 2..line + 2 + size]);
            self.buffer.drain(..line + 2 + size + 2);
            if size == 0 {
                self.head = None;
                return Ok(Some(Read::Answer));
            }
        }
    }
}

/// Where the first event ends; servers differ in their line breaks.
fn end_of_event(bytes: &[u8]) -> Option<usize> {
    let unix = find(bytes, b"\n\n").map(|at| at + 2);
    let dos = find(bytes, b"\r\n\r\n").map(|at| at + 4);
    match (unix, dos) {
        (Some(unix), Some(dos)) => Some(unix.min(dos)),
        (unix, dos) => unix.or(dos),
    }
}

pub fn contains(bytes: &[u8], sign: &[u8]) -> bool {
    find(bytes, sign).is_some()
}
