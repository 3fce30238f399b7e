//! What the browser brings back.

use alloc::string::String;

use http::StatusCode;

use super::super::Secret;
use super::error::OAuthError;
use super::form;

/// The parameters of an authorization response (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Default)]
pub(super) struct Redirect {
    pub(super) state: Option<Secret>,
    pub(super) code: Option<Secret>,
    pub(super) issuer: Option<String>,
    error: Option<String>,
    description: Option<String>,
}

impl Redirect {
    /// Reads a query, with or without its `?`. A parameter that comes twice is an attempt to have
    /// two readers see two things.
    pub(super) fn parse(query: &str) -> Option<Self> {
        let mut read = Self::default();
        for (name, value) in form::parse(query.strip_prefix('?').unwrap_or(query))? {
            let is_first = match name.as_str() {
                "state" => read.state.replace(Secret::new(value)).is_none(),
                "code" => read.code.replace(Secret::new(value)).is_none(),
                "iss" => read.issuer.replace(value).is_none(),
                "error" => read.error.replace(value).is_none(),
                "error_description" => read.description.replace(value).is_none(),
                _ => true,
            };
            if !is_first {
                return None;
            }
        }
        Some(read)
    }

    pub(super) fn error(&self) -> Option<OAuthError> {
        let code = self.error.as_ref()?;
        Some(OAuthError::new(code, self.description.as_deref()))
    }
}

macro_rules! page {
    ($title:literal, $text:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>",
            $title,
            "</title>\n<h1>",
            $title,
            "</h1>\n<p>",
            $text,
            "</p>\n</html>\n"
        )
    };
}

/// What the person sees in the browser after a redirect to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectPage {
    /// The answer was the one waited for; the rest happens without the browser.
    Received,
    /// The answer was the one waited for, and it says no.
    Refused,
    /// Nothing was waited for, or not this: forged, doubled or late. It changed nothing.
    Unexpected,
}

impl RedirectPage {
    /// The status to answer with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Received | Self::Refused => StatusCode::OK,
            Self::Unexpected => StatusCode::BAD_REQUEST,
        }
    }

    /// The page, as HTML in UTF-8. It holds nothing of what came in the query and loads nothing.
    #[must_use]
    pub fn html(self) -> &'static str {
        match self {
            Self::Received => {
                page!("Done", "You can close this window and go back to the application.")
            }
            Self::Refused => page!(
                "Not authorized",
                "The application was not authorized. You can close this window."
            ),
            Self::Unexpected => page!(
                "Not expected",
                "The application is not waiting for this answer. Start again there."
            ),
        }
    }

    /// Headers to send with the page: it is not stored, framed, or told to others by a referrer.
    #[must_use]
    pub fn headers(self) -> [(&'static str, &'static str); 5] {
        [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("connection", "close"),
        ]
    }
}
