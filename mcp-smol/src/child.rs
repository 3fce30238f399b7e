use std::io;
use std::process::{ExitStatus, Stdio};

use mcp_core::driver::client::{Child, Command};
use smol::process::{ChildStderr, ChildStdin, ChildStdout};

use crate::io::SmolIo;

/// A child process.
#[derive(Debug)]
pub struct SmolChild {
    child: smol::process::Child,
    /// Its end has been waited for: its name may be another's by now.
    reaped: bool,
}

impl SmolChild {
    pub(crate) fn start(command: &Command) -> io::Result<Self> {
        let stderr = command.stderr_stdio();
        // smol does not know what the standard library's command has been told of its streams.
        let mut command = smol::process::Command::from(command.to_std());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let child = command.kill_on_drop(true).spawn()?;
        Ok(Self { child, reaped: false })
    }
}

impl Child for SmolChild {
    type Stdin = SmolIo<ChildStdin>;
    type Stdout = SmolIo<ChildStdout>;
    type Stderr = SmolIo<ChildStderr>;

    fn id(&self) -> Option<u32> {
        (!self.reaped).then(|| self.child.id())
    }

    fn streams(&mut self) -> (Option<Self::Stdin>, Option<Self::Stdout>, Option<Self::Stderr>) {
        let child = &mut self.child;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let report = child.stderr.take();
        (input.map(SmolIo::new), output.map(SmolIo::new), report.map(SmolIo::new))
    }

    async fn exited(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.status().await;
        self.reaped = true;
        status
    }

    fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }
}
