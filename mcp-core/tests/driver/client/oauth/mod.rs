//! Credentials: got once for all who wait for them, by a browser that nobody else can play.

mod browser;
mod flow;
#[cfg(feature = "tls")]
mod hosts;
mod renewal;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard};

use mcp_core::auth::OAuthConfig;
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientError, OAuth};
use mcp_core::model::CallToolResult;

use super::errors::{discovered, id_of};
use super::{after, builder, start};
use crate::net::{Net, json, response};
use crate::runtime::Outcome;

pub(super) const SERVER: &str = "http://127.0.0.1:8000/mcp";
const ISSUER: &str = "http://127.0.0.1:9000";

/// An MCP server, its authorization server, and a client that is connected.
pub(super) struct Site {
    pub(super) net: Net,
    pub(super) client: Client<Net>,
    desk: Arc<Mutex<Desk>>,
    opened: Opened,
    /// Everything that the client traced.
    traces: Arc<Mutex<String>>,
}

type Opened = Arc<Mutex<Vec<String>>>;

/// What both servers know and have seen.
pub(super) struct Desk {
    /// Who issues the tokens.
    issuer: &'static str,
    /// The tokens that the MCP server takes, and their scopes.
    good: BTreeMap<String, String>,
    /// Calls: with which token, of which tool.
    calls: Vec<(String, String)>,
    /// What the authorization server was asked: the method and path, and the body.
    asked: Vec<(String, String)>,
    /// What the token endpoint answers, before it issues tokens.
    refusals: VecDeque<String>,
    /// How long tokens are good.
    expires_in: u64,
    issued: usize,
    /// The MCP server takes none of them.
    refuses: bool,
    /// Whether tokens come with others that renew them.
    renewable: bool,
    /// Parameters of the challenges of 401.
    challenge: String,
    /// What is answered instead, by path.
    pages: BTreeMap<String, String>,
}

impl Desk {
    fn new() -> Self {
        Self {
            issuer: ISSUER,
            good: BTreeMap::new(),
            calls: Vec::new(),
            asked: Vec::new(),
            refusals: VecDeque::new(),
            expires_in: 3600,
            issued: 0,
            refuses: false,
            renewable: true,
            challenge: String::new(),
            pages: BTreeMap::new(),
        }
    }

    /// What the MCP server answers.
    fn serve(&mut self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap();
        if let Some(page) = self.pages.get(path) {
            return page.clone();
        }
        if path.starts_with("/.well-known/oauth-protected-resource") {
            let host = header(request, "host");
            let scheme = if host.starts_with("127.") { "http" } else { "https" };
            let issuer = self.issuer;
            return json(&format!(
                r#"{{"resource":"{scheme}://{host}/mcp","authorization_servers":["{issuer}"]}}"#
            ));
        }
        if request.contains("\"server/discover\"") {
            return discovered(request);
        }
        let token = header(request, "authorization").replacen("Bearer ", "", 1);
        let tool = header(request, "mcp-name");
        self.calls.push((token.clone(), tool.clone()));
        let Some(scopes) = self.good.get(&token).filter(|_| !self.refuses) else {
            let challenge = format!("www-authenticate: Bearer {}\r\n", self.challenge);
            return response("401 Unauthorized", &challenge, "");
        };
        match tool.as_str() {
            "hidden" => response("403 Forbidden", "", "not here"),
            "write" if !scopes.split(' ').any(|it| it == "write") => {
                let challenge =
                    "www-authenticate: Bearer error=\"insufficient_scope\", scope=\"write\"\r\n";
                response("403 Forbidden", challenge, "")
            }
            _ => {
                let id = id_of(request);
                json(&format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[]}}}}"#
                ))
            }
        }
    }

    /// What the authorization server answers.
    fn authorize(&mut self, request: &str, opened: &Opened) -> String {
        let mut words = request.split(' ');
        let what = format!("{} {}", words.next().unwrap(), words.next().unwrap());
        let body = request.split_once("\r\n\r\n").unwrap().1;
        self.asked.push((what.clone(), body.to_owned()));
        if let Some(page) = self.pages.get(&what) {
            return page.clone();
        }
        let issuer = self.issuer;
        match what.as_str() {
            "GET /.well-known/oauth-authorization-server" => json(&format!(
                r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize",
                "token_endpoint":"{issuer}/token","registration_endpoint":"{issuer}/register",
                "code_challenge_methods_supported":["S256"],
                "token_endpoint_auth_methods_supported":["none","client_secret_post"]}}"#
            )),
            "POST /register" => {
                response("201 Created", "", r#"{"client_id":"registered","client_secret":"cs-1"}"#)
            }
            "POST /token" => {
                if let Some(refusal) = self.refusals.pop_front() {
                    return refusal;
                }
                self.issued += 1;
                let (number, expires_in) = (self.issued, self.expires_in);
                let opened = opened.lock().unwrap();
                let scopes = opened.last().and_then(|url| param(url, "scope")).unwrap_or_default();
                self.good = [(format!("at-{number}"), scopes.clone())].into();
                let renewal = match self.renewable {
                    true => format!(r#","refresh_token":"rt-{number}""#),
                    false => String::new(),
                };
                json(&format!(
                    r#"{{"access_token":"at-{number}","token_type":"Bearer","expires_in":{expires_in},"scope":"{scopes}"{renewal}}}"#
                ))
            }
            _ => response("404 Not Found", "", ""),
        }
    }
}

