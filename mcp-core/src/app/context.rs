//! What a handler can do while it works on a request.

use alloc::sync::Arc;

use super::connection::Connection;
use crate::id::{ProgressToken, RequestKey};

/// One request's view of its client: progress, logging, questions.
#[derive(Clone, Debug)]
pub struct Context {
    connection: Arc<Connection>,
    request: RequestKey,
    progress_token: Option<ProgressToken>,
}

impl Context {
    /// The context of a request.
    #[must_use]
    pub const fn new(
        connection: Arc<Connection>,
        request: RequestKey,
        progress_token: Option<ProgressToken>,
    ) -> Self {
        Self {
            connection,
            request,
            progress_token,
        }
    }

    /// The client's session.
    #[must_use]
    pub const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// The name of the request.
    #[must_use]
    pub const fn request(&self) -> RequestKey {
        self.request
    }

    /// What to name in progress notifications, if the client wants any.
    #[must_use]
    pub const fn progress_token(&self) -> Option<&ProgressToken> {
        self.progress_token.as_ref()
    }
}
