//! A connection to a server, encrypted or not.

use alloc::boxed::Box;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use hyper::rt::{Read, ReadBufCursor, Write};

/// A connection over TCP, as it is or with TLS on top of it.
pub(super) enum Stream<P, S> {
    Plain(P),
    /// Much larger, and rarely moved.
    Secure(Box<S>),
}

/// Asks whichever stream it is.
macro_rules! ask {
    ($stream:expr, $method:ident ( $($argument:expr),* )) => {
        match $stream.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Stream::Secure(stream) => Pin::new(&mut **stream).$method($($argument),*),
        }
    };
}

impl<P: Read + Unpin, S: Read + Unpin> Read for Stream<P, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ask!(self, poll_read(cx, buffer))
    }
}

impl<P: Write + Unpin, S: Write + Unpin> Write for Stream<P, S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ask!(self, poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ask!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ask!(self, poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ask!(self, poll_write_vectored(cx, pieces))
    }
}
