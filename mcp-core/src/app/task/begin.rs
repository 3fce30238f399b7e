//! Calls that may become tasks.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use std::sync::OnceLock;

use super::super::dispatch::Answering;
use super::super::guard::resumed;
use super::super::server::Inner;
use super::super::tool::ToolEntry;
use super::super::{CallError, Connection, Context, Work};
use super::desk::Tasks;
use super::live::Live;
use super::run::Run;
use super::{TaskOwner, desk};
use crate::jsonrpc::{ErrorCode, ErrorObject, Reply};
use crate::model::{CallToolResult, CreateTaskResult, TASKS_EXTENSION, TaskRequest, TaskSupport};
use crate::revision::{Era, Revision};

/// A call that may become a task, and the task once it is one.
pub(in super::super) struct Slot {
    tasks: Arc<Tasks>,
    owner: TaskOwner,
    home: Weak<Connection>,
    revision: Revision,
    /// How long the client wants the task to be kept.
    ttl_ms: Option<u64>,
    /// Whether the client asked for a task: the call is one from its start.
    at_once: bool,
    live: OnceLock<Arc<Live>>,
    /// Whether somebody sees to the end of the task.
    in_hand: AtomicBool,
}

/// What became of a call.
enum Beginning {
    /// It goes on as a task; this is the answer to the call.
    Task(Reply),
    /// It is over, and was no task.
    Answer(Result<CallToolResult, CallError>),
}

impl Tasks {
    /// Decides whether a call of a tool may become a task. `None` if it is answered like others.
    pub(in super::super) fn admit(
        self: &Arc<Self>,
        support: TaskSupport,
        wish: Option<&[u8]>,
        cx: &Context,
    ) -> Result<Option<Arc<Slot>>, ErrorObject> {
        let revision = cx.revision();
        let refused = |why| Err(ErrorObject::new(ErrorCode::METHOD_NOT_FOUND, why));
        let is_required = support == TaskSupport::Required;
        let (ttl_ms, at_once) = if revision == Revision::V2025_11_25 {
            match wish {
                // TASK-05
                None if is_required => {
                    return refused("The tool can only be called as a task: add `task`");
                }
                None => return Ok(None),
                // TASK-04
                Some(_) if support == TaskSupport::Forbidden => {
                    return refused("The tool cannot be called as a task: leave out `task`");
                }
                Some(wish) => {
                    let wish: TaskRequest = serde_json::from_slice(wish).map_err(|_| {
                        ErrorObject::invalid_params("Invalid params: `task` is no task request")
                    })?;
                    (wish.ttl, true)
                }
            }
        } else if support == TaskSupport::Forbidden {
            return Ok(None);
        } else if revision.era() == Era::Modern && cx.client_extension(TASKS_EXTENSION).is_some() {
            (None, false)
        } else if !is_required {
            return Ok(None);
        } else if revision.era() == Era::Modern {
            // TASKX-04
            return Err(CallError::missing_extension(TASKS_EXTENSION).into_error(revision));
        } else {
            return refused("The tool can only be called as a task, which needs 2025-11-25");
        };
        if !self.can_run() && !is_required {
            return Ok(None);
        }
        Ok(Some(Arc::new(Slot {
            tasks: Arc::clone(self),
            owner: TaskOwner::of(cx),
            home: Arc::downgrade(cx.connection()),
            revision,
            ttl_ms,
            at_once,
            live: OnceLock::new(),
            in_hand: AtomicBool::new(false),
        })))
    }
}

impl Slot {
    /// Makes the task, if there is none yet, before anybody is told of it (TASKX-09). Says
    /// whether it is new.
    fn start(&self) -> Result<bool, ErrorObject> {
        if self.live.get().is_some() {
            return Ok(false);
        }
        let about = (self.revision, Weak::clone(&self.home));
        let live = self.tasks.make(self.owner.clone(), self.ttl_ms, about)?;
        Ok(self.live.set(live).is_ok())
    }

