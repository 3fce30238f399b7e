//! A browser with nobody in front of it: it follows redirects and shows nothing.
//!
//! It stands in where a server agrees to everything, as those of tests do.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use http::Uri;

/// To the page where a person agrees, from there back to the client.
const REDIRECTS: usize = 5;

const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a page in the background, as starting a browser would.
pub(super) fn open(url: &Uri) {
    let mut next = Some(url.clone());
    std::thread::spawn(move || {
        for _ in 0..REDIRECTS {
            let Some(url) = next else { return };
            next = visit(&url).unwrap_or_else(|error| {
                eprintln!("the browser cannot open {url}: {error}");
                None
            });
        }
    });
}

/// Gets a page over HTTP; where it redirects to, if it does.
fn visit(url: &Uri) -> io::Result<Option<Uri>> {
    let authority = url.authority().ok_or(io::ErrorKind::InvalidInput)?;
    let port = url.port_u16().unwrap_or(80);
    let mut stream = TcpStream::connect((authority.host(), port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let path = url.path_and_query().map_or("/", |it| it.as_str());
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            // The status line, or the empty one at the end of the head.
            if line.is_empty() { break } else { continue }
        };
        if name.eq_ignore_ascii_case("location") {
            return Ok(value.trim().parse().ok());
        }
    }
    Ok(None)
}
