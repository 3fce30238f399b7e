//! A protected server, its pages and its bounds, driven by hand: whoever verifies tokens is this
//! test. Tests cite what they pin: `case_nn` is a report of what broke for users of other
//! implementations.

extern crate alloc;

mod bounds;
mod browsers;
mod scopes;
mod sessions;
mod support;
mod tokens;
