//! The server that a builder makes, and what can be wrong with it.

use alloc::sync::Arc;
use core::num::NonZeroUsize;

use super::super::ConfigError;
use super::super::audience::Audience;
use super::super::completion::Subject;
use super::super::greetings::Greetings;
use super::super::listen::Listeners;
use super::super::server::{Inner, Server};
use super::super::shelf::{Form, Shelf};
use super::super::task::Tasks;
use super::super::template::Template;
use super::capabilities::{served_methods, tasks_capability};
use super::{Check, Completions, Methods, Notifications, ServerBuilder};
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, NotificationMethod};
use crate::model::{ForRevision, InitializeResult, TASKS_EXTENSION};
use crate::revision::Revision;

/// What is found to be as it must.
struct Parts {
    page_size: Option<NonZeroUsize>,
    completions: Completions,
    listeners: Listeners,
    tasks: Option<Arc<Tasks>>,
    methods: Methods,
    notifications: Notifications,
}

impl ServerBuilder {
    /// Puts the server together.
    ///
    /// With the feature `validate` the schemas of tools are compiled here, and from then on
    /// arguments and structured output are checked against them. JSON Schema 2020-12 is the
    /// default; `$schema` may say 2019-09 or drafts 7, 6 and 4. References lead to the same schema
    /// or nowhere: nothing is ever fetched. A schema may be 256 KiB long, with 8192 subschemas and
    /// 256 patterns without look-around, and may not ask for more than 16384 checks of one value
    /// or refer to itself for the same value: what a schema costs must be known before a stranger
    /// chooses the value.
    ///
    /// # Errors
    /// [`ConfigError`] names the first thing that cannot be as it is.
    pub fn build(mut self) -> Result<Server, ConfigError> {
        let parts = self.parts()?;
        Ok(self.assemble(parts))
    }

    /// Takes out what can be wrong.
    fn parts(&mut self) -> Result<Parts, ConfigError> {
        self.changes.check()?;
        let page_size = match self.page_size.map(NonZeroUsize::new) {
            None => None,
            Some(None) => return Err(ConfigError::PageSize),
            Some(size) => size,
        };
        // EXT-01
        let unnamed = self.extensions.keys().find(|name| !is_extension_name(name));
        if let Some(name) = unnamed {
            return Err(ConfigError::ExtensionName(name.clone()));
        }
        let completions = self.checked(self.checks.completions)?;
        let listeners = Listeners::default();
        let tasks = Tasks::offered(core::mem::take(&mut self.tasks), &self.changes, &listeners)?;
        let methods = self.checked(self.checks.methods)?;
        let notifications = self.checked(self.checks.notifications)?;
        Ok(Parts { page_size, completions, listeners, tasks, methods, notifications })
    }

    fn assemble(mut self, parts: Parts) -> Server {
        let Parts { page_size, completions, listeners, tasks, methods, notifications } = parts;
        if tasks.is_some() {
            self.extensions.insert(TASKS_EXTENSION.into(), RawJson::EMPTY_OBJECT);
        }
        let mut capabilities = self.capabilities(!completions.is_empty());
        capabilities.tasks = tasks.is_some().then(tasks_capability);
        let mut served = served_methods(&capabilities);
        for method in methods.keys() {
            served.insert(method.clone());
        }
        let named = self.info.clone().for_revision(Revision::V2026_07_28);
        let server = self.info.name.clone();
        let signature = RawJson::known(&named);
        let form = Form { page_size, signature: signature.clone() };
        let mut greeting = InitializeResult::new(capabilities, self.info);
        greeting.instructions = self.instructions;
        Server::from(Inner {
            greeting,
            greetings: Greetings::default(),
            signature: signature.as_str().into(),
            served,
            routes: self.routes,
            mirrors: self.changes.tools.iter().any(|it| it.mirrored().is_some()).into(),
            tools: Shelf::new(self.changes.tools, form.clone()),
            resources: Shelf::new(self.changes.resources, form.clone()),
            templates: Shelf::new(self.changes.templates, form.clone()),
            prompts: Shelf::new(self.changes.prompts, form),
            completions,
            methods,
            notifications,
            on_initialize: self.on_initialize,
            max_subscriptions: self.subscriptions.unwrap_or_default(),
            audience: Audience::default(),
            seal: self.seal.of_server(server),
            tasks,
            listeners,
        })
    }

    fn checked<T: Default>(&mut self, check: Option<Check<T>>) -> Result<T, ConfigError> {
        check.map_or_else(|| Ok(T::default()), |check| check(self))
    }

    pub(super) fn take_completions(&mut self) -> Result<Completions, ConfigError> {
        let mut completions = Completions::new();
        for (subject, argument, completer) in core::mem::take(&mut self.completions) {
            if !self.has_argument(&subject, &argument) {
                let reference = subject.name().into();
                return Err(ConfigError::Completion { reference, argument });
            }
            let arguments = completions.get_or_default(subject);
            if arguments.contains_key(&argument) {
                return Err(ConfigError::Duplicate { kind: "completion", name: argument });
            }
            arguments.insert(argument, completer);
        }
        Ok(completions)
    }

    fn has_argument(&self, subject: &Subject, argument: &str) -> bool {
        match subject {
            Subject::Prompt(name) => {
                let mut prompts = self.changes.prompts.iter();
                prompts.any(|it| it.prompt.name == *name && it.has_argument(argument))
            }
            Subject::Template(template) => {
                let mut templates = self.changes.templates.iter();
                templates.any(|it| it.resource_template.uri_template == *template)
                    && Template::parse(template).is_ok_and(|it| it.has_variable(argument))
            }
        }
    }

    pub(super) fn take_notifications(&mut self) -> Result<Notifications, ConfigError> {
        let mut notifications = Notifications::new();
        for (name, listener) in core::mem::take(&mut self.notifications) {
            let method = NotificationMethod::from_name(&name);
            let mine = matches!(
                method,
                NotificationMethod::Other(_) | NotificationMethod::RootsListChanged
            );
            if !mine {
                return Err(ConfigError::Method(name));
            }
            if notifications.insert(method, listener).is_some() {
                return Err(ConfigError::Duplicate { kind: "notification", name });
            }
        }
        Ok(notifications)
    }

    pub(super) fn take_methods(&mut self) -> Result<Methods, ConfigError> {
        let mut methods = Methods::new();
        for (name, entry) in core::mem::take(&mut self.methods) {
            let method = Method::from_name(&name);
            if !matches!(method, Method::Other(_)) {
                return Err(ConfigError::Method(name));
            }
            if methods.insert(method, entry).is_some() {
                let kind = "method";
                return Err(ConfigError::Duplicate { kind, name });
            }
        }
        Ok(methods)
    }
}

/// A prefix of labels separated by dots, a slash, and a name: the key format of `_meta` with its
/// prefix required (`2026-07-28/basic#_meta`).
fn is_extension_name(name: &str) -> bool {
    let Some((prefix, name)) = name.split_once('/') else {
        return false;
    };
    let is_label = |label: &str| {
        label.starts_with(|first: char| first.is_ascii_alphabetic())
            && label.ends_with(|last: char| last.is_ascii_alphanumeric())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.ends_with(|last: char| last.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    prefix.split('.').all(is_label) && is_name(name)
}
