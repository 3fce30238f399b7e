//! The handle that applications hold.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use std::sync::PoisonError;

use serde::Serialize;

use super::builder::ClientBuilder;
use super::call::Call;
use super::command::Command;
use super::error::ClientError;
use super::handlers::Roots;
use super::link::{Link, Noise};
use super::listen::{Sink, Subscription};
use super::platform::ClientPlatform;
use crate::jsonrpc::{InvalidJson, RawJson};
use crate::model::{
    CallToolParams, CallToolResult, CompleteParams, CompleteResult, GetPromptParams,
    GetPromptResult, Implementation, Level, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, ListenParams, Prompt, RawObject, ReadResourceParams,
    ReadResourceResult, Resource, ResourceTemplate, Root, SetLevelParams, SubscribeParams,
    SubscriptionFilter, Tool,
};
use crate::revision::{Era, Revision};
use crate::session::{Outgoing, Server};
use crate::transport::http::{HttpClient, Known};

/// A connection to a server, of whichever era and transport; cheap to clone.
///
/// It is closed when the last clone is dropped, or by [`close`](Self::close).
pub struct Client<P> {
    shared: Arc<Shared>,
    platform: PhantomData<fn() -> P>,
}

struct Shared {
    link: Arc<Link>,
    roots: Option<Roots>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.link.with(|state, now| state.machine.close(now));
    }
}

impl<P: ClientPlatform + Default> Client<P> {
    /// A client called `name`: set what differs from the defaults, then connect it.
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ClientBuilder<P> {
        ClientBuilder::new(P::default(), Implementation::new(name, version))
    }

    /// Connects to the server at an `http` or `https` URL, with the defaults.
    ///
    /// # Errors
    /// [`ClientError`] when the URL is none, nobody is there, or it is no server.
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Self::builder("mcp-client", env!("CARGO_PKG_VERSION")).connect(url).await
    }

    /// Starts a program and talks to it over its standard streams, with the defaults.
    ///
    /// # Errors
    /// [`ClientError`] when the program does not start, or is no server.
    pub async fn stdio(command: Command) -> Result<Self, ClientError> {
        Self::builder("mcp-client", env!("CARGO_PKG_VERSION")).stdio(command).await
    }
}

impl<P> Client<P> {
    pub(super) fn new(link: Arc<Link>, roots: Option<Roots>) -> Self {
        Self { shared: Arc::new(Shared { link, roots }), platform: PhantomData }
    }

    /// Who is at the other end, and what it offers.
    #[must_use]
    pub fn server(&self) -> Option<Arc<Server>> {
        self.link().lock().server.clone()
    }

