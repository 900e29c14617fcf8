//! Lines of numbers separated by commas, from a stream that may pause.

use std::io::{BufRead, BufReader, Read};

use bluemarble_core::{LatticeBox, VoxelBox, VoxelPos};
use glam::IVec3;

use crate::failure::Failure;

/// No line that means anything is longer.
const MAX_LINE_BYTES: u64 = 4096;

/// Numbered lines of a stream.
pub struct Lines<R> {
    reader: R,
    name: &'static str,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of a stream; `name` is what errors call it.
    pub fn new(reader: R, name: &'static str) -> Self {
        Self { reader, name, number: 0 }
    }

    /// The next line without the spaces around it; `None` at the end.
    pub fn next(&mut self) -> Result<Option<String>, Failure> {
        let mut bytes = Vec::new();
        self.number += 1;
        let limited = &mut (&mut self.reader).take(MAX_LINE_BYTES);
        let read = limited
            .read_until(b'\n', &mut bytes)
            .map_err(|error| self.refuse(format!("cannot read: {error}")))?;
        if read as u64 == MAX_LINE_BYTES && bytes.last() != Some(&b'\n') {
            return Err(self.refuse("a line of more than 4096 bytes; one edit or position a line"));
        }
        if read == 0 {
            return Ok(None);
        }
        let text = String::from_utf8(bytes).map_err(|_| self.refuse("not UTF-8 text"))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// The number of the line that was read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// An error about the line that was read last.
    pub fn refuse(&self, what: impl Into<String>) -> Failure {
        Failure::new(what).at(format_args!("{} line {}", self.name, self.number))
    }
}

impl<R: Read> Lines<BufReader<R>> {
    /// Whether reading on may have to wait for the writer.
    pub fn may_wait(&self) -> bool {
        self.reader.buffer().is_empty()
    }
}

/// Whole numbers separated by commas.
pub fn integers<const N: usize>(text: &str, names: &str) -> Result<[i32; N], String> {
    fields(text, names, integer)
}

/// Numbers separated by commas.
pub fn numbers<const N: usize>(text: &str, names: &str) -> Result<[f64; N], String> {
    fields(text, names, |field| {
        let number = field.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| format!("`{field}` is no number"))
    })
}

fn fields<T: Copy + Default, const N: usize>(
    text: &str,
    names: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<[T; N], String> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    if fields.len() != N {
        return Err(format!("{} fields in `{text}`; write {names}", fields.len()));
    }
    let mut parsed = [T::default(); N];
    for (parsed, field) in parsed.iter_mut().zip(fields) {
        *parsed = parse(field)?;
    }
    Ok(parsed)
}

/// One whole number.
pub fn integer(field: &str) -> Result<i32, String> {
    field.parse().map_err(|_| format!("`{field}` is no whole number of 32 bits"))
}

/// A region number.
pub fn region(number: i32) -> Result<u8, String> {
    u8::try_from(number).map_err(|_| format!("{number} is no region; regions are 0 to 5"))
}

/// A voxel of a region, as written at the command line.
pub fn voxel_pos(text: &str) -> Result<VoxelPos, String> {
    let [r, x, y, z] = integers(text, "region,x,y,z")?;
    Ok(VoxelPos::new(region(r)?, IVec3::new(x, y, z)))
}

/// A box of a region, as written at the command line.
pub fn voxel_box(text: &str) -> Result<VoxelBox, String> {
    let [r, x0, y0, z0, x1, y1, z1] = integers(text, "region,x0,y0,z0,x1,y1,z1")?;
    let voxels = LatticeBox::new(IVec3::new(x0, y0, z0), IVec3::new(x1, y1, z1));
    if voxels.is_empty() {
        return Err("the box is empty; its upper corner is not in it".to_owned());
    }
    Ok(VoxelBox::new(region(r)?, voxels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_boxes_are_read_or_refused_with_a_reason() {
        let pos = voxel_pos(" 3, -1,2 ,67108863");
        assert_eq!(pos, Ok(VoxelPos::new(3, IVec3::new(-1, 2, 67_108_863))));
        for (text, said) in [
            ("1,2,3", "3 fields"),
            ("1,2,3,4,5", "5 fields"),
            ("0,1,2,x", "`x`"),
            ("0,1,2,4294967296", "4294967296"),
            ("-1,1,2,3", "no region"),
            ("300,1,2,3", "no region"),
        ] {
            let error = voxel_pos(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(voxel_box("0,0,0,0,4,0,4").expect_err("flat").contains("empty"));
        assert!(voxel_box("0,-2147483648,0,0,2147483647,1,1").is_ok());
    }

    #[test]
    fn a_line_without_an_end_is_cut_off_early() {
        let endless = BufReader::new(std::io::repeat(b'7'));
        let error = Lines::new(endless, "stdin").next().expect_err("endless");
        assert!(format!("{error:?}").contains("stdin line 1: a line of more than 4096 bytes"));
    }
}
