//! How servers are reached over the network.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use std::io;
use std::sync::OnceLock;

use alloc::sync::Arc;

use super::proxy::Proxies;
use super::tls::Tls;

/// Bounds, proxies and trust of outgoing connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetOptions {
    /// How long a connection may take to be there: name, TCP, proxy and TLS together. Default
    /// 10 s.
    pub connect_timeout: Duration,
    /// How long a connection may stay unused and then be used again. Default 4 s: servers are
    /// known to close theirs after 5 s, and a request that meets a closing connection may be
    /// lost. A server's `Keep-Alive` header has precedence.
    pub idle_timeout: Duration,
    /// Unused connections kept for each origin. Default 8.
    pub idle_connections: usize,
    /// Bytes of a response head. Default 64 KiB.
    pub head_bytes: usize,
    /// Which servers are reached through a proxy. Default: what the environment says, see
    /// [`Proxies::from_env`].
    pub proxies: Proxies,
    /// How the servers of `https` URLs are trusted. Default: [`Tls::new`], when first needed.
    pub tls: Option<Tls>,
    found: Arc<OnceLock<Tls>>,
    /// Addresses that may be connected to directly; all if there is none.
    pub(super) allows: Option<Allows>,
}

/// Whether an address may be connected to.
#[derive(Clone)]
pub(super) struct Allows(pub(super) Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl fmt::Debug for Allows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Allows")
    }
}

impl Default for NetOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(4),
            idle_connections: 8,
            head_bytes: 64 * 1024,
            proxies: Proxies::from_env(),
            tls: None,
            found: Arc::default(),
            allows: None,
        }
    }
}

impl NetOptions {
    pub(super) fn tls(&self) -> io::Result<Tls> {
        if let Some(tls) = self.tls.as_ref().or_else(|| self.found.get()) {
            return Ok(tls.clone());
        }
        let tls = Tls::new()?;
        Ok(self.found.get_or_init(|| tls).clone())
    }
}
