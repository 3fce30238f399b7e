//! The person agrees in a browser.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_core::auth::{Attempt, AuthError, AuthFault, RedirectPage, Step, Verdict};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::*;

/// AUTH-C02, AUTH-C04, AUTH-C05, AUTH-C09, AUTH-C33, AUTH-C34: what goes to the browser and to
/// the token endpoint, and then on requests.
#[test]
fn a_code_becomes_a_token() {
    let mut world = World::new(config());
    assert_eq!(world.challenged(&challenge("")), Ok(()));

    let asked = query(&world.opened[0]);
    assert_eq!(world.opened[0].host(), Some("as.example.com"));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "registered"),
        ("redirect_uri", REDIRECT),
        ("resource", SERVER),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    assert_eq!(asked["state"].len(), 43);

    let token = &world.token_requests()[0];
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "the-code"),
        ("client_id", "registered"),
        ("redirect_uri", REDIRECT),
        ("resource", SERVER),
    ] {
        assert_eq!(token[name], value, "{name}");
    }
    let verifier = Sha256::digest(token["code_verifier"].as_bytes());
    assert_eq!(asked["code_challenge"], URL_SAFE_NO_PAD.encode(verifier));

    // On each request, and the first is answered at last.
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
}

/// AUTH-C03, AUTH-C35: in the header, never in the query, and to no other origin.
#[test]
fn a_token_stays_with_its_server() {
    let mut world = World::new(config());
    world.challenged(&challenge("")).unwrap();
    for url in [
        "https://other.example.com/mcp",
        "http://mcp.example.com/mcp",
        "https://mcp.example.com:8443/",
    ] {
        let mut request =
            http::Request::post(url).header("authorization", "Bearer old").body(()).unwrap();
        let mut attempt = Attempt::new("x");
        world.auth.authorize(world.now, &mut attempt, &mut request).unwrap();
        assert!(request.headers().is_empty(), "{url}");
    }
    let mut request = http::Request::post("https://MCP.example.com:443/mcp?a=b").body(()).unwrap();
    world.auth.authorize(world.now, &mut Attempt::new("x"), &mut request).unwrap();
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(request.uri(), "https://MCP.example.com:443/mcp?a=b");
}

/// AUTH-C09: what lacks the state, or has another, is discarded; the true answer still counts.
#[test]
fn only_the_answer_waited_for_counts() {
    let mut world = World::new(config());
    world.person = Person::Waits;
    let mut attempt = Attempt::new("x");
    world.send(&mut attempt);
    assert_eq!(world.refuse(&mut attempt, 401, &challenge("")), Verdict::Wait);
    assert_eq!(world.run(), None);
    let state = query(&world.opened[0])["state"].clone();
    for forged in [
        String::new(),
        "code=evil".to_owned(),
        "code=evil&state=guess".to_owned(),
        "error=access_denied".to_owned(),
        format!("code=evil&state={state}&state={state}"),
        format!("code=evil&code=evil&state={state}"),
        format!("code=%zz&state={state}"),
    ] {
        let page = world.auth.handle_redirect(world.now, &forged);
        assert_eq!(page, RedirectPage::Unexpected, "{forged}");
        assert_eq!(page.status(), 400);
        assert!(world.auth.poll_step().is_none(), "{forged}");
    }
    // Nobody waits for a response either.
    world.auth.handle_response(world.now, reply(200, &json!({"access_token": "evil"})));
    world.auth.handle_failure(world.now);
    assert!(world.auth.poll_step().is_none());

    let answer = format!("code=the-code&state={state}");
    assert_eq!(world.auth.handle_redirect(world.now, &answer), RedirectPage::Received);
    assert_eq!(world.run(), Some(Ok(())));
    assert_eq!(world.token_requests()[0]["code"], "the-code");
    assert_eq!(world.auth.handle_redirect(world.now, &answer), RedirectPage::Unexpected);
}

/// AUTH-C41..C44: `iss` is compared to the letter, advertised or not, and missed if advertised.
#[test]
fn a_response_must_be_from_the_server_that_was_asked() {
    for (advertised, issuer, is_right) in [
        (true, Some("https%3A%2F%2Fas.example.com"), true),
        (false, Some("https%3A%2F%2Fas.example.com"), true),
        (false, None, true),
        (true, None, false),
        (true, Some("https%3A%2F%2Fevil.example.com"), false),
        (false, Some("https%3A%2F%2Fevil.example.com"), false),
        (true, Some("https%3A%2F%2Fas.example.com%2F"), false),
        (true, Some("https%3A%2F%2Fas.example.com%3A443"), false),
        (true, Some("HTTPS%3A%2F%2Fas.example.com"), false),
        (true, Some(""), false),
    ] {
        let mut world = World::new(config());
        world.advertise("authorization_response_iss_parameter_supported", json!(advertised));
        world.person = Person::Agrees(issuer);
        let expected = if is_right { Ok(()) } else { Err(AuthError::WrongIssuer) };
        assert_eq!(world.challenged(&challenge("")), expected, "{advertised} {issuer:?}");
        assert_eq!(world.token_requests().is_empty(), !is_right);
    }
}

