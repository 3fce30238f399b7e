//! Logging in with servers that want to know who their user is, and out again.

use std::process::{Command as Process, Stdio};

use http::Uri;
use mcp_core::auth::{ClientCredentials, OAuthConfig, Secret};
use mcp_core::driver::client::OAuth;
use serde_json::json;

use super::arguments::{Options, Target};
use super::command::Wrong;
use super::printer::{self, Output};
use super::problem::Problem;
use super::store::FileStore;

/// How to log in: in the browser, as whom the options say.
pub(super) fn oauth(options: &Options, config: OAuthConfig) -> Result<OAuth, Wrong> {
    let mut config = config.with_client_name("mcp");
    if let Some(id) = &options.client_id {
        let mut client = ClientCredentials::new(id);
        if let Some(name) = &options.client_secret {
            let secret = std::env::var(name).map_err(|_| {
                Wrong::new(format!("the variable `{name}` with the secret is not set"))
            })?;
            client = client.with_secret(Secret::new(secret));
        }
        config = config.with_client(client);
    }
    let oauth = OAuth::new(config).open_browser(open_browser);
    Ok(match FileStore::open().filter(|_| options.keeps) {
        Some(store) => oauth.store(store),
        None => oauth,
    })
}

/// What has come of connecting, which is when servers ask who one is.
pub(super) fn done(target: &Target, options: &Options) -> Output {
    let Target::Url(url) = target else {
        return Output::new(json!({}), "A program asks for no login.\n");
    };
    if !options.keeps {
        return Output::new(json!({}), "Logged in, and nothing is kept of it.\n");
    }
    let known = FileStore::open().is_some_and(|store| store.knows(url));
    let text = if known { "Logged in.\n" } else { "The server asks for no login.\n" };
    Output::new(json!({"isLoggedIn": known}), text)
}

/// Forgets what a server has issued.
pub(super) fn forget(target: &Target) -> Result<Output, Problem> {
    let Target::Url(url) = target else {
        return Err(Wrong::new("programs have no logins: give the URL of a server").into());
    };
    let known = FileStore::open().is_some_and(|mut store| store.forget(url));
    let text = if known { "Logged out.\n" } else { "There was no login.\n" };
    Ok(Output::new(json!({"wasLoggedIn": known}), text))
}

/// Opens the user's browser; where there is none, the URL can be copied.
fn open_browser(url: &Uri) {
    printer::note(&format!("Log in at {url}"));
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Process::new(program)
        .arg(url.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // It ends by itself, and is waited for so that nothing of it is left.
    if let Ok(mut browser) = started {
        std::thread::spawn(move || browser.wait());
    }
}
