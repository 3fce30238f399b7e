//! Where the browser brings its answer: a port of this machine, for as long as a flow takes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;

use super::locked;
use crate::auth::RedirectPage;
use crate::driver::client::dial::within;
use crate::driver::{Listener, Platform, Runtime};

/// How long a connection of the browser may take to say what it wants.
const BROWSER: Duration = Duration::from_secs(10);

/// Where the browser brings its answer.
const CALLBACK: &str = "/callback";

/// Connections of browsers at a time; the newest count.
const CONNECTIONS: usize = 16;

/// Takes a port of this machine, or a free one, that no other machine reaches. Returns the
/// redirect URI that leads there.
pub(super) async fn bind<P: Platform>(
    platform: &P,
    port: u16,
) -> io::Result<(P::Listener, alloc::string::String)> {
    let (listener, address) = platform.bind(&alloc::format!("127.0.0.1:{port}")).await?;
    Ok((listener, alloc::format!("http://{address}{CALLBACK}")))
}

/// Serves the browser until `page` has taken the answer that is waited for.
pub(super) async fn hear<R: Runtime, L: Listener>(
    runtime: &R,
    listener: &mut L,
    page: impl Fn(&str) -> RedirectPage + Sync,
) -> io::Result<()> {
    let (arrived, heard) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let mut accepting = pin!(async {
        loop {
            let io = listener.accept().await?;
            locked(&arrived).push(io);
        }
    });
    let mut connections: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = Vec::new();
    core::future::poll_fn(|cx| {
        loop {
            let accepted: Poll<io::Result<()>> = accepting.as_mut().poll(cx);
            let new = core::mem::take(&mut *locked(&arrived));
            let arrived = new.len();
            for io in new {
                // Browsers open connections in advance: one that says nothing is in no way.
                connections.push(Box::pin(serve(runtime, io, &page, &heard)));
            }
            if connections.len() > CONNECTIONS {
                connections.drain(..connections.len() - CONNECTIONS);
            }
            connections.retain_mut(|connection| connection.as_mut().poll(cx).is_pending());
            if heard.load(Ordering::Acquire) && arrived == 0 {
                return Poll::Ready(Ok(()));
            }
            if let Poll::Ready(Err(error)) = accepted {
                return Poll::Ready(Err(error));
            }
            if arrived == 0 {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Serves one connection of the browser.
async fn serve<R: Runtime>(
    runtime: &R,
    io: impl Read + Write + Unpin + Send + 'static,
    page: &(impl Fn(&str) -> RedirectPage + Sync),
    heard: &AtomicBool,
) {
    let answered = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        let page = match (request.method(), request.uri().path()) {
            (&Method::GET, CALLBACK) => page(request.uri().query().unwrap_or_default()),
            _ => RedirectPage::Unexpected,
        };
        if matches!(page, RedirectPage::Received | RedirectPage::Refused) {
            answered.store(true, Ordering::Release);
        }
        core::future::ready(shown(page))
    });
    let serving = http1::Builder::new().keep_alive(false).serve_connection(io, service);
    drop(within(runtime, BROWSER, serving).await);
    // Once the page has been sent, or the browser would show an error.
    if answered.load(Ordering::Acquire) {
        heard.store(true, Ordering::Release);
    }
}

fn shown(page: RedirectPage) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(page.html().as_bytes())));
    *response.status_mut() = page.status();
    for (name, value) in page.headers() {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
