//! JSON-RPC 2.0 as the protocol uses it.
