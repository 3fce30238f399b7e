//! The client's end of HTTP: scripted servers, our own server, virtual time, no sockets.

#![cfg(feature = "http")]

mod support;

mod ladder;
