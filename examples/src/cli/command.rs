//! What `mcp` can be told to do, on its command line and in its shell.

use std::fmt;
use std::time::Duration;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Info,
    Tools,
    Call {
        name: String,
        arguments: Vec<String>,
    },
    Resources,
    Templates,
    Read {
        uri: String,
    },
    Prompts,
    Prompt {
        name: String,
        arguments: Vec<String>,
    },
    Skills,
    Ping,
    Listen {
        uris: Vec<String>,
    },
    Shell,
    Login,
    Logout,
    /// In the shell: calls a tool and gives up on it after a while.
    CancelAfter {
        after: Duration,
        name: String,
        arguments: Vec<String>,
    },
}

/// The user's mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong(String);

impl Wrong {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<lexopt::Error> for Wrong {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

impl Command {
    /// Reads a command and its arguments.
    pub(super) fn read(name: &str, arguments: Vec<String>) -> Result<Self, Wrong> {
        let mut rest = arguments.into_iter();
        let mut want =
            |what: &str| rest.next().ok_or_else(|| Wrong::new(format!("{name} which {what}?")));
        let command = match name {
            "info" => Self::Info,
            "tools" => Self::Tools,
            "call" => Self::Call { name: want("tool")?, arguments: rest.by_ref().collect() },
            "resources" => Self::Resources,
            "templates" => Self::Templates,
            "read" => Self::Read { uri: want("URI")? },
            "prompts" => Self::Prompts,
            "prompt" => Self::Prompt { name: want("prompt")?, arguments: rest.by_ref().collect() },
            "ping" => Self::Ping,
            "listen" => Self::Listen { uris: rest.by_ref().collect() },
            "skills" => Self::Skills,
            "shell" => Self::Shell,
            "login" => Self::Login,
            "logout" => Self::Logout,
            "cancel-after" => {
                let seconds = want("number of seconds")?.parse().ok();
                let after = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
                let after =
                    after.ok_or_else(|| Wrong::new("cancel-after takes a number of seconds"))?;
                Self::CancelAfter { after, name: want("tool")?, arguments: rest.by_ref().collect() }
            }
            other => return Err(Wrong::new(format!("`{other}` is no command"))),
        };
        match rest.next() {
            Some(word) => Err(Wrong::new(format!("{name}: `{word}` is too much"))),
            None => Ok(command),
        }
    }

    /// Reads a line of the shell; `None` when it says nothing.
    pub(super) fn read_line(line: &str) -> Result<Option<Self>, Wrong> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let words = shlex::split(line).ok_or_else(|| Wrong::new("a quote is not closed"))?;
        let mut words = words.into_iter();
        let name = words.next().unwrap_or_default();
        Self::read(&name, words.collect()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_like_a_command_line() {
        let call = Command::read_line(r#"call add '{"a": 1}'"#).unwrap();
        let expected = Command::Call { name: "add".into(), arguments: vec![r#"{"a": 1}"#.into()] };
        assert_eq!(call, Some(expected));
        assert_eq!(Command::read_line("  # nothing").unwrap(), None);
        assert!(Command::read_line("call 'add").unwrap_err().to_string().contains("quote"));
        let later = Command::read_line("cancel-after 0.5 sleep seconds=9").unwrap();
        assert!(
            matches!(later, Some(Command::CancelAfter { after, .. }) if after.as_millis() == 500)
        );
    }
}
