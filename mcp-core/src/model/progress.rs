//! Progress and cancellation of requests.

use alloc::string::String;

use super::Meta;
use super::wire::wire;
use crate::id::{ProgressToken, RequestId};

wire! {
    /// The params of `notifications/progress` (`2025-11-25/basic/utilities/progress`).
    pub struct ProgressParams {
        required {
            /// The token the request came with.
            progress_token: ProgressToken,
            /// How much is done: more each time, in any unit, fractions allowed.
            progress: f64 as Float,
        }
        always {
            /// How much there is to do, if known.
            total / with_total: f64 as Float,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
        since V2025_03_26 {
            /// What is being done, for people. Since 2025-03-26.
            message / with_message: String,
        }
    }
}

wire! {
    /// The params of `notifications/cancelled` (`2025-11-25/basic/utilities/cancellation`).
    ///
    /// A cancellation that names no request is legal in 2025-11-25's schema only, and means
    /// nothing.
    #[derive(Default)]
    pub struct CancelledParams {
        required {}
        always {
            /// The request that is cancelled.
            request_id / with_request_id: RequestId,
            /// Why, for logs and people.
            reason / with_reason: String,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

impl CancelledParams {
    /// The cancellation of a request.
    #[must_use]
    pub fn of(request_id: impl Into<RequestId>) -> Self {
        Self::new().with_request_id(request_id)
    }
}
