//! What networks do to clients, and what many clients do to a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientError, ClientPlatform, Trace};
use mcp_core::transport::http::Transport;

use super::cable::Cable;
use super::client::{builder, legacy, text};
use super::server::AtWork;
use super::waiting::{all, pause, until, within};

/// A client of each kind over HTTP.
pub(crate) async fn three<P: ClientPlatform + Default>(
    address: SocketAddr,
    builder: impl Fn() -> ClientBuilder<P>,
) -> [Client<P>; 3] {
    let url = format!("http://{address}/mcp");
    let modern = builder().protocol(Protocol::Modern).connect(&url).await.unwrap();
    let streamable = builder().protocol(legacy()).connect(&url).await.unwrap();
    let url = format!("http://{address}/sse");
    let sse = builder().transport(Transport::Sse).connect(&url).await.unwrap();
    [modern, streamable, sse]
}

/// SHTTP-L22, SHTTP-M09: when connections are cut, Streamable HTTP comes back for the answer; the
/// others say that it is lost. Either way the call ends, and the next one works.
pub(crate) async fn cut_streams<P: ClientPlatform + Default>(address: SocketAddr, at_work: AtWork) {
    let cable = Cable::to(address);
    let clients = three(cable.address, builder::<P>).await;
    for (comes_back, client) in [false, true, false].into_iter().zip(&clients) {
        let asleep = Arc::<AtomicUsize>::default();
        let falls = Arc::clone(&asleep);
        let nap = client.call_tool("nap", ()).on_progress(move |_| {
            falls.fetch_add(1, Ordering::SeqCst);
        });
        let mut nap = nap.into_future();
        let started = async || {
            within::<P, _>(Duration::from_millis(5), &mut nap).await.is_none()
                && asleep.load(Ordering::SeqCst) == 1
        };
        assert!(until::<P>(started).await);
        cable.cut();
        match nap.await {
            Ok(result) => {
                assert!(comes_back, "{client:?}");
                assert_eq!(result.content[0].as_text(), Some("rested"));
            }
            Err(error) => assert!(!comes_back && error.is_lost(), "{error}"),
        }
        assert!(until::<P>(async || at_work.count() == 0).await);
        assert_eq!(text(client, "hello").await, "hello");
    }
    // SHTTP-L11: a server may want to be left alone meanwhile.
    let [modern, streamable, sse] = &clients;
    for (client, said) in [(modern, "stayed"), (streamable, "came back"), (sse, "stayed")] {
        assert_eq!(text(client, "away").await, said);
    }
    all(clients.iter().map(Client::close)).await;
}

/// SHTTP-L26, case_07: a server that was restarted has forgotten its sessions. Whatever is asked at
/// the same time ends once and honestly, one handshake is done again, and the next call works.
pub(crate) async fn a_server_restarts<P: ClientPlatform + Default>(
    address: SocketAddr,
    restart: impl FnOnce(),
) {
    let handshakes = Arc::<AtomicUsize>::default();
    let clients = three(address, || {
        let handshakes = Arc::clone(&handshakes);
        builder::<P>().on_trace(move |trace| {
            if let Trace::Sent(frame) = trace
                && frame.windows(21).any(|part| part == br#""method":"initialize""#)
            {
                handshakes.fetch_add(1, Ordering::SeqCst);
            }
        })
    })
    .await;
    assert_eq!(handshakes.load(Ordering::SeqCst), 2, "the modern era has none");
    restart();
    for client in &clients {
        let honest = |error: &ClientError| error.is_unsent() || error.is_lost();
        for ended in all((0..5).map(|_| client.call_tool("hello", ()).into_future())).await {
            assert!(ended.as_ref().err().is_none_or(honest), "{ended:?}");
        }
        let works = async || match client.call_tool("hello", ()).await {
            Ok(result) => result.content[0].as_text() == Some("hello"),
            Err(error) => {
                assert!(honest(&error), "{error}");
                pause::<P>(Duration::from_millis(20)).await;
                false
            }
        };
        assert!(until::<P>(works).await, "still broken");
    }
    assert_eq!(handshakes.load(Ordering::SeqCst), 4, "once more each");
    all(clients.iter().map(Client::close)).await;
}

/// case_01: many clients, many tools, all at once; every one gets everything.
pub(crate) async fn a_crowd<P: ClientPlatform + Default>(address: SocketAddr, tools: usize) {
    let visit = async || {
        for client in three(address, builder::<P>).await {
            let calls = (0..4).map(|_| client.call_tool("tool_7", ()).into_future());
            let (list, calls) = (client.list_tools().await, all(calls).await);
            assert_eq!(list.unwrap().len(), tools);
            assert!(calls.iter().all(|result| result.is_ok()), "{calls:?}");
            client.close().await;
        }
    };
    all((0..8).map(|_| visit())).await;
}
