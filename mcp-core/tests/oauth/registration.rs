//! Who the client is at an authorization server.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_core::auth::{
    AuthError, AuthFault, Authorizer, ClientCredentials, Es256, InvalidOAuth, OAuthConfig, Secret,
};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use crate::support::*;

const DOCUMENT: &str = "https://client.example.com/oauth.json";

fn registered(world: &World) -> Value {
    let request = world.log.iter().find(|it| it.uri().path().ends_with("/register"));
    request.map_or(Value::Null, |it| serde_json::from_slice(it.body()).unwrap())
}

/// AUTH-C08, AUTH-C26..C28, AUTH-C47: what a client says of itself.
#[test]
fn a_client_registers_itself() {
    let mut world = World::new(config().with_client_name("Editor"));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(
        registered(&world),
        json!({
            "client_name": "Editor",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        })
    );

    let config = OAuthConfig::new(SERVER).unwrap();
    let mut world = World::new(config.with_redirect_uri("https://app.example.com/cb").unwrap());
    world.advertise("grant_types_supported", json!(["authorization_code"]));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(registered(&world)["application_type"], "web");
    assert_eq!(registered(&world)["grant_types"], json!(["authorization_code"]));
}

/// AUTH-C07, AUTH-C24: redirects are https or to this machine; document ids are https with a path.
#[test]
fn a_configuration_is_checked() {
    for bad in ["http://app.example.com/cb", "myapp://cb", "javascript:x", "https://h/#x", ""] {
        assert!(matches!(config().with_redirect_uri(bad), Err(InvalidOAuth::Url(_))), "{bad}");
    }
    for bad in
        ["https://client.example.com", "https://client.example.com/", "http://c.example.com/x", "x"]
    {
        let refused = config().with_metadata_document(bad);
        assert!(matches!(refused, Err(InvalidOAuth::MetadataDocument(_))), "{bad}");
    }
    assert!(OAuthConfig::new("mcp.example.com").is_err());
    assert!(Es256::from_pem("-----BEGIN PRIVATE KEY-----").is_err());
}

/// AUTH-C22..C25: the document's URL is the id where the server takes it, else registration.
#[test]
fn a_metadata_document_comes_before_registration() {
    let config = config().with_metadata_document(DOCUMENT).unwrap();
    let document: Value = serde_json::from_str(&config.metadata_document().unwrap()).unwrap();
    assert_eq!(document["client_id"], DOCUMENT);
    assert_eq!(document["client_name"], "MCP client");
    assert_eq!(document["redirect_uris"], json!([REDIRECT]));

    let mut world = World::new(config.clone());
    world.advertise("client_id_metadata_document_supported", json!(true));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(query(&world.opened[0])["client_id"], DOCUMENT);
    assert_eq!(world.token_requests()[0]["client_id"], DOCUMENT);
    assert!(registered(&world).is_null());

    let mut world = World::new(config);
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(query(&world.opened[0])["client_id"], "registered");
}

/// AUTH-C22, AUTH-C23, AUTH-C30: what was registered by hand comes first, at its issuer.
#[test]
fn credentials_by_hand_come_first() {
    let client = ClientCredentials::new("by-hand").for_issuer(ISSUER);
    let config = config().with_client(client).with_metadata_document(DOCUMENT).unwrap();
    let mut world = World::new(config);
    world.advertise("client_id_metadata_document_supported", json!(true));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(query(&world.opened[0])["client_id"], "by-hand");
}

/// AUTH-C30..C32: credentials of one issuer go to no other, and that is said.
#[test]
fn credentials_of_another_issuer_are_not_used() {
    let client = ClientCredentials::new("by-hand")
        .with_secret(Secret::new("hush"))
        .for_issuer("https://old.example.com");
    let mut world = World::new(config().with_client(client));
    world.advertise("registration_endpoint", json!(null));
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(error, AuthError::CredentialsOfAnotherIssuer);
    assert_eq!(error.fault(), AuthFault::Configuration);
    assert!(world.opened.is_empty() && world.token_requests().is_empty());

    // Without an issuer they belong to the first that asked for them.
    let client = ClientCredentials::new("by-hand").with_secret(Secret::new("hush"));
    let mut world = World::new(config().with_client(client));
    world.advertise("registration_endpoint", json!(null));
    world.advertise("token_endpoint_auth_methods_supported", json!(null));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let new = "https://new.example.com";
    world.page(PRM, json!({"resource": SERVER, "authorization_servers": [new]}));
    let mut metadata = server_metadata(new);
    metadata["registration_endpoint"] = Value::Null;
    world.page(&format!("{new}/.well-known/oauth-authorization-server"), metadata);
    assert_eq!(world.challenged_again(), Err(AuthError::CredentialsOfAnotherIssuer));
    assert!(world.fetched().iter().all(|it| !it.contains("new.example.com/token")));
}

