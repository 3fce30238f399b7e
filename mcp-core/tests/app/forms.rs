//! Forms made of Rust types.

use mcp_core::app::{AskError, Context, Elicited, Server};
use mcp_core::model::Tool;
use mcp_core::revision::Revision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::modern::{Modern, hosted};
use crate::support::{Fixture, run};

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Person {
    /// How to call you.
    #[schemars(title = "Your name", length(min = 1, max = 20))]
    name: String,
    #[schemars(email)]
    email_address: Option<String>,
    #[schemars(range(max = 150))]
    age: Option<u8>,
    #[serde(default = "half")]
    score: f64,
    agrees: bool,
    colour: Colour,
    size: Option<Size>,
    #[schemars(length(min = 1))]
    toppings: Vec<Topping>,
}

const fn half() -> f64 {
    0.5
}

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// How large.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
enum Size {
    /// Small one
    S,
    /// Large one
    L,
}

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
enum Topping {
    Ham,
    Olives,
}

fn server<T: JsonSchema + for<'de> Deserialize<'de> + Serialize + Send + 'static>() -> Server {
    let tool = |_: Value, cx: Context| async move {
        Ok(match cx.elicit_form::<T>("form", "Who are you?").await? {
            Elicited::Accepted(it) => serde_json::to_string(&it)?,
            Elicited::Declined => "declined".into(),
            Elicited::Cancelled => "cancelled".into(),
        })
    };
    hosted(Server::builder("s", "1").raw_tool(Tool::new("form"), tool))
}

