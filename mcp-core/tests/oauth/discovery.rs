//! Who issues tokens.

use mcp_core::auth::{AuthError, AuthFault, LocalHosts, OAuthConfig, UrlFault};
use mcp_core::revision::Revision;
use serde_json::json;

use crate::support::*;

/// AUTH-C14, AUTH-C15, AUTH-C16: the challenge says where; the well-known places are not asked.
#[test]
fn a_challenge_names_the_metadata() {
    let mut world = World::new(config());
    let place = "https://mcp.example.com/custom/metadata.json";
    let page = world.pages.remove(PRM).unwrap();
    world.pages.insert(place.to_owned(), page);
    assert_eq!(world.challenged(&challenge(&format!("resource_metadata=\"{place}\""))), Ok(()));
    assert_eq!(world.fetched()[..2], [format!("GET {place}"), format!("GET {ASM}")]);
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
}

/// AUTH-C16, AUTH-C17, AUTH-C33: below the path, then at the root, where the resource may be the
/// whole origin; it is repeated as it was published.
#[test]
fn well_known_places_are_probed_in_order() {
    let mut world = World::new(config());
    world.pages.remove(PRM);
    let root = "https://mcp.example.com/.well-known/oauth-protected-resource";
    world.page(
        root,
        json!({"resource": "https://mcp.example.com", "authorization_servers": [ISSUER]}),
    );
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(world.fetched()[..2], [format!("GET {PRM}"), format!("GET {root}")]);
    assert_eq!(query(&world.opened[0])["resource"], "https://mcp.example.com");
    assert_eq!(world.token_requests()[0]["resource"], "https://mcp.example.com");
}

/// AUTH-C19, AUTH-C20, AUTH-AS01.
#[test]
fn an_issuer_with_a_path_has_three_places() {
    let mut world = World::bare(config());
    let issuer = "https://as.example.com/tenant";
    world.page(PRM, json!({"resource": SERVER, "authorization_servers": [issuer]}));
    let last = "https://as.example.com/tenant/.well-known/openid-configuration";
    world.page(last, server_metadata(issuer));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(
        world.fetched()[1..4],
        [
            "GET https://as.example.com/.well-known/oauth-authorization-server/tenant",
            "GET https://as.example.com/.well-known/openid-configuration/tenant",
            "GET https://as.example.com/tenant/.well-known/openid-configuration",
        ]
    );
}

/// AUTH-C18: 2025-06-18 knows RFC 8414 alone.
#[test]
fn the_revision_before_openid_has_one_place() {
    let mut world = World::new(config().with_revision(Revision::V2025_06_18));
    world.pages.remove(ASM);
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoServerMetadata));
    assert_eq!(world.fetched().len(), 2);
}

/// AUTH-C11, AUTH-C12, AUTH-AS01: the rules of 2025-03-26, for a server without resource metadata.
#[test]
fn an_old_server_has_its_metadata_at_the_root() {
    for revision in [None, Some(Revision::V2025_03_26)] {
        let mut config = config();
        if let Some(revision) = revision {
            config = config.with_revision(revision);
        }
        let mut world = World::bare(config);
        let place = "https://mcp.example.com/.well-known/oauth-authorization-server";
        let mut metadata = server_metadata("https://mcp.example.com");
        metadata["token_endpoint"] = json!("https://mcp.example.com/oauth/token");
        world.page(place, metadata);
        assert_eq!(world.challenged(&challenge("")), Ok(()), "{revision:?}");
        let probes = if revision.is_none() { 2 } else { 0 };
        assert_eq!(world.fetched()[probes], format!("GET {place}"));
        assert!(world.log[probes].headers().contains_key("mcp-protocol-version"));
        assert!(world.fetched().contains(&"POST https://mcp.example.com/oauth/token".to_owned()));
    }
}

