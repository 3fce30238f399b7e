//! One flow for all who wait, and what becomes of them at its end.

use mcp_core::auth::{ClientCredentials, OAuthConfig, Secret};
use mcp_core::driver::client::OAuth;

use super::{SERVER, Site, oauth, param};
use crate::client::{done, start};
use crate::http::secs;
use crate::net::response;

/// case_74: whoever is refused while a flow is under way waits for its end; all is sent again.
#[test]
fn case_74_requests_that_are_refused_at_once_share_one_flow() {
    let site = Site::new();
    let calls = site.calls(["a", "b", "c"]);
    let late = site.call("d");
    assert_eq!(site.opened().len(), 1);
    assert_eq!(site.sent_with(""), 3, "what comes later waits");
    assert!(calls.iter().all(|call| call.take().is_none()));
    site.agree();
    for call in calls.iter().chain([&late]) {
        call.take().expect("it was sent again").unwrap();
    }
    assert_eq!((site.sent_with(""), site.sent_with("at-1")), (3, 4), "each is sent again once");
    assert_eq!((site.opened().len(), site.token_requests().len()), (1, 1));
    site.assert_closed();
    // What comes later has the token from the beginning.
    site.call("e").take().unwrap().unwrap();
    assert_eq!(site.sent_with(""), 3);
}

/// The user says no: everybody who waited hears it, and the next request may ask again.
#[test]
fn everybody_hears_that_the_user_declined() {
    let site = Site::new();
    let calls = site.calls(["a", "b"]);
    let page = site.bring("error=access_denied&error_description=not+today");
    assert!(page.contains("Not authorized"), "{page}");
    for call in calls {
        let error = call.take().expect("it has ended").unwrap_err();
        assert!(error.is_unauthorized() && !error.is_lost(), "{error:?}");
        assert!(error.to_string().contains("access_denied"), "{error}");
        assert!(error.to_string().contains("not today"), "{error}");
    }
    assert_eq!((site.sent_with(""), site.token_requests().len()), (2, 0));
    site.assert_closed();

    let again = site.call("a");
    assert_eq!(site.opened().len(), 2);
    site.agree();
    again.take().unwrap().unwrap();
}

/// A flow that fails ends the requests that waited for it, and says what failed.
#[test]
fn everybody_hears_why_a_flow_failed() {
    let site = Site::new();
    let refusal = response("400 Bad Request", "", r#"{"error":"invalid_target"}"#);
    site.desk().refusals.push_back(refusal);
    let calls = site.calls(["a", "b"]);
    site.agree();
    for call in calls {
        let error = call.take().expect("it has ended").unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
        assert!(error.to_string().contains("invalid_target"), "{error}");
    }
    site.assert_closed();

    // Before anybody was asked: where, and why.
    let site = Site::new();
    site.desk().issuer = "http://127.0.0.1:9999";
    let error = site.call("a").take().expect("it has ended").unwrap_err();
    let says = error.to_string();
    assert!(says.contains("authorization server") && says.contains("refused"), "{says}");
    assert!(site.opened().is_empty());
    site.assert_closed();
}

/// A person who does not come back keeps nobody waiting for ever.
#[test]
fn a_person_has_so_long_and_no_longer() {
    let site = Site::with(oauth().patience(secs(60)));
    let call = site.call("a");
    site.net.sim.advance(secs(59));
    assert!(call.take().is_none());
    let callback = site.callback();
    assert!(callback.ip().is_loopback() && site.net.listening().contains(&callback));
    site.net.sim.advance(secs(2));
    let error = call.take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized() && error.to_string().contains("in time"), "{error}");
    site.assert_closed();

    // Nor shorter, however long it is.
    let site = Site::with(oauth().patience(secs(3600)));
    let call = site.call("a");
    site.net.sim.advance(secs(3500));
    assert!(call.take().is_none());
    site.agree();
    call.take().unwrap().unwrap();
}

/// A client that is closed gives up what it began, and nothing of it is left.
#[test]
fn closing_the_client_ends_the_flow() {
    let site = Site::new();
    let call = site.call("a");
    let tasks = site.net.sim.tasks();
    let client = site.client.clone();
    done(&site.net, async move { client.close().await });
    site.net.sim.advance(secs(3));
    let error = call.take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized() && error.to_string().contains("closed"), "{error:?}");
    site.assert_closed();
    assert!(site.net.sim.tasks() < tasks);
    assert_eq!(site.net.sim.timers(), 0);
}

