//! Where metadata may send a client (SEC-05, SEC-06).

use core::net::SocketAddr;

use mcp_core::auth::OAuthConfig;
use mcp_core::driver::client::OAuth;

use super::{Site, param};
use crate::net::{Net, json, response};

const URL: &str = "https://mcp.example.com/mcp";

/// A public server, and an authorization server that is named so and is there.
fn public(named: &'static str, issuer: &str) -> Site {
    let net = Net::new();
    net.host("mcp.example.com", &["192.0.2.1:443"]);
    net.host("as.example.com", &[issuer]);
    net.host("inside.example.com", &["10.0.0.5:443", "192.168.1.1:443", "[fd00::1]:443"]);
    let oauth = OAuth::new(OAuthConfig::new(URL).unwrap());
    Site::at(net, URL, ["192.0.2.1:443", issuer], named, oauth)
}

fn dialed(site: &Site) -> Vec<SocketAddr> {
    site.net.dialed().into_iter().map(|(_, address)| address).collect()
}

/// Public servers send the client to public ones.
#[test]
fn public_servers_are_asked() {
    let site = public("https://as.example.com", "192.0.2.9:443");
    let call = site.call("t");
    assert!(site.url().starts_with("https://as.example.com/authorize?"), "{}", site.url());
    site.agree();
    call.take().unwrap().unwrap();
}

/// SEC-06: neither a URL that says so nor a name that resolves to it leads a client of a public
/// server into a private network, to this machine, or to where clouds keep keys.
#[test]
fn sec_06_public_servers_send_nobody_into_private_networks() {
    for (named, address) in [
        ("https://10.0.0.5", "10.0.0.5:443"),
        ("https://192.168.1.1", "192.168.1.1:443"),
        ("https://169.254.169.254", "169.254.169.254:443"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("https://localhost", "127.0.0.1:443"),
        ("https://[::1]", "[::1]:443"),
        ("https://[fe80::1]", "[fe80::1]:443"),
        ("https://[::ffff:10.0.0.5]", "[::ffff:10.0.0.5]:443"),
        ("https://as.example.com", "10.0.0.5:443"),
        ("https://as.example.com", "169.254.169.254:443"),
        ("https://as.example.com", "127.0.0.1:443"),
        ("https://as.example.com", "[fd00::1]:443"),
        ("https://as.example.com", "[::ffff:169.254.169.254]:443"),
    ] {
        let site = public(named, address);
        let error = site.call("t").take().expect("it has ended").unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
        let says = error.to_string();
        assert!(says.contains("private network"), "{named} at {address}: {says}");
        let dialed = dialed(&site);
        assert!(dialed.iter().all(|it| it.to_string() == "192.0.2.1:443"), "{named}: {dialed:?}");
        assert!(site.desk().asked.is_empty() && site.opened().is_empty());
        site.assert_closed();
    }
}

/// SEC-06: the same for the place that a challenge names, which is told as what it is.
#[test]
fn sec_06_a_challenge_sends_nobody_into_private_networks() {
    for url in [
        "https://10.0.0.5/m",
        "https://inside.example.com/m",
        "http://192.0.2.7/m",
        "file:///etc/passwd",
    ] {
        let site = public("https://as.example.com", "192.0.2.9:443");
        site.desk().challenge = format!("resource_metadata=\"{url}\"");
        // The well-known places have nothing.
        for path in
            ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
        {
            site.desk().pages.insert(path.into(), response("404 Not Found", "", ""));
        }
        let error = site.call("t").take().expect("it has ended").unwrap_err();
        let says = error.to_string();
        assert!(error.is_unauthorized() && says.contains("metadata"), "{url}: {says}");
        let dialed = dialed(&site);
        assert!(dialed.iter().all(|it| it.to_string() == "192.0.2.1:443"), "{url}: {dialed:?}");
        assert!(site.opened().is_empty());
    }
}

/// SEC-06: an address among others that may be used is left out, and the others are used.
#[test]
fn sec_06_only_public_addresses_of_a_name_are_used() {
    let net = Net::new();
    net.host("mcp.example.com", &["192.0.2.1:443"]);
    net.host("as.example.com", &["10.0.0.5:443", "192.0.2.9:443"]);
    let oauth = OAuth::new(OAuthConfig::new(URL).unwrap());
    let addresses = ["192.0.2.1:443", "192.0.2.9:443"];
    let site = Site::at(net, URL, addresses, "https://as.example.com", oauth);
    let _call = site.call("t");
    assert_eq!(site.opened().len(), 1);
    assert!(!dialed(&site).contains(&"10.0.0.5:443".parse().unwrap()));
}

/// SEC-06: redirects of metadata are not followed to other origins.
#[test]
fn sec_06_redirects_of_metadata_lead_nowhere_else() {
    for location in ["https://evil.example.com/m", "http://mcp.example.com/m", "//10.0.0.5/m"] {
        let site = public("https://as.example.com", "192.0.2.9:443");
        site.net.host("evil.example.com", &["192.0.2.66:443"]);
        site.net.http("192.0.2.66:443", |_| Some(json("{}")));
        let away = format!("location: {location}\r\n");
        for path in
            ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
        {
            site.desk().pages.insert(path.into(), response("302 Found", &away, ""));
        }
        let error = site.call("t").take().expect("it has ended").unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
        let dialed = dialed(&site);
        assert!(dialed.iter().all(|it| it.to_string() == "192.0.2.1:443"), "{dialed:?}");
    }
    // Nor those of the token endpoint, to which a secret would be sent.
    let site = public("https://as.example.com", "192.0.2.9:443");
    site.net.host("evil.example.com", &["192.0.2.66:443"]);
    site.net.http("192.0.2.66:443", |_| Some(json("{}")));
    let away = "location: https://evil.example.com/token\r\n";
    site.desk().refusals.push_back(response("307 Temporary Redirect", away, ""));
    let call = site.call("t");
    site.agree();
    let error = call.take().expect("it has ended").unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    assert!(!dialed(&site).contains(&"192.0.2.66:443".parse().unwrap()));
    assert!(param(&site.url(), "code_challenge").is_some());
}
