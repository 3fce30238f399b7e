//! Reading and writing envelopes: which message is this, and what came through untouched.

use bytes::Bytes;
use mcp_core::id::RequestId;
use mcp_core::jsonrpc::{
    EnvelopeError, EnvelopeErrorKind as Kind, EnvelopeLimits, ErrorCode, Frame, Incoming, Message,
    RawJson,
};
use proptest::prelude::*;

fn parse_bytes(frame: &[u8]) -> Result<Incoming, EnvelopeError> {
    Incoming::parse(&Bytes::copy_from_slice(frame), &EnvelopeLimits::default())
}

fn parse(frame: &str) -> Result<Incoming, EnvelopeError> {
    parse_bytes(frame.as_bytes())
}

fn message(frame: &str) -> Message {
    match parse(frame) {
        Ok(Incoming::Message(message)) => message,
        other => panic!("{frame}: {other:?}"),
    }
}

fn fault(frame: &str) -> EnvelopeError {
    parse(frame).expect_err(frame)
}

/// case_69: a message is told apart by the members it has.
#[test]
fn case_69_messages_are_told_apart_by_their_members() {
    let Message::Request(request) = message(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#) else {
        panic!();
    };
    assert_eq!((request.id.as_json(), request.method.as_str()), ("1", "a"));
    assert!(request.params.is_none());
    let Message::Notification(it) = message(r#"{"params":{"x":1},"method":"b","jsonrpc":"2.0"}"#)
    else {
        panic!();
    };
    assert_eq!((it.method.as_str(), it.params.unwrap().as_str()), ("b", r#"{"x":1}"#));
    for (frame, id) in [
        (r#"{"jsonrpc":"2.0","id":"a","result":{}}"#, Some("\"a\"")),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#, Some("1")),
        (r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m","data":null}}"#, None),
        (r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m","extra":[]}}"#, None),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"params":7,"extra":{}}"#, Some("1")),
    ] {
        let Message::Response(response) = message(frame) else {
            panic!("{frame}");
        };
        assert_eq!(response.id.as_ref().map(RequestId::as_json), id, "{frame}");
    }
}

/// case_69; JSONRPC-07, JSONRPC-13, JSONRPC-10: what contradicts itself is refused, and the error
/// names it.
#[test]
fn case_69_the_error_names_the_member() {
    for (rest, kind, answered) in [
        (r#""id":1"#, Kind::Unclassifiable, true),
        (r#""id":1,"params":{}"#, Kind::Unclassifiable, true),
        (
            r#""id":1,"result":{},"error":{"code":1,"message":""}"#,
            Kind::Conflict("result", "error"),
            false,
        ),
        (r#""id":1,"method":"a","result":{}"#, Kind::Conflict("result", "method"), true),
        (r#""id":1,"method":"a","error":{}"#, Kind::Conflict("error", "method"), true),
        (r#""id":1,"method":7"#, Kind::Method, true),
        (r#""id":1,"method":"\ud800""#, Kind::Method, true),
        (r#""id":1,"method":"a","params":[1]"#, Kind::Params, true),
        (r#""id":1,"method":"a","params":"x""#, Kind::Params, true),
        (r#""id":1,"error":"boom""#, Kind::Error, false),
        (r#""id":1,"error":{"code":"1","message":""}"#, Kind::Error, false),
        (r#""id":1,"error":{"code":1.5,"message":""}"#, Kind::Error, false),
        (r#""id":1,"error":{"code":1}"#, Kind::Error, false),
        (r#""id":{},"result":{}"#, Kind::Id { limit: 256 }, false),
        (r#""id":1.5,"method":"a""#, Kind::Id { limit: 256 }, true),
        (r#""id":null,"method":"a""#, Kind::Id { limit: 256 }, true),
        (r#""id":true,"method":"a""#, Kind::Id { limit: 256 }, true),
        (r#""method":"a","params":[]"#, Kind::Params, false),
    ] {
        let frame = format!(r#"{{"jsonrpc":"2.0",{rest}}}"#);
        let error = fault(&frame);
        assert_eq!(error.kind(), &kind, "{frame}");
        assert_eq!(error.is_answerable(), answered, "{frame}");
        assert_eq!(error.to_error().code(), ErrorCode::INVALID_REQUEST);
        assert!(error.to_error().message().contains(&kind.to_string()));
        let id = frame.contains(r#""id":1,"#) || frame.contains(r#""id":1}"#);
        assert_eq!(error.id().is_some(), id, "{frame}");
    }
    // JSON-RPC's own example of an invalid request without an id is answered.
    assert!(fault(r#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#).is_answerable());
}

/// JSONRPC-01: the version must be there and be right.
#[test]
fn the_version_must_be_2_0() {
    for version in ["", r#""jsonrpc":"1.0","#, r#""jsonrpc":2.0,"#, r#""jsonrpc":null,"#] {
        let error = fault(&format!(r#"{{{version}"id":1,"method":"a"}}"#));
        assert_eq!(error.kind(), &Kind::Version);
        assert_eq!(error.id().map(RequestId::as_json), Some("1"));
    }
}

/// case_59; JSONRPC-12: neither a response nor a notification is ever answered, however broken.
#[test]
fn case_59_what_is_no_request_is_never_answered() {
    for outcome in [
        r#""result":1,"result":2"#,
        r#""result":{},"error":{}"#,
        r#""Result":{}"#,
        r#""ERROR":{"code":1,"message":""}"#,
        r#""error":7"#,
        r#""re\u0073ult":{},"Id":3"#,
    ] {
        for before in ["", r#""jsonrpc":"2.0","#, r#""jsonrpc":"1.0","id":7,"#, r#""id":[],"#] {
            let frame = format!("{{{before}{outcome}}}");
            assert!(!fault(&frame).is_answerable(), "{frame}");
        }
    }
    for broken in [
        r#"{"jsonrpc":"1.0","method":"notifications/x"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":7}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/x","Params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/x","method":"notifications/y"}"#,
    ] {
        assert!(!fault(broken).is_answerable(), "{broken}");
    }
    // Whoever writes `ID` meant a request.
    assert!(fault(r#"{"jsonrpc":"2.0","ID":1,"method":"a"}"#).is_answerable());
}

/// case_66, CVE-2026-27896, GHSA-4gph-2hhr-5mwg: a name that stands there twice, or that another
/// reader could take for one of ours.
#[test]
fn case_66_duplicates_and_case_variants_are_refused() {
    let base = r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{}"#;
    for (extra, kind) in [
        (r#""jsonrpc":"2.0""#, Kind::Duplicate("jsonrpc")),
        (r#""id":1"#, Kind::Duplicate("id")),
        (r#""method":"a""#, Kind::Duplicate("method")),
        (r#""params":{}"#, Kind::Duplicate("params")),
        (r#""m\u0065thod":"b""#, Kind::Duplicate("method")),
        (r#""Method":"b""#, Kind::CaseVariant("method")),
        (r#""\u004dethod":"b""#, Kind::CaseVariant("method")),
        (r#""METHOD":"b""#, Kind::CaseVariant("method")),
        (r#""ID":2"#, Kind::CaseVariant("id")),
        (r#""ıd":2"#, Kind::CaseVariant("id")),
        (r#""Params":{}"#, Kind::CaseVariant("params")),
        (r#""paramſ":{}"#, Kind::CaseVariant("params")),
        (r#""param\u017f":{}"#, Kind::CaseVariant("params")),
        (r#""jſonrpc":"2.0""#, Kind::CaseVariant("jsonrpc")),
        (r#""reſult":1"#, Kind::CaseVariant("result")),
        (r#""Error":1"#, Kind::CaseVariant("error")),
    ] {
        let before = format!("{{{extra},{}}}", &base[1..]);
        let after = format!("{base},{extra}}}");
        for frame in [before, after] {
            let error = fault(&frame);
            assert_eq!(error.kind(), &kind, "{frame}");
            let ambiguous = kind == Kind::Duplicate("id");
            assert_eq!(error.id().is_none(), ambiguous, "{frame}");
        }
    }
    // Names of anybody else's are nobody's business, however often they stand there.
    for extra in [r#""x":1,"x":2"#, r#""methods":1"#, r#""":1"#, r#""result_":{}"#, r#""i":1"#] {
        assert!(matches!(message(&format!("{base},{extra}}}")), Message::Request(_)));
    }
    // Inside `params` it is not the envelope's either.
    message(r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"ID":1,"Method":2,"id":1,"id":2}}"#);
}

/// An escaped name is the name.
#[test]
fn escapes_in_names_and_methods_are_read() {
    let frame = r#"{"jsonrpc":"2.0","\u0069d":"\u0061","m\u0065thod":"tools\/c\u0061ll"}"#;
    let Message::Request(request) = message(frame) else {
        panic!();
    };
    assert_eq!(request.method.as_str(), "tools/call");
    assert_eq!(request.id, RequestId::from("a"));
    assert_eq!(request.id.as_json(), "\"\\u0061\"", "kept as it was written");
}

/// JSONRPC-27, ERR-01: what is no JSON is told so, with the place; what is no object is another
/// fault.
#[test]
fn what_is_no_json_is_a_parse_error() {
    for frame in ["", " ", "{", "{}x", "[", "[{}", "[1,]", "nul", "\u{feff}{}", "{\"a\":01}", "'a'"]
    {
        let error = fault(frame);
        assert!(matches!(error.kind(), Kind::NotJson { .. }), "{frame}: {error}");
        assert_eq!(error.to_error().code(), ErrorCode::PARSE_ERROR);
        assert!(error.id().is_none());
    }
    for frame in ["1", "\"a\"", "null", "true", " -1.5e3 "] {
        assert_eq!(fault(frame).kind(), &Kind::NotAnObject, "{frame}");
        assert_eq!(fault(frame).to_error().code(), ErrorCode::INVALID_REQUEST);
    }
    let place = fault("{\n \"jsonrpc\": x}");
    assert_eq!(place.kind(), &Kind::NotJson { line: 2, column: 13 });
}

/// case_61; JSONRPC-18.
#[test]
fn case_61_invalid_utf8_is_a_parse_error() {
    for bytes in
        [&b"\xff"[..], b"{\"a\":\"\xc3\"}", b"{\"jsonrpc\":\"2.0\",\"method\":\"\xed\xa0\x80\"}"]
    {
        let error = parse_bytes(bytes).unwrap_err();
        assert_eq!(error.kind(), &Kind::NotUtf8);
        assert_eq!(error.to_error().code(), ErrorCode::PARSE_ERROR);
    }
}

/// The bound on depth holds whatever carries the levels, and what is within it can be read.
#[test]
fn depth_is_bounded() {
    let nested = |levels: usize, open: &str, close: &str| {
        let params = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"a","params":{{"x":{params}}}}}"#)
    };
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let Message::Request(request) = message(&nested(126, open, close)) else {
            panic!();
        };
        request.params.unwrap().to::<serde_json::Value>().unwrap();
        assert_eq!(fault(&nested(127, open, close)).kind(), &Kind::TooDeep { limit: 128 });
        fault(&nested(1_000_000, open, close));
    }
    // Brackets in strings are no levels.
    let text = "[{".repeat(1000);
    message(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"a","params":{{"x":"\"{text}"}}}}"#));
    // Unbalanced ones are no JSON, and no depth below zero either.
    assert!(matches!(fault(&"]".repeat(1000)).kind(), Kind::NotJson { .. }));
}

#[test]
fn size_and_id_length_are_bounded() {
    let mut limits = EnvelopeLimits::default();
    limits.bytes = 40;
    let fits = Bytes::from_static(br#"{"jsonrpc":"2.0","id":12,"method":"abc"}"#);
    assert_eq!(fits.len(), 40);
    assert!(Incoming::parse(&fits, &limits).is_ok());
    let over = Bytes::from_static(br#"{"jsonrpc":"2.0","id":12,"method":"abcd"}"#);
    let error = Incoming::parse(&over, &limits).unwrap_err();
    assert_eq!(error.kind(), &Kind::TooLarge { limit: 40 });

    let id = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    message(&format!(r#"{{"jsonrpc":"2.0","id":{},"method":"a"}}"#, id(256)));
    let error = fault(&format!(r#"{{"jsonrpc":"2.0","id":{},"method":"a"}}"#, id(257)));
    assert_eq!(error.kind(), &Kind::Id { limit: 256 });
}

/// case_68: each member of a batch is judged on its own.
#[test]
fn case_68_members_of_a_batch_are_judged_alone() {
    let batch = r#" [ {"jsonrpc":"2.0","id":1,"method":"a"}, 7, [], {"jsonrpc":"2.0","id":2,"result":{}},
        {"jsonrpc":"2.0","method":"n"}, {"jsonrpc":"2.0","id":3,"method":"a","Method":"b"} ] "#;
    let Ok(Incoming::Batch(members)) = parse(batch) else {
        panic!();
    };
    let [
        Ok(Message::Request(_)),
        Err(number),
        Err(nested),
        Ok(Message::Response(_)),
        Ok(Message::Notification(_)),
        Err(variant),
    ] = &members[..]
    else {
        panic!("{members:?}");
    };
    assert_eq!(number.kind(), &Kind::NotAnObject);
    assert_eq!(nested.kind(), &Kind::NotAnObject);
    assert_eq!(variant.id().map(RequestId::as_json), Some("3"));
    assert_eq!(fault("[]").kind(), &Kind::EmptyBatch);
    assert_eq!(fault("[ ]").to_error().code(), ErrorCode::INVALID_REQUEST);
    let long = format!("[{}0]", "0,".repeat(100));
    assert_eq!(fault(&long).kind(), &Kind::BatchTooLong { limit: 100 });
}

/// case_67: what the parser carries is a slice of the frame, not a copy of its meaning.
#[test]
fn case_67_numbers_and_order_survive() {
    let params = r#"{ "z":1, "a":9007199254740993, "b":1e400, "b":-0.0,"c":"\u00e9\/", "d":[ ] }"#;
    let frame = Bytes::from(format!(
        r#"{{"jsonrpc":"2.0","id":9007199254740993,"method":"a","params": {params} }}"#
    ));
    let Ok(Incoming::Message(Message::Request(request))) =
        Incoming::parse(&frame, &EnvelopeLimits::default())
    else {
        panic!();
    };
    let carried = request.params.unwrap();
    assert_eq!(carried.as_str(), params);
    assert!(frame.as_ptr_range().contains(&carried.as_bytes().as_ptr()), "no copy");
    let again = Frame::request(&request.id, request.method.as_str(), Some(&carried)).to_bytes();
    assert_eq!(
        again,
        format!(r#"{{"jsonrpc":"2.0","id":9007199254740993,"method":"a","params":{params}}}"#)
    );
}

/// Any JSON, written in any of the ways JSON can be written.
fn any_json() -> impl Strategy<Value = String> {
    let space = prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\t ")];
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| format!("{a}{b}")),
        (any::<i32>(), any::<u32>(), -999_i32..999).prop_map(|(a, b, e)| format!("{a}.{b}e{e}")),
        Just("-0".to_owned()),
        Just("1E+400".to_owned()),
    ];
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), number, any_string(),];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let item = (space.clone(), inner.clone(), space.clone())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (any_string(), space.clone(), item.clone())
            .prop_map(|(name, space, value)| format!("{name}{space}:{value}"));
        prop_oneof![
            prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..4)
                .prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn any_string() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<Vec<u16>>().prop_map(|units| {
            let escaped: String = String::from_utf16_lossy(&units)
                .encode_utf16()
                .take(8)
                .filter(|unit| !(0xd800..0xe000).contains(unit))
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            format!("\"{escaped}\"")
        }),
    ]
}

fn any_object() -> impl Strategy<Value = String> {
    prop::collection::vec((any_string(), any_json()), 0..4).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{{{}}}", members.join(" ,"))
    })
}

fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|id| id.to_string()),
        any::<i64>().prop_map(|id| format!("{id}.0")),
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| format!("1{a}{b}")),
        any_string().prop_filter("short enough", |id| id.len() <= 256),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// case_64, case_67: through us and on to the next, byte for byte.
    #[test]
    fn requests_pass_byte_for_byte(
        id in any_id(), method in any::<String>(), params in any_object(), shuffle in 0..24_usize,
    ) {
        let written = serde_json::to_string(&method).unwrap();
        let mut members = [
            r#""jsonrpc":"2.0""#.to_owned(),
            format!(r#""id":{id}"#),
            format!(r#""method":{written}"#),
            format!(r#""params":{params}"#),
        ];
        let expected = format!("{{{}}}", members.join(","));
        members.rotate_left(shuffle % 4);
        members.swap(0, shuffle % 3);
        let frame = format!("{{ {} }}", members.join(" ,"));

        let Message::Request(request) = message(&frame) else { panic!("{frame}") };
        prop_assert_eq!(request.id.as_json(), &id);
        prop_assert_eq!(request.method.as_str(), &method);
        let params = request.params.unwrap();
        let again = Frame::request(&request.id, request.method.as_str(), Some(&params)).to_bytes();
        prop_assert_eq!(&again[..], expected.as_bytes());

        let answer = Frame::result(&request.id, &params).to_bytes();
        let expected = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{}}}"#, params.as_str());
        prop_assert_eq!(&answer[..], expected.as_bytes());
        let Message::Response(response) = message(&expected) else { panic!("{expected}") };
        prop_assert_eq!(response.id.as_ref().map(RequestId::as_json), Some(id.as_str()));
        prop_assert_eq!(response.outcome.unwrap(), RawJson::from(params));
    }

    /// JSONRPC-10: `data` of an error too.
    #[test]
    fn error_data_passes_byte_for_byte(id in any_id(), code: i64, text: String, data in any_json()) {
        let written = serde_json::to_string(&text).unwrap();
        let frame = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{written},"data":{data}}}}}"#
        );
        let Message::Response(response) = message(&frame) else { panic!("{frame}") };
        let error = response.outcome.unwrap_err();
        prop_assert_eq!(error.code(), ErrorCode::new(code));
        prop_assert_eq!(error.message(), &text);
        if data != "null" {
            let again = Frame::error(response.id.as_ref(), &error).to_bytes();
            prop_assert_eq!(&again[..], frame.as_bytes());
        }
    }

    /// A value that is not an envelope's is told so, and nothing panics on what is no JSON.
    #[test]
    fn anything_else_is_an_error(json in any_json(), bytes: Vec<u8>) {
        prop_assert!(RawJson::parse(json.clone()).is_ok(), "{json}");
        if !json.starts_with('[') {
            prop_assert!(parse(&json).is_err());
        }
        let _ = parse_bytes(&bytes);
    }
}
