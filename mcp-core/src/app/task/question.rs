//! Questions of a task: the task is `input_required` while one is open.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::future::poll_fn;

use super::super::PeerAnswer;
use super::live::{Live, State};
use crate::error::RequestError;
use crate::jsonrpc::{RawJson, with_meta_member};
use crate::model::{InputRequest, Meta};
use crate::session::Outgoing;

impl Live {
    /// Asks through the task (TASKX-12); the answer comes with `tasks/update`.
    pub(in super::super) fn ask(self: &Arc<Self>, key: &str, question: InputRequest) -> PeerAnswer {
        let live = Arc::clone(self);
        let key = key.to_owned();
        Box::pin(async move {
            let open = Open::new(live, Some((key, question)));
            let live = &open.live;
            let answer = poll_fn(|cx| {
                live.poll(cx, |state| {
                    if state.is_over() {
                        return Some(Err(RequestError::NotSent));
                    }
                    state.answers.remove(&open.name).map(Ok)
                })
            });
            answer.await
        })
    }

    /// Sends the client a request as soon as it waits for the task's result, where it expects
    /// questions (TASK-21, TASK-22).
    pub(in super::super) fn request(self: &Arc<Self>, mut request: Outgoing) -> PeerAnswer {
        let live = Arc::clone(self);
        request.params = Some(live.related(request.params.as_ref()));
        Box::pin(async move {
            let open = Open::new(live, None);
            let live = &open.live;
            loop {
                let window = poll_fn(|cx| {
                    live.poll(cx, |state| {
                        if state.is_over() { Some(None) } else { state.window().map(Some) }
                    })
                });
                let Some((key, connection, about)) = window.await else {
                    return Err(RequestError::NotSent);
                };
                match connection.peer().request(request.clone().about(about)).await {
                    // The client has stopped waiting; it may come back.
                    Err(RequestError::NotSent) => live.close_window(key),
                    outcome => return outcome,
                }
            }
        })
    }

    /// A notification of the task's work, on its way to where the client listens: beside the
    /// result it waits for, or to the session.
    pub(in super::super) fn notification(&self, mut notification: Outgoing) -> Outgoing {
        notification.params = Some(self.related(notification.params.as_ref()));
        match self.window() {
            Some((_, request)) => notification.about(request),
            None => notification,
        }
    }

    /// Params that say which task they belong to (TASK-19).
    pub(super) fn related(&self, params: Option<&RawJson>) -> RawJson {
        match params {
            Some(params) => related(params, self.id()),
            None => related(&RawJson::EMPTY_OBJECT, self.id()),
        }
    }

    /// Takes answers in; those to nothing that is open are ignored (TASKX-20).
    pub(super) fn answer(&self, answers: impl IntoIterator<Item = (String, RawJson)>) {
        let mut answers: BTreeMap<_, _> = answers.into_iter().collect();
        let state = self.lock();
        answers.retain(|name, _| state.record.input_requests.get(name).is_some());
        drop(state);
        if answers.is_empty() {
            return;
        }
        self.change(|state| {
            for (name, answer) in answers {
                if state.record.input_requests.remove(&name).is_some() {
                    state.answers.insert(name, answer);
                    state.close_question();
                }
            }
        });
    }
}

/// The same object, with the task it belongs to in its `_meta`.
pub(super) fn related(object: &RawJson, task: &str) -> RawJson {
    let task = RawJson::known(task);
    with_meta_member(object, Meta::RELATED_TASK, &format!(r#"{{"taskId":{}}}"#, task.as_str()))
}

/// A question that waits for its answer.
struct Open {
    live: Arc<Live>,
    /// The key the client knows it by; empty in 2025-11-25.
    name: String,
}

impl Open {
    fn new(live: Arc<Live>, question: Option<(String, InputRequest)>) -> Self {
        let mut name = String::new();
        live.change(|state| {
            if let Some((key, question)) = question {
                name = state.name(&key);
                state.record.input_requests.insert(name.clone(), question);
            }
            state.open += 1;
            state.set_status();
        });
        Self { live, name }
    }
}

impl Drop for Open {
    /// Answered, or no longer wanted.
    fn drop(&mut self) {
        let is_asked = {
            let state = self.live.lock();
            self.name.is_empty() || state.record.input_requests.get(&self.name).is_some()
        };
        if is_asked {
            self.live.change(|state| {
                state.record.input_requests.remove(&self.name);
                state.close_question();
            });
        }
    }
}

impl State {
    fn close_question(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.set_status();
    }

    /// A key that no other question of the task has (TASKX-18).
    fn name(&mut self, key: &str) -> String {
        self.keys.give(key)
    }
}
