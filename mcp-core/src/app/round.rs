//! One round of a request: the answers there are, and the questions that are still open.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::decode;
use super::keys::Keys;
use super::seal::Owner;
pub(super) use super::seal::Seal;
use super::server::Inner;
use crate::jsonrpc::{ErrorObject, Found, Member, Params, RawJson, Reply};
use crate::lifecycle::Method;
use crate::model::{InputRequest, InputRequests, InputRequiredResult, InputResponses};
use crate::revision::Revision;

/// What one run of a handler knows of the runs before it, and learns for the next.
#[derive(Debug)]
pub(super) struct Round {
    owner: Owner,
    /// The answers that came with the request.
    given: InputResponses,
    /// Most handlers neither ask nor remember anything.
    log: Mutex<Option<Box<Log>>>,
}

#[derive(Debug, Default)]
struct Log {
    state: State,
    /// What has been asked and not been answered.
    open: InputRequests,
    /// The keys of the questions of this run.
    keys: Keys,
}

/// What goes into `requestState`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// The number of rounds there have been: no two states of a request are the same (MRTR-25).
    #[serde(rename = "n")]
    rounds: u32,
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    answers: BTreeMap<String, RawJson>,
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    memos: BTreeMap<String, RawJson>,
}

/// The members of params that belong to one round.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoundParams {
    /// Twice optional: `null` is not the same as nothing.
    #[serde(default, deserialize_with = "present")]
    input_responses: Option<InputResponses>,
    #[serde(default, deserialize_with = "present")]
    request_state: Option<String>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Round {
    /// Reads what came with a request.
    pub(super) fn read(
        principal: Option<Arc<str>>,
        method: &Method,
        params: Option<&Params>,
        seal: &Seal,
    ) -> Result<Option<Arc<Self>>, ErrorObject> {
        let method = method.clone();
        let members = params.and_then(Params::members);
        let lacks = |member| members.is_some_and(|it| it.get(member) == Found::Nothing);
        let owner = Owner { principal, method, params: params.map(|params| params.json().clone()) };
        // The first round of a request, which most of them end with.
        let params = if lacks(Member::InputResponses) && lacks(Member::RequestState) {
            RoundParams::default()
        } else {
            decode::params(params)?
        };
        let state = match params.request_state {
            None => None,
            Some(sealed) => serde_json::from_slice(&seal.open(&owner, &sealed)?)
                .map(Some)
                .map_err(|_| ErrorObject::invalid_params("`requestState` is of another version"))?,
        };
        let log = Mutex::new(state.map(|state| Box::new(Log { state, ..Log::default() })));
        let given = params.input_responses.unwrap_or_default();
        Ok(Some(Arc::new(Self { owner, given, log })))
    }

    /// The key of the next question called `key`: the second one of that name in a run is
    /// another question, as it would be another request in the legacy era.
    pub(super) fn name(&self, key: &str) -> String {
        self.log(|log| log.keys.give(key))
    }

    /// The answer to a question. What was answered in an earlier round stays as it was.
    pub(super) fn answer(&self, name: &str) -> Option<RawJson> {
        let kept = self.log(|log| log.state.answers.get(name).cloned());
        kept.or_else(|| self.given.get(name).cloned())
    }

    /// Takes an answer over into the next rounds.
    pub(super) fn keep(&self, name: String, answer: RawJson) {
        self.log(|log| log.state.answers.insert(name, answer));
    }

    /// Takes note of a question to ask when the round ends.
    pub(super) fn ask(&self, name: String, question: InputRequest) {
        self.log(|log| log.open.insert(name, question));
    }

    pub(super) fn memo(&self, key: &str) -> Option<RawJson> {
        self.log(|log| log.state.memos.get(key).cloned())
    }

    pub(super) fn set_memo(&self, key: &str, value: RawJson) {
        self.log(|log| log.state.memos.insert(key.to_owned(), value));
    }

    /// Asks the questions that are open; `None` if there are none.
    pub(super) fn end(&self, server: &Inner, revision: Revision) -> Option<Reply> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let log = log.as_mut().filter(|log| !log.open.is_empty())?;
        log.state.rounds = log.state.rounds.saturating_add(1);
        let state = RawJson::known(&log.state);
        let asks = InputRequiredResult::new().with_input_requests(core::mem::take(&mut log.open));
        let state = server.seal.close(&self.owner, state.as_bytes());
        Some(state.and_then(|state| server.encode(asks.with_request_state(state), revision)))
    }

    fn log<T>(&self, look: impl FnOnce(&mut Log) -> T) -> T {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        look(log.get_or_insert_default())
    }
}
