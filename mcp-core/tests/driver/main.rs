//! The async glue, on a runtime that has one thread, a clock that stands still and pipes in
//! memory. Tests cite what they pin: `case_nn` is a report of what broke for users of other
//! implementations, `race_x` an order of frames measured against them.

extern crate alloc;

mod app;
mod calls;
mod client;
mod http;
mod net;
mod pipe;
mod runtime;
mod stdio;
mod streamable;
