//! `requestState`: what it is good for, and what it is not.

use core::time::Duration;

use mcp_core::app::{Context, Handler, Server, ServerBuilder};
use mcp_core::lifecycle::Method;
use mcp_core::model::{Prompt, Tool};
use serde_json::{Value, json};

use crate::modern::{
    Clock, Modern, answers, greet, greeter, hosted, name_form, named, steps, text,
};
use crate::support::run;

fn refused(client: &Modern, params: &Value) -> String {
    let error = client.send(Method::ToolsCall, params).unwrap_err();
    assert_eq!(error.code().get(), -32602, "{error}");
    error.message().to_owned()
}

const FOREIGN: &str = "`requestState` was not issued for this request, or was altered";

/// MRTR-17, MRTR-18: no byte of the state can be changed, and anything else is refused.
#[test]
fn mrtr_18_altered_state_is_refused() {
    let client = Modern::new(&hosted(steps()));
    let asked = client.call("steps").unwrap();
    let state = asked["requestState"].as_str().unwrap();
    let send = |state: &str| {
        let input = json!({"step1": named("Ada")});
        json!({"name": "steps", "requestState": state, "inputResponses": input})
    };
    for (at, byte) in state.char_indices() {
        let other = if byte == 'A' { "B" } else { "A" };
        let mut altered = state.to_owned();
        altered.replace_range(at..=at, other);
        assert_eq!(refused(&client, &send(&altered)), FOREIGN, "{at}");
        assert_eq!(refused(&client, &send(&state[..at])), FOREIGN, "{at}");
    }
    for wrong in ["", "-TAMPERED", "=", " ", "{}", "\u{1f980}", &"A".repeat(300_000)] {
        assert_eq!(refused(&client, &send(wrong)), FOREIGN);
        assert_eq!(refused(&client, &send(&format!("{state}{wrong}x"))), FOREIGN);
    }
    for wrong in [json!(null), json!(1), json!({})] {
        let params = json!({"name": "steps", "requestState": wrong});
        assert!(refused(&client, &params).contains("requestState"));
    }
}

