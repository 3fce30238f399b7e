//! Calls that a server makes tasks of, in both designs.

use alloc::sync::Arc;
use core::future::IntoFuture;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use mcp_core::app::{CallError, Context, Elicited, Server, ask_all};
use mcp_core::config::Protocol;
use mcp_core::driver::Runtime;
use mcp_core::driver::client::{Call, Client};
use mcp_core::error::RequestError;
use mcp_core::jsonrpc::{ErrorCode, ErrorObject};
use mcp_core::model::{CallToolResult, ElicitResult, ElicitValue, RawObject, TaskSupport, Tool};
use serde::Deserialize;

use super::{LEGACY, after, builder, piped, serve, start};
use crate::http::secs;
use crate::net::Net;

/// Says how many handlers are at work.
struct AtWork(Arc<AtomicUsize>);

impl AtWork {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

fn server(net: &Net, at_work: &Arc<AtomicUsize>) -> Server {
    let tool = |name: &str| Tool::new(name).with_task_support(TaskSupport::Optional);
    let (slow, failing, count) = (net.clone(), net.clone(), Arc::clone(at_work));
    Server::builder("tasks", "1.0")
        .task_poll_interval(Duration::from_millis(500))
        .raw_tool(tool("slow"), move |_: RawObject, cx: Context| {
            let (net, count) = (slow.clone(), Arc::clone(&count));
            async move {
                cx.start_task().await?;
                let _at_work = AtWork::new(&count);
                net.sleep_until(net.now() + secs(3)).await;
                Ok::<_, CallError>("done")
            }
        })
        .raw_tool(tool("failing"), move |_: RawObject, cx: Context| {
            let net = failing.clone();
            async move {
                cx.start_task().await?;
                net.sleep_until(net.now() + secs(1)).await;
                Err::<String, _>(CallError::new("on purpose"))
            }
        })
        .raw_tool(tool("broken"), |_: RawObject, cx: Context| async move {
            cx.start_task().await?;
            Err::<String, _>(CallError::from(ErrorObject::internal("broken on purpose")))
        })
        .raw_tool(tool("confirm"), |_: RawObject, cx: Context| async move {
            cx.start_task().await?;
            let answer = cx.elicit_form::<Name>("confirm", "Delete what?").await?;
            Ok::<_, CallError>(match answer {
                Elicited::Accepted(Name { name }) => format!("deleted {name}"),
                _ => "kept".into(),
            })
        })
        .raw_tool(tool("introduce"), |_: RawObject, cx: Context| async move {
            cx.start_task().await?;
            let (guest, host) = ask_all((
                cx.elicit_form::<Name>("guest", "Who is the guest?"),
                cx.elicit_form::<Name>("host", "Who is the host?"),
            ))
            .await?;
            Ok::<_, CallError>(match (guest.accepted(), host.accepted()) {
                (Some(guest), Some(host)) => format!("{}, meet {}", guest.name, host.name),
                _ => "no".into(),
            })
        })
        .build()
        .unwrap()
}

struct Pair {
    net: Net,
    client: Client<Net>,
    at_work: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pair {
    fn new(protocol: Protocol, http: bool) -> Self {
        let (net, at_work) = (Net::new(), Arc::default());
        let server = server(&net, &at_work);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let builder = builder(&net).protocol(protocol).tasks().on_elicitation(move |params| {
            let message = params.message().to_owned();
            heard.lock().unwrap().push(message.clone());
            let name = if message.contains("guest") { "Ada" } else { "Bob" };
            let content = [("name".to_owned(), ElicitValue::from(name))];
            async move { Ok(ElicitResult::accept(content)) }
        });
        let client = if http {
            serve(&net, "127.0.0.1:80", server);
            after(&net, secs(1), async move { builder.connect("http://127.0.0.1/mcp").await })
                .unwrap()
        } else {
            piped(&net, builder, server)
        };
        Self { net, client, at_work, asked }
    }

    fn call(&self, tool: &'static str) -> Call<CallToolResult> {
        self.client.call_tool(tool, ()).as_task(None)
    }

    fn text(&self, tool: &'static str) -> String {
        let result = after(&self.net, secs(5), self.call(tool)).unwrap();
        result.content[0].as_text().unwrap().to_owned()
    }
}

fn each(test: impl Fn(&Pair)) {
    for protocol in [Protocol::Auto, LEGACY] {
        for http in [false, true] {
            test(&Pair::new(protocol, http));
        }
    }
}

/// TASK-15, TASKX-14: its end is waited for, at the server's pace.
#[test]
fn taskx_14_task_15_a_call_is_answered_at_the_end_of_its_task() {
    each(|pair| {
        let call = start(&pair.net, pair.call("slow"));
        pair.net.sim.advance(Duration::from_millis(2900));
        assert!(call.take().is_none());
        assert_eq!(pair.at_work.load(Ordering::SeqCst), 1);
        pair.net.sim.advance(Duration::from_millis(1200));
        let result = call.take().expect("it has ended").unwrap();
        assert_eq!(result.content[0].as_text(), Some("done"));
    });
}

/// TASK-28, TASKX-11: a tool that fails is a result; a JSON-RPC error is the call's.
#[test]
fn task_28_taskx_11_a_task_fails_as_its_call_would() {
    each(|pair| {
        let result = after(&pair.net, secs(5), pair.call("failing")).unwrap();
        assert_eq!(result.is_error, Some(true));
        let error = after(&pair.net, secs(5), pair.call("broken")).unwrap_err();
        assert_eq!(error.refusal().unwrap().code(), ErrorCode::INTERNAL_ERROR);
        assert!(!error.is_unsent());
    });
}

/// TASKX-16, TASKX-17, TASK-17: its questions go where any question goes, each once.
#[test]
fn taskx_16_task_17_a_task_asks_as_any_call_does() {
    each(|pair| {
        assert_eq!(pair.text("confirm"), "deleted Bob");
        assert_eq!(pair.text("introduce"), "Ada, meet Bob");
        let mut asked = pair.asked.lock().unwrap().clone();
        asked.sort();
        assert_eq!(asked, ["Delete what?", "Who is the guest?", "Who is the host?"]);
    });
}

/// TASKX-21: a call that is dropped cancels its task.
#[test]
fn taskx_21_dropping_a_call_cancels_its_task() {
    each(|pair| {
        let mut call = Some(pair.call("slow").into_future());
        let net = pair.net.clone();
        let dropped = start(&pair.net, async move {
            let mut rest = Box::pin(net.sleep_until(net.now() + secs(1)));
            core::future::poll_fn(|cx| {
                if let Some(call) = &mut call {
                    assert!(call.as_mut().poll(cx).is_pending());
                }
                rest.as_mut().poll(cx)
            })
            .await;
            drop(call);
        });
        pair.net.sim.advance(Duration::from_millis(900));
        assert_eq!(pair.at_work.load(Ordering::SeqCst), 1);
        pair.net.sim.advance(Duration::from_millis(200));
        assert!(dropped.take().is_some());
        assert_eq!(pair.at_work.load(Ordering::SeqCst), 0, "at once");
    });
}

/// The call has been worked on: what becomes of the questions about its task says nothing else.
#[test]
fn a_task_whose_server_is_gone_is_lost_and_not_unsent() {
    for protocol in [Protocol::Auto, LEGACY] {
        let pair = Pair::new(protocol, false);
        let call = start(&pair.net, pair.call("slow"));
        pair.net.sim.advance(secs(1));
        let client = pair.client.clone();
        start(&pair.net, async move { client.close().await });
        pair.net.sim.advance(secs(5));
        let error = call.take().expect("it has ended").unwrap_err();
        assert!(error.is_lost() && !error.is_unsent(), "{error:?}");
    }
}

/// A question that is refused ends the call, which need not be worked on any more.
#[test]
fn a_task_whose_question_is_refused_is_cancelled() {
    let (net, at_work) = (Net::new(), Arc::default());
    let builder =
        builder(&net).tasks().on_elicitation(|_| async { Err(ErrorObject::internal("no user")) });
    let client = piped(&net, builder, server(&net, &at_work));
    let error = after(&net, secs(5), client.call_tool("confirm", ())).unwrap_err();
    let mcp_core::driver::client::ClientError::Request { error, .. } = error else {
        panic!("{error:?}")
    };
    assert!(matches!(error, RequestError::InputRefused(_)), "{error:?}");
}

/// A handler that panics over a question of a task ends that call, and nothing else.
#[test]
fn a_panic_over_a_question_of_a_task_is_an_error() {
    let (net, at_work) = (Net::new(), Arc::default());
    let builder = builder(&net).tasks().on_elicitation(|_| async {
        if true {
            panic!("as asked");
        }
        Err(ErrorObject::internal("never"))
    });
    let client = piped(&net, builder, server(&net, &at_work));
    let error = after(&net, secs(5), client.call_tool("confirm", ())).unwrap_err();
    assert!(error.to_string().contains("failed to answer"), "{error}");
    assert_eq!(net.sim.panics(), 0, "nobody else is taken along");
    after(&net, secs(1), client.call_tool("failing", ())).unwrap();
}
