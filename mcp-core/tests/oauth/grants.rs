//! Tokens without a person.

use std::sync::Arc;

use mcp_core::auth::{
    AuthError, ClientCredentials, Es256, Grant, IdentityProvider, OAuthConfig, Secret,
};
use serde_json::json;

use crate::support::*;

fn by_hand() -> ClientCredentials {
    ClientCredentials::new("the-client").with_secret(Secret::new("the-secret"))
}

fn of_grant(grant: Grant, client: ClientCredentials, method: &str) -> World {
    let config = OAuthConfig::new(SERVER).unwrap().with_grant(grant).with_client(client);
    let mut world = World::new(config);
    world.advertise("token_endpoint_auth_methods_supported", json!([method]));
    // None of it is needed without a person.
    world.advertise("authorization_endpoint", json!(null));
    world.advertise("code_challenge_methods_supported", json!(null));
    world
}

/// AUTH-X01, AUTH-X02, AUTH-X04, AUTH-C14: the client speaks for itself, over HTTP, found by the same discovery.
#[test]
fn a_client_speaks_for_itself() {
    let mut world = of_grant(Grant::ClientCredentials, by_hand(), "client_secret_basic");
    assert_eq!(world.challenged(&challenge("scope=\"a b\"")), Ok(()));
    let request = &world.token_requests()[0];
    assert_eq!(request["grant_type"], "client_credentials");
    assert_eq!(request["scope"], "a b");
    assert_eq!(request["resource"], SERVER);
    let header = world.log.last().unwrap().headers()["authorization"].to_str().unwrap();
    assert_eq!(header, "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0");
    assert!(world.opened.is_empty());
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
}

/// AUTH-X02, AUTH-X03, AUTH-X04: with a key, and no registration ever.
#[test]
fn a_client_signs_for_itself() {
    let key = Arc::new(Es256::from_bytes(&[9; 32]).unwrap());
    let client = ClientCredentials::new("the-client").with_key(key);
    let mut world = of_grant(Grant::ClientCredentials, client, "private_key_jwt");
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let request = &world.token_requests()[0];
    assert_eq!(request["grant_type"], "client_credentials");
    assert_eq!(
        request["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(request["resource"], SERVER);
    assert_eq!(jwt(&request["client_assertion"]).1["aud"], ISSUER);

    let config = OAuthConfig::new(SERVER).unwrap().with_grant(Grant::ClientCredentials);
    let mut world = World::new(config);
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoRegistration));
    assert!(world.log.iter().all(|it| it.method() == "GET"), "it registers nowhere");
}

fn enterprise() -> World {
    let provider = IdentityProvider::new(
        "https://idp.example.com/token",
        ClientCredentials::new("at-the-idp"),
        Secret::new("id-token"),
    );
    of_grant(Grant::EnterpriseManaged(provider.unwrap()), by_hand(), "client_secret_basic")
}

/// AUTH-X05, AUTH-X06, AUTH-X07: an ID token becomes an ID-JAG for the server's issuer, and that a token.
#[test]
fn an_enterprise_decides() {
    let mut world = enterprise();
    let id_jag = "urn:ietf:params:oauth:token-type:id-jag";
    world.answers.push_back(reply(
        200,
        &json!({"access_token": "the-jag", "issued_token_type": id_jag, "token_type": "N_A"}),
    ));
    assert_eq!(world.challenged(&challenge("scope=\"a\"")), Ok(()));
    let [exchange, redeem] = &world.token_requests()[..] else { panic!() };
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", id_jag),
        ("audience", ISSUER),
        ("resource", SERVER),
        ("subject_token", "id-token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("client_id", "at-the-idp"),
        ("scope", "a"),
    ] {
        assert_eq!(exchange[name], value, "{name}");
    }
    assert_eq!(redeem["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(redeem["assertion"], "the-jag");
    let [.., at_provider, at_server] = &world.log[..] else { panic!() };
    assert_eq!(at_provider.uri(), "https://idp.example.com/token");
    assert!(!at_provider.headers().contains_key("authorization"), "the secret is the server's");
    assert!(at_server.headers().contains_key("authorization"));
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
}

/// AUTH-X05: what is no ID-JAG goes nowhere.
#[test]
fn another_token_is_no_id_jag() {
    let mut world = enterprise();
    world.answers.push_back(reply(200, &json!({"access_token": "x", "token_type": "Bearer"})));
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::BadResponse("identity provider")));
    assert_eq!(world.token_requests().len(), 1);

    let mut world = enterprise();
    world.answers.push_back(reply(400, &json!({"error": "invalid_grant"})));
    assert!(matches!(world.challenged(&challenge("")), Err(AuthError::TokenRefused(_))));
    assert!(IdentityProvider::new("http://idp.example.com", by_hand(), Secret::new("x")).is_err());
}

/// AUTH-X06: a workload's assertion is tried once, and nothing instead of it.
#[test]
fn a_workload_shows_its_identity() {
    let client = ClientCredentials::new("the-workload");
    let grant = Grant::JwtBearer(Secret::new("the-jwt"));
    let mut world = of_grant(grant, client.clone(), "none");
    world.advertise("registration_endpoint", json!(null));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let request = &world.token_requests()[0];
    assert_eq!(request["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(request["assertion"], "the-jwt");
    assert_eq!(request["client_id"], "the-workload");

    for code in ["invalid_grant", "invalid_scope", "unauthorized_client", "invalid_client"] {
        let mut world = of_grant(Grant::JwtBearer(Secret::new("the-jwt")), client.clone(), "none");
        world.answers.push_back(reply(400, &json!({"error": code})));
        let error = world.challenged(&challenge("")).unwrap_err();
        assert_eq!(error.to_string(), format!("the token endpoint refused: {code}"));
        assert_eq!(world.token_requests().len(), 1);
        world.auth.set_grant(Grant::JwtBearer(Secret::new("the-next-jwt")));
        assert_eq!(world.challenged(&challenge("")), Ok(()));
        assert_eq!(world.token_requests()[1]["assertion"], "the-next-jwt");
    }
    // The assertion says who it is: no id is needed.
    let config = OAuthConfig::new(SERVER).unwrap();
    let mut world = World::new(config.with_grant(Grant::JwtBearer(Secret::new("the-jwt"))));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert!(!world.token_requests()[0].contains_key("client_id"));
}
