//! What clients hear that initialize, written once for each revision.

use std::sync::OnceLock;

use crate::jsonrpc::RawJson;
use crate::model::InitializeResult;
use crate::revision::Revision;

/// The results of `initialize` that have been written so far.
#[derive(Debug, Default)]
pub(super) struct Greetings([OnceLock<RawJson>; Revision::LEGACY.len()]);

impl Greetings {
    /// The greeting for a revision; none for one that has no handshake.
    pub(super) fn of(&self, greeting: &InitializeResult, revision: Revision) -> Option<RawJson> {
        let place = Revision::LEGACY.iter().position(|it| *it == revision)?;
        let write = || RawJson::known(&greeting.clone().agreed_on(revision)).kept();
        self.0.get(place).map(|written| written.get_or_init(write).clone())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::config::SessionConfig;
    use crate::jsonrpc::Frame;
    use crate::model::{Implementation, ServerCapabilities};
    use crate::session::{Client, InitializeTicket, Lane, ServerEvent, ServerSession};
    use crate::time::Instant;

    const NOW: Instant = Instant::EPOCH;

    /// What a session answers to `initialize`.
    fn answer(
        revision: Revision,
        accept: impl FnOnce(&mut ServerSession, InitializeTicket, &Client),
    ) -> Frame {
        let mut session = ServerSession::new(NOW, SessionConfig::new([]).into());
        let initialize = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
        );
        session.handle_frame(NOW, Lane::Standing, initialize.into()).unwrap();
        let Some(ServerEvent::Initialize(ticket, client)) = session.poll_event() else {
            panic!("the client initializes");
        };
        accept(&mut session, ticket, &client);
        session.poll_transmit().unwrap().frame
    }

    /// VER-03: in the revision of each client, and with what belongs to that.
    #[test]
    fn each_revision_is_greeted_as_a_session_would() {
        let server = Implementation::new("s", "1").with_title("Server");
        let greeting = InitializeResult::new(ServerCapabilities::new(), server);
        let greetings = Greetings::default();
        for revision in Revision::LEGACY {
            let written = answer(revision, |session, ticket, _| {
                session.accept(NOW, ticket, greeting.clone());
            });
            for _ in 0..2 {
                let kept = answer(revision, |session, ticket, client| {
                    let result = greetings.of(&greeting, client.revision).unwrap();
                    session.accept_written(NOW, ticket, result);
                });
                assert_eq!(kept, written);
            }
        }
        assert!(greetings.of(&greeting, Revision::V2026_07_28).is_none());
    }
}
