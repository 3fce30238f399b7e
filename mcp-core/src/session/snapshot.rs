//! A session as a value, to go on elsewhere.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Client;
use crate::model::{ClientCapabilities, Implementation, Level};
use crate::revision::{Era, Revision};

/// The form that is written.
const VERSION: u32 = 1;

/// A session of the legacy era as a value: on another machine, or after a restart, it goes on
/// where it was, with no handshake.
///
/// Serialize it in any format; unknown members are ignored and [`RestoreError`] tells of forms that
/// are too new. There are no credentials in it, nor the id of the session, which is as good as one:
/// key by it. Who the client is, is in it: what it calls itself, and on whose behalf it speaks, which
/// the session stays bound to.
///
/// What is held or in flight is not in it. Such requests stay with the session they came to, which
/// answers them; to lose none, drain that session first. The events of streams are not in it either:
/// give both servers one [`EventStore`](crate::transport::http::EventStore), or clients that come
/// back for the rest of a stream are told to open a new one.
///
/// Only sessions of Streamable HTTP can go on: one of HTTP+SSE is its event stream, and ends with it.
/// The `endpoint` of the next one says `init_required=true`, and its client initializes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionSnapshot {
    /// The form this has.
    pub version: u32,
    /// The revision agreed on. It says which era the session is of.
    pub revision: String,
    /// Whether `notifications/initialized` has come.
    pub initialized: bool,
    /// How many requests the server has sent: the next one has the next id.
    pub requests: u64,
    /// Who the client is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientSnapshot>,
    /// The least severe log messages the client wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<Level>,
    /// The resources the client watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
    /// On whose behalf the client speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Where its streams are, for a session of Streamable HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<StreamsSnapshot>,
}

/// What a client said of itself in `initialize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientSnapshot {
    /// What it can be asked.
    pub capabilities: ClientCapabilities,
    /// What it calls itself.
    pub info: Implementation,
}

/// How far the names of streams and events have been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StreamsSnapshot {
    /// The newest stream that answers a `POST`.
    pub exchanges: u64,
    /// The place of the newest event of the stream a client opens with `GET`.
    pub standing: u64,
}

/// Why a session cannot be restored. It is nobody's fault on the wire: the client hears that there
/// is no such session, and initializes, or for [`NoRoom`](Self::NoRoom) that it may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot has a form that this version does not know.
    #[error("the snapshot has a form that is not known here")]
    Version,
    /// The revision is none of those that have sessions.
    #[error("the snapshot is of a revision without sessions")]
    Revision,
    /// The server has as many sessions as it may have, or is stopping.
    #[error("the server takes no more sessions")]
    NoRoom,
}

impl SessionSnapshot {
    pub(super) fn new(revision: Revision, initialized: bool, requests: u64) -> Self {
        Self {
            version: VERSION,
            revision: revision.as_str().into(),
            initialized,
            requests,
            client: None,
            log_level: None,
            subscriptions: Vec::new(),
            principal: None,
            streams: None,
        }
    }

    /// Adds who the client is.
    #[must_use]
    pub fn with_client(mut self, client: &Client) -> Self {
        let Client { capabilities, info, .. } = client.clone();
        self.client = Some(ClientSnapshot { capabilities, info });
        self
    }

    /// Who the client is.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        let ClientSnapshot { capabilities, info } = self.client.clone()?;
        Some(Client::new(self.revision().ok()?, capabilities, info))
    }

    /// The revision agreed on.
    ///
    /// # Errors
    /// [`RestoreError`] if the snapshot is none that can be restored here.
    pub fn revision(&self) -> Result<Revision, RestoreError> {
        if self.version != VERSION {
            return Err(RestoreError::Version);
        }
        let revision = self.revision.parse().ok();
        revision.filter(|it: &Revision| it.era() == Era::Legacy).ok_or(RestoreError::Revision)
    }
}
