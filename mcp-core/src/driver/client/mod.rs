//! Clients: connections and child processes, and the handle that applications hold.
//!
//! [`Client`] is the handle; [`ClientBuilder`] sets it up. A runtime crate supplies a
//! [`ClientPlatform`], and an alias for `Client` on it.

mod abort;
mod builder;
mod call;
mod child;
mod command;
mod dial;
mod dispatch;
mod error;
mod handle;
mod handlers;
mod http;
mod link;
mod listen;
mod machine;
mod net;
mod oauth;
mod origin;
mod pipe;
mod platform;
mod pool;
mod proxy;
#[cfg(feature = "skills")]
mod skills;
mod stream;
mod task;
mod tls;
mod trace;
mod trouble;

pub use builder::ClientBuilder;
pub use call::Call;
pub use command::{Command, Stderr};
pub use error::ClientError;
pub use handle::Client;
pub use link::Noise;
pub use listen::{Notification, Subscription};
pub use net::NetOptions;
pub use oauth::OAuth;
pub use platform::{Child, ClientPlatform};
pub use proxy::Proxies;
#[cfg(feature = "skills")]
pub use skills::LoadedSkill;
pub use tls::Tls;
pub use trace::Trace;
pub use trouble::Trouble;
