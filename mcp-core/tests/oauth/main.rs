//! Authorization as a client, against scripted servers: no sockets, no clock.

mod code;
mod discovery;
mod dpop;
mod grants;
mod hostile;
mod registration;
mod renewal;
mod scopes;
mod support;
