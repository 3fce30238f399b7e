//! The scenarios every runtime must pass, on smol.

#[path = "../../mcp-core/tests/runtime/mod.rs"]
mod runtime;

use std::pin::Pin;

use mcp_smol::SmolRuntime as P;
use runtime::{AtWork, Running, client};

fn block_on(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    smol::block_on(future);
}

fn start(at_work: &AtWork) -> Running {
    start_at("127.0.0.1:0", at_work)
}

fn start_at(address: &str, at_work: &AtWork) -> Running {
    let server = runtime::server(at_work, |duration| async move {
        smol::Timer::after(duration).await;
    });
    Running::start_at(address, mcp_smol::SmolRuntime::new, block_on, server)
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

#[test]
fn clients_over_http() {
    let at_work = AtWork::default();
    let running = start(&at_work);
    let address = running.address;
    block_on(Box::pin(async move {
        client::nobody_is_there::<P>().await;
        client::http_in_both_eras::<P>(address).await;
        #[cfg(feature = "tls")]
        client::https::<P>(address).await;
        client::cancel_by_drop::<P>(address, at_work.clone()).await;
        client::a_call_times_out::<P>(address, at_work.clone()).await;
        client::a_server_restarts::<P>(address, move || {
            drop(running);
            // It ends with the process.
            std::mem::forget(start_at(&address.to_string(), &at_work));
        })
        .await;
    }));
}

#[test]
fn clients_of_children() {
    block_on(Box::pin(async {
        client::a_child_serves::<P>().await;
        client::a_stubborn_child_ends::<P>().await;
        client::a_child_ends_by_itself::<P>().await;
    }));
}

/// The server of the scenarios with child processes, which start this binary.
#[test]
fn child() {
    let Some(mode) = client::child_mode() else {
        return;
    };
    client::child_prelude(&mode);
    block_on(Box::pin(async {
        mcp_smol::serve(client::child_server()).stdio().await.unwrap();
    }));
    client::child_epilogue(&mode);
}
