//! What callers may rely on at compile time.

use mcp_core::config::{HoldBudget, Limits, SessionConfig, Timeouts};
use mcp_core::error::{PeerError, RequestError, SendError};
use mcp_core::id::{ProgressToken, RequestHandle, RequestId, RequestKey, RequestTicket};
use mcp_core::jsonrpc::{
    EnvelopeError, ErrorObject, Frame, Incoming, Message, RawJson, Request, Response, Text,
};
use mcp_core::session::{
    Counters, IncomingRequest, InitializeTicket, Lane, Outgoing, ServerEvent, ServerSession,
    Transmit,
};
use mcp_core::time::Instant;

#[test]
fn everything_can_be_moved_and_shared_between_threads() {
    const fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<ServerSession>();
    check::<ServerEvent>();
    check::<IncomingRequest>();
    check::<InitializeTicket>();
    check::<Transmit>();
    check::<Outgoing>();
    check::<Lane>();
    check::<Counters>();
    check::<(SessionConfig, Limits, Timeouts, HoldBudget)>();
    check::<(PeerError, RequestError, SendError<Outgoing>)>();
    check::<(RequestId, ProgressToken, RequestKey, RequestHandle, RequestTicket)>();
    check::<(Incoming, Message, Request, Response, EnvelopeError, ErrorObject)>();
    check::<(Frame, RawJson, Text, Instant)>();
}

/// Events and frames are moved a lot; growing them is a decision.
#[test]
fn sizes_are_what_we_decided_on() {
    use core::mem::size_of;
    assert!(size_of::<ServerEvent>() <= 200, "{}", size_of::<ServerEvent>());
    assert!(size_of::<Transmit>() <= 112, "{}", size_of::<Transmit>());
    assert!(size_of::<RequestId>() <= 40, "{}", size_of::<RequestId>());
    assert!(size_of::<RequestTicket>() <= 8);
    assert!(size_of::<ServerSession>() <= 1024, "{}", size_of::<ServerSession>());
}
