//! Which request is which, and in what order things happen.

use mcp_core::config::SessionConfig;
use mcp_core::error::PeerError;
use mcp_core::revision::Revision;
use mcp_core::session::{Lane, Outgoing};

use super::support::*;

/// case_53: two requests in flight with one id on two exchanges: the second is refused on its own
/// exchange, and no answer crosses over.
#[test]
fn case_53_equal_ids_in_flight_never_cross() {
    let mut server = Server::ready();
    server.send_on(Lane::Exchange(1), &call(1)).unwrap();
    server.send_on(Lane::Exchange(2), &call(1)).unwrap();
    let refusal = server.session.poll_transmit().unwrap();
    assert_eq!(refusal.lane, Lane::Exchange(2));
    assert_eq!(
        said(core::str::from_utf8(&refusal.frame.to_bytes()).unwrap()),
        error(1, -32600, "")
    );
    server.saw();
    server.answer();
    let answer = server.session.poll_transmit().unwrap();
    assert_eq!(answer.lane, Lane::Exchange(1));
    // An id that is answered may be used again.
    server.send_on(Lane::Exchange(3), &call(1)).unwrap();
    assert_eq!(server.given(), ["1"]);
}

/// A message about a request leaves on the exchange of that request.
#[test]
fn what_is_about_a_request_leaves_on_its_lane() {
    let mut server = Server::ready();
    server.send_on(Lane::Exchange(9), &call(1)).unwrap();
    server.saw();
    let key = server.work[0].ticket.key();
    let about = |method| Outgoing::new(method, None).about(key);
    server.session.notify(server.now, about("notifications/progress")).unwrap();
    server.session.request(server.now, about("sampling/createMessage")).unwrap();
    server.session.notify(server.now, Outgoing::new("notifications/message", None)).unwrap();
    server.answer();
    let lanes: Vec<Lane> =
        core::iter::from_fn(|| server.session.poll_transmit()).map(|out| out.lane).collect();
    let exchange = Lane::Exchange(9);
    assert_eq!(lanes, [exchange, exchange, Lane::Standing, exchange]);
}

/// case_64; JSONRPC-06, PROG-11: ids and progress tokens come back by the text they came in.
#[test]
fn case_64_ids_and_tokens_are_kept_as_they_were_written() {
    let mut server = Server::ready();
    for id in ["1", "2.0", "\"1\"", "-5", "9007199254740993", "\"\\u0061\"", "\"\""] {
        let frame = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"_meta":{{"progressToken":{id}}}}}}}"#
        );
        server.send(&frame);
        server.saw();
        assert_eq!(server.work[0].id.as_json(), id);
        assert_eq!(server.work[0].progress_token.as_ref().unwrap().as_json(), id);
        server.answer();
        assert_eq!(server.frames(), [format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)]);
    }
}

/// PROG-01, ERR-01: a token that is neither a string nor an integer is a fault in the parameters.
#[test]
fn a_bad_progress_token_is_refused() {
    let mut server = Server::ready();
    for token in ["1.5", "{}", "[1]", "true"] {
        server.send(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"_meta":{{"progressToken":{token}}}}}}}"#
        ));
        assert_eq!(server.said(), [error(1, -32602, "")]);
    }
    server.assert_empty();
}

/// case_65; JSONRPC-03: `null` is no id, and makes no notification either.
#[test]
fn case_65_a_null_id_is_an_invalid_request() {
    let mut server = Server::ready();
    let taken = server.try_send(&call("null"));
    assert!(matches!(taken, Err(PeerError::Envelope(_))));
    assert_eq!(server.said(), [error("", -32600, "")]);
    assert_eq!(server.saw(), []);
}

