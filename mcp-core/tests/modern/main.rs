//! The era without sessions, end to end and without sockets: a server, a runtime whose clock
//! stands still, and clients that say in every request who they are. Tests cite the requirements
//! they pin, and `case_nn`, reports of what broke for users of other implementations.

extern crate alloc;

mod answers;
mod discover;
mod duties;
mod headers;
mod meta;
mod moving;
mod notifications;
#[path = "../driver/pipe.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod pipe;
mod protected;
#[path = "../driver/runtime.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod runtime;
mod stdio;
mod subscriptions;
mod support;
mod tasks;
