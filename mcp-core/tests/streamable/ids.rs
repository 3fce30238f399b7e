//! Ids that clients choose badly.

use crate::support::{Reader, Said, Web, call, full, stream};

/// case_53, RACE j: the first is answered, the second refused, and neither waits for ever.
#[test]
fn case_53_the_same_id_twice_in_flight() {
    for streamed in [false, true] {
        let web = Web::new();
        let mut client = web.join("2025-06-18");
        let mut first = client.ask(&web, call(7));
        if streamed {
            client.log(&web, 7, "half");
        }
        let mut second = client.ask(&web, call(7));
        let said = Said::from(full(second.poll_answer(web.now)));
        assert_eq!((&said.body["id"], said.code()), (&7.into(), -32600));
        client.answer(&web, 7, "a");
        assert_eq!(client.requests.len(), 0);
        if streamed {
            let mut reader = Reader::new(stream(first.poll_answer(web.now)));
            assert_eq!(reader.read(web.now), ["half", "7=a"]);
            assert!(reader.stream.is_ended());
        } else {
            let said = Said::from(full(first.poll_answer(web.now)));
            assert_eq!(said.body["result"], "a");
        }
        drop((first, second));
        let session = client.slot.lock();
        assert_eq!((session.in_flight(), session.outbox_frames(), session.ids_in_use()), (0, 0, 0));
    }
}

/// RACE j.types: `7` and `"7"` are two.
#[test]
fn race_j_ids_of_two_types_do_not_meet() {
    let web = Web::new();
    let mut client = web.join("2025-06-18");
    let mut number = client.ask(&web, call(7));
    let mut text = match client.post(&web, call(7).replace(":7,", ":\"7\",")) {
        mcp_core::transport::http::Posted::Exchange(exchange) => exchange,
        other => panic!("{other:?}"),
    };
    let mut tickets = Vec::new();
    while let Some(event) = client.slot.lock().poll_event() {
        if let mcp_core::session::ServerEvent::Request(request) = event {
            tickets.push(request.ticket);
        }
    }
    for ticket in tickets {
        client.slot.lock().respond(web.now, ticket, Ok(mcp_core::jsonrpc::RawJson::EMPTY_OBJECT));
    }
    client.answer(&web, 7, "number");
    assert_eq!(Said::from(full(text.poll_answer(web.now))).body["id"], "7");
    assert_eq!(Said::from(full(number.poll_answer(web.now))).body["id"], 7);
}

/// case_53, case_54: equal ids of two clients, and of one client that uses them again.
#[test]
fn case_54_equal_ids_of_two_clients_do_not_meet() {
    let web = Web::new();
    let (mut one, mut two) = (web.join("2025-11-25"), web.join("2025-11-25"));
    for _ in 0..2 {
        let (mut of_one, mut of_two) = (one.ask(&web, call(1)), two.ask(&web, call(1)));
        two.answer(&web, 1, "two");
        assert!(of_one.poll_answer(web.now).is_none());
        one.answer(&web, 1, "one");
        assert_eq!(Said::from(full(of_one.poll_answer(web.now))).body["result"], "one");
        assert_eq!(Said::from(full(of_two.poll_answer(web.now))).body["result"], "two");
    }
}