/// MRTR-19: a state is good for the request it was issued for and no other.
#[test]
fn mrtr_19_state_belongs_to_its_request() {
    let server = hosted(steps().raw_tool(Tool::new("greet"), greet).prompt(
        Prompt::new("steps"),
        |_: Value, cx: Context| async move {
            Ok(cx.elicit("step1", name_form()).await?.action.to_string())
        },
    ));
    let client = Modern::new(&server);
    let call = json!({"name": "steps", "arguments": {"a": 1, "b": [true]}});
    let asked = client.send(Method::ToolsCall, &call).unwrap();
    let state = asked["requestState"].as_str().unwrap();
    let with = |rest: &str| {
        answers(&format!(r#"{{"requestState":"{state}",{rest},"inputResponses":{{}}}}"#))
    };
    for wrong in [
        r#""name":"greet","arguments":{"a":1,"b":[true]}"#,
        r#""name":"steps","arguments":{"a":2,"b":[true]}"#,
        r#""name":"steps","arguments":{"a":1}"#,
        r#""name":"steps""#,
    ] {
        assert_eq!(refused(&client, &with(wrong)), FOREIGN, "{wrong}");
    }
    let same = with(r#""arguments":{"b":[true],"a":1},"_meta":{"x":1},"name":"steps""#);
    let asked = client.send(Method::ToolsCall, &same).unwrap();
    assert!(asked["inputRequests"]["step1"].is_object());

    // Of another method, and of another server with the same key.
    let plain = client.call("steps").unwrap();
    let params = json!({"name": "steps", "requestState": plain["requestState"]});
    let error = client.send(Method::PromptsGet, &params).unwrap_err();
    assert_eq!(error.message(), FOREIGN);
    let tool = Tool::new("steps");
    let other = hosted(Server::builder("other", "1").raw_tool(tool, greet));
    assert_eq!(refused(&Modern::new(&other), &params), FOREIGN);
}

/// MRTR-19, ELIC-29: a state is of no use to anybody else.
#[test]
fn mrtr_19_state_belongs_to_its_principal() {
    let server = hosted(steps());
    let client = Modern::new(&server);
    let send = |principal: Option<&str>, state: &Value| {
        let mut params = json!({"name": "steps"});
        if !state.is_null() {
            params["requestState"] = state.clone();
        }
        let cx = match principal {
            Some(principal) => client.0.cx().with_principal(principal),
            None => client.0.cx(),
        };
        let reply = run(server.call(cx, Method::ToolsCall, Some(params.into())));
        reply.map(|json| json.to::<Value>().unwrap())
    };
    let principals = [None, Some(""), Some("ada"), Some("bob")];
    for owner in principals {
        let asked = send(owner, &Value::Null).unwrap();
        for other in principals {
            let reply = send(other, &asked["requestState"]);
            assert_eq!(reply.is_ok(), owner == other, "{owner:?} {other:?}");
        }
    }
}

/// MRTR-19: a state has its time.
#[test]
fn mrtr_19_state_expires() {
    let clock = Clock::default();
    clock.forward(1_785_000_000);
    let server = steps().state_lifetime(Duration::from_secs(60)).build().unwrap();
    server.hosted(&clock.host(1));
    let client = Modern::new(&server);
    let asked = client.call("steps").unwrap();
    let answer = json!({"step1": named("Ada")});
    clock.forward(59);
    let second = client.retry("steps", &asked, &answer).unwrap();
    clock.forward(1);
    let params = json!({"name": "steps", "requestState": asked["requestState"]});
    assert!(refused(&client, &params).contains("expired"));
    // Each round has its own.
    let last = json!({"step2": named("Bob")});
    assert_eq!(text(&client.retry("steps", &second, &last).unwrap()), "Ada Bob");
}

/// Servers with the same key serve each other's rounds, those with random keys do not; a key can
/// be changed while they run.
#[test]
fn keys_are_shared_and_changed() {
    let clock = Clock::default();
    let start = |builder: ServerBuilder, seed| {
        let server = builder.build().unwrap();
        server.hosted(&clock.host(seed));
        // The first host counts.
        server.hosted(&clock.host(99));
        Modern::new(&server)
    };
    let (old, new) = ([7; 32], [8; 32]);
    let random = [start(steps(), 1), start(steps(), 2), start(steps(), 99)];
    let keyed = [start(steps().state_key(old), 1), start(steps().state_key(old), 2)];
    let changed = start(steps().accepted_state_key(old).state_key(new), 1);
    let accepts = start(steps().accepted_state_key(old), 5);
    let passes = |from: &Modern, to: &Modern| {
        let asked = from.call("steps").unwrap();
        to.retry("steps", &asked, &json!({"step1": named("Ada")})).is_ok()
    };
    assert!(passes(&random[0], &random[0]) && passes(&keyed[0], &keyed[1]));
    assert!(!passes(&random[0], &random[1]) && !passes(&random[0], &random[2]));
    assert!(!passes(&keyed[0], &random[0]) && !passes(&random[0], &keyed[0]));
    assert!(passes(&keyed[0], &changed) && !passes(&changed, &keyed[0]));
    assert!(passes(&keyed[0], &accepts) && !passes(&accepts, &keyed[0]));
}

/// A state has a bound in both directions.
#[test]
fn state_is_bounded() {
    let client = Modern::new(&hosted(steps().max_state_bytes(200)));
    let asked = client.call("steps").unwrap();
    let long = json!({"step1": named(&"x".repeat(200))});
    let error = client.retry("steps", &asked, &long).unwrap_err();
    assert_eq!(error.code().get(), -32603);
    let short = json!({"step1": named("x")});
    let asked = client.retry("steps", &asked, &short).unwrap();
    assert!(asked["requestState"].as_str().unwrap().len() <= 200);
}

/// A server that nobody gave a clock says so, and not only to those who send a state.
#[test]
fn a_server_without_host_cannot_ask() {
    let client = Modern::new(&greeter().build().unwrap());
    let error = client.call("greet").unwrap_err();
    assert_eq!(error.code().get(), -32603);
    assert!(error.message().contains("hosted"));
    let params = json!({"name": "greet", "requestState": "x"});
    let error = client.send(Method::ToolsCall, &params).unwrap_err();
    assert_eq!(error.code().get(), -32603);
}
