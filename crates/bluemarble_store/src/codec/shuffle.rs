//! The low bytes of all cells apart from their high bytes.

use std::cell::RefCell;

/// Shuffled bytes that a thread keeps room for: those of 64³ cells.
const KEPT_BYTES: usize = 1 << 19;

/// The low bytes of all cells, then their high bytes. A last odd byte stays where it is.
pub(super) fn shuffle(raw: &[u8], shuffled: &mut [u8]) {
    let (cells, last) = raw.as_chunks::<2>();
    let (low, rest) = shuffled.split_at_mut(cells.len());
    let (high, rest) = rest.split_at_mut(cells.len());
    // Of numbers, not bytes: so it is done many at once.
    for ((&cell, low), high) in cells.iter().zip(low).zip(high) {
        let cell = u16::from_le_bytes(cell);
        (*low, *high) = (cell as u8, (cell >> 8) as u8);
    }
    rest.copy_from_slice(last);
}

/// Undoes [`shuffle`].
pub(super) fn unshuffle(shuffled: &[u8], raw: &mut [u8]) {
    let (low, rest) = shuffled.split_at(shuffled.len() / 2);
    let (cells, last) = raw.as_chunks_mut::<2>();
    for ((cell, &low), &high) in cells.iter_mut().zip(low).zip(rest) {
        *cell = [low, high];
    }
    last.copy_from_slice(&rest[low.len()..]);
}

/// Lends bytes, of this thread if they are those of an ordinary chunk.
pub(super) fn with_shuffled<T>(count: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local! {
        static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    if count > KEPT_BYTES {
        return work(&mut vec![0; count]);
    }
    KEPT.with_borrow_mut(|kept| {
        kept.resize(KEPT_BYTES, 0);
        work(&mut kept[..count])
    })
}
