//! The Model Context Protocol on smol.
