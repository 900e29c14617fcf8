//! [`Archive`]: arrays of numbers in a file, whole or not at all.
//!
//! ```text
//! 8 bytes  "bmgeolog"
//! u32      bytes of the head, which is JSON
//! u32      arrays; for each  u8 kind (1 u8, 2 u32, 3 f32, 4 f64), u64 count, and the numbers
//! u32      CRC-32C of all before
//! ```
//!
//! All numbers are little endian.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use serde_json::Value;

use crate::GeologyError;

const MAGIC: &[u8; 8] = b"bmgeolog";

/// Numbers of a kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    U8(Vec<u8>),
    U32(Vec<u32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Arrays, and what is said of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Archive {
    pub head: Value,
    pub arrays: Vec<Array>,
}

impl Archive {
    /// Replaces a file; its directory is made if need be.
    ///
    /// # Errors
    /// [`GeologyError::File`].
    pub fn write(&self, path: &Path) -> Result<(), GeologyError> {
        replace(path, &self.encode()).map_err(GeologyError::file(path))
    }

    /// # Errors
    /// [`GeologyError::State`] if the file is damaged, and [`GeologyError::File`]; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, GeologyError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(GeologyError::file(path)(error)),
        };
        let damaged = || GeologyError::State { path: path.into(), reason: "it is damaged".into() };
        Self::decode(&bytes).ok_or_else(damaged).map(Some)
    }

    fn encode(&self) -> Vec<u8> {
        let head = self.head.to_string();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((head.len() as u32).to_le_bytes());
        bytes.extend(head.as_bytes());
        bytes.extend((self.arrays.len() as u32).to_le_bytes());
        for array in &self.arrays {
            let (kind, count) = match array {
                Array::U8(numbers) => (1, numbers.len()),
                Array::U32(numbers) => (2, numbers.len()),
                Array::F32(numbers) => (3, numbers.len()),
                Array::F64(numbers) => (4, numbers.len()),
            };
            bytes.push(kind);
            bytes.extend((count as u64).to_le_bytes());
            match array {
                Array::U8(numbers) => bytes.extend(numbers),
                Array::U32(numbers) => numbers.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                Array::F32(numbers) => numbers.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                Array::F64(numbers) => numbers.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
            }
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(bytes) != u32::from_le_bytes(*crc) {
            return None;
        }
        let rest = &mut bytes.strip_prefix(MAGIC)?;
        let length = u32::from_le_bytes(take(rest)?);
        let head = serde_json::from_slice(rest.split_off(..length as usize)?).ok()?;
        let count = u32::from_le_bytes(take(rest)?);
        let mut arrays = Vec::new();
        for _ in 0..count {
            let [kind] = take(rest)?;
            let count = usize::try_from(u64::from_le_bytes(take(rest)?)).ok()?;
            arrays.push(match kind {
                1 => Array::U8(rest.split_off(..count)?.to_vec()),
                2 => Array::U32(numbers(rest, count, u32::from_le_bytes)?),
                3 => Array::F32(numbers(rest, count, f32::from_le_bytes)?),
                4 => Array::F64(numbers(rest, count, f64::from_le_bytes)?),
                _ => return None,
            });
        }
        rest.is_empty().then_some(Self { head, arrays })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn numbers<const N: usize, T>(
    rest: &mut &[u8],
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let bytes = rest.split_off(..count.checked_mul(N)?)?;
    let (chunks, _) = bytes.as_chunks::<N>();
    Some(chunks.iter().map(|chunk| number(*chunk)).collect())
}

/// Puts a file in the place of another, so that a crash leaves one of the two.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn archive() -> Archive {
        let arrays = vec![
            Array::F64(vec![1.5, -0.0, f64::INFINITY]),
            Array::U8(vec![7; 9]),
            Array::F32(vec![]),
            Array::U32(vec![u32::MAX]),
        ];
        Archive { head: json!({ "years": 12.5 }), arrays }
    }

    #[test]
    fn what_is_written_is_read_and_no_file_is_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("run/state.bin");
        assert!(Archive::read(&path).expect("read").is_none());
        archive().write(&path).expect("written");
        assert_eq!(Archive::read(&path).expect("read"), Some(archive()));
    }

    #[test]
    fn any_flipped_byte_and_any_missing_end_is_an_error_that_names_the_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state.bin");
        let whole = archive().encode();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).expect("written");
            let error = Archive::read(&path).expect_err("damaged").to_string();
            assert!(error.contains("state.bin") && error.contains("damaged"), "{error}");
            fs::write(&path, &whole[..at]).expect("written");
            assert!(Archive::read(&path).is_err());
        }
    }
}
