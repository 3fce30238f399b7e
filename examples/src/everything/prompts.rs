//! Prompts, and completions for their arguments.

use mcp_core::app::{CallError, CompletionInput, Context, ServerBuilder};
use mcp_core::model::{
    Content, Prompt, PromptArgument, PromptMessage, Reference, ResourceContents,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::media;

/// What `arg1` can be completed to.
const CITIES: [&str; 4] = ["Paris", "Parma", "Porto", "Tester"];

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let required = |name, description| {
        PromptArgument::new(name).with_description(description).with_required(true)
    };
    server
        .prompt(Prompt::new("test_simple_prompt").with_description("One message"), simple)
        .prompt(
            Prompt::new("test_prompt_with_arguments")
                .with_description("A message made of arguments")
                .with_arguments([
                    required("arg1", "First test argument"),
                    required("arg2", "Second test argument"),
                ]),
            with_arguments,
        )
        .completion(Reference::prompt("test_prompt_with_arguments"), "arg1", complete)
        .prompt(
            Prompt::new("test_prompt_with_embedded_resource")
                .with_description("A resource, and what to do with it")
                .with_arguments([required("resourceUri", "URI of the resource to embed")]),
            with_resource,
        )
        .prompt(
            Prompt::new("test_prompt_with_image")
                .with_description("A picture, and what to do with it"),
            with_image,
        )
        .prompt(
            Prompt::new("test_input_required_result_prompt")
                .with_description("Asks the user what it is about"),
            asking,
        )
}

async fn simple(_: (), _cx: Context) -> Result<&'static str, CallError> {
    Ok("This is a simple prompt for testing.")
}

#[derive(Debug, Deserialize)]
struct Arguments {
    arg1: String,
    arg2: String,
}

async fn with_arguments(args: Arguments, _cx: Context) -> Result<String, CallError> {
    let Arguments { arg1, arg2 } = args;
    Ok(format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))
}

async fn complete(typed: CompletionInput, _cx: Context) -> Result<Vec<&'static str>, CallError> {
    let typed = typed.value.to_lowercase();
    Ok(CITIES.into_iter().filter(|city| city.to_lowercase().starts_with(&typed)).collect())
}

#[derive(Debug, Deserialize)]
struct Embedded {
    #[serde(rename = "resourceUri")]
    resource_uri: String,
}

async fn with_resource(args: Embedded, _cx: Context) -> Result<[PromptMessage; 2], CallError> {
    let text = "Embedded resource content for testing.";
    let contents = ResourceContents::text(args.resource_uri, text).with_mime_type("text/plain");
    Ok([
        PromptMessage::user(Content::resource(contents)),
        PromptMessage::user("Please process the embedded resource above."),
    ])
}

async fn with_image(_: (), _cx: Context) -> Result<[PromptMessage; 2], CallError> {
    Ok([
        PromptMessage::user(Content::image(media::PNG, "image/png")),
        PromptMessage::user("Please analyze the image above."),
    ])
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UserContext {
    /// What it is about.
    context: String,
}

/// Prompts and resources can ask like tools do.
async fn asking(_: (), cx: Context) -> Result<String, CallError> {
    let question = "What context should the prompt use?";
    let answer = cx.elicit_form::<UserContext>("user_context", question).await?;
    Ok(match answer.accepted() {
        Some(UserContext { context }) => format!("Explain it in the context of {context}."),
        None => "Explain it.".into(),
    })
}
