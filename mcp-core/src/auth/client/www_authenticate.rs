//! The challenges of a `WWW-Authenticate` header (RFC 9110, 11.6.1).

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// One challenge of a server: a scheme and its parameters.
///
/// A header may hold several, and there may be several headers. What cannot be read is skipped:
/// a challenge that is garbled must not hide the one behind it.
///
/// ```
/// use http::HeaderMap;
/// use http::header::WWW_AUTHENTICATE;
/// use mcp_core::auth::AuthChallenge;
///
/// let mut headers = HeaderMap::new();
/// let value = r#"Basic realm="a, b", Bearer error="insufficient_scope", scope="read write""#;
/// headers.insert(WWW_AUTHENTICATE, value.parse()?);
/// let challenges = AuthChallenge::parse(&headers);
/// assert_eq!(challenges[1].scheme(), "bearer");
/// assert_eq!(challenges[1].param("scope"), Some("read write"));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthChallenge {
    scheme: String,
    params: Vec<(String, String)>,
}

/// What is read of all such headers together; a server has a handful of challenges.
const MAX_BYTES: usize = 16 << 10;
const MAX_CHALLENGES: usize = 16;
const MAX_PARAMS: usize = 32;

impl AuthChallenge {
    /// The challenges of a response, in the order in which they stand there: at most 16 with at
    /// most 32 parameters each, of the first 16 KiB.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Vec<Self> {
        let mut read = Vec::new();
        let mut left = MAX_BYTES;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let bytes = value.as_bytes();
            let Some(rest) = left.checked_sub(bytes.len()) else {
                break;
            };
            left = rest;
            Reader { text: bytes, at: 0 }.challenges(&mut read);
        }
        read
    }

    /// The scheme in lower case: `bearer`, `dpop`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// A parameter by its name in lower case; the first if there are several.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The scopes that the challenge asks for.
    #[must_use]
    pub fn scopes(&self) -> BTreeSet<String> {
        split_scopes(self.param("scope").unwrap_or_default())
    }
}

