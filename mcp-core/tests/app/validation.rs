//! Arguments and structured output held against their schemas.

use mcp_core::app::{Changes, ConfigError, Context, Server};
use mcp_core::jsonrpc::{ErrorCode, RawJson};
use mcp_core::lifecycle::Method;
use mcp_core::model::{CallToolResult, Content, RawObject, Tool};
use mcp_core::revision::Revision;
use mcp_core::validate::SchemaError;
use serde_json::{Value, json};

use crate::support::Fixture;

/// A server with one tool, `t`, that says what it was given.
fn build(schema: &str) -> Result<Server, ConfigError> {
    let tool = Tool::new("t").with_input_schema(schema.parse::<RawObject>().unwrap());
    let echo = |args: RawObject, _: Context| async move { Ok(args.get().to_owned()) };
    Server::builder("s", "1").raw_tool(tool, echo).build()
}

fn fixture(schema: &str) -> Fixture {
    Fixture::new(&build(schema).unwrap())
}

/// What the model is told is wrong; none if the arguments got through.
fn complaint(fixture: &Fixture, arguments: &str) -> Option<String> {
    let result = fixture.tool("t", arguments).unwrap();
    let text = result["content"][0]["text"].as_str().unwrap();
    if result["isError"] == true {
        let complaint = text.strip_prefix("Invalid arguments: ").unwrap();
        return Some(complaint.to_owned());
    }
    assert_eq!(text, arguments, "arguments get through as they are");
    None
}

fn refusal(schema: &str) -> SchemaError {
    match build(schema).unwrap_err() {
        ConfigError::Schema { tool, which: "input", error } if tool == "t" => error,
        other => panic!("{other}"),
    }
}

