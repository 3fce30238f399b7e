//! Lists that come in pages.

use mcp_core::session::{Outgoing, PageError, Pages};
use serde_json::{Value, json};

use crate::support::raw;

fn next(pages: &mut Pages) -> Option<Value> {
    pages.poll_request().map(|item| item.params.map_or_else(|| json!({}), |it| it.to().unwrap()))
}

fn page(cursor: &Value) -> mcp_core::jsonrpc::RawJson {
    raw(&json!({"tools": [], "nextCursor": cursor}).to_string())
}

/// PAGE-03, PAGE-04, PAGE-06, PAGE-07: pages of any size; cursors go back as they came, the empty
/// one too; none is the end.
#[test]
fn page_04_page_07_cursors_go_back_as_they_came() {
    let mut pages = Pages::new(Outgoing::new("tools/list", Some(raw(r#"{"_meta":{"x":1}}"#))));
    assert_eq!(next(&mut pages), Some(json!({"_meta": {"x": 1}})));
    assert_eq!(next(&mut pages), None, "one page at a time");
    for cursor in ["", "eyJ\n\"é", "0"] {
        pages.handle_page(&page(&json!(cursor))).unwrap();
        assert!(!pages.is_done());
        assert_eq!(next(&mut pages), Some(json!({"_meta": {"x": 1}, "cursor": cursor})));
    }
    pages.handle_page(&page(&Value::Null)).unwrap();
    assert!(pages.is_done());
    assert_eq!(next(&mut pages), None);
}

#[test]
fn pages_come_to_an_end() {
    let mut pages = Pages::new(Outgoing::new("tools/list", None)).with_max_pages(3);
    for number in 0..2 {
        next(&mut pages).unwrap();
        pages.handle_page(&page(&json!(number.to_string()))).unwrap();
    }
    assert_eq!(pages.handle_page(&page(&json!("9"))), Err(PageError::TooMany(3)));
    assert!(pages.is_done());

    let mut pages = Pages::new(Outgoing::new("tools/list", None));
    pages.handle_page(&page(&json!("a"))).unwrap();
    assert_eq!(pages.handle_page(&page(&json!("a"))), Err(PageError::Circle));
    let mut pages = Pages::new(Outgoing::new("tools/list", None));
    assert_eq!(pages.handle_page(&page(&json!(7))), Err(PageError::Malformed));
}
