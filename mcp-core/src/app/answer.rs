//! What a user filled in, held against what was asked.

use alloc::format;
use alloc::string::String;

use serde::de::DeserializeOwned;

use super::decode;
use super::error::AskError;
use crate::jsonrpc::RawJson;
use crate::model::{
    ChoiceOption, ElicitAction, ElicitResult, ElicitValue, FormField, FormSchema, NumberField,
    TextField,
};

/// What a user did with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the specification defines three")]
pub enum Elicited<T> {
    /// Filled it in.
    Accepted(T),
    /// Said no.
    Declined,
    /// Dismissed it.
    Cancelled,
}

impl<T> Elicited<T> {
    /// What was filled in, if anything.
    #[must_use]
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(value) => Some(value),
            Self::Declined | Self::Cancelled => None,
        }
    }
}

/// Reads an answer of the client's.
pub(super) fn parse<T: DeserializeOwned>(json: &RawJson) -> Result<T, AskError> {
    let text = json.as_str();
    serde_json::from_str(text).map_err(|error| AskError::Answer(decode::explain("", text, &error)))
}

/// ELIC-28: an accepted form has what was asked for. Members nobody asked for are nobody's
/// business.
pub(super) fn check(form: &FormSchema, result: &ElicitResult) -> Result<(), AskError> {
    if result.action != ElicitAction::Accept {
        return Ok(());
    }
    for (name, field) in &form.fields {
        let problem = match result.value(name) {
            Some(value) => mistake(field, value),
            None if form.is_required(name) => Some("is missing".into()),
            None => None,
        };
        if let Some(problem) = problem {
            return Err(AskError::Answer(format!("`{name}` {problem}")));
        }
    }
    Ok(())
}

fn mistake(field: &FormField, value: &ElicitValue) -> Option<String> {
    match field {
        FormField::Text(field) => match value.as_str() {
            Some(text) => text_mistake(field, text),
            None => Some("is no text".into()),
        },
        FormField::Number(field) => match value.as_f64() {
            Some(number) => number_mistake(field, number),
            None => Some("is no number".into()),
        },
        FormField::Boolean(_) if value.as_bool().is_none() => Some("is neither yes nor no".into()),
        FormField::Choice(field) => match value.as_str() {
            Some(choice) if is_option(&field.options, choice) => None,
            _ => Some("is none of the options".into()),
        },
        FormField::Choices(field) => {
            let Some(choices) = value.as_choices() else {
                return Some("is no list of options".into());
            };
            let count = choices.len() as u64;
            if !choices.iter().all(|choice| is_option(&field.options, choice)) {
                return Some("is none of the options".into());
            }
            out_of(count, field.min_items, field.max_items, "options")
        }
        _ => None,
    }
}

fn text_mistake(field: &TextField, text: &str) -> Option<String> {
    out_of(text.chars().count() as u64, field.min_length, field.max_length, "characters")
}

fn number_mistake(field: &NumberField, number: f64) -> Option<String> {
    if field.whole && number % 1.0 != 0.0 {
        return Some("is no whole number".into());
    }
    match (field.minimum, field.maximum) {
        (Some(least), _) if number < least => Some(format!("is less than {least}")),
        (_, Some(most)) if number > most => Some(format!("is more than {most}")),
        _ => None,
    }
}

fn out_of(count: u64, least: Option<u64>, most: Option<u64>, of_what: &str) -> Option<String> {
    match (least, most) {
        (Some(least), _) if count < least => Some(format!("has fewer than {least} {of_what}")),
        (_, Some(most)) if count > most => Some(format!("has more than {most} {of_what}")),
        _ => None,
    }
}

fn is_option(options: &[ChoiceOption], value: &str) -> bool {
    options.iter().any(|option| option.value == value)
}

/// Reads an accepted form as a `T`.
#[cfg(feature = "schemars")]
pub(super) fn read<T: DeserializeOwned>(
    form: &FormSchema,
    result: ElicitResult,
) -> Result<Elicited<T>, AskError> {
    match result.action {
        ElicitAction::Accept => {}
        ElicitAction::Decline => return Ok(Elicited::Declined),
        ElicitAction::Cancel => return Ok(Elicited::Cancelled),
    }
    let mut content = result.content.unwrap_or_default();
    for (name, field) in &form.fields {
        match (field, content.get_mut(name)) {
            // Before 2025-11-25 a choice of several was asked as a choice of one.
            (FormField::Choices(_), Some(value)) => {
                if let ElicitValue::Text(one) = value {
                    *value = ElicitValue::Choices([core::mem::take(one)].into());
                }
            }
            // `7.0` is a whole number too, though not to a Rust integer.
            (FormField::Number(field), Some(value)) if field.whole => {
                let whole = value.as_f64().filter(|_| value.as_i64().is_none());
                if let Some(whole) = whole.and_then(exact) {
                    *value = whole.into();
                }
            }
            _ => {}
        }
    }
    let content = RawJson::known(&content);
    parse(&content).map(Elicited::Accepted)
}

/// The integer that a number without a fraction stands for, if its neighbours stand for others.
#[cfg(feature = "schemars")]
fn exact(number: f64) -> Option<i64> {
    const EXACT: f64 = (1u64 << 53) as f64;
    (number % 1.0 == 0.0 && number.abs() < EXACT).then_some(number as i64)
}
