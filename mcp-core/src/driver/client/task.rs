//! Follows requests that a server makes a task of.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::ClientError;
use super::link::{Link, Waiting};
use super::trouble::Trouble;
use crate::error::RequestError;
use crate::jsonrpc::{ErrorObject, RawJson, Reply};
use crate::lifecycle::Method;
use crate::model::InputRequest;
use crate::revision::Revision;
use crate::session::{TaskOutcome, TaskWatch};
use crate::time::Instant;

/// How often in a row the server may leave a question about a task unanswered before it is given
/// up: a restart takes a few.
const UNANSWERED: u32 = 5;

/// The result of a request: what was answered, or what the task comes to that it was made.
pub(super) async fn settled(
    link: &Arc<Link>,
    method: &str,
    result: RawJson,
) -> Result<RawJson, ClientError> {
    // Only results that say so are looked at as tasks: the rest is read once, by whoever asked.
    if method != "tools/call" || !result.as_str().contains("\"taskId\"") {
        return Ok(result);
    }
    let now = link.clock().now();
    let Some(mut watch) = TaskWatch::of(now, &result) else {
        return Ok(result);
    };
    let longest = link.lock().machine.config().timeouts.task_interval;
    watch.set_longest_interval(now, longest);
    let mut follow = Follow::new(link, watch);
    core::future::poll_fn(|cx| follow.poll(cx)).await
}

/// A task that is followed, where notifications find it.
pub(super) struct Followed(Mutex<State>);

struct State {
    watch: TaskWatch,
    waker: Option<Waker>,
}

