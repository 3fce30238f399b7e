//! Nonces for proofs, by the server that gave them (RFC 9449, 8 and 9).

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};

use http::header::HeaderName;
use http::{HeaderMap, Uri};

pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The newest nonce of each origin.
#[derive(Debug, Default)]
pub(super) struct Nonces(VecDeque<(String, String)>);

/// The MCP server, its authorization server and the one before: no more are in use at once.
const MAX_ORIGINS: usize = 8;

/// Longer ones are no nonces.
const MAX_NONCE: usize = 1024;

impl Nonces {
    /// Takes up what a response brings. Whether it is news.
    pub(super) fn note(&mut self, origin: &str, headers: &HeaderMap) -> bool {
        let nonce = headers.get(DPOP_NONCE).and_then(|it| it.to_str().ok());
        let Some(nonce) = nonce.filter(|it| !it.is_empty() && it.len() <= MAX_NONCE) else {
            return false;
        };
        if self.of(origin) == Some(nonce) {
            return false;
        }
        self.0.retain(|(it, _)| it != origin);
        if self.0.len() == MAX_ORIGINS {
            self.0.pop_front();
        }
        self.0.push_back((origin.to_string(), nonce.to_string()));
        true
    }

    pub(super) fn of(&self, origin: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == origin).map(|(_, nonce)| nonce.as_str())
    }
}

/// The origin and the URL of a request as proofs name it: without query and fragment.
pub(super) fn target(uri: &Uri) -> Option<(String, String)> {
    let origin = alloc::format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    let url = alloc::format!("{origin}{}", uri.path());
    Some((origin, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_few_and_the_newest() {
        let headers = |nonce: &str| HeaderMap::from_iter([(DPOP_NONCE, nonce.parse().unwrap())]);
        let mut nonces = Nonces::default();
        for it in 0..20 {
            assert!(nonces.note(&it.to_string(), &headers("a")));
        }
        assert_eq!(nonces.0.len(), MAX_ORIGINS);
        assert!(!nonces.note("19", &headers("a")));
        assert!(nonces.note("19", &headers("b")));
        assert_eq!(nonces.of("19"), Some("b"));
        assert_eq!(nonces.of("0"), None);
        assert!(!nonces.note("x", &headers(&"n".repeat(MAX_NONCE + 1))));
    }
}
