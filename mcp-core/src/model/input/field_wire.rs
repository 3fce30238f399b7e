//! How the fields of a form are written as JSON Schema.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Error as _, MapAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::members::Members;
use super::tagged::{self, Tagged};
use super::{ChoiceField, ChoiceOption, ChoicesField, FormField, NumberField, RawObject};

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
            Self { r#enum: Some(values(options)), enum_names, ..Self::default() }
        } else {
            Self { one_of: Some(titled(options).collect()), ..Self::default() }
        }
    }

    fn some(field: &ChoicesField) -> Self {
        let options = &field.options;
        if has_titles(options) {
            Self { any_of: Some(titled(options).collect()), ..Self::default() }
        } else {
            let r#type = Some("string".to_owned());
            Self { r#type, r#enum: Some(values(options)), ..Self::default() }
        }
    }

    fn is_empty(&self) -> bool {
        self.r#enum.is_none() && self.one_of.is_none() && self.any_of.is_none()
    }

    fn into_options(self) -> Vec<ChoiceOption> {
        let mut names = self.enum_names.unwrap_or_default().into_iter();
        let plain = self.r#enum.unwrap_or_default().into_iter();
        let plain = plain.map(|value| ChoiceOption { value, title: names.next() });
        let titled = self.one_of.or(self.any_of).unwrap_or_default().into_iter();
        let titled =
            titled.map(|option| ChoiceOption { value: option.r#const, title: Some(option.title) });
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
            Self::Text(field) => {
                Wire { r#type: "string", items, options, field }.serialize(serializer)
            }
            Self::Number(field) => {
                // A limit that is not finite is none, and has no JSON form.
                let field = &NumberField {
                    minimum: field.minimum.filter(|limit| limit.is_finite()),
                    maximum: field.maximum.filter(|limit| limit.is_finite()),
                    default: field.default.filter(|value| value.is_finite()),
                    ..field.clone()
                };
                let r#type = if field.whole { "integer" } else { "number" };
                Wire { r#type, items, options, field }.serialize(serializer)
            }
            Self::Boolean(field) => {
                Wire { r#type: "boolean", items, options, field }.serialize(serializer)
            }
            Self::Choice(field) => {
                let options = Some(Options::one(field));
                Wire { r#type: "string", items, options, field }.serialize(serializer)
            }
            Self::Choices(field) => {
                let items = Some(Options::some(field));
                Wire { r#type: "array", items, options, field }.serialize(serializer)
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
                Ok(Self::Number(NumberField { whole: kind == "integer", ..field }))
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
