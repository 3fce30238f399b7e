use std::io::{self, IoSlice};

use core::pin::Pin;
use core::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use smol::io::{AsyncRead, AsyncWrite};

/// Bytes read at a time: most messages fit, and so little costs next to nothing to zero.
const CHUNK: usize = 4 * 1024;

/// A stream of smol's kind as hyper wants it.
///
/// Safe code cannot read into a buffer that is not zeroed, and zeroing hyper's buffers at every
/// poll would touch memory that idle connections never use; so bytes are read into a chunk on
/// the stack and copied.
#[derive(Debug)]
pub struct SmolIo<T>(T);

impl<T> SmolIo<T> {
    /// Wraps a stream.
    pub const fn new(inner: T) -> Self {
        Self(inner)
    }

    /// The stream itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: AsyncRead + Unpin> Read for SmolIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [0; CHUNK];
        let mut filled = false;
        while buffer.remaining() > 0 {
            let room = buffer.remaining().min(CHUNK);
            let (room, _) = chunk.split_at_mut(room);
            let read = match Pin::new(&mut self.0).poll_read(cx, room) {
                Poll::Ready(read) => read?,
                Poll::Pending if filled => break,
                Poll::Pending => return Poll::Pending,
            };
            let (bytes, rest) = room.split_at(read);
            buffer.put_slice(bytes);
            filled = true;
            if !rest.is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Write for SmolIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }
}
