//! Holds the types of `mcp_core::model` against the official JSON Schema of every revision.
//!
//! `MCP_SCHEMA_DIR` names a directory with `REVISION.json` for every revision and
//! `2026-07-28.examples.json`. Four things are checked:
//!
//! 1. every official example is read and written again without a difference;
//! 2. so is, for every definition, an instance with all its properties: nothing is unknown to
//!    the model, and nothing a revision has is stripped in it;
//! 3. the same instances, adapted to every other revision, are valid there, in the official
//!    schema and in one that refuses properties the revision does not define;
//! 4. so are values that the generated ones cannot cover.

mod checks;
mod emitted;
mod models;
mod sample;
mod schema;

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use mcp_core::revision::Revision;
use serde_json::Value;

use crate::schema::Schema;

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    fn record(&mut self, what: impl Display, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(reason) => {
                self.failed += 1;
                println!("FAILED {what}: {reason}");
            }
        }
    }
}

fn main() -> ExitCode {
    let Some(directory) = std::env::var_os("MCP_SCHEMA_DIR").map(PathBuf::from) else {
        eprintln!("MCP_SCHEMA_DIR is not set: it names the directory of the official schemas");
        return ExitCode::FAILURE;
    };
    let load = |name: &str| -> Result<Value, String> {
        let path = directory.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let schemas = Revision::ALL
        .into_iter()
        .map(|revision| Ok(Schema::new(revision, load(&format!("{revision}.json"))?)))
        .collect::<Result<Vec<_>, String>>();
    let (schemas, examples) = match (schemas, load("2026-07-28.examples.json")) {
        (Ok(schemas), Ok(examples)) => (schemas, examples),
        (Err(reason), _) | (_, Err(reason)) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };

    let mut tally = Tally::default();
    checks::examples(&mut tally, &examples);
    checks::definitions(&mut tally, &schemas);
    emitted::check(&mut tally, &schemas);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
