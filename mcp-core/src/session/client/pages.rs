//! Lists that come in pages.

use alloc::collections::BTreeSet;
use alloc::string::String;

use serde::Deserialize;

use crate::jsonrpc::{RawJson, with_member};
use crate::model::Cursor;
use crate::session::Outgoing;

/// Walks through the pages of a list (`2026-07-28/server/utilities/pagination`).
///
/// A cursor goes back as it came, the empty one too; a page without one is the last. A server
/// that hands out a cursor for the second time would go round in circles: that is an error, and
/// so are more than 1000 pages by default.
///
/// ```
/// use mcp_core::jsonrpc::RawJson;
/// use mcp_core::session::{Outgoing, Pages};
///
/// let mut pages = Pages::new(Outgoing::new("tools/list", None));
/// assert!(pages.poll_request().is_some());
/// pages.handle_page(&RawJson::parse(r#"{"tools":[],"nextCursor":""}"#)?)?;
/// let next = pages.poll_request().unwrap();
/// assert_eq!(next.params.unwrap().as_str(), r#"{"cursor":""}"#);
/// pages.handle_page(&RawJson::parse(r#"{"tools":[]}"#)?)?;
/// assert!(pages.poll_request().is_none() && pages.is_done());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pages {
    item: Outgoing,
    state: State,
    seen: BTreeSet<Cursor>,
    max_pages: usize,
    pages: usize,
}

#[derive(Clone, Debug)]
enum State {
    /// The page behind this cursor is to be asked for.
    Wanted(Option<Cursor>),
    Asked,
    Done,
}

/// The pages of a list make no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The result is no page of a list.
    #[error("the server's answer is no page of a list")]
    Malformed,
    /// The server has given the same cursor before.
    #[error("the server's pages go round in circles")]
    Circle,
    /// There are more pages than allowed.
    #[error("the list has more than {0} pages")]
    TooMany(usize),
}

impl Pages {
    /// The pages of the list that a request without a cursor starts.
    #[must_use]
    pub const fn new(item: Outgoing) -> Self {
        let state = State::Wanted(None);
        Self { item, state, seen: BTreeSet::new(), max_pages: 1000, pages: 0 }
    }

    /// Sets how many pages there may be.
    #[must_use]
    pub const fn with_max_pages(mut self, max_pages: usize) -> Self {
        self.max_pages = max_pages;
        self
    }

    /// Takes a page. What is listed on it is the caller's to read.
    ///
    /// # Errors
    /// [`PageError`]; the walk is over then.
    pub fn handle_page(&mut self, result: &RawJson) -> Result<(), PageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            next_cursor: Option<String>,
        }
        self.state = State::Done;
        self.pages += 1;
        let page: Page = result.to().map_err(|_| PageError::Malformed)?;
        let Some(cursor) = page.next_cursor.map(Cursor::new) else {
            return Ok(());
        };
        if self.pages >= self.max_pages {
            return Err(PageError::TooMany(self.max_pages));
        }
        if !self.seen.insert(cursor.clone()) {
            return Err(PageError::Circle);
        }
        self.state = State::Wanted(Some(cursor));
        Ok(())
    }

    /// The request for the next page, once the one before has been taken.
    #[must_use = "a page that is not asked for does not come"]
    pub fn poll_request(&mut self) -> Option<Outgoing> {
        let State::Wanted(cursor) = &self.state else {
            return None;
        };
        let mut item = self.item.clone();
        if let Some(cursor) = cursor {
            let params = item.params.unwrap_or(RawJson::EMPTY_OBJECT);
            let cursor = RawJson::known(cursor);
            item.params = Some(with_member(&params, "cursor", cursor.as_str()));
        }
        self.state = State::Asked;
        Some(item)
    }

    /// Whether the last page has come.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}
