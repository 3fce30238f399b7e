//! The modern era: every request says all that is needed to serve it.
//!
//! A request of 2026-07-28 carries the revision it speaks, what its client can do and, if it
//! likes, who that is, in its `_meta`. There is no handshake and no session: nothing of one
//! request is used for another (STATE-01), and none waits for anything but its own work.
//!
//! Nothing here knows a transport. [`Candidate::read`] and [`Candidate::accept`] are the two
//! halves of the checks, because HTTP has headers to look at in between; a transport without
//! headers calls [`ModernRequest::read`].

#[cfg(feature = "http")]
pub(crate) mod header;
mod mirror;
mod notification;
mod request;
mod subscription;

pub use mirror::{AnnotationProblem, InvalidAnnotation, MirroredParam, MirroredParams};
pub use notification::ModernNotification;
pub use request::{Caller, Candidate, ModernRequest, is_modern};

#[cfg(feature = "http")]
pub(crate) use request::unsupported;
pub(crate) use subscription::{belongs, listen_result};