impl Followed {
    /// Takes what a notification says of some task.
    pub(super) fn handle_notification(&self, now: Instant, params: &RawJson) {
        let mut state = self.lock();
        let meant = state.watch.handle_notification(now, params);
        let waker = state.waker.take_if(|_| meant);
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Asks after a task until it ends; cancels it when nobody waits for that any more.
struct Follow {
    link: Arc<Link>,
    task: Arc<Followed>,
    /// The request that is under way.
    asked: Option<(Cow<'static, str>, Waiting)>,
    /// Answers to the task's questions that the application works on.
    answering: Vec<(String, Pending<Reply>)>,
    sleep: Option<(Instant, Pending<()>)>,
    unanswered: u32,
    over: bool,
}

impl Follow {
    fn new(link: &Arc<Link>, watch: TaskWatch) -> Self {
        let task = Arc::new(Followed(Mutex::new(State { watch, waker: None })));
        link.follow(&task);
        Self {
            link: Arc::clone(link),
            task,
            asked: None,
            answering: Vec::new(),
            sleep: None,
            unanswered: 0,
            over: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<RawJson, ClientError>> {
        loop {
            let now = self.link.clock().now();
            let mut state = self.task.lock();
            state.waker = Some(cx.waker().clone());
            let outcome = state.watch.poll_outcome();
            drop(state);
            if let Some(outcome) = outcome {
                self.over = true;
                return Poll::Ready(self.read(outcome));
            }
            self.take_questions();
            if let Err(error) = self.poll_answers(cx) {
                let error = RequestError::InputRefused(error);
                return Poll::Ready(Err(ClientError::Request { error, trouble: None }));
            }
            if let Some((_, waiting)) = &mut self.asked {
                let outcome = ready!(Pin::new(waiting).poll(cx));
                if let Some((method, waiting)) = self.asked.take() {
                    self.handle_outcome(now, &method, waiting, outcome)?;
                }
                continue;
            }
            let mut state = self.task.lock();
            let (request, due) = (state.watch.poll_request(now), state.watch.poll_timeout());
            drop(state);
            if let Some(request) = request {
                let method = request.method.clone();
                match self.link.request(request, None, None) {
                    Ok(waiting) => self.asked = Some((method, waiting)),
                    // Its turn comes when others have ended.
                    Err(ClientError::Full) => self.task.lock().watch.handle_unanswered(now),
                    Err(error) => return Poll::Ready(Err(lost(error.trouble()))),
                }
                continue;
            }
            let Some(due) = due else { return Poll::Pending };
            let sleep = match &mut self.sleep {
                Some((at, sleep)) if *at == due => sleep,
                sleep => {
                    let (_, sleep) = sleep.insert((due, self.link.clock().sleep_until(due)));
                    sleep
                }
            };
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
    }

    /// Hands the task's questions to those who answer any question of the server.
    fn take_questions(&mut self) {
        loop {
            let question = self.task.lock().watch.poll_question();
            let Some((key, question)) = question else { return };
            let (method, params) = parts(&question);
            let (handlers, revision) = {
                let state = self.link.lock();
                (state.handlers.clone(), state.machine.revision())
            };
            let revision = revision.unwrap_or(Revision::V2026_07_28);
            // Within the future: a panic of the application's is answered there too.
            let answer = async move { handlers.answer(revision, &method, params.as_ref()).await };
            self.answering.push((key, Box::pin(answer)));
        }
    }

    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Result<(), ErrorObject> {
        let (mut refused, task) = (None, &self.task);
        // As elsewhere, a handler that panics has failed to answer, and takes nobody along.
        let failed = |_| Poll::Ready(Err(ErrorObject::internal("the client failed to answer")));
        let mut poll = |answer: &mut Pending<Reply>| {
            catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))).unwrap_or_else(failed)
        };
        self.answering.retain_mut(|(key, answer)| match poll(answer) {
            Poll::Pending => true,
            Poll::Ready(Ok(response)) => {
                task.lock().watch.answer(key, response);
                false
            }
            Poll::Ready(Err(error)) => {
                refused = Some(error);
                false
            }
        });
        refused.map_or(Ok(()), Err)
    }

    fn handle_outcome(
        &mut self,
        now: Instant,
        method: &str,
        mut waiting: Waiting,
        outcome: Result<RawJson, RequestError>,
    ) -> Result<(), ClientError> {
        let mut state = self.task.lock();
        let error = match outcome {
            Ok(result) => {
                state.watch.handle_result(now, &result);
                self.unanswered = 0;
                return Ok(());
            }
            Err(RequestError::Refused(error)) => {
                state.watch.handle_error(now, error);
                self.unanswered = 0;
                return Ok(());
            }
            Err(error) => error,
        };
        state.watch.handle_unanswered(now);
        drop(state);
        match error {
            // 2025-11-25: it is answered at the end of the task, however long that takes.
            RequestError::TimedOut if method == "tasks/result" => return Ok(()),
            RequestError::TimedOut | RequestError::NotSent | RequestError::Lost => {
                self.unanswered += 1;
            }
            ref error => return Err(waiting.failed(error.clone())),
        }
        if self.unanswered < UNANSWERED && self.link.lock().closed.is_none() {
            return Ok(());
        }
        Err(lost(waiting.failed(error).trouble()))
    }

    fn read(&self, outcome: TaskOutcome) -> Result<RawJson, ClientError> {
        match outcome {
            TaskOutcome::Completed(result) => Ok(result),
            TaskOutcome::Failed(error) => {
                let error = RequestError::Refused(error);
                Err(ClientError::Request { error, trouble: None })
            }
            TaskOutcome::Cancelled => {
                let message = self.task.lock().watch.status_message().map(ToString::to_string);
                Err(ClientError::TaskCancelled { message })
            }
            TaskOutcome::Invalid => Err(ClientError::Malformed {
                method: "tasks/get".into(),
                why: "it is no task, or one that has ended without a result".into(),
            }),
        }
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.asked = None;
        let now = self.link.clock().now();
        let mut state = self.task.lock();
        state.watch.handle_unanswered(now);
        state.watch.cancel();
        let cancel = state.watch.poll_request(now);
        drop(state);
        if let Some(cancel) = cancel {
            // Nobody waits for the answer.
            self.link.with(|state, now| drop(state.machine.request(now, cancel)));
        }
    }
}

/// The call has been worked on, whatever became of the questions about its task.
fn lost(trouble: Option<&Trouble>) -> ClientError {
    ClientError::Request { error: RequestError::Lost, trouble: trouble.cloned() }
}

fn parts(question: &InputRequest) -> (Method, Option<RawJson>) {
    match question {
        InputRequest::Elicit(params) => {
            (Method::ElicitationCreate, Some(RawJson::known(&**params)))
        }
        InputRequest::CreateMessage(params) => {
            (Method::SamplingCreateMessage, Some(RawJson::known(&**params)))
        }
        InputRequest::ListRoots(params) => (Method::RootsList, params.as_ref().map(RawJson::known)),
    }
}
