use core::net::SocketAddr;
use std::io;

use mcp_core::driver::Listener;
use smol::net::TcpStream;

use crate::io::SmolIo;

/// Accepts TCP connections.
#[derive(Debug)]
pub struct TcpListener(smol::net::TcpListener);

impl TcpListener {
    pub(crate) async fn bind(address: &str) -> io::Result<(Self, SocketAddr)> {
        let listener = smol::net::TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((Self(listener), address))
    }
}

impl Listener for TcpListener {
    type Io = SmolIo<TcpStream>;

    async fn accept(&mut self) -> io::Result<Self::Io> {
        let (stream, _) = self.0.accept().await?;
        // Events are small and must not wait for each other.
        stream.set_nodelay(true)?;
        Ok(SmolIo::new(stream))
    }
}
