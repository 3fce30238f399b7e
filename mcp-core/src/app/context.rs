//! What a handler can do while it works on a request.

use alloc::borrow::ToOwned;
use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::connection::Connection;
use super::error::AskError;
use super::round::Round;
use super::task::Slot;
use crate::id::{ProgressToken, RequestId, RequestKey};
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, NotificationMethod, Sender};
use crate::model::{ForRevision, Level, LogParams, ProgressParams};
use crate::revision::{Era, Revision};
use crate::session::Outgoing;

/// One request's view of its client: progress, logging, questions.
///
/// A handler's future is dropped when the client cancels the request or it runs out of time.
/// What must be undone then belongs in the `Drop` of something the future owns.
#[derive(Clone, Debug)]
pub struct Context {
    connection: Arc<Connection>,
    request: RequestKey,
    id: Option<RequestId>,
    progress: Option<Arc<Progress>>,
    logging: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) principal: Option<Arc<str>>,
    /// What there is of earlier rounds, for requests that may take several.
    pub(super) round: Option<Arc<Round>>,
    /// The task, for calls that are one or may become one.
    pub(super) task: Option<Arc<Slot>>,
}

#[derive(Debug)]
struct Progress {
    token: ProgressToken,
    last: Mutex<Option<f64>>,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// It is on its way.
    Sent,
    /// The client did not ask for it: there is no progress token, or the level is too low.
    Unwanted,
    /// It is no progress: not more than was reported before, or no number.
    Stale,
    /// The client reads too slowly, or the request or session is over. Nothing is owed to
    /// anyone; the next one may go through.
    Dropped,
}

impl Context {
    /// The context of a request.
    #[must_use]
    pub fn new(
        connection: Arc<Connection>,
        request: RequestKey,
        progress_token: Option<ProgressToken>,
    ) -> Self {
        let principal = connection.principal().cloned();
        let progress = |token| Arc::new(Progress { token, last: Mutex::new(None) });
        Self {
            connection,
            request,
            id: None,
            progress: progress_token.map(progress),
            logging: false,
            timeout: None,
            principal,
            round: None,
            task: None,
        }
    }

    /// Tells the context the client's name for the request.
    #[must_use]
    pub fn with_id(mut self, id: RequestId) -> Self {
        self.id = Some(id);
        self
    }

    /// Lets the handler log. For handlers of one's own: [`Server`](super::Server) does it if it
    /// was built with logging.
    #[must_use]
    pub const fn with_logging(mut self) -> Self {
        self.logging = true;
        self
    }

    /// Sets how long each question asked through this context waits for its answer.
    ///
    /// Default 10 min for [`sample`](Self::sample) and [`elicit`](Self::elicit), which people
    /// answer, and [`Timeouts::outbound`](crate::config::Timeouts::outbound) for the others.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says on whose behalf the client asks, once that has been verified, if that is not whom the
    /// [`Connection`] speaks for. `requestState` is of no use to anybody else.
    #[must_use]
    pub fn with_principal(mut self, principal: impl Into<Arc<str>>) -> Self {
        self.principal = Some(principal.into());
        self
    }

