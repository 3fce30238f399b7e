//! In place of rounds where handlers cannot ask: without the feature `ask`.

use alloc::string::String;
use alloc::sync::Arc;

use super::Host;
use super::server::Inner;
use crate::jsonrpc::{ErrorObject, Params, Reply};
use crate::lifecycle::Method;
use crate::revision::Revision;

/// There is none: every request is answered in its first round.
#[derive(Debug)]
pub(super) enum Round {}

impl Round {
    pub(super) fn read(
        _: Option<Arc<str>>,
        _: &Method,
        _: Option<&Params>,
        _: &Seal,
    ) -> Result<Option<Arc<Self>>, ErrorObject> {
        Ok(None)
    }

    pub(super) const fn end(&self, _: &Inner, _: Revision) -> Option<Reply> {
        match *self {}
    }
}

/// Nothing is sealed.
#[derive(Debug, Default)]
pub(super) struct Seal {}

impl Seal {
    pub(super) fn of_server(self, _: String) -> Self {
        self
    }

    pub(super) const fn set_host(&self, _: &Host) {}
}
