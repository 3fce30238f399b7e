//! Which era and which transport the server is of.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::revision::Revision;
use mcp_core::session::ClientCloseReason;
use mcp_core::transport::http::{Failure, HttpClientConfig, HttpFault, Known, Transport};

use crate::support::{
    EVENTS, Told, URL, Web, call, discovered, error, event, initialized, secs, status_fault,
};

/// VER-16, VER-20: the modern era is tried first, and what came of it can be kept.
#[test]
fn ver_16_a_modern_server_is_found_at_once() {
    let mut web = Web::modern(|_| {});
    assert_eq!(web.client.known(), Some(Known::Modern));
    let call = web.send(call());
    let seen = web.see("tools/call");
    web.result(&seen, r#"{"resultType":"complete","content":[]}"#);
    let result = r#"{"resultType":"complete","content":[]}"#.to_owned();
    assert_eq!(web.told(), [Told::Result(call, result)]);
}

/// VER-12, VER-17, VER-18, VER-25: what only the modern era says is no reason to fall back.
#[test]
fn ver_25_modern_errors_are_recognised() {
    // -32022 names another revision, or none in common.
    let mut web = Web::new(|_| {});
    let probe = web.see("server/discover");
    let body = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m","data":{"supported":["2030-01-01"],"requested":"2026-07-28"}}}"#;
    web.status(&probe, 400, body);
    web.sees_nothing();
    let versions = vec!["2030-01-01".to_owned()];
    assert_eq!(web.told(), [Told::Closed(ClientCloseReason::UnsupportedVersion(versions))]);

    // The other codes, and a 404 that says -32601: modern, if not much is known of it.
    for (status, code) in [(400, -32020), (400, -32021), (404, -32601)] {
        let mut web = Web::new(|_| {});
        let probe = web.see("server/discover");
        web.status(&probe, status, &error("null", code, "m"));
        assert_eq!(web.told(), [Told::Ready(Revision::V2026_07_28)], "{status} {code}");
        web.send(call());
        web.see("tools/call");
    }
}

/// VER-13, VER-14, VER-19, case_44: anything else means `initialize`, whatever it is.
#[test]
fn ver_19_case_44_anything_else_is_legacy() {
    type Answer = fn(&mut Web, &crate::support::Seen);
    let answers: [Answer; 14] = [
        |web, seen| web.status(seen, 400, ""),
        |web, seen| web.status(seen, 400, &error("null", -32600, "Missing session ID")),
        |web, seen| web.status(seen, 400, &error("null", -32601, "Method not found")),
        |web, seen| web.status(seen, 404, "<html>"),
        |web, seen| web.status(seen, 405, ""),
        |web, seen| web.status(seen, 406, "no"),
        |web, seen| web.status(seen, 422, "{}"),
        |web, seen| web.status(seen, 500, "oops"),
        |web, seen| web.answer(seen, &error(&seen.rpc_id(), -32601, "Method not found")),
        |web, seen| web.answer(seen, "garbage"),
        |web, seen| {
            web.head(seen, 200, &[("content-type", "text/html")]);
            web.end(seen);
        },
        |web, seen| web.fail(seen, Failure::Broken),
        |web, seen| {
            web.stream(seen);
            web.end(seen);
        },
        |web, _| {
            web.pass(secs(5));
        },
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let mut web = Web::new(|config| config.listen = false);
        let handle = web.send(call());
        let probe = web.see("server/discover");
        answer(&mut web, &probe);
        web.initialize(Revision::V2025_11_25, None);
        let seen = web.see("tools/call");
        web.result(&seen, "{}");
        let told: Vec<Told> =
            web.told().into_iter().filter(|it| !matches!(it, Told::Fault(..))).collect();
        let expected = [Told::Ready(Revision::V2025_11_25), Told::Result(handle, "{}".to_owned())];
        assert_eq!(told, expected, "{index}");
        assert_eq!(web.client.known(), Some(Known::Streamable));
    }
}

/// A client of the modern era alone says why it gives up.
#[test]
fn a_modern_client_does_not_fall_back() {
    let mut web = Web::new(|config| config.session.protocol = Protocol::Modern);
    let handle = web.send(call());
    let probe = web.see("server/discover");
    web.status(&probe, 404, "nothing here");
    web.sees_nothing();
    let told = web.told();
    assert_eq!(told[0], Told::Fault(None, status_fault(404, "nothing here")));
    assert_eq!(told[1], Told::Error(handle, RequestError::NotSent));
    let none = ClientCloseReason::UnsupportedVersion(vec![]);
    assert_eq!(told[2], Told::Closed(none));
}

/// SSE-10, SSE-11, SSE-12: which statuses of `initialize` mean HTTP+SSE, by revision.
#[test]
fn sse_10_sse_11_sse_12_the_way_to_http_sse_narrows() {
    let modern = [400, 404, 405].as_slice();
    let any = [400, 404, 405, 406, 410, 422].as_slice();
    for (protocol, falls) in [
        (Protocol::Auto, modern),
        (Protocol::LegacyFirst, modern),
        (Protocol::Legacy(Revision::V2025_11_25), modern),
        (Protocol::Legacy(Revision::V2025_06_18), any),
        (Protocol::Legacy(Revision::V2025_03_26), any),
    ] {
        for status in [400, 404, 405, 406, 410, 422, 500, 503] {
            let mut web = Web::new(|config| config.session.protocol = protocol);
            if protocol == Protocol::Auto {
                let probe = web.see("server/discover");
                web.status(&probe, 404, "");
            }
            let initialize = web.see("initialize");
            web.status(&initialize, status, "no");
            if falls.contains(&status) {
                let get = web.see("GET");
                assert_eq!((get.uri().as_str(), get.header("accept")), (URL, Some(EVENTS)));
            } else {
                web.sees_nothing();
                let told = web.told();
                assert_eq!(told[0], Told::Fault(None, status_fault(status, "no")));
                assert_eq!(told[1], Told::Closed(ClientCloseReason::Disconnected));
            }
        }
    }
}

/// SSE-12: a server of the modern era is not asked for an event stream.
#[test]
fn sse_12_a_modern_error_does_not_lead_to_http_sse() {
    let mut web = Web::new(|config| config.session.protocol = Protocol::LegacyFirst);
    let initialize = web.see("initialize");
    web.status(&initialize, 404, &error(&initialize.rpc_id(), -32601, "Method not found"));
    // VER-20: the assumption failed, so the server is asked what it is.
    let probe = web.see("server/discover");
    web.answer(&probe, &discovered(&probe, "[\"2026-07-28\"]"));
    assert_eq!(web.told(), [Told::Ready(Revision::V2026_07_28)]);
    assert_eq!(web.client.known(), Some(Known::Modern));
}

/// SSE-10: HTTP+SSE in full, from the top of the ladder.
#[test]
fn sse_10_sse_13_the_whole_ladder() {
    let mut web = Web::new(|_| {});
    let handle = web.send(call());
    let probe = web.see("server/discover");
    web.status(&probe, 405, "");
    let initialize = web.see("initialize");
    web.status(&initialize, 405, "");
    let stream = web.see("GET");
    web.stream(&stream);
    web.data(&stream, "event: endpoint\ndata: /messages?session_id=1\n\n");
    // SSE-03, SSE-13: everything goes there from now on.
    let initialize = web.see("initialize");
    assert_eq!(initialize.uri(), "https://mcp.example/messages?session_id=1");
    web.status(&initialize, 202, "Accepted");
    web.data(&stream, &event(&initialized(&initialize, Revision::V2024_11_05)));
    let ready = web.see("notifications/initialized");
    // case_07: nothing overtakes it.
    web.sees_nothing();
    web.status(&ready, 202, "");
    let seen = web.see("tools/call");
    assert_eq!(seen.uri(), "https://mcp.example/messages?session_id=1");
    web.status(&seen, 202, "");
    web.data(&stream, &event(&crate::support::result_of(&seen, "{}")));
    let expected = [Told::Ready(Revision::V2024_11_05), Told::Result(handle, "{}".to_owned())];
    assert_eq!(web.told(), expected);
    assert_eq!(web.client.known(), Some(Known::Sse));
}

/// If there is no HTTP+SSE either, what `initialize` was told is what is heard.
#[test]
fn the_first_refusal_is_the_one_that_counts() {
    let mut web = Web::new(|config| {
        config.session.protocol = Protocol::Legacy(Revision::V2025_11_25);
    });
    let initialize = web.see("initialize");
    web.status(&initialize, 400, &error("null", -32600, "wrong tenant"));
    let stream = web.see("GET");
    web.status(&stream, 405, "");
    let refusal = ErrorObject::new(ErrorCode::INVALID_REQUEST, "wrong tenant");
    let told = web.told();
    assert_eq!(told[0], Told::Fault(None, status_fault(405, "")));
    assert_eq!(told[1], Told::Closed(ClientCloseReason::Refused(refusal)));
}

/// VER-20: what is known shortens the way, and is not believed for ever.
#[test]
fn ver_20_what_is_known_is_where_it_begins() {
    let mut web = Web::new(|config| config.known = Some(Known::Streamable));
    web.see("initialize");

    let mut web = Web::new(|config| config.known = Some(Known::Sse));
    let stream = web.see("GET");
    // The server has moved on meanwhile.
    web.status(&stream, 405, "");
    let initialize = web.see("initialize");
    web.status(&initialize, 400, &error(&initialize.rpc_id(), -32022, "modern only"));
    let probe = web.see("server/discover");
    web.answer(&probe, &discovered(&probe, "[\"2026-07-28\"]"));
    let told = web.told();
    assert_eq!(told[1], Told::Ready(Revision::V2026_07_28));
}

/// Who wants HTTP+SSE alone gets it.
#[test]
fn http_sse_alone() {
    let mut web = Web::new(|config| config.transport = Transport::Sse);
    let stream = web.see("GET");
    web.status(&stream, 404, "");
    web.sees_nothing();
    assert_eq!(web.told()[1], Told::Closed(ClientCloseReason::Disconnected));
}

/// 2024-11-05 comes over HTTP+SSE; but a server may keep it up over Streamable HTTP, whose
/// `initialize` names a revision like any other, and has nothing else at its URL.
#[test]
fn the_first_revision_is_found_over_streamable_http() {
    let first = |config: &mut HttpClientConfig| {
        config.session.protocol = Protocol::Legacy(Revision::V2024_11_05);
    };
    for status in [400, 404, 405] {
        let mut web = Web::new(first);
        let stream = web.see("GET");
        web.status(&stream, status, "");
        let initialize = web.see("initialize");
        assert!(format!("{initialize:?}").contains("2024-11-05"));
    }
    // Neither: it is not looked for a second time.
    let mut web = Web::new(first);
    let stream = web.see("GET");
    web.status(&stream, 405, "");
    let initialize = web.see("initialize");
    web.status(&initialize, 404, "");
    web.sees_nothing();
    assert!(web.told().contains(&Told::Closed(ClientCloseReason::Disconnected)));
}

/// No connection is no reason to try another era.
#[test]
fn a_server_that_is_not_there_ends_the_session() {
    let mut web = Web::new(|_| {});
    let handle = web.send(call());
    let probe = web.see("server/discover");
    web.fail(&probe, Failure::NotSent);
    web.sees_nothing();
    let expected = [
        Told::Fault(None, HttpFault::Connection(Failure::NotSent)),
        Told::Error(handle, RequestError::NotSent),
        Told::Closed(ClientCloseReason::Disconnected),
    ];
    assert_eq!(web.told(), expected);
    assert!(web.client.is_done());
}
