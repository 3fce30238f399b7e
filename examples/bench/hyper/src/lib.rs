//! What HTTP itself costs: `PORT call|list|progress [FILE]`.
//!
//! A request is read, its id is parsed, and a constant is answered: the bytes our own server sends.
//! `GET /sse` opens a stream of events, `POST /messages` writes its answer to one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

const CALL: &str = r#"{"content":[{"type":"text","text":"hello"}],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"peer","version":"1"}}}"#;

struct State {
    result: Bytes,
    streams: bool,
    next: AtomicU64,
    open: RwLock<HashMap<u64, mpsc::Sender<Bytes>>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// One piece, three of them, or what comes through a channel.
enum Body {
    Full(Option<Bytes>),
    Pieces(std::array::IntoIter<Bytes, 3>, u64),
    Stream(mpsc::Receiver<Bytes>),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut *self {
            Self::Full(data) => data.take(),
            Self::Pieces(pieces, left) => {
                let piece = pieces.next();
                *left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                piece
            }
            Self::Stream(events) => std::task::ready!(events.poll_recv(cx)),
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(data) => data.is_none(),
            Self::Pieces(_, left) => *left == 0,
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(data) => SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len) as u64),
            Self::Pieces(_, left) => SizeHint::with_exact(*left),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

impl State {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if request.method() == Method::GET {
            return self.open();
        }
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return status(StatusCode::BAD_REQUEST);
        };
        let body = body.to_bytes();
        let Ok(Envelope { id }) = serde_json::from_slice(&body) else {
            return status(StatusCode::BAD_REQUEST);
        };
        let id = id.map_or("null", RawValue::get);
        if let Some(session) = head.uri.query().and_then(|query| query.split('=').nth(1)) {
            return self.post(session, id);
        }
        if self.streams {
            return self.progress(id);
        }
        let mut response = if self.result.len() > 4096 {
            let mut start = BytesMut::with_capacity(64);
            start.put_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
            start.put_slice(id.as_bytes());
            start.put_slice(b",\"result\":");
            let pieces = [start.freeze(), self.result.clone(), Bytes::from_static(b"}")];
            let length = pieces.iter().map(|piece| piece.len() as u64).sum();
            Response::new(Body::Pieces(pieces.into_iter(), length))
        } else {
            Response::new(Body::Full(Some(self.message(id, b"", b""))))
        };
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }

    fn message(&self, id: &str, before: &[u8], after: &[u8]) -> Bytes {
        let mut message = BytesMut::with_capacity(64 + self.result.len());
        message.put_slice(before);
        message.put_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        message.put_slice(id.as_bytes());
        message.put_slice(b",\"result\":");
        message.put_slice(&self.result);
        message.put_slice(b"}");
        message.put_slice(after);
        message.freeze()
    }

    fn open(&self) -> Response<Body> {
        let session = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(16);
        let endpoint = format!("event: endpoint\ndata: /messages?session_id={session}\n\n");
        let _ = sender.try_send(endpoint.into());
        self.open.write().unwrap().insert(session, sender);
        events(receiver)
    }

    fn post(&self, session: &str, id: &str) -> Response<Body> {
        let session = session.parse().unwrap_or(u64::MAX);
        let event = self.message(id, b"event: message\ndata: ", b"\n\n");
        if let Some(sender) = self.open.read().unwrap().get(&session) {
            let _ = sender.try_send(event);
        }
        status(StatusCode::ACCEPTED)
    }

    /// Ten notifications and the response, as one writes them who has them all at once.
    fn progress(&self, id: &str) -> Response<Body> {
        let (sender, receiver) = mpsc::channel(1);
        let mut all = BytesMut::new();
        for step in 1..=10 {
            let event = format!(
                "event: message\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{id},\"progress\":{step},\"total\":10,\"message\":\"counting\"}}}}\n\n"
            );
            all.put_slice(event.as_bytes());
        }
        all.put_slice(&self.message(id, b"event: message\ndata: ", b"\n\n"));
        let _ = sender.try_send(all.freeze());
        events(receiver)
    }
}

fn events(receiver: mpsc::Receiver<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::Stream(receiver));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Full(None));
    *response.status_mut() = status;
    response
}

/// What the command line says to serve.
pub struct Server(Arc<State>);

/// Reads the command line; the address to listen on comes first.
pub fn from_arguments() -> Result<(String, Server), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().unwrap_or_else(|| "8000".into());
    let mode = arguments.next().unwrap_or_default();
    let result = match arguments.next() {
        Some(file) => std::fs::read(file)?.into(),
        None if mode == "progress" => CALL.replace("hello", "counted to 10").into(),
        None => Bytes::from_static(CALL.as_bytes()),
    };
    let state = State {
        result,
        streams: mode == "progress",
        next: AtomicU64::new(0),
        open: RwLock::default(),
    };
    Ok((format!("127.0.0.1:{port}"), Server(Arc::new(state))))
}

impl Server {
    /// Serves a connection to its end.
    pub fn serve<I: Read + Write + Unpin + Send + 'static>(
        &self,
        io: I,
    ) -> impl Future<Output = ()> + Send + use<I> {
        let state = Arc::clone(&self.0);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(state.answer(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
        async move {
            let _ = connection.await;
        }
    }
}
