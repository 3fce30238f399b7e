use mcp_core::app::{CallError, CompletionInput, Context, Server};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Completion, Prompt, PromptArgument, Reference, ResourceTemplate};
use serde_json::{Value, json};

use crate::support::Fixture;

fn server() -> Server {
    let arguments = ["language", "framework", "many", "broken", "free"];
    Server::builder("s", "1")
        .prompt(
            Prompt::new("code").with_arguments(arguments.map(PromptArgument::new)),
            |_: Value, _: Context| async { Ok("") },
        )
        .resource_template(ResourceTemplate::new("db://{table}/{id}", "row"), |_, _| async {
            Ok("")
        })
        .completion(Reference::prompt("code"), "language", |typed: CompletionInput, _| async move {
            let mut all = vec!["python", "pytorch", "rust"];
            all.retain(|it| it.starts_with(&typed.value));
            Ok(all)
        })
        .completion(
            Reference::prompt("code"),
            "framework",
            |typed: CompletionInput, _| async move {
                let language = typed.arguments.get("language").cloned().unwrap_or_default();
                Ok(Completion::new([language + "-web"]).with_total(7u64).with_has_more(true))
            },
        )
        .completion(Reference::prompt("code"), "many", |_, _| async {
            Ok((0..250).map(|number| number.to_string()).collect::<Vec<_>>())
        })
        .completion(Reference::prompt("code"), "broken", |_, _| async {
            Err::<Vec<String>, _>(CallError::new("no"))
        })
        .completion(Reference::resource("db://{table}/{id}"), "table", |_, _| async {
            Ok(vec!["users"])
        })
        .build()
        .unwrap()
}

fn complete(reference: Value, argument: &str, value: &str) -> Result<Value, i64> {
    let params = json!({
        "ref": reference,
        "argument": {"name": argument, "value": value},
        "context": {"arguments": {"language": "rust"}},
    });
    let fixture = Fixture::new(&server());
    let result = fixture.call(Method::CompletionComplete, &params.to_string());
    result.map(|it| it["completion"].clone()).map_err(|it| it.code().get())
}

fn prompt(name: &str) -> Value {
    json!({"type": "ref/prompt", "name": name})
}

fn resource(uri: &str) -> Value {
    json!({"type": "ref/resource", "uri": uri})
}

#[test]
fn arguments_are_completed() {
    let python = complete(prompt("code"), "language", "py").unwrap();
    assert_eq!(python, json!({"values": ["python", "pytorch"]}));
    // COMP-04: with what is filled in already.
    let framework = complete(prompt("code"), "framework", "").unwrap();
    assert_eq!(framework, json!({"values": ["rust-web"], "total": 7, "hasMore": true}));
    // An argument nobody completes can still be asked for.
    assert_eq!(complete(prompt("code"), "free", "x").unwrap(), json!({"values": []}));
}

/// COMP-03: by the template, or by a URI of its making.
#[test]
fn comp_03_variables_are_completed() {
    for uri in ["db://{table}/{id}", "db://u/7"] {
        assert_eq!(complete(resource(uri), "table", "u").unwrap()["values"], json!(["users"]));
        assert_eq!(complete(resource(uri), "id", "").unwrap()["values"], json!([]));
    }
}

/// COMP-05: at most 100, and the client is told that there are more.
#[test]
fn comp_05_values_are_bounded() {
    let many = complete(prompt("code"), "many", "").unwrap();
    assert_eq!(many["values"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&many["values"][99], &many["total"], &many["hasMore"]),
        (&json!("99"), &json!(250), &json!(true))
    );
}

/// COMP-06, COMP-07.
#[test]
fn comp_06_unknown_references_are_invalid_params() {
    for (reference, argument) in [
        (prompt("none"), "language"),
        (prompt("code"), "none"),
        (resource("db://x"), "table"),
        (resource("db://{table}/{id}"), "none"),
        (json!({"type": "ref/other", "name": "x"}), "x"),
    ] {
        assert_eq!(complete(reference.clone(), argument, ""), Err(-32602), "{reference}");
    }
    assert_eq!(complete(prompt("code"), "broken", ""), Err(-32603));
    let fixture = Fixture::new(&server());
    assert_eq!(fixture.code(Method::CompletionComplete, "{}"), -32602);
}
