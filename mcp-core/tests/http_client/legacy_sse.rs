//! HTTP+SSE: the endpoint, and what follows from another one.

use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::revision::Revision;
use mcp_core::session::{ClientCloseReason, Outgoing};
use mcp_core::transport::http::{Failure, HttpFault, Transport};

use crate::support::{EVENTS, Seen, Told, Web, call, error, event, initialized, result_of, secs};

const R1: Revision = Revision::V2024_11_05;

fn connect() -> (Web, Seen) {
    let mut web = Web::new(|config| {
        config.transport = Transport::Sse;
        config.url = "https://mcp.example/prefix/sse".into();
    });
    let stream = web.see("GET");
    assert_eq!(stream.header("accept"), Some(EVENTS));
    (web, stream)
}

fn endpoint(web: &mut Web, stream: &Seen, uri: &str) {
    web.stream(stream);
    web.data(stream, &format!("event: endpoint\ndata: {uri}\n\n"));
}

fn handshake(web: &mut Web, stream: &Seen) {
    let initialize = web.see("initialize");
    web.status(&initialize, 202, "Accepted");
    web.data(stream, &event(&initialized(&initialize, R1)));
    let ready = web.see("notifications/initialized");
    web.status(&ready, 202, "");
    assert!(web.told().contains(&Told::Ready(R1)));
}

fn ready() -> (Web, Seen) {
    let (mut web, stream) = connect();
    endpoint(&mut web, &stream, "/prefix/messages?session_id=1");
    handshake(&mut web, &stream);
    (web, stream)
}

/// SSE-07, case_30: where the endpoint may be.
#[test]
fn sse_07_case_30_the_endpoint_is_resolved_and_stays_with_its_origin() {
    for (uri, expected) in [
        ("/messages?session_id=1", "https://mcp.example/messages?session_id=1"),
        ("messages", "https://mcp.example/prefix/messages"),
        ("https://mcp.example/m", "https://mcp.example/m"),
        ("https://mcp.example:443/m", "https://mcp.example:443/m"),
    ] {
        let (mut web, stream) = connect();
        endpoint(&mut web, &stream, uri);
        assert_eq!(web.see("initialize").uri(), expected);
    }
    for uri in ["https://other.example/m", "http://mcp.example/m", "//other.example/m", "ftp://x/"]
    {
        let (mut web, stream) = connect();
        endpoint(&mut web, &stream, uri);
        web.sees_nothing();
        let told = web.told();
        assert!(matches!(
            told[0],
            Told::Fault(None, HttpFault::EndpointOrigin(_) | HttpFault::Endpoint(_))
        ));
        assert_eq!(told[1], Told::Closed(ClientCloseReason::Disconnected), "{uri}");
        assert_eq!(web.aborted(), [stream.id]);
    }
}

/// case_32: whatever comes instead of `endpoint` ends the attempt with an error.
#[test]
fn case_32_no_endpoint_is_an_error() {
    type Answer = fn(&mut Web, &Seen);
    let answers: [Answer; 7] = [
        |web, stream| web.status(stream, 404, ""),
        |web, stream| web.status(stream, 500, "oops"),
        |web, stream| {
            web.head(stream, 200, &[("content-type", "text/html")]);
            web.end(stream);
        },
        |web, stream| web.answer(stream, "{}"),
        |web, stream| {
            web.stream(stream);
            web.end(stream);
        },
        |web, stream| {
            web.stream(stream);
            web.data(stream, "event: endpoint\ndata: /m\n");
            web.fail(stream, Failure::Broken);
        },
        |web, stream| web.fail(stream, Failure::NotSent),
    ];
    for (index, answer) in answers.into_iter().enumerate() {
        let (mut web, stream) = connect();
        let handle = web.send(call());
        answer(&mut web, &stream);
        web.sees_nothing();
        let told = web.told();
        assert!(matches!(told[0], Told::Fault(None, _)), "{index}: {told:?}");
        let expected = [
            Told::Error(handle, RequestError::NotSent),
            Told::Closed(ClientCloseReason::Disconnected),
        ];
        assert_eq!(told[1..], expected, "{index}");
    }
    // Nothing at all: until the deadline of the handshake.
    let (mut web, stream) = connect();
    web.stream(&stream);
    web.pass(secs(61));
    assert_eq!(web.told(), [Told::Closed(ClientCloseReason::HandshakeTimeout)]);
    assert_eq!(web.aborted(), [stream.id]);
}

