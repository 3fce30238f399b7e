//! What the server asks the user.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::model::{ElicitFormParams, ElicitParams, ElicitResult, ElicitValue, FormField};
use serde_json::{Map, Value};

use super::arguments::Elicit;
use super::lines::Lines;

/// Answers a form, or a request to go to a URL.
pub(super) async fn answer(
    params: ElicitParams,
    how: Elicit,
    lines: Lines,
) -> Result<ElicitResult, ErrorObject> {
    match (how, params) {
        (Elicit::Decline, _) => Ok(ElicitResult::decline()),
        (Elicit::Cancel, _) => Ok(ElicitResult::cancel()),
        (Elicit::Accept(content), _) => given(content),
        (Elicit::Ask, _) if !io::stdin().is_terminal() => Ok(ElicitResult::decline()),
        (Elicit::Ask, ElicitParams::Form(form)) => Ok(fill_in(&form, &lines).await),
        (Elicit::Ask, other) => {
            say(&format!("The server asks: {}\n", other.message()));
            if let ElicitParams::Url(url) = &other {
                say(&format!("It wants you to open {}\n", url.url));
            }
            say("Do you agree? [y/N] ");
            let agreed =
                lines.next().await.is_some_and(|line| line.trim().eq_ignore_ascii_case("y"));
            Ok(if agreed { ElicitResult::accept(BTreeMap::new()) } else { ElicitResult::decline() })
        }
    }
}

fn given(content: Map<String, Value>) -> Result<ElicitResult, ErrorObject> {
    let content: BTreeMap<String, ElicitValue> = serde_json::from_value(Value::Object(content))
        .map_err(|_| ErrorObject::internal("the answer given beforehand fits no form"))?;
    Ok(ElicitResult::accept(content))
}

/// Asks for one field after the other; a lone `.` declines.
async fn fill_in(form: &ElicitFormParams, lines: &Lines) -> ElicitResult {
    let Ok(schema) = form.fields() else { return ElicitResult::decline() };
    say(&format!("The server asks: {} (`.` declines)\n", form.message));
    let mut content = form.defaults();
    for (name, field) in &schema.fields {
        let required = schema.is_required(name);
        loop {
            say(&prompt(name, field, content.get(name), required));
            let Some(line) = lines.next().await else { return ElicitResult::cancel() };
            let text = line.trim();
            if text == "." {
                return ElicitResult::decline();
            }
            if text.is_empty() && (!required || content.contains_key(name)) {
                break;
            }
            match value(field, text) {
                Some(value) => {
                    content.insert(name.clone(), value);
                    break;
                }
                None => say("That does not fit.\n"),
            }
        }
    }
    ElicitResult::accept(content)
}

fn prompt(name: &str, field: &FormField, default: Option<&ElicitValue>, required: bool) -> String {
    let what = match field {
        FormField::Number(_) => " (a number)".to_owned(),
        FormField::Boolean(_) => " (yes or no)".to_owned(),
        FormField::Choice(choice) => one_of("one of", &choice.options),
        FormField::Choices(choices) => one_of("some of, with commas,", &choices.options),
        _ => String::new(),
    };
    let default = default.and_then(|default| serde_json::to_string(default).ok());
    match default {
        Some(default) => format!("  {name}{what} [{default}]: "),
        None if required => format!("  {name}{what}: "),
        None => format!("  {name}{what}, if you like: "),
    }
}

fn one_of(how: &str, options: &[mcp_core::model::ChoiceOption]) -> String {
    let options: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
    format!(" ({how} {})", options.join(", "))
}

fn value(field: &FormField, text: &str) -> Option<ElicitValue> {
    let json = match field {
        FormField::Number(_) => serde_json::from_str::<serde_json::Number>(text).ok()?.into(),
        FormField::Boolean(_) => match text {
            "y" | "yes" | "true" => true.into(),
            "n" | "no" | "false" => false.into(),
            _ => return None,
        },
        FormField::Choice(choice) => {
            choice.options.iter().find(|option| option.value == text)?.value.clone().into()
        }
        FormField::Choices(choices) => {
            let known = |value: &str| choices.options.iter().any(|option| option.value == value);
            let values: Vec<Value> = text.split(',').map(|value| value.trim().into()).collect();
            values.iter().all(|value| value.as_str().is_some_and(known)).then_some(values)?.into()
        }
        _ => Value::from(text),
    };
    serde_json::from_value(json).ok()
}

fn say(text: &str) {
    let mut error = io::stderr().lock();
    let _ = error.write_all(text.as_bytes()).and_then(|()| error.flush());
}
