//! Tasks that a server makes of a request.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use core::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::jsonrpc::{ErrorObject, RawJson};
use crate::model::{CreateTaskResult, DetailedTask, InputRequest, TaskParams, TaskStatus};
use crate::session::Outgoing;
use crate::time::Instant;

/// How often to ask a server that does not say.
const INTERVAL: Duration = Duration::from_secs(1);

/// The least time between two questions, whatever the server says.
const SHORTEST: Duration = Duration::from_millis(100);

/// The most time between two questions unless another bound is set: some servers mean seconds and
/// say milliseconds, and a result should not wait for hours to be seen.
const LONGEST: Duration = Duration::from_secs(300);

/// Questions that a task may have in all: their keys are kept, to ask each once.
const QUESTIONS: usize = 1024;

/// Follows a task to its end, in both designs: the tasks of 2025-11-25, and those of the extension
/// `io.modelcontextprotocol/tasks`.
///
/// It says which request to send and when; whoever drives it sends that through the
/// [`ClientSession`](crate::session::ClientSession) and hands the outcome back. One request is
/// under way at a time.
///
/// ```
/// use mcp_core::jsonrpc::RawJson;
/// use mcp_core::session::{TaskOutcome, TaskWatch};
/// use mcp_core::time::Instant;
///
/// let now = Instant::EPOCH;
/// let created = RawJson::parse(r#"{"resultType":"task","taskId":"7","status":"working",
///     "createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttlMs":null}"#)?;
/// let mut task = TaskWatch::of(now, &created).expect("a task");
/// assert!(task.poll_request(now).is_none(), "not yet");
/// let due = task.poll_timeout().unwrap();
/// assert_eq!(task.poll_request(due).unwrap().method, "tasks/get");
/// task.handle_result(due, &RawJson::parse(r#"{"resultType":"complete","taskId":"7",
///     "status":"completed","createdAt":"2026-01-01T00:00:00Z",
///     "lastUpdatedAt":"2026-01-01T00:00:01Z","ttlMs":null,"result":{"content":[]}}"#)?);
/// let Some(TaskOutcome::Completed(result)) = task.poll_outcome() else { unreachable!() };
/// assert_eq!(result.as_str(), r#"{"content":[]}"#);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TaskWatch {
    id: String,
    is_modern: bool,
    status: TaskStatus,
    message: Option<String>,
    interval: Duration,
    longest: Duration,
    due: Instant,
    under_way: Option<Step>,
    wants_cancel: bool,
    asked: BTreeSet<String>,
    questions: VecDeque<(String, InputRequest)>,
    answers: BTreeMap<String, RawJson>,
    outcome: Option<TaskOutcome>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Get,
    /// 2025-11-25: the result, once there is one, and what is asked until then.
    Result,
    Update,
    Cancel,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TaskOutcome {
    /// With the result of the request it was made of.
    Completed(RawJson),
    /// With the error of that request, or because the server does not know the task any more.
    Failed(ErrorObject),
    /// It was cancelled.
    Cancelled,
    /// What the server says of it cannot be read.
    Invalid,
}

impl TaskWatch {
    /// The task that a result says was made, if it says so.
    #[must_use]
    pub fn of(now: Instant, result: &RawJson) -> Option<Self> {
        #[derive(Deserialize)]
        struct Kind {
            #[serde(rename = "resultType")]
            kind: Option<String>,
            task: Option<IgnoredAny>,
        }
        let Kind { kind, task } = result.to().ok()?;
        let is_modern = kind.as_deref() == Some("task");
        if !is_modern && (kind.is_some() || task.is_none()) {
            return None;
        }
        let CreateTaskResult { task, .. } = result.to().ok()?;
        let mut watch = Self {
            id: task.task_id,
            is_modern,
            status: task.status,
            message: task.status_message,
            interval: interval(task.poll_interval_ms, LONGEST),
            longest: LONGEST,
            due: now,
            under_way: None,
            wants_cancel: false,
            asked: BTreeSet::new(),
            questions: VecDeque::new(),
            answers: BTreeMap::new(),
            outcome: None,
            is_over: false,
        };
        // What is over already, or asks, is looked at without delay.
        if watch.status == TaskStatus::Working {
            watch.due = now + watch.interval;
        }
        Some(watch)
    }

    /// Asks after the task at least this often, whatever the server says: at the earliest after
    /// 100 ms. Default 5 min.
    pub fn set_longest_interval(&mut self, now: Instant, longest: Duration) {
        self.longest = longest.max(SHORTEST);
        self.interval = self.interval.min(self.longest);
        self.due = self.due.min(now + self.interval);
    }

    /// Answers a question (extension); an answer to what was not asked is ignored.
    pub fn answer(&mut self, key: &str, response: RawJson) {
        if self.asked.contains(key) && !self.is_over {
            self.answers.insert(key.into(), response);
        }
    }

    /// Asks the server to stop. It may end the task otherwise all the same (TASKX-21).
    pub const fn cancel(&mut self) {
        self.wants_cancel = !self.is_over;
    }

