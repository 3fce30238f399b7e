use std::io::{self, Read as _};
use std::thread;

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor};
use hyper_util::rt::TokioIo;
use tokio::io::{Stdout, stdout};
use tokio::sync::mpsc;

/// Bytes read at a time.
const CHUNK: usize = 16 * 1024;

/// Standard input, read by a thread of its own.
///
/// tokio's own standard input keeps the runtime from ending for as long as a read waits, and a
/// read waits until the client says something: a server that is told to stop would not.
#[derive(Debug)]
pub struct Stdin {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    taken: usize,
}

pub(crate) fn streams() -> (Stdin, TokioIo<Stdout>) {
    // One chunk on its way and one being read: input is bounded by what has been taken.
    let (sender, chunks) = mpsc::channel(1);
    let reading = thread::Builder::new().name("mcp-stdin".into());
    let started = reading.spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = input.read(&mut chunk);
            let ends = !matches!(&read, Ok(1..));
            let read = read.map(|length| {
                chunk.truncate(length);
                chunk
            });
            if sender.blocking_send(read).is_err() || ends {
                return;
            }
        }
    });
    // Without the thread the sender is gone, and the first read says so.
    drop(started);
    (Stdin { chunks, chunk: Vec::new(), taken: 0 }, TokioIo::new(stdout()))
}

impl Read for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken == self.chunk.len() {
            match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => self.chunk = chunk?,
                None => self.chunk.clear(),
            }
            self.taken = 0;
        }
        let rest = self.chunk.get(self.taken..).unwrap_or_default();
        let (taken, _) = rest.split_at(rest.len().min(buffer.remaining()));
        buffer.put_slice(taken);
        let taken = taken.len();
        self.taken += taken;
        Poll::Ready(Ok(()))
    }
}
