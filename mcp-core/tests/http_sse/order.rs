//! Messages that overtake each other on their way, as they do when each has its own connection.

use http::StatusCode;
use mcp_core::jsonrpc::RawJson;
use mcp_core::lifecycle::Phase;

use crate::support::{INITIALIZED, Said, Web, answer, call, cancel, error, initialize, secs};

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

fn list(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#)
}

/// RACE c, case_01: initialize, tools/list and tools/call on three connections. In whatever order
/// their heads and their bodies arrive, each is answered once, and initialize first.
#[test]
fn race_c_three_posts_at_once_in_every_order() {
    let messages = [initialize(0, "2025-11-25"), list(1), call(2)];
    for heads in ORDERS {
        for bodies in ORDERS {
            for works in [false, true] {
                let web = Web::new();
                let mut client = web.open();
                let mut uploads = [None, None, None];
                for which in heads {
                    uploads[which] = Some(web.upload(&client.uri));
                }
                for which in bodies {
                    let mut upload = uploads[which].take().unwrap();
                    upload.handle_data(messages[which].clone().into()).unwrap();
                    let response = answer(upload.handle_end(web.now));
                    assert_eq!(response.status(), StatusCode::ACCEPTED);
                    if works {
                        client.work(web.now);
                    }
                }
                client.work(web.now);
                let others = bodies.iter().filter(|which| **which != 0);
                let mut expected = vec![Said::Result(0)];
                expected.extend(others.map(|which| Said::Result(*which as u64)));
                assert_eq!(client.read(web.now), expected, "{heads:?} {bodies:?}");
            }
        }
    }
}

/// RACE k, case_01: 100 requests and then the handshake.
#[test]
fn race_k_a_hundred_early_requests_keep_their_order() {
    let mut web = Web::new();
    let mut client = web.open();
    for id in 1..=100 {
        web.send(&client, call(id));
    }
    client.work(web.now);
    assert_eq!(client.read(web.now), []);
    assert!(web.hold_budget.used() > 0);
    web.now = web.now + secs(1);
    web.send(&client, initialize(0, "2025-11-25"));
    client.work(web.now);
    let expected: Vec<Said> = (0..=100).map(Said::Result).collect();
    assert_eq!(client.read(web.now), expected);
    assert_eq!(client.slot.lock().counters().released, 100);
    assert_eq!(web.hold_budget.used(), 0);
}

/// RACE k.mid: requests before, between and after; the released ones go before anything newer.
#[test]
fn race_k_mid_newer_requests_do_not_overtake_held_ones() {
    let web = Web::new();
    let mut client = web.open();
    let initialize = initialize(0, "2025-11-25");
    for id in 1..=40 {
        web.send(&client, call(id));
    }
    web.send(&client, initialize);
    for id in 41..=60 {
        web.send(&client, call(id));
    }
    client.watch();
    client.work(web.now);
    web.send(&client, INITIALIZED);
    for id in 61..=80 {
        web.send(&client, call(id));
    }
    client.work(web.now);
    let expected: Vec<Said> = (0..=80).map(Said::Result).collect();
    assert_eq!(client.read(web.now), expected);
}

/// case_08, case_04: `initialized` while `initialize` is still being answered, in every order with
/// a call.
#[test]
fn case_08_initialized_may_overtake_the_answer_to_initialize() {
    let messages = [initialize(0, "2025-11-25"), INITIALIZED.into(), call(2)];
    for order in ORDERS {
        let web = Web::new();
        let mut client = web.open();
        for which in order {
            web.send(&client, messages[which].clone());
        }
        client.work(web.now);
        assert_eq!(client.read(web.now), [Said::Result(0), Said::Result(2)], "{order:?}");
        let first = |which| order.iter().position(|it| *it == which);
        let expected = if first(0) < first(1) { Phase::Operation } else { Phase::Responded };
        assert_eq!(client.slot.lock().phase(), expected, "{order:?}");
    }
}

/// RACE h through three connections: a cancellation and what it cancels, around the handshake.
#[test]
fn race_h_cancelled_while_held() {
    let messages = [initialize(0, "2025-11-25"), call(1), cancel(1)];
    for order in ORDERS {
        let web = Web::new();
        let mut client = web.open();
        for which in order {
            web.send(&client, messages[which].clone());
        }
        client.work(web.now);
        let first = |which| order.iter().position(|it| *it == which);
        let expected = if first(1) < first(2) {
            vec![Said::Result(0)]
        } else {
            vec![Said::Result(0), Said::Result(1)]
        };
        assert_eq!(client.read(web.now), expected, "{order:?}");
    }
}

/// case_02, RACE finding 3: a client that reconnected and will never initialize hears so after the
/// hold time, and from then on at once; a handshake still repairs it.
#[test]
fn case_02_a_client_that_never_initializes_is_told() {
    let mut web = Web::new();
    let mut client = web.open();
    web.send(&client, call(1));
    assert_eq!(client.stream.poll_timeout(), web.now + secs(2));
    web.now = web.now + secs(2);
    client.stream.handle_timeout(web.now);
    assert_eq!(client.read(web.now), [error(1, -32002, "hold_timeout")]);
    web.send(&client, call(2));
    assert_eq!(client.read(web.now), [error(2, -32002, "not_initialized")]);
    web.send(&client, initialize(3, "2025-11-25"));
    web.send(&client, call(4));
    client.work(web.now);
    assert_eq!(client.read(web.now), [Said::Result(3), Said::Result(4)]);
    assert_eq!(web.hold_budget.used(), 0);
}

/// case_57: answers leave in the order the application gave them.
#[test]
fn case_57_answers_keep_the_order_they_were_given_in() {
    let web = Web::new();
    let mut client = web.open_ready();
    for id in 0..6 {
        web.send(&client, call(id));
    }
    client.watch();
    client.requests.reverse();
    for _ in 0..6 {
        client.answer(web.now, Ok(RawJson::EMPTY_OBJECT));
    }
    let expected: Vec<Said> = (0..6).rev().map(Said::Result).collect();
    assert_eq!(client.read(web.now), expected);
}
