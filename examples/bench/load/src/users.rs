//! Users on nonblocking connections, all on one thread.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::response::{Read, Reader};

/// Which of a user's connections: one to post on, one to listen on.
pub const POST: usize = 0;
pub const LISTEN: usize = 1;
const LANES: usize = 2;

/// What happens to a user.
pub enum Event<'a> {
    /// It can begin, or go on after its first unit of work.
    Start,
    /// An answer has come on [`POST`].
    Answer { status: u16, session: Option<&'a str>, body: &'a [u8] },
    /// An event has come on [`LISTEN`].
    Event(&'a [u8]),
}

/// Somebody who uses a server, step by step.
pub trait User {
    fn handle(&mut self, event: Event<'_>, io: &mut Io) -> Result<(), String>;
}

/// What a user can do.
#[derive(Default)]
pub struct Io {
    sends: Vec<(usize, Vec<u8>)>,
    closes: Vec<usize>,
    /// How long each unit of work took that has ended just now.
    done: Vec<Duration>,
    /// No new unit of work may begin.
    pub over: bool,
    began: Option<Instant>,
}

impl Io {
    pub fn post(&mut self, request: impl Into<Vec<u8>>) {
        self.sends.push((POST, request.into()));
    }

    pub fn listen(&mut self, request: impl Into<Vec<u8>>) {
        self.sends.push((LISTEN, request.into()));
    }

    pub fn close(&mut self, lane: usize) {
        self.closes.push(lane);
    }

    /// A unit of work begins.
    pub fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    /// It has ended. False if another one must not begin.
    pub fn end(&mut self) -> bool {
        if let Some(began) = self.began.take() {
            self.done.push(began.elapsed());
        }
        !self.over
    }
}

struct Connection {
    stream: TcpStream,
    reader: Reader,
    out: Vec<u8>,
    written: usize,
}

struct Seat<'a> {
    user: Box<dyn User + 'a>,
    lanes: [Option<Connection>; LANES],
    began: Option<Instant>,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Outcome {
    pub units: usize,
    pub seconds: f64,
    pub latencies: Vec<Duration>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.units as f64 / self.seconds
    }

    pub fn permille(&mut self, permille: usize) -> Duration {
        self.latencies.sort_unstable();
        let at = self.latencies.len() * permille / 1000;
        self.latencies
            .get(at.min(self.latencies.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

/// All users of one server.
pub struct Crowd<'a> {
    poll: Poll,
    address: SocketAddr,
    seats: Vec<Seat<'a>>,
    scratch: Vec<u8>,
}

/// A server that says nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// How many begin at once.
const AT_A_TIME: usize = 64;

impl<'a> Crowd<'a> {
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { poll: Poll::new()?, address, seats: Vec::new(), scratch: vec![0; 256 * 1024] })
    }

    pub fn add(&mut self, user: impl User + 'a) {
        let user = Box::new(user);
        self.seats.push(Seat { user, lanes: [const { None }; LANES], began: None });
    }

    /// Lets the users work. What they do in the first `warm` is not counted, and not the first unit
    /// of each, which comes before that. Returns what was done in the time then, or in up to ten
    /// times as long if it was not a unit for each; `at_start` is called when it begins.
    pub fn run(
        &mut self,
        warm: Duration,
        time: Duration,
        mut at_start: impl FnMut(),
    ) -> Result<Outcome, String> {
        // A few at a time: Node accepts a connection for each turn of its loop, and would never
        // come to the last ones while hundreds of others ask all the time.
        self.run_once()?;
        let start = Instant::now();
        let mut outcome = Outcome::default();
        let mut counted_from = None;
        let users = self.seats.len();
        let is_fair = |outcome: &Outcome| outcome.units >= users;
        let mut io = Io::default();
        for seat in 0..self.seats.len() {
            self.tell(seat, Happening::Start, &mut io)?;
        }
        let mut events = Events::with_capacity(1024);
        let mut heard = Instant::now();
        loop {
            let polled = self.poll.poll(&mut events, Some(Duration::from_millis(20)));
            match polled {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                polled => polled.map_err(text)?,
            }
            let now = Instant::now();
            if !events.is_empty() {
                heard = now;
            } else if now - heard > STUCK {
                return Err("nothing comes any more".into());
            }
            match counted_from {
                None if now - start >= warm => {
                    counted_from = Some(now);
                    at_start();
                }
                Some(from)
                    if now - from >= time && (is_fair(&outcome) || now - from >= 10 * time) =>
                {
                    outcome.seconds = (now - from).as_secs_f64();
                    return Ok(outcome);
                }
                _ => {}
            }
            for event in &events {
                let (seat, lane) = (event.token().0 / LANES, event.token().0 % LANES);
                if event.is_writable() {
                    self.write(seat, lane)?;
                }
                if event.is_readable() {
                    self.read(seat, lane, &mut io)?;
                }
            }
            if counted_from.is_some() {
                outcome.units += io.done.len();
                outcome.latencies.append(&mut io.done);
            }
            io.done.clear();
        }
    }

    /// Lets each user do its work once, a few at a time.
    pub fn run_once(&mut self) -> Result<Outcome, String> {
        let start = Instant::now();
        let mut outcome = Outcome::default();
        let mut io = Io { over: true, ..Io::default() };
        let mut events = Events::with_capacity(1024);
        let (mut started, mut ended, mut heard) = (0, 0, Instant::now());
        while ended < self.seats.len() {
            while started < self.seats.len() && started - ended < AT_A_TIME {
                self.tell(started, Happening::Start, &mut io)?;
                started += 1;
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(20))).map_err(text)?;
            if !events.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() > STUCK {
                return Err(format!("nothing comes any more ({ended} of {started} are done)"));
            }
            for event in &events {
                let (seat, lane) = (event.token().0 / LANES, event.token().0 % LANES);
                if event.is_writable() {
                    self.write(seat, lane)?;
                }
                if event.is_readable() {
                    self.read(seat, lane, &mut io)?;
                }
            }
            ended += io.done.len();
            outcome.latencies.append(&mut io.done);
        }
        outcome.units = ended;
        outcome.seconds = start.elapsed().as_secs_f64();
        Ok(outcome)
    }

