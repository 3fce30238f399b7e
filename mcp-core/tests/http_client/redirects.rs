//! Where a server may send requests on to, and what goes along.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::revision::Revision;
use mcp_core::session::ClientCloseReason;
use mcp_core::transport::http::{HttpFault, RedirectRefusal};

use crate::support::{Seen, Told, Web, call, discovered};

fn redirect(web: &mut Web, seen: &Seen, status: u16, to: &str) {
    web.head(seen, status, &[("location", to)]);
    web.end(seen);
}

fn refused(web: &mut Web) -> RedirectRefusal {
    match web.told().remove(0) {
        Told::Fault(_, HttpFault::Redirect(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// CVE-2026-64684/GHSA-9g45-5xwm-f3wc: nothing secret is carried to another origin, and
/// a redirect keeps the message.
#[test]
fn a_redirect_carries_nothing_secret_to_another_origin() {
    let mut web = Web::new(|_| {});
    let probe = web.see("server/discover");
    assert!(probe.authorize);
    redirect(&mut web, &probe, 308, "/v2/mcp");
    let probe = web.see("server/discover");
    assert_eq!(probe.uri(), "https://mcp.example/v2/mcp");
    assert!(probe.authorize && probe.header("x-api-key") == Some("sesame"));
    redirect(&mut web, &probe, 307, "https://other.example/mcp");
    let probe = web.see("server/discover");
    assert_eq!(probe.uri(), "https://other.example/mcp");
    assert!(!probe.authorize && probe.header("x-api-key").is_none());
    web.answer(&probe, &discovered(&probe, "[\"2026-07-28\"]"));
    // That is where the server is.
    web.send(call());
    let seen = web.see("tools/call");
    assert_eq!(seen.uri(), "https://other.example/mcp");
    assert!(!seen.authorize && seen.header("x-api-key").is_none());
    // No credentials may go there, so none are asked for.
    web.status(&seen, 401, "");
    assert!(!web.told().iter().any(|it| matches!(it, Told::Challenge(_))));
}

/// A session id goes to whoever gave it out, and to nobody else.
#[test]
fn a_session_id_stays_with_its_origin() {
    let mut web = Web::legacy(Revision::V2025_11_25, |_| {});
    web.send(call());
    let seen = web.see("tools/call");
    assert_eq!(seen.header("mcp-session-id"), Some("s-1"));
    redirect(&mut web, &seen, 307, "https://mcp.example:8443/mcp");
    let seen = web.see("tools/call");
    assert_eq!(seen.header("mcp-session-id"), None);
    assert_eq!(seen.header("x-api-key"), None);
}

#[test]
fn redirects_end() {
    let mut web = Web::modern(|_| {});
    let handle = web.send(call());
    for _ in 0..5 {
        let seen = web.see("tools/call");
        redirect(&mut web, &seen, 307, "/mcp");
    }
    let seen = web.see("tools/call");
    redirect(&mut web, &seen, 307, "/mcp");
    let told = web.told();
    let fault = HttpFault::Redirect(RedirectRefusal::TooMany { limit: 5 });
    let expected =
        [Told::Fault(Some(handle), fault), Told::Error(handle, RequestError::Status(307))];
    assert_eq!(told, expected);
}

/// SEC-06: from https to http, into the internal network, to what is no URL.
#[test]
fn sec_06_bad_targets_are_refused() {
    for (to, expected) in [
        ("http://mcp.example/mcp", RedirectRefusal::Downgrade),
        ("https://127.0.0.1/mcp", RedirectRefusal::Internal),
        ("https://169.254.169.254/latest", RedirectRefusal::Internal),
        ("https://localhost/mcp", RedirectRefusal::Internal),
        ("file:///etc/passwd", RedirectRefusal::Location),
        ("https://u:p@mcp.example/", RedirectRefusal::Location),
    ] {
        let mut web = Web::modern(|_| {});
        web.send(call());
        let seen = web.see("tools/call");
        redirect(&mut web, &seen, 307, to);
        web.sees_nothing();
        assert_eq!(refused(&mut web), expected, "{to}");
    }
    let mut web = Web::modern(|_| {});
    web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 307, "");
    assert_eq!(refused(&mut web), RedirectRefusal::Location);
}

/// 301, 302 and 303 would drop the message; a GET follows them.
#[test]
fn a_message_is_not_turned_into_a_get() {
    for status in [301, 302, 303] {
        let mut web = Web::new(|_| {});
        let probe = web.see("server/discover");
        redirect(&mut web, &probe, status, "/other");
        web.sees_nothing();
        let mut told = web.told();
        let text = format!("{:?}", told.remove(0));
        assert!(text.contains("LosesMessage") && text.contains("/other"), "{text}");
        assert_eq!(told, [Told::Closed(ClientCloseReason::Disconnected)]);

        let mut web = Web::new(|config| {
            config.session.protocol = Protocol::Legacy(Revision::V2024_11_05);
        });
        let get = web.see("GET");
        redirect(&mut web, &get, status, "/prefix/sse");
        let get = web.see("GET");
        assert_eq!(get.uri(), "https://mcp.example/prefix/sse");
        // The endpoint is resolved against where the stream is.
        web.stream(&get);
        web.data(&get, "event: endpoint\ndata: messages?s=1\n\n");
        assert_eq!(web.see("initialize").uri(), "https://mcp.example/prefix/messages?s=1");
    }
}
