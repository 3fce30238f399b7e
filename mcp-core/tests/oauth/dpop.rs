//! Tokens that are bound to a key (RFC 9449).

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Request};
use mcp_core::auth::{Attempt, AuthError, Es256, Verdict};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::*;

fn world() -> World {
    let key = Arc::new(Es256::from_bytes(&[9; 32]).unwrap());
    let mut world = World::new(config().with_dpop(key));
    world.advertise("dpop_signing_alg_values_supported", json!(["ES256"]));
    world.tokens = json!({"access_token": "bound", "token_type": "DPoP"});
    world
}

fn proof(headers: &HeaderMap) -> (Value, Value) {
    jwt(headers["dpop"].to_str().unwrap())
}

fn sent(world: &mut World, attempt: &mut Attempt) -> Request<()> {
    let mut request = Request::post("https://mcp.example.com/mcp?a=b").body(()).unwrap();
    world.auth.authorize(world.now, attempt, &mut request).unwrap();
    request
}

fn nonce(status: &str, nonce: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("www-authenticate", format!("DPoP error=\"{status}\"").parse().unwrap());
    headers.insert("dpop-nonce", nonce.parse().unwrap());
    headers
}

#[test]
fn each_request_has_a_proof_of_its_own() {
    let mut world = world();
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let (header, claims) = proof(world.log.last().unwrap().headers());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
    assert_eq!(header["jwk"]["kty"], "EC");
    assert_eq!(header["jwk"].as_object().unwrap().len(), 4, "nothing private");
    assert_eq!(
        (&claims["htm"], &claims["htu"]),
        (&json!("POST"), &json!("https://as.example.com/token"))
    );
    assert_eq!(claims["iat"], 1_785_000_000);
    assert!(claims.get("ath").is_none());

    let mut seen = BTreeSet::from([claims["jti"].to_string()]);
    for _ in 0..3 {
        let request = sent(&mut world, &mut Attempt::new("x"));
        assert_eq!(request.headers()["authorization"], "DPoP bound");
        let (_, claims) = proof(request.headers());
        assert_eq!(claims["htu"], "https://mcp.example.com/mcp");
        assert_eq!(claims["ath"], URL_SAFE_NO_PAD.encode(Sha256::digest("bound")));
        assert!(seen.insert(claims["jti"].to_string()));
    }
}

/// RFC 9449, 8: the authorization server's nonce, fresh for each try, and not for ever.
#[test]
fn the_token_endpoint_may_want_a_nonce() {
    let refusal = |nonce: &str| {
        let mut response = reply(400, &json!({"error": "use_dpop_nonce"}));
        response.headers_mut().insert("dpop-nonce", nonce.parse().unwrap());
        response
    };
    let mut world = world();
    world.answers.push_back(refusal("n1"));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let nonces = |world: &World| -> Vec<Value> {
        let posts = world.log.iter().filter(|it| it.uri().path() == "/token");
        posts.map(|it| proof(it.headers()).1["nonce"].clone()).collect()
    };
    assert_eq!(nonces(&world), [Value::Null, json!("n1")]);
    assert_eq!(world.token_requests()[0]["code"], world.token_requests()[1]["code"]);
    // It is the authorization server's alone.
    let request = sent(&mut world, &mut Attempt::new("x"));
    assert_eq!(proof(request.headers()).1.get("nonce"), None);

    for answers in [["n1", "n1", "n1", "n1"], ["n1", "n2", "n3", "n4"]] {
        let mut world = self::world();
        world.answers.extend(answers.map(refusal));
        assert_eq!(world.challenged(&challenge("")), Err(AuthError::NonceLoop));
        assert!(world.token_requests().len() <= 3);
    }
}

/// RFC 9449, 9: the MCP server's nonce, from a refusal or from an answer that brings the next.
#[test]
fn the_mcp_server_may_want_a_nonce() {
    let mut world = world();
    world.challenged(&challenge("")).unwrap();
    let mut attempt = Attempt::new("x");
    sent(&mut world, &mut attempt);
    let verdict = world.refuse(&mut attempt, 401, &nonce("use_dpop_nonce", "r1"));
    assert_eq!(verdict, Verdict::Retry);
    assert_eq!(proof(sent(&mut world, &mut attempt).headers()).1["nonce"], "r1");
    let mut next = HeaderMap::new();
    next.insert("dpop-nonce", "r2".parse().unwrap());
    assert_eq!(world.refuse(&mut attempt, 200, &next), Verdict::Pass);
    assert_eq!(proof(sent(&mut world, &mut attempt).headers()).1["nonce"], "r2");
    assert_eq!(world.run(), None, "no flow is needed for it");

    let mut attempt = Attempt::new("x");
    let mut tries = 0;
    let verdict = loop {
        sent(&mut world, &mut attempt);
        tries += 1;
        let verdict =
            world.refuse(&mut attempt, 401, &nonce("use_dpop_nonce", &format!("x{tries}")));
        if verdict != Verdict::Retry {
            break verdict;
        }
    };
    assert_eq!((verdict, tries), (Verdict::Refused(AuthError::NonceLoop), 4));
}

/// A token that is not bound, though a proof was sent, is not used; nor is a bound one without key.
#[test]
fn a_token_is_bound_or_refused() {
    let mut world = world();
    world.tokens = json!({"access_token": "free", "token_type": "Bearer"});
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NotBound));
    assert_eq!(world.token(), None);

    let mut world = World::new(config());
    world.tokens = json!({"access_token": "bound", "token_type": "DPoP"});
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NotBound));
    let headers = nonce("invalid_token", "n");
    assert_eq!(world.challenged(&headers), Err(AuthError::NeedsDpop));
}

/// Where the authorization server knows nothing of it, tokens are as ever.
#[test]
fn without_support_tokens_bear() {
    let mut world = world();
    world.advertise("dpop_signing_alg_values_supported", json!(["RS256"]));
    world.tokens = json!({"access_token": "free", "token_type": "Bearer"});
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert!(!world.log.last().unwrap().headers().contains_key("dpop"));
    assert_eq!(world.token().as_deref(), Some("Bearer free"));
}