    fn write(&mut self, seat: usize, lane: usize) -> Result<(), String> {
        let Some(connection) = &mut self.seats[seat].lanes[lane] else {
            return Ok(());
        };
        while connection.written < connection.out.len() {
            match connection.stream.write(&connection.out[connection.written..]) {
                Ok(written) => connection.written += written,
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err(text(error)),
            }
        }
        connection.out.clear();
        connection.written = 0;
        Ok(())
    }

    fn read(&mut self, seat: usize, lane: usize, io: &mut Io) -> Result<(), String> {
        loop {
            let Seat { lanes, began, .. } = &mut self.seats[seat];
            let Some(connection) = &mut lanes[lane] else {
                return Ok(());
            };
            let length = match connection.stream.read(&mut self.scratch) {
                // A server need not keep an idle connection; the next request makes another.
                Ok(0) if lane == POST && began.is_none() => {
                    lanes[lane] = None;
                    return Ok(());
                }
                Ok(0) => return Err("the server hung up".into()),
                Ok(length) => length,
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err(text(error)),
            };
            connection.reader.buffer().extend_from_slice(&self.scratch[..length]);
            loop {
                let Some(connection) = &mut self.seats[seat].lanes[lane] else {
                    return Ok(());
                };
                match connection.reader.next()? {
                    None => break,
                    Some(Read::Answer) => self.tell(seat, Happening::Answer(lane), io)?,
                    Some(Read::Event(event)) => self.tell(seat, Happening::Event(event), io)?,
                }
            }
            // A short read has emptied the socket: asking again would cost a call for nothing.
            if length < self.scratch.len() {
                return Ok(());
            }
        }
    }

    fn tell(&mut self, index: usize, what: Happening, io: &mut Io) -> Result<(), String> {
        let seat = &mut self.seats[index];
        io.began = seat.began;
        let event = match &what {
            Happening::Start => Event::Start,
            Happening::Event(event) => Event::Event(event),
            Happening::Answer(lane) => {
                let Some(Connection { reader, .. }) = &seat.lanes[*lane] else {
                    return Ok(());
                };
                if *lane == LISTEN {
                    let body = String::from_utf8_lossy(reader.body());
                    return Err(format!("the stream ended: {} {body}", reader.status()));
                }
                let (status, session) = (reader.status(), reader.session());
                Event::Answer { status, session, body: reader.body() }
            }
        };
        seat.user.handle(event, io)?;
        seat.began = io.began.take();
        for lane in io.closes.drain(..) {
            seat.lanes[lane] = None;
        }
        for (lane, bytes) in core::mem::take(&mut io.sends) {
            self.send(index, lane, &bytes)?;
        }
        Ok(())
    }

    fn send(&mut self, seat: usize, lane: usize, bytes: &[u8]) -> Result<(), String> {
        if self.seats[seat].lanes[lane].is_none() {
            let mut stream = TcpStream::connect(self.address).map_err(text)?;
            stream.set_nodelay(true).map_err(text)?;
            let token = Token(seat * LANES + lane);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, token, interest).map_err(text)?;
            let reader = Reader::new(lane == LISTEN);
            let connection = Connection { stream, reader, out: bytes.into(), written: 0 };
            // The first event says that it is connected.
            self.seats[seat].lanes[lane] = Some(connection);
            return Ok(());
        }
        if let Some(connection) = &mut self.seats[seat].lanes[lane] {
            connection.out.extend_from_slice(bytes);
        }
        match self.write(seat, lane) {
            Err(error) if error.contains("not connected") => Ok(()),
            written => written,
        }
    }
}

enum Happening {
    Start,
    Answer(usize),
    Event(Vec<u8>),
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}

fn text(error: io::Error) -> String {
    error.to_string()
}
