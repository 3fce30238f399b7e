//! Base64 as in RFC 4648, section 4: the one alphabet, padded.

use alloc::vec::Vec;

/// The bytes that `text` stands for; `None` unless it is exactly what an encoder would have made
/// of them.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding)?;
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = (bits << 6) | u32::from(value(*digit)?);
        }
        // Four digits make three bytes, three make two, two make one.
        bits <<= 6 * (4 - group.len());
        let [_, group_bytes @ ..] = bits.to_be_bytes();
        let (kept, rest) = group_bytes.split_at_checked(group.len() - 1)?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn what_an_encoder_makes_is_read_back() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("+/+/").as_deref(), Some(&[0xfb, 0xff, 0xbf][..]));
    }

    /// HDR-30: wrong padding, a wrong alphabet, bits that belong to no byte.
    #[test]
    fn nothing_else_is() {
        for text in [
            "Zg",
            "Zg=",
            "Zg===",
            "Z",
            "=",
            "====",
            "Z===",
            "Zm9=v",
            "Zm9v====",
            "Zm 9",
            "Zm9v\n",
            "_-_-",
            "Zh==",
            "Zm9=",
            "Zm9\u{e4}",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
