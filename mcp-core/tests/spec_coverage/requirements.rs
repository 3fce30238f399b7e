//! The lists that tests are held against.

use alloc::collections::BTreeMap;

/// A row of the specification.
#[derive(Debug)]
pub(crate) struct Requirement {
    pub(crate) id: String,
    role: String,
    pub(crate) level: String,
    revisions: String,
    pub(crate) summary: String,
    /// Why no test has to pin it.
    pub(crate) untested: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Requirements {
    pub(crate) all: Vec<Requirement>,
    /// Rows that bind authorization servers alone, and those of clients that nothing is asked of
    /// yet.
    pub(crate) elsewhere: Vec<String>,
    problems: Vec<String>,
}

/// What broke for users of other implementations.
#[derive(Debug)]
pub(crate) struct Case {
    /// `case_49`, or the id of an advisory.
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) untested: Option<String>,
}

const LEVELS: [&str; 5] = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"];
const KINDS: [&str; 4] = ["application", "client role", "deployment", "conflict"];

impl Requirement {
    /// Whether the specification leaves no choice.
    pub(crate) fn is_duty(&self) -> bool {
        self.level.starts_with("MUST")
    }

    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split('\t').map(str::to_owned);
        let row = Self {
            id: columns.next()?,
            role: columns.next()?,
            level: columns.next()?,
            revisions: columns.next()?,
            summary: columns.next()?,
            untested: None,
        };
        columns.next().is_none().then_some(row)
    }

    fn is_sound(&self, roles: &[&str]) -> bool {
        let revision = |it: &str| matches!(it, "R1" | "R2" | "R3" | "R4" | "R5");
        roles.contains(&self.role.as_str())
            && LEVELS.contains(&self.level.trim_end_matches('*'))
            && (self.revisions == "all" || self.revisions.split([',', '-']).all(revision))
            && !self.summary.is_empty()
    }
}

impl Requirements {
    /// Reads a list of what is asked of `roles`.
    pub(crate) fn parse(text: &str, roles: &[&str]) -> Self {
        let mut read = Self::default();
        let mut untested = BTreeMap::new();
        let mut section = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            match section {
                "" => match Requirement::parse(line) {
                    Some(row) => read.all.push(row),
                    None => read.problems.push(format!("no row: {line}")),
                },
                "[untested]" => {
                    let (id, why) = line.split_once('\t').unwrap_or((line, ""));
                    if untested.insert(id, why).is_some() {
                        read.problems.push(format!("{id} is untested twice"));
                    }
                }
                _ => read.elsewhere.extend(line.split_whitespace().map(str::to_owned)),
            }
        }
        for row in &mut read.all {
            row.untested = untested.remove(row.id.as_str()).map(str::to_owned);
        }
        read.problems.extend(untested.keys().map(|id| format!("{id} is untested and unknown")));
        let unsound = read.all.iter().filter(|row| !row.is_sound(roles));
        read.problems.extend(unsound.map(|row| format!("{row:?}")));
        read
    }

    /// Adds another list.
    pub(crate) fn extend(&mut self, other: Self) {
        self.all.extend(other.all);
        self.elsewhere.extend(other.elsewhere);
        self.problems.extend(other.problems);
    }

    /// What is wrong with the list itself.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        let mut ids: Vec<&String> =
            self.all.iter().map(|it| &it.id).chain(&self.elsewhere).collect();
        ids.sort();
        let twice = ids.windows(2).filter(|pair| pair[0] == pair[1]);
        problems.extend(twice.map(|pair| format!("{} is there twice", pair[0])));
        for row in &self.all {
            let Some(why) = &row.untested else {
                continue;
            };
            let reason = why.split_once(": ").filter(|(kind, _)| KINDS.contains(kind));
            if reason.is_none_or(|(_, reason)| reason.is_empty()) {
                problems.push(format!("{}: no reason: {why}", row.id));
            }
            if !row.is_duty() {
                problems.push(format!("{}: nothing to explain, it is no duty", row.id));
            }
        }
        problems
    }
}

pub(crate) fn cases(text: &str) -> Vec<Case> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let number = columns.next().unwrap_or_default();
            let advisory = number.starts_with("CVE") || number.starts_with("GHSA");
            Case {
                id: if advisory { number.to_owned() } else { format!("case_{number}") },
                summary: columns.next().unwrap_or_default().to_owned(),
                untested: columns.next().map(str::to_owned),
            }
        })
        .collect()
}
