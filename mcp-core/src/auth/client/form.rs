//! `application/x-www-form-urlencoded`, as OAuth uses it in bodies and queries.

use alloc::string::String;
use alloc::vec::Vec;

/// Parameters on their way out.
#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode(&mut self.0, name);
        self.0.push('=');
        encode(&mut self.0, value);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Writes a text so that it can stand in a query, in a body and in Basic credentials alike.
pub(super) fn encode(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Parameters that came. `None` for what is no such text: bad escapes, no UTF-8, too many.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    /// More than any response has.
    const MAX: usize = 64;
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut read = Vec::new();
    for pair in pairs {
        if read.len() == MAX {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        read.push((decode(name)?, decode(value)?));
    }
    Some(read)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut read = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        read.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(read).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut form = Form::new();
        form.push("redirect uri", "http://localhost:1/cb?a=b&c=ä+%");
        form.push("", "");
        let text = form.finish();
        assert_eq!(
            text,
            "redirect%20uri=http%3A%2F%2Flocalhost%3A1%2Fcb%3Fa%3Db%26c%3D%C3%A4%2B%25&="
        );
        let read = parse(&text).unwrap();
        assert_eq!(read[0].1, "http://localhost:1/cb?a=b&c=ä+%");
        assert_eq!(parse("a=b+c").unwrap()[0].1, "b c");
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", &"a&".repeat(65)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
