//! Asking the client while a tool works: its model, and its user.
//!
//! A client says what it can be asked; a question that it cannot answer is an
//! [`AskError`](mcp_core::app::AskError) and nothing is sent. Each question has a key, by which
//! its answer is found in the newest revision: `rounds.rs` says how.

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::model::{
    BooleanField, ChoiceField, ChoiceOption, ChoicesField, CreateMessageParams, ElicitParams,
    ElicitResult, FormSchema, NumberField, SamplingMessage, TextField, TextFormat, Tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(Tool::new("test_sampling").with_description("Asks the client's model"), sampling)
        .tool(
            Tool::new("test_elicitation").with_description("Asks the user with a form"),
            elicitation,
        )
        .tool(
            Tool::new("test_elicitation_sep1034_defaults")
                .with_description("Asks the user with a form that is filled in already"),
            defaults,
        )
        .tool(
            Tool::new("test_elicitation_sep1330_enums")
                .with_description("Lets the user choose, in each way there is"),
            choices,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Sampling {
    /// What to ask the model.
    prompt: String,
}

async fn sampling(Sampling { prompt }: Sampling, cx: Context) -> Result<String, CallError> {
    let question = CreateMessageParams::new([SamplingMessage::user(prompt)], 100_u64);
    let answer = cx.sample("answer", question).await?;
    let text = answer.content.iter().find_map(|block| block.as_text()).unwrap_or_default();
    Ok(format!("LLM response: {text}"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Elicitation {
    /// What to tell the user.
    message: String,
}

async fn elicitation(args: Elicitation, cx: Context) -> Result<String, CallError> {
    let form = FormSchema::new()
        .with_required_field("username", TextField::new().with_description("User's response"))
        .with_required_field(
            "email",
            TextField::new()
                .with_description("User's email address")
                .with_format(TextFormat::Email),
        );
    let answer = cx.elicit("user", ElicitParams::form(args.message, form)).await?;
    Ok(format!("User response: {}", told(&answer)?))
}

/// A form of each type of field, with something to start from.
async fn defaults(_: (), cx: Context) -> Result<String, CallError> {
    let form = FormSchema::new()
        .with_field("name", TextField::new().with_default("John Doe"))
        .with_field("age", NumberField::integer().with_default(30.0))
        .with_field("score", NumberField::number().with_default(95.5))
        .with_field(
            "status",
            ChoiceField::new(options(["active", "inactive", "pending"])).with_default("active"),
        )
        .with_field("verified", BooleanField::new().with_default(true));
    let answer =
        cx.elicit("profile", ElicitParams::form("Please check your profile", form)).await?;
    Ok(format!("Elicitation completed: {}", told(&answer)?))
}

/// One of several, some of several; with titles to show and without.
async fn choices(_: (), cx: Context) -> Result<String, CallError> {
    let plain = || options(["option1", "option2", "option3"]);
    let form = FormSchema::new()
        .with_field("untitledSingle", ChoiceField::new(plain()))
        .with_field(
            "titledSingle",
            ChoiceField::new([
                ChoiceOption::new("value1").with_title("First Option"),
                ChoiceOption::new("value2").with_title("Second Option"),
                ChoiceOption::new("value3").with_title("Third Option"),
            ]),
        )
        .with_field(
            "legacyEnum",
            // How titles were written in 2025-06-18. For clients of that revision every titled
            // choice is written so, without being asked.
            ChoiceField::new([
                ChoiceOption::new("opt1").with_title("Option One"),
                ChoiceOption::new("opt2").with_title("Option Two"),
                ChoiceOption::new("opt3").with_title("Option Three"),
            ])
            .with_legacy_names(true),
        )
        .with_field("untitledMulti", ChoicesField::new(plain()))
        .with_field(
            "titledMulti",
            ChoicesField::new([
                ChoiceOption::new("value1").with_title("First Choice"),
                ChoiceOption::new("value2").with_title("Second Choice"),
                ChoiceOption::new("value3").with_title("Third Choice"),
            ]),
        );
    let answer = cx.elicit("choices", ElicitParams::form("Please choose", form)).await?;
    Ok(format!("Elicitation completed: {}", told(&answer)?))
}

fn options<const N: usize>(values: [&str; N]) -> Vec<ChoiceOption> {
    values.into_iter().map(ChoiceOption::new).collect()
}

/// What the user did, in words. A form can be declined or dismissed too, and then has no content.
fn told(answer: &ElicitResult) -> Result<String, CallError> {
    let action = serde_json::to_value(answer.action)?;
    let content = serde_json::to_string(&answer.content)?;
    Ok(format!("action={}, content={content}", action.as_str().unwrap_or_default()))
}
