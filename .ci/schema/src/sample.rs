//! Instances of definitions, with all properties they can have.

use serde_json::{Map, Value, json};

use crate::schema::Schema;

/// Deeper references are cut off: only the JSON values are recursive.
const MAX_DEPTH: usize = 64;

/// Capabilities whose settings nobody defined: the model keeps that they are there, no more.
const MARKERS: &[&str] = &[
    "call",
    "cancel",
    "completions",
    "context",
    "create",
    "createMessage",
    "elicitation",
    "form",
    "list",
    "logging",
    "sampling",
    "tools",
    "url",
];

/// Instances of a schema: every property present, every alternative chosen once.
pub fn instances(schema: &Schema, node: &Value) -> Vec<Value> {
    variants(schema, node, "", 0)
}

fn variants(schema: &Schema, node: &Value, key: &str, depth: usize) -> Vec<Value> {
    if depth > MAX_DEPTH {
        return vec![json!({})];
    }
    if key == "resultType" {
        return vec![json!("complete")];
    }
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        return match reference.rsplit('/').next().unwrap_or_default() {
            "JSONObject" if MARKERS.contains(&key) => vec![json!({})],
            // The schema of 2026-07-28 knows no fractions and no `null` in a JSON value.
            "JSONObject" => vec![json!({"k": [1, "t"]})],
            "JSONValue" => vec![json!("t")],
            name => match schema.definition(name) {
                Some(definition) => variants(schema, definition, key, depth + 1),
                None => panic!("no definition {name} in {}", schema.revision),
            },
        };
    }
    if let Some(value) = node.get("const") {
        return vec![value.clone()];
    }
    if let Some(values) = node.get("enum").and_then(Value::as_array) {
        return values.clone();
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(options) = node.get(union).and_then(Value::as_array) {
            return options
                .iter()
                .flat_map(|option| variants(schema, option, key, depth + 1))
                .collect();
        }
    }
    if let Some(parts) = node.get("allOf").and_then(Value::as_array) {
        let mut whole = Map::new();
        for part in parts {
            if let Some(Value::Object(part)) = variants(schema, part, key, depth + 1).pop() {
                whole.extend(part);
            }
        }
        return vec![Value::Object(whole)];
    }
    match node.get("type") {
        Some(Value::Array(types)) => {
            types.iter().flat_map(|kind| plain(schema, node, kind, key, depth)).collect()
        }
        Some(kind) => plain(schema, node, kind, key, depth),
        None => vec![json!({"any": [1, "t"]})],
    }
}

fn plain(schema: &Schema, node: &Value, kind: &Value, key: &str, depth: usize) -> Vec<Value> {
    match kind.as_str().unwrap_or_default() {
        "object" => objects(schema, node, key, depth),
        "array" => {
            let mut items =
                variants(schema, node.get("items").unwrap_or(&json!({})), "", depth + 1);
            if let [only] = &*items {
                items.push(only.clone());
            }
            vec![Value::Array(items)]
        }
        "string" => vec![match node.get("format").and_then(Value::as_str) {
            Some("byte") => json!("aGVsbG8="),
            Some("uri") => json!("file:///a"),
            Some("uri-template") => json!("file:///{a}"),
            _ => json!("t"),
        }],
        "integer" => vec![json!(3)],
        "number" => vec![json!(0.5), json!(1)],
        "boolean" => vec![json!(true), json!(false)],
        _ => vec![Value::Null],
    }
}

/// As many objects as the property with the most variants has, each property in turn.
fn objects(schema: &Schema, node: &Value, key: &str, depth: usize) -> Vec<Value> {
    let mut members: Vec<(&str, Vec<Value>)> = Vec::new();
    if let Some(properties) = node.get("properties").and_then(Value::as_object) {
        for (key, property) in properties {
            members.push((key, variants(schema, property, key, depth + 1)));
        }
    }
    match node.get("additionalProperties") {
        // Free-form objects get a member; typed ones with an open end do not.
        Some(others) if members.is_empty() && !MARKERS.contains(&key) => {
            members.push(("k", variants(schema, others, "", depth + 1)));
        }
        _ => {}
    }
    let count = members.iter().map(|(_, variants)| variants.len()).max().unwrap_or(1);
    (0..count)
        .map(|turn| {
            let member = |(key, variants): &(&str, Vec<Value>)| {
                let value = variants.get(turn % variants.len().max(1)).cloned();
                Some(((*key).to_owned(), value?))
            };
            Value::Object(members.iter().filter_map(member).collect())
        })
        .collect()
}
