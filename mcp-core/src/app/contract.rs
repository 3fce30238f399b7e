//! What holds tools to their schemas: nothing, in builds without the feature `validate`.

use super::ConfigError;
use super::decode::Misfit;
use crate::jsonrpc::RawJson;
use crate::model::Tool;

#[cfg(feature = "validate")]
pub(super) use checked::Contract;
#[cfg(not(feature = "validate"))]
pub(super) use unchecked::Contract;

#[cfg(feature = "validate")]
mod checked {
    use alloc::format;

    use super::super::decode;
    use super::{ConfigError, Misfit, RawJson, Tool};
    use crate::model::RawObject;
    use crate::validate::Validator;

    /// A tool's schemas, ready to be checked against.
    #[derive(Debug, Default)]
    pub(in super::super) struct Contract {
        /// None if any object will do: arguments are one before they get here.
        input: Option<Validator>,
        output: Option<Validator>,
    }

    impl Contract {
        pub(in super::super) fn of(tool: &Tool) -> Result<Self, ConfigError> {
            let compile = |schema: &RawObject, which| {
                Validator::new(schema).map_err(|error| {
                    let tool = tool.name.clone();
                    ConfigError::Schema { tool, which, error }
                })
            };
            let input = &tool.input_schema;
            let any_object = *input == Tool::new("").input_schema;
            Ok(Self {
                input: if any_object { None } else { Some(compile(input, "input")?) },
                output: tool.output_schema.as_ref().map(|it| compile(it, "output")).transpose()?,
            })
        }

        /// TOOL-30.
        pub(in super::super) fn check_arguments(&self, text: &str) -> Result<(), Misfit> {
            let Some(validator) = &self.input else {
                return Ok(());
            };
            let invalid = |why| Misfit::new(format!("Invalid arguments: {why}"));
            validator.check(&decode::instance(text)?).map_err(invalid)
        }

        /// TOOL-22.
        pub(in super::super) fn allows_output(&self, json: &RawJson) -> bool {
            let Some(validator) = &self.output else {
                return true;
            };
            json.to().is_ok_and(|value| validator.allows(&value))
        }
    }
}

#[cfg(not(feature = "validate"))]
mod unchecked {
    use super::{ConfigError, Misfit, RawJson, Tool};

    /// A contract that nobody reads.
    #[derive(Debug, Default)]
    pub(in super::super) struct Contract(());

    impl Contract {
        #[expect(clippy::unnecessary_wraps, reason = "the contract that is read can be a bad one")]
        pub(in super::super) const fn of(_: &Tool) -> Result<Self, ConfigError> {
            Ok(Self(()))
        }

        #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "see `of`")]
        pub(in super::super) const fn check_arguments(&self, _: &str) -> Result<(), Misfit> {
            Ok(())
        }

        #[expect(clippy::unused_self, reason = "see `of`")]
        pub(in super::super) const fn allows_output(&self, _: &RawJson) -> bool {
            true
        }
    }
}
