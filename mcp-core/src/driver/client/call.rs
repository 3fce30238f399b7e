//! Requests with their options.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::time::Duration;

use super::error::ClientError;
use super::link::{Link, Progress};
use super::task;
use crate::jsonrpc::{InvalidJson, RawJson, with_member};
use crate::model::{ProgressParams, TaskRequest};
use crate::revision::Revision;
use crate::session::{Outgoing, Pages};

/// A request to the server; nothing is sent until it is awaited.
///
/// Dropping the future cancels the request, and nothing else: the server is told to stop.
#[must_use = "nothing is sent until it is awaited"]
pub struct Call<T> {
    link: Arc<Link>,
    outgoing: Result<Outgoing, ClientError>,
    progress: Option<Progress>,
    task: Option<TaskRequest>,
    read: Read<T>,
}

/// How a result is made of what the server answers.
enum Read<T> {
    Once(fn(&RawJson) -> Result<T, InvalidJson>),
    /// Of all pages of a list.
    Pages(fn(&mut T, &RawJson) -> Result<(), InvalidJson>, fn() -> T),
}

impl<T> Call<T> {
    pub(super) fn new(
        link: &Arc<Link>,
        method: impl Into<Cow<'static, str>>,
        params: Result<Option<RawJson>, InvalidJson>,
        read: fn(&RawJson) -> Result<T, InvalidJson>,
    ) -> Self {
        Self {
            link: Arc::clone(link),
            outgoing: outgoing(method, params),
            progress: None,
            task: None,
            read: Read::Once(read),
        }
    }

    /// How long to wait for the answer, and between signs of progress. Default
    /// [`ClientTimeouts::request`](crate::config::ClientTimeouts::request); progress stretches it
    /// to [`ClientTimeouts::request_max`](crate::config::ClientTimeouts::request_max) in all.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|outgoing| outgoing.with_timeout(timeout))
    }

    /// Asks the server to report progress, and hears it.
    ///
    /// It is called from the task that runs the client, in order, and must not block.
    pub fn on_progress(mut self, hear: impl Fn(ProgressParams) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(hear));
        self.set(Outgoing::with_progress)
    }

    /// Says that doing it twice is as good as doing it once: it may then be sent again when a
    /// server was restarted and nobody knows what became of it.
    pub fn idempotent(self) -> Self {
        self.set(Outgoing::idempotent)
    }

    /// Wants a fresh answer, not one that has been kept while its server said it was fresh.
    pub fn uncached(self) -> Self {
        self.set(Outgoing::uncached)
    }

    /// Sends nothing to a server that does not offer what it takes.
    #[cfg(feature = "skills")]
    pub(super) fn needs(mut self, offered: bool, what: &'static str) -> Self {
        if !offered {
            self.outgoing = Err(ClientError::NotOffered(what));
        }
        self
    }

    /// Asks for a task, which the server keeps for `ttl` if that is given: 2025-11-25 leaves it to
    /// the client, and some tools cannot be called otherwise. The answer is the task's all the
    /// same. Other revisions do not know it, and are not asked for it.
    pub fn as_task(mut self, ttl: Option<Duration>) -> Self {
        let ttl = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        self.task = Some(TaskRequest { ttl, ..TaskRequest::default() });
        self
    }

    fn set(mut self, set: impl FnOnce(Outgoing) -> Outgoing) -> Self {
        self.outgoing = self.outgoing.map(set);
        self
    }
}

fn outgoing(
    method: impl Into<Cow<'static, str>>,
    params: Result<Option<RawJson>, InvalidJson>,
) -> Result<Outgoing, ClientError> {
    let params = params.map_err(|error| ClientError::Arguments(error.to_string()))?;
    Ok(Outgoing::new(method, params))
}

impl<I: Send + 'static> Call<Vec<I>> {
    /// A list, of which `read` takes a page apart.
    pub(super) fn list(
        link: &Arc<Link>,
        method: &'static str,
        read: fn(&mut Vec<I>, &RawJson) -> Result<(), InvalidJson>,
    ) -> Self {
        let outgoing = outgoing(method, Ok(None));
        let read = Read::Pages(read, Vec::new);
        Self { link: Arc::clone(link), outgoing, progress: None, task: None, read }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, ClientError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { link, outgoing, progress, task, read } = self;
        Box::pin(async move {
            let mut outgoing = outgoing?;
            let revision = link.lock().machine.revision();
            if let (Some(task), Some(Revision::V2025_11_25)) = (task, revision) {
                let (params, task) = (outgoing.params.take(), RawJson::known(&task));
                let params = params.unwrap_or(RawJson::EMPTY_OBJECT);
                outgoing.params = Some(with_member(&params, "task", task.as_str()));
            }
            let method = outgoing.method.clone();
            let malformed = |error: InvalidJson| ClientError::Malformed {
                method: method.clone(),
                why: error.to_string(),
            };
            match read {
                Read::Once(read) => {
                    let result = send(&link, outgoing, progress).await?;
                    let result = task::settled(&link, &method, result).await?;
                    read(&result).map_err(malformed)
                }
                Read::Pages(read, empty) => {
                    let (mut pages, mut all) = (Pages::new(outgoing), empty());
                    while let Some(next) = pages.poll_request() {
                        let page = send(&link, next, progress.clone()).await?;
                        pages.handle_page(&page)?;
                        read(&mut all, &page).map_err(malformed)?;
                    }
                    Ok(all)
                }
            }
        })
    }
}

pub(super) async fn send(
    link: &Arc<Link>,
    outgoing: Outgoing,
    progress: Option<Progress>,
) -> Result<RawJson, ClientError> {
    link.request(outgoing, progress, None)?.answer().await
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method: Option<&str> = self.outgoing.as_ref().ok().map(|it| &*it.method);
        f.debug_struct("Call").field("method", &method.map(String::from)).finish_non_exhaustive()
    }
}
