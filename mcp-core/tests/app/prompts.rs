use mcp_core::app::{CallError, Context, Server};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Content, Prompt, PromptArgument, PromptMessage, ResourceContents};
use mcp_core::revision::Revision;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::Fixture;

#[derive(Deserialize)]
struct Two {
    arg1: String,
    arg2: Option<String>,
}

fn server() -> Server {
    let two = Prompt::new("two").with_description("Takes two").with_arguments([
        PromptArgument::new("arg1").with_required(true),
        PromptArgument::new("arg2"),
    ]);
    Server::builder("s", "1")
        .prompt(Prompt::new("simple"), |(): (), _: Context| async { Ok("Hello.") })
        .prompt(two, |args: Two, _: Context| async move {
            Ok(format!("arg1='{}', arg2='{}'", args.arg1, args.arg2.unwrap_or_default()))
        })
        .prompt(Prompt::new("mixed"), |_: Value, _: Context| async {
            Ok([
                PromptMessage::user(Content::image("AAAA", "image/png")),
                PromptMessage::assistant(Content::resource(ResourceContents::text("a:b", "x"))),
                PromptMessage::user(Content::audio("AAAA", "audio/wav")),
            ])
        })
        .prompt(Prompt::new("broken"), |(): (), _: Context| async {
            Err::<&str, _>(CallError::new("no idea"))
        })
        .build()
        .unwrap()
}

fn get(params: Value) -> Result<Value, mcp_core::jsonrpc::ErrorObject> {
    Fixture::new(&server()).call(Method::PromptsGet, &params.to_string())
}

/// PROMPT-06: one speaker and one block each.
#[test]
fn prompt_06_prompts_are_filled_in() {
    let text = |text: &str| json!({"role": "user", "content": {"type": "text", "text": text}});
    assert_eq!(get(json!({"name": "simple"})).unwrap(), json!({"messages": [text("Hello.")]}));
    let both = json!({"name": "two", "arguments": {"arg1": "hello", "arg2": "world"}});
    assert_eq!(
        get(both).unwrap(),
        json!({"description": "Takes two", "messages": [text("arg1='hello', arg2='world'")]})
    );
    let one = json!({"name": "two", "arguments": {"arg1": "hello", "arg3": "ignored"}});
    assert_eq!(get(one).unwrap()["messages"][0], text("arg1='hello', arg2=''"));
    let mixed = get(json!({"name": "mixed"})).unwrap();
    assert_eq!(mixed["messages"][1]["role"], "assistant");
    assert_eq!(mixed["messages"][1]["content"]["resource"]["uri"], "a:b");
}

/// PROMPT-07, PROMPT-05.
#[test]
fn prompt_07_bad_params_are_invalid() {
    for (params, named) in [
        (json!({"name": "none"}), "none"),
        (json!({"name": "two"}), "arg1"),
        (json!({"name": "two", "arguments": {}}), "arg1"),
        (json!({"name": "two", "arguments": {"arg2": "x"}}), "arg1"),
        (json!({"name": "two", "arguments": {"arg1": 7}}), "arg1"),
        (json!({"name": "simple", "arguments": {"x": ["y"]}}), "x"),
        (json!({"arguments": {}}), "name"),
    ] {
        let error = get(params.clone()).unwrap_err();
        assert_eq!(error.code().get(), -32602, "{params}");
        assert!(error.message().contains(named), "{params} {error}");
    }
    let error = get(json!({"name": "broken"})).unwrap_err();
    assert_eq!((error.code().get(), error.message()), (-32603, "no idea"));
}

/// CONT-01 in prompts.
#[test]
fn cont_01_blocks_are_those_of_the_revision() {
    let fixture = Fixture::at(&server(), Revision::V2024_11_05);
    let mixed = fixture.call(Method::PromptsGet, r#"{"name":"mixed"}"#).unwrap();
    assert_eq!(mixed["messages"][2]["content"]["type"], "text");
}
