//! What a request head says of its body and of the answer it wants.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::SessionId;
use crate::revision::{Era, Revision};

/// A header stands there more than once: which one counts would depend on who reads it.
pub(super) struct Several;

/// The headers that decide what becomes of a request, found in one pass over its head: looking
/// each of them up takes three times as long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    headers: &'a HeaderMap,
    pub(super) host: Field<&'a HeaderValue>,
    pub(super) origin: Field<&'a HeaderValue>,
    accept: Field<&'a HeaderValue>,
    content_type: Field<&'a HeaderValue>,
    content_length: Field<&'a HeaderValue>,
    protocol_version: Field<&'a HeaderValue>,
    pub(super) session_id: Field<&'a HeaderValue>,
    pub(super) last_event_id: Field<&'a HeaderValue>,
    method: Field<&'a HeaderValue>,
    name: Field<&'a HeaderValue>,
}

/// A header that may stand there once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<T> {
    Absent,
    Once(T),
    Several,
}

impl<T> Field<T> {
    pub(super) fn single(self) -> Result<Option<T>, Several> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Several => Err(Several),
        }
    }

    pub(super) const fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Absent => Field::Absent,
            Self::Once(value) => Field::Once(value),
            Self::Several => Field::Several,
        }
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Once(value) => Field::Once(change(value)),
            Self::Several => Field::Several,
        }
    }
}

/// What a head says of the message that follows it, kept until that has come.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) version: Field<Version>,
    /// The session; nothing if that cannot be the name of one.
    pub(super) session: Field<Option<SessionId>>,
    pub(super) method: Field<HeaderValue>,
    pub(super) name: Field<HeaderValue>,
    /// Whether a page asks.
    pub(super) has_origin: bool,
}

/// The revision that a head names.
#[derive(Debug)]
pub(super) enum Version {
    Known(Revision),
    Other(HeaderValue),
}

impl Version {
    fn of(value: &HeaderValue) -> Self {
        let is_it = |revision: &Revision| revision.as_str().as_bytes() == value.as_bytes();
        let known = Revision::ALL.into_iter().find(is_it);
        known.map_or_else(|| Self::Other(value.clone()), Self::Known)
    }

    pub(super) fn is_legacy(&self) -> bool {
        matches!(self, Self::Known(revision) if revision.era() == Era::Legacy)
    }
}

impl Claims {
    pub(super) fn of(fields: &Fields<'_>) -> Self {
        let session = |id: &HeaderValue| SessionId::read(id.as_bytes());
        Self {
            version: fields.protocol_version.map(Version::of),
            session: fields.session_id.map(session),
            method: fields.method.map(HeaderValue::clone),
            name: fields.name.map(HeaderValue::clone),
            has_origin: !matches!(fields.origin, Field::Absent),
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let mut fields = Self {
            headers,
            host: Field::Absent,
            origin: Field::Absent,
            accept: Field::Absent,
            content_type: Field::Absent,
            content_length: Field::Absent,
            protocol_version: Field::Absent,
            session_id: Field::Absent,
            last_event_id: Field::Absent,
            method: Field::Absent,
            name: Field::Absent,
        };
        for (name, value) in headers {
            let field = match name.as_str() {
                "host" => &mut fields.host,
                "origin" => &mut fields.origin,
                "accept" => &mut fields.accept,
                "content-type" => &mut fields.content_type,
                "content-length" => &mut fields.content_length,
                "mcp-protocol-version" => &mut fields.protocol_version,
                "mcp-session-id" => &mut fields.session_id,
                "last-event-id" => &mut fields.last_event_id,
                "mcp-method" => &mut fields.method,
                "mcp-name" => &mut fields.name,
                _ => continue,
            };
            *field = match field {
                Field::Absent => Field::Once(value),
                Field::Once(_) | Field::Several => Field::Several,
            };
        }
        fields
    }

    /// Whether the body is JSON: a media type of `application/json`, in UTF-8 if it says so.
    pub(super) fn is_json(&self) -> bool {
        let Field::Once(value) = self.content_type else {
            return false;
        };
        // How nearly everybody writes it.
        value == "application/json" || value.to_str().is_ok_and(is_json)
    }

    /// Whether the client takes an answer of this media type; no `Accept` at all takes anything.
    pub(super) fn accepts(&self, media_type: &str) -> bool {
        match self.accept {
            Field::Absent => true,
            Field::Once(_) | Field::Several => accepts(self.headers, media_type),
        }
    }

    /// Whether the client takes an answer of either kind: which one it will be depends on the
    /// work (SHTTP-07).
    pub(super) fn accepts_both(&self) -> bool {
        // How the SDKs write it.
        let usual = |accept: &HeaderValue| accept == "application/json, text/event-stream";
        matches!(self.accept, Field::Once(accept) if usual(accept))
            || self.accepts("application/json") && self.accepts("text/event-stream")
    }

    /// The announced length of the body in bytes, if there is one; the largest for more than can
    /// be counted.
    pub(super) fn content_length(&self) -> Option<usize> {
        let Field::Once(value) = self.content_length else {
            return None;
        };
        let digits = value.as_bytes().trim_ascii();
        let more = |number: usize, digit: &u8| {
            let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
            Some(number.saturating_mul(10).saturating_add(digit))
        };
        digits.iter().try_fold(0, more).filter(|_| !digits.is_empty())
    }
}

/// The value of a header of the application's that may stand there once.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Several),
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let group = media_type.split_once('/').map_or("", |(group, _)| group);
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default();
            let names_it = range == "*/*"
                || range.eq_ignore_ascii_case(media_type)
                || range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(group));
            names_it && !parts.any(is_zero_weight)
        })
}

/// Whether a parameter of a media range says that the client does not want it.
fn is_zero_weight(parameter: &str) -> bool {
    parameter
        .strip_prefix("q=")
        .is_some_and(|weight| weight.bytes().all(|byte| matches!(byte, b'0' | b'.')))
}

/// The value of a query parameter, undecoded.
pub(super) fn query<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn json_is_recognised_by_its_media_type() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;x=y"]
        {
            assert!(Fields::of(&headers("content-type", &[good])).is_json(), "{good}");
        }
        for bad in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            assert!(!Fields::of(&headers("content-type", &[bad])).is_json(), "{bad}");
        }
        assert!(!Fields::of(&HeaderMap::new()).is_json());
    }

    #[test]
    fn a_length_is_a_number() {
        for (text, length) in [
            ("0", Some(0)),
            (" 0042 ", Some(42)),
            ("99999999999999999999999", Some(usize::MAX)),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1 2", None),
            ("0x1", None),
        ] {
            let headers = headers("content-length", &[text]);
            assert_eq!(Fields::of(&headers).content_length(), length, "{text:?}");
        }
    }

    #[test]
    fn accept_takes_ranges_and_lists() {
        for good in [
            &["*/*"][..],
            &["text/*"],
            &["a/b, text/event-stream;q=0.5"],
            &["a/b", "Text/Event-Stream"],
            &[],
        ] {
            assert!(Fields::of(&headers("accept", good)).accepts("text/event-stream"), "{good:?}");
        }
        let json = headers("accept", &["application/json"]);
        assert!(!Fields::of(&json).accepts("text/event-stream"));
    }

    #[test]
    fn the_first_of_equal_parameters_counts() {
        assert_eq!(query(Some("a=1&session_id=x&session_id=y"), "session_id"), Some("x"));
        assert_eq!(query(Some("session_ids=x"), "session_id"), None);
        assert_eq!(query(None, "session_id"), None);
    }
}
