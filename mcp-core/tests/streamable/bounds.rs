//! What floods and silence do.

use core::time::Duration;

use http::StatusCode;
use mcp_core::transport::http::{Exchange, Posted};

use crate::support::{Client, INITIALIZED, Web, call, initialize, ping, secs};

/// Beyond the cap, begun or not, a session is refused; the place of one that ends is free again.
#[test]
fn sessions_are_bounded() {
    let web = Web::with(|config| config.max_sessions = 3);
    let mut begun: Vec<_> = (0..2).map(|_| web.greet("2025-11-25")).collect();
    let _client = web.join("2025-11-25");
    for _ in 0..10 {
        let said = web.refused(Web::posting(), initialize("2025-11-25"));
        assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(said.headers["retry-after"], "1");
    }
    begun.pop();
    web.join("2025-11-25");
    assert_eq!(web.server.sessions(), 3);
}

/// case_49: whoever was left alone for longest makes room, but nobody who is about.
#[test]
fn case_49_abandoned_sessions_make_room() {
    let mut web = Web::with(|config| config.max_sessions = 3);
    let mut abandoned = web.join("2025-11-25");
    let listening = web.join("2025-11-25");
    let _stream = listening.listen(&web);
    let mut working = web.join("2025-11-25");
    let _answer = working.ask(&web, call(1));
    web.pass(secs(299));
    let said = web.refused(Web::posting(), initialize("2025-11-25"));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
    web.pass(secs(1));
    web.join("2025-11-25");
    abandoned.watch();
    assert_eq!((abandoned.closed, web.server.sessions()), (1, 3));
    assert_eq!(web.server.handle_timeout(web.now).len(), 1, "the one that ended");
    let said = web.refused(Web::posting(), initialize("2025-11-25"));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE, "the others are about");
}

/// case_49: in the order in which they were left, and none whose client has come back.
#[test]
fn case_49_whoever_was_left_for_longest_goes_first() {
    let mut web = Web::with(|config| config.max_sessions = 4);
    let mut clients: Vec<_> = (0..4)
        .map(|_| {
            web.pass(secs(10));
            web.join("2025-11-25")
        })
        .collect();
    web.pass(secs(10));
    clients[0].tell(&web, INITIALIZED);
    web.pass(secs(300));
    let ended = |clients: &mut Vec<Client>| {
        clients.iter_mut().for_each(Client::watch);
        clients.iter().map(|client| client.closed).collect::<Vec<_>>()
    };
    web.join("2025-11-25");
    assert_eq!(ended(&mut clients), [0, 1, 0, 0]);
    // Found abandoned together with the one that went.
    clients[2].tell(&web, INITIALIZED);
    web.join("2025-11-25");
    assert_eq!(ended(&mut clients), [0, 1, 0, 1]);
    web.join("2025-11-25");
    assert_eq!(ended(&mut clients), [1, 1, 0, 1]);
    let said = web.refused(Web::posting(), initialize("2025-11-25"));
    assert_eq!(said.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// A table full of sessions in use is looked through now and then, not for every client that
/// wants one.
#[test]
fn a_flood_does_not_look_at_every_session_each_time() {
    let mut web = Web::with(|config| config.max_sessions = 2);
    let mut one = web.join("2025-11-25");
    let _two = web.join("2025-11-25");
    web.pass(secs(299));
    let refused = |web: &Web| {
        let said = web.refused(Web::posting(), initialize("2025-11-25"));
        (said.status, said.headers["retry-after"].to_str().unwrap().to_owned())
    };
    let busy = (StatusCode::SERVICE_UNAVAILABLE, "1".to_owned());
    web.pass(Duration::from_millis(500));
    assert_eq!(refused(&web), busy);
    web.pass(Duration::from_millis(500));
    assert_eq!(refused(&web), busy, "abandoned by now, but nobody has looked");
    web.pass(Duration::from_millis(500));
    web.join("2025-11-25");
    one.watch();
    assert_eq!(one.closed, 1);
}

/// case_49: opened, refused, abandoned, over and over: nothing is left.
#[test]
fn case_49_nothing_is_left_of_what_ended() {
    let mut web = Web::new();
    for round in 0..2000 {
        let (mut client, exchange) = web.greet("2025-11-25");
        client.refuse(web.now);
        drop(exchange);
        web.refused(Web::posting(), call(round));
        web.turned_away(Web::getting());
        let client = web.join("2025-11-25");
        drop(client.listen(&web));
        web.begin(client.signed(Web::deleting()));
    }
    assert_eq!((web.server.sessions(), web.events.bytes()), (0, 0));
    web.pass(secs(60));
    assert!(web.server.handle_timeout(web.now).is_empty());
}

/// RACE g.unread: a client that reads no answer is refused, then slowed, and costs a bounded sum.
#[test]
fn race_g_unread_answers_are_bounded() {
    let web = Web::with(|config| {
        config.session.limits.outbox_bytes = 20_000;
        config.session.limits.in_flight = 50;
    });
    let mut client = web.join("2025-06-18");
    let mut open: Vec<Exchange<()>> = Vec::new();
    let mut refused = 0;
    for id in 1..1000 {
        match client.post(&web, call(id)) {
            Posted::Exchange(exchange) => {
                open.push(exchange);
                client.watch();
                client.answer(&web, id, &"x".repeat(1000));
            }
            Posted::Session(response, _) => {
                assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(open.len() < 25 && refused > 900);
    assert!(client.slot.lock().outbox_bytes() < 25_000);
    for mut exchange in open {
        assert!(exchange.poll_answer(web.now).is_some());
    }
    assert!(client.ask(&web, ping(1)).poll_answer(web.now).is_some(), "all is well again");
}
