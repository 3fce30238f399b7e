//! Tokens that end, and servers that move.

use std::time::Duration;

use mcp_core::auth::{
    Attempt, AuthError, AuthFault, Authorization, Authorizer, CredentialStore, MemoryStore, Secret,
    Step, Tokens, Verdict,
};
use serde_json::json;

use crate::support::*;

fn refreshing() -> World {
    let mut world = World::new(config());
    world.tokens = json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 60, "refresh_token": "rt-1"});
    world.challenged(&challenge("")).unwrap();
    world.tokens = json!({"access_token": "at-2", "token_type": "Bearer", "expires_in": "60", "refresh_token": "rt-2"});
    world
}

fn grants(world: &World) -> Vec<String> {
    world.token_requests().iter().map(|it| it["grant_type"].clone()).collect()
}

/// AUTH-C33, AUTH-C46, AUTH-AS03: before a token ends the next one is got, and the newest refresh
/// token with it.
#[test]
fn a_token_is_renewed_before_it_is_refused() {
    let mut world = refreshing();
    world.now = world.now + Duration::from_secs(49);
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
    for (count, token) in [(1, "at-2"), (2, "at-2")] {
        world.now = world.now + Duration::from_secs(51);
        let mut attempt = Attempt::new("x");
        assert_eq!(world.send(&mut attempt), None);
        assert_eq!(world.run(), Some(Ok(())));
        assert_eq!(world.send(&mut attempt), Some(format!("Bearer {token}")));
        let refresh = &world.token_requests()[count];
        assert_eq!(refresh["grant_type"], "refresh_token");
        assert_eq!(refresh["refresh_token"], format!("rt-{count}"));
        assert_eq!(refresh["resource"], SERVER);
    }
    assert_eq!(world.opened.len(), 1, "nobody is asked");
}

/// A token is good for one request at least, and one that does not live long for most of its
/// life: nobody asks for tokens without end.
#[test]
fn tokens_that_end_soon_are_used_all_the_same() {
    for (lives, uses) in [(0, 1), (4, 3), (2, 2)] {
        let mut world = World::new(config());
        world.tokens = json!({"access_token": "at", "token_type": "Bearer", "expires_in": lives, "refresh_token": "rt"});
        world.challenged(&challenge("")).unwrap();
        let before = grants(&world).len();
        let mut attempt = Attempt::new("x");
        if world.send(&mut attempt).is_none() {
            assert_eq!(world.run(), Some(Ok(())));
            assert!(world.send(&mut attempt).is_some(), "lives {lives} s");
        }
        for _ in 1..uses {
            world.now = world.now + Duration::from_secs(1);
            assert!(world.token().is_some(), "lives {lives} s");
        }
        assert!(grants(&world).len() <= before + 1, "lives {lives} s");
    }
}

/// case_74: one refresh, however many requests need it; the others wait and share what it brings.
#[test]
fn case_74_a_rotating_token_is_used_once() {
    let mut world = refreshing();
    let mut attempts: Vec<_> = (0..5).map(|it| Attempt::new(format!("call {it}"))).collect();
    for attempt in &mut attempts {
        assert!(world.send(attempt).is_some());
    }
    // All are refused; the last comes after the new token is there.
    let mut late = attempts.pop().unwrap();
    let mut begun = None;
    for attempt in &mut attempts {
        assert_eq!(world.refuse(attempt, 401, &challenge("")), Verdict::Wait);
        begun = begun.or_else(|| world.auth.poll_step());
        assert!(world.auth.poll_step().is_none(), "one flow at a time");
    }
    world.now = world.now + Duration::from_secs(100);
    let mut another = Attempt::new("another");
    assert_eq!(world.send(&mut another), None);
    let Some(Step::Fetch(begun)) = begun else { panic!("{begun:?}") };
    world.answer(begun);
    assert_eq!(world.run(), Some(Ok(())));
    assert_eq!(world.refuse(&mut late, 401, &challenge("")), Verdict::Retry);
    for attempt in attempts.iter_mut().chain([&mut late, &mut another]) {
        assert_eq!(world.send(attempt).as_deref(), Some("Bearer at-2"));
    }
    assert_eq!(grants(&world), ["authorization_code", "refresh_token"]);
    assert_eq!(world.run(), None);
}