/// AUTH-C48: by the method that the server takes, from a registration or by hand.
#[test]
fn clients_authenticate_as_the_server_likes() {
    let basic = format!("Basic {}", STANDARD.encode("the%20id:s%3Acret"));
    for (method, header, secret) in [
        ("client_secret_basic", Some(basic.as_str()), None),
        ("client_secret_post", None, Some("s:cret")),
        ("none", None, None),
    ] {
        let by_hand = ClientCredentials::new("the id").with_secret(Secret::new("s:cret"));
        for config in [config(), config().with_client(by_hand)] {
            let is_dynamic = format!("{config:?}").contains("clients: []");
            let mut world = World::new(config);
            world.advertise("token_endpoint_auth_methods_supported", json!([method]));
            world.registration = reply(
                201,
                &json!({"client_id": "the id", "client_secret": "s:cret", "client_secret_expires_at": 0}),
            );
            let outcome = world.challenged(&challenge(""));
            if method == "none" && !is_dynamic {
                assert_eq!(outcome, Err(AuthError::NoAuthMethod));
                continue;
            }
            assert_eq!(outcome, Ok(()));
            let request = world.log.last().unwrap();
            let found = request.headers().get("authorization").map(|it| it.to_str().unwrap());
            assert_eq!(found, header, "{method}");
            assert_eq!(form(request).get("client_secret").map(String::as_str), secret);
            assert_eq!(form(request).contains_key("client_id"), header.is_none());
        }
    }
}

/// AUTH-C48: what the registration says counts more than what was asked for.
#[test]
fn the_registration_names_the_method() {
    let mut world = World::new(config());
    world.advertise("token_endpoint_auth_methods_supported", json!(null));
    world.registration = reply(
        201,
        &json!({"client_id": "x", "client_secret": "y", "token_endpoint_auth_method": "client_secret_post"}),
    );
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(world.token_requests()[0]["client_secret"], "y");

    for (body, expected) in [
        (json!({"client_id": "x"}), AuthError::BadResponse("registration endpoint")),
        (
            json!({"client_id": "x", "client_secret": "y", "token_endpoint_auth_method": "tls_client_auth"}),
            AuthError::NoAuthMethod,
        ),
        (json!({}), AuthError::BadResponse("registration endpoint")),
    ] {
        let mut world = World::new(config());
        world.advertise("token_endpoint_auth_methods_supported", json!(null));
        world.registration = reply(201, &body);
        assert_eq!(world.challenged(&challenge("")), Err(expected));
    }
}

/// AUTH-C29: a refusal is for a person to read.
#[test]
fn a_refused_registration_says_why() {
    let mut world = World::new(config());
    world.registration = reply(
        400,
        &json!({"error": "invalid_redirect_uri", "error_description": "loopback only on port 80"}),
    );
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the authorization server refused to register this client: \
         invalid_redirect_uri (loopback only on port 80)"
    );
    world.registration = reply(500, &json!({}));
    assert_eq!(world.challenged(&challenge("")).unwrap_err().fault(), AuthFault::Network);
    world.dead.push(format!("{ISSUER}/register"));
    assert_eq!(world.challenged(&challenge("")).unwrap_err().fault(), AuthFault::Network);
}

/// AUTH-C22: with no way in, the user is told what to do.
#[test]
fn without_any_way_in_the_user_is_asked() {
    let mut world = World::new(config().with_revision(Revision::V2026_07_28));
    world.advertise("registration_endpoint", json!(null));
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(error, AuthError::NoRegistration);
    assert!(error.to_string().contains("register the client there"));

    let mut world = World::new(OAuthConfig::new(SERVER).unwrap());
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoRedirectUri));
}

/// AUTH-C08, AUTH-C31: a registration is kept for its issuer and its redirect URI, and made anew
/// when the server has forgotten it.
#[test]
fn a_registration_is_used_as_long_as_it_is_good() {
    let mut world = World::new(config());
    world.challenged(&challenge("")).unwrap();
    world.challenged_again().unwrap();
    let registrations =
        |world: &World| world.log.iter().filter(|it| it.uri().path() == "/register").count();
    assert_eq!((registrations(&world), world.opened.len()), (1, 2));

    world.auth.set_redirect_uri("http://127.0.0.1:9999/callback").unwrap();
    world.challenged_again().unwrap();
    assert_eq!(registrations(&world), 2);

    world.answers.push_back(reply(401, &json!({"error": "invalid_client"})));
    world.challenged_again().unwrap();
    assert_eq!(registrations(&world), 3);

    // Once: a server that forgets at once is broken.
    for _ in 0..2 {
        world.answers.push_back(reply(401, &json!({"error": "invalid_client"})));
    }
    assert!(matches!(world.challenged_again(), Err(AuthError::TokenRefused(_))));
}

/// AUTH-X02: a key proves who the client is; the assertion is for the issuer.
#[test]
fn a_key_signs_for_the_client() {
    let key = Arc::new(Es256::from_bytes(&[9; 32]).unwrap().with_key_id("k1"));
    let client = ClientCredentials::new("by-hand").with_key(key).for_issuer(ISSUER);
    let mut world = World::new(config().with_client(client));
    world.advertise("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    let request = &world.token_requests()[0];
    let (header, claims) = jwt(&request["client_assertion"]);
    assert_eq!(header, json!({"typ": "JWT", "alg": "ES256", "kid": "k1"}));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("by-hand"), &json!("by-hand")));
    assert_eq!(claims["aud"], ISSUER);
    assert!(claims["exp"].as_u64() > claims["iat"].as_u64());

    world.auth = Authorizer::new(
        config().with_client(
            ClientCredentials::new("x").with_key(Arc::new(Es256::from_bytes(&[9; 32]).unwrap())),
        ),
        Box::new(mcp_core::auth::MemoryStore::new()),
        [1; 32],
    );
    world.advertise("token_endpoint_auth_methods_supported", json!(["client_secret_basic"]));
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoAuthMethod));
}
