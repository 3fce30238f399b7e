//! URLs that others name, and which of them may be fetched or opened.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// An absolute `http` or `https` URL without user, password and fragment, as it was written.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct WebUrl {
    text: String,
    uri: Uri,
}

/// The longest URL that is looked at; no endpoint needs more.
const MAX_URL: usize = 2048;

impl WebUrl {
    /// Reads a URL. Characters that RFC 3986 does not know are refused, quotes and spaces among
    /// them: what survives is harmless wherever it is shown or passed on (CVE-2025-6514).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let known =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
        if text.len() > MAX_URL || !text.bytes().all(known) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?.as_str();
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let is_plain = !authority.contains('@') && !uri.host()?.is_empty();
        (is_web && is_plain).then(|| Self { text: text.to_string(), uri })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(super) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// The path, without the slash that stands for none.
    pub(super) fn path(&self) -> &str {
        self.uri.path().trim_end_matches('/')
    }

    /// Scheme, host and port, the latter even if it is the scheme's own.
    fn origin_parts(&self) -> (bool, String, u16) {
        let default = if self.is_https() { 443 } else { 80 };
        (self.is_https(), self.host().to_ascii_lowercase(), self.uri.port_u16().unwrap_or(default))
    }

    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.origin_parts() == other.origin_parts()
    }

    /// `https://host:port`, without a slash at the end.
    pub(super) fn origin(&self) -> String {
        let authority = self.uri.authority().map_or("", http::uri::Authority::as_str);
        alloc::format!("{}://{authority}", self.uri.scheme_str().unwrap_or_default())
    }

    /// Another path on the same origin.
    pub(super) fn at(&self, path: &str) -> Option<Self> {
        Self::parse(&alloc::format!("{}{path}", self.origin()))
    }

    /// The target of a redirect from here.
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            self.at(location)
        } else {
            Self::parse(location)
        }
    }
}

impl fmt::Debug for WebUrl {
    /// Without the query: it may hold what only the two ends should see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.split('?').next().unwrap_or_default())
    }
}

/// Which hosts that a peer names may be contacted
/// (`2026-07-28/basic/security_best_practices#server-side-request-forgery-ssrf`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalHosts {
    /// Public hosts alone, and hosts of the kind the MCP server itself has: a server on this
    /// machine may send the client to other ports of this machine, a server in a private network
    /// to hosts in private networks. Link-local addresses, where clouds keep the keys of their
    /// machines, never.
    #[default]
    LikeServer,
    /// Public hosts alone.
    Refuse,
    /// Any host. For networks where nothing answers without authorization.
    Allow,
}

/// How far a host is from the rest of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    Private,
    Loopback,
    /// Link-local, multicast and the like: no place for an authorization server.
    Special,
}

/// What is allowed for the URLs of one MCP server.
#[derive(Clone, Copy, Debug)]
pub(super) struct UrlPolicy {
    server: Reach,
    local: LocalHosts,
}

/// Why a URL is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlFault {
    /// It is no absolute `http` or `https` URL, or holds characters no URL has.
    Malformed,
    /// It is `http` and not on this machine.
    NotHttps,
    /// It points into this machine or a private network, where the MCP server is not.
    Local,
    /// A redirect led to another origin.
    OtherOrigin,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is no absolute http(s) URL",
            Self::NotHttps => "is not https",
            Self::Local => "points into a private network",
            Self::OtherOrigin => "redirects to another origin",
        })
    }
}

impl UrlPolicy {
    pub(super) fn new(server: &WebUrl, local: LocalHosts) -> Self {
        Self { server: reach(server.host()), local }
    }

    /// A URL that a peer named, to fetch or to open.
    pub(super) fn check(self, text: &str) -> Result<WebUrl, UrlFault> {
        let url = WebUrl::parse(text).ok_or(UrlFault::Malformed)?;
        self.check_url(&url)?;
        Ok(url)
    }

    pub(super) fn check_url(self, url: &WebUrl) -> Result<(), UrlFault> {
        let reach = reach(url.host());
        if !self.allows(reach) {
            Err(UrlFault::Local)
        } else if url.is_https() || reach == Reach::Loopback {
            Ok(())
        } else {
            Err(UrlFault::NotHttps)
        }
    }

    /// Whether a name may resolve to an address.
    pub(super) fn allows_address(self, address: IpAddr) -> bool {
        self.allows(reach_of(address))
    }