    /// The revision that both sides speak.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.server().map(|server| server.revision)
    }

    /// What was found out about a server over HTTP, to be given to the next client for its origin:
    /// see [`ClientBuilder::known`].
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        self.link().lock().machine.http().and_then(HttpClient::known)
    }

    /// What the server wrote to its standard output that is no message.
    #[must_use]
    pub fn noise(&self) -> Noise {
        self.link().lock().noise.clone()
    }

    /// All tools, of all pages.
    pub fn list_tools(&self) -> Call<Vec<Tool>> {
        Call::list(self.link(), "tools/list", |all, page| {
            page.to::<ListToolsResult>().map(|page| all.extend(page.tools))
        })
    }

    /// Calls a tool with arguments that are an object in JSON; `()` and `None` stand for none.
    ///
    /// A tool that fails is a result as well: see
    /// [`is_error`](CallToolResult::is_error). If the server makes a task of the call, its end is
    /// waited for.
    pub fn call_tool<A: Serialize>(
        &self,
        name: impl Into<String>,
        arguments: A,
    ) -> Call<CallToolResult> {
        let params = arguments_of(&arguments).and_then(|arguments| {
            let mut params = CallToolParams::new(name);
            params.arguments = arguments;
            some(&params)
        });
        Call::new(self.link(), "tools/call", params, RawJson::to)
    }

    /// All resources, of all pages.
    pub fn list_resources(&self) -> Call<Vec<Resource>> {
        Call::list(self.link(), "resources/list", |all, page| {
            page.to::<ListResourcesResult>().map(|page| all.extend(page.resources))
        })
    }

    /// All resource templates, of all pages.
    pub fn list_resource_templates(&self) -> Call<Vec<ResourceTemplate>> {
        Call::list(self.link(), "resources/templates/list", |all, page| {
            page.to::<ListResourceTemplatesResult>().map(|page| all.extend(page.resource_templates))
        })
    }

    /// Reads a resource.
    pub fn read_resource(&self, uri: impl Into<String>) -> Call<ReadResourceResult> {
        let params = some(&ReadResourceParams::new(uri));
        Call::new(self.link(), "resources/read", params, RawJson::to)
    }

    /// Asks a legacy server to tell when a resource changes; [`listen`](Self::listen) does that in
    /// every era, and hears it too.
    pub fn subscribe(&self, uri: impl Into<String>) -> Call<()> {
        let params = some(&SubscribeParams::new(uri));
        Call::new(self.link(), "resources/subscribe", params, |_| Ok(()))
    }

    /// Asks a legacy server not to tell any more.
    pub fn unsubscribe(&self, uri: impl Into<String>) -> Call<()> {
        let params = some(&SubscribeParams::new(uri));
        Call::new(self.link(), "resources/unsubscribe", params, |_| Ok(()))
    }

    /// Listens to changes.
    ///
    /// In the modern era it is a request of its own that lasts; a legacy server is asked to watch
    /// the resources, and what it tells of them and of its lists is what is heard. Either way it
    /// has begun when this returns: no change after that is missed.
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses, or does not answer.
    pub async fn listen(&self, filter: SubscriptionFilter) -> Result<Subscription, ClientError> {
        let server = self.link().watch(|state| match (&state.server, &state.closed) {
            (_, Some(_)) => Some(None),
            (Some(server), _) => Some(Some(Arc::clone(server))),
            _ => None,
        });
        let server = server.await.ok_or_else(|| self.link().why_closed())?;
        if server.revision.era() == Era::Modern {
            let params = some(&ListenParams::new(filter.clone())).map_err(unsendable)?;
            let outgoing = Outgoing::new("subscriptions/listen", params);
            let sink = Arc::<Sink>::default();
            let waiting = self.link().request(outgoing, None, Some(Arc::clone(&sink)))?;
            return Subscription::stream(sink, waiting, filter).acknowledged(self.link()).await;
        }
        let uris = filter.resource_subscriptions.clone().unwrap_or_default();
        // Before it is asked for, or the first change would be missed.
        let subscription = Subscription::shared(self.link(), filter);
        for uri in uris {
            self.subscribe(uri).await?;
        }
        Ok(subscription)
    }

    /// All prompts, of all pages.
    pub fn list_prompts(&self) -> Call<Vec<Prompt>> {
        Call::list(self.link(), "prompts/list", |all, page| {
            page.to::<ListPromptsResult>().map(|page| all.extend(page.prompts))
        })
    }

    /// Fills in a prompt.
    pub fn get_prompt<K: Into<String>, V: Into<String>>(
        &self,
        name: impl Into<String>,
        arguments: impl IntoIterator<Item = (K, V)>,
    ) -> Call<GetPromptResult> {
        let arguments: BTreeMap<String, String> =
            arguments.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let mut params = GetPromptParams::new(name);
        params.arguments = (!arguments.is_empty()).then_some(arguments);
        Call::new(self.link(), "prompts/get", some(&params), RawJson::to)
    }

    /// Asks for values of an argument that is being typed.
    pub fn complete(&self, params: &CompleteParams) -> Call<CompleteResult> {
        Call::new(self.link(), "completion/complete", some(params), RawJson::to)
    }

    /// Asks whether the server is there. The modern era has no such request: the server is asked
    /// who it is instead.
    pub fn ping(&self) -> Call<()> {
        let modern = self.revision().is_some_and(|revision| revision.era() == Era::Modern);
        let method = if modern { "server/discover" } else { "ping" };
        Call::new(self.link(), method, Ok(None), |_| Ok(())).uncached()
    }

    /// Sets the least severe log messages that a legacy server sends. In the modern era it is
    /// said with every request: [`ClientBuilder::log_level`].
    pub fn set_level(&self, level: Level) -> Call<()> {
        let params = some(&SetLevelParams::new(level));
        Call::new(self.link(), "logging/setLevel", params, |_| Ok(()))
    }

    /// Sends a request of any method; its result comes as it is.
    pub fn request(
        &self,
        method: impl Into<Cow<'static, str>>,
        params: Option<RawJson>,
    ) -> Call<RawJson> {
        Call::new(self.link(), method, Ok(params), |result| Ok(result.clone()))
    }

    /// Sends a notification of any method.
    ///
    /// # Errors
    /// [`ClientError`] when it was not taken.
    pub fn notify(
        &self,
        method: impl Into<Cow<'static, str>>,
        params: Option<RawJson>,
    ) -> Result<(), ClientError> {
        self.link().notify(Outgoing::new(method, params))
    }

    /// Changes the folders that the server may work in, and tells a legacy server so. Without
    /// [`ClientBuilder::roots`] the server was never told that there are any, and does not ask.
    pub fn set_roots(&self, roots: impl IntoIterator<Item = Root>) {
        if let Some(shelf) = &self.shared.roots {
            *shelf.lock().unwrap_or_else(PoisonError::into_inner) = roots.into_iter().collect();
            if self.revision().is_some_and(|revision| revision.era() == Era::Legacy) {
                // A server that cannot be told now will ask when it wants to know.
                drop(self.notify("notifications/roots/list_changed", None));
            }
        }
    }

    /// Ends the connection: requests in flight end, sessions are closed, a program is ended and
    /// its end waited for.
    pub async fn close(&self) {
        let link = self.link();
        link.with(|state, now| state.machine.close(now));
        link.watch(|state| state.finished.then_some(())).await;
    }

    /// Waits for the end of the connection, and says why it ended.
    pub async fn closed(&self) -> ClientError {
        let link = self.link();
        link.watch(|state| state.closed.is_some().then_some(())).await;
        link.why_closed()
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.shared.link
    }
}

impl<P> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), platform: PhantomData }
    }
}

impl<P> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("revision", &self.revision()).finish_non_exhaustive()
    }
}

pub(super) fn some<T: Serialize>(params: &T) -> Result<Option<RawJson>, InvalidJson> {
    RawJson::from_value(params).map(Some)
}

fn unsendable(error: InvalidJson) -> ClientError {
    ClientError::Arguments(error.to_string())
}

/// Arguments as an object; nothing, as JSON says it, is none.
fn arguments_of<A: Serialize>(arguments: &A) -> Result<Option<RawObject>, InvalidJson> {
    let json = RawJson::from_value(arguments)?;
    if json.is_null() { Ok(None) } else { json.to().map(Some) }
}
