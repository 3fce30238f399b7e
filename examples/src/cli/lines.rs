//! Lines of standard input, on any runtime.

use std::io::BufRead;
use std::sync::{Arc, OnceLock};
use std::thread;

use async_channel::Receiver;

/// Standard input, a line at a time. Clones share it: whoever asks first gets the next line.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<OnceLock<Receiver<String>>>);

impl Lines {
    /// The next line, without its end; `None` at the end of input.
    ///
    /// A thread reads, for neither runtime can give up on a read of standard input. It starts at
    /// the first call: input nobody asks for is left to whoever comes next.
    pub(super) async fn next(&self) -> Option<String> {
        let lines = self.0.get_or_init(|| {
            let (sender, receiver) = async_channel::bounded(1);
            thread::spawn(move || {
                for line in std::io::stdin().lock().lines() {
                    let Ok(line) = line else { return };
                    if sender.send_blocking(line).is_err() {
                        return;
                    }
                }
            });
            receiver
        });
        lines.recv().await.ok()
    }
}
