//! The bodies of POSTs.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::support::{INITIALIZED, Said, Web, call, initialize, large_call};

/// JSONRPC-08, JSONRPC-27: what cannot be read is -32700 without an id, in the answer to the POST.
#[test]
fn bad_json_is_400_with_a_parse_error() {
    let web = Web::new();
    let mut client = web.open_ready();
    for body in [
        &b""[..],
        b"{",
        b"nonsense",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}}",
        b"\xff\xfe",
        b"{\"a\":\"\xe2\x82\"}",
    ] {
        let refused = web.refused(&client.uri, Bytes::copy_from_slice(body));
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["error"]["code"], -32700);
        assert!(refused.body.get("id").is_none());
    }
    assert_eq!(client.read(web.now), [], "nothing of it reaches the stream");
}

/// case_65, case_66, case_69; JSONRPC-08, JSONRPC-27: a message that is none is -32600, with its id
/// if it has one.
#[test]
fn a_bad_envelope_is_400_with_an_invalid_request() {
    let web = Web::new();
    let client = web.open_ready();
    for (body, id) in [
        ("7", Value::Null),
        ("{}", Value::Null),
        (r#"{"jsonrpc":"2.0","id":7,"method":1}"#, 7.into()),
        (r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, 7.into()),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, Value::Null),
        (r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}"#, "a".into()),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","Method":"x"}"#, 7.into()),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"x"}"#, 7.into()),
        (r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#, 7.into()),
    ] {
        let refused = web.refused(&client.uri, body);
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.body["error"]["code"], -32600, "{body}");
        assert_eq!(refused.body["id"], id, "{body}");
    }
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{}}}}}"#,
        "[".repeat(200) + &"]".repeat(200)
    );
    assert_eq!(web.refused(&client.uri, deep).body["error"]["code"], -32600);
}

/// case_68: a batch is taken in 2025-03-26 and refused as a whole in every other revision.
#[test]
fn case_68_a_batch_is_for_one_revision() {
    let batch = format!("[{},{INITIALIZED},{},7]", call(1), call(2));
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let web = Web::new();
        let mut client = web.open_speaking(version);
        let refused = web.refused(&client.uri, batch.clone());
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{version}");
        assert_eq!(refused.body["error"]["code"], -32600);
        client.work(web.now);
        assert_eq!(client.read(web.now), []);
    }
    let web = Web::new();
    let before = web.open();
    let refused = web.refused(&before.uri, format!("[{}]", initialize(0, "2025-03-26")));
    assert_eq!(refused.body["error"]["code"], -32600, "initialize cannot be part of one");

    let mut client = web.open_speaking("2025-03-26");
    web.send(&client, batch);
    client.work(web.now);
    let said = client.read(web.now);
    assert_eq!(said.len(), 3);
    assert!(said.contains(&Said::Result(1)) && said.contains(&Said::Result(2)));
    assert_eq!(web.refused(&client.uri, "[]").body["error"]["code"], -32600);
}

/// case_55: a body in any pieces is the body.
#[test]
fn case_55_pieces_of_a_body_are_the_body() {
    let web = Web::new();
    let mut client = web.open_ready();
    let body = Bytes::from(large_call(1, 40_000));
    for size in [1, 2, 7, 1000, 16_384, 39_999, 40_000, 50_000] {
        let mut upload = web.upload(&client.uri);
        upload.handle_data(Bytes::new()).unwrap();
        for piece in body.chunks(size) {
            upload.handle_data(body.slice_ref(piece)).unwrap();
        }
        let _ = upload.handle_end(web.now);
        client.work(web.now);
        assert_eq!(client.read(web.now), [Said::Result(1)], "{size}");
    }
}

/// A body in one piece is not copied: what the application gets is a slice of it.
#[test]
fn a_body_in_one_piece_is_not_copied() {
    let web = Web::new();
    let client = web.open_ready();
    let body = Bytes::from(large_call(1, 40_000));
    let mut upload = web.upload(&client.uri);
    upload.handle_data(body.clone()).unwrap();
    let _ = upload.handle_end(web.now);
    let event = client.slot.lock().poll_event();
    let Some(mcp_core::session::ServerEvent::Request(request)) = event else {
        panic!("a request");
    };
    let params = request.params.unwrap();
    assert!(body.as_ptr_range().contains(&params.as_bytes().as_ptr()));
}

/// A body that never ends is dropped by its owner, and the session does not notice.
#[test]
fn an_abandoned_upload_leaves_nothing() {
    let web = Web::new();
    let mut client = web.open_ready();
    for _ in 0..1000 {
        let mut upload = web.upload(&client.uri);
        upload.handle_data("{\"jsonrpc\":".into()).unwrap();
    }
    assert_eq!(client.slot.lock().counters().received, 2);
    web.send(&client, call(1));
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(1)]);
}
