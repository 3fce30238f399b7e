//! How servers are trusted.

use core::fmt;
use std::io;

#[cfg(feature = "tls")]
use alloc::{borrow::ToOwned, sync::Arc};

/// How the servers of `https` URLs are trusted; cheap to clone.
///
/// Without the feature `tls` there are no values of it.
#[derive(Clone)]
pub struct Tls {
    #[cfg(feature = "tls")]
    config: Arc<rustls::ClientConfig>,
    #[cfg(not(feature = "tls"))]
    never: core::convert::Infallible,
}

impl Tls {
    /// Trusts whom the operating system trusts; with the feature `webpki-roots`, whom Mozilla
    /// trusts.
    ///
    /// # Errors
    /// The operating system has no roots to give; [`io::ErrorKind::Unsupported`] without the
    /// feature `tls`.
    #[cfg(feature = "tls")]
    pub fn new() -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        #[cfg(feature = "webpki-roots")]
        let config = {
            let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
            builder.with_root_certificates(rustls::RootCertStore { roots }).with_no_client_auth()
        };
        #[cfg(not(feature = "webpki-roots"))]
        let config = {
            use rustls_platform_verifier::BuilderVerifierExt;
            builder.with_platform_verifier().map_err(io::Error::other)?.with_no_client_auth()
        };
        Ok(Self::from(Arc::new(config)))
    }

    /// Without the feature `tls`, no server can be trusted.
    ///
    /// # Errors
    /// Always [`io::ErrorKind::Unsupported`].
    #[cfg(not(feature = "tls"))]
    pub fn new() -> io::Result<Self> {
        Err(Self::unsupported())
    }

    /// What rustls is to be told.
    #[cfg(feature = "tls")]
    #[must_use]
    pub const fn config(&self) -> &Arc<rustls::ClientConfig> {
        &self.config
    }

    /// A host as rustls wants its name.
    ///
    /// # Errors
    /// It is neither a DNS name nor an IP address.
    #[cfg(feature = "tls")]
    pub fn server_name(host: &str) -> io::Result<rustls::pki_types::ServerName<'static>> {
        let name = rustls::pki_types::ServerName::try_from(host.to_owned());
        name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    pub(super) fn unsupported() -> io::Error {
        let says = "https needs the feature `tls`, which this program was built without";
        io::Error::new(io::ErrorKind::Unsupported, says)
    }
}

/// Trusts whom the configuration trusts. HTTP/1.1 is spoken, so it should not offer anything
/// else through ALPN.
#[cfg(feature = "tls")]
impl From<Arc<rustls::ClientConfig>> for Tls {
    fn from(config: Arc<rustls::ClientConfig>) -> Self {
        Self { config }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(not(feature = "tls"))]
        match (self.never, f) {}
        #[cfg(feature = "tls")]
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
