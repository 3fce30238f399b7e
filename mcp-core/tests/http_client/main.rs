//! The client's end of HTTP: scripted servers, our own server, virtual time, no sockets.

mod support;

mod authorization;
mod ladder;
mod modern;
mod redirects;
mod sessions;
