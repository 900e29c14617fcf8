//! [`open()`]: a volume of any kind.

use std::{fs, path::Path};

use super::{
    file::FileNumbers,
    files,
    numbers::{Bare, Numbers, unreadable},
    tiff::TiffStack,
    zarr::ZarrNumbers,
};

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
