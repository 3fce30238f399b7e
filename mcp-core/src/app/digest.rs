//! A digest of JSON that does not depend on how it is written.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};

type Digest = [u8; 32];

/// The digest of a request's params but for the members that differ from round to round.
///
/// White space, escapes and the order of members make no difference: a client may encode the
/// request anew for each round (MRTR-10). Members that occur twice both count.
pub(super) fn of_params(text: &str) -> Result<Digest, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Digested { top: true }.deserialize(&mut json)
}

/// The members of params that belong to one round alone.
const PER_ROUND: [&str; 3] = ["_meta", "inputResponses", "requestState"];

struct Digested {
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Digested {
    type Value = Digest;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Digest, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Digested {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Digest, E> {
        Ok(digest(b'n', [[].as_slice()]))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Digest, E> {
        Ok(digest(b'b', [[u8::from(value)].as_slice()]))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Digest, E> {
        Ok(digest(b'u', [value.to_be_bytes().as_slice()]))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Digest, E> {
        Ok(digest(b'i', [value.to_be_bytes().as_slice()]))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Digest, E> {
        Ok(digest(b'f', [value.to_bits().to_be_bytes().as_slice()]))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Digest, E> {
        Ok(digest(b's', [value.as_bytes()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Digest, A::Error> {
        let mut digests = Vec::new();
        while let Some(item) = items.next_element_seed(Self { top: false })? {
            digests.push(item);
        }
        Ok(digest(b'a', digests.iter().map(Digest::as_slice)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Digest, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self { top: false })?;
            if !(self.top && PER_ROUND.contains(&name.as_str())) {
                members.push([digest(b's', [name.as_bytes()]), value]);
            }
        }
        members.sort_unstable();
        Ok(digest(b'o', members.as_flattened().iter().map(Digest::as_slice)))
    }
}

fn digest<'a>(kind: u8, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut digest = Sha256::new().chain_update([kind]);
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MRTR-19: other params, another digest; the same params written otherwise, the same.
    #[test]
    fn a_digest_is_of_the_value() {
        let digest = |text| of_params(text).unwrap();
        let one = digest(r#"{"name":"t","arguments":{"a":[1,"x"],"b":null}}"#);
        for same in [
            r#"{ "arguments": {"b":null, "a": [1, "\u0078"]}, "name": "t" }"#,
            r#"{"name":"t","arguments":{"a":[1,"x"],"b":null},"_meta":{"x":1},
                "requestState":"s","inputResponses":{}}"#,
        ] {
            assert_eq!(digest(same), one, "{same}");
        }
        let mut others = Vec::from([one]);
        for other in [
            r#"{"name":"t","arguments":{"a":["x",1],"b":null}}"#,
            r#"{"name":"t","arguments":{"a":[1,"x"]}}"#,
            r#"{"name":"t","arguments":{"a":[1,"x"],"b":false}}"#,
            r#"{"name":"t","arguments":{"a":[1.5,"x"],"b":null}}"#,
            r#"{"name":"t","arguments":{"a":[-1,"x"],"b":null}}"#,
            r#"{"name":"t","arguments":{"a":["1","x"],"b":null}}"#,
            r#"{"name":"t","arguments":{"a":[1,"x"],"b":null,"_meta":{}}}"#,
            r#"{"name":"t","arguments":{"a":[1,"x"],"b":null,"b":null}}"#,
            r#"{"name":"t","arguments":{"a":{"1":"x"},"b":null}}"#,
            r#"{"name":"u","arguments":{"a":[1,"x"],"b":null}}"#,
            "{}",
        ] {
            others.push(digest(other));
        }
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count);
    }
}
