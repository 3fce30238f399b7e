//! An MCP server, its authorization server and a person with a browser, scripted.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use mcp_core::auth::{
    Attempt, AuthError, Authorization, Authorizer, MemoryStore, OAuthConfig, RedirectPage, Step,
    Verdict,
};
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

pub(crate) const SERVER: &str = "https://mcp.example.com/mcp";
pub(crate) const ISSUER: &str = "https://as.example.com";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8765/callback";
pub(crate) const PRM: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
pub(crate) const ASM: &str = "https://as.example.com/.well-known/oauth-authorization-server";

/// What the person does when the browser opens.
pub(crate) enum Person {
    /// Agrees; the response has this `iss`.
    Agrees(Option<&'static str>),
    /// The browser brings this query, `{state}` filled in.
    Brings(&'static str),
    /// Goes for lunch.
    Waits,
}

pub(crate) struct World {
    pub(crate) auth: Authorizer,
    pub(crate) now: UnixTime,
    /// What `GET` finds, by URL; all else is 404.
    pub(crate) pages: BTreeMap<String, Response<Bytes>>,
    /// What the token endpoints answer, one after the other, then `tokens`.
    pub(crate) answers: VecDeque<Response<Bytes>>,
    pub(crate) tokens: Value,
    pub(crate) registration: Response<Bytes>,
    pub(crate) person: Person,
    /// URLs that are not answered at all.
    pub(crate) dead: Vec<String>,
    pub(crate) log: Vec<Request<Bytes>>,
    pub(crate) opened: Vec<Uri>,
    pub(crate) pages_shown: Vec<RedirectPage>,
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(body.to_string().into()).unwrap()
}

pub(crate) fn config() -> OAuthConfig {
    OAuthConfig::new(SERVER).unwrap().with_redirect_uri(REDIRECT).unwrap()
}

pub(crate) fn resource_metadata() -> Value {
    json!({"resource": SERVER, "authorization_servers": [ISSUER]})
}

pub(crate) fn server_metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
    })
}

/// A `WWW-Authenticate` header with these parameters.
pub(crate) fn challenge(parameters: &str) -> HeaderMap {
    let value = format!("Bearer {parameters}");
    HeaderMap::from_iter([(WWW_AUTHENTICATE, value.trim().parse().unwrap())])
}

pub(crate) fn form(request: &Request<Bytes>) -> BTreeMap<String, String> {
    read_form(core::str::from_utf8(request.body()).unwrap())
}

pub(crate) fn query(uri: &Uri) -> BTreeMap<String, String> {
    read_form(uri.query().unwrap())
}

