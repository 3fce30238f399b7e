use hyper_util::rt::TokioIo;
use tokio::io::{Stdin, Stdout, stdin, stdout};

pub(crate) fn streams() -> (TokioIo<Stdin>, TokioIo<Stdout>) {
    (TokioIo::new(stdin()), TokioIo::new(stdout()))
}
