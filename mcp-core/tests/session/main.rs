//! A server's session, one subject per file. Tests cite what they pin: `case_nn` is a report of
//! what broke for users of other implementations, `race_x` an order of frames measured against
//! them, and ids such as `CANCEL-06` stand for requirements of the specification.

extern crate alloc;

mod bounds;
mod cancel;
mod early;
mod end;
mod handshake;
mod ids;
mod outbound;
mod support;
mod timeouts;
mod types;
