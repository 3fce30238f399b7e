//! Code the examples share: what does not depend on the runtime is written once.

pub mod catalog;
pub mod cli;
mod command_line;
pub mod delay;
pub mod everything;
pub mod everything_client;
pub mod options;
pub mod protected;
mod serving;

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
