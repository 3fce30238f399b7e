//! What the clients of every runtime crate must do, against our own servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcp_core::config::Protocol;
use mcp_core::driver::client::{Client, ClientBuilder, ClientPlatform, Command, Stderr};
#[cfg(feature = "tls")]
use mcp_core::driver::client::{Proxies, Tls};
use mcp_core::model::Implementation;
use mcp_core::revision::{Era, Revision};
use mcp_core::transport::http::Transport;

use super::server::AtWork;
#[cfg(feature = "tls")]
use super::tls;
use super::waiting::pause;

/// The variable that makes a test binary a server.
const CHILD: &str = "MCP_TEST_CHILD";

pub(crate) fn builder<P: ClientPlatform + Default>() -> ClientBuilder<P> {
    ClientBuilder::new(P::default(), Implementation::new("scenarios", "1.0"))
        .timeout(Duration::from_secs(20))
}

pub(crate) fn legacy() -> Protocol {
    Protocol::Legacy(Revision::V2025_11_25)
}

/// Both eras and both transports, through one handle (VER-12, SSE-10).
pub(crate) async fn http_in_both_eras<P: ClientPlatform + Default>(address: SocketAddr) {
    let url = format!("http://{address}/mcp");
    let client: Client<P> = builder().connect(&url).await.unwrap();
    assert_eq!(client.revision().unwrap().era(), Era::Modern);
    assert_eq!(text(&client, "hello").await, "hello");
    client.ping().await.unwrap();
    client.close().await;
    assert!(client.call_tool("hello", ()).await.unwrap_err().is_unsent());

    let client: Client<P> = builder().protocol(legacy()).connect(&url).await.unwrap();
    assert_eq!(client.revision(), Some(Revision::V2025_11_25));
    assert_eq!(text(&client, "hello").await, "hello");
    client.ping().await.unwrap();
    client.close().await;

    let sse = builder().transport(Transport::Sse);
    let client: Client<P> = sse.connect(&format!("http://{address}/sse")).await.unwrap();
    assert_eq!(client.revision().unwrap().era(), Era::Legacy);
    assert_eq!(text(&client, "hello").await, "hello");
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
        let (mut forever, mut nap) = (Some(forever), std::pin::pin!(nap));
        let mut tick = std::pin::pin!(pause::<P>(Duration::from_millis(100)));
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
        assert_eq!(text(&client, "hello").await, "hello");
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

/// Runs a server over standard input and output, in a process that the scenarios below start.
/// None in any other process.
pub(crate) fn child_mode() -> Option<String> {
    std::env::var(CHILD).ok()
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
pub(crate) fn child(mode: &str) -> Command {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, mode)
        .grace(Duration::from_millis(400))
}

pub(crate) async fn text<P>(client: &Client<P>, tool: &'static str) -> String {
    client.call_tool(tool, ()).await.unwrap().content[0].as_text().unwrap().to_owned()
}

pub(crate) fn lives(pid: &str) -> bool {
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
        pause::<P>(Duration::from_millis(5)).await;
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
pub(crate) fn a_runtime_goes_away<P: ClientPlatform + Default>(block_on: impl FnOnce(super::Task)) {
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
        assert_eq!(text(&client, "hello").await, "hello");
        client.close().await;
    }
    let error = builder::<P>().connect(&url).await.unwrap_err();
    assert!(error.is_unsent() && error.to_string().contains("certificate"), "{error}");
}
