//! Ids as tests write them.

use alloc::collections::BTreeSet;

use crate::{Case, Requirements};

/// Every id there is.
pub(crate) struct Known {
    /// Of requirements, of all roles.
    requirements: BTreeSet<String>,
    /// `case_49`, and the ids of advisories.
    cases: BTreeSet<String>,
    /// What comes before the number in an id: `TOOL-`, `SHTTP-L`.
    areas: BTreeSet<String>,
}

/// Words that look like an id of a requirement.
const WORDS: [&str; 1] = ["UTF-16"];

impl Known {
    pub(crate) fn new(requirements: &Requirements, cases: &[Case]) -> Self {
        let all = requirements.all.iter().map(|it| &it.id).chain(&requirements.elsewhere);
        let requirements: BTreeSet<String> = all.cloned().collect();
        let areas = requirements.iter().map(|id| area(id).to_owned()).collect();
        let cases = cases.iter().map(|it| it.id.clone()).collect();
        Self { requirements, cases, areas }
    }

    /// The ids that a line of text mentions; those that do not exist as errors.
    pub(crate) fn in_text(&self, line: &str) -> Vec<Result<String, String>> {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
        let mut found = Vec::new();
        for word in words {
            if is_requirement(word) && !WORDS.contains(&word) {
                found.push(known(word.to_owned(), &self.requirements));
            } else if self.cases.contains(word) {
                found.push(Ok(word.to_owned()));
            } else if word.starts_with("case_") {
                found.extend(self.in_name(word).into_iter().filter(is_case));
            }
        }
        found
    }

    /// The ids in the name of a test: `shttp_l05_case_37_…`.
    pub(crate) fn in_name(&self, name: &str) -> Vec<Result<String, String>> {
        let mut found = Vec::new();
        let parts: Vec<&str> = name.split('_').collect();
        for pair in parts.windows(2) {
            let [area, number] = [pair[0].to_ascii_uppercase(), pair[1].to_ascii_uppercase()];
            let id = format!("{area}-{number}");
            if pair[0] == "case" && pair[1].starts_with(|c: char| c.is_ascii_digit()) {
                found.push(known(format!("case_{}", pair[1]), &self.cases));
            } else if is_requirement(&id) && self.areas.contains(self::area(&id)) {
                found.push(known(id, &self.requirements));
            }
        }
        found
    }
}

/// What comes before the number.
pub(crate) fn area(id: &str) -> &str {
    id.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn known(id: String, all: &BTreeSet<String>) -> Result<String, String> {
    if all.contains(&id) { Ok(id) } else { Err(id) }
}

fn is_case(id: &Result<String, String>) -> bool {
    let (Ok(id) | Err(id)) = id;
    id.starts_with("case_")
}

/// Whether this could be the id of a requirement: `TOOL-13`, `SHTTP-L05`.
fn is_requirement(word: &str) -> bool {
    let Some((area, rest)) = word.split_once('-') else {
        return false;
    };
    let number = rest.trim_start_matches(|c: char| c.is_ascii_uppercase());
    area.len() > 1
        && area.bytes().all(|it| it.is_ascii_uppercase())
        && rest.len() - number.len() <= 2
        && number.len() == 2
        && number.bytes().all(|it| it.is_ascii_digit())
}
