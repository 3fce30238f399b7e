//! Forms made of Rust types.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fields;
use crate::model::{
    BooleanField, ChoiceField, ChoiceOption, ChoicesField, FormField, FormSchema, NumberField,
    TextField, TextFormat,
};

type Object = Map<String, Value>;

/// The form whose fields are those of `T`, in their order; or which field no form can have
/// (ELIC-06).
pub(super) fn of<T: JsonSchema + DeserializeOwned>() -> Result<FormSchema, String> {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Err("a form is made of a struct with named fields".into());
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.into_iter().flatten().any(|it| it == name);

    let mut form = FormSchema::new();
    for name in in_order(properties, fields::of::<T>()) {
        let property = properties.get(&name).and_then(Value::as_object);
        let Some(field) = property.and_then(field) else {
            return Err(format!(
                "`{name}` is no text, number, boolean, enum without data, or list of such an enum"
            ));
        };
        form = match is_required(&name) {
            true => form.with_required_field(name, field),
            false => form.with_field(name, field),
        };
    }
    Ok(form)
}

/// The names of the properties: those of the type's declaration first, in its order.
fn in_order(properties: &Object, declared: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(properties.len());
    let known = declared.iter().filter(|name| properties.contains_key(**name));
    names.extend(known.map(|name| (*name).to_owned()));
    let others = properties.keys().filter(|name| !declared.contains(&name.as_str()));
    names.extend(others.cloned());
    names
}

fn field(schema: &Object) -> Option<FormField> {
    // An `Option` of an enum: the enum, or null.
    if let Some(inner) = alternative(schema) {
        let mut merged = inner.clone();
        merged.extend(schema.iter().filter(|(key, _)| *key != "anyOf").map(cloned));
        return field(&merged);
    }
    match kind(schema)? {
        "string" => Some(match options(schema) {
            Some(options) => choice(schema, options).into(),
            None => text_field(schema).into(),
        }),
        "integer" => Some(number(schema, NumberField::integer()).into()),
        "number" => Some(number(schema, NumberField::number()).into()),
        "boolean" => Some(boolean(schema).into()),
        "array" => {
            let items = schema.get("items")?.as_object()?;
            Some(choices(schema, options(items)?).into())
        }
        _ => None,
    }
}

fn cloned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// The one alternative to null.
fn alternative(schema: &Object) -> Option<&Object> {
    let [one, other] = schema.get("anyOf")?.as_array()?.as_slice() else {
        return None;
    };
    let is_null = |it: &Value| it.get("type").is_some_and(|kind| kind == "null");
    match (is_null(one), is_null(other)) {
        (false, true) => one.as_object(),
        (true, false) => other.as_object(),
        _ => None,
    }
}

/// The type of a value that is not null. Alternatives of texts need not say that they are.
fn kind(schema: &Object) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => Some(kind),
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.next().filter(|_| kinds.next().is_none())
        }
        None if options(schema).is_some() => Some("string"),
        _ => None,
    }
}

/// The options of an enum: plain, or with a title or description each.
fn options(schema: &Object) -> Option<Vec<ChoiceOption>> {
    if let Some(value) = schema.get("const") {
        let title = text(schema, "title").or_else(|| text(schema, "description"));
        return Some(Vec::from([ChoiceOption { title, ..ChoiceOption::new(value.as_str()?) }]));
    }
    if let Some(values) = schema.get("enum") {
        let values = values.as_array()?.iter().filter(|value| !value.is_null());
        return values.map(|value| value.as_str().map(ChoiceOption::from)).collect();
    }
    let mut all = Vec::new();
    for alternative in schema.get("oneOf")?.as_array()? {
        all.extend(options(alternative.as_object()?)?);
    }
    Some(all)
}

fn text(schema: &Object, key: &str) -> Option<String> {
    schema.get(key)?.as_str().map(ToOwned::to_owned)
}

fn count(schema: &Object, key: &str) -> Option<u64> {
    schema.get(key)?.as_u64()
}

fn text_field(schema: &Object) -> TextField {
    let mut field = TextField::new();
    field.title = text(schema, "title");
    field.description = text(schema, "description");
    field.min_length = count(schema, "minLength");
    field.max_length = count(schema, "maxLength");
    field.default = text(schema, "default");
    field.format = match schema.get("format").and_then(Value::as_str) {
        Some("email") => Some(TextFormat::Email),
        Some("uri") => Some(TextFormat::Uri),
        Some("date") => Some(TextFormat::Date),
        Some("date-time") => Some(TextFormat::DateTime),
        _ => None,
    };
    field
}

fn number(schema: &Object, mut field: NumberField) -> NumberField {
    let get = |key| schema.get(key).and_then(Value::as_f64);
    field.title = text(schema, "title");
    field.description = text(schema, "description");
    field.minimum = get("minimum");
    field.maximum = get("maximum");
    field.default = get("default");
    field
}

fn boolean(schema: &Object) -> BooleanField {
    let mut field = BooleanField::new();
    field.title = text(schema, "title");
    field.description = text(schema, "description");
    field.default = schema.get("default").and_then(Value::as_bool);
    field
}

fn choice(schema: &Object, options: Vec<ChoiceOption>) -> ChoiceField {
    let mut field = ChoiceField::new(options);
    field.title = text(schema, "title");
    field.description = text(schema, "description");
    field.default = text(schema, "default");
    field
}

fn choices(schema: &Object, options: Vec<ChoiceOption>) -> ChoicesField {
    let mut field = ChoicesField::new(options);
    field.title = text(schema, "title");
    field.description = text(schema, "description");
    field.min_items = count(schema, "minItems");
    field.max_items = count(schema, "maxItems");
    let default = schema.get("default").and_then(Value::as_array);
    field.default = default.and_then(|values| {
        values.iter().map(|value| value.as_str().map(ToOwned::to_owned)).collect()
    });
    field
}
