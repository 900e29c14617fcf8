//! Numbers that lie one after the other in a file: `.npy`, and files without a header.

use std::{fs::File, io, ops::Range, path::Path};

use super::{
    npy::{self, Item},
    numbers::{Bare, Dtype, Numbers, Part, unreadable},
};

/// Rows are read at once, with what lies between them, if that is not more than this many times as much.
const MAX_SPAN: u64 = 8;
/// ... and not more than so many bytes.
const MAX_SPAN_BYTES: u64 = 4 << 20;

/// A file of numbers.
pub struct FileNumbers {
    file: File,
    item: Item,
    /// Numbers along each axis, the last one fastest, in the order in which the file has them.
    counts: [u64; 3],
    /// Whether the axes are told in the other order.
    is_reversed: bool,
    /// Where the numbers begin, in bytes.
    offset: u64,
}

impl FileNumbers {
    /// Opens a `.npy` file.
    pub fn open_npy(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(unreadable)?;
        let header = npy::read_header(&mut file)
            .map_err(|what| format!("{what}, or give --shape and --dtype"))?;
        let mut shape = header.shape;
        if header.fortran_order {
            shape.reverse();
        }
        Self::new(file, header.item, shape, header.fortran_order, header.offset)
    }

    /// Opens a file that holds nothing but numbers.
    pub fn open_bare(path: &Path, bare: Bare) -> Result<Self, String> {
        let file = File::open(path).map_err(unreadable)?;
        let item = match bare.dtype {
            Dtype::U8 => Item::U8,
            Dtype::U16 => Item::U16Little,
        };
        Self::new(file, item, bare.shape, false, 0)
    }

    fn new(
        file: File,
        item: Item,
        shape: Vec<u64>,
        is_reversed: bool,
        offset: u64,
    ) -> Result<Self, String> {
        let counts: [u64; 3] =
            shape.try_into().map_err(|_| "not three axes; a volume has three".to_owned())?;
        let all = counts.iter().try_fold(item.bytes(), |all, &count| all.checked_mul(count));
        let [a, b, c] = counts;
        let found = file.metadata().map_err(unreadable)?.len();
        match all.and_then(|bytes| bytes.checked_add(offset)) {
            _ if a.min(b).min(c) == 0 => Err("it holds no number".to_owned()),
            Some(expected) if expected == found => {
                Ok(Self { file, item, counts, is_reversed, offset })
            }
            _ => Err(format!(
                "{a} x {b} x {c} numbers of {} bytes after {offset} do not make its {found} bytes; \
                 it is cut short or its shape is another",
                item.bytes()
            )),
        }
    }

    /// Reads some rows that follow each other along the middle axis.
    fn read_rows(
        &self,
        slow: u64,
        middle: Range<u64>,
        fast: &Range<u64>,
        bytes: &mut Vec<u8>,
        numbers: &mut Vec<u16>,
    ) -> io::Result<()> {
        let (item, width) = (self.item.bytes(), fast.end - fast.start);
        let first = (slow * self.counts[1] + middle.start) * self.counts[2] + fast.start;
        let span = (middle.end - middle.start - 1) * self.counts[2] + width;
        bytes.resize((span * item) as usize, 0);
        read_exact_at(&self.file, bytes, self.offset + first * item)?;
        for row in bytes.chunks((self.counts[2] * item) as usize) {
            push_numbers(self.item, &row[..(width * item) as usize], numbers);
        }
        Ok(())
    }
}

impl Numbers for FileNumbers {
    fn counts(&self) -> [u64; 3] {
        let mut counts = self.counts;
        if self.is_reversed {
            counts.reverse();
        }
        counts
    }