/// ELIC-06, ELIC-08: the form has the type's fields, in its order.
#[test]
fn elic_06_a_form_has_the_fields_of_the_type() {
    let asked = Modern::new(&server::<Person>()).call("form").unwrap();
    let params = &asked["inputRequests"]["form"]["params"];
    assert_eq!(params["message"], "Who are you?");
    let schema = &params["requestedSchema"];
    assert_eq!(schema["required"], json!(["name", "agrees", "colour", "toppings"]));
    assert_eq!(
        schema["properties"],
        json!({
            "name": {
                "type": "string", "title": "Your name", "description": "How to call you.",
                "minLength": 1, "maxLength": 20,
            },
            "emailAddress": {"type": "string", "format": "email"},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "score": {"type": "number", "default": 0.5},
            "agrees": {"type": "boolean"},
            "colour": {"type": "string", "enum": ["red", "green"]},
            "size": {
                "type": "string", "description": "How large.",
                "oneOf": [{"const": "S", "title": "Small one"}, {"const": "L", "title": "Large one"}],
            },
            "toppings": {
                "type": "array", "minItems": 1,
                "items": {"type": "string", "enum": ["Ham", "Olives"]},
            },
        })
    );
    let text = Fixture::at(&server::<Person>(), Revision::V2025_11_25);
    text.peer.answer(r#"{"action":"cancel"}"#);
    text.tool("form", "{}").unwrap();
    let sent = text.peer.take_raw().remove(0).params.unwrap();
    let order = ["name", "emailAddress", "age", "score", "agrees", "colour", "size", "toppings"];
    let found = order.map(|name| sent.as_str().find(&format!("\"{name}\":{{")).unwrap());
    assert!(found.is_sorted(), "{}", sent.as_str());
}

/// ELIC-14, ELIC-28: what is filled in is read as the type, or is the client's mistake.
#[test]
fn elic_28_the_answer_is_of_the_type() {
    let client = Modern::new(&server::<Person>());
    let send = |content: Value| {
        let answer = json!({"action": "accept", "content": content});
        let params = json!({"name": "form", "inputResponses": {"form": answer}});
        client.send(mcp_core::lifecycle::Method::ToolsCall, &params)
    };
    let full = json!({"name": "Ada", "emailAddress": "a@b.c", "age": 36.0, "score": 1, "agrees": true,
        "colour": "red", "size": "L", "toppings": ["Ham", "Olives"], "more": "x"});
    let person = |result: Value| -> Person {
        serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
    };
    let ada = person(send(full.clone()).unwrap());
    assert_eq!((ada.age, ada.score, ada.size), (Some(36), 1.0, Some(Size::L)));
    let least = json!({"name": "B", "agrees": false, "colour": "green", "toppings": ["Ham"]});
    let bob = person(send(least).unwrap());
    assert_eq!((bob.email_address, bob.score, bob.size), (None, 0.5, None));

    for (name, wrong, says) in [
        ("name", json!(""), "fewer than 1 characters"),
        ("name", json!("ä".repeat(21)), "more than 20 characters"),
        ("age", json!(1.5), "no whole number"),
        ("age", json!(151), "more than 150"),
        ("age", json!(-1), "less than 0"),
        ("score", json!("1"), "no number"),
        ("agrees", json!("yes"), "neither yes nor no"),
        ("colour", json!("blue"), "none of the options"),
        ("size", json!(["S"]), "none of the options"),
        ("toppings", json!([]), "fewer than 1 options"),
        ("toppings", json!(["Ham", "Rust"]), "none of the options"),
        ("toppings", json!(true), "no list of options"),
    ] {
        let mut content = full.clone();
        content[name] = wrong;
        let error = send(content).unwrap_err();
        assert_eq!(error.code().get(), -32602, "{name}");
        let expected = format!("`inputResponses.form`: `{name}` ");
        assert!(error.message().contains(&expected), "{error}");
        assert!(error.message().contains(says), "{error}");
    }
}

/// ELIC-14: three answers, in both eras.
#[test]
fn elic_14_declined_and_cancelled() {
    let server = server::<Person>();
    for (action, expected) in [("decline", "declined"), ("cancel", "cancelled")] {
        let params = json!({"name": "form", "inputResponses": {"form": {"action": action}}});
        let method = mcp_core::lifecycle::Method::ToolsCall;
        let modern = Modern::new(&server).send(method, &params).unwrap();
        let legacy = Fixture::new(&server);
        legacy.peer.answer(match action {
            "decline" => r#"{"action":"decline"}"#,
            _ => r#"{"action":"cancel"}"#,
        });
        for result in [modern, legacy.tool("form", "{}").unwrap()] {
            assert_eq!(result["content"][0]["text"], expected);
        }
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Order {
    toppings: Vec<Topping>,
    colour: Colour,
}

/// ELIC-07: for 2025-06-18 several options are asked as one; ELIC-28 holds in the legacy era too.
#[test]
fn elic_07_the_oldest_forms() {
    let fixture = Fixture::at(&server::<Order>(), Revision::V2025_06_18);
    fixture.peer.answer(r#"{"action":"accept","content":{"toppings":"Ham","colour":"red"}}"#);
    fixture.peer.answer(r#"{"action":"accept","content":{"toppings":"Rust","colour":"red"}}"#);
    let result = fixture.tool("form", "{}").unwrap();
    assert_eq!(result["content"][0]["text"], r#"{"toppings":["Ham"],"colour":"red"}"#);
    let sent = fixture.peer.take().remove(0).1;
    let toppings = &sent["requestedSchema"]["properties"]["toppings"];
    assert_eq!(*toppings, json!({"type": "string", "enum": ["Ham", "Olives"]}));
    let result = fixture.tool("form", "{}").unwrap();
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("`toppings` is none of the options"), "{text}");
}

/// ELIC-06: a type that is not flat is refused before anybody is asked, with the field's name.
#[test]
fn elic_06_a_form_is_flat() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Nested {
        name: String,
        address: Order,
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct List {
        names: Option<Vec<String>>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Data {
        choice: Choice,
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    enum Choice {
        One,
        Two { x: u8 },
    }

    fn problem<T: JsonSchema + for<'de> Deserialize<'de> + 'static>() -> String {
        let fixture = Fixture::new(&server::<Order>());
        let asked = run(fixture.cx().elicit_form::<T>("form", "?"));
        assert!(fixture.peer.take().is_empty());
        match asked {
            Err(AskError::Question(problem)) => problem,
            _ => panic!("the form was asked"),
        }
    }
    assert!(problem::<Nested>().starts_with("`address` is no text"));
    assert!(problem::<List>().starts_with("`names` is no text"));
    assert!(problem::<Data>().starts_with("`choice` is no text"));
    assert!(problem::<String>().contains("struct"));
    assert!(problem::<Vec<Order>>().contains("struct"));
}

/// ELIC-06: and so is a form that was made by hand.
#[test]
fn elic_06_a_raw_form_is_flat() {
    use mcp_core::model::{ElicitParams, RawObject};
    let fixture = Fixture::new(&server::<Order>());
    for schema in [
        r#"{"type":"object","properties":{"a":{"type":"object","properties":{}}}}"#,
        r#"{"type":"array","items":{}}"#,
        "{}",
    ] {
        let form = ElicitParams::form("?", schema.parse::<RawObject>().unwrap());
        let asked = run(fixture.cx().elicit("form", form));
        assert!(matches!(asked, Err(AskError::Question(_))), "{schema}");
    }
    for url in ["", "example.com", "/a", "1:b"] {
        let asked = run(fixture.cx().elicit("url", ElicitParams::url("?", url)));
        assert!(matches!(asked, Err(AskError::Question(_))), "{url}");
    }
    assert!(fixture.peer.take().is_empty());
}