/// case_02: after a reconnect the server knows nothing, so the client initializes again; what only
/// reads is asked again, what may have been done is not.
#[test]
fn case_02_a_new_endpoint_begins_the_session_anew() {
    let (mut web, stream) = ready();
    let list = web.send(Outgoing::new("tools/list", None));
    let write = web.send(call());
    for seen in web.see_all() {
        web.status(&seen, 202, "");
    }
    web.end(&stream);
    let held = web.send(Outgoing::new("prompts/list", None));
    web.sees_nothing();
    web.pass_to_timeout();
    let stream = web.see("GET");
    assert_eq!(stream.uri(), "https://mcp.example/prefix/sse");
    endpoint(&mut web, &stream, "/prefix/messages?session_id=2&init_required=true");
    let initialize = web.see("initialize");
    assert_eq!(
        initialize.uri(),
        "https://mcp.example/prefix/messages?session_id=2&init_required=true"
    );
    web.status(&initialize, 202, "");
    web.data(&stream, &event(&initialized(&initialize, R1)));
    let initialized = web.see("notifications/initialized");
    web.status(&initialized, 202, "");
    let again = web.see_all();
    let names: Vec<String> = again.iter().map(Seen::what).collect();
    assert_eq!(names, ["tools/list", "prompts/list"]);
    for seen in &again {
        web.status(seen, 202, "");
        web.data(&stream, &event(&result_of(seen, "{}")));
    }
    let expected = [
        Told::Error(write, RequestError::Lost),
        Told::Ready(R1),
        Told::Result(list, "{}".into()),
        Told::Result(held, "{}".into()),
    ];
    assert_eq!(web.told(), expected);
}

/// A server that has kept the session says so, and nothing begins anew.
#[test]
fn a_restored_session_goes_on() {
    let (mut web, stream) = ready();
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 202, "");
    web.fail(&stream, Failure::Broken);
    web.pass_to_timeout();
    let stream = web.see("GET");
    endpoint(&mut web, &stream, "/prefix/messages?session_id=1&init_required=false");
    web.sees_nothing();
    web.data(&stream, &event(&result_of(&seen, "{}")));
    assert_eq!(web.told(), [Told::Result(handle, "{}".into())]);
}

/// The published clients stay refused for ever here: a refusal for want of a handshake begins one.
#[test]
fn a_refusal_for_want_of_a_handshake_begins_one() {
    let (mut web, stream) = ready();
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 202, "");
    let refusal = format!(
        r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-32002,"message":"Server not initialized","data":{{"reason":"not_initialized"}}}}}}"#,
        seen.rpc_id()
    );
    web.data(&stream, &event(&refusal));
    handshake(&mut web, &stream);
    let seen = web.see("tools/call");
    web.status(&seen, 202, "");
    web.data(&stream, &event(&result_of(&seen, "{}")));
    assert_eq!(web.told(), [Told::Result(handle, "{}".into())]);
}

/// A POST to a session that is gone opens another one.
#[test]
fn a_404_at_the_endpoint_opens_another_stream() {
    let (mut web, stream) = ready();
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.status(&seen, 404, "");
    assert_eq!(web.aborted(), [stream.id]);
    web.sees_nothing();
    web.pass_to_timeout();
    let stream = web.see("GET");
    endpoint(&mut web, &stream, "/prefix/messages?session_id=2");
    handshake(&mut web, &stream);
    let seen = web.see("tools/call");
    web.status(&seen, 202, "");
    web.data(&stream, &event(&result_of(&seen, "{}")));
    assert_eq!(web.told(), [Told::Result(handle, "{}".into())]);
}

/// case_35: a server that welcomes and hangs up, again and again, is given up.
#[test]
fn case_35_a_stream_that_only_says_hello_is_given_up() {
    let (mut web, mut stream) = ready();
    let mut attempts = 0;
    loop {
        web.end(&stream);
        if web.client.session().is_closed() {
            break;
        }
        attempts += 1;
        web.pass_to_timeout();
        stream = web.see("GET");
        endpoint(&mut web, &stream, &format!("/m?s={attempts}"));
        if web.client.session().is_closed() {
            break;
        }
        web.see("initialize");
    }
    assert!(attempts <= 5, "{attempts}");
    assert!(matches!(web.told().pop(), Some(Told::Closed(_))));
    while !web.client.is_done() {
        web.pass_to_timeout();
    }
}

/// A message the endpoint refuses ends, and says why.
#[test]
fn a_refused_post_ends_its_request() {
    let (mut web, _stream) = ready();
    let (one, two) = (web.send(call()), web.send(call()));
    let seen = web.see_all();
    web.status(&seen[0], 400, &error("null", -32600, "bad"));
    web.status(&seen[1], 500, "oops");
    let bad = ErrorObject::new(ErrorCode::INVALID_REQUEST, "bad");
    let expected = [
        Told::Error(one, RequestError::Refused(bad)),
        Told::Fault(Some(two), crate::support::status_fault(500, "oops")),
        Told::Error(two, RequestError::Status(500)),
    ];
    assert_eq!(web.told(), expected);
}

/// A POST whose answer is lost may have come through: the stream will tell.
#[test]
fn a_broken_post_may_have_come_through() {
    let (mut web, stream) = ready();
    let handle = web.send(call());
    let seen = web.see("tools/call");
    web.fail(&seen, Failure::Broken);
    web.data(&stream, &event(&result_of(&seen, "{}")));
    assert_eq!(web.told(), [Told::Result(handle, "{}".into())]);
}
