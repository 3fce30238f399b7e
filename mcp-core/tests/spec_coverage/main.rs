//! Which test pins which requirement of the specification.
//!
//! `requirements.tsv` lists what the specification asks of a server, `client_*.tsv` what it asks of
//! a client, one file for each part of it, and `field_cases.tsv` what broke for users of other
//! implementations. Tests name what they pin, in their name (`tool_13_…`,
//! `case_49_…`) or in a comment above or within them (`TOOL-13`, `case_49`). Here the two are
//! held against each other: a duty without a test fails, and so does an id that does not exist.
//!
//! ```text
//! cargo test -p mcp-core --test spec_coverage -- --nocapture
//! ```
//! prints the whole table.

extern crate alloc;

mod mentions;
mod requirements;
mod scan;
mod table;

use std::path::Path;

use crate::mentions::Known;
use crate::requirements::{Case, Requirement, Requirements};
use crate::scan::Test;

/// What is asked of servers, and of either side.
const SERVER: &str = include_str!("requirements.tsv");

/// What is asked of clients alone, by the part that does it.
const CLIENT: [&str; 5] = [
    include_str!("client_session.tsv"),
    include_str!("client_features.tsv"),
    include_str!("client_http.tsv"),
    include_str!("client_stdio.tsv"),
    include_str!("client_auth.tsv"),
];

fn requirements() -> Requirements {
    let mut all = Requirements::parse(SERVER, &["srv", "both"]);
    for text in CLIENT {
        all.extend(Requirements::parse(text, &["cli"]));
    }
    all
}

fn cases() -> Vec<Case> {
    requirements::cases(include_str!("field_cases.tsv"))
}

/// The tests of the whole workspace, and what they name that is not known.
fn tests(known: &Known) -> (Vec<Test>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace");
    scan::workspace(root, known)
}

#[test]
fn every_duty_has_a_test() {
    let requirements = requirements();
    let (tests, _) = tests(&Known::new(&requirements, &cases()));
    let problems = table::requirements(&requirements, &tests);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_field_case_has_a_test() {
    let cases = cases();
    let (tests, _) = tests(&Known::new(&requirements(), &cases));
    let problems = table::cases(&cases, &tests);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_id_exists() {
    let (tests, unknown) = tests(&Known::new(&requirements(), &cases()));
    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
    assert!(tests.len() > 100, "the tests are found");
}

#[test]
fn the_data_is_sound() {
    let requirements = requirements();
    let problems = requirements.problems();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    let server = Requirements::parse(SERVER, &["srv", "both"]).all;
    let duties = server.iter().filter(|it| it.is_duty()).count();
    assert_eq!((server.len(), duties), (462, 308));
    assert_eq!(requirements.all.len() + requirements.elsewhere.len(), 700, "none is left out");
}

#[test]
fn tests_are_found_with_all_they_name() {
    let known = Known::new(&requirements(), &cases());
    let source = r#"
/// TOOL-13; case_49: above.
#[test]
fn page_08_case_20b_by_name() {
    // SHTTP-L05 within.
    assert!(true, "GHSA-9pj6-vhgr-3mwh");
}

/// TOOL-99 is none, nor is TOUL-01; UTF-16 is something else.
fn no_test() {}

proptest! {
    /// AUTH-RS01..RS03.
    #[test]
    fn shttp_l05_indented(
        id in any_id(),
    ) {
    }
}
"#;
    let mut unknown = Vec::new();
    let tests = scan::rust("file", source, false, &known, &mut unknown);
    let found: Vec<_> = tests.iter().map(|it| (it.name.as_str(), it.names.len())).collect();
    assert_eq!(
        found,
        [("file: page_08_case_20b_by_name", 6), ("file: shttp_l05_indented", 4)],
        "{tests:?}"
    );
    assert_eq!(unknown, ["file:9: TOOL-99", "file:9: TOUL-01"]);

    let source = "\"\"\"About PING-01.\"\"\"\n# LOG-01\n@check(\"a.b\")\nasync def f():\n    \"\"\"LOG-02\"\"\"\n";
    let tests = scan::script("file", source, &known, &mut unknown);
    let found: Vec<_> = tests.iter().map(|it| (it.name.as_str(), it.names.len())).collect();
    assert_eq!(found, [("file", 1), ("file: a.b", 2)], "{tests:?}");
}
