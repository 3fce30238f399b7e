//! Multi round-trip requests: what a server asks for before it answers
//! (`2026-07-28/basic/patterns/mrtr`).

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Deserializer};

use super::ClientSession;
use super::requests::{Answered, Round, State};
use crate::error::RequestError;
use crate::id::{RequestHandle, RequestId, RequestKey};
use crate::jsonrpc::{ErrorObject, Params, RawJson, Reply};
use crate::lifecycle::Method;
use crate::model::members::optional_unique_map;
use crate::session::patience::Patience;
use crate::session::refusal::busy;
use crate::session::{IncomingRequest, Lane};
use crate::small::SmallMap;
use crate::time::Instant;

/// A result that asks for input.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asks {
    #[serde(default, deserialize_with = "entries")]
    input_requests: SmallMap<String, Ask>,
    /// Not looked into (MRTR-14).
    request_state: Option<RawJson>,
}

#[derive(Deserialize)]
struct Ask {
    method: String,
    params: Option<RawJson>,
}

fn entries<'de, D: Deserializer<'de>>(from: D) -> Result<SmallMap<String, Ask>, D::Error> {
    optional_unique_map(from).map(Option::unwrap_or_default)
}

impl ClientSession {
    /// Asks the application for what a request needs, or sends it again at once if that is
    /// nothing.
    pub(super) fn begin_round(&mut self, now: Instant, handle: RequestHandle, result: &RawJson) {
        let invalid = |why: &'static str| Err(RequestError::Invalid(why.into()));
        let Ok(Asks { input_requests, request_state }) = result.to::<Asks>() else {
            return self.finish(handle, invalid("the input asked for is malformed"));
        };
        if input_requests.is_empty() && request_state.is_none() {
            return self.finish(handle, invalid("the result asks for input and names none"));
        }
        let limits = self.config.limits;
        let Some(pending) = self.requests.get_mut(handle) else {
            return;
        };
        pending.rounds += 1;
        if pending.rounds > limits.rounds || input_requests.len() > limits.input_requests {
            return self.finish(handle, Err(RequestError::TooManyRounds));
        }
        let mut round = Round::default();
        round.answered.state = request_state;
        let mut asked = alloc::vec::Vec::with_capacity(input_requests.len());
        for (name, Ask { method, params }) in input_requests {
            match self.screen_input(asked.len(), &method, params.as_ref()) {
                Ok(method) => asked.push((name, method, params)),
                Err(error) => return self.finish(handle, Err(RequestError::InputRefused(error))),
            }
        }
        // Nobody waits for the server meanwhile.
        self.requests.set_patience(handle, None);
        for (name, method, params) in asked {
            let id = RequestId::from(name.as_str());
            let deadline = now + self.config.timeouts.incoming;
            let ticket = self.incoming.insert(id.clone(), Lane::Standing, deadline);
            self.inputs.insert(ticket.key(), handle);
            round.open.insert(ticket.key(), name);
            self.dispatch(IncomingRequest {
                ticket,
                id,
                method,
                params: params.map(Params::from),
                progress_token: None,
                held_for: Duration::ZERO,
                lane: Lane::Standing,
                caller: None,
            });
        }
        let is_answered = round.open.is_empty();
        self.requests.set_state(handle, State::Asking(round));
        if is_answered {
            self.end_round(now, handle);
        }
    }

    /// Takes an answer of the application.
    pub(super) fn answer_input(
        &mut self,
        now: Instant,
        handle: RequestHandle,
        key: RequestKey,
        reply: Reply,
    ) {
        let Some(name) = self.withdraw_input(handle, key) else {
            return;
        };
        let response = match reply {
            Ok(response) => response,
            Err(error) => return self.finish(handle, Err(RequestError::InputRefused(error))),
        };
        let Some(State::Asking(round)) = self.requests.get_mut(handle).map(|it| &mut it.state)
        else {
            return;
        };
        round.answered.responses.insert(name, response);
        // MRTR-09: all of them, or none.
        if round.open.is_empty() {
            self.end_round(now, handle);
        }
    }

    /// Strikes what is not open any more; its name comes back.
    pub(super) fn withdraw_input(
        &mut self,
        handle: RequestHandle,
        key: RequestKey,
    ) -> Option<String> {
        match &mut self.requests.get_mut(handle)?.state {
            State::Asking(round) => round.open.remove(&key),
            _ => None,
        }
    }

    /// Sends the request again, with what has been answered (MRTR-10).
    fn end_round(&mut self, now: Instant, handle: RequestHandle) {
        let Some(State::Asking(round)) = self.requests.set_state(handle, State::Waiting) else {
            return;
        };
        let Round { answered: Answered { responses, state }, .. } = round;
        let timeouts = &self.config.timeouts;
        let Some(pending) = self.requests.get_mut(handle) else {
            return;
        };
        pending.answered = Some(Answered { responses, state });
        let timeout = pending.item.timeout.unwrap_or(timeouts.request);
        let patience = Patience::new(now, timeout, timeouts.request_max);
        self.requests.set_patience(handle, Some(patience));
        self.counters.rounds += 1;
        self.outbox.wait(handle);
    }

    /// Whether the application can be asked at all, beside what else it is about to be asked.
    fn screen_input(
        &mut self,
        beside: usize,
        method: &str,
        params: Option<&RawJson>,
    ) -> Result<Method, ErrorObject> {
        let method = Method::from_name(method);
        // MRTR-06: these and no others.
        let known = matches!(
            method,
            Method::RootsList | Method::SamplingCreateMessage | Method::ElicitationCreate
        );
        if !known || !self.config.answers(&method) {
            self.counters.refused_unknown_method += 1;
            return Err(ErrorObject::method_not_found(method.as_str()));
        }
        if params.is_some_and(|params| !params.is_object()) {
            return Err(ErrorObject::invalid_params("Invalid params: not an object"));
        }
        self.screen(&method, params)?;
        if self.incoming.len() + beside >= self.config.limits.incoming {
            self.counters.refused_busy += 1;
            return Err(busy("Too many requests in flight", "too_many_requests"));
        }
        Ok(method)
    }
}
