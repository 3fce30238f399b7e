use alloc::sync::Arc;

use mcp_core::app::{Context, Delivery, Server};
use mcp_core::id::ProgressToken;
use mcp_core::lifecycle::Method;
use mcp_core::model::{Level, LogParams, Tool};
use mcp_core::revision::Revision;
use serde_json::{Value, json};

use crate::support::{Fixture, key};

fn tracked(fixture: &Fixture) -> Context {
    let token = Some(ProgressToken::from_json("7.0").unwrap());
    Context::new(Arc::clone(&fixture.connection), key(), token)
}

fn empty() -> Server {
    Server::builder("s", "1").build().unwrap()
}

/// PROG-05, PROG-11, PROG-10: it only ever grows, and carries the token as it came.
#[test]
fn prog_05_progress_grows() {
    let fixture = Fixture::new(&empty());
    let cx = tracked(&fixture);
    let reports = [
        (0.0, Delivery::Sent),
        (50.5, Delivery::Sent),
        (50.5, Delivery::Stale),
        (10.0, Delivery::Stale),
        (f64::NAN, Delivery::Stale),
        (f64::INFINITY, Delivery::Stale),
        (100.0, Delivery::Sent),
    ];
    for (progress, delivery) in reports {
        // A clone reports on the same request.
        assert_eq!(cx.clone().progress(progress, Some(100.0), None), delivery, "{progress}");
    }
    let sent = fixture.peer.take_raw();
    assert!(sent.iter().all(|it| it.about == Some(cx.request())), "on the request's own lane");
    let params: Vec<&str> = sent.iter().map(|it| it.params.as_ref().unwrap().as_str()).collect();
    assert_eq!(
        params,
        [
            r#"{"progressToken":7.0,"progress":0,"total":100}"#,
            r#"{"progressToken":7.0,"progress":50.5,"total":100}"#,
            r#"{"progressToken":7.0,"progress":100,"total":100}"#,
        ]
    );
}

/// PROG-06: the message exists since 2025-03-26.
#[test]
fn prog_06_the_message_is_for_those_who_know_it() {
    for revision in Revision::LEGACY {
        let fixture = Fixture::at(&empty(), revision);
        tracked(&fixture).progress(1.0, None, Some("going"));
        let (method, params) = fixture.peer.take().remove(0);
        assert_eq!(method, "notifications/progress");
        let expected = (revision >= Revision::V2025_03_26).then(|| json!("going"));
        assert_eq!(params.get("message"), expected.as_ref(), "{revision}");
    }
}

/// PROG-04, PROG-03: nobody asked, nobody is told.
#[test]
fn prog_04_no_token_no_progress() {
    let fixture = Fixture::new(&empty());
    assert_eq!(fixture.cx().progress(1.0, None, None), Delivery::Unwanted);
    assert!(fixture.peer.take().is_empty());
}

/// A report that could not be sent does not count as reported.
#[test]
fn dropped_progress_can_be_reported_again() {
    let fixture = Fixture::new(&empty());
    let cx = tracked(&fixture);
    fixture.peer.set_full(true);
    assert_eq!(cx.progress(1.0, None, None), Delivery::Dropped);
    fixture.peer.set_full(false);
    assert_eq!(cx.progress(1.0, None, None), Delivery::Sent);
}

fn logging() -> Server {
    Server::builder("s", "1")
        .logging()
        .raw_tool(Tool::new("log"), |_: Value, cx: Context| async move {
            for level in Level::ALL {
                cx.log(level, level.as_str());
            }
            Ok(())
        })
        .build()
        .unwrap()
}

fn levels(fixture: &Fixture) -> Vec<String> {
    fixture.tool("log", "{}").unwrap();
    let sent = fixture.peer.take().into_iter();
    sent.map(|(method, params)| {
        assert_eq!(method, "notifications/message");
        assert_eq!(params["level"], params["data"]);
        params["level"].as_str().unwrap().to_owned()
    })
    .collect()
}

/// LOG-04, LOG-05, LOG-02: from the level that the client set, `info` until it does; each client
/// has its own.
#[test]
fn log_04_messages_are_filtered_by_level() {
    let server = logging();
    let (fixture, other) = (Fixture::new(&server), Fixture::new(&server));
    let names = Level::ALL.map(Level::as_str);
    assert_eq!(levels(&fixture), names[1..]);
    for (index, level) in names.iter().enumerate() {
        let params = json!({ "level": level }).to_string();
        let result = fixture.call(Method::LoggingSetLevel, &params).unwrap();
        assert_eq!(result, json!({}));
        assert_eq!(levels(&fixture), names[index..], "{level}");
    }
    assert_eq!(levels(&other), names[1..]);
}

/// LOG-06.
#[test]
fn log_06_a_bad_level_is_invalid_params() {
    let fixture = Fixture::new(&logging());
    for params in ["", "{}", r#"{"level":"loud"}"#, r#"{"level":3}"#, r#"{"level":"INFO"}"#] {
        assert_eq!(fixture.code(Method::LoggingSetLevel, params), -32602, "{params}");
    }
    assert_eq!(levels(&fixture).len(), 7, "nothing has changed");
}

/// LOG-01: without the capability nothing is logged.
#[test]
fn log_01_logging_is_declared_or_silent() {
    let server = Server::builder("s", "1")
        .raw_tool(Tool::new("log"), |_: Value, cx: Context| async move {
            assert_eq!(cx.error("x"), Delivery::Unwanted);
            Ok(())
        })
        .build()
        .unwrap();
    let fixture = Fixture::new(&server);
    assert!(fixture.tool("log", "{}").is_ok());
    assert!(fixture.peer.take().is_empty());
    assert_eq!(fixture.code(Method::LoggingSetLevel, r#"{"level":"info"}"#), -32601);
}

/// LOG-07: any JSON, and a logger's name.
#[test]
fn log_07_messages_carry_any_json() {
    let fixture = Fixture::new(&empty());
    let cx = fixture.cx().with_logging();
    assert_eq!(cx.warning(json!({"n": [1, null]})), Delivery::Sent);
    let message = LogParams::new(Level::Alert, json!("fire")).with_logger("db");
    assert_eq!(cx.log_as(message), Delivery::Sent);
    assert_eq!(cx.debug("quiet"), Delivery::Unwanted);
    let params: Vec<Value> = fixture.peer.take().into_iter().map(|(_, params)| params).collect();
    assert_eq!(
        params,
        [
            json!({"level": "warning", "data": {"n": [1, null]}}),
            json!({"level": "alert", "data": "fire", "logger": "db"}),
        ]
    );
}
