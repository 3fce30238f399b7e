//! Tokens that expire.

use core::time::Duration;

use mcp_core::auth::{CredentialStore, MemoryStore, Secret, Tokens};
use mcp_core::driver::Platform;
use mcp_core::time::UnixTime;

use super::{ISSUER, SERVER, Site, oauth};
use crate::http::secs;
use crate::net::{Net, response};

/// case_74: an old token is renewed once for all who need it, before it is refused.
#[test]
fn case_74_a_token_is_renewed_once_and_before_it_expires() {
    let site = Site::new().logged_in();
    site.net.sim.advance(secs(3580));
    site.call("t").take().unwrap().unwrap();
    assert_eq!(site.token_requests().len(), 1, "it is still good");
    site.net.sim.advance(secs(15));
    for call in site.calls(["a", "b", "c"]) {
        call.take().expect("nobody is asked").unwrap();
    }
    let requests = site.token_requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[1].contains("grant_type=refresh_token"), "{requests:?}");
    assert_eq!((site.sent_with(""), site.sent_with("at-1"), site.sent_with("at-2")), (1, 2, 3));
    assert_eq!(site.opened().len(), 1);
    site.assert_closed();
}

/// Refused before its time: renewed once for all, and what was refused is sent again.
#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let site = Site::new().logged_in();
    site.desk().good.clear();
    for call in site.calls(["a", "b", "c"]) {
        call.take().expect("nobody is asked").unwrap();
    }
    assert_eq!(site.token_requests().len(), 2);
    assert_eq!((site.opened().len(), site.sent_with("at-2")), (1, 3));
    site.assert_closed();
}

/// What cannot be renewed any more takes a person, who is heard as at the first time.
#[test]
fn a_person_is_asked_when_a_renewal_is_refused() {
    let site = Site::new().logged_in();
    site.net.sim.advance(secs(3600));
    let refusal = response("400 Bad Request", "", r#"{"error":"invalid_grant"}"#);
    site.desk().refusals.push_back(refusal);
    let calls = site.calls(["a", "b"]);
    assert_eq!(site.opened().len(), 2);
    assert!(site.net.listening().contains(&site.callback()));
    site.agree();
    for call in calls {
        call.take().expect("it has been sent").unwrap();
    }
    assert_eq!(site.sent_with("at-2"), 2);
    site.assert_closed();
}

/// A renewal that fails for now ends the requests that wait for it, and no more than them.
#[test]
fn a_renewal_that_fails_is_tried_again_later() {
    let site = Site::new().logged_in();
    site.net.sim.advance(secs(3600));
    site.desk().refusals.push_back(response("503 Service Unavailable", "", ""));
    let error = site.call("a").take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized() && error.is_unsent(), "{error:?}");
    site.call("a").take().expect("it is renewed").unwrap();
    assert_eq!(site.opened().len(), 1);
}

/// Tokens that are good for a moment are used in it, and not renewed for ever.
#[test]
fn tokens_that_expire_at_once_are_no_loop() {
    for (expires_in, renewable) in [(0, true), (1, true), (5, true), (0, false), (5, false)] {
        let site = Site::new();
        site.desk().expires_in = expires_in;
        site.desk().renewable = renewable;
        let site = site.logged_in();
        assert_eq!((site.opened().len(), site.token_requests().len()), (1, 1), "{expires_in}");
        site.call("t").take().expect("it is still good").unwrap();
        assert_eq!(site.token_requests().len(), 1, "{expires_in}");
    }
}

fn stored(net: &Net, expires_at: Duration) -> MemoryStore {
    let tokens = Tokens {
        access_token: Secret::new("at-0".to_owned()),
        refresh_token: Some(Secret::new("rt-0".to_owned())),
        expires_at: Some(UnixTime::from_epoch(net.unix_time().since_epoch() + expires_at)),
        scopes: ["read".to_owned()].into(),
        is_bound: false,
    };
    let mut store = MemoryStore::new();
    store.set_tokens(ISSUER, SERVER, Some(tokens));
    store.set_client(
        ISSUER,
        Some(mcp_core::auth::RegisteredClient {
            client_id: "registered".into(),
            client_secret: None,
            auth_method: mcp_core::auth::AuthMethod::None,
            redirect_uri: "http://127.0.0.1:1/callback".into(),
            expires_at: None,
        }),
    );
    store
}

/// What an earlier run of the program kept is used, and renewed without anybody being asked.
#[test]
fn tokens_of_an_earlier_run_are_used_and_renewed() {
    let store = stored(&Net::new(), secs(100));
    let site = Site::with(oauth().store(store));
    site.desk().good.insert("at-0".into(), "read".into());
    site.call("t").take().unwrap().unwrap();
    assert_eq!((site.sent_with("at-0"), site.token_requests().len()), (1, 0));

    site.net.sim.advance(secs(100));
    site.call("t").take().expect("nobody is asked").unwrap();
    assert!(site.token_requests()[0].contains("rt-0"));
    assert!(site.opened().is_empty());

    // Too old even for that.
    let store = stored(&Net::new(), secs(100));
    let site = Site::with(oauth().store(store));
    site.net.sim.advance(secs(100));
    let refusal = response("400 Bad Request", "", r#"{"error":"invalid_grant"}"#);
    site.desk().refusals.push_back(refusal);
    let call = site.call("t");
    site.agree();
    call.take().expect("it has been sent").unwrap();
    site.assert_closed();
}
