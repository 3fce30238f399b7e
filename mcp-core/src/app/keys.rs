//! The keys of questions.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::small::SmallMap;

/// The keys that questions have been given, each of them once.
#[derive(Debug, Default)]
pub(super) struct Keys(SmallMap<String, ()>);

impl Keys {
    /// The key of the next question called `key`: the second one of that name is another question.
    pub(super) fn give(&mut self, key: &str) -> String {
        let mut name = key.to_owned();
        let mut turn = 1u32;
        while self.0.insert(name.clone(), ()).is_some() {
            turn = turn.saturating_add(1);
            name = format!("{key}#{turn}");
        }
        name
    }
}
