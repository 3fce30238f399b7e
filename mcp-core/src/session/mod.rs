//! Sessions of both roles: the handshake, what has to wait for it, and everything in flight in
//! both directions.

#[cfg(feature = "client")]
mod client;
mod counters;
mod event;
mod events;
mod hold;
mod in_flight;
mod meta;
mod notices;
mod outbound;
mod outbox;
mod patience;
mod refusal;
mod server;
mod snapshot;

#[cfg(feature = "client")]
pub use client::{
    ClientCloseReason, ClientEvent, ClientSession, ClientTransmit, PageError, Pages, Server,
    TaskOutcome, TaskWatch, TransmitKey, TransmitKind,
};
pub use counters::Counters;
pub use event::{
    CancelReason, Client, CloseReason, EarlyRefusal, IncomingRequest, InitializeTicket, Lane,
    Outgoing, ServerEvent, Transmit,
};
pub use server::ServerSession;
pub use snapshot::{ClientSnapshot, RestoreError, SessionSnapshot, StreamsSnapshot};
