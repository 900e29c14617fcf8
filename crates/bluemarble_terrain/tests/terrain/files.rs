//! Elevation files: what is read, what is refused and how it is said.

use std::{io::Cursor, path::Path};

use bluemarble_terrain::{ElevationGrid, OUTSIDE_M, TerrainError};
use tiff::{
    encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype},
    tags::Tag,
};

use crate::support::{Random, etopo5};

const COLUMNS: u32 = 36;
const ROWS: u32 = 19;

/// A point-registered grid of ten degrees: 100 m per degree of latitude.
fn samples() -> Vec<i16> {
    (0..ROWS * COLUMNS).map(|i| (90 - 10 * (i / COLUMNS) as i16) * 10).collect()
}

/// A small grid file; tags given as nothing are left out.
fn geotiff(scale: &[f64], tie: &[f64], keys: &[u16], nodata: Option<&str>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes)
        .unwrap()
        .with_compression(Compression::Deflate(DeflateLevel::Balanced))
        .with_predictor(Predictor::Horizontal);
    let mut image = encoder.new_image::<colortype::GrayI16>(COLUMNS, ROWS).unwrap();
    if !scale.is_empty() {
        image.encoder().write_tag(Tag::ModelPixelScaleTag, scale).unwrap();
    }
    if !tie.is_empty() {
        image.encoder().write_tag(Tag::ModelTiepointTag, tie).unwrap();
    }
    if !keys.is_empty() {
        image.encoder().write_tag(Tag::GeoKeyDirectoryTag, keys).unwrap();
    }
    if let Some(nodata) = nodata {
        image.encoder().write_tag(Tag::GdalNodata, nodata).unwrap();
    }
    image.write_data(&samples()).unwrap();
    bytes.into_inner()
}

const SCALE: [f64; 3] = [10.0, 10.0, 0.0];
const TIE: [f64; 6] = [0.0, 0.0, 0.0, -180.0, 90.0, 0.0];
const POINT: [u16; 8] = [1, 1, 0, 1, 1025, 0, 1, 2];

fn load(bytes: &[u8]) -> Result<ElevationGrid, TerrainError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some-grid.tif");
    std::fs::write(&path, bytes).unwrap();
    ElevationGrid::load(&path)
}

