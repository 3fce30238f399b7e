//! Wire identifiers.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

macro_rules! wire_id {
    ($(#[$attr:meta])* $name:ident) => {
        $(#[$attr])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                Self(format!("{value}").into())
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(format!("{}", serde_json::Value::from(value)).into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde_json::from_str::<&RawValue>(&self.0)
                    .map_err(serde::ser::Error::custom)?
                    .serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = Box::<RawValue>::deserialize(deserializer)?;
                let text = raw.get();
                let integer = text.strip_prefix('-').unwrap_or(text);
                if text.starts_with('"') || integer.bytes().all(|byte| byte.is_ascii_digit()) {
                    Ok(Self(text.into()))
                } else {
                    Err(D::Error::invalid_type(Unexpected::Other(text), &"a string or an integer"))
                }
            }
        }
    };
}

wire_id! {
    /// The id of a JSON-RPC request: a string or an integer, kept as its raw text.
    RequestId
}

wire_id! {
    /// The token that ties progress notifications to a request: a string or an integer.
    ProgressToken
}
