//! Notifications of clients of the modern era.

use alloc::string::String;

use super::Caller;
use super::request::Meta;
use crate::jsonrpc::{Member, Notification, Params, RawJson, read_json};
use crate::lifecycle::{NotificationMethod, Sender};
use crate::model::ClientCapabilities;
use crate::revision::{Era, Revision};

/// A notification of the modern era that the application may know what to do with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModernNotification {
    /// What it reports.
    pub method: NotificationMethod,
    /// An object, or absent.
    pub params: Option<RawJson>,
    /// Who sends it. Notifications need not say (META-17): what is not said is empty.
    pub caller: Caller,
}

impl ModernNotification {
    /// Takes a notification, of the newest revision unless it names another.
    ///
    /// `None` for what nobody has to hear of: it is of a revision that is not of this era, or its
    /// method is one that clients do not send in it. Notifications are never answered, so this is
    /// no error. What is about a message of the protocol, such as `notifications/cancelled`, is
    /// not for applications either.
    #[must_use]
    pub fn read(notification: Notification) -> Option<Self> {
        let Notification { method, params } = notification;
        let method = NotificationMethod::from_name(method.as_str());
        let params = params.map(|params| params.clone().outlined().unwrap_or(params));
        let members = params.as_ref().and_then(Params::members);
        let meta = members.and_then(|it| Meta::of(it).ok().flatten()).unwrap_or_default();
        let revision = match meta.version {
            None => Revision::V2026_07_28,
            Some(version) => read_json::<String>(version).ok()?.parse().ok()?,
        };
        if revision.era() != Era::Modern {
            return None;
        }
        match method {
            NotificationMethod::Cancelled | NotificationMethod::Progress => return None,
            NotificationMethod::Other(_) => {}
            ref known if !known.exists(revision, Sender::Client) => return None,
            _ => {}
        }
        let capabilities = meta.capabilities.and_then(|it| read_json(it).ok());
        let capabilities: ClientCapabilities = capabilities.unwrap_or_default();
        let info = params.as_ref().and_then(|params| params.member(Member::ClientInfo));
        let caller = Caller { revision, capabilities, log_level: None, info };
        Some(Self { method, params: params.map(RawJson::from), caller })
    }
}
