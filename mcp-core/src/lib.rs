//! The Model Context Protocol as a sans-IO state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod app;
pub mod config;
#[cfg(feature = "driver")]
pub mod driver;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod id;
pub mod jsonrpc;
pub mod lifecycle;
pub mod model;
pub mod revision;
pub mod session;
pub mod time;
pub mod transport;