fn message(bytes: &[u8]) -> String {
    load(bytes).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_grid_says_at_its_nodes_what_the_file_says() {
    let grid = load(&geotiff(&SCALE, &TIE, &POINT, None)).unwrap();
    assert_eq!(grid.size(), [COLUMNS, ROWS]);
    for lat in [-90.0, -40.0, 0.0, 30.0, 90.0] {
        for lon in [-180.0, -10.0, 0.0, 170.0, 180.0, 360.0] {
            assert!((grid.height_m(lat, lon) - lat * 10.0).abs() < 1e-6, "{lat} {lon}");
            assert_eq!(grid.nearest_m(lat + 3.0, lon), (lat * 10.0).min(900.0));
        }
    }
}

#[test]
fn area_registered_grids_lie_half_a_sample_further() {
    let area = geotiff(&SCALE, &[0.0, 0.0, 0.0, -180.0, 95.0, 0.0], &[], None);
    let grid = load(&area).unwrap();
    assert!((grid.height_m(30.0, 5.0) - 300.0).abs() < 1e-6);
}

#[test]
fn gaps_are_filled_from_their_neighbours() {
    let grid = load(&geotiff(&SCALE, &TIE, &POINT, Some("300"))).unwrap();
    let filled = grid.height_m(30.0, 0.0);
    assert!((200.0..=400.0).contains(&filled), "{filled}");
}

#[test]
fn beyond_a_part_of_the_globe_lies_a_sea_floor() {
    let grid = ElevationGrid::from_samples(vec![100.0; 100], 10, [50.0, 0.0], [1.0, 1.0]).unwrap();
    assert!((grid.height_m(45.5, 4.5) - 100.0).abs() < 1e-6);
    assert_eq!(grid.height_m(45.5, 30.0), f64::from(OUTSIDE_M));
    assert_eq!(grid.height_m(-45.0, -170.0), f64::from(OUTSIDE_M));
    let edge = grid.height_m(45.5, 9.0);
    assert!((edge - grid.height_m(45.5, 9.0 + 1e-7)).abs() < 1e-3);
}

#[test]
fn the_shipped_grid_is_read() {
    let grid = ElevationGrid::load(&etopo5()).unwrap();
    assert_eq!(grid.size(), [4320, 2161]);
    assert!(grid.height_m(27.99, 86.93) > 5500.0, "Mount Everest");
    assert!(grid.height_m(11.35, 142.2) < -8500.0, "Mariana trench");
    assert!((grid.height_m(-90.0, 0.0) - 2800.0).abs() < 300.0, "south pole");
}

#[test]
fn every_refusal_names_the_file_and_the_reason() {
    let error = ElevationGrid::load(Path::new("no/such-grid.tif")).err().unwrap();
    assert!(matches!(error, TerrainError::Read { .. }));
    assert!(error.to_string().contains("no/such-grid.tif"), "{error}");
    let whole = geotiff(&SCALE, &TIE, &POINT, None);
    let cases = [
        (b"PNG, not TIFF".to_vec(), "not a TIFF"),
        (Vec::new(), "not a TIFF"),
        (geotiff(&[], &TIE, &POINT, None), "is not an elevation grid: no ModelPixelScale tag"),
        (geotiff(&SCALE, &[], &POINT, None), "no ModelTiepoint tag"),
        (geotiff(&[100.0, 100.0, 0.0], &TIE, &POINT, None), "not in degrees"),
        (geotiff(&SCALE, &[0.0, 0.0, 0.0, 0.0, 4e6, 0.0], &POINT, None), "no part of a globe"),
        (picture(), "picture"),
        (heights_in_feet(), "not an elevation in metres"),
        (whole[..whole.len() / 3].to_vec(), "cut short"),
    ];
    for (bytes, expected) in cases {
        let message = message(&bytes);
        assert!(message.contains("some-grid.tif") && message.contains(expected), "{message}");
    }
}

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<colortype::RGB8>(4, 4, &[7; 48]).unwrap();
    bytes.into_inner()
}

fn heights_in_feet() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut image = encoder.new_image::<colortype::Gray32Float>(4, 4).unwrap();
    image.encoder().write_tag(Tag::ModelPixelScaleTag, &SCALE[..]).unwrap();
    image.encoder().write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, 0.0, 50.0, 0.0][..]).unwrap();
    image.write_data(&[29_000.0; 16]).unwrap();
    bytes.into_inner()
}

#[test]
fn claimed_sizes_are_refused_before_memory_is_taken() {
    // A header, one directory and its claims: 2^17 x 2^17 samples.
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let entries: [(u16, u16, u32); 7] = [
        (256, 4, 1 << 17),
        (257, 4, 1 << 17),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (279, 4, 8),
    ];
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    let message = message(&bytes);
    assert!(message.contains("some-grid.tif"), "{message}");
    assert!(message.contains("131072 x 131072 samples"), "{message}");
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let whole = geotiff(&SCALE, &TIE, &POINT, Some("-32768"));
    for length in 0..whole.len() {
        assert!(load(&whole[..length]).is_err() || length > whole.len() - 8, "{length}");
    }
    let mut random = Random(12);
    for _ in 0..1500 {
        let mut bytes = whole.clone();
        for _ in 0..random.within(1, 4) {
            let at = random.within(0, bytes.len() as i32) as usize;
            bytes[at] ^= 1 << random.within(0, 8);
        }
        // Refused or read: either is right, for many bits are samples.
        if let Ok(grid) = load(&bytes) {
            assert!(grid.height_m(12.3, 45.6).is_finite());
        }
    }
}
