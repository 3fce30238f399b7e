//! Holding tools to their schemas: what clients give them, and what they return.
//!
//! Schemas are the application's, or come through it from someone it does not trust; instances
//! are anyone's. So a schema is measured before it is compiled ([`outline`]), and an instance is
//! measured before anything is done with it whose cost could grow faster than it does
//! ([`meter`]). What counts is bounded by numbers, not by clocks.

use alloc::string::String;

use jsonschema::{Draft, PatternOptions, ValidationOptions};
use serde_json::Value;

use super::decode::{self, Misfit};
use super::{ConfigError, SchemaError};
use crate::jsonrpc::RawJson;
use crate::model::{RawObject, Tool};

mod explain;
mod keyword;
mod meter;
mod outline;
mod reference;

use outline::Outline;

/// The longest schema, in bytes. Those in use are a few KiB; it has to be read by models.
const MAX_BYTES: usize = 256 << 10;

/// The largest program that one pattern may become, in bytes. `^[\w.-]{1,64}$` takes 5 KiB.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A tool's schemas, ready to be checked against.
#[derive(Debug, Default)]
pub(super) struct Contract {
    /// None if any object will do: arguments are one before they get here.
    input: Option<Validator>,
    output: Option<Validator>,
}

impl Contract {
    pub(super) fn of(tool: &Tool) -> Result<Self, ConfigError> {
        let compile = |schema: &RawObject, which| {
            Validator::new(schema).map_err(|error| {
                let tool = tool.name.clone();
                ConfigError::Schema { tool, which, error }
            })
        };
        let input = &tool.input_schema;
        let any_object = *input == Tool::new("").input_schema;
        Ok(Self {
            input: if any_object { None } else { Some(compile(input, "input")?) },
            output: tool.output_schema.as_ref().map(|it| compile(it, "output")).transpose()?,
        })
    }

    /// TOOL-30.
    pub(super) fn check_arguments(&self, text: &str) -> Result<(), Misfit> {
        let Some(validator) = &self.input else {
            return Ok(());
        };
        validator.check(&decode::instance(text)?).map_err(Misfit::new)
    }

    /// TOOL-22.
    pub(super) fn allows_output(&self, json: &RawJson) -> bool {
        let Some(validator) = &self.output else {
            return true;
        };
        json.to().is_ok_and(|value| validator.allows(&value))
    }
}

/// A compiled schema.
#[derive(Debug)]
struct Validator {
    compiled: jsonschema::Validator,
    outline: Outline,
}

impl Validator {
    fn new(schema: &RawObject) -> Result<Self, SchemaError> {
        if schema.get().len() > MAX_BYTES {
            return Err(SchemaError::Bytes { limit: MAX_BYTES });
        }
        let schema: Value = schema.decode().map_err(|_| SchemaError::Depth)?;
        // SCHEMA-01, SCHEMA-03.
        let draft = match schema.get("$schema") {
            None => Draft::Draft202012,
            Some(Value::String(uri)) => match Draft::from_schema_uri(uri) {
                Draft::Unknown => return Err(SchemaError::Dialect(shown(uri))),
                draft => draft,
            },
            Some(other) => return Err(SchemaError::Dialect(shown(other))),
        };
        let outline = Outline::new(&schema, draft)?;
        let compiled = options(draft).build(&schema).map_err(|error| {
            let at = error.instance_path().as_str().into();
            SchemaError::Invalid { at, why: shown(error.masked_with("this")) }
        })?;
        Ok(Self { compiled, outline })
    }

    fn allows(&self, instance: &Value) -> bool {
        self.outline.can_take(instance) && self.compiled.is_valid(instance)
    }

    fn check(&self, instance: &Value) -> Result<(), String> {
        if !self.outline.can_take(instance) {
            return Err("Invalid arguments: they are nested too deeply".into());
        }
        if self.compiled.is_valid(instance) {
            return Ok(());
        }
        // Whether something is valid takes time in proportion to it, saying why not need not:
        // every alternative that fails is explained with all of its own alternatives.
        if !meter::affords_explanation(&self.outline, instance) {
            return Err("Invalid arguments: they do not match the tool's input schema".into());
        }
        Err(explain::list(self.compiled.iter_errors(instance)))
    }
}

/// SCHEMA-05: nothing outside the schema is fetched. Patterns take time in proportion to the
/// text, so what needs more than that (looking around, referring back) is refused.
fn options(draft: Draft) -> ValidationOptions<'static> {
    jsonschema::options()
        .with_draft(draft)
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
}

/// A part of a schema, short enough for a message.
fn shown(part: impl core::fmt::Display) -> String {
    decode::shorten(alloc::format!("{part}"))
}
