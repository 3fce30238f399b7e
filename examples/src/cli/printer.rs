//! Where results go: standard output for what was asked, standard error for the rest.

use std::io::{self, IsTerminal, Write};

use mcp_core::driver::client::{Notification, Trace};
use mcp_core::lifecycle::NotificationMethod;
use mcp_core::model::{LogParams, ProgressParams};
use serde_json::{Map, Value, json};

use super::command::Command;
use super::problem::Problem;

/// What a command came to.
#[derive(Debug)]
pub(super) struct Output {
    /// The result as the server gave it.
    pub(super) json: Value,
    /// The same for people.
    pub(super) text: String,
    /// Whether the tool says that it failed.
    pub(super) failed: bool,
}

impl Output {
    pub(super) fn new(json: impl serde::Serialize, text: impl Into<String>) -> Self {
        let json = serde_json::to_value(json).unwrap_or_default();
        Self { json, text: text.into(), failed: false }
    }
}

/// How to say things.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    json: bool,
    /// Results follow each other: each is one line, and says whether it is one.
    shell: bool,
    /// What the server reports is what was asked for.
    listens: bool,
}

impl Printer {
    pub(super) fn new(json: bool, command: &Command) -> Self {
        let listens = matches!(command, Command::Listen { .. });
        Self { json, shell: *command == Command::Shell, listens }
    }

    pub(super) fn output(self, output: &Output) {
        match (self.json, self.shell) {
            (true, true) => line(&json!({"ok": output.json}).to_string()),
            (true, false) => {
                line(&serde_json::to_string_pretty(&output.json).unwrap_or_default());
            }
            (false, _) => text(&output.text),
        }
    }

    pub(super) fn problem(self, problem: &Problem) {
        if self.json && self.shell {
            line(&json!({"error": problem.to_json()}).to_string());
        } else {
            note(&problem.to_string());
        }
    }

    /// What the server reports by itself.
    pub(super) fn notification(self, notification: &Notification) {
        if notification.method == NotificationMethod::SubscriptionsAcknowledged {
            // That is no news: it was waited for.
            return;
        }
        let method = notification.method.as_str();
        if method == "notifications/tasks/status" && !self.json {
            // The call waits for the end of it; how far it is, progress says.
            return;
        }
        let params = notification.params.as_ref();
        if self.json {
            let params: Value = params
                .and_then(|params| serde_json::from_str(params.as_str()).ok())
                .unwrap_or_default();
            line(&json!({"notification": {"method": method, "params": params}}).to_string());
        } else {
            let said = format!("{method}{}", told(notification));
            if self.listens { line(&said) } else { note(&said) }
        }
    }

    /// How far a call is.
    pub(super) fn progress(self, progress: &ProgressParams) {
        if self.json && self.shell {
            let params = serde_json::to_value(progress).unwrap_or_default();
            let method = "notifications/progress";
            line(&json!({"notification": {"method": method, "params": params}}).to_string());
            return;
        }
        let mut said = match progress.total {
            Some(total) => format!("{} of {total}", progress.progress),
            None => progress.progress.to_string(),
        };
        if let Some(message) = &progress.message {
            said = format!("{said}: {message}");
        }
        let mut error = io::stderr().lock();
        // On a terminal each takes the place of the last.
        let _ = if error.is_terminal() {
            write!(error, "\r\x1b[K{said}")
        } else {
            writeln!(error, "{said}")
        };
    }

    /// Ends a line that progress was shown on.
    pub(super) fn progressed(self) {
        if io::stderr().is_terminal() && !(self.json && self.shell) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// What a notification says besides its method, for people.
fn told(notification: &Notification) -> String {
    let Some(params) = &notification.params else { return String::new() };
    if let (NotificationMethod::Message, Ok(log)) = (&notification.method, params.to::<LogParams>())
    {
        let level = serde_json::to_value(log.level).unwrap_or_default();
        return format!(" {}: {}", level.as_str().unwrap_or_default(), log.data.as_str());
    }
    let mut params: Map<String, Value> = serde_json::from_str(params.as_str()).unwrap_or_default();
    params.remove("_meta");
    if params.is_empty() { String::new() } else { format!(" {}", Value::Object(params)) }
}

/// Whoever does not read on has seen enough: that is no mistake.
fn line(said: &str) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{said}").and_then(|()| output.flush());
}

fn text(said: &str) {
    let mut output = io::stdout().lock();
    let _ = output.write_all(said.as_bytes()).and_then(|()| output.flush());
}

/// Shows what goes over the wire, with the direction it goes in.
pub(super) fn trace(trace: Trace<'_>) {
    match trace {
        Trace::Sent([]) => {}
        Trace::Sent(bytes) => note(&format!("--> {}", String::from_utf8_lossy(bytes).trim_end())),
        Trace::Received(bytes) => {
            for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()) {
                note(&format!("<-- {line}"));
            }
        }
        Trace::Request(method, uri) => note(&format!("--> {method} {uri}")),
        Trace::Answer(status) => note(&format!("<-- {status}")),
        _ => {}
    }
}

pub(super) fn note(said: &str) {
    let _ = writeln!(io::stderr(), "{said}");
}
