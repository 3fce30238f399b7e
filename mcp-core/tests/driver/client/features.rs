//! What typed calls send, and what is checked of their results.

use mcp_core::driver::client::Call;
use mcp_core::model::{
    CompleteParams, CompletionArgument, CompletionContext, Reference, ToolAnnotations,
};
use serde_json::{Value, json};

use super::start;
use super::streams::Script;

/// The params that a call sends.
fn sent<T: Send + 'static>(script: &Script, call: Call<T>) -> Value {
    let _call = start(&script.net, call);
    script.heard().pop().expect("it has left")["params"].take()
}

/// TOOL-12: no arguments are absent ones, and others are an object.
#[test]
fn tool_12_arguments_are_an_object_or_absent() {
    let script = Script::legacy();
    script.heard();
    for nothing in
        [json!(null), sent(&script, script.client.call_tool("t", ()))["arguments"].take()]
    {
        let params = sent(&script, script.client.call_tool("t", nothing));
        assert_eq!(params, json!({"name": "t"}));
    }
    let params = sent(&script, script.client.call_tool("t", json!({"a": [1, null]})));
    assert_eq!(params, json!({"name": "t", "arguments": {"a": [1, null]}}));
    // What is no object is the caller's mistake, and does not leave.
    let refused = start(&script.net, script.client.call_tool("t", json!([1])));
    assert!(refused.take().expect("at once").unwrap_err().to_string().contains("arguments"));
    assert!(script.heard().is_empty());
}

/// PROMPT-05: values are strings, whatever they are made of.
#[test]
fn prompt_05_arguments_map_names_to_strings() {
    let script = Script::legacy();
    script.heard();
    let params = sent(&script, script.client.get_prompt("p", [("n", 7.to_string())]));
    assert_eq!(params, json!({"name": "p", "arguments": {"n": "7"}}));
    let params = sent(&script, script.client.get_prompt("p", [("", ""); 0]));
    assert_eq!(params, json!({"name": "p"}));
}

/// COMP-02, COMP-03, COMP-04: what is completed, the argument being typed, and those known.
#[test]
fn comp_02_completion_says_what_is_typed_and_what_is_known() {
    let script = Script::legacy();
    script.heard();
    let known =
        CompletionContext::default().with_arguments([("owner".to_owned(), "ada".to_owned())]);
    for (reference, expected) in [
        (Reference::prompt("p"), json!({"type": "ref/prompt", "name": "p"})),
        (Reference::resource("x://{a}"), json!({"type": "ref/resource", "uri": "x://{a}"})),
        (Reference::resource("x://a"), json!({"type": "ref/resource", "uri": "x://a"})),
    ] {
        let params = CompleteParams::new(reference, CompletionArgument::new("repo", "mc"))
            .with_context(known.clone());
        let params = sent(&script, script.client.complete(&params));
        assert_eq!(params["ref"], expected);
        assert_eq!(params["argument"], json!({"name": "repo", "value": "mc"}));
        assert_eq!(params["context"], json!({"arguments": {"owner": "ada"}}));
    }
}

/// TOOL-17: what a tool says of its failure reaches the model as what a tool says.
#[test]
fn tool_17_a_tool_that_fails_is_a_result() {
    let script = Script::legacy();
    script.heard();
    let call = start(&script.net, script.client.call_tool("t", ()));
    let asked = script.heard().pop().unwrap();
    let result = json!({"content": [{"type": "text", "text": "no such city"}], "isError": true});
    script.say(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}));
    let result = call.take().unwrap().unwrap();
    assert_eq!(result.is_error, Some(true));
    assert_eq!(result.content[0].as_text(), Some("no such city"));
}

/// TOOL-26: a tool that says nothing may do anything.
#[test]
fn tool_26_hints_that_are_not_given_assume_the_worst() {
    let hints = ToolAnnotations::default();
    assert!(!hints.is_read_only() && hints.is_destructive());
    assert!(!hints.is_idempotent() && hints.is_open_world());
    let hints = ToolAnnotations::default().with_destructive_hint(false).with_idempotent_hint(true);
    assert!(!hints.is_destructive() && hints.is_idempotent());
    // The other two mean something only where something is changed.
    let hints = ToolAnnotations::default().with_read_only_hint(true).with_destructive_hint(true);
    assert!(hints.is_read_only() && !hints.is_destructive() && hints.is_idempotent());
}

#[cfg(feature = "validate")]
mod output {
    use mcp_core::model::{CallToolResult, RawObject, Tool};
    use mcp_core::validate::{InvalidOutput, OutputSchema};
    use serde_json::json;

    fn schema(schema: &str) -> OutputSchema {
        let tool = Tool::new("t").with_output_schema(schema.parse::<RawObject>().unwrap());
        OutputSchema::of(&tool).unwrap().expect("there is one")
    }

    /// TOOL-23: results are held to what the tool promised, unless it failed.
    #[test]
    fn tool_23_structured_results_are_checked() {
        let schema =
            schema(r#"{"type":"object","properties":{"c":{"type":"number"}},"required":["c"]}"#);
        let result = |value| CallToolResult::structured(&value).unwrap();
        assert_eq!(schema.check(&result(json!({"c": 21.5}))), Ok(()));
        assert_eq!(schema.check(&CallToolResult::error("no such city")), Ok(()));
        assert_eq!(schema.check(&CallToolResult::text("21.5")), Err(InvalidOutput::Missing));
        let wrong = schema.check(&result(json!({"c": "warm"}))).unwrap_err().to_string();
        assert!(wrong.ends_with("`/c`: must be of type number, not string"), "{wrong}");
        assert!(OutputSchema::of(&Tool::new("t")).unwrap().is_none());
    }

    /// TOOL-33: a server's schema makes nobody fetch or compute anything.
    #[test]
    fn tool_33_schemas_of_servers_are_bounded() {
        let refused = |schema: String| {
            let tool = Tool::new("t").with_output_schema(schema.parse::<RawObject>().unwrap());
            OutputSchema::of(&tool).unwrap_err()
        };
        refused(json!({"$ref": "https://example.com/schema.json"}).to_string());
        refused(json!({"$ref": "file:///etc/passwd"}).to_string());
        refused(json!({"description": "x".repeat(300_000)}).to_string());
        refused(json!({"pattern": "(a*)*\\1"}).to_string());
    }
}
