//! The Model Context Protocol as a sans-IO state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod id;
pub mod jsonrpc;
pub mod model;
pub mod revision;
pub mod time;
pub mod transport;
