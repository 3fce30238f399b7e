//! A platform in memory: hosts, connections and processes that do what a test says.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use core::future::{Future, pending, poll_fn};
use core::net::SocketAddr;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard};

use mcp_core::driver::client::{Child, ClientPlatform, Command};
use mcp_core::driver::{Listener, Platform, Runtime};
use mcp_core::time::{Instant, UnixTime};

use crate::pipe::{Duplex, Pipe};
use crate::runtime::{Outcome, Sim, Sleep};

/// Clones are the same world.
#[derive(Clone, Default)]
pub(crate) struct Net {
    pub(crate) sim: Sim,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    hosts: BTreeMap<String, Vec<SocketAddr>>,
    listening: BTreeMap<SocketAddr, Arrivals>,
    silent: BTreeSet<SocketAddr>,
    dialed: Vec<(Instant, SocketAddr)>,
    children: VecDeque<Process>,
    ports: u16,
    /// Counts how often the servers have closed what they keep open.
    hung_up: usize,
    waiting: Vec<Waker>,
}

type Arrivals = Arc<Mutex<(VecDeque<Duplex>, Option<Waker>)>>;

impl Net {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Gives a host its addresses.
    pub(crate) fn host(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
        self.world().hosts.insert(name.into(), addresses);
    }

    /// Nobody answers there, not even with a refusal.
    pub(crate) fn silence(&self, address: &str) {
        self.world().silent.insert(address.parse().unwrap());
    }

    /// Connections that were tried, and when.
    pub(crate) fn dialed(&self) -> Vec<(Instant, SocketAddr)> {
        core::mem::take(&mut self.world().dialed)
    }

    /// Where somebody listens.
    pub(crate) fn listening(&self) -> Vec<SocketAddr> {
        self.world().listening.keys().copied().collect()
    }

    /// Opens a connection, sends `text`, and reads what comes back until the other side ends it.
    pub(crate) fn visit(&self, address: SocketAddr, text: String) -> Outcome<io::Result<String>> {
        let net = self.clone();
        let answer = self.sim.start(async move {
            let io = net.connect(address).await?;
            io.output.send(text);
            let mut answer = String::new();
            loop {
                let more = poll_fn(|cx| io.input.poll_text(cx)).await;
                if more.is_empty() {
                    return Ok(answer);
                }
                answer.push_str(&more);
            }
        });
        self.sim.run();
        answer
    }

    /// The process that is started next.
    pub(crate) fn child(&self) -> Process {
        let process = Process::default();
        self.world().children.push_back(process.clone());
        process
    }

    /// Answers every HTTP request at an address by `answer`; no answer cuts the connection.
    pub(crate) fn http<A>(&self, address: &str, answer: A)
    where
        A: Fn(&str) -> Option<String> + Send + Sync + 'static,
    {
        let (net, address, answer) = (self.clone(), address.to_owned(), Arc::new(answer));
        self.sim.spawn(async move {
            let (mut listener, _) = net.bind(&address).await.unwrap();
            loop {
                let io = listener.accept().await.unwrap();
                let (answer, net) = (Arc::clone(&answer), net.clone());
                net.sim.clone().spawn(async move {
                    while let Some(request) = net.unless_hung_up(next_request(&io)).await {
                        let Some(response) = answer(&request) else { return };
                        io.output.send(response);
                    }
                });
            }
        });
        self.sim.run();
    }

