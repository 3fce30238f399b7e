//! What a session itself reads of a request's `_meta`.

use alloc::borrow::Cow;

use serde::de::{Error as _, Unexpected};

use crate::id::ProgressToken;
use crate::jsonrpc::{
    ErrorObject, Found, Member, Members, Params, RawJson, read_json, text_of, with_meta_member,
};

/// The members of `_meta` that concern the session.
#[derive(Debug, Default)]
pub(super) struct Meta<'a> {
    /// Names the request in progress notifications.
    pub(super) progress_token: Option<ProgressToken>,
    /// Marks a request of the modern era, which never waits for a handshake.
    pub(super) version: Option<Cow<'a, str>>,
}

impl<'a> Meta<'a> {
    /// Reads `_meta` if there is one.
    pub(super) fn read(params: Option<&'a Params>) -> Result<Self, ErrorObject> {
        let Some(params) = params else {
            return Ok(Self::default());
        };
        let read = match params.members() {
            Some(members) => Self::of(members),
            None => params
                .with_members(|members| Meta::of(members).map(Meta::into_owned))
                .and_then(|meta| meta),
        };
        read.map_err(|error| {
            ErrorObject::invalid_params(alloc::format!("Invalid params._meta: {error}"))
        })
    }

    fn of(members: Members<'a>) -> Result<Self, serde_json::Error> {
        match members.get(Member::Meta) {
            // Most requests have none.
            Found::Nothing => return Ok(Self::default()),
            Found::Once(b"null") => {
                return Err(serde_json::Error::invalid_type(Unexpected::Unit, &"an object"));
            }
            Found::Once(_) => {}
            Found::Twice => return Err(twice(Member::Meta)),
        }
        let optional = |member| members.optional(member).ok_or_else(|| twice(member));
        Ok(Self {
            progress_token: optional(Member::ProgressToken)?.map(read_json).transpose()?,
            version: optional(Member::ProtocolVersion)?.map(text_of).transpose()?,
        })
    }

    fn into_owned(self) -> Meta<'static> {
        let version = self.version.map(|version| Cow::Owned(version.into_owned()));
        Meta { version, ..self }
    }
}

fn twice(member: Member) -> serde_json::Error {
    serde_json::Error::duplicate_field(member.as_str())
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
