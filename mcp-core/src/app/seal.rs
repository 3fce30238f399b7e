//! `requestState`: what a request carries from one round to the next, sealed.
//!
//! The text is `base64url(version ‖ MAC ‖ expiry ‖ state)`. The MAC also covers what the state
//! belongs to: the server's name, the principal, the method and the params. The state itself is
//! not encrypted.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::builder::ServerBuilder;
use super::digest;
use super::host::Host;
use crate::jsonrpc::{ErrorObject, RawJson};
use crate::lifecycle::Method;
use crate::time::UnixTime;

/// The layout of the sealed bytes, the first of them.
const VERSION: u8 = 1;

/// The bytes of a MAC, and with the version and the expiry those before the state.
const MAC: usize = 32;
const HEAD: usize = 1 + MAC + 8;

/// What a MAC of ours is for, so that no key is used for two things.
const PURPOSE: &[u8] = b"mcp requestState";

/// What makes and reads `requestState`.
pub(super) struct Seal {
    /// What to seal with; without it, the host's random bytes.
    key: Option<[u8; 32]>,
    /// What others may have sealed with.
    accepted: Vec<[u8; 32]>,
    lifetime: Duration,
    max_bytes: usize,
    host: OnceLock<Host>,
    /// The server's name.
    server: String,
}

/// What a state belongs to: it is of no use with anything else.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) principal: Option<Arc<str>>,
    pub(super) method: Method,
    pub(super) params: Option<RawJson>,
}

/// How long `requestState` is good for unless the builder says otherwise.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The longest `requestState` unless the builder says otherwise.
const MAX_BYTES: usize = 256 << 10;

impl Default for Seal {
    fn default() -> Self {
        Self {
            key: None,
            accepted: Vec::new(),
            lifetime: LIFETIME,
            max_bytes: MAX_BYTES,
            host: OnceLock::new(),
            server: String::new(),
        }
    }
}

/// What a client carries from one round of a request to the next: `requestState`.
impl ServerBuilder {
    /// Sets the key that seals `requestState`: what clients of the modern era carry from one round
    /// of a request to the next. It must be random and secret.
    ///
    /// By default it is random bytes of the process's own. Then a client that is sent to another
    /// process, because there are several or because the server was restarted, is told -32602 and
    /// begins anew; set the same key for all of them if that may happen.
    pub fn state_key(mut self, key: [u8; 32]) -> Self {
        self.seal.key = Some(key);
        self
    }

    /// Accepts `requestState` that was sealed with another key too; may be called several times.
    ///
    /// To change the key of servers that run side by side, let all accept the new one first, then
    /// let all seal with it and accept the old one, and drop that when the lifetime has passed.
    pub fn accepted_state_key(mut self, key: [u8; 32]) -> Self {
        self.seal.accepted.push(key);
        self
    }

    /// Sets how long a client may take for one round of a request. Default 30 min: people answer
    /// within minutes, and what was asked about should still be so when they do.
    pub const fn state_lifetime(mut self, lifetime: Duration) -> Self {
        self.seal.lifetime = lifetime;
        self
    }

    /// Sets the bytes that `requestState` may take. Default 256 KiB: all answers and
    /// memos so far travel in it, and a picture from a model may be among them. A round that
    /// would need more ends with -32603.
    pub const fn max_state_bytes(mut self, bytes: usize) -> Self {
        self.seal.max_bytes = bytes;
        self
    }
}

impl Seal {
    pub(super) fn of_server(self, server: String) -> Self {
        Self { server, ..self }
    }

    /// Takes the first host there is: drivers that share a server share its key.
    pub(super) fn set_host(&self, host: &Host) {
        self.host.get_or_init(|| host.clone());
    }

    /// Seals a state from now on.
    pub(super) fn close(&self, owner: &Owner, state: &[u8]) -> Result<String, ErrorObject> {
        let host = self.host()?;
        let expiry = (host.now() + self.lifetime).since_epoch().as_secs().to_be_bytes();
        let mac = self.mac(owner, expiry, state)?(self.key(host)).finalize().into_bytes();
        let mut sealed = Vec::with_capacity(HEAD + state.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&mac);
        sealed.extend_from_slice(&expiry);
        sealed.extend_from_slice(state);
        let text = URL_SAFE_NO_PAD.encode(sealed);
        if text.len() > self.max_bytes {
            let max = self.max_bytes;
            return Err(ErrorObject::internal(format!("requestState is longer than {max} bytes")));
        }
        Ok(text)
    }

    /// The state in a text that came from the client, which may be anything (MRTR-17).
    pub(super) fn open(&self, owner: &Owner, text: &str) -> Result<Vec<u8>, ErrorObject> {
        if text.len() > self.max_bytes {
            return Err(foreign());
        }
        let host = self.host()?;
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        let Some((&[version, ref rest @ ..], state)) = sealed.split_first_chunk::<HEAD>() else {
            return Err(foreign());
        };
        let Some((tag, expiry)) = rest.split_first_chunk::<MAC>() else {
            return Err(foreign());
        };
        let expiry: [u8; 8] = expiry.try_into().map_err(|_| foreign())?;
        // The comparison takes the same time wherever the difference is.
        let mac = self.mac(owner, expiry, state)?;
        let fits = |key: &[u8; 32]| mac(key).verify_slice(tag).is_ok();
        let mut keys = core::iter::once(self.key(host)).chain(&self.accepted);
        if version != VERSION || !keys.any(fits) {
            return Err(foreign());
        }
        let expiry = UnixTime::from_epoch(Duration::from_secs(u64::from_be_bytes(expiry)));
        if host.now() >= expiry {
            return Err(ErrorObject::invalid_params(
                "`requestState` has expired: send the request anew, without it",
            ));
        }
        Ok(state.to_vec())
    }

    /// What makes the MAC of a state with a key.
    fn mac(
        &self,
        owner: &Owner,
        expiry: [u8; 8],
        state: &[u8],
    ) -> Result<impl Fn(&[u8; 32]) -> Hmac<Sha256>, ErrorObject> {
        let params = owner.params.as_ref().map_or("{}", RawJson::as_str);
        let params = digest::of_params(params)
            .map_err(|_| ErrorObject::invalid_params("Invalid params: they are too deep"))?;
        Ok(move |key: &[u8; 32]| {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(PURPOSE);
            mac.update(&[VERSION, u8::from(owner.principal.is_some())]);
            let principal = owner.principal.as_deref().unwrap_or_default();
            // Each with its length: no two lists of texts may run together into the same bytes.
            for text in [&self.server, principal, owner.method.as_str()] {
                mac.update(&(text.len() as u64).to_be_bytes());
                mac.update(text.as_bytes());
            }
            mac.update(&params);
            mac.update(&expiry);
            mac.update(state);
            mac
        })
    }

    fn host(&self) -> Result<&Host, ErrorObject> {
        self.host.get().ok_or_else(no_host)
    }

    fn key<'a>(&'a self, host: &'a Host) -> &'a [u8; 32] {
        self.key.as_ref().unwrap_or_else(|| host.seed())
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

fn foreign() -> ErrorObject {
    ErrorObject::invalid_params("`requestState` was not issued for this request, or was altered")
}

fn no_host() -> ErrorObject {
    ErrorObject::internal("the server has no clock: its driver did not call `Handler::hosted`")
}
