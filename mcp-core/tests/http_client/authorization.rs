//! What happens when the server wants credentials.

use mcp_core::error::RequestError;
use mcp_core::revision::Revision;
use mcp_core::session::ClientCloseReason;
use mcp_core::transport::http::HttpFault;

use crate::support::{Seen, Told, Web, call, discovered, secs};

fn challenge(web: &mut Web, seen: &Seen, status: u16, value: &str) {
    web.head(seen, status, &[("www-authenticate", value)]);
    web.data(seen, "who are you?");
    web.end(seen);
}

fn challenges(told: &[Told]) -> usize {
    told.iter().filter(|it| matches!(it, Told::Challenge(_))).count()
}

/// case_76: 401 is an event, what was refused waits, and goes on with the credentials.
#[test]
fn case_76_a_challenge_is_an_event() {
    let mut web = Web::new(|_| {});
    let probe = web.see("server/discover");
    challenge(&mut web, &probe, 401, "Bearer resource_metadata=\"https://mcp.example/m\"");
    let told = web.told();
    let [Told::Challenge(it)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((it.status.as_u16(), it.www_authenticate.len()), (401, 1));
    assert_eq!(it.uri.to_string(), crate::support::URL);
    // Somebody logs in: no deadline of the session passes meanwhile.
    assert!(web.client.is_challenged());
    web.pass(secs(500));
    web.sees_nothing();
    web.client.handle_authorized(web.now);
    let probe = web.see("server/discover");
    web.answer(&probe, &discovered(&probe, "[\"2026-07-28\"]"));
    assert_eq!(web.told(), [Told::Ready(Revision::V2026_07_28)]);
    // The time of the session goes on from where it stood.
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.stream(&seen);
    assert_eq!(web.pass_to_timeout(), secs(60));
    assert_eq!(web.told(), [Told::Error(handle, RequestError::TimedOut)]);
}

/// One challenge at a time, and none for what was refused with older credentials.
#[test]
fn one_challenge_is_enough() {
    let mut web = Web::modern(|_| {});
    let handles: Vec<_> = (0..3).map(|_| web.send(call())).collect();
    let seen = web.see_all();
    challenge(&mut web, &seen[0], 401, "Bearer");
    challenge(&mut web, &seen[1], 401, "Bearer");
    assert_eq!(challenges(&web.told()), 1);
    web.client.handle_authorized(web.now);
    challenge(&mut web, &seen[2], 401, "Bearer");
    let again = web.see_all();
    assert_eq!(again.len(), 3);
    assert!(!web.client.is_challenged());
    for seen in &again {
        web.result(seen, r#"{"resultType":"complete"}"#);
    }
    let told = web.told();
    assert_eq!((challenges(&told), told.len()), (0, handles.len()));
}

/// A server that is never content is not asked for ever.
#[test]
fn attempts_are_bounded() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(call());
    for round in 0..4 {
        let seen = web.see("tools/call");
        challenge(&mut web, &seen, 403, "Bearer error=\"insufficient_scope\"");
        if round < 3 {
            assert_eq!(challenges(&web.told()), 1, "{round}");
            web.client.handle_authorized(web.now);
        }
    }
    web.sees_nothing();
    let expected = [
        Told::Fault(Some(handle), crate::support::status_fault(403, "who are you?")),
        Told::Error(handle, RequestError::Status(403)),
    ];
    assert_eq!(web.told(), expected);
}

/// Without credentials what waited ends, and says why.
#[test]
fn without_credentials_it_ends() {
    for give_up in [true, false] {
        let mut web = Web::new(|_| {});
        let handle = web.send(call());
        let probe = web.see("server/discover");
        challenge(&mut web, &probe, 401, "Bearer");
        web.told();
        if give_up {
            web.client.handle_unauthorized(web.now, "no browser here");
        } else {
            assert_eq!(web.pass_to_timeout(), secs(600));
        }
        web.sees_nothing();
        let told = web.told();
        assert!(matches!(&told[0], Told::Fault(None, HttpFault::Unauthorized { status, .. })
            if status.as_u16() == 401));
        assert_eq!(told[2], Told::Error(handle, RequestError::NotSent));
        assert_eq!(told[3], Told::Closed(ClientCloseReason::Disconnected));
    }
}

/// A request that is given up while it waits for credentials is not sent again.
#[test]
fn what_is_cancelled_does_not_wait() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(call());
    let seen = web.see("tools/call");
    challenge(&mut web, &seen, 401, "Bearer");
    web.client.cancel(web.now, handle, "bored");
    web.client.handle_authorized(web.now);
    web.sees_nothing();
}