/// AUTH-C13: and without any, default endpoints at the root.
#[test]
fn an_old_server_without_metadata_has_default_endpoints() {
    let mut world = World::bare(config());
    world.registration = reply(201, &json!({"client_id": "x", "client_secret": "y"}));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    assert_eq!(
        world.fetched()[2..],
        [
            "GET https://mcp.example.com/.well-known/oauth-authorization-server",
            "POST https://mcp.example.com/register",
            "POST https://mcp.example.com/token"
        ]
    );
    assert_eq!(world.opened[0].path(), "/authorize");
    assert_eq!(query(&world.opened[0])["code_challenge_method"], "S256");
}

/// AUTH-C13, AUTH-C14: a failure proves nothing; the weaker rules are not for servers that are
/// down, nor for newer revisions.
#[test]
fn weaker_rules_take_proof() {
    let mut world = World::bare(config());
    world.pages.insert(PRM.to_owned(), reply(503, &json!({})));
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!((error.fault(), world.log.len()), (AuthFault::Network, 2));

    let mut world = World::bare(config());
    world.dead.push(PRM.to_owned());
    assert_eq!(world.challenged(&challenge("")).unwrap_err().fault(), AuthFault::Network);

    let mut world = World::bare(config().with_revision(Revision::V2026_07_28));
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoResourceMetadata));
}

/// AUTH-C17, GHSA-33f5-2c5q-wgwj: metadata about another resource ends it.
#[test]
fn metadata_of_another_resource_is_refused() {
    let mut world = World::new(config());
    let evil =
        json!({"resource": "https://evil.example.com/mcp", "authorization_servers": [ISSUER]});
    world.page(PRM, evil);
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::ResourceMismatch));
    assert_eq!((world.log.len(), world.opened.len()), (1, 0));
}

/// AUTH-C21: a document that names another issuer is discarded, one slash being enough.
#[test]
fn metadata_of_another_issuer_is_discarded() {
    for issuer in ["https://evil.example.com", "https://as.example.com/", "https://AS.example.com"]
    {
        let mut world = World::new(config());
        world.advertise("issuer", json!(issuer));
        assert_eq!(world.challenged(&challenge("")), Err(AuthError::IssuerMismatch), "{issuer}");
        assert!(world.opened.is_empty());
        assert!(world.log.iter().all(|it| it.method() == "GET"));
    }
    // The next place may have a better one.
    let mut world = World::new(config());
    world.advertise("issuer", json!("https://evil.example.com"));
    world.page("https://as.example.com/.well-known/openid-configuration", server_metadata(ISSUER));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    // Before 2026-07-28 a slash at the end was nothing.
    let mut world = World::new(config().with_revision(Revision::V2025_11_25));
    world.advertise("issuer", json!("https://as.example.com/"));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
}

/// AUTH-C06, AUTH-AS02: no PKCE, no flow; what older revisions do not say is let pass, `plain` never is.
#[test]
fn pkce_must_be_advertised() {
    for methods in [json!(null), json!([]), json!(["plain"])] {
        let mut world = World::new(config());
        world.advertise("code_challenge_methods_supported", methods);
        assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoPkce));
        assert!(world.opened.is_empty());
    }
    for (methods, expected) in [(json!(null), Ok(())), (json!(["plain"]), Err(AuthError::NoPkce))] {
        let mut world = World::new(config().with_revision(Revision::V2025_06_18));
        world.advertise("code_challenge_methods_supported", methods);
        assert_eq!(world.challenged(&challenge("")), expected);
    }
}

