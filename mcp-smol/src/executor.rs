//! Where tasks run.
//!
//! smol's own global executor runs up to 200 tasks before it looks at the sockets again. The
//! helper thread of `async-io` takes that for a thread that has stopped looking: it looks itself,
//! every 50 µs, and from then on the executor is never out of tasks and never looks. On one core
//! each of those turns interrupts the executor, for as long as the load lasts.

use core::future::Future;
use core::time::Duration;
use std::env;
use std::panic::catch_unwind;
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use smol::future::yield_now;
use smol::{Executor, Task};

/// How long tasks run before the sockets are looked at. A look costs five calls to the system, a
/// message three, in some 15 µs.
const TURN: Duration = Duration::from_micros(50);

/// Starts a task, which is cancelled when what this returns is dropped.
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
    executor().spawn(task)
}

fn executor() -> &'static Executor<'static> {
    static EXECUTOR: OnceLock<Executor<'static>> = OnceLock::new();
    EXECUTOR.get_or_init(|| {
        let threads = env::var("SMOL_THREADS").ok().and_then(|threads| threads.parse().ok());
        for number in 1..=threads.unwrap_or(1).max(1) {
            let thread = thread::Builder::new().name(format!("mcp-smol-{number}"));
            let started = thread.spawn(|| {
                loop {
                    // A task that panics ends, and nothing else.
                    let _ = catch_unwind(|| smol::block_on(work(executor())));
                }
            });
            started.expect("there is room for the threads of the executor");
        }
        let executor = Executor::new();
        // Or child processes have a thread of their own.
        #[cfg(feature = "client")]
        executor.spawn(smol::process::driver()).detach();
        executor
    })
}

/// Runs tasks for ever.
async fn work(executor: &Executor<'static>) {
    loop {
        executor.tick().await;
        let mut looked = Instant::now();
        while executor.try_tick() {
            if looked.elapsed() >= TURN {
                // The thread looks before it goes on.
                yield_now().await;
                looked = Instant::now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use smol::Timer;
    use smol::channel::bounded;

    use super::*;

    #[test]
    fn a_task_that_panics_ends_alone() {
        spawn(async { panic!("a handler's fault") }).detach();
        let other = spawn(async {
            Timer::after(Duration::from_millis(1)).await;
            7
        });
        assert_eq!(smol::block_on(other), 7);
    }

    #[test]
    fn a_task_that_nobody_waits_for_any_more_is_gone() {
        let (sender, receiver) = bounded::<()>(1);
        let task = spawn(async move {
            core::future::pending::<()>().await;
            drop(sender);
        });
        drop(task);
        assert!(smol::block_on(receiver.recv()).is_err());
    }

    /// The executor is never out of tasks here, and time passes all the same.
    #[test]
    fn timers_fire_while_tasks_run_on_and_on() {
        let busy = spawn(async {
            loop {
                yield_now().await;
            }
        });
        let timer = spawn(async { Timer::after(Duration::from_millis(1)).await });
        smol::block_on(timer);
        drop(busy);
    }
}
