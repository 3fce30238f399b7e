//! What a client can do, each over every way there is to a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::{
    CompleteParams, CompletionArgument, CreateMessageParams, CreateMessageResult, ElicitParams,
    ElicitResult, ElicitationCapability, Level, Reference, Root, SubscriptionFilter, Supported,
};
use mcp_core::revision::Revision;
use mcp_core::transport::http::Transport;

use super::client::{builder, child, lives, text};
use super::server::WATCHED;
use super::waiting::{both, until, within};

/// A way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Modern,
    Streamable,
    Sse,
    ModernChild,
    LegacyChild,
}

impl Way {
    const ALL: [Self; 5] =
        [Self::Modern, Self::Streamable, Self::Sse, Self::ModernChild, Self::LegacyChild];

    fn is_modern(self) -> bool {
        matches!(self, Self::Modern | Self::ModernChild)
    }

    async fn connect<P: ClientPlatform + Default>(
        self,
        address: SocketAddr,
        builder: ClientBuilder<P>,
    ) -> Client<P> {
        let builder = builder.protocol(match self {
            way if way.is_modern() => Protocol::Modern,
            _ => Protocol::Legacy(Revision::V2025_11_25),
        });
        let connected = match self {
            Self::Modern | Self::Streamable => {
                builder.connect(&format!("http://{address}/mcp")).await
            }
            Self::Sse => {
                let builder = builder.transport(Transport::Sse);
                builder.connect(&format!("http://{address}/sse")).await
            }
            Self::ModernChild | Self::LegacyChild => builder.stdio(child("plain")).await,
        };
        connected.unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// Each feature over each way.
pub(crate) async fn every_way<P: ClientPlatform + Default>(address: SocketAddr) {
    for way in Way::ALL {
        questions::<P>(way, address).await;
        questions_to_nobody::<P>(way, address).await;
        reports::<P>(way, address).await;
        changes::<P>(way, address).await;
        cancellation::<P>(way, address).await;
        lists::<P>(way, address).await;
        tasks::<P>(way, address).await;
        the_end::<P>(way, address).await;
    }
}

/// Waits until the server works on so many calls that take for ever.
async fn at_work<P: ClientPlatform + Default>(way: Way, client: &Client<P>, count: usize) {
    let count = count.to_string();
    let there = async || text(client, "at_work").await == count;
    assert!(until::<P>(there).await, "{way:?}: {} at work", text(client, "at_work").await);
}

/// CAP-02, ROOTS-07: what the server asks is answered, the
/// defaults of a form with it, and what has changed meanwhile is what it hears.
async fn questions<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let both = ElicitationCapability::new().with_form(Supported).with_url(Supported);
    let builder = builder::<P>()
        .session(|config| config.capabilities.elicitation = Some(both))
        .on_elicitation(|asked| async move {
            Ok(match asked {
                ElicitParams::Form(form) => ElicitResult::accept(form.defaults()),
                ElicitParams::Url(page) if page.url == "https://example.com/agree" => {
                    ElicitResult::accept(BTreeMap::new())
                }
                _ => ElicitResult::decline(),
            })
        })
        .on_sampling(|asked: CreateMessageParams| async move {
            let asked = asked.messages[0].content.iter().find_map(|block| block.as_text());
            Ok(CreateMessageResult::text("a model", format!("{}?", asked.unwrap())))
        })
        .roots([Root::new("file:///a")]);
    let client = way.connect(address, builder).await;
    assert_eq!(text(&client, "ask_model").await, "Why?", "{way:?}");
    assert_eq!(text(&client, "ask_user").await, r#"{"age":36,"name":"Ada"}"#, "{way:?}");
    assert_eq!(text(&client, "ask_browser").await, "Accept", "{way:?}");
    assert_eq!(text(&client, "ask_roots").await, "file:///a", "{way:?}");

    let before = text(&client, "roots_changed").await;
    client.set_roots([Root::new("file:///b"), Root::new("file:///c")]);
    assert_eq!(text(&client, "ask_roots").await, "file:///b file:///c", "{way:?}");
    if !way.is_modern() {
        let heard = async || text(&client, "roots_changed").await != before;
        assert!(until::<P>(heard).await, "{way:?}: the server has not heard");
    }
    client.close().await;
}

/// CAP-04, ROOTS-05: a client that cannot be asked is not, and the call ends all the same.
async fn questions_to_nobody<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let client = way.connect(address, builder::<P>()).await;
    for tool in ["ask_model", "ask_user", "ask_browser", "ask_roots"] {
        match client.call_tool(tool, ()).await {
            Ok(result) => assert_eq!(result.is_error, Some(true), "{way:?}: {tool}"),
            Err(error) => assert!(error.refusal().is_some(), "{way:?}: {tool}: {error}"),
        }
    }
    client.close().await;
}

/// PROG-03, PROG-05, LOG-10: progress comes in order and before the answer, and so do log messages.
async fn reports<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let logged = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logged);
    let builder = builder::<P>().log_level(Level::Info).on_notification(move |notification| {
        assert_eq!(notification.method, NotificationMethod::Message);
        count.fetch_add(1, Ordering::SeqCst);
    });
    let client = way.connect(address, builder).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&seen);
    let call = client.call_tool("work", ()).on_progress(move |progress| {
        hear.lock().unwrap().push((progress.progress, progress.message));
    });
    call.await.unwrap();
    let message = |part: u8| (f64::from(part), Some(format!("part {part}")));
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3].map(message), "{way:?}");
    assert_eq!(logged.load(Ordering::SeqCst), 3, "{way:?}");
    client.close().await;
}

