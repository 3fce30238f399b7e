//! The scenarios every runtime must pass, on smol.

#[path = "../../mcp-core/tests/runtime/mod.rs"]
mod runtime;

use std::pin::Pin;

use runtime::{AtWork, Running};

fn block_on(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    smol::block_on(future);
}

fn start(at_work: &AtWork) -> Running {
    let server = runtime::server(at_work, |duration| async move {
        smol::Timer::after(duration).await;
    });
    Running::start(mcp_smol::SmolRuntime::new, block_on, server)
}

#[test]
fn scenarios() {
    let at_work = AtWork::default();
    let mut running = start(&at_work);
    runtime::a_handler_has_a_host(mcp_smol::SmolRuntime::new);
    runtime::an_early_call_is_answered(&running);
    runtime::a_hold_deadline_passes(&running);
    runtime::a_cancelled_handler_is_dropped(&running, &at_work);
    runtime::a_dropped_stream_ends_its_session(&running, &at_work);
    runtime::a_panic_is_an_error(&running);
    runtime::shutting_down_answers_what_is_in_flight(&mut running, &at_work);
}
