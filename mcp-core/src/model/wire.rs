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
/// `from server` and `from client` name the end that sends the object, where only one does. What
/// only serves does not write what clients send nor, unless it asks them, read what servers send:
/// it is built without that half.
macro_rules! wire {
    ($(#[$attr:meta])* pub struct $name:ident from server $($rest:tt)*) => {
        $crate::model::wire::wire! {
            @with
            #[derive(serde::Serialize)]
            #[cfg_attr(any(feature = "ask", feature = "client"), derive(serde::Deserialize))]
            $(#[$attr])*
            pub struct $name $($rest)*
        }
    };
    ($(#[$attr:meta])* pub struct $name:ident from client $($rest:tt)*) => {
        $crate::model::wire::wire! {
            @with
            #[derive(serde::Deserialize)]
            #[cfg_attr(feature = "client", derive(serde::Serialize))]
            $(#[$attr])*
            pub struct $name $($rest)*
        }
    };
    ($(#[$attr:meta])* pub struct $($rest:tt)*) => {
        $crate::model::wire::wire! {
            @with
            #[derive(serde::Serialize, serde::Deserialize)]
            $(#[$attr])*
            pub struct $($rest)*
        }
    };
    (
        @with
        $(#[$attr:meta])*
        pub struct $name:ident {
            required {
                $( $(#[$rattr:meta])* $rfield:ident : $rty:ty ),* $(,)?
                $( ; $( $(#[$pattr:meta])* $pfield:ident / $psetter:ident : $pty:ty = $preset:expr ),+ $(,)? )?
            }
            $( $kind:ident $($revision:ident)? {
                $( $(#[$oattr:meta])* $ofield:ident / $osetter:ident : $oty:ty ),+ $(,)?
            } )*
        }
        $( prepare = $prepare:path; )?
        $( finish = $finish:path; )?
    ) => {
        #[derive(Clone, Debug, PartialEq)]
        $(#[$attr])*
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$rattr])* pub $rfield: $rty, )*
            $( $( $(#[$pattr])* pub $pfield: $pty, )+ )?
            $( $(
                $(#[$oattr])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $ofield: Option<$oty>,
            )+ )*
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
pub(super) use wire;

/// Declares an enumeration of wire strings; `from server` as above.
macro_rules! wire_enum {
    ($(#[$attr:meta])* pub enum $name:ident from server $body:tt) => {
        $crate::model::wire::wire_enum! {
            @with
            #[derive(serde::Serialize)]
            #[cfg_attr(any(feature = "ask", feature = "client"), derive(serde::Deserialize))]
            $(#[$attr])*
            pub enum $name $body
        }
    };
    ($(#[$attr:meta])* pub enum $name:ident $body:tt) => {
        $crate::model::wire::wire_enum! {
            @with
            #[derive(serde::Serialize, serde::Deserialize)]
            $(#[$attr])*
            pub enum $name $body
        }
    };
    (
        @with
        $(#[$attr:meta])*
        pub enum $name:ident { $( $(#[$vattr:meta])* $variant:ident = $text:literal ),+ $(,)? }
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $(#[$attr])*
        #[non_exhaustive]
        pub enum $name { $( $(#[$vattr])* #[serde(rename = $text)] $variant, )+ }

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

        $crate::model::revise::same_in_every_revision!($name);
    };
}
pub(super) use wire_enum;
