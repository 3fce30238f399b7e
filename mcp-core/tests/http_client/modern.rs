//! The era without sessions: headers that mirror, and exchanges that are requests.

use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use mcp_core::session::Outgoing;
use mcp_core::transport::http::HttpFault;

use crate::support::{Told, Web, call, error, event, result_of};

const LIST: &str = r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[
    {"name":"t","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}},
    {"name":"bad","inputSchema":{"type":"object","properties":{"f":{"type":"number","x-mcp-header":"F"}}}}]}"#;

fn outgoing(method: &'static str, params: &'static str) -> Outgoing {
    Outgoing::new(method, Some(RawJson::parse(params).unwrap()))
}

fn regional() -> Outgoing {
    outgoing("tools/call", r#"{"name":"t","arguments":{"region":" Zürich"}}"#)
}

/// HDR-01..05, HDR-27: what a request is about stands in its headers.
#[test]
fn hdr_03_standard_headers_mirror_the_body() {
    let mut web = Web::modern(|_| {});
    for (method, params, name) in [
        ("tools/call", r#"{"name":"t"}"#, Some("t")),
        ("prompts/get", r#"{"name":" p"}"#, Some("=?base64?IHA=?=")),
        ("resources/read", r#"{"uri":"file:///ä"}"#, Some("=?base64?ZmlsZTovLy/DpA==?=")),
        ("resources/list", "{}", None),
        ("com.example/x", "{}", None),
    ] {
        web.send(outgoing(method, params));
        let seen = web.see(method);
        assert_eq!(seen.header("mcp-protocol-version"), Some("2026-07-28"));
        let meta = &seen.body()["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
        assert_eq!(seen.header("mcp-method"), Some(method));
        assert_eq!(seen.header("mcp-name"), name);
        assert_eq!(seen.header("mcp-session-id"), None);
        // SHTTP-10: never a response, never more than one message.
        assert!(seen.body()["method"].is_string());
    }
}

/// HDR-12, HDR-19, HDR-33: tools are learnt from their list; those that cannot be routed are not
/// shown.
#[test]
fn hdr_19_tools_are_learnt_from_their_list() {
    let mut web = Web::modern(|_| {});
    web.send(regional());
    assert_eq!(web.see("tools/call").header("mcp-param-region"), None, "HDR-33");
    let list = web.send(Outgoing::new("tools/list", None));
    let seen = web.see("tools/list");
    web.result(&seen, LIST);
    let told = web.told();
    assert_eq!(told[0], Told::Dropped(vec!["bad".into()]));
    let Told::Result(handle, result) = &told[1] else { panic!("{told:?}") };
    assert!(*handle == list && result.contains("\"t\"") && !result.contains("\"bad\""));
    web.send(regional());
    let seen = web.see("tools/call");
    assert_eq!(seen.header("mcp-param-region"), Some("=?base64?IFrDvHJpY2g=?="));
}

/// HDR-20: in the legacy era the annotation means nothing.
#[test]
fn hdr_20_lists_of_the_legacy_era_stay_as_they_are() {
    let mut web = Web::legacy(mcp_core::revision::Revision::V2025_11_25, |_| {});
    let list = web.send(Outgoing::new("tools/list", None));
    let seen = web.see("tools/list");
    web.result(
        &seen,
        r#"{"tools":[{"name":"bad","inputSchema":{"properties":{"f":{"x-mcp-header":7}}}}]}"#,
    );
    let told = web.told();
    assert!(matches!(&told[..], [Told::Result(handle, result)]
        if *handle == list && result.contains("bad")));
}

/// HDR-32: a call whose headers are wrong is sent again with those of the newest list.
#[test]
fn hdr_32_headers_are_made_anew() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(regional());
    let seen = web.see("tools/call");
    web.status(&seen, 400, &error(&seen.rpc_id(), -32020, "Header mismatch: mcp-param-region"));
    let list = web.see("tools/list");
    assert_eq!(list.header("mcp-method"), Some("tools/list"));
    assert_eq!(list.header("mcp-protocol-version"), Some("2026-07-28"));
    let meta = &list.body()["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert!(meta["progressToken"].is_null());
    let page = r#"{"resultType":"complete","tools":[],"nextCursor":"2"}"#;
    web.result(&list, page);
    let list = web.see("tools/list");
    assert_eq!(list.body()["params"]["cursor"], "2");
    web.stream(&list);
    web.data(&list, &event(&result_of(&list, &LIST.replace('\n', ""))));
    let seen = web.see("tools/call");
    assert_eq!(seen.header("mcp-param-region"), Some("=?base64?IFrDvHJpY2g=?="));
    // Once.
    web.status(&seen, 400, &error(&seen.rpc_id(), -32020, "again"));
    web.sees_nothing();
    let refused = ErrorObject::new(ErrorCode::HEADER_MISMATCH, "again");
    assert_eq!(web.told(), [Told::Error(handle, RequestError::Refused(refused))]);

    // If the list cannot be had, the first error is heard.
    let handle = web.send(regional());
    let seen = web.see("tools/call");
    web.status(&seen, 400, &error(&seen.rpc_id(), -32020, "first"));
    let list = web.see("tools/list");
    web.status(&list, 500, "");
    let refused = ErrorObject::new(ErrorCode::HEADER_MISMATCH, "first");
    assert_eq!(web.told(), [Told::Error(handle, RequestError::Refused(refused))]);
}

/// SHTTP-M11: the end of the exchange is the cancellation.
#[test]
fn shttp_m11_cancelling_ends_the_exchange() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.client.cancel(web.now, handle, "bored");
    web.sees_nothing();
    assert_eq!(web.aborted(), [seen.id]);
    assert_eq!(web.told(), [Told::Error(handle, RequestError::Cancelled)]);
    // The same when it takes too long.
    let handle = web.send(call().with_timeout(crate::support::secs(3)));
    let seen = web.see("tools/call");
    web.stream(&seen);
    web.pass_to_timeout();
    web.sees_nothing();
    assert_eq!(web.aborted(), [seen.id]);
    assert_eq!(web.told(), [Told::Error(handle, RequestError::TimedOut)]);
}

/// SHTTP-M06, SHTTP-M07, SHTTP-M08: a stream that is cut is not opened again, whatever ids it had.
#[test]
fn shttp_m08_a_broken_stream_loses_its_request() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.stream(&seen);
    web.data(&seen, ": keep-alive\n\nid: 7\ndata:\n\nretry: 1\n\n");
    web.end(&seen);
    web.sees_nothing();
    let expected =
        [Told::Fault(Some(handle), HttpFault::NoResponse), Told::Error(handle, RequestError::Lost)];
    assert_eq!(web.told(), expected);
    assert_eq!(web.client.poll_timeout(), None);
}

/// SHTTP-M12: a 404 of this era is an answer like any other.
#[test]
fn a_missing_method_does_not_end_anything() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(outgoing("com.example/x", "{}"));
    let seen = web.see("com.example/x");
    web.status(&seen, 404, &error(&seen.rpc_id(), -32601, "Method not found"));
    let refused = ErrorObject::new(ErrorCode::METHOD_NOT_FOUND, "Method not found");
    assert_eq!(web.told(), [Told::Error(handle, RequestError::Refused(refused))]);
    web.send(call());
    web.see("tools/call");
}

/// Subscriptions are streams that last; what comes on them says whose it is.
#[test]
fn a_subscription_lasts() {
    let mut web = Web::modern(|_| {});
    let params = r#"{"notifications":{"toolsListChanged":true}}"#;
    let handle = web.send(outgoing("subscriptions/listen", params));
    let seen = web.see("subscriptions/listen");
    web.stream(&seen);
    assert_eq!(web.client.poll_timeout(), None, "no deadline");
    let meta = format!(r#"{{"io.modelcontextprotocol/subscriptionId":{}}}"#, seen.rpc_id());
    let changed = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{{"_meta":{meta}}}}}"#
    );
    web.data(&seen, &event(&changed));
    assert_eq!(web.told(), [Told::Notified("notifications/tools/list_changed".into())]);
    web.end(&seen);
    let told = web.told();
    assert_eq!(told[1], Told::Error(handle, RequestError::Lost));
}