/// AUTH-C07, SEC-05, SEC-06: whatever names a URL, it is checked before it is fetched.
#[test]
fn urls_of_peers_are_hostile() {
    for (url, fault) in [
        ("http://169.254.169.254/latest/meta-data", UrlFault::Local),
        ("http://metadata.example.com/x", UrlFault::NotHttps),
        ("https://localhost:6379/", UrlFault::Local),
        ("file:///etc/passwd", UrlFault::Malformed),
    ] {
        let mut world = World::new(config());
        let refused = world.challenged(&challenge(&format!("resource_metadata=\"{url}\"")));
        assert!(matches!(refused, Err(AuthError::Url { fault: it, .. }) if it == fault), "{url}");
        assert_eq!(refused.unwrap_err().fault(), AuthFault::Server);

        let mut world = World::new(config());
        world.page(PRM, json!({"resource": SERVER, "authorization_servers": [url]}));
        let refused = world.challenged(&challenge(""));
        assert!(matches!(refused, Err(AuthError::Url { fault: it, .. }) if it == fault), "{url}");

        for endpoint in ["authorization_endpoint", "token_endpoint", "registration_endpoint"] {
            let mut world = World::new(config());
            world.advertise(endpoint, json!(url));
            let refused = world.challenged(&challenge(""));
            assert!(
                matches!(refused, Err(AuthError::Url { fault: it, .. }) if it == fault),
                "{url}"
            );
            assert!(world.fetched().iter().all(|it| !it.contains(url)), "{url}");
        }
    }
    // Where nothing answers without authorization, it may be allowed.
    let mut world = World::new(config().with_local_hosts(LocalHosts::Allow));
    world.page(PRM, json!({"resource": SERVER, "authorization_servers": ["https://10.0.0.1"]}));
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoServerMetadata));
}

/// AUTH-C07, SEC-06: on one machine everything may be `http`.
#[test]
fn a_server_on_this_machine_may_have_its_issuer_here() {
    let config = OAuthConfig::new("http://localhost:3000/mcp").unwrap();
    let mut world = World::bare(config.with_redirect_uri(REDIRECT).unwrap());
    let issuer = "http://localhost:4000";
    world.page(
        "http://localhost:3000/.well-known/oauth-protected-resource/mcp",
        json!({"resource": "http://localhost:3000/mcp", "authorization_servers": [issuer]}),
    );
    let place = format!("{issuer}/.well-known/oauth-authorization-server");
    world.page(&place, server_metadata(issuer));
    assert_eq!(world.challenged(&challenge("")), Ok(()));
}

/// SEC-06: redirects stay on their origin and come to an end.
#[test]
fn redirects_are_followed_at_home_only() {
    let redirect = |to: &str| {
        http::Response::builder()
            .status(307)
            .header("location", to)
            .body(bytes::Bytes::new())
            .unwrap()
    };
    let mut world = World::new(config());
    let page = world.pages.insert(PRM.to_owned(), redirect("/elsewhere")).unwrap();
    world.pages.insert("https://mcp.example.com/elsewhere".to_owned(), page);
    assert_eq!(world.challenged(&challenge("")), Ok(()));

    for to in ["https://evil.example.com/x", "http://169.254.169.254/", "//evil.example.com/", PRM]
    {
        let mut world = World::new(config().with_revision(Revision::V2026_07_28));
        world.pages.insert(PRM.to_owned(), redirect(to));
        assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoResourceMetadata), "{to}");
        assert!(world.fetched().iter().all(|it| !it.contains("evil")), "{to}");
        assert!(world.log.len() <= 5);
    }
}

/// Pages for people, shown at any path, are no metadata; nor is what is too large.
#[test]
fn what_is_no_metadata_is_passed_over() {
    let mut world = World::new(config());
    let html = http::Response::new("<!doctype html>".into());
    let page = world.pages.insert(PRM.to_owned(), html).unwrap();
    world
        .pages
        .insert("https://mcp.example.com/.well-known/oauth-protected-resource".to_owned(), page);
    assert_eq!(world.challenged(&challenge("")), Ok(()));

    let mut world = World::new(config().with_max_response_bytes(64));
    assert!(matches!(world.challenged(&challenge("")), Err(AuthError::TooLarge(_))));
    assert_eq!(world.auth.max_response_bytes(), 64);
}

#[test]
fn a_resource_without_an_issuer_is_refused() {
    let mut world = World::new(config());
    world.page(PRM, json!({"resource": SERVER}));
    assert_eq!(world.challenged(&challenge("")), Err(AuthError::NoAuthorizationServer));
}
