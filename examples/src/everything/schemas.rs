//! Schemas: of arguments, for what a Rust type alone cannot say, and of what a tool returns.

use mcp_core::app::{CallError, Context, Json, ServerBuilder};
use mcp_core::model::{RawObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// JSON Schema 2020-12 is sent to clients exactly as it is written: no keyword is dropped, added
/// or moved.
const PERSON: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"}
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": false
}"##;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .raw_tool(
            Tool::new("json_schema_2020_12_tool")
                .with_description("Tool with JSON Schema 2020-12 features")
                .with_input_schema(PERSON.parse::<RawObject>().expect("PERSON is an object")),
            person,
        )
        .tool(
            Tool::new("test_custom_header")
                .with_description("Takes an argument that travels in an HTTP header too"),
            custom_header,
        )
        .tool(
            Tool::new("forecast").with_description("Returns a value that programs can read"),
            forecast,
        )
}

/// The type makes the output schema, so clients know what will come and can hold the tool to it.
#[derive(Debug, Serialize, JsonSchema)]
struct Forecast {
    /// In degrees Celsius.
    temperature: f64,
    conditions: String,
}

async fn forecast(_args: (), _cx: Context) -> Result<Json<Forecast>, CallError> {
    Ok(Json(Forecast { temperature: 21.5, conditions: "sunny".into() }))
}

/// The arguments of a tool that brings its own schema are read as any type: here, as they are.
async fn person(args: RawObject, _cx: Context) -> Result<String, CallError> {
    Ok(format!("Got {}", args.get()))
}

/// Since 2026-07-28 a client repeats an argument with `x-mcp-header` in the header
/// `Mcp-Param-<name>`, so that proxies can route by it without reading the body. The server
/// checks that the two are the same before the tool is called.
#[derive(Debug, Deserialize, JsonSchema)]
struct CustomHeader {
    /// What to route by.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

async fn custom_header(args: CustomHeader, _cx: Context) -> Result<String, CallError> {
    Ok(format!("Value: {}", args.value))
}
