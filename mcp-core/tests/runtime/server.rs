//! The server of the scenarios: a tool for everything that clients must be able to do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mcp_core::app::{CallError, Changes, CompletionInput, Context, Server, ServerBuilder};
use mcp_core::driver::Platform;
use mcp_core::jsonrpc::RawJson;
use mcp_core::model::{
    CreateMessageParams, ElicitParams, ElicitUrlParams, FormSchema, NumberField, Prompt,
    PromptArgument, RawObject, Reference, Resource, SamplingMessage, TaskSupport, TextField, Tool,
};

use super::waiting::{pause, within};

/// The resource that changes.
pub(crate) const WATCHED: &str = "test://watched";

/// How many tools a page has.
pub(crate) const PAGE: usize = 8;

/// How many handlers are at work.
#[derive(Clone, Default)]
pub(crate) struct AtWork(Arc<AtomicUsize>);

impl AtWork {
    /// One more, until what this returns is dropped.
    pub(crate) fn enter(&self) -> Leave {
        self.0.fetch_add(1, Ordering::SeqCst);
        Leave(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits for the number to become `count`.
    pub(crate) fn wait_for(&self, count: usize) {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while self.count() != count {
            assert!(std::time::Instant::now() < deadline, "still {} at work", self.count());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

pub(crate) struct Leave(AtWork);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Builds it.
pub(crate) fn server<P: Platform + Default>(at_work: &AtWork) -> Server {
    let builder = Server::builder("scenarios", "1.0").page_size(PAGE).logging().subscriptions();
    let builder = work::<P>(builder, at_work);
    let builder = questions::<P>(builder);
    let builder = processes(tasks::<P>(builder, at_work));
    let this = Arc::<OnceLock<Server>>::default();
    let server = changes(builder, &this).build().unwrap();
    this.set(server.clone()).unwrap();
    server
}

/// A server with many tools, and nothing else.
pub(crate) fn catalog(tools: usize) -> Server {
    let tool = |server: ServerBuilder, index| {
        let tool = Tool::new(format!("tool_{index}"));
        server.raw_tool(tool, |_: RawObject, _cx: Context| async { Ok("done") })
    };
    (0..tools).fold(Server::builder("catalog", "1.0"), tool).build().unwrap()
}

/// Tools that return at once, never, after a while, or not at all.
fn work<P: Platform + Default>(server: ServerBuilder, at_work: &AtWork) -> ServerBuilder {
    let (forever, nap, count) = (at_work.clone(), at_work.clone(), at_work.clone());
    server
        .raw_tool(Tool::new("hello"), |_: RawObject, _cx: Context| async { Ok("hello") })
        .raw_tool(Tool::new("panic"), |_: RawObject, _cx: Context| async {
            if true {
                panic!("as asked");
            }
            Ok("")
        })
        .raw_tool(Tool::new("forever"), move |_: RawObject, _cx: Context| {
            let leave = forever.enter();
            async move {
                std::future::pending::<()>().await;
                drop(leave);
                Ok("")
            }
        })
        .raw_tool(Tool::new("nap"), move |_: RawObject, cx: Context| {
            let leave = nap.enter();
            async move {
                cx.progress(1.0, None, Some("asleep"));
                pause::<P>(Duration::from_millis(300)).await;
                drop(leave);
                Ok("rested")
            }
        })
        .raw_tool(Tool::new("at_work"), move |_: RawObject, _cx: Context| {
            let count = count.count().to_string();
            async { Ok(count) }
        })
        .raw_tool(Tool::new("work"), |_: RawObject, cx: Context| async move {
            for part in 1..=3_u8 {
                cx.progress(f64::from(part), Some(3.0), Some(&format!("part {part}")));
                cx.info(format!("part {part} is done"));
                pause::<P>(Duration::from_millis(5)).await;
            }
            Ok("worked")
        })
        .raw_tool(Tool::new("away"), |_: RawObject, cx: Context| async move {
            let may = cx.hang_up(Duration::from_millis(50));
            pause::<P>(Duration::from_millis(100)).await;
            Ok(if may { "came back" } else { "stayed" })
        })
}

/// Tools that ask the client.
fn questions<P: Platform + Default>(server: ServerBuilder) -> ServerBuilder {
    server
        .raw_tool(Tool::new("ask_model"), |_: RawObject, cx: Context| async move {
            let question = CreateMessageParams::new([SamplingMessage::user("Why")], 10_u64);
            let answer = cx.sample("model", question).await?;
            let text = answer.content.iter().find_map(|block| block.as_text());
            Ok(text.unwrap_or_default().to_owned())
        })
        .raw_tool(Tool::new("ask_user"), |_: RawObject, cx: Context| async move {
            let answer = cx.elicit("user", ElicitParams::form("Who are you?", form())).await?;
            let content = RawJson::from_value(&answer.content);
            content
                .map(|it| it.as_str().to_owned())
                .map_err(|error| CallError::new(error.to_string()))
        })
        .raw_tool(Tool::new("ask_browser"), |_: RawObject, cx: Context| async move {
            let page = ElicitUrlParams::new("Please agree", "https://example.com/agree")
                .with_elicitation_id("agree");
            Ok(format!("{:?}", cx.elicit("browser", ElicitParams::Url(page)).await?.action))
        })
        .raw_tool(Tool::new("ask_in_vain"), |_: RawObject, cx: Context| async move {
            let question = cx.elicit("vain", ElicitParams::form("Anyone?", form()));
            let answer = within::<P, _>(Duration::from_millis(30), question).await;
            Ok(if answer.is_none() { "gave up" } else { "was answered" })
        })
        .raw_tool(Tool::new("ask_roots"), |_: RawObject, cx: Context| async move {
            let roots = cx.list_roots("roots").await?.roots;
            let uris: Vec<String> = roots.into_iter().map(|root| root.uri).collect();
            Ok(uris.join(" "))
        })
        .raw_tool(Tool::new("ping"), |_: RawObject, cx: Context| async move {
            Ok(cx.ping().await.map(|()| "pong")?)
        })
}

fn form() -> FormSchema {
    FormSchema::new()
        .with_field("name", TextField::new().with_default("Ada"))
        .with_field("age", NumberField::integer().with_default(36.0))
}

/// Tools that are tasks for those who know tasks.
fn tasks<P: Platform + Default>(server: ServerBuilder, at_work: &AtWork) -> ServerBuilder {
    let endless = at_work.clone();
    let tool = |name: &'static str| Tool::new(name).with_task_support(TaskSupport::Optional);
    server
        .task_poll_interval(Duration::from_millis(20))
        .raw_tool(tool("job"), |_: RawObject, cx: Context| async move {
            cx.start_task().await?;
            pause::<P>(Duration::from_millis(30)).await;
            Ok(if cx.task_id().is_some() { "as a task" } else { "as a call" })
        })
        .raw_tool(tool("endless"), move |_: RawObject, cx: Context| {
            let endless = endless.clone();
            async move {
                cx.start_task().await?;
                let leave = endless.enter();
                std::future::pending::<()>().await;
                drop(leave);
                Ok("")
            }
        })
}

/// Tools that change the server, a resource to watch, a prompt to fill in.
fn changes(server: ServerBuilder, this: &Arc<OnceLock<Server>>) -> ServerBuilder {
    let (touched, changed) = (Arc::clone(this), Arc::clone(this));
    let roots = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&roots);
    let prompt = Prompt::new("greeting").with_arguments([PromptArgument::new("name")]);
    let greeting = Reference::prompt("greeting");
    server
        .resource(Resource::new(WATCHED, "watched"), |_: String, _cx: Context| async { Ok("") })
        .prompt(prompt, |_: RawObject, _cx: Context| async { Ok("Hello") })
        .completion(greeting, "name", |typed: CompletionInput, _cx: Context| async move {
            let mut names = vec!["Ada", "Alan", "Grace"];
            names.retain(|name| name.starts_with(&typed.value));
            Ok(names)
        })
        .raw_tool(Tool::new("touch"), move |_: RawObject, _cx: Context| {
            let told = touched.get().map(|server| server.resource_updated(WATCHED));
            async move { Ok(format!("told {}", told.unwrap_or_default())) }
        })
        .raw_tool(Tool::new("change"), move |_: RawObject, _cx: Context| {
            let tool = Tool::new("changing").with_description("It is new.");
            let tool = Changes::new().raw_tool(tool, |_: RawObject, _cx: Context| async { Ok("") });
            let done = changed.get().map(|server| server.apply(tool));
            async move { done.transpose().map(|_| "changed").map_err(CallError::from) }
        })
        .notification("notifications/roots/list_changed", move |_: RawObject, _: &_| {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .raw_tool(Tool::new("roots_changed"), move |_: RawObject, _cx: Context| {
            let count = roots.load(Ordering::SeqCst).to_string();
            async { Ok(count) }
        })
}

/// Tools about the process that serves.
fn processes(server: ServerBuilder) -> ServerBuilder {
    server
        .raw_tool(Tool::new("pid"), |_: RawObject, _cx: Context| async {
            Ok(std::process::id().to_string())
        })
        .raw_tool(Tool::new("grandchild"), |_: RawObject, _cx: Context| async {
            let mut sleep = std::process::Command::new("sleep");
            // Its standard streams are ours: they stay open when we end.
            let mut child = sleep.arg("300").stdin(std::process::Stdio::null()).spawn().unwrap();
            let id = child.id().to_string();
            std::thread::spawn(move || child.wait());
            Ok(id)
        })
        .raw_tool(Tool::new("exit"), |_: RawObject, _cx: Context| async {
            eprintln!("about to exit");
            std::process::exit(3);
            #[expect(unreachable_code, reason = "it names the type")]
            Ok("")
        })
}
