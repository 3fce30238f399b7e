//! Every order in which the parts of a handshake can happen to a client.
//!
//! A story is a multiset of things that happen; all of its orders are played. Whatever the order
//! is, nothing leaves before its time, every request ends once, and nothing is left.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use mcp_core::config::Protocol;
use mcp_core::id::RequestHandle;
use mcp_core::lifecycle::ClientPhase;
use mcp_core::revision::Revision;
use mcp_core::session::{TransmitKey, TransmitKind};
use serde_json::json;

use crate::support::{
    Client, Saw, call, discovered, discovered_in, initialized, refusal, result, secs,
};

/// One thing that happens. An answer to what was not asked goes to an id that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Op {
    /// The application sends a request.
    Ask,
    /// The application gives up on its last request.
    Cancel,
    /// The server answers `server/discover`: it is a modern one.
    Modern,
    /// The server answers `server/discover`: it speaks legacy revisions alone.
    Legacy,
    /// The server does not know `server/discover`.
    Unknown,
    /// The server accepts `initialize`.
    Accept,
    /// The server refuses `initialize`.
    Refuse,
    /// The server answers the oldest request.
    Reply,
    /// The server does not know the session of the oldest request.
    Gone,
    /// The frame of the handshake that is on its way is taken.
    Taken,
    /// The frame of the handshake that is on its way never left.
    NotSent,
    /// There is a new server.
    Restart,
    /// Time passes: longer than the probe may take.
    Silence,
    /// The server is gone.
    End,
}

use Op::{
    Accept, Ask, Cancel, End, Gone, Legacy, Modern, NotSent, Refuse, Reply, Restart, Silence,
    Taken, Unknown,
};

const NOBODY: u64 = 999_999;

struct Player {
    client: Client,
    probe: Option<u64>,
    initialize: Option<u64>,
    on_its_way: Option<TransmitKey>,
    /// Requests on the wire.
    requests: VecDeque<(u64, TransmitKey)>,
    asked: Vec<RequestHandle>,
    ends: BTreeMap<RequestHandle, usize>,
    ids: BTreeSet<u64>,
    readies: usize,
    closed: usize,
}

impl Player {
    fn new(protocol: Protocol) -> Self {
        Self {
            client: Client::of(protocol),
            probe: None,
            initialize: None,
            on_its_way: None,
            requests: VecDeque::new(),
            asked: Vec::new(),
            ends: BTreeMap::new(),
            ids: BTreeSet::new(),
            readies: 0,
            closed: 0,
        }
    }

    fn play(&mut self, op: Op) {
        let now = self.client.now;
        let probe = self.probe.unwrap_or(NOBODY);
        let initialize = self.initialize.unwrap_or(NOBODY);
        let request = |it: &mut Self| it.requests.pop_front();
        let mut frame = None;
        match op {
            Ask => {
                if let Ok(handle) = self.client.session.request(now, call()) {
                    self.asked.push(handle);
                }
            }
            Cancel => {
                if let Some(handle) = self.asked.last() {
                    self.client.session.cancel(now, *handle, "");
                }
            }
            Modern => frame = Some(discovered(probe)),
            Legacy => frame = Some(discovered_in(probe, &["2025-06-18"])),
            Unknown => frame = Some(refusal(probe, -32601, &json!(null))),
            Accept => frame = Some(initialized(initialize, "2025-11-25")),
            Refuse => frame = Some(refusal(initialize, -32603, &json!(null))),
            Reply => {
                let id = request(self).map_or(NOBODY, |(id, _)| id);
                frame = Some(result(id, &json!({})));
            }
            Gone => {
                if let Some((_, key)) = request(self) {
                    self.client.session.handle_session_gone(now, key);
                }
            }
            Taken => {
                if let Some(key) = self.on_its_way.take() {
                    self.client.session.handle_sent(now, key);
                }
            }
            NotSent => {
                if let Some(key) = self.on_its_way.take() {
                    self.client.session.handle_not_sent(now, key);
                }
            }
            Restart => {
                self.requests.clear();
                self.client.session.restart(now);
            }
            Silence => self.client.wait(secs(6)),
            End => self.client.session.handle_disconnect(now),
        }
        if let Some(frame) = frame {
            // A session that is over says so.
            let _ = self.client.hear_text(&frame.to_string());
        }
        self.look();
    }

