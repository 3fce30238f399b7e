//! The macro every object of the model is declared with.

/// Declares an object of the wire format together with its per-revision delta.
///
/// `required` members come first and are the arguments of `new`; members after a `;` are
/// required on the wire too but start from a default. Optional members follow in sections named
/// after the revisions that know them: `always`, `since REVISION`, `until REVISION` or
/// `only REVISION`. Each has a consuming setter, is left out of the JSON when absent, and is
/// removed by `ForRevision::adapt` outside its section's revisions. `prepare` and `finish` name
/// functions for what such a table cannot say, run first and last.
///
/// On the wire a member has its name in camel case, or the one behind `=`. `as` names the
/// [`Codec`](super::codec::Codec) of one that is read or written in a way of its own.
///
/// `from server` and `from client` name the end that sends the object, where only one does. What
/// only serves does not write what clients send nor, unless it asks them, read what servers send:
/// it is built without that half. `derived` leaves reading and writing to serde's derive, for
/// attributes of its own; a derive for all would be four times as much code to build.
macro_rules! wire {
    ($(#[$attr:meta])* pub struct $name:ident from server $table:tt $($hooks:tt)*) => {
        $crate::model::wire::wire! {
            @object [cfg(all())] $(#[$attr])* pub struct $name $table $($hooks)*
        }
        $crate::model::wire::wire_write!($name $table);
        #[cfg(any(feature = "ask", feature = "client"))]
        $crate::model::wire::wire_read!($name $table);
    };
    ($(#[$attr:meta])* pub struct $name:ident from client $table:tt $($hooks:tt)*) => {
        $crate::model::wire::wire! {
            @object [cfg(all())] $(#[$attr])* pub struct $name $table $($hooks)*
        }
        $crate::model::wire::wire_read!($name $table);
        #[cfg(feature = "client")]
        $crate::model::wire::wire_write!($name $table);
    };
    ($(#[$attr:meta])* pub struct $name:ident derived $table:tt $($hooks:tt)*) => {
        $crate::model::wire::wire! {
            @object [serde(default, skip_serializing_if = "Option::is_none")]
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(rename_all = "camelCase")]
            $(#[$attr])* pub struct $name $table $($hooks)*
        }
    };
    ($(#[$attr:meta])* pub struct $name:ident $table:tt $($hooks:tt)*) => {
        $crate::model::wire::wire! {
            @object [cfg(all())] $(#[$attr])* pub struct $name $table $($hooks)*
        }
        $crate::model::wire::wire_write!($name $table);
        $crate::model::wire::wire_read!($name $table);
    };
    (
        @object $optional:tt
        $(#[$attr:meta])*
        pub struct $name:ident {
            required {
                $( $(#[$rattr:meta])* $rfield:ident $(= $rname:literal)? : $rty:ty
                    $(as $rcodec:ident)? ),* $(,)?
                $( ; $( $(#[$pattr:meta])* $pfield:ident $(= $pname:literal)? / $psetter:ident
                    : $pty:ty = $preset:expr ),+ $(,)? )?
            }
            $( $kind:ident $($revision:ident)? {
                $( $(#[$oattr:meta])* $ofield:ident $(= $oname:literal)? / $osetter:ident : $oty:ty
                    $(as $ocodec:ident)? ),+ $(,)?
            } )*
        }
        $( prepare = $prepare:path; )?
        $( finish = $finish:path; )?
    ) => {
        #[derive(Clone, Debug, PartialEq)]
        $(#[$attr])*
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$rattr])* pub $rfield: $rty, )*
            $( $( $(#[$pattr])* pub $pfield: $pty, )+ )?
            $( $( $(#[$oattr])* # $optional pub $ofield: Option<$oty>, )+ )*
        }

        impl $name {
            /// Creates the value from its required members.
            #[must_use]
            pub fn new($( $rfield: impl Into<$rty> ),*) -> Self {
                Self {
                    $( $rfield: $rfield.into(), )*
                    $( $( $pfield: $preset, )+ )?
                    $( $( $ofield: None, )+ )*
                }
            }

            $( $(
                #[doc = concat!("Sets [`", stringify!($pfield), "`](Self::", stringify!($pfield), ").")]
                #[must_use]
                pub fn $psetter(mut self, value: impl Into<$pty>) -> Self {
                    self.$pfield = value.into();
                    self
                }
            )+ )?

            $( $(
                #[doc = concat!("Sets [`", stringify!($ofield), "`](Self::", stringify!($ofield), ").")]
                #[must_use]
                pub fn $osetter(mut self, value: impl Into<$oty>) -> Self {
                    self.$ofield = Some(value.into());
                    self
                }
            )+ )*
        }

        impl $crate::model::ForRevision for $name {
            fn adapt(&mut self, revision: $crate::revision::Revision) {
                $( $prepare(self, revision); )?
                $( $crate::model::ForRevision::adapt(&mut self.$rfield, revision); )*
                $( $( $crate::model::ForRevision::adapt(&mut self.$pfield, revision); )+ )?
                $(
                    let span = $crate::model::revise::Span::$kind(
                        $($crate::revision::Revision::$revision)?
                    );
                    if span.contains(revision) {
                        $( $crate::model::ForRevision::adapt(&mut self.$ofield, revision); )+
                    } else {
                        $( self.$ofield = None; )+
                    }
                )*
                $( $finish(self, revision); )?
            }
        }
    };
}
pub(crate) use wire;

/// Writes an object as its table says.
macro_rules! wire_write {
    (
        $name:ident {
            required {
                $( $(#[$rattr:meta])* $rfield:ident $(= $rname:literal)? : $rty:ty
                    $(as $rcodec:ident)? ),* $(,)?
                $( ; $( $(#[$pattr:meta])* $pfield:ident $(= $pname:literal)? / $psetter:ident
                    : $pty:ty = $preset:expr ),+ $(,)? )?
            }
            $( $kind:ident $($revision:ident)? {
                $( $(#[$oattr:meta])* $ofield:ident $(= $oname:literal)? / $osetter:ident : $oty:ty
                    $(as $ocodec:ident)? ),+ $(,)?
            } )*
        }
    ) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                use $crate::model::wire::wire_name as name;

                let mut object = serializer.serialize_map(None)?;
                $( object.serialize_entry(
                    name!($rfield $($rname)?),
                    $crate::model::wire::written!(&self.$rfield $(, $rcodec)?),
                )?; )*
                $( $( object.serialize_entry(name!($pfield $($pname)?), &self.$pfield)?; )+ )?
                $( $( if let Some(value) = &self.$ofield {
                    object.serialize_entry(
                        name!($ofield $($oname)?),
                        $crate::model::wire::written!(value $(, $ocodec)?),
                    )?;
                } )+ )*
                object.end()
            }
        }
    };
}
pub(crate) use wire_write;

/// Reads an object as its table says.
macro_rules! wire_read {
    (
        $name:ident {
            required {
                $( $(#[$rattr:meta])* $rfield:ident $(= $rname:literal)? : $rty:ty
                    $(as $rcodec:ident)? ),* $(,)?
                $( ; $( $(#[$pattr:meta])* $pfield:ident $(= $pname:literal)? / $psetter:ident
                    : $pty:ty = $preset:expr ),+ $(,)? )?
            }
            $( $kind:ident $($revision:ident)? {
                $( $(#[$oattr:meta])* $ofield:ident $(= $oname:literal)? / $osetter:ident : $oty:ty
                    $(as $ocodec:ident)? ),+ $(,)?
            } )*
        }
    ) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                use $crate::model::codec::{Object, read_object};
                use $crate::model::wire::{taken, wire_name as name};

                #[derive(Default)]
                struct Members {
                    $( $rfield: Option<$rty>, )*
                    $( $( $pfield: Option<$pty>, )+ )?
                    $( $( $ofield: Option<Option<$oty>>, )+ )*
                }

                #[allow(non_camel_case_types)]
                enum Member { $( $rfield, )* $( $( $pfield, )+ )? $( $( $ofield, )+ )* }

                impl<'de> Object<'de> for Members {
                    type Value = $name;

                    const NAMES: &'static [&'static str] = &[
                        $( name!($rfield $($rname)?), )*
                        $( $( name!($pfield $($pname)?), )+ )?
                        $( $( name!($ofield $($oname)?), )+ )*
                    ];

                    fn take<A: serde::de::MapAccess<'de>>(
                        &mut self,
                        member: usize,
                        from: &mut A,
                    ) -> Result<(), A::Error> {
                        $( if member == Member::$rfield as usize {
                            return taken!(self.$rfield, from $(, read $rcodec)?);
                        } )*
                        $( $( if member == Member::$pfield as usize {
                            return taken!(self.$pfield, from);
                        } )+ )?
                        $( $( if member == Member::$ofield as usize {
                            return taken!(self.$ofield, from $(, optional $ocodec)?);
                        } )+ )*
                        Ok(())
                    }

                    fn finish<E: serde::de::Error>(self) -> Result<$name, E> {
                        Ok($name {
                            $( $rfield: match self.$rfield {
                                Some(value) => value,
                                None => return Err(E::missing_field(name!($rfield $($rname)?))),
                            }, )*
                            $( $( $pfield: match self.$pfield {
                                Some(value) => value,
                                None => return Err(E::missing_field(name!($pfield $($pname)?))),
                            }, )+ )?
                            $( $( $ofield: self.$ofield.flatten(), )+ )*
                        })
                    }
                }

                read_object::<Members, D>(from)
            }
        }
    };
}
pub(crate) use wire_read;

/// The name of a member on the wire.
macro_rules! wire_name {
    ($field:ident $name:literal) => {
        $name
    };
    ($field:ident) => {{
        const FIELD: &str = stringify!($field);
        const NAME: &$crate::model::wire::CamelCase<{ FIELD.len() }> =
            &$crate::model::wire::CamelCase::of(FIELD);
        const { NAME.as_str() }
    }};
}
pub(crate) use wire_name;

/// A value as it is written.
macro_rules! written {
    ($value:expr) => {
        $value
    };
    ($value:expr, $codec:ident) => {
        &$crate::model::codec::Written::<$crate::model::codec::$codec, _>::new($value)
    };
}
pub(crate) use written;

/// Takes the value of a member.
macro_rules! taken {
    ($slot:expr, $from:ident) => {
        $crate::model::codec::take(&mut $slot, $from)
    };
    ($slot:expr, $from:ident, read $codec:ident) => {
        $crate::model::codec::take_as::<$crate::model::codec::$codec, _, _>(&mut $slot, $from)
    };
    ($slot:expr, $from:ident, optional $codec:ident) => {
        $crate::model::codec::take_optional_as::<$crate::model::codec::$codec, _, _>(
            &mut $slot, $from,
        )
    };
}
pub(crate) use taken;

/// The name of a member in camel case, made from that of a field while the crate is built.
pub(crate) struct CamelCase<const MAX: usize> {
    bytes: [u8; MAX],
    length: usize,
}

impl<const MAX: usize> CamelCase<MAX> {
    pub(crate) const fn of(field: &str) -> Self {
        let field = field.as_bytes();
        let (mut bytes, mut length, mut at) = ([0; MAX], 0, 0);
        while at < field.len() {
            bytes[length] = match field[at] {
                b'_' => {
                    at += 1;
                    field[at].to_ascii_uppercase()
                }
                byte => byte,
            };
            length += 1;
            at += 1;
        }
        Self { bytes, length }
    }

    pub(crate) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(name) => name,
            Err(_) => panic!("names of fields are text"),
        }
    }
}

/// Declares an enumeration of wire strings; `from server` as above.
macro_rules! wire_enum {
    ($(#[$attr:meta])* pub enum $name:ident from server $body:tt) => {
        $crate::model::wire::wire_enum! { @enum $(#[$attr])* pub enum $name $body }
        #[cfg(any(feature = "ask", feature = "client"))]
        $crate::model::wire::wire_enum! { @read $name $body }
    };
    ($(#[$attr:meta])* pub enum $name:ident $body:tt) => {
        $crate::model::wire::wire_enum! { @enum $(#[$attr])* pub enum $name $body }
        $crate::model::wire::wire_enum! { @read $name $body }
    };
    (
        @enum
        $(#[$attr:meta])*
        pub enum $name:ident { $( $(#[$vattr:meta])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$vattr])* $variant, )+ }

        impl $name {
            /// The text that stands for the value on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        $crate::model::revise::same_in_every_revision!($name);
    };
    (
        @read
        $name:ident { $( $(#[$vattr:meta])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::model::codec::read_name(from, &[ $( ($text, Self::$variant) ),+ ])
            }
        }
    };
}
pub(crate) use wire_enum;