/// Scopes as they stand in a text; what RFC 6749 (3.3) does not call a scope is left out, and so
/// is what comes after the first 256.
pub(super) fn split_scopes(text: &str) -> BTreeSet<String> {
    let is_scope = |scope: &&str| {
        scope.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\')
    };
    text.split_ascii_whitespace().filter(is_scope).take(256).map(ToString::to_string).collect()
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn challenges(mut self, read: &mut Vec<AuthChallenge>) {
        // Whether a parameter may follow: not before this header's first challenge.
        let mut open = false;
        loop {
            self.skip(b" \t,");
            if self.at >= self.text.len() {
                return;
            }
            let Some(name) = self.token() else {
                self.skip_element();
                continue;
            };
            let behind_name = self.at;
            self.skip(b" \t");
            if open && self.peek() == Some(b'=') {
                self.at += 1;
                self.skip(b" \t");
                let value = self.value();
                let challenge = read.last_mut().filter(|it| it.params.len() < MAX_PARAMS);
                if let (Some(challenge), Some(value)) = (challenge, value) {
                    challenge.params.push((name, value));
                }
                continue;
            }
            // A scheme is alone, or there is white space behind it.
            let is_alone = matches!(self.peek(), None | Some(b','));
            if !is_alone && self.at == behind_name {
                self.skip_element();
                continue;
            }
            if read.len() == MAX_CHALLENGES {
                return;
            }
            read.push(AuthChallenge { scheme: name, params: Vec::new() });
            open = true;
            self.skip_token68();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, bytes: &[u8]) {
        while self.peek().is_some_and(|byte| bytes.contains(&byte)) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Option<String> {
        let start = self.at;
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        while self.peek().is_some_and(is_token) {
            self.at += 1;
        }
        let token = core::str::from_utf8(self.text.get(start..self.at)?).ok()?;
        (!token.is_empty()).then(|| token.to_ascii_lowercase())
    }

    /// A value in quotes, or up to the next comma or space: some servers forget the quotes around
    /// URLs.
    fn value(&mut self) -> Option<String> {
        let mut value = Vec::new();
        if self.peek() == Some(b'"') {
            self.at += 1;
            loop {
                let byte = self.peek()?;
                self.at += 1;
                match byte {
                    b'"' => break,
                    b'\\' => {
                        value.push(self.peek()?);
                        self.at += 1;
                    }
                    other => value.push(other),
                }
            }
        } else {
            while let Some(byte) = self.peek().filter(|byte| !b", \t\"".contains(byte)) {
                value.push(byte);
                self.at += 1;
            }
        }
        String::from_utf8(value).ok()
    }

    /// Credentials in one piece, as `Negotiate` has them: they are of no use here.
    fn skip_token68(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(|it| it.is_ascii_alphanumeric() || b"-._~+/".contains(&it)) {
            self.at += 1;
        }
        let has_text = self.at > start;
        self.skip(b"=");
        let mut end = self.at;
        while matches!(self.text.get(end), Some(b' ' | b'\t')) {
            end += 1;
        }
        if !has_text || !matches!(self.text.get(end), None | Some(b',')) {
            self.at = start;
        }
    }

    /// What makes no sense, up to the next comma that is not in quotes.
    fn skip_element(&mut self) {
        let mut quoted = false;
        while let Some(byte) = self.peek() {
            match byte {
                b',' if !quoted => return,
                b'"' => quoted = !quoted,
                b'\\' if quoted => self.at += 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Vec<(String, Vec<(String, String)>)> {
        let headers: HeaderMap =
            values.iter().map(|value| (WWW_AUTHENTICATE, value.parse().unwrap())).collect();
        let challenges = AuthChallenge::parse(&headers);
        challenges.into_iter().map(|it| (it.scheme, it.params)).collect()
    }

    fn expected(list: &[(&str, &[(&str, &str)])]) -> Vec<(String, Vec<(String, String)>)> {
        let owned = |params: &[(&str, &str)]| {
            params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        list.iter().map(|(scheme, params)| (scheme.to_string(), owned(params))).collect()
    }

    /// AUTH-C15: several challenges, several headers, quotes, escapes, and odd spellings.
    #[test]
    fn challenges_are_read() {
        for (values, list) in [
            (&["Bearer"][..], &[("bearer", &[][..])][..]),
            (&["BEARER a=b,C = \"d, e\""], &[("bearer", &[("a", "b"), ("c", "d, e")])]),
            (
                &["Basic realm=x, DPoP algs=\"ES256\""],
                &[("basic", &[("realm", "x")]), ("dpop", &[("algs", "ES256")])],
            ),
            (
                &["Negotiate abc==, Bearer a=\"\\\"q\\\\\""],
                &[("negotiate", &[]), ("bearer", &[("a", "\"q\\")])],
            ),
            (&["Negotiate", "Bearer x=y"], &[("negotiate", &[]), ("bearer", &[("x", "y")])]),
            (
                &["Bearer resource_metadata=https://a/b?c=d, scope=x"],
                &[("bearer", &[("resource_metadata", "https://a/b?c=d"), ("scope", "x")])],
            ),
            (&["Bearer error=\"a\" scope=\"b\""], &[("bearer", &[("error", "a"), ("scope", "b")])]),
            (&[", ,Bearer  a=b , , c=d"], &[("bearer", &[("a", "b"), ("c", "d")])]),
            (&["Bearer a=\"open"], &[("bearer", &[])]),
            (&["=x, {}, Bearer a=b"], &[("bearer", &[("a", "b")])]),
            (&["a=b"], &[]),
            (&[""], &[]),
        ] {
            assert_eq!(read(values), expected(list), "{values:?}");
        }
    }

    #[test]
    fn there_is_a_bound_to_each_part() {
        assert_eq!(read(&["a, ".repeat(100).as_str()]).len(), MAX_CHALLENGES);
        let params: String = (0..100).map(|it| alloc::format!("p{it}=x, ")).collect();
        assert_eq!(read(&[&alloc::format!("Bearer {params}")])[0].1.len(), MAX_PARAMS);
        assert_eq!(read(&["Bearer x=y", &"a".repeat(MAX_BYTES)]).len(), 1);
        let scopes: String = (0..1000).map(|it| alloc::format!("s{it} ")).collect();
        assert_eq!(split_scopes(&scopes).len(), 256);
    }
}
