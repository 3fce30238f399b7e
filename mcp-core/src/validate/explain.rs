//! Telling a model what to correct.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{ErrorIterator, ValidationError};
use serde_json::Value;

use crate::app::decode;

/// How many mistakes are named: enough to correct them in one go, and few enough to read.
const MAX_MISTAKES: usize = 8;

/// The most bytes about one of them.
const MAX_MISTAKE: usize = 512;

/// How many alternatives of a union are explained.
const MAX_ALTERNATIVES: usize = 4;

/// How many members are named that may not be there.
const MAX_NAMES: usize = 8;

/// The most bytes of what a mistake quotes from the schema or from the arguments' names.
const MAX_QUOTE: usize = 160;

/// One message for all mistakes. Each names its member by JSON Pointer; values are not repeated,
/// whoever made them knows them.
pub(super) fn list(errors: ErrorIterator<'_>) -> String {
    let mut first = Vec::new();
    let mut more = 0;
    for error in errors {
        if first.len() < MAX_MISTAKES {
            first.push(decode::shorten_to(MAX_MISTAKE, mistake(&error)));
        } else {
            more += 1;
        }
    }
    let mut message = first.join("; ");
    if more > 0 {
        message += &format!("; and {more} more");
    }
    message
}

/// What is wrong, and where.
fn mistake(error: &ValidationError<'_>) -> String {
    let mut at = error.instance_path().to_string();
    if let Kind::Required { property: Value::String(name) } = error.kind() {
        at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    }
    let what = what(error);
    if at.is_empty() { what } else { format!("`{}`: {what}", quote(at)) }
}

fn what(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Required { .. } => "is missing".into(),
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => {
                    let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
                    kinds.join(" or ")
                }
            };
            format!("must be of type {wanted}, not {}", kind_of(error.instance()))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("has members that are not allowed: {}", names(unexpected))
        }
        Kind::Enum { options } => match &**options {
            Value::Array(options) => {
                let options: Vec<String> = options.iter().map(Value::to_string).collect();
                format!("must be one of {}", quote(options.join(", ")))
            }
            option => format!("must be one of {}", quote(option)),
        },
        Kind::Constant { expected_value } => format!("must be {}", quote(expected_value)),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} members"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} members"),
        Kind::UniqueItems => "must not have equal items".into(),
        Kind::Pattern { pattern } => format!("must match the pattern {}", quote(pattern)),
        Kind::Format { format } => format!("must be a valid {}", quote(format)),
        Kind::FalseSchema if forbids_members(error) => "must have no members".into(),
        Kind::FalseSchema => "is not allowed".into(),
        Kind::PropertyNames { error } => {
            format!("has a member whose name is not allowed: the name {}", what(error))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            format!("matches none of the alternatives: {}", alternatives(context))
        }
        Kind::OneOfMultipleValid { .. } => "matches more than one of the alternatives".into(),
        Kind::Not { schema } => format!("must not match {}", quote(schema)),
        _ => quote(error.masked_with("it")),
    }
}

/// What is wrong with each alternative, its own alternatives left out.
fn alternatives(context: &[Vec<ValidationError<'_>>]) -> String {
    let explained = context.iter().take(MAX_ALTERNATIVES).enumerate().map(|(index, errors)| {
        let first = errors.first().map_or_else(String::new, |error| match error.kind() {
            Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
                format!("`{}` matches none of its alternatives", quote(error.instance_path()))
            }
            _ => mistake(error),
        });
        format!("({}) {first}", index + 1)
    });
    let mut all: Vec<String> = explained.collect();
    let more = context.len().saturating_sub(MAX_ALTERNATIVES);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    all.join(", ")
}

/// Whether the schema `false` is that of all members: beside no other keyword for members it is
/// reported at the object, for the first of them.
fn forbids_members(error: &ValidationError<'_>) -> bool {
    let path = error.schema_path().as_str().strip_suffix("/additionalProperties");
    path.is_some_and(|path| !path.ends_with("/properties"))
}

fn names(unexpected: &[String]) -> String {
    let shown = unexpected.iter().take(MAX_NAMES);
    let mut shown: Vec<String> = shown.map(|name| format!("`{}`", quote(name))).collect();
    let more = unexpected.len().saturating_sub(MAX_NAMES);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn quote(text: impl Display) -> String {
    decode::shorten_to(MAX_QUOTE, text.to_string())
}
