//! Requests of a protected server, whose tokens are verified in the glue.

use core::future::pending;
use core::time::Duration;

use http::{HeaderMap, Request};
use mcp_core::app::{Context, Handler, Host, Server};
use mcp_core::auth::{AccessToken, Principal, ResourceServer, Secret, VerifyError};
use mcp_core::driver::TokenVerifier;
use mcp_core::model::{ElicitParams, FormSchema, TextField, Tool};
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use crate::support::{Answer, Web, Whole, builder, headers, request};

const ME: &str = "https://mcp.example.com/mcp";

/// Knows a few tokens, and what to do when it sees them.
struct Table;

impl TokenVerifier for Table {
    async fn verify(&self, token: &Secret) -> Result<AccessToken, VerifyError> {
        let (subject, audience) = match token.expose() {
            "ada" | "bob" => (token.expose(), ME),
            "elsewhere" => ("ada", "https://other.example.com/mcp"),
            "slow" => pending().await,
            "panic" => panic!("as asked"),
            _ => return Err(VerifyError::Invalid),
        };
        let principal = Principal::new("https://as.example.com", subject);
        Ok(AccessToken::new(principal, audience).with_scopes("mcp:basic"))
    }
}

fn protected() -> Web {
    let whoami =
        |_: Value, cx: Context| async move { Ok(cx.principal().unwrap_or("nobody").to_owned()) };
    let server = builder()
        .raw_tool(Tool::new("whoami"), whoami)
        .raw_tool(Tool::new("delete"), |_: Value, _: Context| async { Ok("deleted") })
        .raw_tool(Tool::new("greet"), |_: Value, cx: Context| async move {
            let form = FormSchema::new().with_required_field("name", TextField::new());
            let answer = cx.elicit("who", ElicitParams::form("Who?", form)).await?;
            Ok(answer.value("name").and_then(|it| it.as_str()).unwrap_or("-").to_owned())
        })
        .build()
        .unwrap();
    server.hosted(&Host::new([7; 32], || UnixTime::EPOCH));
    let mut web = Web::with(server, |config| {
        let resource = ResourceServer::new(ME, ["https://as.example.com"]).unwrap();
        let resource = resource.with_scopes("mcp:basic").with_tool_scopes("delete", "mcp:write");
        config.resource = Some(resource.into());
    });
    web.service = web.service.clone().verifying(Table);
    web
}

fn send(web: &Web<Server>, token: &str, tool: &str) -> Answer {
    ask(web, token, &request(1, "tools/call", &json!({"name": tool, "arguments": {}})))
}

fn ask(web: &Web<Server>, token: &str, call: &Value) -> Answer {
    let mut headers = headers(call);
    headers.insert("origin", "http://localhost:6274".parse().unwrap());
    if !token.is_empty() {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    web.post_with(&headers, call)
}

/// AUTH-RS01..AUTH-RS04: through the whole service; case_73: pages can read why.
#[test]
fn case_73_tokens_are_verified_before_the_request() {
    let web = protected();
    for (token, tool, status, error) in [
        ("", "whoami", 401, "Bearer scope"),
        ("eve", "whoami", 401, "invalid_token"),
        ("elsewhere", "whoami", 401, "invalid_token"),
        ("a b", "whoami", 400, "invalid_request"),
        ("ada", "delete", 403, "insufficient_scope"),
        ("panic", "whoami", 503, ""),
    ] {
        let answer = send(&web, token, tool);
        assert_eq!(answer.status(), status, "{token}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains(error), "{challenge}");
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin.as_deref(), Some("http://localhost:6274"));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("www-authenticate"), "{exposed}");
    }
}

