//! Sessions and whose they are.

use http::Request;
use http::request::Builder;
use mcp_core::transport::http::{Admission, Posted};
use mcp_core::transport::sse::Decoder;

use crate::support::{NOW, Said, Web, call, in_session, token};

fn request(method: &str, id: &str) -> Builder {
    let request = Request::builder().method(method).uri("/mcp").header("host", "localhost");
    request.header("accept", "text/event-stream").header("mcp-session-id", id)
}

/// case_75, CVE-2026-52869, SEC-01, SEC-02: a session of somebody else looks like one that never
/// was, to POST, GET and DELETE alike, and is none the worse for it.
#[test]
fn case_75_a_session_serves_nobody_else() {
    let web = Web::protected();
    let (ada, bob) = (token("ada", "mcp:basic"), token("bob", "mcp:basic"));
    let (id, slot) = web.join("2025-11-25", &ada);
    assert_eq!(slot.principal(), Some(&ada.principal));
    let never = format!("{:0>1$}", "", id.len());
    let heard = |id: &str| {
        let post = web.post(in_session("/mcp", id), bob.clone(), call(1, "read"));
        let Posted::Refused(post) = post else { panic!("{post:?}") };
        let others = ["GET", "DELETE"].map(|method| {
            match web.verified(request(method, id), Ok(bob.clone())) {
                Admission::Reject(response) => Said::from(response),
                other => panic!("{other:?}"),
            }
        });
        let [get, delete] = others;
        [post.into(), get, delete]
            .map(|said: Said| (said.status.as_u16(), said.headers.clone(), said.body))
    };
    let theirs = heard(&id);
    assert!(theirs.iter().all(|(status, ..)| *status == 404), "{theirs:?}");
    assert_eq!(theirs, heard(&never));
    assert!(slot.lock().poll_event().is_none());

    let posted = web.post(in_session("/mcp", &id), ada.clone(), call(1, "read"));
    assert!(matches!(posted, Posted::Exchange(_)), "{posted:?}");
    // Another token of the same person is as good.
    let renewed = token("ada", "mcp:admin");
    let listening = web.verified(request("GET", &id), Ok(renewed.clone()));
    assert!(matches!(listening, Admission::Listen(_)));
    assert!(matches!(web.verified(request("DELETE", &id), Ok(renewed)), Admission::Ended(..)));
}

/// case_75, SEC-01: a session of HTTP+SSE is bound to whoever opened its stream.
#[test]
fn case_75_an_event_stream_serves_nobody_else() {
    let web = Web::protected();
    let opening = Request::get("/sse").header("host", "localhost");
    let admission = web.verified(opening, Ok(token("ada", "mcp:basic")));
    let Admission::Open(mut stream) = admission else { panic!("{admission:?}") };
    let mut decoder = Decoder::new();
    decoder.handle_bytes(stream.poll_data(NOW).unwrap());
    let endpoint = decoder.poll_event().unwrap().unwrap();
    let uri = core::str::from_utf8(endpoint.data()).unwrap();
    let said = web.refused(Web::posting(uri), token("bob", "mcp:basic"), call(1, "read"));
    assert_eq!(said.status, 404);
    let posted = web.post(Web::posting(uri), token("ada", "mcp:basic"), call(1, "read"));
    assert!(matches!(posted, Posted::Session(response, _) if response.status() == 202));
}

/// GHSA of sessions not bound to a principal (section L): subjects of two issuers are two people.
#[test]
fn the_issuer_is_part_of_the_principal() {
    let web = Web::protected();
    let ada = token("ada", "mcp:basic");
    let (id, _) = web.join("2025-11-25", &ada);
    let mut namesake = ada;
    namesake.principal = mcp_core::auth::Principal::new("https://other.example.com", "ada");
    let said = web.refused(in_session("/mcp", &id), namesake, call(1, "read"));
    assert_eq!(said.status, 404);
}
