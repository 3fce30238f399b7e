use alloc::collections::BTreeSet;

use mcp_core::app::{Changes, Context, Server};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Prompt, RawObject, Resource, ResourceTemplate, Tool, ToolAnnotations};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use crate::support::Fixture;

fn tools(count: usize, page_size: Option<usize>) -> Server {
    let mut builder = Server::builder("s", "1").tools();
    if let Some(size) = page_size {
        builder = builder.page_size(size);
    }
    for number in 0..count {
        builder = builder.raw_tool(tool(number), |_: Value, _: Context| async { Ok(()) });
    }
    builder.build().unwrap()
}

fn tool(number: usize) -> Tool {
    Tool::new(format!("tool-{number}")).with_title("A tool")
}

/// Follows cursors from `cursor` to the end; the names of each page.
fn pages(fixture: &Fixture, mut cursor: Option<String>) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
        let list = fixture.call(Method::ToolsList, &params.to_string()).unwrap();
        let names = list["tools"].as_array().unwrap().iter();
        pages.push(names.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect());
        match list.get("nextCursor") {
            Some(next) => cursor = Some(next.as_str().unwrap().to_owned()),
            None => return pages,
        }
    }
}

/// PAGE-02: a cursor if and only if there is more. TOOL-04: in the order of arrival.
#[test]
fn page_02_every_tool_is_on_one_page() {
    for (count, size, expected) in [
        (0, None, vec![0]),
        (380, None, vec![380]),
        (0, Some(10), vec![0]),
        (10, Some(10), vec![10]),
        (11, Some(10), vec![10, 1]),
        (25, Some(10), vec![10, 10, 5]),
    ] {
        let pages = pages(&Fixture::new(&tools(count, size)), None);
        let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
        assert_eq!(sizes, expected, "{count} {size:?}");
        let names: Vec<String> = (0..count).map(|number| format!("tool-{number}")).collect();
        assert_eq!(pages.concat(), names);
    }
}

/// PAGE-01: all four lists.
#[test]
fn page_01_all_four_lists_are_paged() {
    let server = Server::builder("s", "1")
        .page_size(1)
        .prompt(Prompt::new("a"), |(): (), _: Context| async { Ok("") })
        .prompt(Prompt::new("b"), |(): (), _: Context| async { Ok("") })
        .resource(Resource::new("a:a", "a"), |_, _| async { Ok("") })
        .resource(Resource::new("a:b", "b"), |_, _| async { Ok("") })
        .resource_template(ResourceTemplate::new("a:{x}", "a"), |_, _| async { Ok("") })
        .resource_template(ResourceTemplate::new("b:{x}", "b"), |_, _| async { Ok("") })
        .build()
        .unwrap();
    let fixture = Fixture::new(&server);
    let mut cursors = BTreeSet::new();
    for (method, member) in [
        (Method::PromptsList, "prompts"),
        (Method::ResourcesList, "resources"),
        (Method::ResourcesTemplatesList, "resourceTemplates"),
    ] {
        let first = fixture.call(method.clone(), "{}").unwrap();
        assert_eq!(first[member][0]["name"], "a", "{method}");
        let cursor = first["nextCursor"].as_str().unwrap();
        let second = json!({ "cursor": cursor }).to_string();
        let second = fixture.call(method.clone(), &second).unwrap();
        assert_eq!(second[member][0]["name"], "b", "{method}");
        assert!(second.get("nextCursor").is_none(), "{method}");
        cursors.insert(cursor.to_owned());
    }
    // PAGE-08: the cursor of one list means nothing to another.
    assert_eq!(cursors.len(), 3);
    for cursor in &cursors {
        let params = json!({ "cursor": cursor }).to_string();
        let accepted = [Method::PromptsList, Method::ResourcesList, Method::ResourcesTemplatesList]
            .into_iter()
            .filter(|method| fixture.call(method.clone(), &params).is_ok());
        assert_eq!(accepted.count(), 1, "{cursor}");
    }
}

