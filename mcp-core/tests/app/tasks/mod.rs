//! Tasks in both designs, with time and background work that tests move by hand.

mod extension;
mod isolation;
mod legacy;
mod machine;
mod store;
