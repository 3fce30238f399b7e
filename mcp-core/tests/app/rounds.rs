//! Requests of the modern era that take several rounds.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use mcp_core::app::{AskError, CallError, ClientFeature, Context, Server, ask_all};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::lifecycle::Method;
use mcp_core::model::{
    CreateMessageParams, ElicitParams, ElicitUrlParams, IncludeContext, Prompt, PromptArgument,
    Reference, Resource, ResourceTemplate, SamplingMessage, Tool,
};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use crate::modern::{ADA, Modern, answers, greeter, hosted, name_form, named, steps, text};
use crate::support::Fixture;

/// MRTR-01, MRTR-04, MRTR-05, MRTR-07, ELIC-05: a question ends the round, and the retry runs the
/// same handler with its answer.
#[test]
fn mrtr_04_a_question_ends_the_round() {
    let client = Modern::new(&hosted(greeter()));
    let asked = client.call("greet").unwrap();
    assert_eq!(asked["resultType"], "input_required");
    assert_eq!(
        asked["inputRequests"],
        json!({"user_name": {
            "method": "elicitation/create",
            "params": {
                "message": "Who?",
                "requestedSchema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}},
                    "required": ["name"],
                },
            },
        }})
    );
    assert!(asked["requestState"].is_string());
    assert!(client.0.peer.take().is_empty(), "nothing is sent to the client");

    let answers = json!({"user_name": serde_json::from_str::<Value>(ADA).unwrap()});
    let done = client.retry("greet", &asked, &answers).unwrap();
    assert_eq!(text(&done), "Hello, Ada!");
    assert_eq!(done["resultType"], "complete");
    assert_eq!(done.get("requestState"), None);
}

fn question() -> CreateMessageParams {
    CreateMessageParams::new([SamplingMessage::user("Greet!")], 50u64)
}

const MODEL: &str = r#"{"role":"assistant","content":{"type":"text","text":"Hi"},"model":"m"}"#;
const ROOTS: &str = r#"{"roots":[{"uri":"file:///home"}]}"#;

fn everything() -> Server {
    let tool = |_: Value, cx: Context| async move {
        let (name, greeting, roots) = ask_all((
            cx.elicit("user_name", name_form()),
            cx.sample("greeting", question()),
            cx.list_roots("client_roots"),
        ))
        .await?;
        Ok(format!("{} {} {}", name.action, greeting.model, roots.roots.len()))
    };
    hosted(Server::builder("s", "1").raw_tool(Tool::new("all"), tool))
}

fn keys(asked: &Value) -> Vec<&str> {
    asked["inputRequests"].as_object().unwrap().keys().map(String::as_str).collect()
}

/// MRTR-06: independent questions go out in one round. MRTR-25: those that were not answered are
/// asked again, and only those.
#[test]
fn mrtr_25_what_was_not_answered_is_asked_again() {
    let client = Modern::new(&everything());
    let asked = client.call("all").unwrap();
    assert_eq!(keys(&asked), ["client_roots", "greeting", "user_name"]);
    let request = &asked["inputRequests"]["greeting"];
    assert_eq!(request["method"], "sampling/createMessage");
    assert_eq!(request["params"]["maxTokens"], 50);
    // ROOTS-07
    assert_eq!(asked["inputRequests"]["client_roots"], json!({"method": "roots/list"}));

    let first = json!({"user_name": answers(ADA)});
    let asked = client.retry("all", &asked, &first).unwrap();
    assert_eq!(keys(&asked), ["client_roots", "greeting"]);
    let others = json!({"greeting": answers(MODEL), "client_roots": answers(ROOTS)});
    let done = client.retry("all", &asked, &others).unwrap();
    assert_eq!(text(&done), "accept m 1");
}

/// MRTR-24: what nobody asked for is ignored, and not carried along. Answers may come without a
/// state: they are the client's to make up in any case.
#[test]
fn mrtr_24_unknown_answers_are_ignored() {
    let client = Modern::new(&hosted(greeter()));
    let send = |input: Value| {
        let params = json!({"name": "greet", "inputResponses": input});
        client.send(Method::ToolsCall, &params).unwrap()
    };
    let done = send(json!({"user_name": answers(ADA), "unknown": {"x": 1}, "other": 7}));
    assert_eq!(text(&done), "Hello, Ada!");
    let asked = send(json!({"wrong_key": answers(ADA)}));
    assert_eq!(keys(&asked), ["user_name"]);
    let plain = send(json!({}));
    let length = |result: &Value| result["requestState"].as_str().unwrap().len();
    assert_eq!(length(&asked), length(&plain));
}

