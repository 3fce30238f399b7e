use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use mcp_core::driver::Listener;
use smol::Async;

use crate::io::SmolIo;
use crate::tcp::TcpStream;

/// Accepts TCP connections.
#[derive(Debug)]
pub struct TcpListener(Arc<Async<std::net::TcpListener>>);

impl TcpListener {
    pub(crate) async fn bind(address: &str) -> io::Result<(Self, SocketAddr)> {
        let listener = smol::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((Self(listener.into()), address))
    }
}

impl Listener for TcpListener {
    type Io = SmolIo<TcpStream>;

    async fn accept(&mut self) -> io::Result<Self::Io> {
        let (stream, _) = self.0.accept().await?;
        TcpStream::new(stream).map(SmolIo::new)
    }
}
