//! Every bound, filled.

use mcp_core::error::RequestError;
use mcp_core::revision::Revision;
use mcp_core::transport::http::HttpFault;

use crate::support::{JSON, Told, Web, call, event, result_of};

/// An answer larger than it may be ends its request, and is not read on.
#[test]
fn bodies_are_bounded() {
    let mut web = Web::modern(|config| config.limits.body_bytes = 400);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.head(&seen, 200, &[("content-type", JSON)]);
    for _ in 0..40 {
        web.data(&seen, "          ");
    }
    assert_eq!(web.told(), []);
    web.data(&seen, " ");
    assert_eq!(web.aborted(), [seen.id]);
    let expected = [
        Told::Fault(Some(handle), HttpFault::TooLarge { limit: 400 }),
        Told::Error(handle, RequestError::Lost),
    ];
    assert_eq!(web.told(), expected);
}

/// case_28: an event larger than it may be is skipped, precisely; the next one is read.
#[test]
fn case_28_events_are_bounded() {
    let mut web = Web::modern(|config| config.limits.event_bytes = 200);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.stream(&seen);
    for _ in 0..100 {
        web.data(&seen, "data: 0123456789\n");
    }
    web.data(&seen, "\n");
    web.data(&seen, &event(&result_of(&seen, r#"{"resultType":"complete"}"#)));
    let expected = [
        Told::Fault(Some(handle), HttpFault::TooLarge { limit: 200 }),
        Told::Result(handle, r#"{"resultType":"complete"}"#.into()),
    ];
    assert_eq!(web.told(), expected);
}

/// An error is read as far as it helps.
#[test]
fn errors_are_bounded() {
    let mut web = Web::modern(|config| config.limits.error_bytes = 10);
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.head(&seen, 500, &[]);
    web.data(&seen, "0123456789abcdef");
    assert_eq!(web.aborted(), [seen.id]);
    assert_eq!(web.told().pop(), Some(Told::Error(handle, RequestError::Status(500))));
    // And for as long as is decent.
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.head(&seen, 500, &[]);
    web.pass_to_timeout();
    assert_eq!(web.aborted(), [seen.id]);
    assert_eq!(web.told().pop(), Some(Told::Error(handle, RequestError::Status(500))));
}

/// What is left of an answer is read for a while, not for ever.
#[test]
fn what_nobody_needs_is_bounded() {
    let mut web = Web::legacy(Revision::V2025_11_25, |config| config.limits.error_bytes = 100);
    web.client
        .notify(web.now, mcp_core::session::Outgoing::new("notifications/roots/list_changed", None))
        .unwrap();
    let seen = web.see("notifications/roots/list_changed");
    web.head(&seen, 200, &[]);
    web.data(&seen, &"x".repeat(100));
    assert_eq!(web.aborted(), []);
    web.data(&seen, "x");
    assert_eq!(web.aborted(), [seen.id]);
}

/// Exchanges beyond the bound wait in the session.
#[test]
fn exchanges_are_bounded() {
    let mut web = Web::modern(|config| config.limits.exchanges = 3);
    for _ in 0..10 {
        web.send(call());
    }
    let seen = web.see_all();
    assert_eq!(seen.len(), 3);
    web.result(&seen[0], r#"{"resultType":"complete"}"#);
    assert_eq!(web.see_all().len(), 1);
}

/// Requests nobody polls wait in the session, whose bounds then hold.
#[test]
fn the_queue_is_bounded() {
    let mut web = Web::modern(|config| config.session.limits.notifications = 10);
    let note = || mcp_core::session::Outgoing::new("notifications/com.example/x", None);
    let taken = (0..1000).take_while(|_| web.client.notify(web.now, note()).is_ok()).count();
    assert!(taken < 100, "{taken}");
}

/// Faults that nobody reads are dropped and counted; what ends a request is not.
#[test]
fn events_are_bounded() {
    let mut web = Web::modern(|config| config.limits.events = 4);
    let handles: Vec<_> = (0..20).map(|_| web.send(call())).collect();
    for seen in web.see_all() {
        web.status(&seen, 500, "oops");
    }
    assert!(!web.client.wants_input());
    assert!(web.client.dropped_events() > 0);
    let ended = |told: &Told| matches!(told, Told::Error(_, RequestError::Status(500)));
    assert_eq!(web.told().iter().filter(|it| ended(it)).count(), handles.len());
    assert!(web.client.wants_input());
}

/// Secrets stay out of what is printed.
#[test]
fn debug_shows_no_secret() {
    let mut web = Web::legacy(Revision::V2025_11_25, |_| {});
    web.send(call());
    let seen = web.see("tools/call");
    for shown in [
        format!("{:?}", web.client),
        format!("{:?}", crate::support::config()),
        format!("{:?}", seen.request.headers()),
    ] {
        assert!(!shown.contains("sesame") && !shown.contains("s-1"), "{shown}");
    }
}
