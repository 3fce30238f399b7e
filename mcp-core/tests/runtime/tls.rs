//! TLS in front of a server, and a proxy on the way to it.

use std::io::{BufRead, BufReader, Read, Write, copy};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::cable::{join, listen};

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Speaks TLS in front of a server; returns the port and whom to trust.
pub(super) fn front(server: SocketAddr) -> (u16, RootCertStore) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let port = listen(move |socket| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        drop(pass_on(StreamOwned::new(connection, socket), server));
    });
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    (port, roots)
}

/// One request and its answer.
fn pass_on<S: Read + Write>(stream: S, server: SocketAddr) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        // The server knows itself by another name.
        if lower.starts_with("host:") {
            line = format!("host: {server}\r\n");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let mut inner = TcpStream::connect(server)?;
    write!(inner, "{head}connection: close\r\n\r\n")?;
    inner.write_all(&body)?;
    copy(&mut inner, stream.get_mut())?;
    stream.get_mut().flush()
}

/// A proxy that connects through, and nothing else.
pub(super) fn proxy() -> u16 {
    listen(|socket| {
        let mut stream = BufReader::new(socket);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let target = line.split(' ').nth(1).unwrap().replace("localhost", "127.0.0.1");
        assert!(line.starts_with("CONNECT "), "{line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).unwrap();
        }
        let mut socket = stream.into_inner();
        let server = TcpStream::connect(target).unwrap();
        socket.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
        join(socket, server);
    })
}
