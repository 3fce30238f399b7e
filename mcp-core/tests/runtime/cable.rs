//! Listeners of tests, and a way to a server that can be cut.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Serves connections until the process ends; returns the port.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(socket));
        }
    });
    port
}

/// Carries bytes both ways until both sides have ended.
pub(crate) fn join(client: TcpStream, server: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        drop(copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    let (mut from, mut to) = (server, client);
    drop(copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}

/// A way to a server that can be cut.
#[derive(Clone)]
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cable {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let open = Arc::<Mutex<Vec<TcpStream>>>::default();
        let opened = Arc::clone(&open);
        let port = listen(move |client| {
            let Ok(server) = TcpStream::connect(server) else { return };
            let ends = [client.try_clone().unwrap(), server.try_clone().unwrap()];
            opened.lock().unwrap().extend(ends);
            join(client, server);
        });
        Self { address: SocketAddr::from(([127, 0, 0, 1], port)), open }
    }

    /// Cuts all connections there are. New ones go through.
    pub(crate) fn cut(&self) {
        for end in self.open.lock().unwrap().drain(..) {
            drop(end.shutdown(Shutdown::Both));
        }
    }
}
