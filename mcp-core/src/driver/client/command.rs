//! Servers that are programs.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What becomes of what a server writes to its standard error. It is no sign of errors by itself
/// (STDIO-06).
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Stderr {
    /// The last lines are kept, to be shown when the server fails. The default.
    #[default]
    Capture,
    /// It goes where ours goes.
    Inherit,
    /// It is thrown away.
    Discard,
    /// The last lines are kept, and each is handed over as it comes, without its end.
    Forward(Arc<dyn Fn(&str) + Send + Sync>),
}

impl Stderr {
    /// Hands every line over.
    pub fn forward(to: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self::Forward(Arc::new(to))
    }
}

impl fmt::Debug for Stderr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capture => "Capture",
            Self::Inherit => "Inherit",
            Self::Discard => "Discard",
            Self::Forward(_) => "Forward",
        })
    }
}

/// A program that is a server, and how it is started and ended.
///
/// It is started without a shell. On Unix it leads a process group of its own, and what it has
/// started itself ends with it.
///
/// ```
/// use core::time::Duration;
/// use mcp_core::driver::client::Command;
///
/// let command = Command::new("uvx")
///     .args(["mcp-server-git", "--repository", "."])
///     .env("GIT_PAGER", "cat")
///     .grace(Duration::from_secs(5));
/// assert_eq!(command.program(), "uvx");
/// ```
#[derive(Clone)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    clear_env: bool,
    dir: Option<PathBuf>,
    stderr: Stderr,
    grace: Duration,
    restarts: u32,
}

impl Command {
    /// A program without arguments: a path, or a name that is looked up in `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            args: Vec::new(),
            env: Vec::new(),
            clear_env: false,
            dir: None,
            stderr: Stderr::default(),
            grace: Duration::from_secs(2),
            restarts: 3,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    /// Sets a variable of its environment, which is ours otherwise.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), Some(value.as_ref().into())));
        self
    }

    /// Removes a variable from its environment.
    #[must_use]
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), None));
        self
    }

    /// Gives it nothing of our environment: only what is set here.
    #[must_use]
    pub const fn clear_env(mut self) -> Self {
        self.clear_env = true;
        self
    }

    /// Sets the directory it works in. Default ours.
    #[must_use]
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().into());
        self
    }

    /// Sets what becomes of its standard error.
    #[must_use]
    pub fn stderr(mut self, stderr: Stderr) -> Self {
        self.stderr = stderr;
        self
    }

    /// How long it may take to end after its input has been closed, and again after it has been
    /// told to; then it is killed (STDIO-10, STDIO-11). Default 2 s.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How often it is started again in a row when it ends by itself (STDIO-14). Default 3; one
    /// that stays up for a minute has them all again.
    #[must_use]
    pub const fn restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// What becomes of its standard error.
    #[must_use]
    pub const fn stderr_goes(&self) -> &Stderr {
        &self.stderr
    }

    pub(super) const fn patience(&self) -> Duration {
        self.grace
    }

    pub(super) const fn budget(&self) -> u32 {
        self.restarts
    }

    /// The command as the standard library has it, for those who start it: its input and output
    /// piped, its standard error as [`Self::stderr_stdio`] says.
    #[must_use]
    pub fn to_std(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args);
        if self.clear_env {
            command.env_clear();
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        // Ctrl-C at our terminal is for us: a server is told to end by the end of its input.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(self.stderr_stdio());
        command
    }

    /// Where its standard error goes at first.
    #[must_use]
    pub fn stderr_stdio(&self) -> Stdio {
        match self.stderr {
            Stderr::Capture | Stderr::Forward(_) => Stdio::piped(),
            Stderr::Inherit => Stdio::inherit(),
            Stderr::Discard => Stdio::null(),
        }
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }
}

/// Shows what is run. Arguments and environment can hold secrets.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("env", &self.env.len())
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// What its process group is told.
#[derive(Clone, Copy)]
pub(super) enum Signal {
    Terminate,
    Kill,
}

/// Sends a signal to a process group that a child of ours leads; false if there is none.
pub(super) fn signal_group(leader: Option<u32>, signal: Signal) -> bool {
    #[cfg(unix)]
    {
        let group =
            leader.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        let signal = match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        group.is_some_and(|group| rustix::process::kill_process_group(group, signal).is_ok())
    }
    #[cfg(not(unix))]
    {
        let _ = (leader, signal);
        false
    }
}
