//! What the notifications say that both sides send.

use alloc::string::String;

use serde::Deserialize;

use crate::id::{ProgressToken, RequestId};
use crate::jsonrpc::RawJson;

/// The params of `notifications/cancelled`.
#[derive(Deserialize)]
pub(super) struct Cancelled {
    #[serde(rename = "requestId")]
    pub(super) id: RequestId,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl Cancelled {
    /// None if they are malformed.
    pub(super) fn read(params: Option<&RawJson>) -> Option<Self> {
        params?.to().ok()
    }
}

/// The token in the params of `notifications/progress`, if it can be one of ours.
pub(super) fn progress_token(params: Option<&RawJson>) -> Option<u64> {
    #[derive(Deserialize)]
    struct Progress {
        #[serde(rename = "progressToken")]
        token: ProgressToken,
    }
    params?.to::<Progress>().ok()?.token.as_u64()
}
