//! Learning the headers of a call anew when the server says that they are wrong (HDR-32).

use alloc::collections::BTreeMap;
use alloc::string::String;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::HttpClient;
use super::exchange::{Exchange, Job, Purpose, Refresh};
use crate::id::RequestId;
use crate::jsonrpc::{
    EnvelopeLimits, ErrorObject, Frame, Incoming, Message, RawJson, Response, with_member,
};

/// Pages of the list that are looked at.
const PAGES: u32 = 32;

impl HttpClient {
    /// Asks for the list of tools, for a call that comes again after it.
    pub(super) fn refresh(&mut self, call: Job, error: ErrorObject) {
        self.ask(Refresh { call: call.into(), error, body: Bytes::new(), cursor: None, pages: 0 });
    }

    /// Takes a page of the list.
    pub(super) fn take_refreshed(&mut self, mut refresh: Refresh, frame: &Bytes) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            next_cursor: Option<String>,
        }
        let incoming = Incoming::parse(frame, &EnvelopeLimits::default());
        let Ok(Incoming::Message(Message::Response(Response { outcome: Ok(result), .. }))) =
            incoming
        else {
            self.refresh_failed(refresh);
            return;
        };
        self.tools.learn(&result, self.config.limits.tools);
        let next = result.to::<Page>().ok().and_then(|page| page.next_cursor);
        if next.is_some() && next != refresh.cursor && refresh.pages < PAGES {
            refresh.cursor = next;
            self.ask(refresh);
            return;
        }
        let mut call = refresh.call;
        if self.session.awaits(call.key) {
            call.refreshed = true;
            self.start(Exchange::new(Purpose::Message(call), self.endpoint.clone()));
        }
    }

    /// There is no such list: the call was refused, then.
    pub(super) fn refresh_failed(&mut self, refresh: Refresh) {
        if self.session.awaits(refresh.call.key) {
            self.answer(&refresh.call, refresh.error);
        }
    }

    fn ask(&mut self, mut refresh: Refresh) {
        if !self.session.awaits(refresh.call.key) {
            return;
        }
        refresh.pages += 1;
        refresh.body = list(&refresh, self.last_fetch);
        self.start(Exchange::new(Purpose::Refresh(refresh.into()), self.endpoint.clone()));
    }
}

/// A `tools/list` from the same client as the call.
fn list(refresh: &Refresh, number: u64) -> Bytes {
    #[derive(Deserialize)]
    struct Params<'a> {
        #[serde(borrow, rename = "_meta", default)]
        meta: BTreeMap<String, &'a RawValue>,
    }
    let params = refresh.call.params.as_ref().map_or("{}", RawJson::as_str);
    let mut meta =
        serde_json::from_str::<Params<'_>>(params).map(|params| params.meta).unwrap_or_default();
    meta.remove("progressToken");
    let meta = RawJson::known(&meta);
    let mut params = with_member(&RawJson::EMPTY_OBJECT, "_meta", meta.as_str());
    if let Some(cursor) = &refresh.cursor {
        params = with_member(&params, "cursor", RawJson::known(cursor).as_str());
    }
    // A string: the ids of the session are numbers.
    let id = RequestId::from(alloc::format!("tools-{number}").as_str());
    Frame::request(&id, "tools/list", Some(&params)).to_bytes()
}
