use std::io;
use std::process::ExitStatus;

use hyper_util::rt::TokioIo;
use mcp_core::driver::client::{Child, Command};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// A child process.
#[derive(Debug)]
pub struct TokioChild(tokio::process::Child);

impl TokioChild {
    pub(crate) fn start(command: &Command) -> io::Result<Self> {
        let mut command = tokio::process::Command::from(command.to_std());
        command.kill_on_drop(true).spawn().map(Self)
    }
}

impl Child for TokioChild {
    type Stdin = TokioIo<ChildStdin>;
    type Stdout = TokioIo<ChildStdout>;
    type Stderr = TokioIo<ChildStderr>;

    fn id(&self) -> Option<u32> {
        self.0.id()
    }

    fn streams(&mut self) -> (Option<Self::Stdin>, Option<Self::Stdout>, Option<Self::Stderr>) {
        let (input, output) = (self.0.stdin.take(), self.0.stdout.take());
        let report = self.0.stderr.take();
        (input.map(TokioIo::new), output.map(TokioIo::new), report.map(TokioIo::new))
    }

    async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }

    fn kill(&mut self) -> io::Result<()> {
        self.0.start_kill()
    }
}
