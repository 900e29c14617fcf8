//! Why a picture of a planet could not be used.

use std::path::PathBuf;

use thiserror::Error;

/// Why a picture of a planet could not be used.
#[derive(Debug, Error)]
pub enum PictureError {
    /// A file could not be opened or read.
    #[error("{path}: cannot read: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no JPEG, a damaged one, or cut short.
    #[error("{path}: no JPEG that can be read ({message}); fetch or export it again")]
    Jpeg {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        message: String,
    },
    /// The picture does not show a whole planet, or is too large.
    #[error(
        "{path}: {width} x {height} pixels; a picture of a planet is twice as wide as high, longitude -180 to \
         180 and latitude 90 to -90, and at most {max_width} wide"
    )]
    NotWhole {
        /// The file, or what stands for it.
        path: PathBuf,
        /// Pixels from west to east.
        width: usize,
        /// Pixels from north to south.
        height: usize,
        /// The limit.
        max_width: usize,
    },
    /// The bytes are not as many as the size of the picture says.
    #[error(
        "{found} bytes for {width} x {height} pixels; give three for each: red, green and blue"
    )]
    Bytes {
        /// Pixels from west to east.
        width: usize,
        /// Pixels from north to south.
        height: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// The list of places is not as it should be.
    #[error("{path}, line {line}: {reason}")]
    Places {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is missing or wrong, and what would be right.
        reason: String,
    },
}
