//! What one client found out spares the next one the way (VER-20).

use alloc::sync::Arc;
use std::sync::Mutex;

use mcp_core::app::Server;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, Trace};
use mcp_core::revision::{Era, Revision};
use mcp_core::transport::http::Known;

use super::{LEGACY, after, builder, serve};
use crate::http::secs;
use crate::net::Net;

const URL: &str = "http://127.0.0.1/mcp";

/// Connects with what is known; what the first message was.
fn connect(net: &Net, known: Option<Known>, protocol: Protocol) -> (Client<Net>, String) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let builder = builder(net).protocol(protocol).known(known).on_trace(move |trace| {
        if let Trace::Sent(body) = trace {
            seen.lock().unwrap().push(String::from_utf8_lossy(body).into_owned());
        }
    });
    let client = after(net, secs(1), async move { builder.connect(URL).await }).unwrap();
    let first = sent.lock().unwrap()[0].clone();
    (client, first)
}

/// VER-20: what the handle says is where the next client begins.
#[test]
fn ver_20_what_is_known_is_kept_from_client_to_client() {
    let net = Net::new();
    serve(&net, "127.0.0.1:80", Server::builder("s", "1").build().unwrap());
    let (first, asked) = connect(&net, None, Protocol::Auto);
    assert!(asked.contains("server/discover"));
    assert_eq!(first.known(), Some(Known::Modern));
    let (legacy, _) = connect(&net, None, LEGACY);
    assert_eq!(legacy.known(), Some(Known::Streamable));
    // No time is lost with what it is known not to be.
    let (again, asked) = connect(&net, legacy.known(), Protocol::Auto);
    assert!(asked.contains("\"initialize\""), "{asked}");
    assert_eq!(again.revision().map(Revision::era), Some(Era::Legacy));
}

/// VER-20: what is not true any more, or never was, does no harm.
#[test]
fn ver_20_what_is_wrongly_known_is_corrected() {
    for known in [Known::Modern, Known::Sse, Known::Streamable] {
        // Of one era, and then of the other.
        for (server, expected) in [("modern", Known::Modern), ("legacy", Known::Streamable)] {
            let net = Net::new();
            net.http("127.0.0.1:80", move |request| {
                let id = super::errors::id_of_or_null(request);
                let modern = request.contains("server/discover") && server == "modern";
                let legacy = request.contains("\"initialize\"") && server == "legacy";
                Some(match (modern, legacy) {
                    (true, _) => super::errors::discovered(request),
                    (_, true) => crate::net::json(&format!(
                        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"protocolVersion":"2025-11-25","capabilities":{{}},"serverInfo":{{"name":"s","version":"1"}}}}}}"#
                    )),
                    _ if request.contains("initialized") => {
                        crate::net::response("202 Accepted", "", "")
                    }
                    _ if request.starts_with("GET") => {
                        crate::net::response("405 Method Not Allowed", "", "")
                    }
                    _ if server == "modern" => crate::net::response("400 Bad Request", "content-type: application/json\r\n", &format!(
                        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"unsupported","data":{{"supported":["2026-07-28"]}}}}}}"#
                    )),
                    _ => crate::net::response("400 Bad Request", "", ""),
                })
            });
            let (client, _) = connect(&net, Some(known), Protocol::Auto);
            assert_eq!(client.known(), Some(expected), "{known:?}, and it is {server}");
        }
    }
}
