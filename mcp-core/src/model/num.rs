//! Numbers as peers write them: `1`, `1.0` and `1e0` are the same.

use core::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// The largest integer below which every integer is an exact `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

enum Number {
    Unsigned(u64),
    Negative,
    Float(f64),
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(u64::try_from(value).map_or(Number::Negative, Number::Unsigned))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        Ok(Number::Float(value))
    }
}

impl Number {
    /// The integer, if there is one; `as` saturates, so anything from 2⁶⁴ up is `u64::MAX`.
    fn integer(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(value) => Some(value),
            Self::Float(value)
                if value >= 0.0 && (value as u64 as f64 == value || value > EXACT) =>
            {
                Some(value as u64)
            }
            Self::Negative | Self::Float(_) => None,
        }
    }
}

/// Reads a count that must be there.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    // The hint matters: without it `arbitrary_precision` hands numbers over as maps.
    let number = deserializer.deserialize_f64(NumberVisitor)?;
    number.integer().ok_or_else(|| {
        use serde::de::Unexpected;
        let found = match number {
            Number::Float(value) => Unexpected::Float(value),
            _ => Unexpected::Other("negative number"),
        };
        D::Error::invalid_value(found, &"an integer from 0 up")
    })
}

/// Reads an advisory count; a negative or fractional one counts as absent.
pub(super) fn hint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct HintVisitor;

    impl<'de> Visitor<'de> for HintVisitor {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number")
        }

        fn visit_none<E: Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Option<u64>, D::Error> {
            Ok(inner.deserialize_f64(NumberVisitor)?.integer())
        }
    }

    deserializer.deserialize_option(HintVisitor)
}

/// Writes numbers that may have a fraction; whole ones without `.0`, as other peers do.
pub(super) mod float {
    use serde::Serializer;
    use serde::ser::Error;

    use super::EXACT;

    pub(in crate::model) fn serialize<S: Serializer>(
        value: &f64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let value = *value;
        if !value.is_finite() {
            return Err(S::Error::custom("a number that is not finite has no JSON form"));
        }
        let whole = value as i64;
        if value.abs() <= EXACT && whole as f64 == value {
            serializer.serialize_i64(whole)
        } else {
            serializer.serialize_f64(value)
        }
    }

    #[cfg(any(feature = "ask", feature = "client"))]
    pub(in crate::model) fn option<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }
}
