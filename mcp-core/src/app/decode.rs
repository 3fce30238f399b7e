//! Reading what a client sent into the types of the application.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::jsonrpc::{ErrorObject, Params};

/// The most bytes of an explanation: it can quote what the client sent.
const MAX_MESSAGE: usize = 512;

/// What a client sent does not fit; the text names the member.
#[derive(Debug)]
pub(super) struct Misfit(String);

#[cfg(feature = "validate")]
impl Misfit {
    pub(super) const fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Misfit> for ErrorObject {
    fn from(misfit: Misfit) -> Self {
        Self::invalid_params(misfit.0)
    }
}

/// Reads the params of a request; absent ones are an empty object.
pub(super) fn params<'a, T: Deserialize<'a>>(params: Option<&'a Params>) -> Result<T, Misfit> {
    let text = params.map_or("{}", |params| params.as_str());
    serde_json::from_str(text).map_err(|error| Misfit(explain("Invalid params", text, &error)))
}

/// Reads arguments. Types without a value, `()` for one, are read from an empty object.
pub(super) fn arguments<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if is_empty_object(text)
        && let Ok(nothing) = serde_json::from_str("null")
    {
        return Ok(nothing);
    }
    if error.to_string().starts_with("invalid type: map, expected unit") {
        return Err(Misfit("Invalid arguments: there are none to give".into()));
    }
    Err(Misfit(explain("Invalid arguments", text, &error)))
}

/// Reads arguments for being checked.
///
/// A member must not occur twice: which of the two counts is every reader's own choice, so what
/// is checked would not be what a handler sees.
#[cfg(feature = "validate")]
pub(super) fn instance(text: &str) -> Result<serde_json::Value, Misfit> {
    let read = serde_json::from_str::<super::unique::Unique>(text);
    read.and_then(|_| serde_json::from_str(text))
        .map_err(|error| Misfit(explain("Invalid arguments", text, &error)))
}

fn is_empty_object(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    inner.is_some_and(|inner| inner.trim_ascii().is_empty())
}

pub(super) fn explain(what: &str, text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    // The model does not see the text that lines and columns count in; the path says more.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let path = path_to(text, offset(text, error));
    let what = if what.is_empty() { String::new() } else { format!("{what}: ") };
    shorten(if path.is_empty() {
        format!("{what}{message}")
    } else {
        format!("{what}`{path}`: {message}")
    })
}

/// Keeps a message that quotes a client from growing with what the client sent.
pub(crate) fn shorten(message: String) -> String {
    shorten_to(MAX_MESSAGE, message)
}

/// Keeps a message from being longer than `limit` bytes and the mark of what is left out.
pub(crate) fn shorten_to(limit: usize, mut message: String) -> String {
    if message.len() > limit {
        let mut ends = (0..=limit).rev();
        let end = ends.find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or_default());
        message.push('…');
    }
    message
}

/// How many bytes the parser had read when it gave up.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let before: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    before + error.column()
}

/// Where in a JSON text a byte stands, as in `items[2].name`.
fn path_to(text: &str, offset: usize) -> String {
    enum Level<'a> {
        Object(&'a str),
        Array(usize),
    }

    let bytes = text.as_bytes();
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut expects_key = false;
    let mut at = 0;
    while at < offset.min(bytes.len()) {
        match bytes.get(at) {
            Some(b'"') => {
                let end = end_of_string(bytes, at);
                if expects_key && let Some(Level::Object(key)) = levels.last_mut() {
                    *key = text.get(at + 1..end).unwrap_or_default();
                    expects_key = false;
                }
                at = end;
            }
            Some(b'{') => {
                levels.push(Level::Object(""));
                expects_key = true;
            }
            Some(b'[') => {
                levels.push(Level::Array(0));
                expects_key = false;
            }
            Some(b'}' | b']') => {
                levels.pop();
                expects_key = false;
            }
            Some(b',') => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                _ => expects_key = true,
            },
            _ => {}
        }
        at += 1;
    }
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object("") => {}
            Level::Object(key) if path.is_empty() => path.push_str(key),
            Level::Object(key) => path = path + "." + key,
            Level::Array(index) => path = format!("{path}[{index}]"),
        }
    }
    path
}

/// The index of the quotation mark that ends the string which starts at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at,
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read to see what goes wrong")]
    struct Order {
        id: u32,
        lines: Vec<Line>,
        by: Option<BTreeMap<String, u8>>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read to see what goes wrong")]
    struct Line {
        name: String,
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Good,
    }

    /// TOOL-15: a model can only correct what it is told.
    #[test]
    fn a_misfit_names_the_member() {
        for (text, expected) in [
            (r#"{"id":"x","lines":[]}"#, "`id`: invalid type: string \"x\", expected u32"),
            (r#"{"id":-1,"lines":[]}"#, "`id`: invalid value: integer `-1`, expected u32"),
            (r#"{"lines":[]}"#, "missing field `id`"),
            (
                "{\"id\":1,\n\"lines\":[{\"name\":\"a\",\"kind\":\"good\"},\n{\"name\":7}]}",
                "`lines[1].name`: invalid type: integer `7`, expected a string",
            ),
            (r#"{"id":1,"lines":[{"name":"a"}]}"#, "`lines[0]`: missing field `kind`"),
            (
                r#"{"id":1,"lines":[{"name":"a","kind":"bad"}]}"#,
                "`lines[0].kind`: unknown variant `bad`, expected `good`",
            ),
            (r#"{"id":1,"lines":{"a":1}}"#, "`lines`: invalid type: map, expected a sequence"),
            (
                r#"{"id":1,"lines":[],"by":{"\",}":1,"x":300}}"#,
                "`by.x`: invalid value: integer `300`, expected u8",
            ),
        ] {
            let misfit = arguments::<Order>(text).unwrap_err().to_string();
            assert_eq!(misfit, format!("Invalid arguments: {expected}"), "{text}");
        }
    }

    #[test]
    fn nothing_is_read_from_an_empty_object() {
        assert!(arguments::<()>("{ }").is_ok());
        let misfit = arguments::<()>(r#"{"a":1}"#).unwrap_err();
        assert_eq!(misfit.to_string(), "Invalid arguments: there are none to give");
    }

    #[test]
    fn an_explanation_is_bounded() {
        let text = format!(r#"{{"id":"{}"}}"#, "ä".repeat(100_000));
        let misfit = arguments::<Order>(&text).unwrap_err().to_string();
        assert!(misfit.len() < MAX_MESSAGE + 8 && misfit.ends_with('…'));
    }
}
