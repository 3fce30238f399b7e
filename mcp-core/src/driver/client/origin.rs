//! Where requests go.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

/// A scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URI.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let secure = match uri.scheme()? {
            scheme if *scheme == Scheme::HTTP => false,
            scheme if *scheme == Scheme::HTTPS => true,
            _ => return None,
        };
        let host = uri.host()?;
        let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        (!host.is_empty()).then(|| Self { secure, host: host.to_ascii_lowercase(), port })
    }

    /// Host and port, as `CONNECT` wants them.
    pub(super) fn authority(&self) -> String {
        if self.host.contains(':') {
            alloc::format!("[{}]:{}", self.host, self.port)
        } else {
            alloc::format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// What a server is told of its own URI.
pub(super) fn origin_form(uri: &Uri) -> Uri {
    let root = || PathAndQuery::from_static("/");
    Uri::from(uri.path_and_query().cloned().unwrap_or_else(root))
}

/// The value of `Host`: the authority without what may stand before an `@`.
pub(super) fn host_header(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |it| it.as_str());
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_origin_is_read_off_a_uri() {
        let of = |uri: &'static str| Origin::of(&Uri::from_static(uri)).map(|it| it.to_string());
        assert_eq!(of("http://Example.com/mcp").as_deref(), Some("http://example.com:80"));
        assert_eq!(of("https://[::1]:8443/").as_deref(), Some("https://[::1]:8443"));
        assert_eq!(of("ftp://example.com/"), None);
        assert_eq!(of("/mcp"), None);
        let uri = Uri::from_static("http://me:secret@example.com:81/a?b");
        assert_eq!(host_header(&uri), "example.com:81");
        assert_eq!(origin_form(&uri), "/a?b");
    }
}
