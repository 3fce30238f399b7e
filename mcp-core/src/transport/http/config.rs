use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::{Cors, EventStore, Hosts, MemoryEvents, Origins, Protection};
use crate::config::SessionConfig;

/// Where the two endpoints of HTTP+SSE are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SsePaths {
    /// `GET` opens the event stream here. Default `/sse`.
    pub stream: String,
    /// `POST` takes messages here. Default `/messages`.
    pub messages: String,
    /// What the `endpoint` event puts before [`Self::messages`]: the prefix under which a proxy
    /// that strips it publishes this server. Default empty.
    pub public_prefix: String,
}

impl Default for SsePaths {
    fn default() -> Self {
        Self { stream: "/sse".into(), messages: "/messages".into(), public_prefix: String::new() }
    }
}

/// What an HTTP server is told at the start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpConfig {
    /// What every session is told.
    pub session: SessionConfig,
    /// The HTTP+SSE pair, or `None` to leave it out. Default on.
    pub sse: Option<SsePaths>,
    /// The endpoint of Streamable HTTP, or `None` to leave it out. Default `/mcp`.
    pub mcp: Option<String>,
    /// Names this server answers to. Default the loopback names.
    pub hosts: Hosts,
    /// Pages that may call this server. Default those of the loopback names and its own.
    pub origins: Origins,
    /// What pages that may call can send and read, or `None` to leave that to whoever mounts the
    /// server. Default [`Cors::default`].
    pub cors: Option<Cors>,
    /// What requests must show to be served: the rules of a
    /// [`ResourceServer`](crate::auth::ResourceServer), or `None` to serve everybody. Default
    /// `None`.
    pub resource: Option<Protection>,
    /// Bytes that all messages being received may take together. Default 64 MiB: sixteen of the
    /// largest there may be, or thousands of the usual ones. Beyond it they are refused with 503.
    pub upload_bytes: usize,
    /// Sessions at a time. Default 4096: about 100 MB of connections and streams.
    pub max_sessions: usize,
    /// How long a stream may be silent before a comment is sent. Default 15 s: the proxies that
    /// cut silent streams do so from 30 s on.
    pub keep_alive: Duration,
    /// How long the body of a request may take to come in. Default 30 s.
    pub body_timeout: Duration,
    /// How long clients should wait before they reconnect, if they are to be told. Those that
    /// speak 2025-11-25 over Streamable HTTP always are: 1 s unless this says otherwise.
    pub retry: Option<Duration>,
    /// How long a request to the endpoint of Streamable HTTP may be worked on in silence before
    /// its answer becomes a stream, which comments keep alive and which a client can resume.
    /// Default 2 s.
    pub stream_after: Duration,
    /// Where events are kept for clients whose streams were cut. Default [`MemoryEvents`].
    pub events: Arc<dyn EventStore>,
}

impl HttpConfig {
    /// The defaults.
    #[must_use]
    pub fn new(session: SessionConfig) -> Self {
        Self {
            session,
            sse: Some(SsePaths::default()),
            mcp: Some("/mcp".into()),
            hosts: Hosts::default(),
            origins: Origins::default(),
            cors: Some(Cors::default()),
            resource: None,
            upload_bytes: 64 << 20,
            max_sessions: 4096,
            keep_alive: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            retry: None,
            stream_after: Duration::from_secs(2),
            events: Arc::new(MemoryEvents::default()),
        }
    }
}
