//! Names of requests: the peer's on the wire, and ours in memory.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;

/// A string or an integer on the wire, kept as the text it was written in.
///
/// It is a copy: an id outlives its message, and must not keep megabytes of it in memory.
#[derive(Clone)]
enum Token {
    /// The one text there is for what it means. Every id that counters and UUID generators of
    /// other implementations make is of this kind.
    Plain(Short),
    /// One of several texts for what it means.
    Spelled(Short),
    Long(Box<str>),
}

const INLINE: usize = 38;

/// A text of at most [`INLINE`] bytes.
#[derive(Clone, Copy)]
struct Short {
    len: u8,
    /// Zeros follow it: no token has any in it.
    text: [u8; INLINE],
}

impl Short {
    fn new(text: &str) -> Option<Self> {
        let mut short = Self { len: u8::try_from(text.len()).ok()?, text: [0; INLINE] };
        short.text.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(short)
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Token {
    fn new(json: &str) -> Option<Self> {
        is_token(json).then(|| Self::trusted(json))
    }

    /// A token from a text known to be one.
    fn trusted(json: &str) -> Self {
        match Short::new(json) {
            Some(short) if is_plain(json) => Self::Plain(short),
            Some(short) => Self::Spelled(short),
            None => Self::Long(json.into()),
        }
    }

    fn text(&self) -> &str {
        core::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(text) | Self::Spelled(text) => text.bytes(),
            Self::Long(text) => text.as_bytes(),
        }
    }

    /// The one text that stands for what the token means, whose type is still to be seen from it.
    fn meaning(&self) -> Cow<'_, str> {
        let text = self.text();
        if is_plain(text) {
            return Cow::Borrowed(text);
        }
        if string_body(text).is_some() {
            let unescaped: String = serde_json::from_str(text).unwrap_or_default();
            return Cow::Owned(alloc::format!("\"{unescaped}\""));
        }
        let integer = text.split_once('.').map_or(text, |(integer, _)| integer);
        Cow::Borrowed(if integer == "-0" { "0" } else { integer })
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Plain(one), Self::Plain(other)) => one.text.cmp(&other.text),
            _ => self.meaning().cmp(&other.meaning()),
        }
    }
}

/// Whether there is no other text for what a token means.
fn is_plain(text: &str) -> bool {
    match string_body(text) {
        Some(inner) => !inner.contains('\\'),
        None => text != "-0" && !text.contains('.'),
    }
}

fn string_body(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// Whether a JSON text is a string or an integer. `1.0` is one, `1.5` and `1e3` are not.
fn is_token(text: &str) -> bool {
    if let Some(inner) = string_body(text) {
        return if inner.contains('\\') {
            serde_json::from_str::<String>(text).is_ok()
        } else {
            !inner.bytes().any(|byte| byte == b'"' || byte < 0x20)
        };
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |digits: &str, allowed: fn(&u8) -> bool| {
        !digits.is_empty() && digits.as_bytes().iter().all(allowed)
    };
    all(integer, u8::is_ascii_digit)
        && (integer == "0" || !integer.starts_with('0'))
        && all(fraction, |digit| *digit == b'0')
}

macro_rules! wire_token {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Token);

        impl $name {
            /// Takes the JSON text of a string or an integer; `None` for anything else.
            #[must_use]
            pub fn from_json(json: &str) -> Option<Self> {
                Token::new(json).map(Self)
            }

            /// The JSON text as it was written.
            #[must_use]
            pub fn as_json(&self) -> &str {
                self.0.text()
            }

            /// The value, if it is a non-negative integer of 64 bits.
            #[must_use]
            pub fn as_u64(&self) -> Option<u64> {
                self.0.meaning().parse().ok()
            }
        }

        impl From<u64> for $name {
            fn from(value: u64) -> Self {
                Self(Token::trusted(&alloc::format!("{value}")))
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(Token::trusted(&serde_json::to_string(value).unwrap_or_default()))
            }
        }

        impl PartialEq for $name {
            /// Equal by type and value: `1` is `1.0` and is not `"1"`.
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            /// An arbitrary total order, for maps.
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.compare(&other.0)
            }
        }

        impl core::hash::Hash for $name {
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                self.0.meaning().hash(state);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_json())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_json())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let raw: &RawValue =
                    serde_json::from_str(self.as_json()).map_err(ser::Error::custom)?;
                raw.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = Box::<RawValue>::deserialize(deserializer)?;
                Self::from_json(raw.get())
                    .ok_or_else(|| de::Error::custom(concat!($what, " must be a string or an integer")))
            }
        }
    };
}

