//! The scenarios every runtime must pass, on tokio.

#[path = "../../mcp-core/tests/runtime/mod.rs"]
mod runtime;

use std::pin::Pin;

use runtime::{AtWork, Running};

fn block_on(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}

fn start(at_work: &AtWork) -> Running {
    let server = runtime::server(at_work, tokio::time::sleep);
    Running::start(mcp_tokio::TokioRuntime::new, block_on, server)
}

#[test]
fn scenarios() {
    let at_work = AtWork::default();
    let mut running = start(&at_work);
    runtime::a_handler_has_a_host(mcp_tokio::TokioRuntime::new);
    runtime::an_early_call_is_answered(&running);
    runtime::a_hold_deadline_passes(&running);
    runtime::a_cancelled_handler_is_dropped(&running, &at_work);
    runtime::a_dropped_stream_ends_its_session(&running, &at_work);
    runtime::a_panic_is_an_error(&running);
    runtime::shutting_down_answers_what_is_in_flight(&mut running, &at_work);
}
