//! In place of tasks, without the feature `tasks`.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::changes::Changes;
use super::dispatch::Answering;
use super::listen::Listeners;
use super::server::Inner;
use super::tool::ToolEntry;
use super::{ConfigError, Context, Host};
use crate::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use crate::lifecycle::Method;
use crate::model::{Meta, TaskSupport};
use crate::revision::Revision;
use crate::session::Outgoing;

#[derive(Debug, Default)]
pub(super) struct TaskSettings {}

/// There are none.
#[derive(Debug)]
pub(super) enum Tasks {}

impl Tasks {
    /// Refuses what cannot be kept.
    pub(super) fn offered(
        _: TaskSettings,
        changes: &Changes,
        _: &Listeners,
    ) -> Result<Option<Arc<Self>>, ConfigError> {
        match changes.task_tool() {
            None => Ok(None),
            Some(tool) => Err(ConfigError::NoTasks(tool.into())),
        }
    }

    pub(super) const fn set_host(&self, _: &Host) {
        match *self {}
    }

    pub(super) const fn admit(
        self: &Arc<Self>,
        _: TaskSupport,
        _: Option<&[u8]>,
        _: &Context,
    ) -> Result<Option<Arc<Slot>>, ErrorObject> {
        Ok(None)
    }

    pub(super) async fn answer(&self, _: Context, _: Method, _: Option<&Params>) -> Reply {
        match *self {}
    }

    pub(super) fn visible(&self, _: Vec<String>, _: &Context) -> Vec<String> {
        match *self {}
    }

    pub(super) fn news(&self, _: &str, _: Meta, _: Revision) -> Option<RawJson> {
        match *self {}
    }
}

/// No call becomes a task.
#[derive(Debug)]
pub(super) enum Slot {}

impl Slot {
    pub(super) fn begin<'a>(
        &self,
        _: &'a Inner,
        _: Arc<ToolEntry>,
        _: &str,
        _: Context,
    ) -> Result<Answering<'a>, ErrorObject> {
        match *self {}
    }
}

/// No work is a task.
pub(super) enum Live {}

impl Live {
    pub(super) const fn notification(&self, _: Outgoing) -> Outgoing {
        match *self {}
    }
}

#[cfg(feature = "ask")]
impl Live {
    pub(super) fn ask(&self, _: &str, _: crate::model::InputRequest) -> super::PeerAnswer {
        match *self {}
    }

    pub(super) fn request(&self, _: Outgoing) -> super::PeerAnswer {
        match *self {}
    }
}

impl Context {
    pub(super) const fn task_status(&self, _: &str) -> bool {
        false
    }

    pub(super) fn live_task(&self) -> Option<&Live> {
        self.task.as_ref().map(|slot| match **slot {})
    }
}
