//! A machine whose time stands still until a test moves it, and tools that are tasks.

use alloc::sync::Arc;
use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context as Polling, Poll, Waker};
use core::time::Duration;
use std::sync::Mutex;

use mcp_core::app::{
    CallError, Connection, Context, Handler, Host, Server, ServerBuilder, ask_all,
};
use mcp_core::jsonrpc::{ErrorObject, RawJson, Reply};
use mcp_core::lifecycle::Method;
use mcp_core::model::{TaskSupport, Tool};
use mcp_core::revision::Revision;
use mcp_core::time::UnixTime;
use serde_json::{Value, json};

use crate::modern::name_form;
use crate::support::{Fixture, key, value};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone, Default)]
pub(super) struct Machine {
    secs: Arc<AtomicU64>,
    jobs: Arc<Mutex<Vec<Job>>>,
}

impl Machine {
    pub(super) fn host(&self) -> Host {
        let (clock, timer, jobs) =
            (Arc::clone(&self.secs), Arc::clone(&self.secs), Arc::clone(&self.jobs));
        let now = move || UnixTime::from_epoch(Duration::from_secs(clock.load(Ordering::Relaxed)));
        Host::new([7; 32], now).with_background(
            move |job| jobs.lock().unwrap().push(job),
            move |duration| {
                let secs = Arc::clone(&timer);
                let due = secs.load(Ordering::Relaxed) + duration.as_secs();
                Box::pin(poll_fn(move |_| match secs.load(Ordering::Relaxed) >= due {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }))
            },
        )
    }

    pub(super) fn serve(&self, builder: ServerBuilder) -> Server {
        let server = builder.build().unwrap();
        server.hosted(&self.host());
        server
    }

    /// Goes on with everything in the background as far as it goes.
    pub(super) fn run(&self) {
        for _ in 0..8 {
            let mut jobs = core::mem::take(&mut *self.jobs.lock().unwrap());
            let mut cx = Polling::from_waker(Waker::noop());
            jobs.retain_mut(|job| job.as_mut().poll(&mut cx).is_pending());
            self.jobs.lock().unwrap().append(&mut jobs);
        }
    }

    pub(super) fn forward(&self, secs: u64) {
        self.secs.fetch_add(secs, Ordering::Relaxed);
        self.run();
    }

    /// The runtime shuts down.
    pub(super) fn stop(&self) {
        let jobs = core::mem::take(&mut *self.jobs.lock().unwrap());
        drop(jobs);
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs.lock().unwrap().len()
    }
}

/// What the tools wait for, and how many of them have been dropped at work.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<AtomicU64>, Arc<AtomicU64>);

