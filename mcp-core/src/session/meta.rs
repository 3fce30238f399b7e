//! What a session itself reads of a request's `_meta`.

use alloc::borrow::Cow;

use serde::Deserialize;

use crate::id::ProgressToken;
use crate::jsonrpc::{ErrorObject, Found, Member, Params, RawJson, with_meta_member};

/// The members of `_meta` that concern the session.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Meta<'a> {
    /// Names the request in progress notifications.
    #[serde(rename = "progressToken")]
    pub(super) progress_token: Option<ProgressToken>,
    /// Marks a request of the modern era, which never waits for a handshake.
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct WithMeta<'a> {
    #[serde(borrow, default, rename = "_meta")]
    meta: Meta<'a>,
}

impl<'a> Meta<'a> {
    /// Reads `_meta` if there is one.
    pub(super) fn read(params: Option<&'a Params>) -> Result<Self, ErrorObject> {
        let Some(params) = params else {
            return Ok(Self::default());
        };
        // Most requests have none.
        if params.members().is_some_and(|members| members.get(Member::Meta) == Found::Nothing) {
            return Ok(Self::default());
        }
        serde_json::from_str(params.as_str()).map(|WithMeta { meta }| meta).map_err(|error| {
            ErrorObject::invalid_params(alloc::format!("Invalid params._meta: {error}"))
        })
    }
}

/// The same parameters with a progress token in their `_meta`, unless they have one.
pub(super) fn with_progress_token(params: Option<&RawJson>, token: u64) -> RawJson {
    let params = params.cloned().unwrap_or(RawJson::EMPTY_OBJECT);
    with_meta_member(&params, "progressToken", &alloc::format!("{token}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_token_is_spliced_in() {
        for (before, after) in [
            ("{}", r#"{"_meta":{"progressToken":7}}"#),
            ("{ }", r#"{"_meta":{"progressToken":7} }"#),
            (r#"{"a":1e400}"#, r#"{"_meta":{"progressToken":7},"a":1e400}"#),
            (r#"{"a":1,"_meta":{}}"#, r#"{"a":1,"_meta":{"progressToken":7}}"#),
            (
                r#"{"_meta" : {"x":[1]}, "b":2}"#,
                r#"{"_meta" : {"progressToken":7,"x":[1]}, "b":2}"#,
            ),
            (r#"{"_meta":{"progressToken":"mine"}}"#, r#"{"_meta":{"progressToken":"mine"}}"#),
        ] {
            let params = RawJson::parse(before).unwrap();
            assert_eq!(with_progress_token(Some(&params), 7).as_str(), after);
        }
        let none = with_progress_token(None, 1);
        assert_eq!(none.as_str(), r#"{"_meta":{"progressToken":1}}"#);
    }
}