    /// What left and what was seen, held against the rules.
    fn look(&mut self) {
        let phase = self.client.session.phase();
        while let Some(out) = self.client.next() {
            let key = out.transmit.key;
            if let Some(id) = out.json["id"].as_u64() {
                assert!(self.ids.insert(id), "an id is used once");
            }
            match out.transmit.kind {
                TransmitKind::Probe => {
                    assert_eq!(phase, ClientPhase::Probing);
                    (self.probe, self.on_its_way) = (Some(out.id()), Some(key));
                }
                TransmitKind::Initialize => {
                    assert_eq!(phase, ClientPhase::Initializing);
                    (self.initialize, self.on_its_way) = (Some(out.id()), Some(key));
                }
                TransmitKind::Initialized => {
                    assert_eq!(phase, ClientPhase::Announcing);
                    self.on_its_way = Some(key);
                }
                TransmitKind::Request(_) => {
                    assert!(phase.is_ready(), "LIFE-05, case_07");
                    assert_eq!(
                        phase == ClientPhase::Modern,
                        out.json["params"].get("_meta").is_some()
                    );
                    self.requests.push_back((out.id(), key));
                }
                TransmitKind::Cancel(handle) => {
                    self.requests.retain(|(_, key)| Some(*key) != out.transmit.cancels);
                    assert!(self.asked.contains(&handle), "CANCEL-02");
                }
                kind => panic!("{kind:?}"),
            }
        }
        for saw in self.client.saw() {
            assert_eq!(self.closed, 0, "the end is the last event");
            match saw {
                Saw::Ready => self.readies += 1,
                Saw::Response(handle, _) => *self.ends.entry(handle).or_default() += 1,
                Saw::Closed(_) => self.closed += 1,
                saw => panic!("{saw:?}"),
            }
        }
        let session = &self.client.session;
        assert_eq!(
            session.poll_timeout().is_none(),
            session.is_closed() || (phase.is_ready() && session.outbound_requests() == 0)
        );
    }
}

/// Plays all orders of a story.
fn tell(protocols: &[Protocol], story: &[Op]) -> usize {
    let mut orders = 0;
    let mut story = story.to_vec();
    story.sort_unstable();
    loop {
        for protocol in protocols {
            let mut player = Player::new(*protocol);
            player.look();
            for op in &story {
                player.play(*op);
            }
            player.play(End);
            let Player { client, asked, ends, closed, .. } = player;
            assert_eq!(closed, 1, "{story:?}");
            assert!(asked.iter().all(|handle| ends.get(handle) == Some(&1)), "{story:?}");
            assert_eq!(asked.len(), ends.len());
            client.assert_empty();
        }
        orders += 1;
        if !next_order(&mut story) {
            return orders;
        }
    }
}

/// The next order in the sense of a dictionary.
fn next_order(story: &mut [Op]) -> bool {
    let Some(at) = story.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        return false;
    };
    let other = story.iter().rposition(|op| *op > story[at]).expect("the one after it");
    story.swap(at, other);
    story[at + 1..].reverse();
    true
}

const AUTO: [Protocol; 2] = [Protocol::Auto, Protocol::LegacyFirst];
const MODERN: [Protocol; 2] = [Protocol::Auto, Protocol::Modern];
const LEGACY: [Protocol; 1] = [Protocol::Legacy(Revision::V2024_11_05)];

/// case_07, LIFE-04, LIFE-05: a legacy server, its answers and everything that can go wrong.
#[test]
fn every_order_of_a_legacy_handshake() {
    let orders = tell(&[Protocol::Auto], &[Ask, Unknown, Accept, Taken, Reply, Ask, Gone]);
    assert_eq!(orders, 2520);
    tell(&AUTO, &[Ask, Unknown, Accept, Taken, Restart, Accept]);
    tell(&AUTO, &[Ask, Silence, Modern, Accept, Refuse, Taken]);
    tell(&AUTO, &[Ask, Legacy, Accept, NotSent, Taken, Gone]);
    tell(&LEGACY, &[Ask, Accept, Taken, NotSent, Restart, Refuse]);
    tell(&LEGACY, &[Ask, Accept, Taken, Cancel, Gone, Reply]);
}

/// The same for a modern one.
#[test]
fn every_order_with_a_modern_server() {
    tell(&MODERN, &[Ask, Modern, Ask, Reply, Cancel, Silence]);
    tell(&MODERN, &[Ask, Modern, Restart, Modern, Reply, NotSent]);
    tell(&AUTO, &[Ask, Refuse, Modern, Unknown, Accept, Taken]);
}
