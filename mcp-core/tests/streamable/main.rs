//! Streamable HTTP in the legacy era, one subject per file: heads and bodies go in, heads and
//! events come out, and time is a number. Tests cite what they pin: `case_nn` is a report of what
//! broke for users of other implementations, `race_x` an order of frames measured against them,
//! and ids such as `SHTTP-L05` stand for requirements of the specification.
#![cfg(feature = "http")]

extern crate alloc;

mod answers;
mod batches;
mod bounds;
mod headers;
mod ids;
mod listen;
mod polling;
mod resume;
mod sessions;
mod support;
