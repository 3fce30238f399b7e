//! Applications, one subject per file. Tests cite what they pin: `case_nn` is a report of what
//! broke for users of other implementations, and ids such as `TOOL-13` stand for requirements of
//! the specification.

extern crate alloc;

mod changes;
mod completions;
mod config;
mod context;
#[cfg(feature = "schemars")]
mod forms;
mod lists;
mod modern;
mod prompts;
mod questions;
mod resources;
mod rounds;
mod state;
mod subscriptions;
mod support;
mod tasks;
mod tools;
#[cfg(feature = "schemars")]
mod typed;
#[cfg(feature = "validate")]
mod validation;