fn read_form(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            out.push(if byte == b'%' {
                let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(core::str::from_utf8(&pair).unwrap(), 16).unwrap()
            } else {
                byte
            });
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

impl World {
    /// The usual one: metadata where the newest revision looks for it.
    pub(crate) fn new(config: OAuthConfig) -> Self {
        let mut world = Self::bare(config);
        world.page(PRM, resource_metadata());
        world.page(ASM, server_metadata(ISSUER));
        world
    }

    /// One where `GET` finds nothing.
    pub(crate) fn bare(config: OAuthConfig) -> Self {
        Self {
            auth: Authorizer::new(config, Box::new(MemoryStore::new()), [7; 32]),
            now: UnixTime::from_epoch(Duration::from_secs(1_785_000_000)),
            pages: BTreeMap::new(),
            answers: VecDeque::new(),
            tokens: json!({"access_token": "at-1", "token_type": "Bearer"}),
            registration: reply(201, &json!({"client_id": "registered"})),
            person: Person::Agrees(None),
            dead: Vec::new(),
            log: Vec::new(),
            opened: Vec::new(),
            pages_shown: Vec::new(),
        }
    }

    pub(crate) fn page(&mut self, url: &str, body: Value) {
        self.pages.insert(url.to_owned(), reply(200, &body));
    }

    /// Changes a member of the authorization server's metadata.
    pub(crate) fn advertise(&mut self, name: &str, value: Value) {
        let mut metadata: Value = serde_json::from_slice(self.pages[ASM].body()).unwrap();
        metadata[name] = value;
        metadata.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.page(ASM, metadata);
    }

    /// Takes every step there is.
    pub(crate) fn run(&mut self) -> Option<Result<(), AuthError>> {
        for _ in 0..100 {
            match self.auth.poll_step()? {
                Step::Fetch(request) => self.answer(request),
                Step::OpenBrowser(url) => self.browse(url),
                Step::Done => return Some(Ok(())),
                Step::Failed(error) => return Some(Err(error)),
                _ => unreachable!(),
            }
        }
        panic!("it never ends");
    }

    /// Answers a request as the servers do.
    pub(crate) fn answer(&mut self, request: Request<Bytes>) {
        let url = request.uri().to_string();
        let response = if self.dead.contains(&url) {
            None
        } else if request.method() == "GET" {
            let page = self.pages.get(&url).or_else(|| self.pages.get(url.trim_end_matches('/')));
            Some(page.cloned().unwrap_or_else(|| reply(404, &json!({}))))
        } else if url.ends_with("/register") {
            Some(self.registration.clone())
        } else {
            Some(self.answers.pop_front().unwrap_or_else(|| reply(200, &self.tokens)))
        };
        self.log.push(request);
        match response {
            Some(response) => self.auth.handle_response(self.now, response),
            None => self.auth.handle_failure(self.now),
        }
    }

    fn browse(&mut self, url: Uri) {
        let state = query(&url)["state"].clone();
        self.opened.push(url);
        let answer = match self.person {
            Person::Agrees(None) => format!("code=the-code&state={state}"),
            Person::Agrees(Some(issuer)) => format!("?code=the-code&state={state}&iss={issuer}"),
            Person::Brings(text) => text.replace("{state}", &state),
            Person::Waits => return,
        };
        self.pages_shown.push(self.auth.handle_redirect(self.now, &answer));
    }

    /// Sends a request that the server answers with a challenge, and takes the steps.
    pub(crate) fn challenged(&mut self, headers: &HeaderMap) -> Result<(), AuthError> {
        let mut attempt = Attempt::new("tools/list");
        self.send(&mut attempt);
        let verdict = self.refuse(&mut attempt, 401, headers);
        match verdict {
            Verdict::Wait => self.run().expect("the flow has an end"),
            Verdict::Refused(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    /// The credentials that a request leaves with.
    pub(crate) fn send(&mut self, attempt: &mut Attempt) -> Option<String> {
        let mut request = Request::post(SERVER).body(()).unwrap();
        let authorization = self.auth.authorize(self.now, attempt, &mut request).unwrap();
        let value = request.headers().get(AUTHORIZATION);
        assert_eq!(value.is_some(), authorization == Authorization::Applied);
        value.map(|it| it.to_str().unwrap().to_owned())
    }

    pub(crate) fn refuse(
        &mut self,
        attempt: &mut Attempt,
        status: u16,
        headers: &HeaderMap,
    ) -> Verdict {
        let status = StatusCode::from_u16(status).unwrap();
        self.auth.handle_answer(self.now, attempt, status, headers)
    }

    /// The token of a request that nothing is known against.
    pub(crate) fn token(&mut self) -> Option<String> {
        self.send(&mut Attempt::new("tools/list"))
    }

    pub(crate) fn fetched(&self) -> Vec<String> {
        self.log.iter().map(|it| format!("{} {}", it.method(), it.uri())).collect()
    }

    /// The forms posted to token endpoints.
    pub(crate) fn token_requests(&self) -> Vec<BTreeMap<String, String>> {
        let posts = self.log.iter().filter(|it| it.uri().path().ends_with("/token"));
        posts.map(form).collect()
    }
}

impl World {
    /// A request with the token there is, which the server does not take any more.
    pub(crate) fn challenged_again(&mut self) -> Result<(), AuthError> {
        let mut attempt = Attempt::new("tools/list");
        assert!(self.send(&mut attempt).is_some());
        assert_eq!(
            self.refuse(&mut attempt, 401, &challenge("error=\"invalid_token\"")),
            Verdict::Wait
        );
        self.run().expect("the flow has an end")
    }
}

/// Header and claims of a JWT.
pub(crate) fn jwt(text: &str) -> (Value, Value) {
    use base64::Engine as _;
    let part = |text: &str| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let parts: Vec<&str> = text.split('.').collect();
    assert_eq!(parts.len(), 3);
    (part(parts[0]), part(parts[1]))
}