/// SUB-02, RES-13, TOOL-05: a subscription hears of what it asked for, and of nothing else.
async fn changes<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let client = way.connect(address, builder::<P>()).await;
    let mut watching = SubscriptionFilter::new();
    watching.resource_subscriptions = Some(vec![WATCHED.into()]);
    watching.tools_list_changed = Some(true);
    let mut watching = client.listen(watching).await.unwrap();
    let mut prompts = SubscriptionFilter::new();
    prompts.prompts_list_changed = Some(true);
    let mut prompts = client.listen(prompts).await.unwrap();
    assert_eq!(text(&client, "touch").await, "told 1", "{way:?}");
    text(&client, "change").await;
    let mut heard = Vec::new();
    while !heard.contains(&NotificationMethod::ToolsListChanged) {
        let next = within::<P, _>(Duration::from_secs(10), watching.next()).await;
        heard.push(next.expect("it is told").unwrap().expect("it goes on").method);
    }
    assert_eq!(heard[0], NotificationMethod::ResourcesUpdated, "{way:?}: {heard:?}");
    let other = within::<P, _>(Duration::from_millis(20), prompts.next()).await;
    assert!(other.is_none(), "{way:?}: {other:?}");
    drop((watching, prompts));
    let unwatched = async || text(&client, "touch").await == "told 0";
    assert!(until::<P>(unwatched).await, "{way:?}: still watched");
    client.close().await;
}

/// CANCEL-06: who waits no longer says so, in both directions.
async fn cancellation<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let asked = Arc::new(AtomicUsize::new(0));
    let open = Arc::clone(&asked);
    let builder = builder::<P>().on_elicitation(move |_| {
        let open = Counted::new(&open);
        async move {
            std::future::pending::<()>().await;
            drop(open);
            Ok(ElicitResult::cancel())
        }
    });
    let client = way.connect(address, builder).await;
    let mut forever = client.call_tool("forever", ()).into_future();
    assert!(within::<P, _>(Duration::from_millis(20), &mut forever).await.is_none());
    at_work(way, &client, 1).await;
    drop(forever);
    at_work(way, &client, 0).await;

    // A question may be dropped with the call it is part of.
    let call = client.call_tool("ask_user", ()).into_future();
    assert!(within::<P, _>(Duration::from_millis(50), call).await.is_none());
    let dropped = async || asked.load(Ordering::SeqCst) == 0;
    assert!(until::<P>(dropped).await, "{way:?}: the user is still asked");
    if !way.is_modern() {
        // Or the server asks no longer: in the modern era it cannot.
        assert_eq!(text(&client, "ask_in_vain").await, "gave up", "{way:?}");
        assert!(until::<P>(dropped).await, "{way:?}: the user is still asked");
        assert_eq!(text(&client, "ping").await, "pong", "{way:?}");
    }
    client.ping().await.unwrap();
    client.close().await;
}

/// How many there are of it.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// PAGE-01: lists come whole, and what is being typed is completed.
async fn lists<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let client = way.connect(address, builder::<P>()).await;
    let tools = client.list_tools().await.unwrap();
    assert!(tools.len() > 2 * super::server::PAGE, "{way:?}");
    assert_eq!(client.list_resources().await.unwrap().len(), 1, "{way:?}");
    assert_eq!(client.list_prompts().await.unwrap().len(), 1, "{way:?}");
    let typed = CompletionArgument::new("name", "A");
    let typed = CompleteParams::new(Reference::prompt("greeting"), typed);
    let completed = client.complete(&typed).await.unwrap().completion;
    assert_eq!(completed.values, ["Ada", "Alan"], "{way:?}");
    client.close().await;
}

/// TASK-01, TASKX-01: a call that becomes a task is answered at its end, and cancelled by drop.
async fn tasks<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let client = way.connect(address, builder::<P>().tasks()).await;
    let job = client.call_tool("job", ()).as_task(None).await.unwrap();
    assert_eq!(job.content[0].as_text(), Some("as a task"), "{way:?}");
    let endless = client.call_tool("endless", ()).as_task(None).into_future();
    let mut endless = Some(endless);
    let started = async || {
        within::<P, _>(Duration::from_millis(20), endless.as_mut().unwrap()).await.is_none()
            && text(&client, "at_work").await == "1"
    };
    assert!(until::<P>(started).await, "{way:?}");
    endless = None;
    at_work(way, &client, 0).await;
    drop(endless);
    client.close().await;
}

/// STDIO-10: who closes gets an end to everything, and leaves nothing behind.
async fn the_end<P: ClientPlatform + Default>(way: Way, address: SocketAddr) {
    let client = way.connect(address, builder::<P>()).await;
    let pid = text(&client, "pid").await;
    let mut forever = client.call_tool("forever", ()).into_future();
    assert!(within::<P, _>(Duration::from_millis(20), &mut forever).await.is_none());
    // Neither may need the other to have ended.
    let (close, told) = (pin!(client.close()), pin!(forever));
    let ended = within::<P, _>(Duration::from_secs(10), both(close, told)).await;
    let error = ended.expect("both end").1.unwrap_err();
    assert!(error.is_lost(), "{way:?}: {error}");
    let after = client.call_tool("hello", ()).await.unwrap_err();
    assert!(after.is_unsent(), "{way:?}: {after}");
    if matches!(way, Way::ModernChild | Way::LegacyChild) {
        assert!(!lives(&pid), "{way:?}");
    }
}
