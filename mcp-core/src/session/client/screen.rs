//! What a server asks for against what the client has declared.

use alloc::collections::VecDeque;
use alloc::string::String;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ClientSession;
use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use crate::lifecycle::Method;

/// Elicitations by URL whose completion is still waited for; the oldest is forgotten.
const ELICITATIONS: usize = 64;

/// Bytes of an id of theirs: they are kept.
const ELICITATION_ID: usize = 256;

/// -32042: something has to be done at a URL first (2025-11-25 only).
const URL_ELICITATION_REQUIRED: ErrorCode = ErrorCode::new(-32042);

/// The ids of elicitations by URL that are not complete yet.
#[derive(Debug, Default)]
pub(super) struct Elicitations(VecDeque<String>);

#[derive(Deserialize)]
struct Elicitation {
    #[serde(rename = "elicitationId")]
    id: Option<String>,
}

impl Elicitations {
    fn note(&mut self, id: Option<String>) {
        let Some(id) = id.filter(|id| id.len() <= ELICITATION_ID && !self.0.contains(id)) else {
            return;
        };
        if self.0.len() == ELICITATIONS {
            self.0.pop_front();
        }
        self.0.push_back(id);
    }

    /// Takes note of those that an error asks for.
    pub(super) fn note_error(&mut self, error: &ErrorObject) {
        #[derive(Deserialize)]
        struct Data {
            elicitations: alloc::vec::Vec<Elicitation>,
        }
        if error.code() == URL_ELICITATION_REQUIRED
            && let Some(Ok(data)) = error.data().map(RawJson::to::<Data>)
        {
            for Elicitation { id } in data.elicitations {
                self.note(id);
            }
        }
    }

    /// Whether one that is open is now complete (ELIC-19).
    pub(super) fn complete(&mut self, params: Option<&RawJson>) -> bool {
        let id = params.and_then(|params| params.to::<Elicitation>().ok()).and_then(|it| it.id);
        let place = id.and_then(|id| self.0.iter().position(|open| *open == id));
        place.and_then(|place| self.0.remove(place)).is_some()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl ClientSession {
    /// Refuses what the client has not declared: a mode of elicitation (ELIC-27), or tools in
    /// sampling (SAMP-08).
    pub(super) fn screen(
        &mut self,
        method: &Method,
        params: Option<&RawJson>,
    ) -> Result<(), ErrorObject> {
        let params = params.cloned().unwrap_or(RawJson::EMPTY_OBJECT);
        let capabilities = &self.config.capabilities;
        match method {
            Method::ElicitationCreate => {
                #[derive(Deserialize)]
                struct Params {
                    mode: Option<String>,
                    #[serde(rename = "elicitationId")]
                    id: Option<String>,
                }
                let Params { mode, id } = params.to().map_err(|error| {
                    ErrorObject::invalid_params(alloc::format!("Invalid params: {error}"))
                })?;
                let declared = match mode.as_deref() {
                    None | Some("form") => capabilities.elicits_forms(),
                    Some("url") => capabilities.elicits_urls(),
                    Some(_) => false,
                };
                if !declared {
                    return Err(ErrorObject::invalid_params(
                        "The client has not declared this mode of elicitation",
                    ));
                }
                self.elicitations.note(id);
            }
            Method::SamplingCreateMessage if !capabilities.samples_with_tools() => {
                let has_tools =
                    ["tools", "toolChoice"].iter().any(|name| has_member(&params, name));
                if has_tools {
                    return Err(ErrorObject::invalid_params(
                        "The client has not declared sampling with tools",
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a request asks to be worked on as a task of 2025-11-25.
pub(super) fn asks_for_task(params: &RawJson) -> bool {
    has_member(params, "task")
}

/// Whether the application answers for itself what the server has asked.
pub(super) fn has_round(params: &RawJson) -> bool {
    has_member(params, "inputResponses") || has_member(params, "requestState")
}

/// Whether an object has a member that is not null.
pub(super) fn has_member(object: &RawJson, name: &str) -> bool {
    type Members = alloc::collections::BTreeMap<String, Option<IgnoredAny>>;
    // Most have none; looking for the letters first spares them a parse. A backslash could spell
    // them with escapes.
    let text = object.as_str();
    (text.contains(name) || text.contains('\\'))
        && object
            .to::<Members>()
            .is_ok_and(|members| members.get(name).is_some_and(Option::is_some))
}
