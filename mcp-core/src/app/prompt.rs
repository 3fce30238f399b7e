//! Prompts and what their handlers return.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;

use serde::de::DeserializeOwned;

use super::decode::{self, Misfit};
use super::shelf::Item;
use super::{CallError, Context, Work};
use crate::jsonrpc::{ErrorObject, InvalidJson, RawJson};
use crate::model::{
    Cursor, ForRevision, GetPromptResult, ListPromptsResult, Prompt, PromptMessage,
};
use crate::revision::Revision;

impl From<PromptMessage> for GetPromptResult {
    fn from(message: PromptMessage) -> Self {
        Self::new([message])
    }
}

impl From<Vec<PromptMessage>> for GetPromptResult {
    fn from(messages: Vec<PromptMessage>) -> Self {
        Self::new(messages)
    }
}

impl<const N: usize> From<[PromptMessage; N]> for GetPromptResult {
    fn from(messages: [PromptMessage; N]) -> Self {
        Self::new(messages)
    }
}

impl From<String> for GetPromptResult {
    /// One message of the user.
    fn from(text: String) -> Self {
        PromptMessage::user(text).into()
    }
}

impl From<&str> for GetPromptResult {
    /// One message of the user.
    fn from(text: &str) -> Self {
        PromptMessage::user(text).into()
    }
}

/// Reads the arguments and starts the work.
type Run = dyn Fn(&str, Context) -> Result<Work<GetPromptResult>, Misfit> + Send + Sync;

/// A prompt and what fills it in.
pub(super) struct PromptEntry {
    pub(super) prompt: Prompt,
    run: Box<Run>,
}

impl PromptEntry {
    pub(super) fn new<A, F, Fut, R>(prompt: Prompt, handler: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, CallError>> + Send + 'static,
        R: Into<GetPromptResult>,
    {
        let run = move |arguments: &str, cx: Context| {
            let work = handler(decode::arguments(arguments)?, cx);
            let work: Work<GetPromptResult> = Box::pin(async move { Ok(work.await?.into()) });
            Ok(work)
        };
        Self { prompt, run: Box::new(run) }
    }

    pub(super) fn has_argument(&self, name: &str) -> bool {
        let mut arguments = self.prompt.arguments.iter().flatten();
        arguments.any(|argument| argument.name == name)
    }

    /// Calls the handler, if the arguments fit.
    pub(super) fn begin(
        &self,
        arguments: &str,
        cx: Context,
    ) -> Result<Work<GetPromptResult>, ErrorObject> {
        self.check_arguments(arguments)?;
        Ok((self.run)(arguments, cx)?)
    }

    /// The result, with our description if it has none.
    pub(super) fn described(&self, mut result: GetPromptResult) -> GetPromptResult {
        if result.description.is_none() {
            result.description.clone_from(&self.prompt.description);
        }
        result
    }

    /// PROMPT-05, PROMPT-07: arguments are texts, and the required ones must be there.
    fn check_arguments(&self, arguments: &str) -> Result<(), ErrorObject> {
        let given: BTreeMap<String, String> = decode::arguments(arguments)?;
        let mut expected = self.prompt.arguments.iter().flatten();
        let missing = expected.find(|argument| {
            argument.required == Some(true) && !given.contains_key(&argument.name)
        });
        match missing {
            None => Ok(()),
            Some(argument) => Err(ErrorObject::invalid_params(format!(
                "Missing required argument: {}",
                argument.name
            ))),
        }
    }
}

impl Item for PromptEntry {
    const KIND: &'static str = "prompt";
    const MARK: char = 'p';

    fn key(&self) -> &str {
        &self.prompt.name
    }

    fn page(
        items: &[Arc<Self>],
        next: Option<Cursor>,
        revision: Revision,
    ) -> Result<RawJson, InvalidJson> {
        let prompts: Vec<Prompt> = items.iter().map(|entry| entry.prompt.clone()).collect();
        let mut list = ListPromptsResult::new(prompts);
        list.next_cursor = next;
        RawJson::from_value(&list.for_revision(revision))
    }
}

impl fmt::Debug for PromptEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PromptEntry").field(&self.prompt.name).finish()
    }
}