    /// Calls a tool; the answer may be that it is a task.
    pub(in super::super) fn begin<'a>(
        self: Arc<Self>,
        server: &'a Inner,
        entry: Arc<ToolEntry>,
        arguments: &str,
        mut cx: Context,
    ) -> Result<Answering<'a>, ErrorObject> {
        if self.at_once {
            self.start()?;
        }
        cx.task = Some(Arc::clone(&self));
        let (round, revision) = (cx.round.clone(), cx.revision());
        let work = entry.start(arguments, cx, revision);
        Ok(Box::pin(async move {
            match self.conduct(work).await {
                Beginning::Task(reply) if revision.era() == Era::Legacy => reply,
                Beginning::Task(reply) => reply.map(|result| server.sign(&result)),
                Beginning::Answer(result) => {
                    server.close_round(round, revision, result, CallError::into_tool_result)
                }
            }
        }))
    }

    /// Works on the call until it is over or has become a task, which then goes on elsewhere.
    async fn conduct(&self, work: Work<CallToolResult>) -> Beginning {
        let mut work = Some(work);
        resumed(poll_fn(|cx| {
            if !self.at_once {
                let Some(running) = &mut work else {
                    return Poll::Pending;
                };
                let polled = running.as_mut().poll(cx);
                let Some(live) = self.live.get() else {
                    return polled.map(Beginning::Answer);
                };
                if let Poll::Ready(result) = polled {
                    self.in_hand.store(true, Ordering::Relaxed);
                    live.settle(result);
                    return Poll::Ready(Beginning::Task(self.created(live)));
                }
            }
            match (self.live.get(), work.take()) {
                (Some(live), Some(work)) => {
                    self.in_hand.store(true, Ordering::Relaxed);
                    Run::start(live, work);
                    Poll::Ready(Beginning::Task(self.created(live)))
                }
                _ => Poll::Pending,
            }
        }))
        .await
    }

    fn created(&self, live: &Live) -> Reply {
        desk::encode(CreateTaskResult::new(live.made()), self.revision)
    }

    /// The task, if the call is one.
    pub(super) fn live(&self) -> Option<&Arc<Live>> {
        self.live.get()
    }
}

impl Drop for Slot {
    /// The handler panicked, or its call was dropped, right when the task was made.
    fn drop(&mut self) {
        if let Some(live) = self.live.get()
            && !*self.in_hand.get_mut()
        {
            live.fail();
        }
    }
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Slot").field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// Tasks, as a handler sees them.
impl Context {
    /// Lets the work go on as a task from here, if the client can follow it.
    ///
    /// In 2026-07-28 this is where a call becomes a task: it is answered with the task, and the
    /// handler goes on without anybody waiting. What was asked before this is asked in rounds of
    /// the call, and what is asked after it through the task. A handler that never comes here
    /// answers the call itself, which is right for work that turns out to be short.
    ///
    /// In 2025-11-25 the client decides, and the call is a task from its start; for clients
    /// without tasks it never is. Nothing happens here then, so a handler need not look.
    ///
    /// A task's handler is dropped when the task is cancelled or its time is over. Progress that
    /// it reports with a message shows as the task's status message.
    ///
    /// ```
    /// use mcp_core::app::{CallError, Context, Server};
    /// use mcp_core::model::{TaskSupport, Tool};
    ///
    /// async fn render(_: (), cx: Context) -> Result<String, CallError> {
    ///     cx.start_task().await?;
    ///     cx.progress(1.0, Some(2.0), Some("half of it is there"));
    ///     // What takes so long.
    ///     Ok("a picture".into())
    /// }
    ///
    /// let tool = Tool::new("render").with_task_support(TaskSupport::Optional);
    /// let server = Server::builder("studio", "1.0").raw_tool(tool, render).build()?;
    /// assert!(server.greeting().capabilities.has_extension("io.modelcontextprotocol/tasks"));
    /// # Ok::<(), mcp_core::app::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// There is no room for another task, or the driver cannot run any. Passed on with `?`, the
    /// call fails with -32603.
    pub async fn start_task(&self) -> Result<(), CallError> {
        let Some(slot) = &self.task else {
            return Ok(());
        };
        if !slot.start()? {
            return Ok(());
        }
        // Whoever polls this takes over now, and polls it again as a task.
        let mut handed_over = false;
        poll_fn(|_| match core::mem::replace(&mut handed_over, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
        Ok(())
    }

    /// Says in words how far a task is: its status message, of which the first 1 KiB count. False
    /// if the work is no task, or has ended.
    pub fn task_status(&self, message: &str) -> bool {
        self.live_task().is_some_and(|live| live.set_message(message))
    }

    /// The id of the task, if the work is one.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.live_task().map(|live| &**live.id())
    }

    pub(in super::super) fn live_task(&self) -> Option<&Arc<Live>> {
        self.task.as_ref()?.live()
    }
}
