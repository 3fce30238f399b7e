//! What the client answers where servers want to know something of its user, or of a model.

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::model::{
    CreateMessageParams, CreateMessageResult, ElicitFormParams, ElicitParams, ElicitResult,
    ElicitValue, FormField,
};
use serde_json::Number;

/// This user agrees to everything, takes what a form comes with, and goes to no web page.
pub(super) async fn elicit(asked: ElicitParams) -> Result<ElicitResult, ErrorObject> {
    println!("The server asks: {}", asked.message());
    Ok(match asked {
        ElicitParams::Form(form) => fill(&form),
        _ => ElicitResult::decline(),
    })
}

/// Fills in the defaults, and something in what must be filled in and has none.
fn fill(form: &ElicitFormParams) -> ElicitResult {
    let Ok(fields) = form.fields() else {
        return ElicitResult::cancel();
    };
    let mut content = form.defaults();
    let required = fields.required.unwrap_or_default();
    for (name, field) in fields.fields {
        if required.contains(&name)
            && let Some(value) = something(&field)
        {
            content.entry(name).or_insert(value);
        }
    }
    ElicitResult::accept(content)
}

fn something(field: &FormField) -> Option<ElicitValue> {
    Some(match field {
        FormField::Text(_) => ElicitValue::Text("Ada".to_owned()),
        FormField::Number(field) => number(field.minimum),
        FormField::Boolean(_) => ElicitValue::Bool(true),
        FormField::Choice(field) => ElicitValue::Text(field.options.first()?.value.clone()),
        FormField::Choices(_) => ElicitValue::Choices(Vec::new()),
        _ => return None,
    })
}

/// The least number there may be.
fn number(minimum: Option<f64>) -> ElicitValue {
    let least = minimum.and_then(Number::from_f64);
    ElicitValue::Number(least.unwrap_or_else(|| 0.into()))
}

/// There is no model here: a real client asks one, and its user before that.
pub(super) async fn sample(_: CreateMessageParams) -> Result<CreateMessageResult, ErrorObject> {
    Ok(CreateMessageResult::text("no-model", "There is no model here, but this is an answer."))
}