wire_token! {
    /// The `id` of a request on the wire, echoed by the text it was written in.
    ///
    /// Two ids are equal if they have the same type and value: `7` and `7.0` are one id, `7` and
    /// `"7"` are two (`2025-11-25/basic/index#requests`).
    ///
    /// ```
    /// use mcp_core::id::RequestId;
    ///
    /// let id = RequestId::from_json("7.0").unwrap();
    /// assert_eq!(id, RequestId::from(7));
    /// assert_ne!(id, RequestId::from("7"));
    /// assert_eq!(id.as_json(), "7.0");
    /// assert!(RequestId::from_json("7.5").is_none());
    /// ```
    RequestId, "a request id"
}

impl RequestId {
    /// The JSON text as it was written, in bytes.
    pub(crate) fn as_json_bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

wire_token! {
    /// The `progressToken` of a request, echoed by the text it was written in
    /// (`2025-11-25/basic/utilities/progress#progress-flow`).
    ///
    /// ```
    /// use mcp_core::id::ProgressToken;
    /// assert_eq!(ProgressToken::from("upload-1").as_json(), "\"upload-1\"");
    /// ```
    ProgressToken, "a progress token"
}

/// Our name for a request of the peer that is being worked on; unique in its session.
///
/// It names the request for as long as it runs; [`RequestTicket`] is what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey(pub(crate) u64);

/// The right to answer one request of the peer, once.
///
/// It can be moved between threads but not copied. A ticket that is dropped leaves the request to
/// its deadline.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "a request that is not answered ends at its deadline"]
pub struct RequestTicket(pub(crate) RequestKey);

impl RequestTicket {
    /// The name of the request this ticket answers.
    #[must_use]
    pub const fn key(&self) -> RequestKey {
        self.0
    }
}

/// Our name for a request we sent to the peer; unique in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestHandle(pub(crate) u64);

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use serde_json::Value;

    use super::*;

    fn id(json: &'static str) -> Option<RequestId> {
        RequestId::from_json(json)
    }

    /// JSONRPC-02, JSONRPC-03: strings and integers, nothing else.
    #[test]
    fn an_id_is_a_string_or_an_integer() {
        for good in ["0", "-1", "1.0", "1.00", "123456789012345678901234567890", "\"\"", "\"a\\n\""]
        {
            assert!(id(good).is_some(), "{good}");
        }
        for bad in
            ["null", "1.5", "1e3", "01", "-", "", "true", "{}", "[1]", "\"a", "\"\\ud800\"", "+1"]
        {
            assert!(id(bad).is_none(), "{bad}");
        }
    }

    /// case_64: one policy for what counts as the same id.
    #[test]
    fn case_64_ids_are_equal_by_type_and_value() {
        assert_eq!(id("1"), id("1.0"));
        assert_eq!(id("-0"), id("0"));
        assert_ne!(id("1"), id("\"1\""));
        assert_eq!(id("\"a\""), id("\"\\u0061\""));
        assert_ne!(id("9007199254740993"), id("9007199254740992"));
        assert_eq!(id("\"\\u0061\"").unwrap().as_u64(), None);
        assert_eq!(id("\"7\"").unwrap().as_u64(), None);
        assert_eq!(id("7.0").unwrap().as_u64(), Some(7));
    }

    /// Whatever way they are written in, they have one order, and are equal in it if they mean the
    /// same.
    #[test]
    fn the_order_of_ids_is_that_of_what_they_mean() {
        let long = |text: &str| RequestId::from(&*text.repeat(20));
        let ids =
            ["0", "-0", "0.0", "1", "1.0", "10", "-1", "\"\"", "\"1\"", "\"a\"", "\"\\u0061\""];
        let more =
            ["\"a!\"", "\"a\\u0021\"", "\"a\\\"\"", "\"a\\u0000\"", "\"\u{e9}\"", "\"\\u00e9\""];
        let mut all: Vec<RequestId> = ids.into_iter().chain(more).filter_map(id).collect();
        assert_eq!(all.len(), ids.len() + more.len());
        all.extend([long("a!"), long("a"), long("\u{e9}")]);
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            let means = |id: &RequestId| serde_json::to_value(id).unwrap();
            let same = match (means(one), means(other)) {
                (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
                (one, other) => one == other,
            };
            assert_eq!(one == other, same, "{one} {other}");
            assert_eq!(one.cmp(other), other.cmp(one).reverse(), "{one} {other}");
        }
        all.sort();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]), "{all:?}");
        let ordered = all
            .iter()
            .enumerate()
            .all(|(place, one)| all.iter().skip(place).all(|later| one <= later));
        assert!(ordered, "{all:?}");
    }
}