fn header(request: &str, name: &str) -> String {
    let mut lines = request.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(it, _)| *it == name).map_or_else(String::new, |(_, value)| value.to_owned())
}

/// A parameter of a URL's query.
pub(super) fn param(url: &str, name: &str) -> Option<String> {
    let mut pairs = url.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(it, _)| *it == name)?.1;
    let (mut bytes, mut decoded) = (value.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(core::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

pub(super) fn oauth() -> OAuth {
    OAuth::new(OAuthConfig::new(SERVER).unwrap())
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with(oauth())
    }

    /// With a client that is connected; `server/discover` takes no token.
    pub(super) fn with(oauth: OAuth) -> Self {
        let net = Net::new();
        Self::at(net, SERVER, ["127.0.0.1:8000", "127.0.0.1:9000"], ISSUER, oauth)
    }

    /// Servers at these addresses, for a client that knows them by their names.
    pub(super) fn at(
        net: Net,
        url: &'static str,
        [server, issuer]: [&str; 2],
        named: &'static str,
        oauth: OAuth,
    ) -> Self {
        let desk = Arc::new(Mutex::new(Desk { issuer: named, ..Desk::new() }));
        let (opened, traces) = (Opened::default(), Arc::new(Mutex::new(String::new())));
        let served = Arc::clone(&desk);
        net.http(server, move |request| Some(served.lock().unwrap().serve(request)));
        let (authorized, seen) = (Arc::clone(&desk), Arc::clone(&opened));
        net.http(issuer, move |request| Some(authorized.lock().unwrap().authorize(request, &seen)));
        let (shown, traced) = (Arc::clone(&opened), Arc::clone(&traces));
        let oauth = oauth.open_browser(move |url| shown.lock().unwrap().push(url.to_string()));
        let builder = builder(&net)
            .protocol(Protocol::Modern)
            .oauth(oauth)
            .on_trace(move |trace| write!(traced.lock().unwrap(), "{trace:?} ").unwrap());
        let connected = after(&net, Duration::ZERO, async move { builder.connect(url).await });
        net.dialed();
        Self { net, client: connected.unwrap(), desk, opened, traces }
    }

    pub(super) fn call(&self, tool: &str) -> Outcome<Result<CallToolResult, ClientError>> {
        start(&self.net, self.client.call_tool(tool, ()))
    }

    /// Calls that are made at once, before any of them is sent.
    pub(super) fn calls<const N: usize>(
        &self,
        tools: [&str; N],
    ) -> [Outcome<Result<CallToolResult, ClientError>>; N] {
        let calls = tools.map(|tool| {
            let call = self.client.call_tool(tool, ());
            self.net.sim.start(async move { call.await })
        });
        self.net.sim.run();
        calls
    }

    /// A call for which a person agrees first.
    pub(super) fn logged_in(self) -> Self {
        let call = self.call("t");
        self.agree();
        call.take().expect("it has ended").unwrap();
        self
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }

    /// The URLs that were shown to the person.
    pub(super) fn opened(&self) -> Vec<String> {
        self.opened.lock().unwrap().clone()
    }

    /// The URL that was shown last.
    pub(super) fn url(&self) -> String {
        self.opened().pop().expect("a browser is open")
    }

    /// Where the browser is to go back to.
    pub(super) fn callback(&self) -> SocketAddr {
        let uri = param(&self.url(), "redirect_uri").unwrap();
        let address = uri.strip_prefix("http://").unwrap().strip_suffix("/callback").unwrap();
        address.parse().unwrap()
    }

    /// What the browser sees when it goes there.
    pub(super) fn get(&self, target: &str) -> Outcome<io::Result<String>> {
        self.net.visit(self.callback(), format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"))
    }

    /// The browser brings this, with the right `state`.
    pub(super) fn bring(&self, parameters: &str) -> String {
        let state = param(&self.url(), "state").unwrap();
        let page = self.get(&format!("/callback?{parameters}&state={state}"));
        page.take().expect("it is answered at once").unwrap()
    }

    /// The person agrees.
    pub(super) fn agree(&self) {
        let page = self.bring("code=the-code");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    }

    /// What the token endpoint was asked.
    pub(super) fn token_requests(&self) -> Vec<String> {
        let desk = self.desk();
        let asked = desk.asked.iter().filter(|(what, _)| what == "POST /token");
        asked.map(|(_, body)| body.clone()).collect()
    }

    /// How often a token, or none, was used.
    pub(super) fn sent_with(&self, token: &str) -> usize {
        self.desk().calls.iter().filter(|(it, _)| it == token).count()
    }

    /// Nothing listens but the two servers.
    pub(super) fn assert_closed(&self) {
        assert_eq!(self.net.listening().len(), 2, "{:?}", self.net.listening());
    }
}
