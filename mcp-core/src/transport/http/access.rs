//! Who may call: `Host` and `Origin` against DNS rebinding and cross-site pages.

use alloc::string::String;
use alloc::vec::Vec;

use http::uri::Authority;
use http::{HeaderValue, Uri};

use super::head::{Fields, Several};

/// The names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The host names a server answers to, without regard to the port.
///
/// A page on a hostile name that resolves to this machine sends that name in `Host`; answering
/// only to names known beforehand keeps it out.
///
/// ```
/// use mcp_core::transport::http::Hosts;
/// let hosts = Hosts::default().allow("mcp.example.com");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    names: Vec<String>,
    any: bool,
}

impl Hosts {
    /// Any name: for servers behind a proxy that checks it.
    #[must_use]
    pub const fn any() -> Self {
        Self { names: Vec::new(), any: true }
    }

    /// Adds a name, with or without a port, to the loopback names.
    #[must_use]
    pub fn allow(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    fn contain(&self, authority: &str) -> bool {
        let bare = without_port(authority);
        self.any
            || LOOPBACK.iter().any(|name| name.eq_ignore_ascii_case(bare))
            || self
                .names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(authority) || name.eq_ignore_ascii_case(bare))
    }
}

/// The origins whose pages may call a server.
///
/// A request without `Origin` comes from no page and is let through. Pages of the loopback names
/// and of the server's own name are let through; `null` never is, unless any origin is.
///
/// ```
/// use mcp_core::transport::http::Origins;
/// let origins = Origins::default().allow("https://app.example.com");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    origins: Vec<String>,
    any: bool,
}

impl Origins {
    /// Any origin, even `null`: every page a user visits can then call the server.
    #[must_use]
    pub const fn any() -> Self {
        Self { origins: Vec::new(), any: true }
    }

    /// Adds an origin such as `https://app.example.com`.
    #[must_use]
    pub fn allow(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    fn contain(&self, origin: &str, own: &str) -> bool {
        if self.any || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let authority = origin
            .split_once("://")
            .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
            .map(|(_, authority)| authority);
        authority.is_some_and(|authority| {
            authority.eq_ignore_ascii_case(own)
                || LOOPBACK.iter().any(|name| name.eq_ignore_ascii_case(without_port(authority)))
        })
    }
}

/// Why a caller is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    NoHost,
    Host,
    Origin,
}

/// Lets a request through if its host and origin are known; the origin is that of the page it
/// comes from, if it comes from one.
pub(super) fn check<'a>(
    uri: &Uri,
    fields: &Fields<'a>,
    hosts: &Hosts,
    origins: &Origins,
) -> Result<Option<&'a HeaderValue>, Denied> {
    let host = match fields.host.single() {
        Ok(host) => host.and_then(|host| host.to_str().ok()),
        Err(Several) => return Err(Denied::NoHost),
    };
    let authority = uri
        .authority()
        .map(Authority::as_str)
        .or(host)
        .filter(|authority| !authority.is_empty())
        .ok_or(Denied::NoHost)?;
    if !hosts.contain(authority) {
        return Err(Denied::Host);
    }
    let origin = fields.origin.single().map_err(|Several| Denied::Origin)?;
    let may_call = |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| origins.contain(origin, authority))
    };
    if origin.is_none_or(may_call) { Ok(origin) } else { Err(Denied::Origin) }
}

fn without_port(authority: &str) -> &str {
    let bytes = authority.as_bytes();
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let colon = bytes.len() - digits;
    match authority.get(..colon).and_then(|name| name.strip_suffix(':')) {
        Some(name) => name,
        None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        host: &[&str],
        origin: Option<&str>,
        hosts: &Hosts,
        origins: &Origins,
    ) -> Result<(), Denied> {
        let mut request = http::Request::get("/sse");
        for host in host {
            request = request.header("host", *host);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        check(&head.uri, &Fields::of(&head.headers), hosts, origins).map(drop)
    }

    /// CVE-2025-66414, CVE-2025-66416; SEC-10: DNS rebinding is refused unless it is allowed.
    #[test]
    fn only_known_hosts_are_answered() {
        let default = Hosts::default();
        for host in ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:80", "LOCALHOST"]
        {
            assert_eq!(verdict(&[host], None, &default, &Origins::default()), Ok(()), "{host}");
        }
        for host in ["evil.example.com", "localhost.evil.com", "127.0.0.1.evil.com:80", "10.0.0.1"]
        {
            let denied = verdict(&[host], None, &default, &Origins::default());
            assert_eq!(denied, Err(Denied::Host), "{host}");
        }
        let denied = verdict(&["localhost", "evil.com"], None, &default, &Origins::default());
        assert_eq!(denied, Err(Denied::NoHost), "two are as good as none");
        assert_eq!(verdict(&[], None, &default, &Origins::default()), Err(Denied::NoHost));
        let named = Hosts::default().allow("mcp.example.com");
        assert_eq!(verdict(&["mcp.example.com:443"], None, &named, &Origins::default()), Ok(()));
        assert_eq!(verdict(&["evil.com"], None, &Hosts::any(), &Origins::default()), Ok(()));
    }

    /// SSE-05, SHTTP-03, SHTTP-04.
    #[test]
    fn only_known_origins_may_call() {
        let hosts = Hosts::default().allow("mcp.example.com");
        let origins = Origins::default().allow("https://app.example.com");
        let host = ["mcp.example.com"];
        for origin in [
            "http://localhost:3000",
            "https://127.0.0.1",
            "https://app.example.com",
            "https://mcp.example.com",
        ] {
            assert_eq!(verdict(&host, Some(origin), &hosts, &origins), Ok(()), "{origin}");
        }
        for origin in
            ["null", "http://evil.com", "http://localhost.evil.com", "file://localhost", ""]
        {
            let denied = verdict(&host, Some(origin), &hosts, &origins);
            assert_eq!(denied, Err(Denied::Origin), "{origin}");
        }
    }
}
