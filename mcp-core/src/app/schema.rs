//! JSON Schemas of the application's types.

use serde_json::Value;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::model::RawObject;

/// The schema of a tool's arguments.
///
/// Arguments are an object whatever the type, so a root that says nothing of its type says it
/// here: an enum with a tag has only a list of alternatives there.
pub(super) fn input<A: JsonSchema>() -> RawObject {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<A>();
    match schema.get("type") {
        // `()` and unit structs: nothing to give (TOOL-10).
        Some(Value::String(kind)) if kind == "null" => return no_arguments(),
        Some(Value::Array(kinds)) if kinds.iter().any(|kind| kind == "object") => {}
        Some(_) => return encode(&schema),
        None => {}
    }
    schema.insert("type".into(), "object".into());
    encode(&schema)
}

/// The schema of a tool's structured output.
pub(super) fn output<T: JsonSchema>() -> RawObject {
    let schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    encode(&schema)
}

fn no_arguments() -> RawObject {
    let mut schema = serde_json::Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("additionalProperties".into(), false.into());
    schema.into()
}

/// A schema is an object or a boolean; as an object, `true` is the one without constraints.
fn encode(schema: &Schema) -> RawObject {
    RawObject::encode(schema).unwrap_or_default()
}
