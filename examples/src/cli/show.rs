//! Results as people read them.

use std::fmt::Write as _;

use mcp_core::model::{
    CallToolResult, Content, GetPromptResult, Prompt, ReadResourceResult, Resource, ResourceBody,
    ResourceContents, ResourceTemplate, Role, Tool,
};
use mcp_core::skills::Skill;
use serde_json::Value;

use super::table::{self, render};

pub(super) fn tools(tools: &[Tool]) -> String {
    let row = |tool: &Tool| {
        let description = tool.description.as_deref().unwrap_or_else(|| tool.display_name());
        [tool.name.clone(), signature(tool), description.to_owned()]
    };
    list(["TOOL", "ARGUMENTS", "WHAT IT DOES"], tools.iter().map(row), "It offers no tools.")
}

pub(super) fn resources(resources: &[Resource]) -> String {
    let row = |resource: &Resource| {
        let description = resource.description.as_ref().or(resource.title.as_ref());
        let kind = resource.mime_type.clone().unwrap_or_default();
        [resource.uri.clone(), kind, description.unwrap_or(&resource.name).clone()]
    };
    list(["URI", "TYPE", "WHAT IT IS"], resources.iter().map(row), "It offers no resources.")
}

pub(super) fn templates(templates: &[ResourceTemplate]) -> String {
    let row = |template: &ResourceTemplate| {
        let description = template.description.as_ref().or(template.title.as_ref());
        let kind = template.mime_type.clone().unwrap_or_default();
        [template.uri_template.clone(), kind, description.unwrap_or(&template.name).clone()]
    };
    list(
        ["URI TEMPLATE", "TYPE", "WHAT IT IS"],
        templates.iter().map(row),
        "It offers no templates.",
    )
}

pub(super) fn prompts(prompts: &[Prompt]) -> String {
    let row = |prompt: &Prompt| {
        let argument = |argument: &mcp_core::model::PromptArgument| {
            optional(&argument.name, argument.required.unwrap_or_default())
        };
        let arguments: Vec<String> = prompt.arguments.iter().flatten().map(argument).collect();
        let description = prompt.description.as_ref().or(prompt.title.as_ref());
        let description = description.cloned().unwrap_or_default();
        [prompt.name.clone(), arguments.join(" "), description]
    };
    list(
        ["PROMPT", "ARGUMENTS", "WHAT IT IS FOR"],
        prompts.iter().map(row),
        "It offers no prompts.",
    )
}

pub(super) fn skills(skills: &[Skill]) -> String {
    let row =
        |skill: &Skill| [skill.uri.clone(), skill.description().unwrap_or_default().to_owned()];
    list(["SKILL", "WHAT IT IS FOR"], skills.iter().map(row), "It offers no skills.")
}

/// What a tool has answered.
pub(super) fn called(result: &CallToolResult) -> String {
    let mut text = blocks(&result.content);
    // Mostly the same once more: worth showing only where there is nothing else.
    if text.is_empty()
        && let Some(structured) = &result.structured_content
    {
        text = indented(structured.as_str());
    }
    if text.is_empty() {
        text.push_str("(no output)\n");
    }
    text
}

pub(super) fn read(result: &ReadResourceResult) -> String {
    result.contents.iter().map(contents).collect()
}

pub(super) fn prompt(result: &GetPromptResult) -> String {
    let mut text = String::new();
    for message in &result.messages {
        let who = if message.role == Role::User { "user" } else { "assistant" };
        let _ = write!(text, "{who}: {}", block(&message.content));
    }
    text
}

/// JSON with a member a line; anything else as it is.
pub(super) fn indented(json: &str) -> String {
    let pretty = serde_json::from_str::<Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned());
    pretty + "\n"
}

fn list<const N: usize>(
    titles: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    none: &str,
) -> String {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { format!("{none}\n") } else { render(titles, &rows, table::width()) }
}

/// The arguments of a tool: `a:number [b:string] ...`.
fn signature(tool: &Tool) -> String {
    let schema: Value = serde_json::from_str(tool.input_schema.get()).unwrap_or_default();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let property = |(name, property): (&String, &Value)| {
        let argument = match property["type"].as_str() {
            Some(kind) => format!("{name}:{kind}"),
            None => name.clone(),
        };
        optional(&argument, required.contains(&name.as_str()))
    };
    let all: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(property).collect();
    all.join(" ")
}

fn optional(argument: &str, required: bool) -> String {
    if required { argument.to_owned() } else { format!("[{argument}]") }
}

fn blocks(content: &[Content]) -> String {
    content.iter().map(block).collect()
}

fn block(content: &Content) -> String {
    match content {
        Content::Text(text) => text.text.clone() + "\n",
        Content::Image(image) => omitted("image", &image.mime_type, &image.data),
        Content::Audio(audio) => omitted("audio", &audio.mime_type, &audio.data),
        Content::ResourceLink(link) => format!("[{}: {}]\n", link.name, link.uri),
        Content::Resource(block) => contents(&block.resource),
        other => format!("{other:?}\n"),
    }
}

fn contents(contents: &ResourceContents) -> String {
    match &contents.body {
        ResourceBody::Text(text) if text.ends_with('\n') => text.clone(),
        ResourceBody::Text(text) => format!("{text}\n"),
        ResourceBody::Blob(blob) => {
            omitted(&contents.uri, contents.mime_type.as_deref().unwrap_or("unknown type"), blob)
        }
    }
}

/// Bytes are no text; `--json` gives them.
fn omitted(what: &str, mime_type: &str, base64: &str) -> String {
    format!("[{what}, {mime_type}, about {} bytes]\n", base64.len() / 4 * 3)
}

#[cfg(test)]
mod tests {
    use mcp_core::model::RawObject;

    use super::*;

    #[test]
    fn a_tool_shows_its_arguments() {
        let schema: RawObject = r#"{"type":"object","required":["a"],
            "properties":{"a":{"type":"number"},"b":{"type":"string"},"c":{}}}"#
            .parse()
            .unwrap();
        let tool = Tool::new("add").with_description("Adds").with_input_schema(schema);
        let text = tools(&[tool]);
        assert!(text.contains("a:number [b:string] [c]"), "{text}");
        assert!(tools(&[]).contains("no tools"));
    }

    #[test]
    fn an_answer_is_never_silent() {
        assert_eq!(called(&CallToolResult::text("5")), "5\n");
        assert_eq!(called(&CallToolResult::new([])), "(no output)\n");
        let image = CallToolResult::new([Content::image("AAAA", "image/png")]);
        assert_eq!(called(&image), "[image, image/png, about 3 bytes]\n");
    }
}
