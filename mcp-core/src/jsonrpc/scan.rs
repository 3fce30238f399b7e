//! Looking at every byte of a message, as fast as the machine can.
//!
//! Large messages are looked through more than once. A loop that may stop at any byte, or that
//! counts in words, looks at one byte at a time; these look at many.

/// Small enough that a byte can count its bytes.
const BLOCK: usize = 255;

/// How many bytes are such.
pub(super) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let blocks = bytes.chunks(BLOCK);
    blocks.map(|block| usize::from(count_block(block, &is))).sum()
}

/// Whether any byte is such.
pub(crate) fn any(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(BLOCK).any(|block| count_block(block, &is) > 0)
}

/// Where the first such byte is.
pub(crate) fn position(bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let blocks = bytes.chunks(BLOCK).enumerate();
    let mut with_it = blocks.filter(|(_, block)| count_block(block, &is) > 0);
    let (index, block) = with_it.next()?;
    Some(index * BLOCK + block.iter().position(|byte| is(*byte))?)
}

fn count_block(block: &[u8], is: impl Fn(u8) -> bool) -> u8 {
    block.iter().map(|byte| u8::from(is(*byte))).sum()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn blocks_are_put_together() {
        for length in [0, 1, 254, 255, 256, 510, 1000] {
            let mut bytes = vec![b'{'; length];
            assert_eq!(count(&bytes, |byte| byte == b'{'), length);
            assert!(!any(&bytes, |byte| byte == b'}'));
            assert_eq!(position(&bytes, |byte| byte == b'}'), None);
            if let Some(last) = bytes.last_mut() {
                *last = b'}';
                assert!(any(&bytes, |byte| byte == b'}'));
                assert_eq!(position(&bytes, |byte| byte == b'}'), Some(length - 1));
                assert_eq!(count(&bytes, |byte| byte == b'{'), length - 1);
            }
        }
    }
}
