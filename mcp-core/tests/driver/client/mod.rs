//! The glue of clients, against our own server and against ones that only a test would write.

mod errors;
mod features;
mod known;
mod oauth;
mod pool;
mod streams;
mod tasks;

use core::future::IntoFuture;
use core::time::Duration;

use mcp_core::app::Server;
use mcp_core::config::Protocol;
use mcp_core::driver::Serve;
use mcp_core::driver::client::{Client, ClientBuilder};
use mcp_core::model::Implementation;
use mcp_core::revision::Revision;

use crate::net::Net;
use crate::pipe::Pipe;
use crate::runtime::Outcome;

pub(crate) const LEGACY: Protocol = Protocol::Legacy(Revision::V2025_11_25);

pub(crate) fn builder(net: &Net) -> ClientBuilder<Net> {
    ClientBuilder::new(net.clone(), Implementation::new("client", "1.0"))
}

/// A server behind an address.
pub(crate) fn serve(net: &Net, address: &'static str, server: Server) {
    let platform = net.clone();
    net.sim.start(async move {
        let bound = Serve::new(platform, server).bind(address).await.unwrap();
        bound.serve().await;
    });
    net.sim.run();
}

/// A client that talks to a server over streams, when it is ready.
pub(crate) fn piped(net: &Net, builder: ClientBuilder<Net>, server: Server) -> Client<Net> {
    let (there, back) = (Pipe::new(), Pipe::new());
    let serving = Serve::new(net.clone(), server);
    let streams = (there.clone(), back.clone());
    net.sim.start(async move { serving.streams(streams).await });
    done(net, async move { builder.streams((back, there)).await }).unwrap()
}

/// What a future comes to without any time passing.
pub(crate) fn done<T: Send + 'static>(
    net: &Net,
    future: impl IntoFuture<Output = T, IntoFuture: Send + 'static>,
) -> T {
    after(net, Duration::ZERO, future)
}

/// What a future comes to in time.
pub(crate) fn after<T: Send + 'static>(
    net: &Net,
    time: Duration,
    future: impl IntoFuture<Output = T, IntoFuture: Send + 'static>,
) -> T {
    let outcome = start(net, future);
    net.sim.advance(time);
    net.sim.run();
    outcome.take().expect("it has ended")
}

pub(crate) fn start<T: Send + 'static>(
    net: &Net,
    future: impl IntoFuture<Output = T, IntoFuture: Send + 'static>,
) -> Outcome<T> {
    let outcome = net.sim.start(future.into_future());
    net.sim.run();
    outcome
}
