//! The fields of a form.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Number;

use super::num::{float, hint};
use super::revise::same_in_every_revision;
use super::wire::{wire, wire_enum};
use super::{ElicitValue, ForRevision};
use crate::revision::Revision;

/// A field of a form (`2025-11-25/schema#primitiveschemadefinition`).
///
/// For 2025-06-18 defaults of all but booleans are left out, titled options are written the old
/// way, and a choice of several becomes a choice of one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FormField {
    /// Text.
    Text(TextField),
    /// A number.
    Number(NumberField),
    /// Yes or no.
    Boolean(BooleanField),
    /// One of several options.
    Choice(ChoiceField),
    /// Some of several options. Since 2025-11-25.
    Choices(ChoicesField),
}

impl FormField {
    /// What to start with, as an answer.
    #[must_use]
    pub fn default_value(self) -> Option<ElicitValue> {
        match self {
            Self::Text(field) => field.default.map(ElicitValue::Text),
            Self::Number(field) => field.default.and_then(number),
            Self::Boolean(field) => field.default.map(ElicitValue::Bool),
            Self::Choice(field) => field.default.map(ElicitValue::Text),
            Self::Choices(field) => field.default.map(ElicitValue::Choices),
        }
    }
}

/// A number as JSON has it: without a fraction if it has none.
fn number(value: f64) -> Option<ElicitValue> {
    let whole = value as i64;
    if whole as f64 == value {
        return Some(ElicitValue::from(whole));
    }
    Number::from_f64(value).map(ElicitValue::Number)
}

wire! {
    /// A field for text.
    #[derive(Default)]
    pub struct TextField {
        required {}
        always {
            /// The name to show.
            title / with_title: String,
            /// What to fill in.
            description / with_description: String,
            /// The fewest characters.
            min_length / with_min_length: u64 as Count,
            /// The most characters.
            max_length / with_max_length: u64 as Count,
            /// What kind of text it is.
            format / with_format: TextFormat,
        }
        since V2025_11_25 {
            /// What to start with. Since 2025-11-25.
            default / with_default: String,
        }
    }
}

wire_enum! {
    /// A kind of text.
    pub enum TextFormat {
        /// An email address.
        Email = "email",
        /// A URI.
        Uri = "uri",
        /// A date.
        Date = "date",
        /// A date with a time.
        DateTime = "date-time",
    }
}

wire! {
    /// A field for a number.
    pub struct NumberField derived {
        required {
            /// Whether only whole numbers may be filled in.
            #[serde(skip)]
            whole: bool,
        }
        always {
            /// The name to show.
            title / with_title: String,
            /// What to fill in.
            description / with_description: String,
            /// The least value.
            #[serde(serialize_with = "float::option")]
            minimum / with_minimum: f64,
            /// The greatest value.
            #[serde(serialize_with = "float::option")]
            maximum / with_maximum: f64,
        }
        since V2025_11_25 {
            /// What to start with. Since 2025-11-25.
            #[serde(serialize_with = "float::option")]
            default / with_default: f64,
        }
    }
}

impl NumberField {
    /// A field for whole numbers.
    #[must_use]
    pub fn integer() -> Self {
        Self::new(true)
    }

    /// A field for numbers with or without a fraction.
    #[must_use]
    pub fn number() -> Self {
        Self::new(false)
    }
}

wire! {
    /// A field for yes or no.
    #[derive(Default)]
    pub struct BooleanField {
        required {}
        always {
            /// The name to show.
            title / with_title: String,
            /// What to decide.
            description / with_description: String,
            /// What to start with.
            default / with_default: bool,
        }
    }
}

/// An option of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChoiceOption {
    /// What is sent when it is chosen.
    pub value: String,
    /// What to show; without it, the value.
    pub title: Option<String>,
}

impl ChoiceOption {
    /// An option that shows its value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), title: None }
    }

    /// Sets what to show.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

impl From<&str> for ChoiceOption {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

wire! {
    /// A field for one of several options.
    pub struct ChoiceField derived {
        required {
            /// The options.
            #[serde(skip)]
            options: Vec<ChoiceOption>;
            /// Whether titles are written as `enumNames`, as in 2025-06-18, in place of `oneOf`.
            #[serde(skip)]
            legacy_names / with_legacy_names: bool = false,
        }
        always {
            /// The name to show.
            title / with_title: String,
            /// What to choose.
            description / with_description: String,
        }
        since V2025_11_25 {
            /// The value to start with. Since 2025-11-25.
            default / with_default: String,
        }
    }
    finish = Self::finish;
}

impl ChoiceField {
    fn finish(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25 {
            self.legacy_names = true;
        }
    }
}

wire! {
    /// A field for some of several options; since 2025-11-25.
    pub struct ChoicesField derived {
        required {
            /// The options.
            #[serde(skip)]
            options: Vec<ChoiceOption>,
        }
        always {
            /// The name to show.
            title / with_title: String,
            /// What to choose.
            description / with_description: String,
            /// The fewest options to choose.
            #[serde(deserialize_with = "hint")]
            min_items / with_min_items: u64,
            /// The most options to choose.
            #[serde(deserialize_with = "hint")]
            max_items / with_max_items: u64,
            /// The values to start with.
            default / with_default: Vec<String>,
        }
    }
}

same_in_every_revision!(ChoiceOption);

macro_rules! field_kinds {
    ($($kind:ident($field:ident)),+ $(,)?) => {
        $(impl From<$field> for FormField {
            fn from(field: $field) -> Self {
                Self::$kind(field)
            }
        })+
    };
}
field_kinds! {
    Text(TextField), Number(NumberField), Boolean(BooleanField), Choice(ChoiceField),
    Choices(ChoicesField),
}

impl ForRevision for FormField {
    fn adapt(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25
            && let Self::Choices(field) = self
        {
            let mut one = ChoiceField::new(core::mem::take(&mut field.options));
            one.title = field.title.take();
            one.description = field.description.take();
            *self = Self::Choice(one);
        }
        match self {
            Self::Text(field) => field.adapt(revision),
            Self::Number(field) => field.adapt(revision),
            Self::Boolean(field) => field.adapt(revision),
            Self::Choice(field) => field.adapt(revision),
            Self::Choices(field) => field.adapt(revision),
        }
    }
}