    /// Servers close the connections that they keep open.
    pub(crate) fn hang_up(&self) {
        let waiting = {
            let mut world = self.world();
            world.hung_up += 1;
            core::mem::take(&mut world.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
        self.sim.run();
    }

    async fn unless_hung_up<T>(&self, request: impl Future<Output = Option<T>>) -> Option<T> {
        let mut request = core::pin::pin!(request);
        let before = self.world().hung_up;
        poll_fn(|cx| {
            if let Poll::Ready(request) = request.as_mut().poll(cx) {
                return Poll::Ready(request);
            }
            let mut world = self.world();
            if world.hung_up > before {
                return Poll::Ready(None);
            }
            world.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

/// Reads one request with its body; none at the end.
async fn next_request(io: &Duplex) -> Option<String> {
    let mut text = String::new();
    loop {
        let more = poll_fn(|cx| io.input.poll_text(cx)).await;
        if more.is_empty() {
            return None;
        }
        text.push_str(&more);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase();
        let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(text);
        }
    }
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// A JSON response.
pub(crate) fn json(body: &str) -> String {
    response("200 OK", "content-type: application/json\r\n", body)
}

impl Runtime for Net {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        self.sim.now()
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        self.sim.sleep_until(at)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.sim.spawn(task);
    }
}

impl Platform for Net {
    type Listener = Accept;
    type Stdin = Pipe;
    type Stdout = Pipe;

    async fn bind(&self, address: &str) -> io::Result<(Accept, SocketAddr)> {
        let mut address: SocketAddr = address.parse().unwrap();
        let mut world = self.world();
        if address.port() == 0 {
            world.ports += 1;
            address.set_port(40_000 + world.ports);
        }
        if world.listening.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let arrivals = Arrivals::default();
        world.listening.insert(address, Arc::clone(&arrivals));
        Ok((Accept { net: self.clone(), address, arrivals }, address))
    }

    fn stdio(&self) -> (Pipe, Pipe) {
        (Pipe::new(), Pipe::new())
    }

    fn seed(&self) -> io::Result<[u8; 32]> {
        Ok([7; 32])
    }

    fn unix_time(&self) -> UnixTime {
        UnixTime::from_epoch(Duration::from_secs(1_800_000_000) + self.now().since_epoch())
    }
}

/// A listener; dropped, connections are refused.
pub(crate) struct Accept {
    net: Net,
    address: SocketAddr,
    arrivals: Arrivals,
}

impl Listener for Accept {
    type Io = Duplex;

    async fn accept(&mut self) -> io::Result<Duplex> {
        poll_fn(|cx| {
            let mut arrivals = self.arrivals.lock().unwrap();
            match arrivals.0.pop_front() {
                Some(io) => Poll::Ready(Ok(io)),
                None => {
                    arrivals.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Accept {
    fn drop(&mut self) {
        self.net.world().listening.remove(&self.address);
    }
}

impl ClientPlatform for Net {
    type Stream = Duplex;
    type TlsStream = Duplex;
    type Child = Process;

    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let known = self.world().hosts.get(host).cloned();
        known.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such host"))
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Duplex> {
        let arrivals = {
            let mut world = self.world();
            let now = self.sim.now();
            world.dialed.push((now, address));
            match world.silent.contains(&address) {
                true => Err(true),
                false => world.listening.get(&address).cloned().ok_or(false),
            }
        };
        let arrivals = match arrivals {
            Ok(arrivals) => arrivals,
            Err(true) => pending().await,
            Err(false) => return Err(io::ErrorKind::ConnectionRefused.into()),
        };
        let (there, back) = (Pipe::new(), Pipe::new());
        let mut arrivals = arrivals.lock().unwrap();
        arrivals.0.push_back(Duplex { input: there.clone(), output: back.clone() });
        arrivals.1.take().into_iter().for_each(Waker::wake);
        Ok(Duplex { input: back, output: there })
    }

    /// As if it were encrypted.
    #[cfg(feature = "tls")]
    async fn secure(
        &self,
        stream: Duplex,
        _: &str,
        _: &mcp_core::driver::client::Tls,
    ) -> io::Result<Duplex> {
        Ok(stream)
    }

    fn start(&self, _: &Command) -> io::Result<Process> {
        self.world().children.pop_front().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A child process; clones are its two ends.
#[derive(Clone, Default)]
pub(crate) struct Process(Arc<ProcessState>);

struct ProcessState {
    stdin: Pipe,
    stdout: Pipe,
    stderr: Pipe,
    exit: Mutex<(Option<i32>, Option<Waker>)>,
}

impl Default for ProcessState {
    fn default() -> Self {
        let (stdin, stdout, stderr) = (Pipe::new(), Pipe::new(), Pipe::new());
        Self { stdin, stdout, stderr, exit: Mutex::default() }
    }
}

impl Process {
    pub(crate) fn stdin(&self) -> &Pipe {
        &self.0.stdin
    }

    pub(crate) fn stdout(&self) -> &Pipe {
        &self.0.stdout
    }

    pub(crate) fn stderr(&self) -> &Pipe {
        &self.0.stderr
    }

    /// Ends it.
    pub(crate) fn exit(&self, code: i32) {
        self.0.stdout.end();
        self.0.stderr.end();
        self.0.stdin.cut();
        let mut exit = self.0.exit.lock().unwrap();
        exit.0 = Some(code);
        exit.1.take().into_iter().for_each(Waker::wake);
    }
}

impl Child for Process {
    type Stdin = Pipe;
    type Stdout = Pipe;
    type Stderr = Pipe;

    fn id(&self) -> Option<u32> {
        None
    }

    fn streams(&mut self) -> (Option<Pipe>, Option<Pipe>, Option<Pipe>) {
        let ProcessState { stdin, stdout, stderr, .. } = &*self.0;
        (Some(stdin.clone()), Some(stdout.clone()), Some(stderr.clone()))
    }

    async fn exited(&mut self) -> io::Result<ExitStatus> {
        poll_fn(|cx| {
            let mut exit = self.0.exit.lock().unwrap();
            match exit.0 {
                Some(code) => Poll::Ready(Ok(ExitStatus::from_raw(code << 8))),
                None => {
                    exit.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn kill(&mut self) -> io::Result<()> {
        self.exit(9);
        Ok(())
    }
}
