//! Log messages.

use alloc::string::String;
use core::str::FromStr;

use super::wire::{wire, wire_enum};
use super::{Meta, RawJson};

wire_enum! {
    /// How severe a log message is, in ascending order (RFC 5424).
    ///
    /// ```
    /// use mcp_core::model::Level;
    ///
    /// assert!(Level::Debug < Level::Error);
    /// assert_eq!("notice".parse(), Ok(Level::Notice));
    /// ```
    pub enum Level {
        /// Detail for debugging.
        Debug = "debug",
        /// General information.
        Info = "info",
        /// Normal but significant.
        Notice = "notice",
        /// Something may be wrong.
        Warning = "warning",
        /// Something failed.
        Error = "error",
        /// A part failed for good.
        Critical = "critical",
        /// Someone has to act at once.
        Alert = "alert",
        /// The system is unusable.
        Emergency = "emergency",
    }
}

/// The text names no log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log level")]
#[non_exhaustive]
pub struct UnknownLevel;

impl Level {
    /// Every level, least severe first.
    pub const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

wire! {
    /// The params of `logging/setLevel`; until 2025-11-25.
    pub struct SetLevelParams from client {
        required {
            /// The least severe level to send.
            level: Level,
        }
        always {
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}

wire! {
    /// The params of `notifications/message` (`2025-11-25/server/utilities/logging`).
    ///
    /// In 2026-07-28 it may only be sent on the stream of a request that asked for it.
    pub struct LogParams from server {
        required {
            /// How severe the message is.
            level: Level,
            /// The message: text or any other JSON.
            data: RawJson,
        }
        always {
            /// Which part of the server speaks.
            logger / with_logger: String,
            /// Metadata.
            meta = "_meta" / with_meta: Meta,
        }
    }
}