    fn allows(self, reach: Reach) -> bool {
        match self.local {
            LocalHosts::Allow => true,
            LocalHosts::Refuse => reach == Reach::Public,
            LocalHosts::LikeServer => {
                reach == Reach::Public || (reach == self.server && reach != Reach::Special)
            }
        }
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    reach(host) == Reach::Loopback
}

fn reach(host: &str) -> Reach {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(&host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return reach_of(address);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    match last {
        "localhost" => Reach::Loopback,
        "local" | "internal" | "intranet" | "lan" | "home" | "corp" => Reach::Private,
        // `127.1`, `0x7f000001`, `2130706433`: what some resolvers take for an address. Also "".
        _ if last.starts_with("0x") || last.bytes().all(|it| it.is_ascii_digit()) => Reach::Special,
        _ if host.contains([':', '[', '%']) => Reach::Special,
        // A name without a dot is one of the network around this machine.
        _ if !host.contains('.') => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_of(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_of_v4(address),
        IpAddr::V6(address) => reach_of_v6(address),
    }
}

fn reach_of_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => Reach::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Reach::Private,
        (0 | 224..=255, ..) | (169, 254, _) | (192, 0, 0) | (198, 18 | 19, _) => Reach::Special,
        _ => Reach::Public,
    }
}

fn reach_of_v6(address: Ipv6Addr) -> Reach {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        reach_of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f, g, h) {
        (0, 0, 0, 0, 0, 0, 0, 1) => Reach::Loopback,
        // Addresses of the fourth version in disguise: mapped, compatible, NAT64, 6to4.
        (0, 0, 0, 0, 0, 0xffff | 0, high, low) | (0x64, 0xff9b, 0, 0, 0, 0, high, low) => {
            v4(high, low)
        }
        (0x2002, high, low, ..) => v4(high, low),
        (0xfc00..=0xfdff, ..) => Reach::Private,
        (0x2000..=0x3fff, ..) => Reach::Public,
        _ => Reach::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(server: &str) -> UrlPolicy {
        UrlPolicy::new(&WebUrl::parse(server).unwrap(), LocalHosts::default())
    }

    /// AUTH-C07, SEC-05..SEC-07: https, loopback only for a server on this machine, and none of
    /// the places where an attacker would send a client for keys.
    #[test]
    fn hosts_are_as_far_as_the_server_is() {
        let public = policy("https://mcp.example.com/mcp");
        for good in
            ["https://as.example.com", "https://as.example.com:8443/x?y=z", "https://8.8.8.8"]
        {
            assert!(public.check(good).is_ok(), "{good}");
        }
        for (bad, fault) in [
            ("http://as.example.com", UrlFault::NotHttps),
            ("http://169.254.169.254/latest/meta-data", UrlFault::Local),
            ("https://[fe80::1]/", UrlFault::Local),
            ("https://[::ffff:10.0.0.1]/", UrlFault::Local),
            ("https://[64:ff9b::a9fe:a9fe]/", UrlFault::Local),
            ("https://10.1.2.3/", UrlFault::Local),
            ("https://localhost/", UrlFault::Local),
            ("https://x.localhost./", UrlFault::Local),
            ("https://127.1/", UrlFault::Local),
            ("https://0x7f000001/", UrlFault::Local),
            ("https://2130706433/", UrlFault::Local),
            ("https://metadata.google.internal/", UrlFault::Local),
            ("https://intranet/", UrlFault::Local),
            ("https://user@as.example.com", UrlFault::Malformed),
            ("https://as.example.com/#x", UrlFault::Malformed),
            ("https://as.example.com/`id`", UrlFault::Malformed),
            ("https://as.example.com/\"&calc", UrlFault::Malformed),
            ("javascript:alert(1)", UrlFault::Malformed),
            ("data:text/html,x", UrlFault::Malformed),
            ("file:///etc/passwd", UrlFault::Malformed),
            ("vbscript:x", UrlFault::Malformed),
            ("/relative", UrlFault::Malformed),
            ("", UrlFault::Malformed),
        ] {
            assert_eq!(public.check(bad), Err(fault), "{bad}");
        }
        let here = policy("http://localhost:3000/mcp");
        assert!(here.check("http://127.0.0.1:9000/authorize").is_ok());
        assert_eq!(here.check("http://10.0.0.1/"), Err(UrlFault::Local));
        let office = policy("https://10.0.0.5/mcp");
        assert!(office.check("https://192.168.0.1/").is_ok());
        assert_eq!(office.check("http://192.168.0.1/"), Err(UrlFault::NotHttps));
        assert_eq!(office.check("https://127.0.0.1/"), Err(UrlFault::Local));
    }

    /// SEC-06: names are no way around it, if whoever resolves them asks.
    #[test]
    fn addresses_are_judged_once_they_are_known() {
        let public = policy("https://mcp.example.com");
        assert!(!public.allows_address("10.0.0.1".parse().unwrap()));
        assert!(public.allows_address("1.1.1.1".parse().unwrap()));
    }
}
