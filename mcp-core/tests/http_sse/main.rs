//! The HTTP+SSE pair, one subject per file: heads and bodies go in, heads and events come out, and
//! time is a number. Tests cite what they pin: `case_nn` is a report of what broke for users of
//! other implementations, `race_x` an order of frames measured against them, and ids such as
//! `SSE-02` stand for requirements of the specification.

extern crate alloc;

mod admission;
mod bounds;
mod end;
mod messages;
mod order;
mod stream;
mod support;
