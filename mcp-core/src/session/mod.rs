//! Sessions of the legacy era: the handshake, the requests that came too early, and everything
//! in flight in both directions.

mod counters;
mod event;
mod hold;
mod in_flight;
mod meta;
mod outbound;
mod outbox;
mod server;

pub use counters::Counters;
pub use event::{
    CancelReason, Client, CloseReason, EarlyRefusal, IncomingRequest, InitializeTicket, Lane,
    Outgoing, ServerEvent, Transmit,
};
pub use server::ServerSession;
