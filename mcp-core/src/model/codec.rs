//! How objects are read, and those of their members that are not as their types are.

use alloc::collections::BTreeMap;
use alloc::string::String;
#[cfg(any(feature = "ask", feature = "client"))]
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RawJson;
#[cfg(any(feature = "ask", feature = "client"))]
use super::SamplingContent;
use super::members::{optional_unique_map, unique_map};
use super::num::{count, float, hint};

/// The members of an object, taken one by one.
pub(crate) trait Object<'de>: Default {
    /// What they make.
    type Value;

    /// Their names.
    const NAMES: &'static [&'static str];

    /// Takes the value of the member with this index. It has not been there before.
    fn take<A: MapAccess<'de>>(&mut self, member: usize, from: &mut A) -> Result<(), A::Error>;

    /// Makes the object, if nothing is missing.
    fn finish<E: Error>(self) -> Result<Self::Value, E>;
}

/// Reads an object. Members that it does not know are passed over; an array is no object.
pub(crate) fn read_object<'de, T: Object<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<T::Value, D::Error> {
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T::Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<T::Value, A::Error> {
            let mut members = T::default();
            let mut seen = 0u32;
            while let Some(member) = from.next_key_seed(Among(T::NAMES))? {
                let Some(member) = member else {
                    let IgnoredAny = from.next_value()?;
                    continue;
                };
                if seen & 1 << member != 0 {
                    let name = T::NAMES.get(member).copied().unwrap_or_default();
                    return Err(A::Error::duplicate_field(name));
                }
                seen |= 1 << member;
                members.take(member, &mut from)?;
            }
            members.finish()
        }
    }

    const { assert!(T::NAMES.len() <= 32, "one bit each") };
    from.deserialize_map(ObjectVisitor(PhantomData::<T>))
}

/// Reads a name: its index among those that are known.
struct Among(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Among {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Among {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|known| *known == name))
    }
}

/// Takes the value of a member. Not inlined: most members are of a few types.
#[inline(never)]
pub(crate) fn take<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    from: &mut A,
) -> Result<(), A::Error> {
    *slot = Some(from.next_value()?);
    Ok(())
}

/// Takes the value of a member that has a codec.
pub(crate) fn take_as<'de, C: Codec<T>, T, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    from: &mut A,
) -> Result<(), A::Error> {
    struct Required<C, T>(PhantomData<(C, T)>);

    impl<'de, C: Codec<T>, T> DeserializeSeed<'de> for Required<C, T> {
        type Value = T;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
            C::read(from)
        }
    }

    *slot = Some(from.next_value_seed(Required::<C, T>(PhantomData))?);
    Ok(())
}

/// Takes the value of an optional member that has a codec.
pub(crate) fn take_optional_as<'de, C: Codec<T>, T, A: MapAccess<'de>>(
    slot: &mut Option<Option<T>>,
    from: &mut A,
) -> Result<(), A::Error> {
    struct Optional<C, T>(PhantomData<(C, T)>);

    impl<'de, C: Codec<T>, T> DeserializeSeed<'de> for Optional<C, T> {
        type Value = Option<T>;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
            C::read_optional(from)
        }
    }

    *slot = Some(from.next_value_seed(Optional::<C, T>(PhantomData))?);
    Ok(())
}

/// Reads one of several texts, each of which stands for a value.
pub(crate) fn read_name<'de, T: Copy, D: Deserializer<'de>>(
    from: D,
    values: &'static [(&'static str, T)],
) -> Result<T, D::Error> {
    struct Text<T: 'static>(&'static [(&'static str, T)]);

    impl<T: Copy> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (index, (text, _)) in self.0.iter().enumerate() {
                f.write_str(if index == 0 { "`" } else { "`, `" })?;
                f.write_str(text)?;
            }
            f.write_str("`")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let value = self.0.iter().find(|(known, _)| *known == text);
            value
                .map(|(_, value)| *value)
                .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    from.deserialize_str(Text(values))
}

/// A way to read and write a member.
pub(crate) trait Codec<T> {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error>;

    /// Reads a member that may be left out, and is as good as left out in some other ways.
    fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        Self::read(from).map(Some)
    }

    fn write<S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error>;
}

/// A value, written by its codec.
pub(crate) struct Written<'a, C, T>(&'a T, PhantomData<C>);

impl<'a, C, T> Written<'a, C, T> {
    pub(crate) const fn new(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<C: Codec<T>, T> Serialize for Written<'_, C, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        C::write(self.0, to)
    }
}

/// A count from 0 up; where it may be left out it is advisory, and any other number is none.
pub(crate) enum Count {}

impl Codec<u64> for Count {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        count(from)
    }

    fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        hint(from)
    }

    fn write<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }
}

/// A number that may have a fraction.
pub(crate) enum Float {}

impl Codec<f64> for Float {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        f64::deserialize(from)
    }

    fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Option::deserialize(from)
    }

    fn write<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        float::serialize(value, to)
    }
}

/// A number from 0 to 1: what lies beyond is sent as the nearer of the two.
pub(crate) enum Fraction {}

impl Codec<f64> for Fraction {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        Float::read(from)
    }

    fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Float::read_optional(from)
    }

    fn write<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        Float::write(&if value.is_finite() { value.clamp(0.0, 1.0) } else { *value }, to)
    }
}

/// JSON whose `null` means something else than its absence.
pub(crate) enum Present {}

impl Codec<RawJson> for Present {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<RawJson, D::Error> {
        RawJson::deserialize(from)
    }

    fn write<S: Serializer>(value: &RawJson, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }
}

/// A map no key of which may occur twice.
pub(crate) enum Unique {}

impl Codec<BTreeMap<String, RawJson>> for Unique {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, RawJson>, D::Error> {
        unique_map(from)
    }

    fn read_optional<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<BTreeMap<String, RawJson>>, D::Error> {
        optional_unique_map(from)
    }

    fn write<S: Serializer>(value: &BTreeMap<String, RawJson>, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }
}

/// One block, or an array of blocks.
#[cfg(any(feature = "ask", feature = "client"))]
pub(crate) enum OneOrMany {}

#[cfg(any(feature = "ask", feature = "client"))]
impl Codec<Vec<SamplingContent>> for OneOrMany {
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SamplingContent>, D::Error> {
        super::input::one_or_many::deserialize(from)
    }

    fn write<S: Serializer>(value: &Vec<SamplingContent>, to: S) -> Result<S::Ok, S::Error> {
        super::input::one_or_many::serialize(value, to)
    }
}
