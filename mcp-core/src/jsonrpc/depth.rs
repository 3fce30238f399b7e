//! How deeply a JSON text nests, found without parsing it.

use super::scan;

/// Whether the objects and arrays of `json` nest at most `limit` levels deep.
///
/// A text with at most `limit` opening brackets cannot nest deeper than that, and counting bytes
/// is far cheaper than following strings; ordinary messages never get past the count.
pub(super) fn within(json: &[u8], limit: usize) -> bool {
    scan::count(json, |byte| matches!(byte, b'{' | b'[')) <= limit || deepest(json) <= limit
}

fn deepest(json: &[u8]) -> usize {
    let mut depth = 0usize;
    let mut deepest = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_levels_and_skips_strings() {
        assert_eq!(deepest(br#"{"a":[1,[2],{"b":"]}[[[\"[["}]}"#), 3);
        assert!(within(br#"{"a":"[[[[[["}"#, 1));
        assert!(!within(b"[[[[]]]]", 3));
        assert!(within(b"[[[[]]]]", 4));
    }
}
