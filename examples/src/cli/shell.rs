//! Commands from standard input, all over one connection.

use std::io::IsTerminal;

use mcp_core::driver::client::ClientPlatform;

use super::command::Command;
use super::lines::Lines;
use super::or_interrupted;
use super::problem::Problem;
use super::run::Run;

/// Runs until the end of input; a command that fails does not end it.
pub(super) async fn shell<P: ClientPlatform>(
    run: &mut Run<P>,
    lines: &Lines,
) -> Result<(), Problem> {
    let person = std::io::stdin().is_terminal();
    loop {
        if person {
            eprint!("mcp> ");
        }
        let Some(line) = lines.next().await else { return Ok(()) };
        let done = match Command::read_line(&line) {
            Ok(None) => continue,
            Ok(Some(command)) => {
                let here = run.here;
                or_interrupted(here, run.command(command)).await
            }
            Err(wrong) => Err(wrong.into()),
        };
        match done {
            Ok(output) => run.printer.output(&output),
            Err(problem) => run.printer.problem(&problem),
        }
    }
}
