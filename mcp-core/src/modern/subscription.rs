//! What travels on the stream of a subscription, and how that ends.

use crate::id::RequestId;
use crate::jsonrpc::RawJson;
use crate::lifecycle::NotificationMethod;
use crate::model::{ForRevision, ListenResult, Meta};
use crate::revision::Revision;

/// Whether a notification may travel with a request: with a `subscriptions/listen` whatever that
/// can ask for, with every other what is about its work (SHTTP-M01, SHTTP-M03, LOG-11).
pub(crate) fn belongs(method: &str, listens: bool) -> bool {
    use NotificationMethod as M;
    match M::from_name(method) {
        M::Progress | M::Message => !listens,
        M::SubscriptionsAcknowledged
        | M::ToolsListChanged
        | M::PromptsListChanged
        | M::ResourcesListChanged
        | M::ResourcesUpdated
        | M::Tasks => listens,
        M::Other(_) => true,
        _ => false,
    }
}

/// The result that ends a subscription gracefully (SUB-12).
pub(crate) fn listen_result(id: &RequestId) -> RawJson {
    let result = ListenResult::new(Meta::new().with_subscription_id(id));
    RawJson::known(&result.for_revision(Revision::V2026_07_28))
}
