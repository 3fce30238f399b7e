//! Whatever comes, nothing breaks, and what is fetched or opened is a web page.

use http::{HeaderMap, HeaderValue, Response};
use mcp_core::auth::{Attempt, AuthChallenge, Step};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::*;

/// Pieces that headers are made of, and noise.
fn header() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("Bearer ".to_owned()),
        Just("DPoP".to_owned()),
        Just("scope=".to_owned()),
        Just("error=\"insufficient_scope\"".to_owned()),
        Just("resource_metadata=".to_owned()),
        Just("\"https://mcp.example.com/x\"".to_owned()),
        "[ ,=\"\\\\\t]{1,3}",
        "[!-~]{0,8}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(ISSUER.to_owned()),
        Just(SERVER.to_owned()),
        Just("http://169.254.169.254/".to_owned()),
        "(https?|file|javascript)://[a-z0-9.\\[\\]:@%-]{0,16}(/[!-~]{0,8})?",
        "\\PC{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        url().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        prop::collection::vec(url(), 0..3).prop_map(Value::from),
        Just(json!({"x": [1]})),
        Just(json!(["S256"])),
    ]
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "resource",
        "authorization_servers",
        "scopes_supported",
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "registration_endpoint",
        "code_challenge_methods_supported",
        "token_endpoint_auth_methods_supported",
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "error",
        "error_description",
        "client_id",
        "client_secret",
        "client_secret_expires_at",
    ]);
    let made = prop::collection::vec((name, value()), 0..10).prop_map(|members| {
        let members: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        serde_json::to_vec(&members).unwrap()
    });
    // Enough of the right ones to come far.
    let good = prop::sample::select(vec![
        resource_metadata(),
        server_metadata(ISSUER),
        json!({"client_id": "x"}),
        json!({"access_token": "x", "token_type": "Bearer", "expires_in": 1, "refresh_token": "y"}),
        json!({"error": "invalid_grant"}),
        json!({"error": "use_dpop_nonce"}),
    ]);
    prop_oneof![
        made,
        good.prop_map(|it| it.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..40)
    ]
}

proptest! {
    /// AUTH-C15.
    #[test]
    fn any_header_is_read(text in header(), noise in prop::collection::vec(any::<u8>(), 0..60)) {
        for bytes in [text.as_bytes(), &noise] {
            let Ok(value) = HeaderValue::from_bytes(bytes) else { continue };
            let headers = HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, value)]);
            for challenge in AuthChallenge::parse(&headers) {
                prop_assert!(!challenge.scheme().is_empty());
                prop_assert!(challenge.scopes().len() <= 256);
            }
        }
    }

    /// AUTH-C15: what is written by the rules is read as it was meant.
    #[test]
    fn proper_challenges_come_back(
        challenges in prop::collection::vec(
            ("[a-z][a-z0-9-]{0,6}", prop::collection::btree_map("[a-z_]{1,8}", "[ -~]{0,12}", 1..4)),
            1..4,
        ),
    ) {
        let written: Vec<String> = challenges.iter().map(|(scheme, params)| {
            let params: Vec<String> = params.iter().map(|(name, value)| {
                format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
            }).collect();
            format!("{scheme} {}", params.join(", "))
        }).collect();
        let value = written.join(", ").parse().unwrap();
        let headers = HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, value)]);
        let read = AuthChallenge::parse(&headers);
        prop_assert_eq!(read.len(), challenges.len());
        for (read, (scheme, params)) in read.iter().zip(&challenges) {
            prop_assert_eq!(read.scheme(), scheme);
            for (name, value) in params {
                prop_assert_eq!(read.param(name), Some(value.as_str()));
            }
        }
    }

    /// SEC-05, SEC-06, SEC-07: any answers in any order, redirects and failures among them.
    #[test]
    fn any_answer_is_survived(
        header in header(),
        answers in prop::collection::vec(
            (
                prop::sample::select(vec![0_u16, 200, 200, 200, 201, 302, 400, 401, 404, 500]),
                document(),
                url(),
            ),
            0..16,
        ),
        query in "(code=x&|iss=y&|error=z&|%|=|&){0,3}",
    ) {
        let mut world = World::bare(config());
        let mut attempt = Attempt::new("x");
        world.send(&mut attempt);
        world.refuse(&mut attempt, 401, &challenge(&header));
        for (status, body, location) in answers {
            match world.auth.poll_step() {
                Some(Step::Fetch(request)) => check(request.uri()),
                Some(Step::OpenBrowser(url)) => {
                    check(&url);
                    let state = crate::support::query(&url)["state"].clone();
                    world.auth.handle_redirect(world.now, &query);
                    world.auth.handle_redirect(world.now, &format!("{query}&code=c&state={state}"));
                    continue;
                }
                _ => {
                    world.send(&mut attempt);
                    world.refuse(&mut attempt, status.max(200), &challenge(&header));
                }
            }
            if status == 0 {
                world.auth.handle_failure(world.now);
                continue;
            }
            let mut response = Response::builder().status(status).body(body.into()).unwrap();
            if let Ok(location) = HeaderValue::from_bytes(location.as_bytes()) {
                response.headers_mut().insert("location", location.clone());
                response.headers_mut().insert("dpop-nonce", location);
            }
            world.auth.handle_response(world.now, response);
        }
    }
}

fn check(uri: &http::Uri) {
    assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
    let host = uri.host().unwrap();
    assert!(host.contains('.') || host.contains(':'), "{uri}");
    assert!(!host.starts_with("169.254.") && !host.starts_with("127.") && !host.starts_with("10."));
}
