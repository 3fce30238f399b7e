//! The servers: how they are started, and what they use.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Tokio,
    Smol,
    Rmcp,
    Hyper,
    HyperSmol,
    Ts1,
    Ts2,
    Py1,
    Py2,
}

impl Peer {
    pub const ALL: [Self; 9] = [
        Self::Tokio,
        Self::Smol,
        Self::Rmcp,
        Self::Hyper,
        Self::HyperSmol,
        Self::Ts1,
        Self::Ts2,
        Self::Py1,
        Self::Py2,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::Rmcp => "rmcp",
            Self::Hyper => "hyper",
            Self::HyperSmol => "hyper-smol",
            Self::Ts1 => "ts1",
            Self::Ts2 => "ts2",
            Self::Py1 => "py1",
            Self::Py2 => "py2",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Whether it serves the modern era.
    pub fn is_modern(self) -> bool {
        !matches!(self, Self::Ts1 | Self::Py1)
    }

    /// Whether it is ours.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Tokio | Self::Smol)
    }

    /// Whether it is HTTP alone.
    pub fn is_bare(self) -> bool {
        matches!(self, Self::Hyper | Self::HyperSmol)
    }

    /// Whether it serves HTTP+SSE.
    pub fn has_sse(self) -> bool {
        self.is_ours() || self.is_bare() || matches!(self, Self::Ts1 | Self::Py1)
    }
}

/// Where the servers are.
pub struct Places {
    /// Our binaries and those of the Rust peers.
    pub release: PathBuf,
    /// The scripts of the other peers.
    pub scripts: PathBuf,
    /// `py1`, `py2` and `ts` with their packages.
    pub clients: PathBuf,
    /// `node_modules` with the TypeScript servers.
    pub servers: PathBuf,
}

/// How a server is to be run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many cores it runs on, the first ones, if it is pinned.
    pub cores: Option<usize>,
    pub tools: usize,
    /// What bare hyper answers: its mode, and the file with its result.
    pub hyper: (&'static str, Option<PathBuf>),
    /// HTTP+SSE instead of Streamable HTTP, for peers that have one at a time.
    pub sse: bool,
}

impl Places {
    fn command(&self, peer: Peer, setup: &Setup, place: &str) -> Command {
        let mut command = match setup.cores {
            Some(cores) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &format!("0-{}", cores.saturating_sub(1))]);
                command.arg(self.program(peer));
                // Others count the cores they may use.
                command.env("SMOL_THREADS", cores.to_string());
                command
            }
            None => Command::new(self.program(peer)),
        };
        let tools = setup.tools.to_string();
        let transport = match place {
            "stdio" => "stdio",
            _ if setup.sse => "sse",
            _ => "mcp",
        };
        match peer {
            Peer::Tokio | Peer::Smol | Peer::Rmcp => command.args([place, &tools]),
            Peer::Hyper | Peer::HyperSmol => {
                command.args([place, setup.hyper.0]);
                command.args(&setup.hyper.1)
            }
            Peer::Ts1 | Peer::Ts2 | Peer::Py1 | Peer::Py2 => {
                let script = match peer {
                    Peer::Ts1 => self.servers.join("bench-ts1.mjs"),
                    Peer::Ts2 => self.servers.join("bench-ts2.mjs"),
                    Peer::Py1 => self.scripts.join("py1.py"),
                    _ => self.scripts.join("py2.py"),
                };
                command.arg(script).args([transport, place, &tools])
            }
        };
        command
    }

    fn program(&self, peer: Peer) -> PathBuf {
        match peer {
            Peer::Tokio => self.release.join("ours-tokio"),
            Peer::Smol => self.release.join("ours-smol"),
            Peer::Rmcp => self.release.join("bench-rmcp"),
            Peer::Hyper => self.release.join("hyper-tokio"),
            Peer::HyperSmol => self.release.join("hyper-smol"),
            Peer::Ts1 | Peer::Ts2 => "node".into(),
            Peer::Py1 => self.clients.join("py1/bin/python"),
            Peer::Py2 => self.clients.join("py2/bin/python"),
        }
    }

    /// Starts a server and waits until it takes connections.
    pub fn start(&self, peer: Peer, setup: &Setup) -> io::Result<Server> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = self.command(peer, setup, &address.port().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log()?);
        let server = Server { child: command.spawn()?, address };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                return Err(io::Error::other(format!("{} does not start", peer.name())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Starts a server on pipes.
    pub fn start_stdio(
        &self,
        peer: Peer,
        setup: &Setup,
    ) -> io::Result<(Child, ChildStdin, ChildStdout)> {
        let mut command = self.command(peer, setup, "stdio");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log()?);
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (stdin, stdout) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
        Ok((child, stdin, stdout))
    }
}

fn log() -> io::Result<std::fs::File> {
    std::fs::File::create(std::env::temp_dir().join("mcp-bench.log"))
}

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Processor time used so far, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu(self.child.id())
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> io::Result<usize> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of a process, in seconds.
pub fn cpu(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name stands in parentheses and may hold anything.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = |index| -> f64 {
        rest.split_whitespace().nth(index).and_then(|it| it.parse().ok()).unwrap_or_default()
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// Writes what another server is to answer.
pub fn store(name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = Path::new(&std::env::temp_dir()).join(name);
    std::fs::File::create(&path)?.write_all(bytes)?;
    Ok(path)
}
