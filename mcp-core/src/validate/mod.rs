//! Holding values to JSON Schemas: what tools are given, and what they return.
//!
//! Servers built with the feature check arguments and structured output of their tools by
//! themselves. A client asks for it with an [`OutputSchema`].
//!
//! Schemas are the application's, or come through it from someone it does not trust; instances
//! are anyone's. So a schema is measured before it is compiled, and an instance is measured before
//! anything is done with it whose cost could grow faster than it does. What counts is bounded by
//! numbers, not by clocks.

use alloc::string::String;

use jsonschema::{Draft, PatternOptions, ValidationOptions};
use serde_json::Value;

use crate::app::decode;
use crate::model::RawObject;

mod error;
mod explain;
mod keyword;
mod meter;
mod outline;
mod output;
mod reference;

pub use error::SchemaError;
pub use output::{InvalidOutput, OutputSchema};

use outline::Outline;

/// The longest schema, in bytes. Those in use are a few KiB; it has to be read by models.
const MAX_BYTES: usize = 256 << 10;

/// The largest program that one pattern may become, in bytes. `^[\w.-]{1,64}$` takes 5 KiB.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Validator {
    compiled: jsonschema::Validator,
    outline: Outline,
}

impl Validator {
    pub(crate) fn new(schema: &RawObject) -> Result<Self, SchemaError> {
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

    pub(crate) fn allows(&self, instance: &Value) -> bool {
        self.outline.can_take(instance) && self.compiled.is_valid(instance)
    }

    /// Checks a value; the error says what to correct.
    pub(crate) fn check(&self, instance: &Value) -> Result<(), String> {
        if !self.outline.can_take(instance) {
            return Err("it is nested too deeply".into());
        }
        if self.compiled.is_valid(instance) {
            return Ok(());
        }
        // Whether something is valid takes time in proportion to it, saying why not need not:
        // every alternative that fails is explained with all of its own alternatives.
        if !meter::affords_explanation(&self.outline, instance) {
            return Err("it does not match the schema".into());
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
