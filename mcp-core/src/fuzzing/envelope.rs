//! Any bytes as a message.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::id::RequestId;
use crate::jsonrpc::{EnvelopeError, EnvelopeLimits, ErrorCode, Frame, Incoming, Message, RawJson};

/// What is read can be written and read again, and says the same; what is not read can be refused.
pub fn envelope(data: &[u8]) {
    let frame = Bytes::copy_from_slice(data);
    let limits = EnvelopeLimits::default();
    match Incoming::parse(&frame, &limits) {
        Ok(Incoming::Message(message)) => {
            agrees_with_naive_reading(data, &message);
            check(&message);
        }
        Ok(Incoming::Batch(members)) => {
            assert!(!members.is_empty() && members.len() <= limits.batch);
            for member in &members {
                match member {
                    Ok(message) => check(message),
                    Err(error) => check_refusal(error),
                }
            }
        }
        Err(error) => check_refusal(&error),
    }

    let mut tight = limits;
    tight.bytes = 64;
    tight.depth = 3;
    tight.batch = 2;
    tight.id_bytes = 4;
    if let Err(error) = Incoming::parse(&frame, &tight) {
        check_refusal(&error);
        assert!(error.id().is_none_or(|id| id.as_json().len() <= tight.id_bytes));
    } else {
        assert!(data.len() <= tight.bytes);
        assert!(Incoming::parse(&frame, &limits).is_ok(), "wider bounds take no less");
    }

    if let Some(id) = core::str::from_utf8(data).ok().and_then(RequestId::from_json) {
        assert!(RawJson::parse(frame).is_ok(), "an id is JSON");
        assert_eq!(RequestId::from_json(id.as_json()), Some(id));
    }
}

fn read(frame: &Frame) -> Message {
    let limits = EnvelopeLimits { bytes: usize::MAX, ..EnvelopeLimits::default() };
    match Incoming::parse(&frame.to_bytes(), &limits) {
        Ok(Incoming::Message(message)) => message,
        other => panic!("{:?}: {other:?}", frame.to_bytes()),
    }
}

fn one_line(json: Option<&RawJson>) -> Option<Vec<u8>> {
    let breaks = |byte: &u8| {
        if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }
    };
    json.map(|json| json.as_bytes().iter().map(breaks).collect())
}

fn check(message: &Message) {
    match message {
        Message::Request(it) => {
            let frame = Frame::request(&it.id, it.method.as_str(), it.params.as_deref());
            let Message::Request(again) = read(&frame) else {
                panic!("a request");
            };
            assert_eq!(again.id.as_json(), it.id.as_json());
            assert_eq!(again.method, it.method);
            assert_eq!(one_line(again.params.as_deref()), one_line(it.params.as_deref()));
        }
        Message::Notification(it) => {
            let frame = Frame::notification(it.method.as_str(), it.params.as_deref());
            let Message::Notification(again) = read(&frame) else {
                panic!("a notification");
            };
            assert_eq!(again.method, it.method);
            assert_eq!(one_line(again.params.as_deref()), one_line(it.params.as_deref()));
        }
        Message::Response(it) => {
            let frame = match (&it.id, &it.outcome) {
                (Some(id), reply) => Frame::response(id, reply),
                (None, Err(error)) => Frame::error(None, error),
                (None, Ok(_)) => return,
            };
            let Message::Response(again) = read(&frame) else {
                panic!("a response");
            };
            assert_eq!(again.id.is_some(), it.id.is_some());
            match (again.outcome, &it.outcome) {
                (Ok(again), Ok(it)) => assert_eq!(one_line(Some(&again)), one_line(Some(it))),
                (Err(again), Err(it)) => {
                    assert_eq!((again.code(), again.message()), (it.code(), it.message()));
                    assert_eq!(one_line(again.data()), one_line(it.data()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn check_refusal(error: &EnvelopeError) {
    let object = error.to_error();
    assert!(matches!(object.code(), ErrorCode::PARSE_ERROR | ErrorCode::INVALID_REQUEST));
    let Message::Response(response) = read(&Frame::error(error.id(), &object)) else {
        panic!("a response");
    };
    assert_eq!(response.id.as_ref(), error.id());
}

/// A reader that knows nothing of envelopes finds the same members.
fn agrees_with_naive_reading(data: &[u8], message: &Message) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) else {
        // Only numbers that do not fit are valid JSON and no value.
        return;
    };
    assert_eq!(value.get("jsonrpc").and_then(|it| it.as_str()), Some("2.0"));
    let method = value.get("method").and_then(|it| it.as_str()).map(String::from);
    let (found, id) = match message {
        Message::Request(it) => (Some(it.method.as_str()), true),
        Message::Notification(it) => (Some(it.method.as_str()), false),
        Message::Response(it) => (None, it.id.is_some()),
    };
    assert_eq!(found, method.as_deref());
    assert_eq!(value.get("id").is_some_and(|id| !id.is_null()), id);
}
