//! Connections: opened side by side, used again, and given up.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientError, NetOptions};
use mcp_core::time::Instant;

use super::errors::{connected, connected_with, discovered, id_of};
use super::{LEGACY, after, builder, start};
use crate::http::secs;
use crate::net::{Net, json, response};
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
    // Unused for as long as servers keep them, it is still trusted, and no longer than that.
    let most = NetOptions::default().idle_timeout;
    for (unused, dialed) in [(most - Duration::from_millis(1), 0), (most, 1), (secs(90), 1)] {
        net.sim.advance(unused);
        after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
        assert_eq!(net.dialed().len(), dialed, "{unused:?}");
    }
}

/// Connections that were needed at once and are not any more are kept up to a bound.
#[test]
fn no_more_connections_are_kept_than_may_be() {
    let net = Net::new();
    let client = connected_with(
        &net,
        |builder| builder.net(|net| net.idle_connections = 2),
        |it| Some(result(it)),
    );
    net.dialed();
    let at_once = |count| {
        let calls: Vec<_> = (0..count)
            .map(|_| {
                let call = client.call_tool("t", ());
                net.sim.start(async move { call.await })
            })
            .collect();
        net.sim.run();
        calls.iter().for_each(|call| drop(call.take().unwrap().unwrap()));
        net.dialed().len()
    };
    // One is left of the connecting.
    assert_eq!(at_once(5), 4);
    assert_eq!(at_once(5), 3);
}

/// A server that closes what it kept: nothing has left, and it goes over another connection.
#[test]
fn a_call_that_meets_a_closed_connection_takes_another() {
    let net = Net::new();
    let client = connected(&net, |request| {
        let closes = response("200 OK", "content-type: application/json\r\n", "");
        let body = result(request).split_once("\r\n\r\n").unwrap().1.to_owned();
        let head = closes.replace("content-length: 0", &format!("content-length: {}", body.len()));
        Some(format!("{head}{body}"))
    });
    after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
    net.hang_up();
    after(&net, Duration::ZERO, client.call_tool("t", ())).unwrap();
    assert_eq!(net.dialed().len(), 2);
}

/// What is called off before there is a connection for it is not sent, and leaves nothing behind.
#[test]
fn a_call_that_is_dropped_in_time_is_not_sent() {
    let net = Net::new();
    let heard = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&heard);
    let client = connected(&net, move |request| {
        seen.fetch_add(1, Ordering::SeqCst);
        Some(result(request))
    });
    // The next connection is never there.
    net.sim.advance(secs(90));
    let tasks = net.sim.tasks();
    net.silence("10.0.0.1:80");
    let calling = client.clone();
    let pause = net.clone();
    let dropped = start(&net, async move {
        use mcp_core::driver::Runtime as _;
        let mut call = IntoFuture::into_future(calling.call_tool("t", ()));
        let mut nap = Box::pin(pause.sleep_until(pause.now() + secs(1)));
        core::future::poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            nap.as_mut().poll(cx)
        })
        .await;
    });
    net.sim.advance(secs(1));
    assert!(dropped.take().is_some());
    net.sim.advance(secs(90));
    assert_eq!((heard.load(Ordering::SeqCst), net.sim.timers()), (0, 0));
    assert!(net.sim.tasks() <= tasks, "{} of {tasks}", net.sim.tasks());
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

/// Ending a session twice is as good as ending it once: when the connection that was used again
/// breaks, the `DELETE` goes over another one (RFC 9110, 9.2.2).
#[test]
fn a_delete_that_has_left_is_sent_again() {
    let net = Net::new();
    let deletes = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&deletes);
    net.http("10.0.0.1:80", move |request| {
        if request.starts_with("DELETE ") {
            return (seen.fetch_add(1, Ordering::SeqCst) > 0).then(|| response("200 OK", "", ""));
        }
        if request.starts_with("GET ") {
            return Some(response("405 Method Not Allowed", "", ""));
        }
        if !request.contains("\"initialize\"") {
            return Some(response("202 Accepted", "", ""));
        }
        let id = id_of(request);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"protocolVersion":"2025-11-25","capabilities":{{}},"serverInfo":{{"name":"s","version":"1"}}}}}}"#
        );
        let headers = "content-type: application/json\r\nmcp-session-id: s\r\n";
        Some(response("200 OK", headers, &body))
    });
    let builder = builder(&net).protocol(LEGACY);
    let client = after(&net, secs(1), async move { builder.connect("http://10.0.0.1/mcp").await });
    let client = client.unwrap();
    after(&net, secs(1), async move { client.close().await });
    assert_eq!(deletes.load(Ordering::SeqCst), 2);
}
