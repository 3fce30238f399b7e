//! What the clients of every runtime crate must do, against our own servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcp_core::app::{Context, Server};
use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command, Stderr};
#[cfg(feature = "tls")]
use mcp_core::driver::client::{Proxies, Tls};
use mcp_core::model::{Implementation, RawObject, Tool};
use mcp_core::revision::{Era, Revision};
use mcp_core::transport::http::Transport;

use super::AtWork;

/// The variable that makes a test binary a server.
const CHILD: &str = "MCP_TEST_CHILD";

fn builder<P: ClientPlatform + Default>() -> ClientBuilder<P> {
    ClientBuilder::new(P::default(), Implementation::new("scenarios", "1.0"))
        .timeout(Duration::from_secs(20))
}

fn legacy() -> Protocol {
    Protocol::Legacy(Revision::V2025_11_25)
}

async fn hello<P>(client: &Client<P>) -> String {
    let result = client.call_tool("hello", ()).await.unwrap();
    result.content[0].as_text().unwrap().to_owned()
}

/// Both eras and both transports, through one handle (VER-12, SSE-10).
pub(crate) async fn http_in_both_eras<P: ClientPlatform + Default>(address: SocketAddr) {
    let url = format!("http://{address}/mcp");
    let client: Client<P> = builder().connect(&url).await.unwrap();
    assert_eq!(client.revision().unwrap().era(), Era::Modern);
    assert_eq!(client.list_tools().await.unwrap().len(), 4);
    assert_eq!(hello(&client).await, "hello");
    client.ping().await.unwrap();
    client.close().await;
    assert!(client.call_tool("hello", ()).await.unwrap_err().is_unsent());

    let client: Client<P> = builder().protocol(legacy()).connect(&url).await.unwrap();
    assert_eq!(client.revision(), Some(Revision::V2025_11_25));
    assert_eq!(hello(&client).await, "hello");
    client.ping().await.unwrap();
    client.close().await;

    let sse = builder().transport(Transport::Sse);
    let client: Client<P> = sse.connect(&format!("http://{address}/sse")).await.unwrap();
    assert_eq!(client.revision().unwrap().era(), Era::Legacy);
    assert_eq!(hello(&client).await, "hello");
    client.close().await;
}

/// CANCEL-06, SHTTP-M09: a call that is dropped ends at the server, and ends nothing else.
pub(crate) async fn cancel_by_drop<P: ClientPlatform + Default>(
    address: SocketAddr,
    at_work: AtWork,
) {
    let url = format!("http://{address}/mcp");
    for protocol in [Protocol::Auto, legacy()] {
        let client: Client<P> = builder().protocol(protocol).connect(&url).await.unwrap();
        let forever = client.call_tool("forever", ()).into_future();
        let nap = client.call_tool("nap", ()).into_future();
        let platform = P::default();
        let (mut forever, mut nap) = (Some(forever), std::pin::pin!(nap));
        let mut tick = Box::pin(platform.sleep_until(platform.now() + Duration::from_millis(100)));
        let rested = std::future::poll_fn(|cx| {
            if let Some(future) = &mut forever {
                assert!(future.as_mut().poll(cx).is_pending());
                if tick.as_mut().poll(cx).is_ready() {
                    forever = None;
                }
            }
            nap.as_mut().poll(cx)
        });
        let rested = rested.await.unwrap();
        assert_eq!(rested.content[0].as_text(), Some("rested"));
        assert_eq!(hello(&client).await, "hello");
        at_work.wait_for(0);
        client.close().await;
    }
}

/// TIME-01, TIME-02 (case_45): a call that is not answered in time ends, here and there.
pub(crate) async fn a_call_times_out<P: ClientPlatform + Default>(
    address: SocketAddr,
    at_work: AtWork,
) {
    let client: Client<P> = builder().connect(&format!("http://{address}/mcp")).await.unwrap();
    let call = client.call_tool("forever", ()).timeout(Duration::from_millis(100));
    assert!(call.await.unwrap_err().is_timeout());
    at_work.wait_for(0);
    client.close().await;
}

/// Nobody is there: the error says so, and nothing hangs.
pub(crate) async fn nobody_is_there<P: ClientPlatform + Default>() {
    let error = builder::<P>().connect("http://127.0.0.1:9/mcp").await.unwrap_err();
    assert!(error.is_unsent() && error.to_string().contains("refused"), "{error}");
    let error = builder::<P>().connect("ftp://127.0.0.1/mcp").await.unwrap_err();
    assert!(error.is_unsent(), "{error}");
    let error = builder::<P>().stdio(Command::new("./no-such-server")).await.unwrap_err();
    assert!(error.to_string().contains("no-such-server"), "{error}");
}

