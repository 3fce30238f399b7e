//! `mcp`: a client for people, on the command line.
//!
//! [`run`] is the whole program; what differs between runtimes is handed to it.

mod arguments;
mod ask;
mod command;
mod connect;
mod lines;
mod login;
mod printer;
mod problem;
mod run;
mod shell;
mod show;
mod store;
mod table;
mod values;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use lexopt::Parser;
use mcp_core::driver::client::ClientPlatform;

use self::arguments::{Arguments, HELP};
use self::command::Command;
use self::lines::Lines;
use self::printer::{Output, Printer};
use self::problem::Problem;
use self::run::Run;
use crate::delay::Sleep;

/// What the program needs of a runtime besides a platform for clients.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Waits.
    pub sleep: Sleep,
    /// Is ready when the user interrupts the program.
    pub interrupted: fn() -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Does what the command line says.
pub async fn run<P: ClientPlatform + Default>(here: Surroundings) -> ExitCode {
    let arguments = match Arguments::read(Parser::from_env()) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{}", HELP.replace("STORE", &store::place_for_people()));
            return ExitCode::SUCCESS;
        }
        Err(wrong) => {
            let problem = Problem::from(wrong);
            eprintln!("{problem}");
            return problem.exit_code().into();
        }
    };
    let printer = Printer::new(arguments.options.json, &arguments.command);
    match execute::<P>(arguments, printer, here).await {
        Ok(Some(output)) => {
            printer.output(&output);
            u8::from(output.failed).into()
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(problem) => {
            printer.problem(&problem);
            problem.exit_code().into()
        }
    }
}

async fn execute<P: ClientPlatform + Default>(
    arguments: Arguments,
    printer: Printer,
    here: Surroundings,
) -> Result<Option<Output>, Problem> {
    if arguments.command == Command::Logout {
        return login::forget(&arguments.target).map(Some);
    }
    let lines = Lines::default();
    let client = or_interrupted(here, connect::connect::<P>(&arguments, (printer, &lines))).await?;
    let mut run = Run::new(client.clone(), printer, here);
    let done = match arguments.command {
        Command::Shell => shell::shell(&mut run, &lines).await.map(|()| None),
        Command::Listen { uris } => {
            or_interrupted(here, async {
                let listening = run.command(Command::Listen { uris }).await?;
                printer.output(&listening);
                run.listened().await.map(|()| None)
            })
            .await
        }
        Command::Login => Ok(Some(login::done(&arguments.target, &arguments.options))),
        command => or_interrupted(here, run.command(command)).await.map(Some),
    };
    // What was called off must reach the server, and a program must be gone before we are.
    drop(run);
    client.close().await;
    done
}

async fn or_interrupted<T>(
    here: Surroundings,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let interrupted = async {
        (here.interrupted)().await;
        Err(Problem::interrupted())
    };
    smol::future::or(work, interrupted).await
}
