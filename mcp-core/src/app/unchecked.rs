//! What holds tools to their schemas in builds without the feature `validate`: nothing.

use super::ConfigError;
use super::decode::Misfit;
use crate::jsonrpc::RawJson;
use crate::model::Tool;

/// A contract that nobody reads.
#[derive(Debug, Default)]
pub(super) struct Contract(());

impl Contract {
    #[expect(clippy::unnecessary_wraps, reason = "the contract that is read can be a bad one")]
    pub(super) const fn of(_: &Tool) -> Result<Self, ConfigError> {
        Ok(Self(()))
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "see `of`")]
    pub(super) const fn check_arguments(&self, _: &str) -> Result<(), Misfit> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "see `of`")]
    pub(super) const fn allows_output(&self, _: &RawJson) -> bool {
        true
    }
}
