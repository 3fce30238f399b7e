//! What is asked for, and when it is not enough.

use mcp_core::auth::{Attempt, AuthError, Grant, Verdict};
use mcp_core::revision::Revision;
use serde_json::json;

use crate::support::*;

fn asked(world: &World) -> Vec<Option<String>> {
    world.opened.iter().map(|it| query(it).get("scope").cloned()).collect()
}

/// AUTH-C36, AUTH-C37: the challenge's, else the configured, else those of the metadata, else none.
#[test]
fn scopes_are_chosen_in_order() {
    let listed = json!({"resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": ["a", "b"]});
    for (header, configured, metadata, expected) in [
        ("scope=\"x y\"", "c", Some(&listed), Some("x y")),
        ("", "c", Some(&listed), Some("c")),
        ("", "", Some(&listed), Some("a b")),
        ("", "", None, None),
        ("scope=\"\"", "", None, None),
    ] {
        let mut world = World::new(config().with_scopes(configured));
        if let Some(metadata) = metadata {
            world.page(PRM, metadata.clone());
        }
        world.challenged(&challenge(header)).unwrap();
        assert_eq!(asked(&world), [expected.map(str::to_owned)], "{header}");
    }
}

/// AUTH-C47: `offline_access` only where the authorization server has it, and never alone.
#[test]
fn offline_access_is_asked_for_where_it_exists() {
    for (has, header, expected) in [
        (true, "scope=a", Some("a offline_access")),
        (false, "scope=a", Some("a")),
        (true, "", None),
    ] {
        let mut world = World::new(config());
        if has {
            world.advertise("scopes_supported", json!(["a", "offline_access"]));
        }
        world.challenged(&challenge(header)).unwrap();
        assert_eq!(asked(&world), [expected.map(str::to_owned)]);
    }
    let mut world = World::new(config().without_offline_access());
    world.advertise("scopes_supported", json!(["a", "offline_access"]));
    world.challenged(&challenge("scope=a")).unwrap();
    assert_eq!(asked(&world), [Some("a".to_owned())]);
}

const MORE: &str = "error=\"insufficient_scope\", scope=\"write\"";

/// AUTH-C38, AUTH-C39: more scopes are asked for, and those there were are kept.
#[test]
fn a_step_up_keeps_what_was_asked_before() {
    let mut world = World::new(config().with_revision(Revision::V2026_07_28));
    world.challenged(&challenge("scope=\"basic\"")).unwrap();
    let mut attempt = Attempt::new("tools/call delete");
    world.tokens = json!({"access_token": "at-2", "token_type": "Bearer"});
    assert_eq!(world.send(&mut attempt).as_deref(), Some("Bearer at-1"));
    assert_eq!(world.refuse(&mut attempt, 403, &challenge(MORE)), Verdict::Wait);
    // Others go on with the token there is.
    assert_eq!(world.token().as_deref(), Some("Bearer at-1"));
    assert_eq!(world.run(), Some(Ok(())));
    assert_eq!(asked(&world)[1].as_deref(), Some("basic write"));
    assert_eq!(world.send(&mut attempt).as_deref(), Some("Bearer at-2"));
    assert_eq!(world.refuse(&mut attempt, 200, &challenge("")), Verdict::Pass);
}

/// AUTH-C40: per operation there is an end to it.
#[test]
fn step_ups_come_to_an_end() {
    let mut world = World::new(config());
    // The authorization server never gives what is asked for.
    world.tokens = json!({"access_token": "at", "token_type": "Bearer", "scope": "basic"});
    world.challenged(&challenge("scope=\"basic\"")).unwrap();
    let mut verdict = Verdict::Retry;
    for count in 0..10 {
        let mut attempt = Attempt::new("tools/call delete");
        world.send(&mut attempt);
        verdict = world.refuse(&mut attempt, 403, &challenge(MORE));
        if verdict != Verdict::Wait {
            assert_eq!(count, 2);
            break;
        }
        world.run().unwrap().unwrap();
    }
    assert_eq!(verdict, Verdict::Refused(AuthError::InsufficientScope("write".to_owned())));
    assert_eq!(world.opened.len(), 3);

    // Another operation has its own count.
    let mut attempt = Attempt::new("tools/call other");
    world.send(&mut attempt);
    assert_eq!(world.refuse(&mut attempt, 403, &challenge(MORE)), Verdict::Wait);
    assert_eq!(world.run(), Some(Ok(())));
    // And what is served at last starts anew.
    let mut attempt = Attempt::new("tools/call delete");
    world.send(&mut attempt);
    world.refuse(&mut attempt, 200, &challenge(""));
    assert_eq!(world.refuse(&mut attempt, 403, &challenge(MORE)), Verdict::Wait);
}

/// AUTH-C40: what the token has already will not be had by asking.
#[test]
fn asking_for_what_was_granted_is_of_no_use() {
    let mut world = World::new(config());
    world.challenged(&challenge("scope=\"write\"")).unwrap();
    for header in [MORE, "error=\"insufficient_scope\""] {
        let mut attempt = Attempt::new("x");
        world.send(&mut attempt);
        let verdict = world.refuse(&mut attempt, 403, &challenge(header));
        assert!(matches!(verdict, Verdict::Refused(AuthError::InsufficientScope(_))));
    }
    assert_eq!(world.opened.len(), 1);
}

/// A 403 that says nothing about scopes is the application's.
#[test]
fn other_refusals_pass() {
    let mut world = World::new(config());
    world.challenged(&challenge("")).unwrap();
    let mut attempt = Attempt::new("x");
    world.send(&mut attempt);
    for header in ["", "error=\"invalid_token\"", "realm=x"] {
        assert_eq!(world.refuse(&mut attempt, 403, &challenge(header)), Verdict::Pass);
    }
    for status in [200, 202, 400, 404, 500] {
        assert_eq!(world.refuse(&mut attempt, status, &challenge(MORE)), Verdict::Pass);
    }
}

/// The counts of operations are bounded.
#[test]
fn operations_are_counted_up_to_a_bound() {
    let mut world = World::new(config().with_grant(Grant::AuthorizationCode));
    world.tokens = json!({"access_token": "at", "token_type": "Bearer", "scope": "basic"});
    world.challenged(&challenge("scope=\"basic\"")).unwrap();
    for operation in 0..600 {
        let mut attempt = Attempt::new(format!("tools/call number-{operation:03}"));
        world.send(&mut attempt);
        assert_eq!(world.refuse(&mut attempt, 403, &challenge(MORE)), Verdict::Wait);
        world.run().unwrap().unwrap();
    }
    assert_eq!(format!("{:?}", world.auth).matches("number-").count(), 256);
}
