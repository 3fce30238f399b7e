//! Headers that repeat what a body says, for intermediaries to route by.
//!
//! The body is the source of truth (HDR-37); a header that says something else, or cannot be
//! read, is refused with -32020, so that nobody on the way has decided on something that was
//! never asked (`2026-07-28/basic/transports/streamable-http#server-validation`).

use alloc::format;
use alloc::string::String;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::head::{self, Claims, Field, Several, Version};
use super::mcp::PROTOCOL_VERSION;
use crate::jsonrpc::{ErrorCode, ErrorObject, RawJson};
use crate::model::RawObject;
use crate::model::members::Members;
use crate::modern::header::decode;
use crate::modern::{Candidate, MirroredParam, MirroredParams};

pub(super) const METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(super) const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The largest integer that may be mirrored (HDR-16). Larger ones have no exact `f64`.
pub(super) const SAFE: f64 = 9_007_199_254_740_991.0;

/// Compares the standard headers of a request with its body.
pub(super) fn check(claims: &Claims, candidate: &Candidate) -> Result<(), ErrorObject> {
    let version = match required(claims.version.as_ref(), &PROTOCOL_VERSION)? {
        Version::Known(revision) => revision.as_str(),
        Version::Other(value) => text(value, &PROTOCOL_VERSION)?,
    };
    compare(version, candidate.version(), &PROTOCOL_VERSION)?;
    let method = text(required(claims.method.as_ref(), &METHOD)?, &METHOD)?;
    compare(method, candidate.method(), &METHOD)?;
    if !candidate.has_subject() {
        return Ok(());
    }
    let name = text(required(claims.name.as_ref(), &NAME)?, &NAME)?;
    let name = decode(name).ok_or_else(|| mismatch(&NAME, NOT_BASE64))?;
    match candidate.subject()? {
        Some(named) => compare(&name, &named, &NAME),
        // Without one the request is a bad one all the same, and its handler says so better.
        None => Ok(()),
    }
}

fn compare(claimed: &str, said: &str, name: &HeaderName) -> Result<(), ErrorObject> {
    if claimed == said { Ok(()) } else { Err(mismatch(name, "does not match the body")) }
}

/// Compares the mirrored arguments of a tool with the call's body.
pub(super) fn check_params(
    headers: &HeaderMap,
    params: &RawJson,
    mirrored: &MirroredParams,
) -> Result<(), ErrorObject> {
    if mirrored.is_empty() {
        return Ok(());
    }
    let arguments = Members::of(params).last("arguments").cloned();
    let arguments = arguments.and_then(|json| RawObject::try_from(json).ok()).unwrap_or_default();
    mirrored.iter().try_for_each(|param| check_param(headers, param, &arguments))
}

fn check_param(
    headers: &HeaderMap,
    param: &MirroredParam,
    arguments: &RawObject,
) -> Result<(), ErrorObject> {
    let Ok(name) = HeaderName::from_bytes(param.header().as_bytes()) else {
        return Ok(());
    };
    let header = one(head::single(headers, &name), &name)?;
    let header = header.map(|header| text(header, &name)).transpose()?;
    let (header, argument) = match (header, param.argument(arguments)) {
        (None, None) => return Ok(()),
        // It cannot be mirrored, and does not fit the schema: its handler says so better.
        (None, Some(argument)) if argument.as_str().starts_with(['[', '{']) => return Ok(()),
        (None, Some(_)) => return Err(mismatch(&name, "is missing")),
        (Some(_), None) => return Err(mismatch(&name, "has no counterpart in the body")),
        (Some(header), Some(argument)) => (header, argument),
    };
    let header = decode(header).ok_or_else(|| mismatch(&name, NOT_BASE64))?;
    let same = match argument.as_str() {
        text if text.starts_with('"') => argument.to::<String>().is_ok_and(|text| header == text),
        flag @ ("true" | "false") => header == flag,
        container if container.starts_with(['[', '{']) => false,
        number => is_same_number(&header, number),
    };
    if same { Ok(()) } else { Err(mismatch(&name, "does not match the body")) }
}

/// Compares as numbers what `f64` can tell apart (HDR-31), and as text what it cannot.
fn is_same_number(header: &str, argument: &str) -> bool {
    let number = |text: &str| serde_json::from_str(text).ok().filter(|it: &f64| it.abs() <= SAFE);
    header == argument || number(header).is_some_and(|it| number(argument) == Some(it))
}

fn required<T>(field: Field<T>, name: &HeaderName) -> Result<T, ErrorObject> {
    one(field.single(), name)?.ok_or_else(|| mismatch(name, "is missing"))
}

fn one<T>(value: Result<Option<T>, Several>, name: &HeaderName) -> Result<Option<T>, ErrorObject> {
    value.map_err(|Several| mismatch(name, "stands there more than once"))
}

/// The value without the white space around it (HDR-10).
fn text<'a>(value: &'a HeaderValue, name: &HeaderName) -> Result<&'a str, ErrorObject> {
    let text =
        value.to_str().map_err(|_| mismatch(name, "holds characters other than visible ASCII"))?;
    // Nearly none has any.
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let is_bare = !is_space(text.as_bytes().first()) && !is_space(text.as_bytes().last());
    Ok(if is_bare { text } else { text.trim_matches([' ', '\t']) })
}

const NOT_BASE64: &str = "is not the Base64 it says it is";

fn mismatch(name: &HeaderName, what: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::HEADER_MISMATCH, format!("Header mismatch: {name} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HDR-31.
    #[test]
    fn integers_are_compared_as_numbers() {
        for (header, argument) in [("42", "42"), ("42.0", "42"), ("42", "42.0"), ("-0", "0")] {
            assert!(is_same_number(header, argument), "{header} {argument}");
        }
        for (header, argument) in [
            ("43", "42"),
            ("+42", "42"),
            ("042", "42"),
            ("", "0"),
            ("inf", "1e999"),
            ("9007199254740993", "9007199254740992"),
        ] {
            assert!(!is_same_number(header, argument), "{header} {argument}");
        }
    }
}
