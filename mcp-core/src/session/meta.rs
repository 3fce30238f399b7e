//! What a session itself reads of a request's `_meta`.

use alloc::borrow::Cow;

use serde::Deserialize;

use crate::id::ProgressToken;
use crate::jsonrpc::{ErrorObject, RawJson};

/// The members of `_meta` that concern the session.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Meta<'a> {
    /// Names the request in progress notifications.
    #[serde(rename = "progressToken")]
    pub(super) progress_token: Option<ProgressToken>,
    /// Marks a request of the modern era, which never waits for a handshake.
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow, default, rename = "_meta")]
    meta: Meta<'a>,
}

impl<'a> Meta<'a> {
    /// Reads `_meta` if there is one.
    ///
    /// Most requests have none; looking for the letters first spares them a parse. A backslash
    /// could spell them with escapes.
    pub(super) fn read(params: Option<&'a RawJson>) -> Result<Self, ErrorObject> {
        let Some(params) = params else {
            return Ok(Self::default());
        };
        let text = params.as_str();
        if !text.contains("_meta") && !text.contains('\\') {
            return Ok(Self::default());
        }
        serde_json::from_str(text)
            .map(|Params { meta }| meta)
            .map_err(|error| {
                ErrorObject::invalid_params(alloc::format!("Invalid params._meta: {error}"))
            })
    }
}
