//! Completing arguments.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;

use super::{CallError, Context, Work};
use crate::model::{CompleteParams, Completion, Reference};

/// What a client has typed of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompletionInput {
    /// The text so far; may be empty.
    pub value: String,
    /// The other arguments that are filled in already. Clients send them since 2025-06-18.
    pub arguments: BTreeMap<String, String>,
}

impl From<CompleteParams> for CompletionInput {
    fn from(params: CompleteParams) -> Self {
        let arguments = params.context.and_then(|context| context.arguments);
        Self { value: params.argument.value, arguments: arguments.unwrap_or_default() }
    }
}

impl<T: Into<String>> From<Vec<T>> for Completion {
    /// Values, best first.
    fn from(values: Vec<T>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        Self::new(values)
    }
}

/// What an argument belongs to: a prompt by its name, or a resource template by its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Prompt(String),
    Template(String),
}

impl Subject {
    pub(super) fn new(reference: Reference) -> Self {
        match reference {
            Reference::Prompt(prompt) => Self::Prompt(prompt.name),
            Reference::Resource(resource) => Self::Template(resource.uri),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Prompt(name) | Self::Template(name) => name,
        }
    }
}

/// Starts looking for values.
type Run = dyn Fn(CompletionInput, Context) -> Work<Completion> + Send + Sync;

/// What completes one argument.
pub(super) struct Completer(Box<Run>);

impl Completer {
    pub(super) fn new<F, Fut, R>(handler: F) -> Self
    where
        F: Fn(CompletionInput, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Into<Completion>,
    {
        Self(Box::new(move |input, cx| {
            let work = handler(input, cx);
            Box::pin(async move { Ok(work.await?.into()) })
        }))
    }

    pub(super) fn run(&self, input: CompletionInput, cx: Context) -> Work<Completion> {
        (self.0)(input, cx)
    }
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Completer")
    }
}
