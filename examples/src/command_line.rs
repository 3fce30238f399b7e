//! What the examples' command lines have in common.

use lexopt::Parser;

/// Reads the command line of this process. `read` returns nothing when it asks for help, which is
/// printed; that, and what cannot be read, ends the process.
pub(crate) fn read<T>(
    help: &str,
    read: impl FnOnce(Parser) -> Result<Option<T>, lexopt::Error>,
) -> T {
    match read(Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{help}");
            std::process::exit(0);
        }
        Err(error) => {
            eprintln!("{error}; --help lists the options");
            std::process::exit(2);
        }
    }
}