impl Gate {
    pub(super) fn open(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    async fn pass(&self) {
        struct Noticed<'a>(&'a AtomicU64, bool);
        impl Drop for Noticed<'_> {
            fn drop(&mut self) {
                if !self.1 {
                    self.0.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let mut noticed = Noticed(&self.1, false);
        poll_fn(|_| match self.0.load(Ordering::Relaxed) {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
        noticed.1 = true;
    }
}

pub(super) fn tool(name: &str, support: TaskSupport) -> Tool {
    Tool::new(name.to_owned()).with_task_support(support)
}

/// A server with a tool for each way a task can go.
pub(super) fn tools(gate: &Gate) -> ServerBuilder {
    use TaskSupport::{Optional, Required};
    let (work, must, late) = (gate.clone(), gate.clone(), gate.clone());
    Server::builder("s", "1")
        .logging()
        .raw_tool(Tool::new("plain"), |_: Value, _cx: Context| async { Ok("plain") })
        .raw_tool(tool("work", Optional), move |_: Value, cx: Context| {
            let gate = work.clone();
            async move {
                cx.start_task().await?;
                cx.progress(1.0, Some(2.0), Some("half"));
                gate.pass().await;
                cx.progress(2.0, Some(2.0), None);
                cx.info("done");
                Ok("worked")
            }
        })
        .raw_tool(tool("must", Required), move |_: Value, cx: Context| {
            let gate = must.clone();
            async move {
                cx.start_task().await?;
                gate.pass().await;
                Err::<&str, _>(CallError::new("it broke"))
            }
        })
        .raw_tool(tool("protocol", Optional), |_: Value, cx: Context| async move {
            cx.start_task().await?;
            Err::<&str, CallError>(ErrorObject::invalid_params("not so").into())
        })
        .raw_tool(tool("panic", Optional), |_: Value, cx: Context| async move {
            cx.start_task().await?;
            if cx.task_id().is_some() {
                panic!("a secret");
            }
            Ok("calm")
        })
        .raw_tool(tool("short", Optional), |_: Value, _cx: Context| async { Ok("short") })
        .raw_tool(tool("ask", Optional), |_: Value, cx: Context| async move {
            cx.start_task().await?;
            let (one, two) =
                ask_all((cx.elicit("one", name_form()), cx.elicit("one", name_form()))).await?;
            Ok(format!("{:?} {:?}", name(&one), name(&two)))
        })
        .raw_tool(tool("late", Optional), move |_: Value, cx: Context| {
            let gate = late.clone();
            async move {
                let who = cx.elicit("who", name_form()).await?;
                cx.start_task().await?;
                gate.pass().await;
                Ok(name(&who).to_owned())
            }
        })
}

fn name(answer: &mcp_core::model::ElicitResult) -> &str {
    answer.value("name").and_then(|it| it.as_str()).unwrap_or("-")
}

/// What a client of the extension declares.
pub(super) const DECLARED: &str =
    r#"{"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;

/// A client of the extension.
pub(super) fn modern(server: &Server) -> Fixture {
    Fixture::with(server, Revision::V2026_07_28, DECLARED)
}

impl Fixture {
    pub(super) fn ask(&self, method: Method, params: &Value) -> Result<Value, ErrorObject> {
        self.call(method, &params.to_string())
    }

    pub(super) fn task(&self, method: Method, id: &str) -> Result<Value, ErrorObject> {
        self.ask(method, &json!({"taskId": id}))
    }

    /// Calls a tool as a task, in the way of the client's era, and says the task's id.
    pub(super) fn begin(&self, tool: &str) -> String {
        let result = match self.connection.revision() {
            Revision::V2025_11_25 => {
                let params = json!({"name": tool, "task": {"ttl": 60_000}});
                self.ask(Method::ToolsCall, &params).unwrap()["task"].take()
            }
            _ => self.ask(Method::ToolsCall, &json!({"name": tool})).unwrap(),
        };
        result["taskId"].as_str().unwrap().to_owned()
    }

    pub(super) fn status(&self, id: &str) -> String {
        let task = self.task(Method::TasksGet, id).unwrap();
        task["status"].as_str().unwrap().to_owned()
    }

    pub(super) fn wait(&self, method: Method, params: &Value) -> Waiting {
        let cx = Context::new(Arc::clone(&self.connection), key(), None);
        Waiting::new(&self.server, cx, method, params)
    }
}

/// A request that may take its time.
pub(super) struct Waiting(Pin<Box<dyn Future<Output = Reply>>>);

impl Waiting {
    pub(super) fn new(server: &Server, cx: Context, method: Method, params: &Value) -> Self {
        let (server, params) = (server.clone(), RawJson::from(params.clone()));
        let mut waiting =
            Self(Box::pin(async move { server.call(cx, method, Some(params.into())).await }));
        assert!(waiting.poll().is_none());
        waiting
    }

    pub(super) fn poll(&mut self) -> Option<Result<Value, ErrorObject>> {
        for _ in 0..4 {
            let mut cx = Polling::from_waker(Waker::noop());
            if let Poll::Ready(reply) = self.0.as_mut().poll(&mut cx) {
                return Some(reply.map(|json| value(Some(&json))));
            }
        }
        None
    }
}

/// Another request of the same client, on somebody's behalf.
pub(super) fn as_principal(connection: &Arc<Connection>, principal: &str) -> Context {
    Context::new(Arc::clone(connection), key(), None).with_principal(principal)
}
