//! The Model Context Protocol as a sans-IO state machine.
//!
//! Bytes and HTTP heads go in; events, frames and response bodies come out. The crate opens no
//! socket, reads no clock, starts no task and has no randomness of its own: time and a seed are
//! arguments. Runtimes are other crates, `mcp-tokio` and `mcp-smol` among them.
//!
//! # The contract
//!
//! Every machine has the same four groups of methods, in this order: constructors, commands
//! (`respond`, `notify`, `close` …), inputs (`handle_*`), outputs (`poll_*`), and then getters.
//! Any order of calls is legal; polling what is empty is harmless; a bound that is reached hands
//! the item back; nothing a peer sends makes a machine panic or grow without end.
//!
//! - [`session::ServerSession`]: a legacy session with the hold queue for requests that come
//!   before the handshake is done.
//! - [`transport::http::HttpServer`]: Streamable HTTP and HTTP+SSE around such sessions.
//! - [`transport::stdio`] and [`transport::sse`]: the codecs.
//! - [`modern`]: requests of the era without sessions, checked and ready to be worked on.
//! - [`app`]: tools, resources and prompts behind any session.
//! - [`driver`]: the async glue that runtime crates share.
//!
//! # Where what is decided
//!
//! - [`lifecycle`] holds the rules of both eras as tables; sessions look up, they do not decide.
//! - [`jsonrpc`] reads envelopes into slices of the bytes that came and classifies them by the
//!   members they have; nothing is parsed by trial.
//! - [`model`] has one type per concept for all revisions, and what each revision lacks as data.
//! - [`config`] has every bound and deadline, each finite by default, with its reason.
//! - [`error`] says whose fault something is and whether the session lives on.
//!
//! # Features
//!
//! `std`, `http`, `client`, `ask` and `tasks` are on by default. Without all of them the crate is
//! `no_std` with `alloc`: sessions and stdio; without `client` it is the server's end alone. `ask`
//! lets the handlers of servers ask clients for input, and `tasks` calls go on as tasks. `schemars` derives
//! input schemas from argument types, `validate` holds tools to their schemas: servers
//! their own, clients those of others. `driver` is the async glue of servers and `client-driver` that
//! of clients, `tower` makes the HTTP service one of `tower`'s. `es256` adds keys that clients sign
//! with, `skills` what hosts of skills have to check. Features only add.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod app;
#[cfg(feature = "http")]
pub mod auth;
pub mod config;
#[cfg(feature = "driver")]
pub mod driver;
pub mod error;
#[cfg_attr(not(feature = "driver"), allow(dead_code))]
mod flat;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod id;
pub mod jsonrpc;
pub mod lifecycle;
pub mod model;
pub mod modern;
pub mod revision;
pub mod session;
#[cfg(feature = "skills")]
pub mod skills;
#[cfg_attr(not(all(feature = "driver", feature = "tasks")), allow(dead_code))]
mod small;
pub mod time;
pub mod transport;
#[cfg(feature = "validate")]
pub mod validate;
