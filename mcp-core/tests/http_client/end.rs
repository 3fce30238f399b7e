//! The end of a connection.

use mcp_core::config::Protocol;
use mcp_core::error::RequestError;
use mcp_core::revision::Revision;
use mcp_core::session::ClientCloseReason;
use mcp_core::transport::http::Failure;

use crate::support::{Told, Web, call, secs};

/// SHTTP-L27, SHTTP-L28: the server is told that the session is over, and may not care.
#[test]
fn shttp_l27_the_session_is_deleted() {
    for status in [200, 204, 404, 405] {
        let mut web = Web::legacy(Revision::V2025_11_25, |config| config.listen = true);
        let stream = web.see("GET");
        web.stream(&stream);
        let handle = web.send(call());
        let seen = web.see("tools/call");
        web.client.close(web.now);
        let mut aborted = web.aborted();
        aborted.sort();
        assert_eq!(aborted, [stream.id, seen.id]);
        let delete = web.see("DELETE");
        assert_eq!(delete.header("mcp-session-id"), Some("s-1"));
        assert_eq!(delete.header("mcp-protocol-version"), Some("2025-11-25"));
        assert!(!web.client.is_done());
        web.status(&delete, status, "");
        assert!(web.client.is_done(), "{status}");
        let expected =
            [Told::Error(handle, RequestError::Lost), Told::Closed(ClientCloseReason::Local)];
        assert_eq!(web.told(), expected);
        assert_eq!(web.client.poll_timeout(), None);
        web.client.close(web.now);
        web.sees_nothing();
    }
}

/// Nobody waits for a server that does not answer its DELETE.
#[test]
fn the_end_does_not_hang() {
    let mut web = Web::legacy(Revision::V2025_11_25, |_| {});
    web.client.close(web.now);
    let delete = web.see("DELETE");
    assert_eq!(web.pass_to_timeout(), secs(5));
    assert_eq!(web.aborted(), [delete.id]);
    assert!(web.client.is_done());

    // Nor is there anything to say where there is no session.
    let mut web = Web::modern(|_| {});
    web.client.close(web.now);
    web.sees_nothing();
    assert!(web.client.is_done());
}

/// case_42: a connection that is closed while it is being set up resolves everything at once.
#[test]
fn case_42_closing_at_any_time_ends_every_request() {
    let mut web = Web::new(|config| {
        config.session.protocol = Protocol::Legacy(Revision::V2025_11_25);
    });
    let handle = web.send(call());
    let initialize = web.see("initialize");
    web.client.close(web.now);
    assert_eq!(web.aborted(), [initialize.id]);
    let expected =
        [Told::Error(handle, RequestError::NotSent), Told::Closed(ClientCloseReason::Local)];
    assert_eq!(web.told(), expected);
    assert!(web.client.is_done());
    // What comes late is ignored.
    web.fail(&initialize, Failure::Broken);
    web.status(&initialize, 200, "{}");
    assert_eq!(web.told(), []);
}
