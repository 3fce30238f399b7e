//! Connections: opened side by side, used again, and given up.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientError};
use mcp_core::time::Instant;

use super::errors::{connected, discovered, id_of};
use super::{after, builder, start};
use crate::http::secs;
use crate::net::{Net, json};
use crate::runtime::Outcome;

fn result(request: &str) -> String {
    let id = id_of(request);
    json(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[]}}}}"#
    ))
}

/// Connects to a host by its name.
fn connecting(net: &Net) -> Outcome<Result<Client<Net>, ClientError>> {
    let builder = builder(net).protocol(Protocol::Modern);
    start(net, async move { builder.connect("http://example.com/mcp").await })
}

/// RFC 8305: an address that says nothing keeps nobody waiting, and one that refuses even less.
#[test]
fn addresses_are_tried_by_turns_a_quarter_of_a_second_apart() {
    let net = Net::new();
    net.host(
        "example.com",
        &["[2001:db8::1]:80", "[2001:db8::2]:80", "192.0.2.1:80", "192.0.2.2:80"],
    );
    net.silence("[2001:db8::1]:80");
    net.http("[2001:db8::2]:80", |request| Some(discovered(request)));
    // The third in turn; the second in turn refuses at once.
    let ready = connecting(&net);
    net.sim.advance(Duration::from_millis(249));
    assert!(ready.take().is_none());
    net.sim.advance(Duration::from_millis(1));
    net.sim.run();
    ready.take().expect("it is ready").unwrap();
    let dialed = net.dialed();
    let at = |millis: u64| Instant::EPOCH + Duration::from_millis(millis);
    let expected = [
        (at(0), "[2001:db8::1]:80".parse().unwrap()),
        (at(250), "192.0.2.1:80".parse().unwrap()),
        (at(250), "[2001:db8::2]:80".parse().unwrap()),
    ];
    assert_eq!(dialed, expected);
}

/// A host that nobody answers for is given up in time.
#[test]
fn connecting_takes_no_longer_than_it_may() {
    let net = Net::new();
    net.host("example.com", &["192.0.2.1:80"]);
    net.silence("192.0.2.1:80");
    let ready = connecting(&net);
    net.sim.advance(secs(120));
    let error = ready.take().expect("it has ended").unwrap_err();
    assert!(error.is_unsent() && error.to_string().contains("in time"), "{error}");
}

/// One connection serves one request after the other.
#[test]
fn a_connection_is_used_again() {
    let net = Net::new();
    let client = connected(&net, |request| Some(result(request)));
    for _ in 0..10 {
        after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
    }
    assert_eq!(net.dialed().len(), 1);
    // Unused for longer than servers keep them, it is not trusted.
    net.sim.advance(secs(90));
    after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
    assert_eq!(net.dialed().len(), 1);
}

/// A call is not sent twice when a connection that was used again breaks after it has
/// left: nobody knows whether it was worked on.
#[test]
fn a_call_that_has_left_is_not_sent_again() {
    let net = Net::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (heard, calls) = (Arc::clone(&seen), AtomicUsize::new(0));
    let client = connected(&net, move |request| {
        heard.lock().unwrap().push(id_of(request).to_owned());
        (calls.fetch_add(1, Ordering::SeqCst) == 0).then(|| result(request))
    });
    after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
    let error = after(&net, secs(90), client.call_tool("t", ())).unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    assert_eq!(seen.lock().unwrap().len(), 2);
}
