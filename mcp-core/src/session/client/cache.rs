//! Results that their server says are fresh for a while
//! (`2026-07-28/server/utilities/caching`).

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use core::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::screen::{has_member, has_round};
use crate::config::ClientLimits;
use crate::jsonrpc::RawJson;
use crate::lifecycle::{Method, NotificationMethod};
use crate::session::Outgoing;
use crate::time::Instant;

/// The method and the text of the parameters: another text may mean the same, and is asked for
/// again.
type Key = (String, String);

#[derive(Debug)]
struct Entry {
    result: RawJson,
    fresh_until: Instant,
    /// Of a resource.
    uri: Option<String>,
    is_private: bool,
    cost: usize,
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: BTreeMap<Key, Entry>,
    bytes: usize,
    /// How often something was found to be out of date: what was on its way then is not kept.
    pub(super) epoch: u64,
}

impl Cache {
    /// A result that is fresh.
    pub(super) fn get(&mut self, now: Instant, item: &Outgoing) -> Option<RawJson> {
        if self.entries.is_empty() || !item.cached {
            return None;
        }
        let key = key(item)?;
        let entry = self.entries.get(&key)?;
        if now < entry.fresh_until {
            return Some(entry.result.clone());
        }
        self.remove(&key);
        None
    }

    /// Keeps a complete result for as long as it says it is fresh (CACHE-08). 0, nothing and less
    /// than nothing mean not at all (CACHE-07).
    pub(super) fn put(
        &mut self,
        now: Instant,
        limits: &ClientLimits,
        item: &Outgoing,
        result: &RawJson,
    ) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Hints<'a> {
            #[serde(borrow)]
            ttl_ms: Option<&'a RawValue>,
            #[serde(borrow)]
            cache_scope: Option<&'a RawValue>,
        }
        let Some(key) = key(item) else { return };
        self.remove(&key);
        let Ok(Hints { ttl_ms, cache_scope }) = serde_json::from_str(result.as_str()) else {
            return;
        };
        let ttl = ttl_ms.and_then(|ttl| ttl.get().parse::<u64>().ok()).unwrap_or_default();
        let cost = result.len() + key.0.len() + key.1.len() + size_of::<Entry>();
        if ttl == 0 || limits.cached_results == 0 || cost > limits.cached_bytes {
            return;
        }
        // CACHE-16: only what says so is public.
        let is_private = cache_scope.is_none_or(|scope| scope.get() != "\"public\"");
        let fresh_until = now + Duration::from_millis(ttl);
        // A slice keeps the whole buffer it was read into.
        let result = result.detached();
        let uri = item.params.as_ref().and_then(uri);
        self.bytes += cost;
        self.entries.insert(key, Entry { result, fresh_until, uri, is_private, cost });
        while self.entries.len() > limits.cached_results || self.bytes > limits.cached_bytes {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.fresh_until);
            let Some(key) = first.map(|(key, _)| key.clone()) else { break };
            self.remove(&key);
        }
    }

    /// Forgets what a notification says is out of date (CACHE-12).
    pub(super) fn invalidate(&mut self, method: &NotificationMethod, params: Option<&RawJson>) {
        match method {
            NotificationMethod::ToolsListChanged => self.forget_method(&[Method::ToolsList]),
            NotificationMethod::PromptsListChanged => self.forget_method(&[Method::PromptsList]),
            NotificationMethod::ResourcesListChanged => {
                self.forget_method(&[Method::ResourcesList, Method::ResourcesTemplatesList]);
            }
            NotificationMethod::ResourcesUpdated => {
                let changed = params.and_then(uri);
                self.forget(|_, entry| entry.uri.is_some() && entry.uri == changed);
            }
            _ => {}
        }
    }

    /// Forgets all pages of a list: a cursor did not work any more (CACHE-14).
    pub(super) fn handle_bad_cursor(&mut self, item: &Outgoing) {
        if item.params.as_ref().is_some_and(|params| has_member(params, "cursor")) {
            self.forget_method(&[Method::from_name(&item.method)]);
        }
    }

    /// Forgets what is for one authorization alone (CACHE-11).
    pub(super) fn forget_private(&mut self) {
        self.forget(|_, entry| entry.is_private);
    }

    pub(super) fn clear(&mut self) {
        self.forget(|_, _| true);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget_method(&mut self, methods: &[Method]) {
        self.forget(|key, _| methods.iter().any(|method| method.as_str() == key.0));
    }

    fn forget(&mut self, which: impl Fn(&Key, &Entry) -> bool) {
        self.epoch += 1;
        let bytes = &mut self.bytes;
        self.entries.retain(|key, entry| {
            let goes = which(key, entry);
            *bytes -= if goes { entry.cost } else { 0 };
            !goes
        });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.cost;
        }
    }
}

/// What a result is kept under, if it may be kept: not the rounds of a request (CACHE-06), and not
/// what says more than what it wants in its `_meta`.
fn key(item: &Outgoing) -> Option<Key> {
    let cacheable = matches!(
        Method::from_name(&item.method),
        Method::ServerDiscover
            | Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
            | Method::ResourcesRead
    );
    let params = item.params.as_ref();
    if !cacheable || params.is_some_and(|params| has_round(params) || has_member(params, "_meta")) {
        return None;
    }
    let params = params.map_or("{}", RawJson::as_str);
    Some((item.method.to_string(), params.to_string()))
}

fn uri(params: &RawJson) -> Option<String> {
    #[derive(Deserialize)]
    struct Params {
        uri: Option<String>,
    }
    params.to::<Params>().ok().and_then(|params| params.uri)
}
