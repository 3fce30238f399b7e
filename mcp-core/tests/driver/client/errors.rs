//! Errors that somebody can act on.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientError, Trouble};

use super::{after, builder, done, start};
use crate::http::secs;
use crate::net::{Net, json, response};

/// A modern server that answers `tools/call` with what the test wants.
pub(super) fn connected(
    net: &Net,
    answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Client<Net> {
    connected_with(net, |builder| builder, answer)
}

/// The same for a client that is set up by the test.
pub(super) fn connected_with(
    net: &Net,
    set: impl FnOnce(ClientBuilder<Net>) -> ClientBuilder<Net>,
    answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Client<Net> {
    net.http("10.0.0.1:80", move |request| {
        if request.contains("\"server/discover\"") {
            return Some(discovered(request));
        }
        answer(request)
    });
    let builder = set(builder(net).protocol(Protocol::Modern));
    after(net, secs(1), async move { builder.connect("http://10.0.0.1/mcp").await }).unwrap()
}

pub(super) fn id_of(request: &str) -> &str {
    request.split("\"id\":").nth(1).unwrap().split([',', '}']).next().unwrap()
}

/// The same of what may have none.
pub(super) fn id_of_or_null(request: &str) -> &str {
    if request.contains("\"id\":") { id_of(request) } else { "null" }
}

pub(super) fn discovered(request: &str) -> String {
    let id = id_of(request);
    json(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{{"tools":{{}}}},"ttlMs":0,"cacheScope":"private"}}}}"#
    ))
}

fn call(net: &Net, client: &Client<Net>) -> ClientError {
    after(net, secs(90), client.call_tool("t", ())).unwrap_err()
}

/// 401 without a way to get credentials.
#[test]
fn a_client_without_credentials_hears_that_it_is_not_authorized() {
    let net = Net::new();
    let client = connected(&net, |_| Some(response("401 Unauthorized", "", "go away")));
    let error = call(&net, &client);
    assert!(error.is_unauthorized() && !error.is_forbidden(), "{error:?}");
    assert!(error.to_string().starts_with("not authorized: the client has no"), "{error}");

    let net = Net::new();
    net.http("10.0.0.1:80", |_| Some(response("401 Unauthorized", "", "")));
    let builder = builder(&net);
    let error = after(&net, secs(90), async move { builder.connect("http://10.0.0.1/mcp").await });
    let error = error.unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
}

/// What the credentials do not allow is told apart.
#[test]
fn a_missing_scope_is_forbidden() {
    let net = Net::new();
    let challenge = "www-authenticate: Bearer error=\"insufficient_scope\", scope=\"write\"\r\n";
    let client = connected(&net, move |_| Some(response("403 Forbidden", challenge, "")));
    let error = call(&net, &client);
    assert!(error.is_forbidden() && !error.is_unauthorized(), "{error:?}");
    assert!(error.to_string().starts_with("forbidden: "), "{error}");

    // Some servers mean something else by it, and say so.
    let net = Net::new();
    let client = connected(&net, |_| Some(response("403 Forbidden", "", "unknown host")));
    let error = call(&net, &client);
    let says = error.to_string();
    assert!(error.is_forbidden() && says.contains("unknown host"), "{says}");
    // Whose fault it is, and what to do.
    assert!(says.contains("operator") && says.contains("host name"), "{says}");
}

/// An HTTP status is the request's own, whatever happens to others meanwhile.
#[test]
fn a_status_belongs_to_the_request_that_it_answers() {
    let net = Net::new();
    let client = connected(&net, |request| {
        let status = if request.contains("\"teapot\"") { "418 I'm a teapot" } else { "500 Oh" };
        Some(response(status, "content-type: text/plain\r\n", "short and stout"))
    });
    let first = start(&net, client.call_tool("teapot", ()));
    let second = start(&net, client.call_tool("other", ()));
    net.sim.advance(secs(1));
    let (first, second) = (first.take().unwrap().unwrap_err(), second.take().unwrap().unwrap_err());
    assert_eq!(first.status(), Some(StatusCode::IM_A_TEAPOT));
    assert!(first.to_string().contains("short and stout"), "{first}");
    assert_eq!(second.status(), Some(StatusCode::INTERNAL_SERVER_ERROR), "{second:?}");
    assert!(!second.is_unsent());
}

#[test]
fn a_connection_that_is_refused_says_so() {
    let net = Net::new();
    let builder = builder(&net);
    let error = after(&net, secs(90), async move { builder.connect("http://10.0.0.9/mcp").await });
    let error = error.unwrap_err();
    assert!(error.is_connection_refused() && error.is_unsent(), "{error:?}");
    assert!(matches!(error.trouble(), Some(Trouble::Connection(_))));
}

/// What left before the connection broke may have been worked on, and what had not left
/// when the client was closed has not.
#[test]
fn what_has_left_is_lost_and_what_has_not_is_unsent() {
    let net = Net::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    let client = connected(&net, move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
        None
    });
    let error = call(&net, &client);
    assert!(error.is_lost() && !error.is_unsent(), "{error:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 1, "it is not sent twice");
    done(&net, {
        let client = client.clone();
        async move { client.close().await }
    });
    let error = call(&net, &client);
    assert!(error.is_unsent() && !error.is_lost(), "{error:?}");
}

/// HDR-19: tools that nobody can call are left out, and the application hears of it.
#[test]
fn hdr_19_the_application_hears_which_tools_were_left_out() {
    let net = Net::new();
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let names = Arc::clone(&heard);
    let set = |builder: ClientBuilder<Net>| {
        builder.on_dropped_tools(move |tools| {
            names.lock().unwrap().extend(tools.iter().map(|tool| tool.name.clone()));
            assert!(names.lock().unwrap().is_empty(), "a panic of the application's is its own");
        })
    };
    let client = connected_with(&net, set, |request| {
        let id = id_of(request);
        Some(json(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[
            {{"name":"good","inputSchema":{{"type":"object"}}}},
            {{"name":"bad","inputSchema":{{"type":"object","properties":{{"a":{{"type":"number","x-mcp-header":"A"}}}}}}}}]}}}}"#
        )))
    });
    let tools = after(&net, secs(1), client.list_tools()).unwrap();
    assert_eq!((tools.len(), tools[0].name.as_str()), (1, "good"));
    assert_eq!(*heard.lock().unwrap(), ["bad"]);
    after(&net, secs(1), client.list_tools()).unwrap();
}
