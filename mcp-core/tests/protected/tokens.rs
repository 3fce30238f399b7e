//! Who is let in, and what the others hear.

use http::Request;
use mcp_core::auth::{AccessToken, Principal, VerifyError};
use mcp_core::transport::http::Admission;

use crate::support::{ME, Web, token};

const METADATA: &str =
    "resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"";

fn requests() -> [http::request::Builder; 5] {
    let bare = |method: &str, path: &str| {
        Request::builder().method(method).uri(path).header("host", "localhost")
    };
    [
        Web::posting("/mcp"),
        bare("GET", "/mcp").header("mcp-session-id", "x"),
        bare("DELETE", "/mcp").header("mcp-session-id", "x"),
        bare("GET", "/sse"),
        Web::posting("/messages?session_id=x"),
    ]
}

/// AUTH-RS01, AUTH-RS03, AUTH-RS07, AUTH-RS08, AUTH-RS09: before anything else is looked at.
#[test]
fn without_a_token_nothing_is_served() {
    let web = Web::protected();
    for request in requests() {
        let said = web.rejected(request);
        assert_eq!(said.status, 401);
        assert_eq!(
            said.header("www-authenticate"),
            format!("Bearer scope=\"mcp:basic\", {METADATA}")
        );
        assert_eq!(said.json()["error"]["code"], -32600);
    }
    assert_eq!(web.0.sessions(), 0);
}

/// AUTH-RS02: what makes no sense is 400, and a token in the URI makes none, nor do two.
#[test]
fn a_malformed_authorization_is_400() {
    let web = Web::protected();
    let with = |header: &str| Web::posting("/mcp").header("authorization", header);
    for request in [
        with("Basic YTpi"),
        with("Bearer"),
        with("Bearer a b"),
        with("Bearer a").header("authorization", "Bearer b"),
        Web::posting("/mcp?access_token=a"),
        Web::posting("/mcp?x=y&access_token=a").header("authorization", "Bearer a"),
    ] {
        let said = web.rejected(request);
        assert_eq!(said.status, 400);
        assert!(said.header("www-authenticate").contains("error=\"invalid_request\""));
    }
}

/// AUTH-RS01, AUTH-RS02, AUTH-RS04: what is found out of a token decides.
#[test]
fn a_token_must_be_good_and_for_this_server() {
    let web = Web::protected();
    let other = AccessToken::new(
        Principal::new("https://as.example.com", "ada"),
        "https://other.example.com/mcp",
    );
    for (verified, status, error) in [
        (Err(VerifyError::Invalid), 401, "invalid_token"),
        (Ok(other.with_scopes("mcp:basic")), 401, "invalid_token"),
        (Ok(token("ada", "mcp:write")), 403, "insufficient_scope"),
        (Err(VerifyError::Unavailable), 503, ""),
    ] {
        for request in requests() {
            let Admission::Reject(response) = web.verified(request, verified.clone()) else {
                panic!("let in");
            };
            assert_eq!(response.status(), status);
            let challenge = response.headers().get("www-authenticate");
            let challenge = challenge.map_or("", |value| value.to_str().unwrap());
            assert!(challenge.contains(error), "{challenge}");
            assert_eq!(challenge.contains(METADATA), status != 503);
            assert_eq!(response.headers().contains_key("retry-after"), status == 503);
        }
    }
    let good = web.verified(Web::posting("/mcp"), Ok(token("ada", "mcp:basic")));
    assert!(matches!(good, Admission::ReadBody(_)));
    // AUTH-RS13
    let admin = web.verified(Web::posting("/mcp"), Ok(token("ada", "mcp:admin")));
    assert!(matches!(admin, Admission::ReadBody(_)));
}

/// AUTH-RS06, AUTH-RS08: the metadata is there for whoever has no token yet.
#[test]
fn the_metadata_is_published() {
    let web = Web::protected();
    for path in
        ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
    {
        let said = web.rejected(Request::get(path).header("host", "localhost"));
        assert_eq!(said.status, 200);
        assert_eq!(said.header("content-type"), "application/json");
        let metadata = said.json();
        assert_eq!(metadata["resource"], ME);
        assert_eq!(metadata["authorization_servers"][0], "https://as.example.com");
        let said = web.rejected(Request::post(path).header("host", "localhost"));
        assert_eq!((said.status.as_u16(), said.header("allow")), (405, "GET, HEAD"));
    }
    let open = Web::with(|_| {});
    let path = "/.well-known/oauth-protected-resource";
    assert_eq!(open.rejected(Request::get(path).header("host", "localhost")).status, 404);
}
