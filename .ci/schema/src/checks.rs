//! The official examples, and generated instances of all definitions.

use mcp_core::model::ResultType;
use mcp_core::revision::Revision;
use serde_json::Value;

use crate::models::{self, Through};
use crate::schema::{self, Schema};
use crate::{Tally, sample};

/// Every example is read and written without a difference.
pub fn examples(tally: &mut Tally, examples: &Value) {
    for (name, examples) in examples.as_object().into_iter().flatten() {
        for (example, value) in examples.as_object().into_iter().flatten() {
            tally.record(format_args!("example {name}/{example}"), again(name, value));
        }
    }
}

fn again(name: &str, value: &Value) -> Result<(), String> {
    if let Some(through) = models::of_definition(name) {
        return same(value, &through(value, None)?);
    }
    if let Some(method) = value.get("method").and_then(Value::as_str) {
        let through = models::of_method(method).ok_or("no type for this method")?;
        return value.get("params").map_or(Ok(()), |params| same(params, &through(params, None)?));
    }
    if let Some(result) = name.strip_suffix("ResultResponse") {
        let result = models::of_definition(&format!("{result}Result"));
        let through = result.ok_or("no type for this result")?;
        let value = value.get("result").ok_or("no result")?;
        return same(value, &through(value, None)?);
    }
    if name.ends_with("Error") {
        let error = value.get("error").unwrap_or(value);
        same(error, &models::error(error)?)?;
        return match (models::of_error_data(name), error.get("data")) {
            (Some(through), Some(data)) => same(data, &through(data, None)?),
            (Some(_), None) => Err("no data".into()),
            (None, _) => Ok(()),
        };
    }
    Err("no type for this example".into())
}

/// Instances of every definition survive in their revision and are valid in all others.
pub fn definitions(tally: &mut Tally, schemas: &[Schema]) {
    for schema in schemas {
        for (name, definition) in schema.definitions() {
            let outcome = if let Some(method) = schema::method_of(definition) {
                message(tally, schemas, schema, name, method)
            } else if let Some(through) = models::of_definition(name) {
                definition_of(tally, schemas, schema, name, through);
                Ok(())
            } else if models::unmodelled(name) {
                Ok(())
            } else {
                Err("no type for this definition".to_owned())
            };
            tally.record(format_args!("definition {name} of {}", schema.revision), outcome);
        }
    }
}

fn definition_of(
    tally: &mut Tally,
    schemas: &[Schema],
    schema: &Schema,
    name: &str,
    through: Through,
) {
    let Some(definition) = schema.definition(name) else {
        return;
    };
    for mut value in sample::instances(schema, definition) {
        if name == "InputRequiredResult" {
            value["resultType"] = ResultType::INPUT_REQUIRED.as_str().into();
        }
        let outcome = through(&value, Some(schema.revision)).and_then(|again| same(&value, &again));
        tally.record(format_args!("{name} of {}", schema.revision), outcome);
        for other in schemas {
            if other.definition(name).is_none()
                || inexpressible(name, &value, schema.revision, other.revision)
            {
                continue;
            }
            let outcome = through(&value, Some(other.revision))
                .map(|adapted| with_required_meta(adapted, other.definition(name)))
                .and_then(|adapted| other.validate(name, &adapted));
            let route = format_args!("{name} of {} for {}", schema.revision, other.revision);
            tally.record(route, outcome);
        }
    }
}

fn message(
    tally: &mut Tally,
    schemas: &[Schema],
    schema: &Schema,
    name: &str,
    method: &str,
) -> Result<(), String> {
    let through = models::of_method(method).ok_or("no type for this method")?;
    let definition = schema.definition(name).ok_or("no definition")?;
    for value in sample::instances(schema, definition) {
        let Some(params) = value.get("params") else {
            continue;
        };
        let outcome = through(params, Some(schema.revision)).and_then(|again| same(params, &again));
        tally.record(format_args!("{method} of {}", schema.revision), outcome);
        for other in schemas {
            let Some((name, definition)) = other.message(method) else {
                continue;
            };
            if inexpressible(name, params, schema.revision, other.revision) {
                continue;
            }
            let outcome = through(params, Some(other.revision)).and_then(|params| {
                let params = match definition.pointer("/properties/params/$ref") {
                    Some(Value::String(name)) => {
                        let name = name.rsplit('/').next().unwrap_or_default();
                        with_required_meta(params, other.definition(name))
                    }
                    _ => params,
                };
                other.validate(name, &enveloped(method, params, definition))
            });
            let route = format_args!("{method} of {} for {}", schema.revision, other.revision);
            tally.record(route, outcome);
        }
    }
    Ok(())
}

/// What a revision has no words for, and only the sender's capability checks keep away.
fn inexpressible(name: &str, value: &Value, from: Revision, to: Revision) -> bool {
    match name {
        // 2025-06-18 has no URLs, and 2025-11-25 demands an id that 2026-07-28 does not have.
        "ElicitRequest" | "ElicitRequestParams" | "ElicitRequestURLParams" => {
            value.get("url").is_some()
                && (to < Revision::V2025_11_25
                    || (to < from && value.get("elicitationId").is_none()))
        }
        // Several blocks become several messages, which one message cannot do on its own.
        "SamplingMessage" => {
            to < Revision::V2025_11_25 && value.get("content").is_some_and(Value::is_array)
        }
        _ => false,
    }
}

/// Puts params into what the definition wants around them.
pub fn enveloped(method: &str, params: Value, definition: &Value) -> Value {
    let mut message = serde_json::json!({ "method": method, "params": params });
    for (key, value) in [("jsonrpc", "2.0"), ("id", "1")] {
        if definition.pointer("/properties").is_some_and(|known| known.get(key).is_some()) {
            message[key] = value.into();
        }
    }
    message
}

/// Adds the metadata that 2026-07-28 demands of requests: it is the session's to add.
fn with_required_meta(mut params: Value, definition: Option<&Value>) -> Value {
    let meta = definition.and_then(|definition| definition.pointer("/properties/_meta/$ref"));
    if meta.and_then(Value::as_str).is_some_and(|name| name.ends_with("RequestMetaObject")) {
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = serde_json::json!({});
    }
    params
}

fn same(before: &Value, after: &Value) -> Result<(), String> {
    if before == after { Ok(()) } else { Err(format!("changed from {before} to {after}")) }
}