/// case_67: what the session carries is not reformatted, held or not.
#[test]
fn case_67_parameters_pass_byte_for_byte() {
    let params =
        r#"{ "n":9007199254740993, "x":1e400,"é":"\u00e9", "_meta":{"b":1,"a":[ ]},"b":1,"a":2 }"#;
    let frame = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let mut held = Server::new();
    held.send(&frame);
    held.send(&initialize(2, "2025-11-25"));
    held.saw();
    held.accept();
    let mut ready = Server::ready();
    ready.send(&frame);
    for server in [&mut held, &mut ready] {
        server.saw();
        assert_eq!(server.work[0].params.as_ref().unwrap().as_str(), params);
        server.said();
        server.answer_with(Ok(raw(params)));
        let frames = server.frames();
        assert_eq!(frames[0], format!(r#"{{"jsonrpc":"2.0","id":1,"result":{params}}}"#));
    }
}

/// case_57: two frames in one go and one after the other give the same events in the same order,
/// a response among them.
#[test]
fn case_57_events_come_in_the_order_of_the_frames() {
    let frames = [
        call(1),
        r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#.into(),
        call(2),
        cancel(1),
    ];
    let run = |poll_between: bool| {
        let mut server = Server::ready();
        server.session.request(server.now, Outgoing::new("roots/list", None)).unwrap();
        let mut saw = Vec::new();
        for frame in &frames {
            server.send(frame);
            if poll_between {
                saw.extend(server.saw());
            }
        }
        saw.extend(server.saw());
        saw
    };
    let saw = run(true);
    assert_eq!(saw, run(false));
    assert!(matches!(
        &saw[..],
        [
            Saw::Request(_),
            Saw::Notification(_),
            Saw::Response(..),
            Saw::Request(_),
            Saw::Cancelled(..)
        ]
    ));
}

/// case_55: whatever is left unpolled stays where it is; nothing is lost by polling late.
#[test]
fn case_55_nothing_is_lost_by_polling_late() {
    let mut server = Server::new();
    for id in 0..50 {
        server.send(&call(id));
    }
    server.send(&initialize(100, "2025-11-25"));
    // The application polls one event at a time, between other things.
    let mut given = 0;
    let mut rounds = 0;
    while given < 50 {
        rounds += 1;
        assert!(rounds < 1000);
        match server.session.poll_event() {
            Some(mcp_core::session::ServerEvent::Initialize(ticket, _)) => {
                server.initialize = Some(ticket);
                server.accept();
            }
            Some(mcp_core::session::ServerEvent::Request(request)) => {
                assert_eq!(request.id.as_json(), given.to_string());
                server.session.respond(server.now, request.ticket, Ok(raw("{}")));
                given += 1;
            }
            _ => server.session.handle_timeout(server.now),
        }
    }
    assert_eq!(server.said().len(), 51);
    server.assert_empty();
}

/// case_68; JSONRPC-14, JSONRPC-16, JSONRPC-17, STDIO-04: batches in the revision that has them.
#[test]
fn case_68_batches_exist_in_one_revision() {
    let batch = format!(
        "[{},{},{},{},{},7]",
        call(1),
        r#"{"jsonrpc":"2.0","method":"notifications/x"}"#,
        request(2, "no/such"),
        initialize(3, "2025-03-26"),
        r#"{"jsonrpc":"2.0","id":4,"result":{}}"#,
    );
    for revision in Revision::LEGACY {
        let mut server = Server::new();
        assert!(server.try_send(&batch).is_err(), "no revision yet");
        assert_eq!(server.said(), [error("", -32600, "")]);
        server.shake(revision);
        let taken = server.try_send(&batch);
        if revision.allows_batches() {
            assert!(matches!(taken, Err(PeerError::Envelope(_))), "one of them is no message");
            assert_eq!(
                server.said(),
                [error(2, -32601, ""), error(3, -32600, ""), error("", -32600, "")]
            );
            assert_eq!(
                server.saw(),
                [Saw::Request("1".into()), Saw::Notification("notifications/x".into())]
            );
            assert_eq!(server.session.counters().unknown_responses, 1);
        } else {
            assert!(taken.is_err());
            assert_eq!(server.said(), [error("", -32600, "")]);
            assert_eq!(server.saw(), []);
        }
        assert!(server.try_send("[]").is_err());
        assert_eq!(server.said(), [error("", -32600, "")]);
    }
}

/// A batch that ends the session halfway leaves nothing behind.
#[test]
fn a_batch_stops_at_the_end_of_the_session() {
    let tiny = |config: &mut SessionConfig| {
        config.limits.outbox_bytes_max = 1;
        config.early_requests = mcp_core::config::EarlyRequests::Serve;
    };
    let mut server = Server::with(tiny);
    server.shake(Revision::V2025_03_26);
    let taken = server.try_send(&format!("[{PING},{PING},{},{}]", call(1), call(2)));
    assert_eq!(taken, Err(PeerError::Closed));
    let saw = server.saw();
    assert!(matches!(&saw[..], [Saw::Closed(_)]), "{saw:?}");
    server.assert_empty();
}

/// case_66, case_69: verdicts of the envelope reach the client with the id and the reason.
#[test]
fn case_66_case_69_a_malformed_request_is_told_what_is_wrong() {
    let mut server = Server::ready();
    for (frame, member) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#, "`method`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#, "`method`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, "`params`"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "`jsonrpc`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "`method`"),
    ] {
        assert!(server.try_send(frame).is_err());
        let frames = server.frames();
        assert_eq!(said(&frames[0]), error(1, -32600, ""), "{frame}");
        assert!(frames[0].contains(member), "{frames:?}");
    }
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}"#;
    assert!(server.try_send(response).is_err());
    assert_eq!(server.said(), [], "a response is never answered");
    assert_eq!(server.session.counters().malformed, 6);
    assert_eq!(server.session.counters().received, 2 + 6);
}
