//! Forms: the fields an elicitation asks for.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::num::float;
use super::{ElicitValue, ForRevision, FormField, RawJson, RawObject};
use crate::revision::Revision;

/// The fields of a form, in order, as the flat JSON Schema the protocol uses
/// (`2025-11-25/client/elicitation#requested-schema`).
///
/// ```
/// use mcp_core::model::{ElicitParams, FormField, FormSchema, NumberField, TextField};
///
/// let form = FormSchema::new()
///     .with_required_field("name", TextField::new().with_title("Your name"))
///     .with_field("age", NumberField::integer().with_minimum(18.0));
/// let params = ElicitParams::form("Who are you?", form);
/// assert!(serde_json::to_string(&params)?.contains(r#""required":["name"]"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FormSchema {
    /// The JSON Schema dialect. Since 2025-11-25.
    pub dialect: Option<String>,
    /// The fields by name.
    pub fields: Vec<(String, FormField)>,
    /// The names of the fields that must be filled in.
    pub required: Option<Vec<String>>,
}

impl FormSchema {
    /// A form without fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { dialect: None, fields: Vec::new(), required: None }
    }

    /// Adds a field that may be left empty.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, field: impl Into<FormField>) -> Self {
        self.fields.push((name.into(), field.into()));
        self
    }

    /// Adds a field that must be filled in.
    #[must_use]
    pub fn with_required_field(
        mut self,
        name: impl Into<String>,
        field: impl Into<FormField>,
    ) -> Self {
        let name = name.into();
        self.required.get_or_insert_default().push(name.clone());
        self.with_field(name, field)
    }

    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FormField> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, field)| field)
    }

    /// What the fields hold before a user fills them in, for those that say so: a form is shown,
    /// or answered unseen, with them (`2025-11-25/client/elicitation#requested-schema`).
    #[must_use]
    pub fn defaults(&self) -> BTreeMap<String, ElicitValue> {
        let value = |field: &FormField| match field {
            FormField::Text(field) => field.default.clone().map(ElicitValue::Text),
            FormField::Number(field) => field.default.and_then(number),
            FormField::Boolean(field) => field.default.map(ElicitValue::Bool),
            FormField::Choice(field) => field.default.clone().map(ElicitValue::Text),
            FormField::Choices(field) => field.default.clone().map(ElicitValue::Choices),
        };
        let fields = self.fields.iter();
        fields.filter_map(|(name, field)| Some((name.clone(), value(field)?))).collect()
    }

    /// Whether the field called `name` must be filled in.
    #[must_use]
    pub fn is_required(&self, name: &str) -> bool {
        self.required.as_ref().is_some_and(|names| names.iter().any(|field| field == name))
    }
}

impl From<FormSchema> for RawObject {
    fn from(form: FormSchema) -> Self {
        Self::known(&form)
    }
}

impl ForRevision for FormSchema {
    fn adapt(&mut self, revision: Revision) {
        if revision < Revision::V2025_11_25 {
            self.dialect = None;
        }
        for (_, field) in &mut self.fields {
            field.adapt(revision);
        }
    }
}

/// A number as it is written: an integer without a fraction.
fn number(value: f64) -> Option<ElicitValue> {
    #[derive(Serialize)]
    struct Number(#[serde(serialize_with = "float::serialize")] f64);
    RawJson::from_value(&Number(value)).ok()?.to().ok().map(ElicitValue::Number)
}

struct Properties<T>(T);

impl Serialize for Properties<&[(String, FormField)]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, field) in self.0 {
            map.serialize_entry(name, field)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Properties<Vec<(String, FormField)>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PropertiesVisitor;

        impl<'de> Visitor<'de> for PropertiesVisitor {
            type Value = Vec<(String, FormField)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(PropertiesVisitor).map(Self)
    }
}

impl Serialize for FormSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut schema = serializer.serialize_struct("FormSchema", 4)?;
        if let Some(dialect) = &self.dialect {
            schema.serialize_field("$schema", dialect)?;
        }
        schema.serialize_field("type", "object")?;
        schema.serialize_field("properties", &Properties(&*self.fields))?;
        if let Some(required) = &self.required {
            schema.serialize_field("required", required)?;
        }
        schema.end()
    }
}

impl<'de> Deserialize<'de> for FormSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "$schema")]
            dialect: Option<String>,
            r#type: String,
            properties: Properties<Vec<(String, FormField)>>,
            required: Option<Vec<String>>,
        }

        let wire = Wire::deserialize(deserializer)?;
        if wire.r#type != "object" {
            return Err(D::Error::unknown_variant(&wire.r#type, &["object"]));
        }
        Ok(Self { dialect: wire.dialect, fields: wire.properties.0, required: wire.required })
    }
}
