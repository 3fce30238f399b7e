//! What the notifications say that both sides send.

use alloc::string::String;

use crate::id::{ProgressToken, RequestId};
use crate::jsonrpc::RawJson;
use crate::model::wire::wire_read;

/// The params of `notifications/cancelled`.
pub(super) struct Cancelled {
    pub(super) id: RequestId,
    pub(super) reason: Option<String>,
}

wire_read! {
    Cancelled {
        required { id = "requestId": RequestId }
        always { reason / with_reason: String }
    }
}

impl Cancelled {
    /// None if they are malformed.
    pub(super) fn read(params: Option<&RawJson>) -> Option<Self> {
        params?.to().ok()
    }
}

/// The token in the params of `notifications/progress`, if it can be one of ours.
pub(super) fn progress_token(params: Option<&RawJson>) -> Option<u64> {
    params?.to::<Progress>().ok()?.token.as_u64()
}

struct Progress {
    token: ProgressToken,
}

wire_read! {
    Progress {
        required { token = "progressToken": ProgressToken }
    }
}