/// SHTTP-L26: a server that was restarted has forgotten the session; the next call works.
pub(crate) async fn a_server_restarts<P: ClientPlatform + Default>(
    address: SocketAddr,
    restart: impl FnOnce(),
) {
    let url = format!("http://{address}/mcp");
    let modern: Client<P> = builder().connect(&url).await.unwrap();
    let legacy: Client<P> = builder().protocol(legacy()).connect(&url).await.unwrap();
    let sse = builder().transport(Transport::Sse);
    let sse: Client<P> = sse.connect(&format!("http://{address}/sse")).await.unwrap();
    for client in [&modern, &legacy, &sse] {
        assert_eq!(hello(client).await, "hello");
    }
    restart();
    for client in [&modern, &legacy, &sse] {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            match client.call_tool("hello", ()).await {
                Ok(result) => break assert_eq!(result.content[0].as_text(), Some("hello")),
                // It says that it was not sent, and the next one is.
                Err(error) => assert!(error.is_unsent() || error.is_lost(), "{error}"),
            }
            assert!(Instant::now() < deadline, "still broken");
            let platform = P::default();
            platform.sleep_until(platform.now() + Duration::from_millis(50)).await;
        }
    }
    for client in [modern, legacy, sse] {
        client.close().await;
    }
}

/// Runs a server over standard input and output, in a process that the scenarios below start.
/// None in any other process.
pub(crate) fn child_mode() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// The server of that process.
pub(crate) fn child_server() -> Server {
    Server::builder("child", "1.0")
        .raw_tool(Tool::new("hello"), |_: RawObject, _cx: Context| async { Ok("hello") })
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
        .build()
        .unwrap()
}

/// What comes before and after serving, by the mode.
pub(crate) fn child_prelude(mode: &str) {
    // The test harness has begun a line.
    println!();
    match mode {
        "deaf" => std::process::exit(0),
        "noisy" => println!("Server listening on stdio\n{{\"not\": \"a message\"}}\n[1]"),
        // case_44: it ends when it is asked what it does not know.
        "fragile" => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            if line.contains("server/discover") {
                std::process::exit(0);
            }
            assert!(line.contains("\"initialize\""));
            let answer = r#"{"jsonrpc":"2.0","id":ID,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"fragile","version":"1"}}}"#;
            let id = line.split("\"id\":").nth(1).unwrap().split([',', '}']).next().unwrap();
            println!("{}", answer.replace("ID", id));
            while std::io::stdin().read_line(&mut line).unwrap() > 0 {}
            std::process::exit(0);
        }
        _ => {}
    }
}

pub(crate) fn child_epilogue(mode: &str) -> ! {
    if mode == "stubborn" {
        std::thread::sleep(Duration::from_secs(3600));
    }
    std::process::exit(0);
}

/// This binary, as a server.
fn child(mode: &str) -> Command {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, mode)
        .grace(Duration::from_millis(400))
}

async fn text<P>(client: &Client<P>, tool: &'static str) -> String {
    client.call_tool(tool, ()).await.unwrap().content[0].as_text().unwrap().to_owned()
}

fn lives(pid: &str) -> bool {
    // A zombie is dead: only its parent has not looked yet.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
}

