//! The port of this machine to which the browser comes back.

use crate::http::secs;
use crate::net::response;

use super::{Site, oauth, param};

fn status(page: &str) -> &str {
    page.split(' ').nth(1).unwrap_or_default()
}

/// AUTH-C07: nobody but this machine reaches it, and only while somebody is asked.
#[test]
fn auth_c07_only_this_machine_is_heard_and_only_while_a_person_is_asked() {
    let site = Site::new();
    site.assert_closed();
    let call = site.call("t");
    let callback = site.callback();
    assert_eq!(callback.ip().to_string(), "127.0.0.1");
    assert!(site.net.listening().contains(&callback));
    assert!(site.net.listening().iter().all(|it| it.ip().is_loopback()));
    site.agree();
    call.take().unwrap().unwrap();
    site.assert_closed();
    let late = site.get("/callback?code=again&state=x").take().unwrap();
    assert!(late.is_err(), "nobody is there any more");
}

/// AUTH-C09: what is not the answer is told so, and changes nothing.
#[test]
fn auth_c09_what_is_not_the_answer_is_ignored() {
    let site = Site::new();
    let call = site.call("t");
    let state = param(&site.url(), "state").unwrap();
    let good = format!("code=the-code&state={state}");
    for target in [
        "/".to_owned(),
        "/favicon.ico".to_owned(),
        format!("/other?{good}"),
        format!("/callback/?{good}"),
        "/callback".to_owned(),
        "/callback?code=stolen".to_owned(),
        "/callback?code=stolen&state=wrong".to_owned(),
        "/callback?error=access_denied&state=wrong".to_owned(),
        // Two readers would see two things.
        format!("/callback?{good}&code=stolen"),
        format!("/callback?{good}&state=wrong"),
    ] {
        let page = site.get(&target).take().expect("it is answered").unwrap();
        assert_eq!(status(&page), "400", "{target}");
        assert!(page.contains("Not expected"), "{page}");
    }
    // A form of another site's.
    let post = format!("POST /callback?{good} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    let page = site.net.visit(site.callback(), post).take().unwrap().unwrap();
    assert_eq!(status(&page), "400");
    let garbage = site.net.visit(site.callback(), "\u{1}\u{2}\r\n\r\n".to_owned());
    assert!(garbage.take().is_some());
    assert!(site.token_requests().is_empty() && call.take().is_none());
    site.agree();
    call.take().unwrap().unwrap();
    assert_eq!(site.token_requests().len(), 1);
    assert!(site.token_requests()[0].contains("the-code"));
}

/// The page is not kept, not framed, and the code in its URL is told to nobody.
#[test]
fn the_page_keeps_the_code_to_itself() {
    let site = Site::new();
    let _call = site.call("t");
    let page = site.bring("code=the-code");
    for header in ["cache-control: no-store", "referrer-policy: no-referrer", "frame-ancestors"] {
        assert!(page.contains(header), "{page}");
    }
    assert!(!page.contains("the-code"), "{page}");
}

/// Browsers open connections in advance, and say nothing on them.
#[test]
fn connections_that_say_nothing_keep_nobody_waiting() {
    let site = Site::new();
    let call = site.call("t");
    let silent: Vec<_> = (0..40).map(|_| site.net.visit(site.callback(), String::new())).collect();
    // No more of them are kept than there is room for.
    let ended = silent.iter().filter(|it| it.take().is_some()).count();
    assert_eq!(ended, 40 - 16);
    site.agree();
    call.take().unwrap().unwrap();
    site.assert_closed();

    // And not for long.
    let site = Site::new();
    let _call = site.call("t");
    let silent = site.net.visit(site.callback(), "GET /call".to_owned());
    site.net.sim.advance(secs(9));
    assert!(silent.take().is_none());
    site.net.sim.advance(secs(2));
    assert!(silent.take().is_some());
}

/// The port that was registered, or an error that says what is the matter.
#[test]
fn a_port_that_is_taken_is_told() {
    let site = Site::with(oauth().redirect_port(4711));
    let call = site.call("t");
    assert_eq!(site.callback().port(), 4711);
    site.agree();
    call.take().unwrap().unwrap();

    // That of the MCP server.
    let site = Site::with(oauth().redirect_port(8000));
    let error = site.call("t").take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    assert!(error.to_string().contains("cannot be heard: address"), "{error}");
    assert!(site.opened().is_empty());
    site.assert_closed();
}

/// A registration that the server has forgotten by the time the code comes: the person is asked
/// again, and is heard again.
#[test]
fn a_person_who_is_asked_twice_is_heard_twice() {
    let site = Site::new();
    let refusal = response("401 Unauthorized", "", r#"{"error":"invalid_client"}"#);
    let call = site.call("t");
    site.agree();
    call.take().unwrap().unwrap();
    // Registered earlier, and forgotten since.
    {
        let mut desk = site.desk();
        desk.good.clear();
        desk.refusals.push_back(response("400 Bad Request", "", r#"{"error":"invalid_grant"}"#));
        desk.refusals.push_back(refusal);
    }
    let call = site.call("t");
    assert_eq!(site.opened().len(), 2);
    site.agree();
    call.take().expect("it has ended").ok();
    site.assert_closed();
}
