//! The rules of both eras as tables: which methods exist when, and which step follows which.
//!
//! Sessions ask these tables and decide nothing of it themselves, so the tables can be held
//! against the specification line by line.

mod client;
mod handshake;
mod method;

pub use client::{CLIENT_HANDSHAKE, ClientPhase, ClientRow, ClientStep, client_step};
pub use handshake::{HANDSHAKE, Phase, Refusal, Row, Step, step};
pub use method::{Method, MethodSet, NotificationMethod, Sender};