fn wait_for_death(pid: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while lives(pid) {
        assert!(Instant::now() < deadline, "{pid} lives");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// STDIO-01, STDIO-10, STDIO-11 (case_58, case_59): a child serves, its noise is harmless, and
/// nothing of it is left.
pub(crate) async fn a_child_serves<P: ClientPlatform + Default>() {
    let words = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&words);
    let forward = Stderr::forward(move |line| heard.lock().unwrap().push(line.to_owned()));
    let command = child("noisy").stderr(forward).current_dir("/");
    let client: Client<P> = builder().stdio(command).await.unwrap();
    assert_eq!(client.revision().unwrap().era(), Era::Modern);
    assert_eq!(text(&client, "hello").await, "hello");
    assert!(client.noise().lines >= 3, "{:?}", client.noise());
    let (pid, grandchild) = (text(&client, "pid").await, text(&client, "grandchild").await);
    assert!(lives(&pid) && lives(&grandchild) && Path::new("/proc/self").exists());
    client.close().await;
    assert!(!lives(&pid));
    wait_for_death(&grandchild);

    // Dropped, it ends as well.
    let client: Client<P> = builder().protocol(legacy()).stdio(child("plain")).await.unwrap();
    let pid = text(&client, "pid").await;
    drop(client);
    let deadline = Instant::now() + Duration::from_secs(10);
    while lives(&pid) {
        assert!(Instant::now() < deadline, "{pid} lives");
        let platform = P::default();
        platform.sleep_until(platform.now() + Duration::from_millis(5)).await;
    }
}

/// STDIO-10: a child that does not mind the end of its input is told to end, and then made to.
pub(crate) async fn a_stubborn_child_ends<P: ClientPlatform + Default>() {
    let client: Client<P> = builder().stdio(child("stubborn")).await.unwrap();
    let pid = text(&client, "pid").await;
    let started = Instant::now();
    client.close().await;
    let took = started.elapsed();
    assert!(!lives(&pid));
    assert!(took >= Duration::from_millis(400), "{took:?}");

    // Ignored signals are inherited.
    let exe = std::env::current_exe().unwrap();
    let command = Command::new("sh")
        .args(["-c", "trap '' TERM; exec \"$0\" --exact child --nocapture --test-threads=1"])
        .arg(exe)
        .env(CHILD, "stubborn")
        .grace(Duration::from_millis(300));
    let client: Client<P> = builder().stdio(command).await.unwrap();
    let pid = text(&client, "pid").await;
    client.close().await;
    assert!(!lives(&pid));
}

/// STDIO-14, case_44: a child that ends by itself is started again, and one that never was a
/// server is not; what it said last is told.
pub(crate) async fn a_child_ends_by_itself<P: ClientPlatform + Default>() {
    let client: Client<P> = builder().stdio(child("fragile")).await.unwrap();
    assert_eq!(client.revision(), Some(Revision::V2025_06_18));
    client.close().await;

    let error = builder::<P>().stdio(child("deaf")).await.unwrap_err();
    assert!(error.to_string().contains("ended with exit status: 0"), "{error}");

    let client: Client<P> = builder().stdio(child("plain")).await.unwrap();
    let pid = text(&client, "pid").await;
    let error = client.call_tool("exit", ()).await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert!(error.to_string().contains("exit status: 3; it said: about to exit"), "{error}");
    assert_ne!(text(&client, "pid").await, pid);
    assert_eq!(text(&client, "hello").await, "hello");
    client.close().await;
    assert!(client.list_tools().await.is_err());
}

/// case_58: a runtime that goes away takes its children with it. smol's never does.
#[allow(dead_code, reason = "smol's executor lasts as long as the process")]
pub(crate) fn a_runtime_goes_away<P: ClientPlatform + Default>(
    block_on: impl FnOnce(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>),
) {
    let pid = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&pid);
    block_on(Box::pin(async move {
        let client: Client<P> = builder().stdio(child("plain")).await.unwrap();
        *seen.lock().unwrap() = text(&client, "pid").await;
        // Nobody closes it.
        std::mem::forget(client);
    }));
    wait_for_death(&pid.lock().unwrap());
}

/// TLS with an authority of our own, direct and through a proxy; a server that nobody vouches for
/// is not talked to.
#[cfg(feature = "tls")]
pub(crate) async fn https<P: ClientPlatform + Default>(address: SocketAddr) {
    let (port, roots) = tls::front(address);
    let url = format!("https://localhost:{port}/mcp");
    let config = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = Tls::from(Arc::new(config));
    let proxy = tls::proxy();
    for proxies in [Proxies::none(), Proxies::all(&format!("http://127.0.0.1:{proxy}"), "")] {
        let tls = tls.clone();
        let client = builder().net(|net| {
            net.tls = Some(tls);
            net.proxies = proxies;
        });
        let client: Client<P> = client.connect(&url).await.unwrap();
        assert_eq!(hello(&client).await, "hello");
        client.close().await;
    }
    let error = builder::<P>().connect(&url).await.unwrap_err();
    assert!(error.is_unsent() && error.to_string().contains("certificate"), "{error}");
}

#[cfg(feature = "tls")]
mod tls {
    use std::io::{BufRead, BufReader, Read, Write, copy};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

    pub(super) fn provider() -> Arc<CryptoProvider> {
        Arc::new(rustls::crypto::ring::default_provider())
    }

    /// Speaks TLS in front of a server; returns the port and whom to trust.
    pub(super) fn front(server: SocketAddr) -> (u16, RootCertStore) {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let port = listen(move |socket| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            drop(pass_on(StreamOwned::new(connection, socket), server));
        });
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        (port, roots)
    }

    /// One request and its answer.
    fn pass_on<S: Read + Write>(stream: S, server: SocketAddr) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            // The server knows itself by another name.
            if lower.starts_with("host:") {
                line = format!("host: {server}\r\n");
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let mut inner = TcpStream::connect(server)?;
        write!(inner, "{head}connection: close\r\n\r\n")?;
        inner.write_all(&body)?;
        copy(&mut inner, stream.get_mut())?;
        stream.get_mut().flush()
    }

    /// A proxy that connects through, and nothing else.
    pub(super) fn proxy() -> u16 {
        listen(|socket| {
            let mut stream = BufReader::new(socket);
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let target = line.split(' ').nth(1).unwrap().replace("localhost", "127.0.0.1");
            assert!(line.starts_with("CONNECT "), "{line}");
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).unwrap();
            }
            let mut socket = stream.into_inner();
            let mut server = TcpStream::connect(target).unwrap();
            socket.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
            let (mut from, mut to) = (socket.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                drop(copy(&mut from, &mut to));
                drop(to.shutdown(std::net::Shutdown::Write));
            });
            drop(copy(&mut server, &mut socket));
            drop(socket.shutdown(std::net::Shutdown::Write));
        })
    }

    fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = Arc::new(serve);
        // It ends with the process.
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(socket));
            }
        });
        port
    }
}
