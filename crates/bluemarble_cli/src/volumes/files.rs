//! The files of a volume: their order, and whether they are the same as before.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use super::numbers::unreadable;

/// The names, lengths and times of all files of a volume in few words: others if one was changed or renamed.
///
/// # Errors
/// What cannot be looked at.
pub fn fingerprint(path: &Path) -> Result<String, String> {
    let mut files = Vec::new();
    let mut left: Vec<PathBuf> = vec![path.to_owned()];
    while let Some(path) = left.pop() {
        let metadata = fs::metadata(&path).map_err(unreadable)?;
        if metadata.is_dir() {
            for entry in fs::read_dir(&path).map_err(unreadable)? {
                left.push(entry.map_err(unreadable)?.path());
            }
            continue;
        }
        let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        files.push((path, metadata.len(), changed.map_or(0, |since| since.as_nanos())));
    }
    files.sort_unstable();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    let path = fs::canonicalize(path).map_err(unreadable)?;
    Ok(format!("{} ({} files, {:016x})", path.display(), files.len(), hasher.finish()))
}

/// A key that sorts names with numbers by those numbers: `2.tif` before `10.tif`.
pub fn in_numeric_order(path: &Path) -> Vec<(String, u128, String)> {
    let name = path.to_string_lossy();
    let mut parts = Vec::new();
    let mut rest = &*name;
    while !rest.is_empty() {
        let digits_at = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits_at);
        let digits_end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, after) = after.split_at(digits_end);
        // Of equal numbers the one with fewer zeros in front comes first.
        parts.push((text.to_owned(), digits.parse().unwrap_or(u128::MAX), digits.to_owned()));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_sorted_by_their_numbers() {
        let mut names = ["b1.tif", "a10.tif", "a2.tif", "a2x3.tif", "a02.tif"];
        names.sort_by_cached_key(|name| in_numeric_order(Path::new(name)));
        assert_eq!(names, ["a02.tif", "a2.tif", "a2x3.tif", "a10.tif", "b1.tif"]);
    }

    #[test]
    fn a_renamed_or_changed_file_gives_another_fingerprint() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name);
        fs::write(path("1"), "one").expect("written");
        fs::write(path("2"), "another").expect("written");
        let before = fingerprint(dir.path()).expect("looks");
        assert_eq!(fingerprint(dir.path()).expect("looks"), before);
        fs::rename(path("1"), path("3")).expect("renamed");
        fs::rename(path("2"), path("1")).expect("renamed");
        fs::rename(path("3"), path("2")).expect("renamed");
        assert_ne!(fingerprint(dir.path()).expect("looks"), before);
    }
}
