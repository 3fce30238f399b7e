//! Finds the tests of the workspace, and what they name.

use std::fs;
use std::path::{Path, PathBuf};

use crate::mentions::Known;

#[derive(Debug)]
pub(crate) struct Test {
    /// Where it is and what it is called.
    pub(crate) name: String,
    /// The ids it mentions.
    pub(crate) names: Vec<String>,
}

/// Where tests are; what is not there is skipped.
const PLACES: [&str; 10] = [
    "mcp-core/src",
    "mcp-core/tests",
    "mcp-tokio/src",
    "mcp-tokio/tests",
    "mcp-smol/src",
    "mcp-smol/tests",
    "examples",
    ".ci/clients",
    ".ci/schema/src",
    ".ci/conformance",
];

/// Functions that are tests without saying so: scenarios that others call, and a program.
const ALL_FUNCTIONS: [&str; 2] = ["mcp-core/tests/runtime", ".ci/schema/src"];

/// This test names ids that are none.
const SELF: &str = "mcp-core/tests/spec_coverage";

/// The tests below a directory, and mentions of ids that are not known.
pub(crate) fn workspace(root: &Path, known: &Known) -> (Vec<Test>, Vec<String>) {
    let (mut tests, mut unknown) = (Vec::new(), Vec::new());
    let mut files = Vec::new();
    for place in PLACES {
        collect(&root.join(place), &mut files);
    }
    files.sort();
    for file in files {
        let path = file.strip_prefix(root).expect("it was found below").to_string_lossy();
        let path = path.replace('\\', "/");
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        if path.starts_with(SELF) {
            continue;
        }
        if path.ends_with(".rs") {
            let all = ALL_FUNCTIONS.iter().any(|place| path.starts_with(place));
            tests.extend(rust(&path, &text, all, known, &mut unknown));
        } else {
            tests.extend(script(&path, &text, known, &mut unknown));
        }
    }
    (tests, unknown)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !path.ends_with("node_modules") && !path.ends_with("target") {
                collect(&path, files);
            }
        } else if ["rs", "py", "mjs", "ts", "sh"].contains(&kind.as_str()) {
            files.push(path);
        }
    }
}

/// The tests in formatted Rust: functions marked as such, or all of them.
pub(crate) fn rust(
    file: &str,
    text: &str,
    all: bool,
    known: &Known,
    unknown: &mut Vec<String>,
) -> Vec<Test> {
    let mut tests = Vec::new();
    // Comments and attributes directly above.
    let mut above = Above::default();
    // The test that is being read, and the line that ends it.
    let mut open: Option<(Test, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let text = line.trim_start();
        let mentions = known.in_text(line);
        let lost = mentions.iter().filter_map(|it| it.as_ref().err());
        unknown.extend(lost.map(|id| format!("{file}:{}: {id}", number + 1)));
        let mentions = mentions.into_iter().flatten();

        if let Some((mut test, end)) = open.take() {
            test.names.extend(mentions);
            if line == end {
                tests.push(test);
            } else {
                open = Some((test, end));
            }
        } else if text.starts_with("//") || text.starts_with("#[") {
            above.names.extend(mentions);
            above.is_test |= text.starts_with("#[test]");
        } else if let Some(name) = function(text) {
            let Above { mut names, is_test } = core::mem::take(&mut above);
            if !is_test && !all {
                continue;
            }
            for id in known.in_name(name) {
                match id {
                    Ok(id) => names.push(id),
                    Err(id) => unknown.push(format!("{file}:{}: {id}", number + 1)),
                }
            }
            let indent = &line[..line.len() - text.len()];
            let test = Test { name: format!("{file}: {name}"), names };
            if text.ends_with('}') {
                tests.push(test);
            } else {
                open = Some((test, format!("{indent}}}")));
            }
        } else {
            above = Above::default();
        }
    }
    finish(tests)
}

#[derive(Default)]
struct Above {
    names: Vec<String>,
    is_test: bool,
}

/// The name of the function a line declares.
fn function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let modifiers = before.split_whitespace();
    let is_declaration = modifiers
        .into_iter()
        .all(|word| word.starts_with("pub") || matches!(word, "const" | "async"));
    let name = after.split(['(', '<']).next()?;
    is_declaration.then_some(name)
}

/// What a script names, by its checks.
pub(crate) fn script(
    file: &str,
    text: &str,
    known: &Known,
    unknown: &mut Vec<String>,
) -> Vec<Test> {
    let mut tests = vec![Test { name: file.to_owned(), names: Vec::new() }];
    let mut above = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mentions = known.in_text(line);
        let lost = mentions.iter().filter_map(|it| it.as_ref().err());
        unknown.extend(lost.map(|id| format!("{file}:{}: {id}", number + 1)));
        let mentions = mentions.into_iter().flatten();
        if line.starts_with('#') {
            above.extend(mentions);
            continue;
        }
        let decorator = ["@check(\"", "@race(\""].iter().find_map(|it| line.strip_prefix(it));
        if let Some(name) = decorator.and_then(|rest| rest.split('"').next()) {
            tests.push(Test { name: format!("{file}: {name}"), names: Vec::new() });
        }
        if let Some(test) = tests.last_mut() {
            test.names.append(&mut above);
            test.names.extend(mentions);
        }
    }
    finish(tests)
}

/// Tests that name something, each id once.
fn finish(mut tests: Vec<Test>) -> Vec<Test> {
    for test in &mut tests {
        test.names.sort();
        test.names.dedup();
    }
    tests.retain(|test| !test.names.is_empty());
    tests
}
