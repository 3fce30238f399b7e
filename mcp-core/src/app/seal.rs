//! `requestState`: what a request carries from one round to the next, sealed.
//!
//! The text is `base64url(version ‖ MAC ‖ expiry ‖ state)`. The MAC also covers what the state
//! belongs to: the server's name, the principal, the method and the params. The state itself is
//! not encrypted.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::host::Host;
use crate::jsonrpc::ErrorObject;
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
    pub(super) key: Option<[u8; 32]>,
    /// What others may have sealed with.
    pub(super) accepted: Vec<[u8; 32]>,
    pub(super) lifetime: Duration,
    pub(super) max_bytes: usize,
    pub(super) host: OnceLock<Host>,
}

/// What a state belongs to: it is of no use with anything else.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) server: &'a str,
    pub(super) principal: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) params: &'a [u8; 32],
}

impl Seal {
    /// Takes the first host there is: drivers that share a server share its key.
    pub(super) fn set_host(&self, host: &Host) {
        self.host.get_or_init(|| host.clone());
    }

    /// Seals a state from now on.
    pub(super) fn close(&self, owner: Owner<'_>, state: &[u8]) -> Result<String, ErrorObject> {
        let host = self.host()?;
        let expiry = (host.now() + self.lifetime).since_epoch().as_secs().to_be_bytes();
        let mac = mac(self.key(host), owner, expiry, state).finalize().into_bytes();
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
    pub(super) fn open(&self, owner: Owner<'_>, text: &str) -> Result<Vec<u8>, ErrorObject> {
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
        let fits = |key: &[u8; 32]| mac(key, owner, expiry, state).verify_slice(tag).is_ok();
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

fn mac(key: &[u8; 32], owner: Owner<'_>, expiry: [u8; 8], state: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(PURPOSE);
    mac.update(&[VERSION, u8::from(owner.principal.is_some())]);
    // Each with its length: no two lists of texts may run together into the same bytes.
    for text in [owner.server, owner.principal.unwrap_or_default(), owner.method] {
        mac.update(&(text.len() as u64).to_be_bytes());
        mac.update(text.as_bytes());
    }
    mac.update(owner.params);
    mac.update(&expiry);
    mac.update(state);
    mac
}

fn foreign() -> ErrorObject {
    ErrorObject::invalid_params("`requestState` was not issued for this request, or was altered")
}

fn no_host() -> ErrorObject {
    ErrorObject::internal("the server has no clock: its driver did not call `Handler::hosted`")
}