/// SEC-03, ELIC-36: the handler hears who it is from the token, whatever the request says of
/// itself.
#[test]
fn elic_36_the_principal_is_that_of_the_token() {
    let web = protected();
    for subject in ["ada", "bob"] {
        let said = send(&web, subject, "whoami").result();
        let expected = Principal::new("https://as.example.com", subject);
        assert_eq!(said["content"][0]["text"], expected.as_str());
    }
    let mut call = request(1, "tools/call", &json!({"name": "whoami", "arguments": {}}));
    call["params"]["principal"] = "bob".into();
    call["params"]["arguments"] = json!({"principal": "bob", "sub": "bob"});
    call["params"]["_meta"]["principal"] = "bob".into();
    call["params"]["_meta"]["io.modelcontextprotocol/clientInfo"]["name"] = "bob".into();
    let ada = Principal::new("https://as.example.com", "ada");
    assert_eq!(ask(&web, "ada", &call).result()["content"][0]["text"], ada.as_str());
}

/// MRTR-19, ELIC-29, SEC-03: over HTTP, what one principal was asked is of no use to another.
#[test]
fn mrtr_19_a_request_state_serves_nobody_else() {
    let web = protected();
    let form = json!({"elicitation": {}});
    let mut call = request(1, "tools/call", &json!({"name": "greet", "arguments": {}}));
    call["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = form;
    let asked = ask(&web, "ada", &call).result();
    assert_eq!(asked["resultType"], "input_required");
    call["params"]["requestState"] = asked["requestState"].clone();
    call["params"]["inputResponses"] =
        json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
    let (status, code, _) = ask(&web, "bob", &call).failure();
    assert_eq!((status, code), (200, -32602));
    assert_eq!(ask(&web, "", &call).status(), 401);
    let done = ask(&web, "ada", &call).result();
    assert_eq!(done["content"][0]["text"], "Ada");
}

/// A verifier that hangs does not keep its clients waiting for ever.
#[test]
fn verifying_takes_its_time_and_no_more() {
    let web = protected();
    let answer = send(&web, "slow", "whoami");
    assert!(!answer.has_begun());
    web.sim.advance(Duration::from_secs(31));
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
}

/// A resource without a verifier is closed, not open.
#[test]
fn nobody_is_let_in_unverified() {
    let server = builder().build().unwrap();
    let web = Web::with(server, |config| {
        let resource = ResourceServer::new(ME, ["https://as.example.com"]).unwrap();
        config.resource = Some(resource.into());
    });
    assert_eq!(send(&web, "ada", "echo").status(), 503);
    assert_eq!(send(&web, "", "echo").status(), 401);
}

/// case_75, SEC-01: a session of the legacy era through the glue; its handlers hear whose it is.
#[test]
fn case_75_sessions_are_bound_in_the_glue() {
    let web = protected();
    let post = |token: &str, session: Option<&str>, body: Value| {
        let mut head = HeaderMap::new();
        let fixed = [
            ("host", "localhost"),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        for (name, value) in fixed {
            head.insert(name, value.parse().unwrap());
        }
        head.insert("authorization", format!("Bearer {token}").parse().unwrap());
        if let Some(id) = session {
            head.insert("mcp-session-id", id.parse().unwrap());
        }
        web.post_with(&head, &body)
    };
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"},
    });
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
    let welcome = post("ada", None, initialize);
    let id = welcome.header("mcp-session-id").unwrap();
    let whoami = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "whoami", "arguments": {}}});
    assert_eq!(post("bob", Some(&id), whoami.clone()).status(), 404);
    let said = post("ada", Some(&id), whoami).result();
    let ada = Principal::new("https://as.example.com", "ada");
    assert_eq!(said["content"][0]["text"], ada.as_str());
}

/// The head a page would send, for the preflight that its browser sends first.
#[test]
fn case_73_a_preflight_passes_the_glue() {
    let web = protected();
    let head = Request::options("/mcp")
        .header("host", "localhost")
        .header("origin", "http://localhost:6274")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
        .body(Whole(None))
        .unwrap();
    let answer = web.send(head);
    assert_eq!(answer.status(), 204);
    let origin = answer.header("access-control-allow-origin");
    assert_eq!(origin.as_deref(), Some("http://localhost:6274"));
}
