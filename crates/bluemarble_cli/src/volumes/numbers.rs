//! [`Numbers`]: a volume of numbers, whatever file it lies in.

use std::{fs, ops::Range, path::Path};

use clap::ValueEnum;

use super::{file::FileNumbers, files, tiff::TiffStack, zarr::ZarrNumbers};

/// A part of a volume: a range along each axis of the file.
pub type Part = [Range<u64>; 3];

/// A volume of numbers up to 65535.
pub trait Numbers: Sync {
    /// Numbers along each axis of the file, the slowest first. None is 0.
    fn counts(&self) -> [u64; 3];

    /// Reads a part, which lies in the volume: the last axis fastest.
    ///
    /// # Errors
    /// One clause that says what is wrong with the file.
    fn read(&self, part: &Part) -> Result<Vec<u16>, String>;
}

/// What one number of a file without a header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// One byte.
    U8,
    /// Two bytes, the lower one first.
    U16,
}

/// What must be known of a file without a header.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Numbers along each axis.
    pub shape: Vec<u64>,
    /// What one of them is.
    pub dtype: Dtype,
}

/// Opens a volume of any kind; one with a header tells its kind itself.
///
/// # Errors
/// What is wrong with it, without its path.
pub fn open(path: &Path, bare: Option<Bare>) -> Result<Box<dyn Numbers>, String> {
    let is_picture = |path: &Path| {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        extension == "tif" || extension == "tiff"
    };
    if let Some(bare) = bare {
        return Ok(Box::new(FileNumbers::open_bare(path, bare)?));
    }
    if !path.is_dir() {
        return match is_picture(path) {
            true => Ok(Box::new(TiffStack::open(vec![path.to_owned()])?)),
            false => Ok(Box::new(FileNumbers::open_npy(path)?)),
        };
    }
    if ["zarr.json", ".zarray", ".zgroup"].iter().any(|name| path.join(name).exists()) {
        return Ok(Box::new(ZarrNumbers::open(path)?));
    }
    let mut pictures = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        pictures.push(entry.map_err(unreadable)?.path());
    }
    pictures.retain(|path| is_picture(path));
    pictures.sort_by_cached_key(|path| files::in_numeric_order(path));
    if pictures.is_empty() {
        return Err("it holds neither a Zarr array nor .tif pictures".to_owned());
    }
    Ok(Box::new(TiffStack::open(pictures)?))
}

/// Says that something cannot be read.
pub fn unreadable(error: impl std::fmt::Display) -> String {
    format!("cannot read: {error}")
}