/// PAGE-08: whatever this server has not made. The empty text is one of them (PAGE-07).
#[test]
fn page_08_an_invalid_cursor_is_invalid_params() {
    let fixture = Fixture::new(&tools(30, Some(10)));
    for cursor in
        ["", "t", "t0", "t31", "t-1", "t+1", "t01", "T10", "10", "t10 ", "t99999999999999999999"]
    {
        let params = json!({ "cursor": cursor }).to_string();
        assert_eq!(fixture.code(Method::ToolsList, &params), -32602, "{cursor}");
    }
    assert_eq!(fixture.code(Method::ToolsList, r#"{"cursor":7}"#), -32602);
    let unpaged = Fixture::new(&tools(30, None));
    assert_eq!(unpaged.code(Method::ToolsList, r#"{"cursor":"t10"}"#), -32602);
}

/// PAGE-08: a cursor goes on where it was, whatever came and went meanwhile.
#[test]
fn page_08_cursors_outlive_changes() {
    let server = tools(25, Some(10));
    let fixture = Fixture::new(&server);
    let first = fixture.call(Method::ToolsList, "").unwrap();
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();

    let changes = Changes::new()
        .remove_tool("tool-3")
        .remove_tool("tool-9")
        .remove_tool("tool-10")
        .raw_tool(tool(11), |_: Value, _: Context| async { Ok("replaced") })
        .raw_tool(tool(99), |_: Value, _: Context| async { Ok(()) });
    server.apply(changes).unwrap();

    let rest = pages(&fixture, Some(cursor)).concat();
    let mut expected: Vec<String> = (11..25).map(|number| format!("tool-{number}")).collect();
    expected.push("tool-99".into());
    assert_eq!(rest, expected);
}

/// A list is encoded once for each revision and shared ever after, until it changes.
#[test]
fn a_list_is_encoded_once() {
    let server = tools(380, None);
    let encoded = |revision| {
        let fixture = Fixture::at(&server, revision);
        fixture.reply(Method::ToolsList, "").unwrap()
    };
    let first = encoded(Revision::V2025_11_25);
    let again = encoded(Revision::V2025_11_25);
    assert_eq!(first.as_bytes().as_ptr(), again.as_bytes().as_ptr(), "no copy");
    let old = encoded(Revision::V2025_03_26);
    assert!(first.as_str().contains("A tool") && !old.as_str().contains("A tool"));
    assert_eq!(old.as_bytes().as_ptr(), encoded(Revision::V2025_03_26).as_bytes().as_ptr());

    server.apply(Changes::new().remove_tool("tool-0")).unwrap();
    let changed = encoded(Revision::V2025_11_25);
    assert!(!changed.as_str().contains(r#""tool-0""#));
    assert_eq!(changed.as_bytes().as_ptr(), encoded(Revision::V2025_11_25).as_bytes().as_ptr());
}

#[test]
fn ten_thousand_tools_are_found() {
    let server = tools(10_000, Some(100));
    let fixture = Fixture::new(&server);
    assert_eq!(pages(&fixture, None).len(), 100);
    for number in (0..10_000).step_by(997) {
        assert!(fixture.tool(&format!("tool-{number}"), "{}").is_ok(), "{number}");
    }
}

/// LIFE-07, LIFE-08: every member of a tool that a revision does not have stays away from it.
#[test]
fn members_are_those_of_the_revision() {
    let server = Server::builder("s", "1")
        .raw_tool(
            Tool::new("t")
                .with_title("T")
                .with_annotations(ToolAnnotations::new().with_read_only_hint(true)),
            |_: Value, _: Context| async { Ok(()) },
        )
        .build()
        .unwrap();
    let tool = |revision| {
        let list = Fixture::at(&server, revision).call(Method::ToolsList, "").unwrap();
        list["tools"][0].clone()
    };
    assert!(tool(Revision::V2024_11_05).get("annotations").is_none());
    assert!(tool(Revision::V2025_03_26).get("annotations").is_some());
    assert!(tool(Revision::V2025_03_26).get("title").is_none());
    assert!(tool(Revision::V2025_06_18).get("title").is_some());
}

/// TOOL-08, TOOL-09: keywords, their order, numbers and white space are the application's.
#[test]
fn tool_09_schemas_are_listed_byte_for_byte() {
    let input = r##"{
        "$schema" : "https://json-schema.org/draft/2020-12/schema",
        "type":"object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object",
            "properties": {"street": {"type":"string"}, "city": {"type": "string"}}}},
        "properties": {"name": {"type":"string"}, "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"enum": ["phone", "e\u006dail"]}, "phone": {"type": "string"}},
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]}, "else": {"required": ["email"]},
        "additionalProperties": false, "x-mine": {"b": 9007199254740993, "a": 1.0e2}
    }"##;
    let output = r#"{"type":"object", "z":1, "a":{"$comment":"kept"}}"#;
    let tool = Tool::new("json_schema_2020_12_tool")
        .with_input_schema(input.parse::<RawObject>().unwrap())
        .with_output_schema(output.parse::<RawObject>().unwrap());
    let server = Server::builder("s", "1")
        .raw_tool(tool, |_: Value, _: Context| async { Ok(()) })
        .build()
        .unwrap();
    for revision in Revision::LEGACY {
        let list = Fixture::at(&server, revision).reply(Method::ToolsList, "").unwrap();
        assert!(list.as_str().contains(&format!(r#""inputSchema":{input}"#)), "{revision}");
        let listed = list.as_str().contains(&format!(r#""outputSchema":{output}"#));
        assert_eq!(listed, revision >= Revision::V2025_06_18, "{revision}");
    }
}
