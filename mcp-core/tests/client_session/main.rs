//! A client's session, one subject per file. Tests cite what they pin: `case_nn` is a report of
//! what broke for users of other implementations, and ids such as `MRTR-12` stand for
//! requirements of the specification.

extern crate alloc;

mod bounds;
mod cache;
mod era;
mod handshake;
mod order;
mod pages;
mod requests;
mod restart;
mod rounds;
mod server_requests;
mod simulation;
mod subscriptions;
mod support;
mod task;
