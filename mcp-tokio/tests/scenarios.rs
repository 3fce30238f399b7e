//! The scenarios every runtime must pass, on tokio.

#[macro_use]
#[path = "../../mcp-core/tests/runtime/mod.rs"]
mod runtime;

scenarios!(mcp_tokio::TokioRuntime, block_on);

fn block_on(future: runtime::Task) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}

/// case_58: a runtime that goes away takes its children with it. smol's never does.
#[test]
fn a_runtime_goes_away() {
    client::a_runtime_goes_away::<mcp_tokio::TokioRuntime>(block_on);
}
