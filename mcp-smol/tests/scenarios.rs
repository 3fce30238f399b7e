//! The scenarios every runtime must pass, on smol.

#[macro_use]
#[path = "../../mcp-core/tests/runtime/mod.rs"]
mod runtime;

scenarios!(mcp_smol::SmolRuntime, block_on);

fn block_on(future: runtime::Task) {
    smol::block_on(future);
}
