use mcp_core::app::{Context, Json, Server};
use mcp_core::lifecycle::Method;
use mcp_core::model::Tool;
use mcp_core::revision::Revision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::Fixture;

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// What to look for.
    query: String,
    limit: Option<u8>,
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read to see what goes wrong")]
struct Filter {
    member: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Serialize, JsonSchema)]
struct Found {
    count: usize,
}

fn server() -> Server {
    Server::builder("s", "1")
        .tool(Tool::new("search"), |args: Search, _: Context| async move {
            let count =
                args.query.len() + args.filters.len() + usize::from(args.limit.unwrap_or(0));
            Ok(Json(Found { count }))
        })
        .tool(Tool::new("list"), |(): (), _: Context| async { Ok(Json([1, 2])) })
        .tool(Tool::new("area"), |shape: Shape, _: Context| async move {
            Ok(match shape {
                Shape::Circle { radius } => format!("{}", radius * radius * 3.0),
                Shape::Square { side } => format!("{}", side * side),
            })
        })
        .tool(Tool::new("any"), |args: Value, _: Context| async move { Ok(args.to_string()) })
        .build()
        .unwrap()
}

fn listed(revision: Revision) -> Vec<Value> {
    let fixture = Fixture::at(&server(), revision);
    let list = fixture.call(Method::ToolsList, "").unwrap();
    list["tools"].as_array().unwrap().clone()
}

/// TOOL-07: the root says that arguments are an object, whatever the type; SCHEMA-01: and which
/// dialect it is.
#[test]
fn tool_07_input_schemas_are_of_objects() {
    for tool in listed(Revision::V2025_11_25) {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    }
    let tools = listed(Revision::V2025_11_25);
    let search = &tools[0]["inputSchema"];
    assert_eq!(search["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(search["required"], json!(["query"]));
    assert_eq!(search["properties"]["query"]["description"], "What to look for.");
    assert!(search["$defs"]["Filter"].is_object());
    assert_eq!(tools[2]["inputSchema"]["oneOf"].as_array().unwrap().len(), 2);
}

/// TOOL-10.
#[test]
fn tool_10_a_tool_without_arguments_says_so() {
    let list = &listed(Revision::V2025_11_25)[1];
    let none = json!({"type": "object", "additionalProperties": false});
    assert_eq!(list["inputSchema"], none);

    let fixture = Fixture::new(&server());
    assert!(fixture.tool("list", "{}").unwrap().get("isError").is_none());
    let result = fixture.tool("list", r#"{"a":1}"#).unwrap();
    assert_eq!(result["isError"], true);
    let text = if cfg!(feature = "validate") {
        "Invalid arguments: must have no members"
    } else {
        "Invalid arguments: there are none to give"
    };
    assert_eq!(result["content"][0]["text"], text);
}

/// TOOL-15: nested members are named too.
#[test]
fn tool_15_misfits_name_the_member() {
    let fixture = Fixture::new(&server());
    for (arguments, member, pointer) in [
        (r#"{"query":7}"#, "`query`", "`/query`"),
        (r#"{"query":"a","limit":-1}"#, "`limit`", "`/limit`"),
        (
            r#"{"query":"a","filters":[{"member":"b"},{"member":7}]}"#,
            "`filters[1].member`",
            "`/filters/1/member`",
        ),
        (r#"{}"#, "`query`", "`/query`"),
    ] {
        let member = if cfg!(feature = "validate") { pointer } else { member };
        let result = fixture.tool("search", arguments).unwrap();
        assert_eq!(result["isError"], true);
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(member), "{text}");
    }
}

/// TOOL-20, TOOL-22, TOOL-24: structured content has a schema and a copy as text, and neither is
/// sent to revisions that do not have it.
#[test]
fn tool_20_structured_content_is_text_too() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&server(), revision);
        let result = fixture.tool("search", r#"{"query":"abc"}"#).unwrap();
        assert_eq!(result["content"][0]["text"], r#"{"count":3}"#, "{revision}");
        let knows = revision >= Revision::V2025_06_18;
        assert_eq!(result.get("structuredContent").is_some(), knows, "{revision}");
        let tools = listed(revision);
        assert_eq!(tools[0].get("outputSchema").is_some(), knows, "{revision}");

        // An array is no structured content before 2026-07-28.
        let result = fixture.tool("list", "{}").unwrap();
        assert_eq!(result, json!({"content":[{"type":"text","text":"[1,2]"}]}), "{revision}");
        assert_eq!(tools[1].get("outputSchema"), None, "{revision}");
    }
    assert_eq!(listed(Revision::V2025_11_25)[0]["outputSchema"]["type"], "object");
}

#[test]
fn enums_and_anything_can_be_arguments() {
    let fixture = Fixture::new(&server());
    let result = fixture.tool("area", r#"{"kind":"square","side":3}"#).unwrap();
    assert_eq!(result["content"][0]["text"], "9");
    let result = fixture.tool("any", r#"{"x":1}"#).unwrap();
    assert_eq!(result["content"][0]["text"], r#"{"x":1}"#);
}
