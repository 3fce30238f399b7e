use core::net::SocketAddr;
use std::io;

#[cfg(feature = "tls")]
use futures_rustls::{TlsConnector, client::TlsStream};
#[cfg(feature = "tls")]
use mcp_core::driver::client::Tls;
use mcp_core::driver::client::{ClientPlatform, Command};
use smol::net::resolve;

use crate::child::SmolChild;
use crate::io::SmolIo;
use crate::rt::SmolRuntime;
use crate::tcp::TcpStream;

impl ClientPlatform for SmolRuntime {
    type Stream = SmolIo<TcpStream>;
    #[cfg(feature = "tls")]
    type TlsStream = SmolIo<TlsStream<TcpStream>>;
    #[cfg(not(feature = "tls"))]
    type TlsStream = Self::Stream;
    type Child = SmolChild;

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        resolve((host, port)).await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        TcpStream::connect(address).await.map(SmolIo::new)
    }

    #[cfg(feature = "tls")]
    async fn secure(
        &self,
        stream: Self::Stream,
        host: &str,
        tls: &Tls,
    ) -> io::Result<Self::TlsStream> {
        let connector = TlsConnector::from(tls.config().clone());
        let stream = connector.connect(Tls::server_name(host)?, stream.into_inner()).await?;
        Ok(SmolIo::new(stream))
    }

    fn start(&self, command: &Command) -> io::Result<Self::Child> {
        SmolChild::start(command)
    }
}
