//! A look for metadata, at one place after the other.

use alloc::collections::VecDeque;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::super::url::WebUrl;
use super::super::{grant, metadata};
use super::{Next, Tools};
use crate::revision::Revision;

/// Places to look at, one after the other.
#[derive(Debug)]
pub(super) struct Search {
    at: WebUrl,
    left: VecDeque<WebUrl>,
    redirects: u8,
    /// Some place failed: what it has is not known.
    pub(super) failed: bool,
}

/// Redirects followed from one place, and on the same origin only (SEC-06).
const MAX_REDIRECTS: u8 = 3;

pub(super) enum Found<T> {
    It(T),
    /// There is another place to look at.
    Elsewhere,
    Nowhere,
}

impl Search {
    pub(super) fn new(mut places: VecDeque<WebUrl>) -> Option<Self> {
        let at = places.pop_front()?;
        Some(Self { at, left: places, redirects: 0, failed: false })
    }

    pub(super) fn fetch(&self, tools: &Tools<'_>) -> Next {
        let revision = tools.config.revision.unwrap_or(Revision::V2026_07_28);
        Next::Fetch(grant::get(&self.at, revision.as_str()))
    }

    pub(super) fn look<T: DeserializeOwned>(
        &mut self,
        response: Option<&Response<Bytes>>,
    ) -> Found<T> {
        let Some(response) = response else {
            self.failed = true;
            return self.go_on();
        };
        let status = response.status();
        if status == StatusCode::OK {
            return metadata::read(response.body()).map_or_else(|| self.go_on(), Found::It);
        }
        if status.is_redirection() && self.redirects < MAX_REDIRECTS {
            let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            let target = location.and_then(|it| self.at.join(it));
            if let Some(target) = target.filter(|it| it.same_origin(&self.at)) {
                self.at = target;
                self.redirects += 1;
                return Found::Elsewhere;
            }
        }
        self.failed |= status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        self.go_on()
    }

    pub(super) fn go_on<T>(&mut self) -> Found<T> {
        match self.left.pop_front() {
            Some(next) => {
                self.at = next;
                self.redirects = 0;
                Found::Elsewhere
            }
            None => Found::Nowhere,
        }
    }
}