/// AUTH-C45, AUTH-AS05: the error of a wrong issuer is not shown; that of the right one is, made harmless.
#[test]
fn errors_are_shown_if_they_are_the_servers() {
    let mut world = World::new(config());
    world.person =
        Person::Brings("error=evil&error_description=call+us&iss=https://evil&state={state}");
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(error, AuthError::WrongIssuer);
    assert!(!error.to_string().contains("call us"));

    world.person =
        Person::Brings("error=access_denied&error_description=No%1b[31m+way&state={state}");
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(error.to_string(), "authorization was refused: access_denied (No[31m way)");
    assert_eq!(error.fault(), AuthFault::User);
    assert_eq!(world.pages_shown, [RedirectPage::Refused, RedirectPage::Refused]);
    // The next request may ask again.
    world.person = Person::Agrees(None);
    assert_eq!(world.challenged(&challenge("")), Ok(()));
}

/// SEC-07, CVE-2025-6514: an authorization endpoint that is no web page, or words for a shell, is
/// not opened; its own query is kept.
#[test]
fn what_is_opened_is_a_web_page() {
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///bin/sh",
        "vbscript:x",
        "https://as.example.com/\"&calc.exe&\"",
        "https://as.example.com/`id`",
        "https://as.example.com/a b",
        "https://as.example.com/#fragment",
        "https://user:word@as.example.com/",
        "ms-settings:x",
        "http://as.example.com/authorize",
    ] {
        let mut world = World::new(config());
        world.advertise("authorization_endpoint", json!(url));
        assert!(matches!(world.challenged(&challenge("")), Err(AuthError::Url { .. })), "{url}");
        assert!(world.opened.is_empty(), "{url}");
    }
    let mut world = World::new(config());
    world.advertise("authorization_endpoint", json!("https://as.example.com/a?tenant=1"));
    world.challenged(&challenge("")).unwrap();
    assert_eq!(query(&world.opened[0])["tenant"], "1");
}

#[test]
fn a_flow_can_be_abandoned() {
    let mut world = World::new(config());
    world.person = Person::Waits;
    let mut attempt = Attempt::new("x");
    world.send(&mut attempt);
    world.refuse(&mut attempt, 401, &challenge(""));
    world.run();
    world.auth.cancel();
    assert!(matches!(world.auth.poll_step(), Some(Step::Failed(AuthError::Abandoned))));
    assert!(!world.auth.is_busy());
    world.person = Person::Agrees(None);
    assert_eq!(world.challenged(&challenge("")), Ok(()));
    world.auth.sign_out();
    assert_eq!(world.token(), None);
}

/// The pages load nothing and repeat nothing.
#[test]
fn the_pages_are_plain() {
    for page in [RedirectPage::Received, RedirectPage::Refused, RedirectPage::Unexpected] {
        assert!(page.html().starts_with("<!doctype html>"));
        assert!(!page.html().contains("script") && !page.html().contains("src="));
        assert!(page.headers().iter().any(|(name, _)| *name == "content-security-policy"));
    }
}

/// AUTH-C10, AUTH-C46: nothing that is shown to people or logs holds a secret.
#[test]
fn secrets_are_not_shown() {
    let mut world = World::new(config());
    world.tokens =
        json!({"access_token": "secret-at", "refresh_token": "secret-rt", "token_type": "bearer"});
    world.advertise("token_endpoint_auth_methods_supported", json!(["client_secret_basic"]));
    world.registration = reply(201, &json!({"client_id": "x", "client_secret": "secret-cs"}));
    world.person = Person::Waits;
    let mut attempt = Attempt::new("x");
    world.send(&mut attempt);
    world.refuse(&mut attempt, 401, &challenge(""));
    let mut shown = String::new();
    while let Some(step) = world.auth.poll_step() {
        shown += &format!("{step:?} {:?}\n", world.auth);
        match step {
            Step::Fetch(request) => {
                let url = request.uri().to_string();
                let response = if url.ends_with("/register") {
                    world.registration.clone()
                } else if url.ends_with("/token") {
                    shown += &format!("{:?}", request.headers());
                    world.log.push(request);
                    reply(200, &world.tokens)
                } else {
                    world.pages[&url].clone()
                };
                world.auth.handle_response(world.now, response);
            }
            Step::OpenBrowser(url) => {
                let answer = format!("code=secret-code&state={}", query(&url)["state"]);
                world.opened.push(url);
                world.auth.handle_redirect(world.now, &answer);
            }
            _ => {}
        }
    }
    assert_eq!(world.token().as_deref(), Some("Bearer secret-at"));
    shown += &format!("{:?}", world.auth);
    let basic = world.log[0].headers()["authorization"].to_str().unwrap().to_owned();
    let verifier = world.token_requests()[0]["code_verifier"].clone();
    let state = query(&world.opened[0])["state"].clone();
    for secret in ["secret-", basic.trim_start_matches("Basic "), &verifier, &state] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("OpenBrowser(https://as.example.com/authorize)"), "{shown}");
}