    /// Takes the result of the request that is under way.
    pub fn handle_result(&mut self, now: Instant, result: &RawJson) {
        match self.under_way.take() {
            Some(Step::Get) => match result.to::<DetailedTask>() {
                Ok(task) => self.handle_task(now, task),
                Err(_) => self.end(TaskOutcome::Invalid),
            },
            Some(Step::Result) => self.end(TaskOutcome::Completed(result.clone())),
            Some(Step::Update | Step::Cancel) => self.due = now,
            None => {}
        }
    }

    /// Takes the error that the request under way was answered with.
    pub fn handle_error(&mut self, now: Instant, error: ErrorObject) {
        match self.under_way.take() {
            Some(Step::Get | Step::Result) if self.status == TaskStatus::Cancelled => {
                self.end(TaskOutcome::Cancelled);
            }
            Some(Step::Get | Step::Result) => self.end(TaskOutcome::Failed(error)),
            // How the task is will be seen.
            Some(Step::Update | Step::Cancel) => self.due = now,
            None => {}
        }
    }

    /// Takes note that the request under way ended without an answer: it is sent again.
    pub fn handle_unanswered(&mut self, now: Instant) {
        if self.under_way.take().is_some() {
            self.due = now + self.interval;
        }
    }

    /// Takes what a notification says of the task: `notifications/tasks/status` or
    /// `notifications/tasks`. False if it is about another one.
    pub fn handle_notification(&mut self, now: Instant, params: &RawJson) -> bool {
        match params.to::<DetailedTask>() {
            Ok(task) if task.task.task_id == self.id => {
                self.handle_task(now, task);
                true
            }
            _ => false,
        }
    }

    /// The request to send now, if any.
    #[must_use = "a request that is not sent is not answered"]
    pub fn poll_request(&mut self, now: Instant) -> Option<Outgoing> {
        if self.under_way.is_some() || self.is_over {
            return None;
        }
        let needs_result =
            !self.is_modern && (self.status.is_final() || self.status == TaskStatus::InputRequired);
        let step = match () {
            () if core::mem::take(&mut self.wants_cancel) => Step::Cancel,
            () if !self.answers.is_empty() => Step::Update,
            () if now < self.due => return None,
            () if needs_result => Step::Result,
            () => Step::Get,
        };
        self.under_way = Some(step);
        let params = RawJson::known(&TaskParams::new(self.id.as_str()));
        Some(match step {
            Step::Get => Outgoing::new("tasks/get", Some(params)).uncached(),
            Step::Result => Outgoing::new("tasks/result", Some(params)),
            Step::Cancel => Outgoing::new("tasks/cancel", Some(params)).idempotent(),
            Step::Update => {
                let answers = core::mem::take(&mut self.answers);
                let answers = RawJson::known(&answers);
                let params =
                    crate::jsonrpc::with_member(&params, "inputResponses", answers.as_str());
                Outgoing::new("tasks/update", Some(params)).idempotent()
            }
        })
    }

    /// The next question that the task has, each once: answer with [`answer`](Self::answer).
    #[must_use = "a question that is not answered keeps the task waiting"]
    pub fn poll_question(&mut self) -> Option<(String, InputRequest)> {
        self.questions.pop_front()
    }

    /// How the task ended, once.
    #[must_use]
    pub fn poll_outcome(&mut self) -> Option<TaskOutcome> {
        self.outcome.take()
    }

    /// When there is a request to send, unless one is under way.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        (self.under_way.is_none() && !self.is_over).then_some(self.due)
    }

    /// The id of the task.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it was when last heard of.
    #[must_use]
    pub const fn status(&self) -> TaskStatus {
        self.status
    }

    /// What the server said of that, if anything.
    #[must_use]
    pub fn status_message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    fn handle_task(&mut self, now: Instant, detailed: DetailedTask) {
        if self.is_over {
            return;
        }
        let DetailedTask { task, input_requests, result, error, .. } = detailed;
        self.status = task.status;
        self.message = task.status_message;
        self.interval = interval(task.poll_interval_ms, self.longest);
        self.due = now + self.interval;
        if !self.is_modern {
            if self.status.is_final() || self.status == TaskStatus::InputRequired {
                self.due = now;
            }
            return;
        }
        for (key, question) in input_requests.into_iter().flatten() {
            if self.asked.len() < QUESTIONS && self.asked.insert(key.clone()) {
                self.questions.push_back((key, question));
            }
        }
        match (self.status, result, error) {
            (TaskStatus::Completed, Some(result), _) => {
                self.end(TaskOutcome::Completed(RawJson::known(&result)));
            }
            (TaskStatus::Failed, _, Some(error)) => self.end(TaskOutcome::Failed(error)),
            (TaskStatus::Cancelled, ..) => self.end(TaskOutcome::Cancelled),
            (TaskStatus::Completed | TaskStatus::Failed, ..) => self.end(TaskOutcome::Invalid),
            (TaskStatus::Working | TaskStatus::InputRequired, ..) => {}
        }
    }

    fn end(&mut self, outcome: TaskOutcome) {
        self.is_over = true;
        self.questions.clear();
        self.answers.clear();
        self.outcome = Some(outcome);
    }
}

fn interval(milliseconds: Option<u64>, longest: Duration) -> Duration {
    milliseconds.map_or(INTERVAL, Duration::from_millis).clamp(SHORTEST, longest)
}