/// AUTH-C46: no refresh token, or one that is used up, means asking again.
#[test]
fn without_a_refresh_token_the_person_is_asked() {
    let mut world = World::new(config());
    world.tokens = json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 60});
    world.challenged(&challenge("")).unwrap();
    world.now = world.now + Duration::from_secs(100);
    world.challenged(&challenge("")).unwrap();
    assert_eq!(grants(&world), ["authorization_code", "authorization_code"]);

    let mut world = refreshing();
    world.answers.push_back(reply(400, &json!({"error": "invalid_grant"})));
    assert_eq!(world.challenged_again(), Ok(()));
    assert_eq!(grants(&world), ["authorization_code", "refresh_token", "authorization_code"]);
    assert_eq!(world.token().as_deref(), Some("Bearer at-2"));
}

/// A failure of the network is no reason to forget a token or to bother a person.
#[test]
fn an_outage_loses_nothing() {
    let mut world = refreshing();
    world.now = world.now + Duration::from_secs(100);
    let token = format!("{ISSUER}/token");
    world.dead.push(token);
    for _ in 0..3 {
        assert_eq!(world.token(), None);
        assert_eq!(world.run().unwrap().unwrap_err().fault(), AuthFault::Network);
    }
    world.dead.clear();
    world.answers.push_back(reply(503, &json!({})));
    assert_eq!(world.token(), None);
    assert_eq!(world.run().unwrap().unwrap_err().fault(), AuthFault::Network);
    assert_eq!(world.token(), None);
    assert_eq!(world.run(), Some(Ok(())));
    assert_eq!(world.token().as_deref(), Some("Bearer at-2"));
    assert_eq!(world.opened.len(), 1);
}

/// A refresh without a new refresh token keeps the old one, and without scopes the old ones.
#[test]
fn what_a_refresh_does_not_say_stays() {
    let mut world = refreshing();
    world.tokens = json!({"access_token": "at-2", "token_type": "Bearer", "expires_in": 60});
    for _ in 0..2 {
        world.now = world.now + Duration::from_secs(100);
        world.token();
        assert_eq!(world.run(), Some(Ok(())));
    }
    assert_eq!(world.token_requests()[2]["refresh_token"], "rt-1");
}

/// A server that refuses each token does not make the client go round.
#[test]
fn a_server_that_takes_no_token_is_given_up() {
    let mut world = refreshing();
    let mut attempt = Attempt::new("x");
    let mut verdicts = Vec::new();
    for _ in 0..10 {
        world.send(&mut attempt);
        let verdict = world.refuse(&mut attempt, 401, &challenge("error=\"invalid_token\""));
        verdicts.push(verdict.clone());
        match verdict {
            Verdict::Wait => world.run().unwrap().unwrap(),
            Verdict::Refused(_) => break,
            _ => {}
        }
    }
    // A refresh, then all anew, then the end.
    assert_eq!(
        verdicts,
        [Verdict::Wait, Verdict::Wait, Verdict::Refused(AuthError::TokenRejected)]
    );
    assert_eq!(grants(&world), ["authorization_code", "refresh_token", "authorization_code"]);
}

