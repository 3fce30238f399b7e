//! Clients: connections and child processes, and the handle that applications hold.

mod command;
mod dial;
mod net;
mod origin;
mod platform;
mod pool;
mod proxy;
mod tls;

pub use command::{Command, Stderr};
pub use net::NetOptions;
pub use platform::{Child, ClientPlatform};
pub use proxy::Proxies;
pub use tls::Tls;