    /// Tells the client how far the work is, if it wants to know.
    ///
    /// `progress` must grow with every call, in any unit; `total` is where it ends, if that is
    /// known. The message is left out for clients older than 2025-03-26
    /// (`2025-11-25/basic/utilities/progress`). In a task it is its status message as well.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) -> Delivery {
        if let Some(message) = message {
            self.task_status(message);
        }
        let Some(report) = &self.progress else {
            return Delivery::Unwanted;
        };
        // Held while sending: two reports must not overtake each other.
        let mut last = report.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !progress.is_finite() || last.is_some_and(|last| progress <= last) {
            return Delivery::Stale;
        }
        let mut params = ProgressParams::new(report.token.clone(), progress);
        params.total = total.filter(|total| total.is_finite());
        params.message = message.map(ToOwned::to_owned);
        let delivery = self.notify(&NotificationMethod::Progress, &self.adapt(params));
        if delivery == Delivery::Sent {
            *last = Some(progress);
        }
        delivery
    }

    /// Sends the client a log message: text, or anything else that has a JSON form.
    ///
    /// Never put secrets, personal data or internals of the system in it.
    pub fn log(&self, level: Level, data: impl Serialize) -> Delivery {
        if !self.logs(level) {
            return Delivery::Unwanted;
        }
        match RawJson::from_value(&data) {
            Ok(data) => self.log_as(LogParams::new(level, data)),
            Err(_) => Delivery::Dropped,
        }
    }

    /// Sends the client a log message with all there is to it, a logger's name for one.
    pub fn log_as(&self, message: LogParams) -> Delivery {
        if !self.logs(message.level) {
            return Delivery::Unwanted;
        }
        self.notify(&NotificationMethod::Message, &self.adapt(message))
    }

    /// Logs at [`Level::Debug`].
    pub fn debug(&self, data: impl Serialize) -> Delivery {
        self.log(Level::Debug, data)
    }

    /// Logs at [`Level::Info`].
    pub fn info(&self, data: impl Serialize) -> Delivery {
        self.log(Level::Info, data)
    }

    /// Logs at [`Level::Warning`].
    pub fn warning(&self, data: impl Serialize) -> Delivery {
        self.log(Level::Warning, data)
    }

    /// Logs at [`Level::Error`].
    pub fn error(&self, data: impl Serialize) -> Delivery {
        self.log(Level::Error, data)
    }

    /// Asks the client whether it is there.
    ///
    /// # Errors
    /// [`AskError`]; there is no ping since 2026-07-28.
    pub async fn ping(&self) -> Result<(), AskError> {
        if !Method::Ping.exists(self.revision(), Sender::Server) {
            return Err(AskError::Unavailable("whether it is there"));
        }
        let mut request = Outgoing::new(Method::Ping.as_str().to_owned(), None).about(self.request);
        request.timeout = self.timeout;
        Ok(self.connection.peer().request(request).await.map(drop)?)
    }

    /// Closes the connection the answer would leave on, for work that takes so long that keeping
    /// it open makes no sense; the client comes back for the answer after `retry`, as often as it
    /// takes. What was reported so far is not lost.
    ///
    /// False if that cannot be done: only clients over Streamable HTTP that speak 2025-11-25 know
    /// how to come back. The work goes on either way.
    pub fn hang_up(&self, retry: Duration) -> bool {
        self.connection.peer().hang_up(self.request, retry)
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

    /// The client's name for the request, if it is known here.
    #[must_use]
    pub const fn id(&self) -> Option<&RequestId> {
        self.id.as_ref()
    }

    /// What to name in progress notifications, if the client wants any.
    #[must_use]
    pub fn progress_token(&self) -> Option<&ProgressToken> {
        self.progress.as_ref().map(|progress| &progress.token)
    }

    /// On whose behalf the client asks, if it had to say.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    pub(super) fn revision(&self) -> Revision {
        self.connection.revision()
    }

    fn adapt<T: ForRevision>(&self, value: T) -> T {
        value.for_revision(self.revision())
    }

    /// LOG-01, LOG-04.
    fn logs(&self, level: Level) -> bool {
        self.logging && self.connection.wants_log(level)
    }

    /// Sends a notification of the application's own about this request, such as
    /// `notifications/com.example/found`; the modern era has it on the request's stream.
    ///
    /// Methods that a revision defines are not for this: it is dropped, and the method that is
    /// meant for it is here or on [`Server`](super::Server).
    pub fn tell(&self, method: &str, params: &impl Serialize) -> Delivery {
        match NotificationMethod::from_name(method) {
            method @ NotificationMethod::Other(_) => self.notify(&method, params),
            _ => Delivery::Dropped,
        }
    }

    fn notify(&self, method: &NotificationMethod, params: &impl Serialize) -> Delivery {
        let Ok(params) = RawJson::from_value(params) else {
            return Delivery::Dropped;
        };
        let method = method.as_str().to_owned();
        let notification = match self.live_task() {
            None => Outgoing::new(method, Some(params)).about(self.request),
            // TASKX-25: there is nowhere it could go.
            Some(_) if self.revision().era() == Era::Modern => return Delivery::Unwanted,
            Some(task) => task.notification(Outgoing::new(method, Some(params))),
        };
        match self.connection.peer().notify(notification) {
            Ok(()) => Delivery::Sent,
            Err(_) => Delivery::Dropped,
        }
    }
}
