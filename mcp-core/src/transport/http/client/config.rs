//! What an HTTP client is told at the start.

use core::fmt;
use core::time::Duration;

use http::HeaderMap;

use super::{InvalidUrl, Reconnection};
use crate::config::ClientConfig;

/// Which way to talk to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// Streamable HTTP, and HTTP+SSE if the server does not know that. The default.
    #[default]
    Auto,
    /// Streamable HTTP alone.
    Streamable,
    /// HTTP+SSE alone, which knows the legacy era only.
    Sse,
}

/// What has been found out about a server, to be kept by the caller for its origin and given to
/// the next client: it then need not be found out again (VER-20).
///
/// It is where the client begins. If it is no longer true the client finds that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// It is of the modern era.
    Modern,
    /// It is of the legacy era and speaks Streamable HTTP.
    Streamable,
    /// It is of the legacy era and speaks HTTP+SSE.
    Sse,
}

/// Bounds of an HTTP client, beside those of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpClientLimits {
    /// Bytes of a JSON answer. Default 4 MiB, as for any message.
    pub body_bytes: usize,
    /// Bytes of one event of a stream. Default 4 MiB.
    pub event_bytes: usize,
    /// Bytes that are read of an answer that is an error. Default 64 KiB.
    pub error_bytes: usize,
    /// How often one request follows a redirect. Default 5.
    pub redirects: usize,
    /// Exchanges at a time. Default 1536: every request of a session and what goes with them;
    /// beyond it messages wait in the session.
    pub exchanges: usize,
    /// How often one request is sent again with new credentials. Default 3.
    pub challenges: u32,
    /// Events that wait to be polled at which the client wants no input; what only informs is then
    /// dropped. Default 1024.
    pub events: usize,
    /// Tools whose header annotations are remembered. Default 4096.
    pub tools: usize,
}

impl Default for HttpClientLimits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            event_bytes: 4 << 20,
            error_bytes: 64 << 10,
            redirects: 5,
            exchanges: 1536,
            challenges: 3,
            events: 1024,
            tools: 4096,
        }
    }
}

/// Everything an HTTP client is told at the start.
///
/// ```
/// use mcp_core::config::ClientConfig;
/// use mcp_core::model::Implementation;
/// use mcp_core::transport::http::{HttpClientConfig, Transport};
///
/// let session = ClientConfig::new(Implementation::new("demo", "1.0"));
/// let mut config = HttpClientConfig::new("https://example.com/mcp", session);
/// config.headers.insert("x-api-key", "secret".parse()?);
/// config.transport = Transport::Streamable;
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpClientConfig {
    /// Where the server is: an `http` or `https` URL.
    pub url: alloc::string::String,
    /// What the session is told.
    pub session: ClientConfig,
    /// Which way to talk to the server.
    pub transport: Transport,
    /// What is known of the server from an earlier time. Default nothing.
    pub known: Option<Known>,
    /// Headers of the user's own, an API key for example, on every request to the origin of
    /// [`Self::url`] and to no other. Those that the protocol or HTTP itself uses are left out.
    pub headers: HeaderMap,
    /// Whether to open a stream for what the server sends unasked, in the legacy era over
    /// Streamable HTTP. Default yes.
    pub listen: bool,
    /// How streams that were cut are opened again.
    pub reconnection: Reconnection,
    /// How long new credentials may take. The deadlines of the session stand still meanwhile.
    /// Default 10 min: people log in.
    pub challenge_timeout: Duration,
    /// How long to wait for the end of an answer that has told what is wanted. Default 5 s.
    pub linger: Duration,
    /// Bounds.
    pub limits: HttpClientLimits,
}

impl HttpClientConfig {
    /// The defaults.
    #[must_use]
    pub fn new(url: impl Into<alloc::string::String>, session: ClientConfig) -> Self {
        Self {
            url: url.into(),
            session,
            transport: Transport::default(),
            known: None,
            headers: HeaderMap::new(),
            listen: true,
            reconnection: Reconnection::default(),
            challenge_timeout: Duration::from_secs(600),
            linger: Duration::from_secs(5),
            limits: HttpClientLimits::default(),
        }
    }
}

impl fmt::Debug for HttpClientConfig {
    /// Hides the values of the headers: keys are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientConfig")
            .field("url", &self.url)
            .field("transport", &self.transport)
            .field("known", &self.known)
            .field("headers", &self.headers.keys().collect::<alloc::vec::Vec<_>>())
            .field("listen", &self.listen)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The configuration makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClientConfig {
    /// The URL cannot be used.
    #[error("the URL of the server cannot be used: {0}")]
    Url(#[from] InvalidUrl),
    /// HTTP+SSE knows the legacy era only, and the session is to speak the modern one alone.
    #[error("HTTP+SSE does not carry the modern era")]
    ModernOverSse,
}