/// MRTR-23, ELIC-28: malformed answers are the client's fault, and it is told which they are.
#[test]
fn mrtr_23_malformed_answers_are_errors() {
    let client = Modern::new(&hosted(greeter()));
    for (input, says) in [
        ("null", "inputResponses"),
        ("[]", "inputResponses"),
        (r#"{"user_name":1,"user_name":2}"#, "user_name"),
        (r#"{"user_name":12345}"#, "`inputResponses.user_name`"),
        (r#"{"user_name":{}}"#, "action"),
        (r#"{"user_name":{"action":"maybe"}}"#, "maybe"),
        (r#"{"user_name":{"action":"accept"}}"#, "`name` is missing"),
        (r#"{"user_name":{"action":"accept","content":{"name":7}}}"#, "`name` is no text"),
        (r#"{"user_name":{"action":"accept","content":{"name":null}}}"#, "name"),
    ] {
        let params = format!(r#"{{"name":"greet","inputResponses":{input}}}"#);
        let error = client.0.call(Method::ToolsCall, &params).unwrap_err();
        assert_eq!(error.code().get(), -32602, "{input}");
        assert!(error.message().contains(says), "{input}: {error}");
    }
    for (answer, says) in [("decline", "Nobody: decline"), ("cancel", "Nobody: cancel")] {
        let params = json!({"name": "greet", "inputResponses": {"user_name": {"action": answer}}});
        assert_eq!(text(&client.send(Method::ToolsCall, &params).unwrap()), says);
    }
}

/// MRTR-22: one round after the other, each with a state of its own that holds all the answers so
/// far; what was answered once stays as it was.
#[test]
fn mrtr_22_rounds_follow_each_other() {
    let client = Modern::new(&hosted(steps()));
    let first = client.call("steps").unwrap();
    assert_eq!(keys(&first), ["step1"]);
    let second = client.retry("steps", &first, &json!({"step1": named("Ada")})).unwrap();
    assert_eq!(keys(&second), ["step2"]);
    assert_ne!(first["requestState"], second["requestState"]);
    let last = json!({"step2": named("Bob"), "step1": named("Eve")});
    assert_eq!(text(&client.retry("steps", &second, &last).unwrap()), "Ada Bob");

    // Without answers the state alone is taken up, and the same is asked again.
    let params = json!({"name": "steps", "requestState": second["requestState"]});
    let again = client.send(Method::ToolsCall, &params).unwrap();
    assert_eq!(again["inputRequests"], second["inputRequests"]);
    assert_ne!(again["requestState"], second["requestState"]);
    assert_eq!(text(&client.retry("steps", &again, &last).unwrap()), "Ada Bob");
}

/// Asked in a loop, each turn is a question of its own, as in the legacy era.
#[test]
fn a_key_used_twice_is_two_questions() {
    let tool = |_: Value, cx: Context| async move {
        for turn in 1.. {
            let answer = cx.elicit("pin", name_form()).await?;
            if answer.value("name").and_then(|it| it.as_str()) == Some("1234") {
                return Ok(format!("{turn} turns"));
            }
        }
        Ok(String::new())
    };
    let server = hosted(Server::builder("s", "1").raw_tool(Tool::new("pin"), tool));
    let client = Modern::new(&server);
    let asked = client.call("pin").unwrap();
    let asked = client.retry("pin", &asked, &json!({"pin": named("1")})).unwrap();
    assert_eq!(keys(&asked), ["pin#2"]);
    let done = client.retry("pin", &asked, &json!({"pin#2": named("1234")})).unwrap();
    assert_eq!(text(&done), "2 turns");

    let legacy = Fixture::new(&server);
    legacy.peer.answer(r#"{"action":"accept","content":{"name":"1"}}"#);
    legacy.peer.answer(r#"{"action":"accept","content":{"name":"1234"}}"#);
    assert_eq!(text(&legacy.tool("pin", "{}").unwrap()), "2 turns");
}

/// MRTR-02: prompts and resources ask as tools do.
#[test]
fn mrtr_02_prompts_and_resources_ask_too() {
    async fn who(cx: Context) -> Result<String, CallError> {
        let answer = cx.elicit("user_context", name_form()).await?;
        Ok(answer.value("name").and_then(|it| it.as_str()).unwrap_or_default().to_owned())
    }
    let template = ResourceTemplate::new("t:{x}", "t");
    let server = hosted(
        Server::builder("s", "1")
            .prompt(Prompt::new("p"), |_: (), cx: Context| who(cx))
            .resource(Resource::new("r:x", "r"), |_, cx: Context| who(cx))
            .resource_template(template, |_, cx: Context| who(cx)),
    );
    let client = Modern::new(&server);
    for (method, mut params, pointer) in [
        (Method::PromptsGet, json!({"name": "p"}), "/messages/0/content/text"),
        (Method::ResourcesRead, json!({"uri": "r:x"}), "/contents/0/text"),
        (Method::ResourcesRead, json!({"uri": "t:x"}), "/contents/0/text"),
    ] {
        let asked = client.send(method.clone(), &params).unwrap();
        assert_eq!(asked["resultType"], "input_required", "{method}");
        params["requestState"] = asked["requestState"].clone();
        params["inputResponses"] = json!({"user_context": named("Ada")});
        let done = client.send(method.clone(), &params).unwrap();
        assert_eq!(done["resultType"], "complete", "{method}");
        assert_eq!(done.pointer(pointer), Some(&json!("Ada")), "{method}");
    }
}

/// MRTR-03: nothing else asks.
#[test]
fn mrtr_03_nothing_else_asks() {
    let argument = PromptArgument::new("a");
    let server = hosted(
        Server::builder("s", "1")
            .prompt(Prompt::new("p").with_arguments([argument]), |_: Value, _| async { Ok("x") })
            .completion(Reference::prompt("p"), "a", |_, cx: Context| async move {
                assert!(!cx.supports(ClientFeature::Roots));
                cx.list_roots("r").await?;
                Ok(vec!["x"])
            })
            .method("x/ask", |_: Value, cx: Context| async move {
                let error = cx.list_roots("r").await.unwrap_err();
                assert!(matches!(error, AskError::Unavailable(_)));
                Ok(())
            }),
    );
    let client = Modern::new(&server);
    let params = json!({"ref": {"type": "ref/prompt", "name": "p"},
        "argument": {"name": "a", "value": ""}});
    let error = client.send(Method::CompletionComplete, &params).unwrap_err();
    assert_eq!(error.code().get(), -32603);
    let other = Method::from_name("x/ask");
    assert_eq!(client.send(other, &json!({"requestState": "x"})).unwrap(), json!({}));
}

/// CAP-04, CAP-05, MRTR-08, SAMP-07, ELIC-03: what was not declared on the request is not asked
/// for; -32021 says what is missing.
#[test]
fn cap_05_undeclared_capabilities() {
    let ask = |what: Value, cx: Context| async move {
        let url = ElicitParams::url("Sign in", "https://example.com");
        match what["what"].as_str() {
            Some("sampling") => drop(cx.sample("q", question()).await?),
            Some("tools") => {
                drop(cx.sample("q", question().with_tools([Tool::new("t")])).await?);
            }
            Some("form") => drop(cx.elicit("q", name_form()).await?),
            Some("url") => drop(cx.elicit("q", url).await?),
            _ => drop(cx.list_roots("q").await?),
        }
        Ok("done")
    };
    let server = hosted(Server::builder("s", "1").raw_tool(Tool::new("ask"), ask));
    let send = |capabilities: &str, what: &str| {
        let client = Modern::with(&server, capabilities);
        client.send(Method::ToolsCall, &json!({"name": "ask", "arguments": {"what": what}}))
    };
    for (what, declared, required) in [
        ("sampling", r#"{"elicitation":{},"roots":{}}"#, json!({"sampling": {}})),
        ("tools", r#"{"sampling":{}}"#, json!({"sampling": {"tools": {}}})),
        ("form", "{}", json!({"elicitation": {"form": {}}})),
        ("form", r#"{"elicitation":{"url":{}}}"#, json!({"elicitation": {"form": {}}})),
        ("url", r#"{"elicitation":{}}"#, json!({"elicitation": {"url": {}}})),
        ("roots", r#"{"sampling":{}}"#, json!({"roots": {}})),
    ] {
        let error = send(declared, what).unwrap_err();
        assert_eq!(error.code().get(), -32021, "{what}");
        let data: Value = error.data().unwrap().to().unwrap();
        assert_eq!(data, json!({"requiredCapabilities": required}), "{what}");
        let asked = send(&required.to_string(), what).unwrap();
        assert_eq!(asked["resultType"], "input_required", "{what}");
    }
    // `{}` means forms.
    assert!(send(r#"{"elicitation":{}}"#, "form").is_ok());
}

/// MRTR-08: a handler can leave out what the client cannot answer; asked together with what it
/// can, nothing is asked.
#[test]
fn mrtr_08_optional_questions() {
    let server = hosted(
        Server::builder("s", "1")
            .raw_tool(Tool::new("if"), |_: Value, cx: Context| async move {
                if cx.supports(ClientFeature::FormElicitation) {
                    cx.elicit("form", name_form()).await?;
                }
                Ok(cx.sample("model", question()).await?.model)
            })
            .raw_tool(Tool::new("all"), |_: Value, cx: Context| async move {
                let form = cx.elicit("form", name_form());
                let (form, _) = ask_all((form, cx.list_roots("roots"))).await?;
                Ok(form.action.to_string())
            }),
    );
    let client = Modern::with(&server, r#"{"sampling":{},"roots":{}}"#);
    assert_eq!(keys(&client.call("if").unwrap()), ["model"]);
    assert_eq!(client.call("all").unwrap_err().code().get(), -32021);
}

/// Whatever a handler makes of a missing answer, the question is asked; unless the handler does
/// without, or says what the client is to hear.
#[test]
fn a_missing_answer_is_no_failure() {
    let server = hosted(
        Server::builder("s", "1")
            .raw_tool(Tool::new("wraps"), |_: Value, cx: Context| async move {
                let asked = cx.elicit("q", name_form()).await;
                asked.map_err(|error| CallError::new(format!("cannot ask: {error}")))?;
                Ok("done")
            })
            .raw_tool(Tool::new("goes_on"), |_: Value, cx: Context| async move {
                let roots = cx.list_roots("q").await;
                Ok(if roots.is_ok() { "roots" } else { "no roots" })
            })
            .raw_tool(Tool::new("refuses"), |_: Value, cx: Context| async move {
                drop(cx.list_roots("q").await);
                Err::<(), _>(ErrorObject::invalid_params("no").into())
            }),
    );
    let client = Modern::new(&server);
    assert_eq!(client.call("wraps").unwrap()["resultType"], "input_required");
    assert_eq!(text(&client.call("goes_on").unwrap()), "no roots");
    assert_eq!(client.call("refuses").unwrap_err().message(), "no");
}

/// What an earlier round computed is not computed again.
#[test]
fn a_memo_is_made_once() {
    let made = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&made);
    let tool = move |_: Value, cx: Context| {
        let made = Arc::clone(&counted);
        async move {
            let next = || made.fetch_add(1, Ordering::Relaxed);
            let first = cx.memo("first", next)?;
            cx.elicit("one", name_form()).await?;
            let second = cx.memo_async("second", || async { Ok(next()) }).await?;
            let failed = cx.memo_async("failed", || async { Err::<u8, _>(CallError::new("no")) });
            assert!(failed.await.is_err(), "an error is not kept");
            cx.elicit("two", name_form()).await?;
            Ok(format!("{first} {second} {}", cx.memo("first", next)?))
        }
    };
    let server = hosted(Server::builder("s", "1").raw_tool(Tool::new("memo"), tool));
    let client = Modern::new(&server);
    let asked = client.call("memo").unwrap();
    let asked = client.retry("memo", &asked, &json!({"one": named("x")})).unwrap();
    let done = client.retry("memo", &asked, &json!({"two": named("x")})).unwrap();
    assert_eq!(text(&done), "0 1 0");
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

/// SAMP-06: deprecated values of `includeContext` are only for clients that declared them.
#[test]
fn samp_06_context_is_for_those_who_declared_it() {
    let tool = |_: Value, cx: Context| async move {
        let question = question().with_include_context(IncludeContext::ThisServer);
        Ok(cx.sample("q", question).await?.model)
    };
    let server = hosted(Server::builder("s", "1").raw_tool(Tool::new("ask"), tool));
    for (declared, expected) in
        [(r#"{"sampling":{}}"#, None), (r#"{"sampling":{"context":{}}}"#, Some("thisServer"))]
    {
        let asked = Modern::with(&server, declared).call("ask").unwrap();
        let params = &asked["inputRequests"]["q"]["params"];
        assert_eq!(params.get("includeContext").and_then(Value::as_str), expected);
        let legacy = Fixture::with(&server, Revision::V2025_11_25, declared);
        legacy.peer.answer(MODEL);
        legacy.tool("ask", "{}").unwrap();
        let (_, params) = legacy.peer.take().remove(0);
        assert_eq!(params.get("includeContext").and_then(Value::as_str), expected);
    }
}

/// ELIC-12: the id is for 2025-11-25 alone, which demands it.
#[test]
fn elic_12_the_id_of_a_url() {
    let tool = |_: Value, cx: Context| async move {
        let url = ElicitUrlParams::new("Sign in", "https://example.com");
        let url = ElicitParams::Url(url.with_elicitation_id("e-1"));
        Ok(cx.elicit("q", url).await?.action.to_string())
    };
    let server = hosted(Server::builder("s", "1").raw_tool(Tool::new("url"), tool));
    let asked = Modern::new(&server).call("url").unwrap();
    let expected = json!({"mode": "url", "message": "Sign in", "url": "https://example.com"});
    assert_eq!(asked["inputRequests"]["q"]["params"], expected);
    let legacy = Fixture::new(&server);
    legacy.peer.answer(r#"{"action":"accept"}"#);
    assert_eq!(text(&legacy.tool("url", "{}").unwrap()), "accept");
    assert_eq!(legacy.peer.take().remove(0).1["elicitationId"], "e-1");
}