const BOOK: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 20},
        "pages": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["novel", "essay"]},
        "isbn": {"pattern": "^[0-9]{13}$"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true, "maxItems": 3},
        "author": {"$ref": "#person"}
    },
    "required": ["title"],
    "additionalProperties": false,
    "$defs": {"person": {"$anchor": "person", "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "a/b~c": false}}}
}"##;

/// TOOL-30, SCHEMA-01: what the schema demands, the handler can rely on.
#[test]
fn tool_30_arguments_are_held_to_the_schema() {
    let fixture = fixture(BOOK);
    for fine in [
        r#"{"title":"Emma"}"#,
        r#"{ "title" : "Emma", "pages": 1.0, "kind": "novel", "isbn": "9780141439587",
            "tags": ["a", "b"], "author": {"name": "Jane", "born": 1775} }"#,
    ] {
        assert_eq!(complaint(&fixture, fine), None);
    }
    for (arguments, expected) in [
        ("{}", "`/title`: is missing"),
        (r#"{"title":7}"#, "`/title`: must be of type string, not number"),
        (r#"{"title":""}"#, "`/title`: must have at least 1 characters"),
        (r#"{"title":"a","pages":1.5}"#, "`/pages`: must be of type integer, not number"),
        (r#"{"title":"a","pages":0}"#, "`/pages`: must be at least 1"),
        (r#"{"title":"a","kind":"poem"}"#, "`/kind`: must be one of \"novel\", \"essay\""),
        (r#"{"title":"a","isbn":"x"}"#, "`/isbn`: must match the pattern ^[0-9]{13}$"),
        (r#"{"title":"a","tags":["a",7]}"#, "`/tags/1`: must be of type string, not number"),
        (r#"{"title":"a","tags":["a","a"]}"#, "`/tags`: must not have equal items"),
        (r#"{"title":"a","author":{}}"#, "`/author/name`: is missing"),
        (r#"{"title":"a","author":{"name":"b","a/b~c":1}}"#, "`/author/a~1b~0c`: is not allowed"),
        (r#"{"title":"a","year":1815}"#, "has members that are not allowed: `year`"),
    ] {
        assert_eq!(complaint(&fixture, arguments).as_deref(), Some(expected), "{arguments}");
    }
}

/// TOOL-15: a model can correct all it is told at once, and is not told without end.
#[test]
fn tool_15_mistakes_are_listed_up_to_a_bound() {
    let fixture_of = |schema: &str| fixture(schema);
    let book = fixture_of(BOOK);
    let several = complaint(&book, r#"{"title":"","pages":0,"x":1,"y":2}"#).unwrap();
    for part in ["`/title`: must", "`/pages`: must", "not allowed: `x`, `y`", "; "] {
        assert!(several.contains(part), "{several}");
    }
    let many = fixture_of(
        r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}}"#,
    );
    let arguments = json!({"a": vec![0; 1000]}).to_string();
    let told = complaint(&many, &arguments).unwrap();
    assert!(told.ends_with("; and 992 more"), "{told}");

    // Nor does what is quoted grow with what was sent, or with the schema.
    let member = "m".repeat(100_000);
    let arguments = json!({"title": "a", (member): 1}).to_string();
    assert!(complaint(&book, &arguments).unwrap().len() < 1000);
    let options: Vec<String> = (0..1000).map(|number| format!("option {number}")).collect();
    let schema = json!({"type": "object", "properties": {"o": {"enum": options}}}).to_string();
    assert!(complaint(&fixture_of(&schema), r#"{"o":1}"#).unwrap().len() < 1000);
}

/// What is wrong with each alternative is told, so that one can be chosen.
#[test]
fn alternatives_are_explained() {
    let fixture = fixture(
        r#"{"type":"object","properties":{"to":{"anyOf":[
            {"type":"string"},
            {"type":"object","required":["id"]},
            {"anyOf":[{"type":"null"},{"const":7}]}]}}}"#,
    );
    let told = complaint(&fixture, r#"{"to":{}}"#).unwrap();
    assert_eq!(
        told,
        "`/to`: matches none of the alternatives: \
         (1) `/to`: must be of type string, not object, (2) `/to/id`: is missing, \
         (3) `/to` matches none of its alternatives"
    );
    for fine in [r#"{"to":"a"}"#, r#"{"to":{"id":1}}"#, r#"{"to":null}"#, r#"{"to":7}"#] {
        assert_eq!(complaint(&fixture, fine), None);
    }
}

/// TOOL-14, TOOL-15: who hears of it depends on the revision, as for types that do not fit.
#[test]
fn tool_14_tool_15_the_revision_decides_who_is_told() {
    let server = build(BOOK).unwrap();
    for revision in Revision::LEGACY {
        let outcome = Fixture::at(&server, revision).tool("t", "{}");
        let message = "Invalid arguments: `/title`: is missing";
        if revision < Revision::V2025_11_25 {
            let error = outcome.unwrap_err();
            assert_eq!(error.code(), ErrorCode::INVALID_PARAMS, "{revision}");
            assert_eq!(error.message(), message, "{revision}");
        } else {
            let result = outcome.unwrap();
            assert_eq!(result["isError"], true, "{revision}");
            assert_eq!(result["content"][0]["text"], message, "{revision}");
        }
    }
}

/// Readers differ in which of two members of one name they take: what is checked must be what
/// the handler sees.
#[test]
fn a_member_that_occurs_twice_is_refused() {
    let fixture = fixture(r#"{"type":"object","properties":{"a":{"enum":["safe"]}}}"#);
    for arguments in [
        r#"{"a":"evil","a":"safe"}"#,
        r#"{"a":"evil","\u0061":"safe"}"#,
        r#"{"b":[{"a":"evil","a":"safe"}]}"#,
    ] {
        let told = complaint(&fixture, arguments).unwrap();
        assert!(told.contains("duplicate field `a`"), "{told}");
    }
    // Without a schema that says anything, a handler that asks for JSON gets what was sent.
    let any = self::fixture(r#"{"type":"object"}"#);
    assert_eq!(complaint(&any, r#"{"a":1,"a":2}"#), None);
}

/// SCHEMA-02, SCHEMA-03: each dialect by its own rules, and an unknown one by none.
#[test]
fn schema_03_the_dialect_is_honoured() {
    // `items` as an array is a keyword of the old drafts only; since 2020-12 it is `prefixItems`.
    let draft_7 = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object",
        "properties":{"a":{"items":[{"type":"string"}]}},"definitions":{}}"#;
    assert_eq!(
        complaint(&fixture(draft_7), r#"{"a":[7]}"#).as_deref(),
        Some("`/a/0`: must be of type string, not number")
    );
    let newest = draft_7.replace("http://json-schema.org/draft-07/schema#", NEWEST);
    assert!(matches!(refusal(&newest), SchemaError::Invalid { at, .. } if at.ends_with("/items")));
    for draft in ["draft-04", "draft-06", "draft/2019-09"] {
        let schema = format!(
            r#"{{"$schema":"http://json-schema.org/{draft}/schema#","type":"object","required":["a"]}}"#
        );
        assert_eq!(complaint(&fixture(&schema), "{}").as_deref(), Some("`/a`: is missing"));
    }
    for unknown in [r#""https://example.com/dialect""#, r#""""#, "7", "null"] {
        let schema = format!(r#"{{"$schema":{unknown},"type":"object"}}"#);
        assert!(matches!(refusal(&schema), SchemaError::Dialect(_)), "{unknown}");
    }
}

const NEWEST: &str = "https://json-schema.org/draft/2020-12/schema";

/// SCHEMA-05, SCHEMA-07: nothing is fetched, from anywhere, and what is not there is an error.
#[test]
fn schema_05_references_stay_in_the_schema() {
    for out in [
        "https://example.com/schema.json",
        "http://127.0.0.1/#/$defs/a",
        "file:///etc/passwd",
        "other.json",
        "//example.com/a",
        "#/$defs/b",
        "#b",
        "#/$defs/%zz",
        NEWEST,
    ] {
        for keyword in ["$ref", "$dynamicRef"] {
            let schema = json!({"type": "object", "$defs": {"a": {}},
                "properties": {"a": {"not": {(keyword): out}}}});
            let error = refusal(&schema.to_string());
            assert_eq!(error, SchemaError::Reference(out.into()), "{keyword} {out}");
        }
    }
    // A reference in data is none.
    build(r#"{"type":"object","properties":{"$ref":{"const":{"$ref":"https://example.com/"}}}}"#)
        .unwrap();
    for inside in ["#/$defs/a%20b", "#a", "https://example.com/s#a", "urn:x:embedded"] {
        let schema = json!({"$id": "https://example.com/s", "type": "object",
            "properties": {"p": {"$ref": inside}},
            "$defs": {"a b": {"$anchor": "a", "type": "string"},
                "e": {"$id": "urn:x:embedded", "$ref": "#/$defs/f", "$defs": {"f": {"type": "string"}}}}});
        let told = complaint(&fixture(&schema.to_string()), r#"{"p":7}"#);
        assert_eq!(told.as_deref(), Some("`/p`: must be of type string, not number"), "{inside}");
    }
}

/// A schema is refused for what is wrong with it, by name.
#[test]
fn schema_04_schemas_are_valid_in_their_dialect() {
    for (schema, place) in [
        (r#"{"type":"object","properties":{"a":{"type":"text"}}}"#, "/properties/a/type"),
        (r#"{"type":"object","required":"a"}"#, "/required"),
        (r#"{"type":"object","properties":{"a":{"minLength":-1}}}"#, "/properties/a/minLength"),
        // Look-around and references back take more than linear time.
        (r#"{"type":"object","properties":{"a":{"pattern":"(?=a)b"}}}"#, "/properties/a/pattern"),
        (r#"{"type":"object","properties":{"a":{"pattern":"(a)\\1"}}}"#, "/properties/a/pattern"),
        (r#"{"type":"object","patternProperties":{"(":{}}}"#, "/patternProperties"),
    ] {
        let SchemaError::Invalid { at, .. } = refusal(schema) else { panic!("{schema}") };
        assert!(at.starts_with(place), "{at}");
    }
    let output = Tool::new("t").with_output_schema(r#"{"type":1}"#.parse::<RawObject>().unwrap());
    let nothing = |(): (), _: Context| async { Ok(()) };
    let mistake = Server::builder("s", "1").raw_tool(output, nothing).build().unwrap_err();
    assert!(
        mistake.to_string().starts_with("the output schema of tool `t` is not valid at `/type`")
    );
}

/// `count` definitions, each made of two references to the next; the last is `end`.
fn doubling(count: usize, wrap: fn([Value; 2]) -> Value, end: Value) -> String {
    let mut definitions = serde_json::Map::new();
    for number in 0..count {
        let next = json!({"$ref": format!("#/$defs/d{}", number + 1)});
        definitions.insert(format!("d{number}"), wrap([next.clone(), next]));
    }
    definitions.insert(format!("d{count}"), end);
    json!({"type": "object", "$ref": "#/$defs/d0", "$defs": definitions}).to_string()
}

/// SCHEMA-08: work that doubles with every line is counted, not done. These would take
/// from seconds to longer than the universe has been there.
#[test]
fn schema_08_a_schema_is_measured_before_it_is_compiled() {
    let all: fn([Value; 2]) -> Value = |both| json!({"allOf": both});
    let any: fn([Value; 2]) -> Value = |both| json!({"anyOf": both});
    let deeper: fn([Value; 2]) -> Value =
        |[one, two]| json!({"allOf": [{"properties": {"a": one}}, {"properties": {"a": two}}]});
    let apart: fn([Value; 2]) -> Value = |[one, two]| json!({"properties": {"a": one, "b": two}});
    let again: fn([Value; 2]) -> Value =
        |[one, _]| json!({"allOf": [one], "unevaluatedProperties": false});
    let end = || json!({"type": "object"});
    for wrap in [all, any, deeper, again] {
        build(&doubling(4, wrap, end())).unwrap();
        let refusals = [14, 31].map(|count| refusal(&doubling(count, wrap, end())));
        for error in refusals {
            assert!(matches!(error, SchemaError::Applications { .. }), "{error}");
        }
        // Nor does it help to lead back to the start, by way of a member.
        let back = json!({"properties": {"next": {"$ref": "#"}}});
        let error = refusal(&doubling(31, wrap, back));
        assert!(matches!(error, SchemaError::Applications { .. }), "{error}");
    }
    // Members of different names are different values: one check each.
    build(&doubling(31, apart, end())).unwrap();
}

/// SCHEMA-08: the other bounds.
#[test]
fn schema_08_schemas_are_bounded() {
    let with = |members: Value| json!({"type": "object", "$defs": members}).to_string();
    let long = with(json!({"a": {"description": "x".repeat(256 << 10)}}));
    assert_eq!(refusal(&long), SchemaError::Bytes { limit: 256 << 10 });

    let numbered = |count: usize, schema: &Value| -> Value {
        (0..count).map(|number| (format!("d{number}"), schema.clone())).collect()
    };
    let many = with(numbered(9000, &json!({})));
    assert_eq!(refusal(&many), SchemaError::Subschemas { limit: 8192 });
    let patterns = with(numbered(300, &json!({"pattern": "a"})));
    assert_eq!(refusal(&patterns), SchemaError::Patterns { limit: 256 });
    let patterns = json!({"type": "object", "patternProperties": numbered(300, &json!(true))});
    assert_eq!(refusal(&patterns.to_string()), SchemaError::Patterns { limit: 256 });
    // `x` as often as there is memory.
    let large = json!({"type": "object", "properties": {"a": {"pattern": "(?:x{1000}){1000}"}}});
    assert!(matches!(refusal(&large.to_string()), SchemaError::Invalid { .. }));

    let deep =
        format!(r#"{{"type":"object","not":{}{{}}{}}}"#, r#"{"not":"#.repeat(200), "}".repeat(200));
    assert_eq!(refusal(&deep), SchemaError::Depth);
    let chain =
        |count: usize| doubling(count, |[next, _]| json!({"properties": {"a": next}}), json!({}));
    build(&chain(100)).unwrap();
    assert_eq!(refusal(&chain(1000)), SchemaError::Levels);
    let chain_here = |end: Value| doubling(40, |[next, _]| next, end);
    build(&chain_here(json!({}))).unwrap();
    let back = json!({"properties": {"next": {"$ref": "#"}}});
    assert_eq!(refusal(&chain_here(back)), SchemaError::Levels);

    for circle in [
        json!({"type": "object", "$ref": "#"}),
        json!({"type": "object", "allOf": [{"$ref": "#/$defs/a"}],
            "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
    ] {
        assert_eq!(refusal(&circle.to_string()), SchemaError::Cycle);
    }
}

/// A tree whose nodes can be read in two ways.
const TREE: &str = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/node"}},"$defs":{"node":{
    "anyOf":[
        {"type":"object","properties":{"a":{"$ref":"#/$defs/node"}},"minProperties":1},
        {"type":"object","properties":{"a":{"$ref":"#/$defs/node"}},"required":["a"]}]}}}"##;

fn nested(depth: usize, inner: &str) -> String {
    format!("{}{inner}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

/// SCHEMA-08: the explanation of a mistake n levels down a tree with two ways at each level has
/// 2^n parts. It is given up, and would not end otherwise.
#[test]
fn schema_08_explanations_are_given_up_when_they_explode() {
    let fixture = fixture(TREE);
    assert_eq!(complaint(&fixture, &nested(60, r#"{"x":1}"#)), None);
    let told = complaint(&fixture, &nested(3, "7")).unwrap();
    assert!(told.starts_with("`/a`: matches none of the alternatives: (1)"), "{told}");
    let told = complaint(&fixture, &nested(60, "7")).unwrap();
    assert_eq!(told, "it does not match the schema");
}

/// SCHEMA-08: copies of a large value are paid for, as each alternative that fails makes one.
#[test]
fn schema_08_explanations_do_not_multiply_large_values() {
    let alternatives: Vec<Value> =
        (0..64).map(|number| json!({"required": [number.to_string()]})).collect();
    let schema = json!({"type": "object", "anyOf": alternatives}).to_string();
    let fixture = fixture(&schema);
    assert!(complaint(&fixture, r#"{"a":"b"}"#).unwrap().contains("(4)"));
    let large = json!({"a": "x".repeat(1 << 20)}).to_string();
    let told = complaint(&fixture, &large).unwrap();
    assert_eq!(told, "it does not match the schema");
}

/// SCHEMA-08: a schema that leads back to itself multiplies the depth of a value by its own. As
/// deep as is let through, the stack of a thread suffices; tests run on 2 MiB.
#[test]
fn schema_08_values_are_as_deep_as_the_stack_allows() {
    for keyword in ["allOf", "anyOf"] {
        let mut step = json!({"properties": {"a": {"$ref": "#"}}});
        for _ in 0..28 {
            step = json!({(keyword): [step]});
        }
        step["type"] = json!("object");
        let fixture = fixture(&step.to_string());
        assert_eq!(complaint(&fixture, &nested(16, "{}")), None);
        let told = complaint(&fixture, &nested(15, r#"{"a":7}"#)).unwrap();
        assert!(
            told.contains("must be of type object, not number") || keyword == "anyOf",
            "{told}"
        );
        let told = complaint(&fixture, &nested(30, "{}")).unwrap();
        assert_eq!(told, "it is nested too deeply");
    }
    // One that does not lead back takes as much as can be read at all.
    let flat = fixture(r#"{"type":"object","additionalProperties":{"type":"object"}}"#);
    assert_eq!(complaint(&flat, &nested(120, "{}")), None);
}

/// TOOL-22: the client hears that the server is wrong, and nothing of the values.
#[test]
fn tool_22_output_is_held_to_its_schema() {
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#;
    let tool = Tool::new("t").with_output_schema(schema.parse::<RawObject>().unwrap());
    let server = Server::builder("s", "1")
        .raw_tool(tool, |args: RawJson, _: Context| async move {
            let result = CallToolResult::new([Content::text("text")]);
            let failed = args.as_str().contains("failed").then_some(true);
            let mut result = result.with_structured_content(args);
            result.is_error = failed;
            Ok(result)
        })
        .build()
        .unwrap();
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&server, revision);
        let result = fixture.tool("t", r#"{"n":1,"more":"secret"}"#).unwrap();
        assert_eq!(result.get("isError"), None, "{revision}");
        for bad in [r#"{"n":"secret"}"#, r#"{"secret":1}"#, "{}", r#"{"n":1.5}"#] {
            let error = fixture.tool("t", bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::INTERNAL_ERROR, "{revision} {bad}");
            assert!(!error.message().contains("secret"), "{error}");
            assert!(error.data().is_none());
        }
        // A failure need not look like a success.
        let result = fixture.tool("t", r#"{"failed":true}"#).unwrap();
        assert_eq!(result["isError"], true);
    }
}

/// What is put on at run time is checked as well, and nothing has changed if it cannot be.
#[test]
fn changes_are_checked_too() {
    let server = build(r#"{"type":"object"}"#).unwrap();
    let nothing = |_: RawJson, _: Context| async { Ok(()) };
    let tool =
        |schema: &str| Tool::new("t").with_input_schema(schema.parse::<RawObject>().unwrap());
    let bad = Changes::new().raw_tool(tool(r#"{"type":"object","$ref":"a"}"#), nothing);
    assert!(matches!(server.apply(bad), Err(ConfigError::Schema { .. })));
    let fixture = Fixture::new(&server);
    assert_eq!(complaint(&fixture, r#"{"a":1}"#), None);
    let good = Changes::new().raw_tool(tool(r#"{"type":"object","required":["a"]}"#), nothing);
    server.apply(good).unwrap();
    assert_eq!(complaint(&fixture, "{}").as_deref(), Some("`/a`: is missing"));
}

/// A server keeps its schemas as they were given: compiling one changes nothing of it.
#[test]
fn tool_09_a_compiled_schema_is_listed_as_it_was_given() {
    let fixture = fixture(BOOK);
    let list = fixture.reply(Method::ToolsList, "").unwrap();
    assert!(list.as_str().contains(BOOK));
}
