//! What every runtime crate must do, as one list of scenarios over real sockets.
//!
//! Included by the tests of each runtime crate; protocol rules are tested in the core, without
//! sockets. Here it is about what a runtime can get wrong: spawning, waking, cancelling, closing.

pub(crate) mod cable;
pub(crate) mod client;
pub(crate) mod features;
pub(crate) mod network;
pub(crate) mod server;
#[cfg(feature = "tls")]
mod tls;
pub(crate) mod waiting;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcp_core::app::{Connection, Context, Handler, Host, Server};
use mcp_core::driver::{Platform, Serve};
use mcp_core::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use mcp_core::lifecycle::{Method, MethodSet};
use mcp_core::model::InitializeResult;
use mcp_core::time::UnixTime;

/// The tests of a runtime: its type, and a function that runs a future to its end.
macro_rules! scenarios {
    ($runtime:ty, $block_on:path) => {
        use crate::runtime::{Running, client, features, network, server, waiting};

        fn start(at: &str, server: mcp_core::app::Server) -> Running {
            Running::start::<$runtime>(at, $block_on, server)
        }

        #[test]
        fn servers() {
            let at_work = server::AtWork::default();
            let mut running = start("127.0.0.1:0", server::server::<$runtime>(&at_work));
            runtime::a_handler_has_a_host::<$runtime>();
            runtime::early_calls_are_answered(&running);
            runtime::a_hold_deadline_passes(&running);
            runtime::a_cancelled_handler_is_dropped(&running, &at_work);
            runtime::a_dropped_stream_ends_its_session(&running, &at_work);
            runtime::a_panic_is_an_error(&running);
            runtime::shutting_down_answers_what_is_in_flight(&mut running, &at_work);
        }

        #[test]
        fn clients_over_http() {
            let at_work = server::AtWork::default();
            let running = start("127.0.0.1:0", server::server::<$runtime>(&at_work));
            let address = running.address;
            $block_on(Box::pin(async move {
                client::nobody_is_there::<$runtime>().await;
                client::http_in_both_eras::<$runtime>(address).await;
                #[cfg(feature = "tls")]
                client::https::<$runtime>(address).await;
                client::cancel_by_drop::<$runtime>(address, at_work.clone()).await;
                client::a_call_times_out::<$runtime>(address, at_work.clone()).await;
                network::cut_streams::<$runtime>(address, at_work.clone()).await;
                let again = server::server::<$runtime>(&at_work);
                network::a_server_restarts::<$runtime>(address, move || {
                    drop(running);
                    // It ends with the process.
                    std::mem::forget(start(&address.to_string(), again));
                })
                .await;
            }));
        }

        #[test]
        fn features_of_clients() {
            let running =
                start("127.0.0.1:0", server::server::<$runtime>(&server::AtWork::default()));
            let address = running.address;
            $block_on(Box::pin(features::every_way::<$runtime>(address)));
            running.wait_until_nobody_is_connected();
        }

        #[test]
        fn many_clients() {
            let running = start("127.0.0.1:0", server::catalog(380));
            let address = running.address;
            $block_on(Box::pin(network::a_crowd::<$runtime>(address, 380)));
            running.wait_until_nobody_is_connected();
        }

        #[test]
        fn clients_of_children() {
            $block_on(Box::pin(async {
                client::a_child_serves::<$runtime>().await;
                client::a_stubborn_child_ends::<$runtime>().await;
                client::a_child_ends_by_itself::<$runtime>().await;
            }));
        }

        #[test]
        fn timers() {
            $block_on(Box::pin(waiting::the_end_of_time_does_not_come::<$runtime>()));
        }

        /// The server of the scenarios with child processes, which start this binary.
        #[test]
        fn child() {
            let Some(mode) = client::child_mode() else {
                return;
            };
            client::child_prelude(&mode);
            let server = server::server::<$runtime>(&server::AtWork::default());
            $block_on(Box::pin(async {
                let serve = mcp_core::driver::Serve::new(<$runtime>::default(), server);
                serve.stdio().await.unwrap();
            }));
            client::child_epilogue(&mode);
        }
    };
}

/// What is done until it is done, by a runtime.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs a server on a runtime until the guard is dropped, and its end is waited for.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    server: Server,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Starts `server` at an address, in a thread that `block_on` blocks.
    pub(crate) fn start<P: Platform + Default>(
        at: &str,
        block_on: fn(Task),
        server: Server,
    ) -> Self {
        let (at, handler) = (at.to_owned(), server.clone());
        let (stop, stopped) = mpsc::channel();
        let (ready, address) = mpsc::channel();
        let thread = thread::spawn(move || {
            block_on(Box::pin(async move {
                let serve = Serve::new(P::default(), handler).grace(Duration::from_secs(5));
                let bound = serve.bind(&at).await.unwrap();
                let shutdown = bound.shutdown().clone();
                thread::spawn(move || {
                    let _ = stopped.recv();
                    shutdown.start();
                });
                ready.send(bound.local_addr()).unwrap();
                bound.serve().await;
            }));
        });
        let address = address.recv().unwrap();
        Self { address, server, stop: Some(stop), thread: Some(thread) }
    }

    /// Sees the sessions of clients that have left go.
    pub(crate) fn wait_until_nobody_is_connected(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.server.connections().is_empty() {
            assert!(Instant::now() < deadline, "sessions are left");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Tells the server to stop.
    pub(crate) fn shut_down(&mut self) {
        self.stop = None;
    }

    /// Waits for the server to end.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shut_down();
        self.join();
    }
}

/// One HTTP+SSE session, driven by hand.
pub(crate) struct Client {
    address: SocketAddr,
    uri: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(socket, "GET /sse HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
        let mut client = Self { address, uri: String::new(), stream: BufReader::new(socket) };
        client.uri = client.data().expect("the endpoint event comes first");
        client
    }