/// AUTH-C30, AUTH-C31, AUTH-C35: another authorization server sees nothing of the one before: no
/// id, no secret, no token, no scope.
#[test]
fn another_issuer_means_a_new_start() {
    let mut world = World::new(config());
    world.advertise("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    world.registration = reply(201, &json!({"client_id": "old-id", "client_secret": "old-secret"}));
    world.tokens =
        json!({"access_token": "old-at", "token_type": "Bearer", "refresh_token": "old-rt"});
    world.challenged(&challenge("scope=\"old-scope\"")).unwrap();
    let before = world.log.len();

    let new = "https://new.example.com";
    world.page(PRM, json!({"resource": SERVER, "authorization_servers": [new]}));
    world.page(&format!("{new}/.well-known/oauth-authorization-server"), server_metadata(new));
    world.registration = reply(201, &json!({"client_id": "new-id"}));
    world.tokens = json!({"access_token": "new-at", "token_type": "Bearer"});
    assert_eq!(world.challenged_again(), Ok(()));
    assert!(world.fetched()[before..].contains(&format!("POST {new}/register")));
    assert_eq!(query(&world.opened[1])["client_id"], "new-id");
    for request in &world.log[before..] {
        let text = format!("{:?} {:?} {:?}", request.uri(), request.headers(), request.body());
        assert!(!text.contains("old-"), "{text}");
    }
    assert!(!world.opened[1].to_string().contains("old-"));
    assert_eq!(world.token().as_deref(), Some("Bearer new-at"));

    // The issuer that is known stays, as long as it is named.
    world.page(PRM, json!({"resource": SERVER, "authorization_servers": [ISSUER, new]}));
    assert_eq!(world.challenged_again(), Ok(()));
    assert_eq!(world.opened[2].host(), Some("new.example.com"));
}

/// AUTH-C30: what a store has is used from the start, and only by the issuer it is kept for.
#[test]
fn a_store_outlives_a_program() {
    let mut store = MemoryStore::new();
    let tokens = Tokens {
        access_token: Secret::new("kept-at"),
        refresh_token: Some(Secret::new("kept-rt")),
        expires_at: None,
        scopes: ["a".to_owned()].into(),
        is_bound: false,
    };
    store.set_tokens(ISSUER, SERVER, Some(tokens.clone()));
    assert_eq!(store.tokens("https://other.example.com", SERVER), None);
    assert_eq!(store.tokens(ISSUER, "https://other.example.com/mcp"), None);
    let mut world = World::new(config());
    world.auth = Authorizer::new(config(), Box::new(store.clone()), [1; 32]);
    assert_eq!(world.token().as_deref(), Some("Bearer kept-at"));

    // Those bound to a key that is gone are not.
    store.set_tokens(ISSUER, SERVER, Some(Tokens { is_bound: true, ..tokens }));
    world.auth = Authorizer::new(config(), Box::new(store.clone()), [1; 32]);
    assert_eq!(world.token(), None);
    store.set_tokens(ISSUER, SERVER, None);
    assert_eq!(store.tokens(ISSUER, SERVER), None);
    assert!(!format!("{store:?}").contains("kept"));
}

/// A refresh needs no registration for the redirect URI of this run.
#[test]
fn a_refresh_outlives_a_port() {
    let mut world = refreshing();
    world.auth.set_redirect_uri("http://127.0.0.1:1/callback").unwrap();
    assert_eq!(world.challenged_again(), Ok(()));
    assert_eq!(grants(&world), ["authorization_code", "refresh_token"]);
    assert_eq!(world.opened.len(), 1);
}

/// Responses that make no sense are no tokens.
#[test]
fn odd_tokens_are_refused() {
    for (status, body) in [
        (200, json!({})),
        (200, json!({"access_token": ""})),
        (200, json!({"access_token": "a b", "token_type": "Bearer"})),
        (200, json!({"access_token": "a\nb", "token_type": "Bearer"})),
        (200, json!({"access_token": "a", "token_type": "MAC"})),
        (200, json!({"access_token": 1})),
        (302, json!({"access_token": "a", "token_type": "Bearer"})),
        (200, json!([])),
    ] {
        let mut world = World::new(config());
        world.answers.push_back(reply(status, &body));
        assert_eq!(
            world.challenged(&challenge("")),
            Err(AuthError::BadResponse("token endpoint")),
            "{body}"
        );
        let mut request = http::Request::post(SERVER).body(()).unwrap();
        let authorization = world.auth.authorize(world.now, &mut Attempt::new("x"), &mut request);
        assert_eq!(authorization, Ok(Authorization::Anonymous));
    }
    // Some servers send errors with 200.
    let mut world = World::new(config());
    world.answers.push_back(reply(200, &json!({"error": "bad_verification_code"})));
    let error = world.challenged(&challenge("")).unwrap_err();
    assert_eq!(error.to_string(), "the token endpoint refused: bad_verification_code");
}

/// Tokens that are older than they may be by the time they come are shown to the server all the
/// same: a request waits for one renewal, not for ever.
#[test]
fn a_request_waits_for_one_renewal() {
    let mut world = World::new(config());
    world.tokens = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 1, "refresh_token": "rt"});
    world.challenged(&challenge("")).unwrap();
    world.now = world.now + Duration::from_secs(2);
    let mut attempt = Attempt::new("tools/list");
    let mut request = http::Request::post(SERVER).body(()).unwrap();
    let first = world.auth.authorize(world.now, &mut attempt, &mut request).unwrap();
    assert_eq!(first, Authorization::Wait);
    world.run().unwrap().unwrap();
    world.now = world.now + Duration::from_secs(2);
    let second = world.auth.authorize(world.now, &mut attempt, &mut request).unwrap();
    assert_eq!(second, Authorization::Applied);
    assert_eq!(world.token_requests().len(), 2);
}
