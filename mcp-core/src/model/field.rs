//! The fields of a form.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Error as _, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::Members;
use super::num::{float, hint};
use super::tagged::{self, Tagged};
use super::wire::{wire, wire_enum};
use super::{ForRevision, RawObject};
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
            #[serde(deserialize_with = "hint")]
            min_length / with_min_length: u64,
            /// The most characters.
            #[serde(deserialize_with = "hint")]
            max_length / with_max_length: u64,
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
    pub struct NumberField {
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
        Self {
            value: value.into(),
            title: None,
        }
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
    pub struct ChoiceField {
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
    pub struct ChoicesField {
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

super::revise::same_in_every_revision!(ChoiceOption);

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

/// The ways to write options: plain values, values with names beside them, or titled constants.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#enum: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enum_names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one_of: Option<Vec<TitledOption>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any_of: Option<Vec<TitledOption>>,
}

#[derive(Serialize, Deserialize)]
struct TitledOption {
    r#const: String,
    title: String,
}

impl Options {
    fn one(field: &ChoiceField) -> Self {
        let options = &field.options;
        if field.legacy_names || !has_titles(options) {
            let enum_names =
                has_titles(options).then(|| titled(options).map(|o| o.title).collect());
            Self {
                r#enum: Some(values(options)),
                enum_names,
                ..Self::default()
            }
        } else {
            Self {
                one_of: Some(titled(options).collect()),
                ..Self::default()
            }
        }
    }

    fn some(field: &ChoicesField) -> Self {
        let options = &field.options;
        if has_titles(options) {
            Self {
                any_of: Some(titled(options).collect()),
                ..Self::default()
            }
        } else {
            let r#type = Some("string".to_owned());
            Self {
                r#type,
                r#enum: Some(values(options)),
                ..Self::default()
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.r#enum.is_none() && self.one_of.is_none() && self.any_of.is_none()
    }

    fn into_options(self) -> Vec<ChoiceOption> {
        let mut names = self.enum_names.unwrap_or_default().into_iter();
        let plain = self.r#enum.unwrap_or_default().into_iter();
        let plain = plain.map(|value| ChoiceOption {
            value,
            title: names.next(),
        });
        let titled = self.one_of.or(self.any_of).unwrap_or_default().into_iter();
        let titled = titled.map(|option| ChoiceOption {
            value: option.r#const,
            title: Some(option.title),
        });
        plain.chain(titled).collect()
    }
}

fn has_titles(options: &[ChoiceOption]) -> bool {
    options.iter().any(|option| option.title.is_some())
}

fn values(options: &[ChoiceOption]) -> Vec<String> {
    options.iter().map(|option| option.value.clone()).collect()
}

fn titled(options: &[ChoiceOption]) -> impl Iterator<Item = TitledOption> {
    options.iter().map(|option| TitledOption {
        r#const: option.value.clone(),
        title: option.title.as_ref().unwrap_or(&option.value).clone(),
    })
}

impl Serialize for FormField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a, T> {
            r#type: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            items: Option<Options>,
            #[serde(flatten)]
            options: Option<Options>,
            #[serde(flatten)]
            field: &'a T,
        }

        // These types hold no raw JSON, so that flattening them for output is safe.
        let (items, options) = (None, None);
        match self {
            Self::Text(field) => Wire {
                r#type: "string",
                items,
                options,
                field,
            }
            .serialize(serializer),
            Self::Number(field) => {
                let r#type = if field.whole { "integer" } else { "number" };
                Wire {
                    r#type,
                    items,
                    options,
                    field,
                }
                .serialize(serializer)
            }
            Self::Boolean(field) => Wire {
                r#type: "boolean",
                items,
                options,
                field,
            }
            .serialize(serializer),
            Self::Choice(field) => {
                let options = Some(Options::one(field));
                Wire {
                    r#type: "string",
                    items,
                    options,
                    field,
                }
                .serialize(serializer)
            }
            Self::Choices(field) => {
                let items = Some(Options::some(field));
                Wire {
                    r#type: "array",
                    items,
                    options,
                    field,
                }
                .serialize(serializer)
            }
        }
    }
}

impl Tagged for FormField {
    const TAG: &'static str = "type";

    fn from_members<'de, A: MapAccess<'de>>(tag: Option<&str>, rest: A) -> Result<Self, A::Error> {
        match tag {
            Some("string") => read_string(&members(rest)?).map_err(A::Error::custom),
            Some(kind @ ("number" | "integer")) => {
                let field: NumberField = tagged::variant(rest)?;
                Ok(Self::Number(NumberField {
                    whole: kind == "integer",
                    ..field
                }))
            }
            Some("boolean") => tagged::variant(rest).map(Self::Boolean),
            Some("array") => read_array(&members(rest)?).map_err(A::Error::custom),
            other => {
                const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array"];
                Err(tagged::unknown::<Self, _>(other, TYPES))
            }
        }
    }
}

impl<'de> Deserialize<'de> for FormField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

fn members<'de, A: MapAccess<'de>>(rest: A) -> Result<RawObject, A::Error> {
    tagged::variant::<Members, _>(rest).map(RawObject::from)
}

/// Reads text, or one of several options if there are any.
fn read_string(members: &RawObject) -> Result<FormField, serde_json::Error> {
    let options: Options = members.decode()?;
    if options.is_empty() {
        return members.decode().map(FormField::Text);
    }
    let mut field: ChoiceField = members.decode()?;
    field.legacy_names = options.enum_names.is_some();
    field.options = options.into_options();
    Ok(FormField::Choice(field))
}

/// Reads some of several options.
fn read_array(members: &RawObject) -> Result<FormField, serde_json::Error> {
    #[derive(Deserialize)]
    struct Items {
        items: Options,
    }

    let Items { items } = members.decode()?;
    let mut field: ChoicesField = members.decode()?;
    field.options = items.into_options();
    Ok(FormField::Choices(field))
}
