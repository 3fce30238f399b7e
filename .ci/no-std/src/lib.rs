//! A program without std that uses the core: it must build, it need not run.
#![no_std]

extern crate alloc;

use alloc::sync::Arc;
use core::alloc::{GlobalAlloc, Layout};

use mcp_core::config::SessionConfig;
use mcp_core::lifecycle::Method;
use mcp_core::session::ServerSession;
use mcp_core::time::Instant;
use mcp_core::transport::stdio::LineDecoder;

struct NoMemory;

unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _layout: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _pointer: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn serve_nothing() -> i32 {
    let config = Arc::new(SessionConfig::new([Method::ToolsList]));
    let mut session = ServerSession::new(Instant::EPOCH, config);
    let mut lines = LineDecoder::new();
    while let Some(Ok(line)) = lines.poll_line() {
        let _ = session.handle_frame(Instant::EPOCH, mcp_core::session::Lane::Standing, line);
    }
    i32::from(session.poll_transmit().is_some())
}
