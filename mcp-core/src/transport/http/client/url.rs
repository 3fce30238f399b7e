//! Where the server is, and where it says that it is.

use alloc::string::String;
use core::net::IpAddr;
use core::str::FromStr;

use http::Uri;
use http::uri::Scheme;

/// The text is no URL a client can talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is no URL, or one without a scheme and a host.
    #[error("not an absolute http or https URL")]
    Malformed,
    /// The scheme is neither `http` nor `https`.
    #[error("the scheme is neither http nor https")]
    Scheme,
    /// It holds a user name or a password, which would end up in logs.
    #[error("the URL holds credentials: put them into a header instead")]
    Credentials,
}

/// Reads an absolute URL. A fragment is dropped: it is not sent.
pub(super) fn parse(text: &str) -> Result<Uri, InvalidUrl> {
    let text = text.trim();
    let uri = Uri::from_str(text).map_err(|_| InvalidUrl::Malformed)?;
    check(&uri)?;
    Ok(uri)
}

/// Resolves a reference against the URL of the resource it came from (RFC 3986, section 5.2).
pub(super) fn resolve(base: &Uri, reference: &str) -> Result<Uri, InvalidUrl> {
    let reference = reference.trim();
    let reference = reference.split_once('#').map_or(reference, |(before, _)| before);
    if has_scheme(reference) {
        return parse(reference);
    }
    let (Some(scheme), Some(authority)) = (base.scheme_str(), base.authority()) else {
        return Err(InvalidUrl::Malformed);
    };
    if reference.starts_with("//") {
        return parse(&alloc::format!("{scheme}:{reference}"));
    }
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let (path, query) = match path {
        "" => (String::from(base.path()), query.or_else(|| base.query())),
        path if path.starts_with('/') => (without_dots(path), query),
        path => {
            let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            (without_dots(&alloc::format!("{folder}/{path}")), query)
        }
    };
    let query = query.map(|query| alloc::format!("?{query}")).unwrap_or_default();
    parse(&alloc::format!("{scheme}://{authority}{path}{query}"))
}

/// Whether both are of one origin: what is meant for one may be sent to the other.
pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

/// Whether what is sent to the URL can be read on the way.
pub(super) fn is_secure(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

/// Whether the host names this machine or one that is not reached over the internet, as far as
/// the name alone says (SEC-06).
pub(super) fn is_internal(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(it)) => is_internal_v4(it),
        Ok(IpAddr::V6(it)) => {
            it.is_loopback()
                || it.is_unspecified()
                || it.is_unique_local()
                || it.is_unicast_link_local()
                || it.to_ipv4_mapped().is_some_and(is_internal_v4)
        }
        Err(_) => false,
    }
}

const fn is_internal_v4(it: core::net::Ipv4Addr) -> bool {
    it.is_loopback() || it.is_private() || it.is_link_local() || it.is_unspecified()
}

fn check(uri: &Uri) -> Result<(), InvalidUrl> {
    let scheme = uri.scheme().ok_or(InvalidUrl::Malformed)?;
    if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
        return Err(InvalidUrl::Scheme);
    }
    let authority = uri.authority().ok_or(InvalidUrl::Malformed)?;
    if authority.as_str().contains('@') {
        return Err(InvalidUrl::Credentials);
    }
    if authority.host().is_empty() { Err(InvalidUrl::Malformed) } else { Ok(()) }
}

fn port(uri: &Uri) -> Option<u16> {
    let default = if is_secure(uri) { 443 } else { 80 };
    // A port that is there and cannot be read equals no other.
    match uri.port() {
        Some(port) => Some(port.as_u16()),
        None => Some(default),
    }
}

fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Removes `.` and `..` from a path that begins with a slash.
fn without_dots(path: &str) -> String {
    let mut kept: alloc::vec::Vec<&str> = alloc::vec::Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    alloc::format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        parse(text).unwrap()
    }

    /// SSE-07, case_30: relative, absolute-path and absolute references; the prefix under which
    /// a proxy publishes the server is lost only if the server leaves it out.
    #[test]
    fn sse_07_case_30_references_are_resolved() {
        let base = uri("https://h.example:8443/prefix/sse?x=1");
        for (reference, expected) in [
            ("/messages?session_id=1", "https://h.example:8443/messages?session_id=1"),
            ("messages?s=1", "https://h.example:8443/prefix/messages?s=1"),
            ("./messages", "https://h.example:8443/prefix/messages"),
            ("../messages/", "https://h.example:8443/messages/"),
            ("../../../m", "https://h.example:8443/m"),
            ("a/./b/..", "https://h.example:8443/prefix/a/"),
            ("?s=1", "https://h.example:8443/prefix/sse?s=1"),
            ("", "https://h.example:8443/prefix/sse?x=1"),
            (" /m#part \n", "https://h.example:8443/m"),
            ("//other.example/m", "https://other.example/m"),
            ("http://other.example/m", "http://other.example/m"),
        ] {
            assert_eq!(resolve(&base, reference), Ok(uri(expected)), "{reference}");
        }
        for bad in [
            "javascript:alert(1)",
            "ftp://h/m",
            "https:",
            "https:///m",
            "https://u:p@h/m",
            "//u@h",
            "/m m",
            "http://[::1/m",
        ] {
            assert!(resolve(&base, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins_are_compared_with_their_default_ports() {
        let one = uri("https://H.example/a");
        for same in ["https://h.example:443/b", "https://h.example"] {
            assert!(same_origin(&one, &uri(same)), "{same}");
        }
        for other in ["http://h.example", "https://h.example:8443", "https://x.h.example"] {
            assert!(!same_origin(&one, &uri(other)), "{other}");
        }
    }

    #[test]
    fn internal_hosts_are_known_by_name_and_number() {
        for internal in [
            "http://localhost",
            "http://a.LOCALHOST:1",
            "http://127.9.9.9",
            "http://10.1.2.3",
            "http://169.254.169.254/latest",
            "http://0.0.0.0",
            "http://[::1]",
            "http://[fe80::1]",
            "http://[fd00::1]",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_internal(&uri(internal)), "{internal}");
        }
        for external in ["http://example.com", "http://8.8.8.8", "http://[2606::1]"] {
            assert!(!is_internal(&uri(external)), "{external}");
        }
    }
}
