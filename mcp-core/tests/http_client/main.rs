//! The client's end of HTTP: scripted servers, our own server, virtual time, no sockets.

mod support;

mod authorization;
mod bounds;
mod end;
mod ladder;
mod legacy_sse;
mod modern;
mod pair;
mod redirects;
mod sessions;
mod streams;