    fn read(&self, part: &Part) -> Result<Vec<u16>, String> {
        let [mut slow, middle, mut fast] = part.clone();
        if self.is_reversed {
            std::mem::swap(&mut slow, &mut fast);
        }
        let length = |range: &Range<u64>| range.end - range.start;
        let count = length(&slow) * length(&middle) * length(&fast);
        let row_bytes = self.counts[2] * self.item.bytes();
        let rows_at_once = match self.counts[2] <= length(&fast) * MAX_SPAN {
            true => (MAX_SPAN_BYTES / row_bytes).max(1),
            false => 1,
        };
        let mut numbers = Vec::with_capacity(count as usize);
        let mut bytes = Vec::new();
        for slow in slow.clone() {
            let mut from = middle.start;
            while from < middle.end {
                let to = (from + rows_at_once).min(middle.end);
                self.read_rows(slow, from..to, &fast, &mut bytes, &mut numbers)
                    .map_err(unreadable)?;
                from = to;
            }
        }
        match self.is_reversed {
            true => Ok(reversed(&numbers, [length(&slow), length(&middle), length(&fast)])),
            false => Ok(numbers),
        }
    }
}

/// The same numbers with the first axis fastest; `counts` tells how many there are along each axis, the slowest first.
fn reversed(numbers: &[u16], counts: [u64; 3]) -> Vec<u16> {
    let [slow, middle, fast] = counts.map(|count| count as usize);
    let mut turned = Vec::with_capacity(numbers.len());
    for k in 0..fast {
        for j in 0..middle {
            turned.extend((0..slow).map(|i| numbers[(i * middle + j) * fast + k]));
        }
    }
    turned
}

fn push_numbers(item: Item, bytes: &[u8], numbers: &mut Vec<u16>) {
    match item {
        Item::U8 => numbers.extend(bytes.iter().map(|&byte| u16::from(byte))),
        Item::U16Little => {
            numbers.extend(bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)));
        }
        Item::U16Big => {
            numbers.extend(bytes.as_chunks().0.iter().map(|&pair| u16::from_be_bytes(pair)));
        }
    }
}

/// Reads bytes of a file from a position on, whoever else reads it.
#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Reads bytes of a file from a position on, whoever else reads it.
#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => (bytes, offset) = (&mut bytes[read..], offset + read as u64),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Numbers that tell their position.
    fn volume(item: Item, counts: [u64; 3], is_reversed: bool) -> FileNumbers {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"head").expect("written");
        for number in 0..counts.iter().product::<u64>() as u16 {
            let bytes = match item {
                Item::U8 => vec![number as u8],
                Item::U16Little => number.to_le_bytes().to_vec(),
                Item::U16Big => number.to_be_bytes().to_vec(),
            };
            file.write_all(&bytes).expect("written");
        }
        FileNumbers::new(file, item, counts.to_vec(), is_reversed, 4).expect("opens")
    }

    #[test]
    fn a_part_is_what_lies_there_in_any_byte_order_and_axis_order() {
        for item in [Item::U8, Item::U16Little, Item::U16Big] {
            // The second one is too wide for its rows to be read at once.
            for (counts, part) in
                [([3, 4, 5], [1..3, 1..4, 2..4]), ([2, 3, 40], [0..2, 1..3, 7..9])]
            {
                let at = |i: u64, j: u64, k: u64| ((i * counts[1] + j) * counts[2] + k) as u16;
                let [slow, middle, fast]: Part = part.clone();
                let mut expected = Vec::new();
                for i in slow.clone() {
                    for j in middle.clone() {
                        expected.extend(fast.clone().map(|k| at(i, j, k)));
                    }
                }
                let found = volume(item, counts, false).read(&part);
                assert_eq!(found.expect("reads"), expected, "{item:?}");

                let mut expected = Vec::new();
                for k in fast.clone() {
                    for j in middle.clone() {
                        expected.extend(slow.clone().map(|i| at(i, j, k)));
                    }
                }
                let turned = volume(item, counts, true);
                let found = turned.read(&[fast, middle, slow]);
                assert_eq!(found.expect("reads"), expected, "{item:?}, reversed");
                assert_eq!(turned.counts(), [counts[2], counts[1], counts[0]]);
            }
        }
    }

    #[test]
    fn a_file_of_another_length_is_refused() {
        for (counts, what) in [([3, 3, 3], "cut short"), ([0, 3, 3], "no number")] {
            let file = tempfile::tempfile().expect("a file");
            let refused = FileNumbers::new(file, Item::U8, counts.to_vec(), false, 0).err();
            assert!(refused.is_some_and(|said| said.contains(what)), "{counts:?}");
        }
    }
}
