use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::Shutdown;

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

/// A TCP connection.
///
/// As `smol::net::TcpStream`, but a read that has emptied the socket is not tried again before
/// there is something: most messages come in one piece, and asking costs a call to the system.
#[derive(Debug)]
pub struct TcpStream {
    inner: Async<std::net::TcpStream>,
    /// The last read has left nothing.
    emptied: bool,
}

impl TcpStream {
    pub(crate) fn new(inner: Async<std::net::TcpStream>) -> io::Result<Self> {
        // Messages are small and must not wait for each other.
        inner.get_ref().set_nodelay(true)?;
        Ok(Self { inner, emptied: false })
    }

    #[cfg(feature = "client")]
    pub(crate) async fn connect(address: core::net::SocketAddr) -> io::Result<Self> {
        Self::new(Async::<std::net::TcpStream>::connect(address).await?)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.emptied {
                ready!(self.inner.poll_readable(cx))?;
                self.emptied = false;
            }
            match self.inner.get_ref().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.emptied = true,
                read => {
                    // The end stays readable.
                    self.emptied = matches!(read, Ok(read) if 0 < read && read < buffer.len());
                    return Poll::Ready(read);
                }
            }
        }
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.inner.get_ref().shutdown(Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use smol::io::AsyncReadExt;

    use super::*;

    /// Whether a read was short, or filled its buffer, or came before the bytes: what follows is
    /// read, and so is the end.
    #[test]
    fn nothing_is_missed_after_a_read_that_emptied_the_socket() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut peer = std::net::TcpStream::connect(listener.local_addr()?)?;
        let mut stream = TcpStream::new(Async::new(listener.accept()?.0)?)?;
        let mut buffer = [0; 4];
        smol::block_on(async {
            for (sent, read) in [("a", "a"), ("bc", "bc"), ("defg", "defg"), ("hijkl", "hijk")] {
                peer.write_all(sent.as_bytes())?;
                let length = stream.read(&mut buffer).await?;
                assert_eq!(buffer.get(..length), Some(read.as_bytes()));
            }
            assert_eq!(stream.read(&mut buffer).await?, 1);
            let later = smol::unblock(move || {
                std::thread::sleep(core::time::Duration::from_millis(20));
                peer.write_all(b"m")
            });
            assert_eq!(stream.read(&mut buffer).await?, 1);
            later.await?;
            assert_eq!(stream.read(&mut buffer).await?, 0);
            assert_eq!(stream.read(&mut buffer).await?, 0);
            Ok(())
        })
    }
}
