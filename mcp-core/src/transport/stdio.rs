//! The stdio line codec.
