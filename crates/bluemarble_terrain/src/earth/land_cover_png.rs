//! Reads the raster of a land cover: a PNG of class indices that says itself what they stand for.

use std::{
    fs::File,
    io::{BufReader, ErrorKind},
    path::Path,
};

use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::error::TerrainError;

/// The most pixels that are read: twice as fine as the shipped raster, four times over.
const MAX_PIXELS: u64 = 1 << 28;
/// The text of the PNG that names the materials of the classes, one on each line.
const CLASSES: &str = "Classes";

/// A raster as the file has it.
#[derive(Debug)]
pub(super) struct Raster {
    pub columns: usize,
    pub rows: usize,
    /// Row by row from the north; each has a name.
    pub classes: Vec<u8>,
    /// What material each class is.
    pub names: Vec<String>,
}

/// Opens and reads a file.
pub(super) fn read(path: &Path) -> Result<Raster, TerrainError> {
    let refuse = |reason: String| TerrainError::NotLandCover { path: path.to_owned(), reason };
    let wrong = |error: DecodingError| match error {
        // A file that ends early is damaged; a disk that fails is not the file's fault.
        DecodingError::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => {
            TerrainError::Read { path: path.to_owned(), source }
        }
        other => refuse(format!("damaged, cut short or no PNG ({other})")),
    };
    let file =
        File::open(path).map_err(|source| TerrainError::Read { path: path.to_owned(), source })?;
    let limits = Limits { bytes: 2 * MAX_PIXELS as usize };
    let mut decoder = Decoder::new_with_limits(BufReader::new(file), limits);
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let info = reader.info();
    let (columns, rows) = (info.width, info.height);
    if u64::from(columns) * u64::from(rows) > MAX_PIXELS {
        return Err(refuse(format!(
            "it has {columns} x {rows} pixels; at most {MAX_PIXELS} are read"
        )));
    }
    if columns != rows.saturating_mul(2) || rows < 2 {
        return Err(refuse(format!(
            "it has {columns} x {rows} pixels; a globe is twice as wide as it is high"
        )));
    }
    let is_plain = matches!(info.color_type, ColorType::Indexed | ColorType::Grayscale);
    if !is_plain || info.bit_depth != BitDepth::Eight {
        return Err(refuse(format!(
            "its pixels are {:?} of {:?} bits; give 8-bit class indices",
            info.color_type, info.bit_depth
        )));
    }
    let names: Vec<String> = info
        .uncompressed_latin1_text
        .iter()
        .find(|text| text.keyword == CLASSES)
        .map(|text| text.text.lines().map(str::to_owned).collect())
        .unwrap_or_default();
    if names.is_empty() || names.len() > 256 {
        return Err(refuse(format!(
            "its text `{CLASSES}` names {} materials; name that of each class, on a line each",
            names.len()
        )));
    }
    let pixels = columns as usize * rows as usize;
    let mut classes = vec![0; pixels];
    if reader.output_buffer_size() != Some(pixels) {
        return Err(refuse("its rows are not one byte a pixel".to_owned()));
    }
    reader.next_frame(&mut classes).map_err(wrong)?;
    let last = classes.iter().copied().max().unwrap_or_default();
    if usize::from(last) >= names.len() {
        return Err(refuse(format!("it has class {last}, but names only {}", names.len())));
    }
    Ok(Raster { columns: columns as usize, rows: rows as usize, classes, names })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    /// Writes a PNG into a fresh folder.
    fn written(
        size: [u32; 2],
        kind: ColorType,
        names: Option<&str>,
        pixels: &[u8],
    ) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("cover.png");
        let mut encoder = png::Encoder::new(File::create(&path).expect("a file"), size[0], size[1]);
        encoder.set_color(kind);
        encoder.set_depth(BitDepth::Eight);
        if let Some(names) = names {
            encoder.add_text_chunk(CLASSES.to_owned(), names.to_owned()).expect("a text");
        }
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(pixels).expect("pixels");
        writer.finish().expect("an end");
        (dir, path)
    }

    #[test]
    fn a_raster_comes_back_as_it_was_written() {
        let pixels = [0, 1, 1, 0, 2, 2, 0, 1];
        let (_dir, path) = written([4, 2], ColorType::Grayscale, Some("a\nb\nc"), &pixels);
        let raster = read(&path).expect("a raster");
        assert_eq!((raster.columns, raster.rows), (4, 2));
        assert_eq!((raster.classes.as_slice(), raster.names.len()), (&pixels[..], 3));
    }

    #[test]
    fn what_is_no_land_cover_is_refused_by_name_with_a_reason() {
        let grey = ColorType::Grayscale;
        let cases: [(_, _, _, &[u8], _); 5] = [
            ([4, 2], ColorType::Rgb, Some("a"), &[0; 24], "8-bit class indices"),
            ([4, 2], grey, None, &[0; 8], "names 0 materials"),
            ([4, 4], grey, Some("a"), &[0; 16], "twice as wide"),
            ([2, 1], grey, Some("a"), &[0; 2], "twice as wide"),
            ([4, 2], grey, Some("a\nb"), &[0, 0, 0, 0, 0, 0, 0, 2], "has class 2"),
        ];
        for (size, kind, names, pixels, reason) in cases {
            let (_dir, path) = written(size, kind, names, pixels);
            let error = read(&path).expect_err("refused").to_string();
            assert!(error.contains("cover.png") && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn damaged_files_are_refused_and_never_panic() {
        let pixels: Vec<u8> = (0..128 * 64).map(|k| (k * k % 7) as u8).collect();
        let names = "a\nb\nc\nd\ne\nf\ng";
        let (_dir, path) = written([128, 64], ColorType::Grayscale, Some(names), &pixels);
        let whole = fs::read(&path).expect("the file");
        // The last bytes only say that it ends.
        for length in (0..whole.len() - 16).step_by(37) {
            fs::write(&path, &whole[..length]).expect("written");
            let error = read(&path).expect_err("cut short").to_string();
            assert!(error.contains("cover.png"), "{error}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            fs::write(&path, &bytes).expect("written");
            if let Err(error) = read(&path) {
                assert!(error.to_string().contains("cover.png"), "{error}");
            }
        }
        fs::write(&path, b"GIF89a").expect("written");
        assert!(read(&path).expect_err("no PNG").to_string().contains("cover.png"));
        fs::remove_file(&path).expect("removed");
        assert!(matches!(read(&path), Err(TerrainError::Read { .. })));
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused_before_it_is_believed() {
        let (_dir, path) = written([4, 2], ColorType::Grayscale, Some("a"), &[0; 8]);
        let mut bytes = fs::read(&path).expect("the file");
        bytes[16..20].copy_from_slice(&0x4000_0000u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&0x2000_0000u32.to_be_bytes());
        let crc = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.to_be_bytes());
        fs::write(&path, &bytes).expect("written");
        let error = read(&path).expect_err("too large").to_string();
        assert!(error.contains("cover.png"), "{error}");
    }

    /// The checksum of PNG chunks, bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }
}
