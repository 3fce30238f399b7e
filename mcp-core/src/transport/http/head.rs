//! What a request head says of its body and of the answer it wants.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A header stands there more than once: which one counts would depend on who reads it.
#[derive(Clone, Copy)]
pub(super) struct Several;

/// The value of a header that may stand there once.
pub(super) type Single<'a> = Result<Option<&'a HeaderValue>, Several>;

/// Looks a header up that may stand there once.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Single<'_> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Several),
    }
}

/// Whether the body is JSON: a media type of `application/json`, in UTF-8 if it says so.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = single(headers, CONTENT_TYPE) else {
        return false;
    };
    // How nearly everybody writes it.
    if value == "application/json" {
        return true;
    }
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Whether the client takes an answer of this media type; no `Accept` at all takes anything.
pub(super) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    if !headers.contains_key(ACCEPT) {
        return true;
    }
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

/// The announced length of the body in bytes, if there is one; the largest for more than can be
/// counted.
pub(super) fn content_length(headers: &HeaderMap) -> Option<usize> {
    let digits = headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

/// The value of a query parameter, undecoded.
pub(super) fn query<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
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
            assert!(is_json(&headers("content-type", &[good])), "{good}");
        }
        for bad in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            assert!(!is_json(&headers("content-type", &[bad])), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
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
            assert!(accepts(&headers("accept", good), "text/event-stream"), "{good:?}");
        }
        assert!(!accepts(&headers("accept", &["application/json"]), "text/event-stream"));
    }

    #[test]
    fn the_first_of_equal_parameters_counts() {
        assert_eq!(query(Some("a=1&session_id=x&session_id=y"), "session_id"), Some("x"));
        assert_eq!(query(Some("session_ids=x"), "session_id"), None);
        assert_eq!(query(None, "session_id"), None);
    }
}
