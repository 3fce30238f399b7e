use std::io::{Stdin, Stdout, stdin, stdout};

use smol::Unblock;

use crate::io::SmolIo;

pub(crate) fn streams() -> (SmolIo<Unblock<Stdin>>, SmolIo<Unblock<Stdout>>) {
    (SmolIo::new(Unblock::new(stdin())), SmolIo::new(Unblock::new(stdout())))
}
