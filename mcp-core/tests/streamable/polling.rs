//! Connections that the server closes before the answer is there, for the client to come back.

use mcp_core::id::RequestTicket;

use crate::support::{Client, Reader, Web, call, secs, stream};

fn key(client: &Client) -> mcp_core::id::RequestKey {
    let (_, ticket): &(u64, RequestTicket) = &client.requests[0];
    ticket.key()
}

/// SHTTP-L08, SHTTP-L09: an id to come back with, a time to come back after, and the end.
#[test]
fn a_connection_is_closed_and_resumed() {
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    let mut exchange = client.ask(&web, call(1));
    let lane = client.slot.lock().hang_up(key(&client), secs(5));
    assert_eq!(lane, Some(exchange.lane()));
    let mut reader = Reader::new(stream(exchange.poll_answer(web.now)));
    reader.read(web.now);
    assert!(reader.stream.is_ended());
    assert_eq!(reader.bytes, b"id: 2-1\nretry: 1000\ndata: \n\nretry: 5000\n\n");
    let last = reader.last();
    drop(reader);
    let mut again = client.listen_after(&web, last.as_deref());
    assert!(client.slot.lock().hang_up(key(&client), secs(5)).is_some(), "as often as it takes");
    again.read(web.now);
    assert!(again.stream.is_ended());
    assert_eq!(again.bytes, b": open\n\nretry: 5000\n\n");
    client.log(&web, 1, "half");
    client.answer(&web, 1, "done");
    let mut last = client.listen_after(&web, last.as_deref());
    assert_eq!(last.read(web.now), ["half", "1=done"]);
    assert!(last.stream.is_ended());
}

/// Clients of revisions before do not know that they should come back.
#[test]
fn no_other_client_is_hung_up_on() {
    for version in ["2025-03-26", "2025-06-18"] {
        let web = Web::new();
        let mut client = web.join(version);
        let mut exchange = client.ask(&web, call(1));
        assert!(client.slot.lock().hang_up(key(&client), secs(5)).is_none());
        assert!(exchange.poll_answer(web.now).is_none());
    }
    let web = Web::new();
    let mut client = web.join("2025-11-25");
    drop(client.ask(&web, call(1)));
    assert!(client.slot.lock().hang_up(key(&client), secs(5)).is_none(), "nobody is there");
}