/// A request that is given up while others wait is not sent again.
#[test]
fn a_call_that_is_dropped_does_not_wait_for_credentials() {
    let site = Site::new();
    let kept = site.call("kept");
    let (client, net) = (site.client.clone(), site.net.clone());
    let dropped = start(&site.net, async move {
        use mcp_core::driver::Runtime as _;
        let mut call = IntoFuture::into_future(client.call_tool("dropped", ()));
        let mut nap = Box::pin(net.sleep_until(net.now() + secs(1)));
        core::future::poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            nap.as_mut().poll(cx)
        })
        .await;
    });
    site.net.sim.advance(secs(1));
    assert!(dropped.take().is_some());
    site.agree();
    kept.take().unwrap().unwrap();
    let calls = site.desk().calls.clone();
    let tools: Vec<&str> = calls.iter().map(|(_, tool)| tool.as_str()).collect();
    assert_eq!(tools, ["kept", "kept"]);
}

/// AUTH-C38, AUTH-C39: a scope that is missing is asked for, with those there are.
#[test]
fn auth_c38_a_missing_scope_is_asked_for() {
    let site = Site::new();
    site.desk().challenge = "scope=\"read\"".into();
    let site = site.logged_in();
    let calls = site.calls(["write", "write"]);
    assert_eq!(site.opened().len(), 2, "one flow for both");
    let scopes = param(&site.url(), "scope").unwrap();
    assert_eq!(scopes, "read write");
    site.agree();
    for call in calls {
        call.take().expect("it was sent again").unwrap();
    }
    assert_eq!(site.sent_with("at-2"), 2);
    site.assert_closed();
}

/// AUTH-C40: whoever never has enough is not asked for ever.
#[test]
fn auth_c40_step_ups_end() {
    let site = Site::new().logged_in();
    let call = site.call("write");
    for _ in 0..10 {
        let Some(url) = site.opened().pop().filter(|_| site.net.listening().len() == 3) else {
            break;
        };
        // Agrees to something else.
        let state = param(&url, "state").unwrap();
        site.opened.lock().unwrap().push(url.replace("scope=", "scope=none&was="));
        site.get(&format!("/callback?code=c&state={state}"));
    }
    let error = call.take().expect("it has ended").unwrap_err();
    assert!(error.is_forbidden(), "{error:?}");
    let asked = site.token_requests().len();
    assert!((2..=4).contains(&asked), "{asked}");
    site.assert_closed();
}

/// What another flow came to says nothing about a refusal that has nothing to do with it.
#[test]
fn a_refusal_that_asks_for_nothing_is_final() {
    let site = Site::new().logged_in();
    let error = site.call("hidden").take().expect("it has ended").unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("not here"), "{error}");
    let hidden = site.desk().calls.iter().filter(|(_, tool)| tool == "hidden").count();
    assert_eq!(hidden, 1, "it is not sent again");
    site.assert_closed();
}

/// AUTH-C46, AUTH-C03: no secret gets into traces, errors or what `Debug` shows.
#[test]
fn auth_c46_secrets_are_not_shown() {
    let credentials = ClientCredentials::new("id-1").with_secret(Secret::new("hush".to_owned()));
    let config = OAuthConfig::new(SERVER).unwrap().with_client(credentials);
    let shown = format!("{:?}", OAuth::new(config.clone()));
    let site = Site::with(OAuth::new(config)).logged_in();
    assert!(site.token_requests()[0].contains("hush"), "it is used");
    let refusal = response("400 Bad Request", "", r#"{"error":"invalid_request"}"#);
    site.desk().refusals.push_back(refusal);
    site.net.sim.advance(secs(3700));
    let error = site.call("t").take().expect("the refresh is refused").unwrap_err();
    let traces = site.traces.lock().unwrap().clone();
    assert!(traces.contains("Request(POST"), "there are traces: {traces}");
    let client = format!("{:?}", site.client);
    let verifier = site.token_requests()[0].clone();
    let verifier = param(&format!("?{verifier}"), "code_verifier").unwrap();
    for text in [shown, traces, client, format!("{error:?} {error}")] {
        for secret in ["hush", "at-1", "rt-1", "the-code", verifier.as_str()] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// A server that takes no token it was shown is not asked for ever, and neither is the person.
#[test]
fn a_server_that_takes_no_token_is_given_up() {
    let site = Site::new();
    site.desk().refuses = true;
    let call = site.call("t");
    while site.net.listening().len() == 3 {
        site.agree();
        assert!(site.opened().len() <= 4, "the person is asked too often");
    }
    let error = call.take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    assert!(site.desk().calls.len() <= 10, "{:?}", site.desk().calls);
    site.assert_closed();
}
