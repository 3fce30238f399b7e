//! `mcp`: a client for people, on the command line.
#![allow(dead_code)]

mod arguments;
mod command;
mod show;
mod table;
mod values;