    /// Posts a message; returns the status.
    pub(crate) fn post(&self, message: &str) -> u16 {
        post(self.address, &self.uri, message)
    }

    /// Waits for the data of the next event; `None` at the end of the stream.
    pub(crate) fn data(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line).unwrap() == 0 || line == "0\r\n" {
                return None;
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(data.trim_end().to_owned());
            }
        }
    }

    pub(crate) fn initialize(&mut self) {
        assert_eq!(self.post(INITIALIZE), 202);
        assert!(self.data().unwrap().contains("protocolVersion"));
        assert_eq!(self.post(INITIALIZED), 202);
    }
}

pub(crate) fn post(address: SocketAddr, uri: &str, message: &str) -> u16 {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = message.len();
    write!(
        socket,
        "POST {uri} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{message}"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

pub(crate) fn call(id: u32, tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

/// RACE c, case_01: calls that overtake the handshake are answered behind it, whoever else does
/// the same.
pub(crate) fn early_calls_are_answered(running: &Running) {
    let early = || {
        let mut client = Client::connect(running.address);
        assert_eq!(client.post(&call(1, "hello")), 202);
        assert_eq!(client.post(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#), 202);
        assert_eq!(client.post(INITIALIZE), 202);
        assert!(client.data().unwrap().starts_with(r#"{"jsonrpc":"2.0","id":0,"#));
        let mut answers = [client.data().unwrap(), client.data().unwrap()];
        answers.sort();
        assert!(answers[0].starts_with(r#"{"jsonrpc":"2.0","id":1,"result""#));
        assert!(answers[1].starts_with(r#"{"jsonrpc":"2.0","id":2,"result""#));
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(early);
        }
    });
}

/// The stream wakes for the deadline of held requests, with nothing else going on.
pub(crate) fn a_hold_deadline_passes(running: &Running) {
    let mut client = Client::connect(running.address);
    let started = Instant::now();
    assert_eq!(client.post(&call(1, "hello")), 202);
    assert!(client.data().unwrap().contains("hold_timeout"));
    let waited = started.elapsed();
    assert!(waited > Duration::from_millis(1900) && waited < Duration::from_secs(4), "{waited:?}");
}

/// CANCEL-06: a cancelled handler is dropped, wherever it waits.
pub(crate) fn a_cancelled_handler_is_dropped(running: &Running, at_work: &server::AtWork) {
    let mut client = Client::connect(running.address);
    client.initialize();
    assert_eq!(client.post(&call(1, "forever")), 202);
    at_work.wait_for(1);
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    assert_eq!(client.post(cancel), 202);
    at_work.wait_for(0);
    assert_eq!(client.post(&call(2, "hello")), 202);
    assert!(client.data().unwrap().starts_with(r#"{"jsonrpc":"2.0","id":2,"#));
}

/// RACE i: a stream that is dropped takes its session and its handlers with it.
pub(crate) fn a_dropped_stream_ends_its_session(running: &Running, at_work: &server::AtWork) {
    let mut client = Client::connect(running.address);
    client.initialize();
    assert_eq!(client.post(&call(1, "forever")), 202);
    at_work.wait_for(1);
    let (address, uri) = (client.address, client.uri.clone());
    drop(client);
    at_work.wait_for(0);
    assert_eq!(post(address, &uri, &call(2, "hello")), 404);
}

/// A handler that panics answers its own request and no other.
pub(crate) fn a_panic_is_an_error(running: &Running) {
    let mut client = Client::connect(running.address);
    client.initialize();
    assert_eq!(client.post(&call(1, "panic")), 202);
    assert!(client.data().unwrap().contains("-32603"));
    assert_eq!(client.post(&call(2, "hello")), 202);
    assert!(client.data().unwrap().contains("hello"));
}

/// What is in flight when the server is told to stop is answered; then the streams end.
pub(crate) fn shutting_down_answers_what_is_in_flight(
    running: &mut Running,
    at_work: &server::AtWork,
) {
    let mut client = Client::connect(running.address);
    client.initialize();
    assert_eq!(client.post(&call(1, "nap")), 202);
    at_work.wait_for(1);
    running.shut_down();
    assert!(client.data().unwrap().contains("rested"));
    assert_eq!(client.data(), None);
    running.join();
}

/// Applications are given a clock and secret bytes before anything is served.
pub(crate) fn a_handler_has_a_host<P: Platform + Default>() {
    let hosts = [(); 2].map(|()| {
        let hosted = Hosted::default();
        let service = Serve::new(P::default(), hosted.clone()).service().unwrap();
        assert_eq!(service.sessions(), 0);
        hosted.0.lock().unwrap().take().unwrap()
    });
    assert_ne!(hosts[0].seed(), hosts[1].seed());
    let long_ago = UnixTime::from_epoch(Duration::from_secs(1_700_000_000));
    assert!(hosts.iter().all(|host| host.now() > long_ago));
}

#[derive(Clone, Default)]
struct Hosted(Arc<Mutex<Option<Host>>>);

impl Handler for Hosted {
    fn methods(&self) -> MethodSet {
        MethodSet::default()
    }

    fn hosted(&self, host: &Host) {
        *self.0.lock().unwrap() = Some(host.clone());
    }

    async fn initialize(
        &self,
        _: Arc<Connection>,
        _: Arc<mcp_core::session::Client>,
    ) -> Result<InitializeResult, ErrorObject> {
        Err(ErrorObject::internal("nobody connects"))
    }

    async fn call(&self, _: Context, _: Method, _: Option<Params>) -> Reply {
        Ok(RawJson::EMPTY_OBJECT)
    }
}
