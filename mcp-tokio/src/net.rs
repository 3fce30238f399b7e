use core::net::SocketAddr;
use std::io;

use hyper_util::rt::TokioIo;
#[cfg(feature = "tls")]
use mcp_core::driver::client::Tls;
use mcp_core::driver::client::{ClientPlatform, Command};
use tokio::net::{TcpStream, lookup_host};
#[cfg(feature = "tls")]
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::child::TokioChild;
use crate::rt::TokioRuntime;

impl ClientPlatform for TokioRuntime {
    type Stream = TokioIo<TcpStream>;
    #[cfg(feature = "tls")]
    type TlsStream = TokioIo<TlsStream<TcpStream>>;
    #[cfg(not(feature = "tls"))]
    type TlsStream = Self::Stream;
    type Child = TokioChild;

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        lookup_host((host, port)).await.map(Iterator::collect)
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Self::Stream> {
        let stream = TcpStream::connect(address).await?;
        // Requests are small and must not wait for each other.
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
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
        Ok(TokioIo::new(stream))
    }

    fn start(&self, command: &Command) -> io::Result<Self::Child> {
        TokioChild::start(command)
    }
}
