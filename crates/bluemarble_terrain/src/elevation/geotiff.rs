//! Reads the samples and the georeference of a single-band `GeoTIFF`.
//!
//! Understood is what the `GeoTIFF` standard (OGC 19-008r4) calls a geographic raster without rotation:
//! one tie point, a pixel scale in degrees and `GTRasterTypeGeoKey` (1025) for area or point.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use tiff::{
    ColorType, TiffError,
    decoder::{ChunkType, Decoder, DecodingResult, Limits},
    tags::Tag,
};

use super::{nodes::Samples, rows::by_rows};
use crate::error::TerrainError;

/// At most this many samples are read: 15 arc seconds around the globe are 3.7e9, 1 minute is 2.3e8.
pub(super) const MAX_SAMPLES: u64 = 1 << 28;

/// How TIFF and `BigTIFF` files start, in both byte orders.
const MAGIC: [&[u8; 4]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];

/// A raster as the file has it.
pub(super) struct Raster {
    pub columns: u32,
    pub rows: u32,
    /// Row by row from the north.
    pub samples: Samples,
    /// Longitude of the westernmost samples.
    pub west_deg: f64,
    /// Latitude of the northernmost samples.
    pub north_deg: f64,
    /// Degrees from a sample to the next one east and to the next one south.
    pub step_deg: [f64; 2],
}

type TiffFile = Decoder<BufReader<File>>;

/// Opens and reads a file.
pub(super) fn read(path: &Path) -> Result<Raster, TerrainError> {
    let unreadable = |source| TerrainError::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
    if !MAGIC.iter().any(|magic| magic[..] == start) {
        return Err(TerrainError::NotTiff { path: path.into(), found: start });
    }
    file.rewind().map_err(unreadable)?;
    let mut decoder = TiffFile::new(BufReader::new(file)).map_err(|error| damage(path, &error))?;
    let damaged = |error: TiffError| damage(path, &error);
    let (columns, rows) = decoder.dimensions().map_err(damaged)?;
    if u64::from(columns) * u64::from(rows) > MAX_SAMPLES {
        return Err(TerrainError::TooLarge {
            path: path.into(),
            columns,
            rows,
            max_samples: MAX_SAMPLES,
        });
    }
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_SAMPLES as usize * 8;
    let mut decoder = decoder.with_limits(limits);
    if columns < 2 || rows < 2 {
        let reason = format!("it has {columns} x {rows} samples; at least 2 x 2 are needed");
        return Err(TerrainError::not_elevation(path, reason));
    }
    match decoder.colortype().map_err(damaged)? {
        ColorType::Gray(_) => {}
        other => {
            let reason =
                format!("its samples are {other:?}, a picture; one band of heights is needed");
            return Err(TerrainError::not_elevation(path, reason));
        }
    }
    let frame = georeference(&mut decoder, path)?;
    let nodata = decoder
        .find_tag(Tag::GdalNodata)
        .ok()
        .flatten()
        .and_then(|value| value.into_string().ok())
        .and_then(|text| text.trim_matches(['\0', ' ']).parse::<f64>().ok());
    let decoded = read_samples(&mut decoder, path, columns).map_err(damaged)?;
    let samples = to_metres(decoded, nodata, path)?;
    if samples.len() as u64 != u64::from(columns) * u64::from(rows) {
        let message = format!("{} samples instead of {columns} x {rows}", samples.len());
        return Err(TerrainError::Damaged { path: path.into(), message });
    }
    let raster = Raster { columns, rows, samples, ..frame };
    check_values(&raster, path)?;
    Ok(raster)
}

/// All samples; strips of a file that is made of these are read on several cores.
fn read_samples(
    decoder: &mut TiffFile,
    path: &Path,
    columns: u32,
) -> Result<DecodingResult, TiffError> {
    let strips = match decoder.get_chunk_type() {
        ChunkType::Strip if decoder.chunk_dimensions().0 == columns => decoder.strip_count()?,
        _ => 0,
    };
    if strips < 8 || !matches!(decoder.read_chunk(0)?, DecodingResult::I16(_)) {
        return decoder.read_image();
    }
    let strips: Vec<u32> = (0..strips).collect();
    let parts = by_rows(&strips, 1, 1, |strips| -> Result<Vec<i16>, TiffError> {
        let mut decoder = TiffFile::new(BufReader::new(File::open(path)?))?;
        let mut samples = Vec::new();
        for &strip in strips {
            if let DecodingResult::I16(strip) = decoder.read_chunk(strip)? {
                samples.extend(strip);
            }
        }
        Ok(samples)
    });
    let mut samples = Vec::new();
    for part in parts {
        samples.extend(part?);
    }
    Ok(DecodingResult::I16(samples))
}

fn damage(path: &Path, error: &TiffError) -> TerrainError {
    match error {
        // A file that ends early is damaged; a disk that fails is not the file's fault.
        TiffError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            TerrainError::Read { path: path.into(), source: source.kind().into() }
        }
        TiffError::UnsupportedError(what) => TerrainError::not_elevation(
            path,
            format!("{what}; use deflate, LZW or no compression and whole numbers or floats"),
        ),
        other => TerrainError::Damaged { path: path.into(), message: other.to_string() },
    }
}

fn numbers(decoder: &mut TiffFile, tag: Tag) -> Option<Vec<f64>> {
    decoder.find_tag(tag).ok().flatten()?.into_f64_vec().ok()
}

/// Where the raster lies; the samples are left empty.
fn georeference(decoder: &mut TiffFile, path: &Path) -> Result<Raster, TerrainError> {
    let refuse = |reason: String| Err(TerrainError::not_elevation(path, reason));
    let Some(scale) = numbers(decoder, Tag::ModelPixelScaleTag).filter(|v| v.len() >= 2) else {
        return refuse("no ModelPixelScale tag; export it as a GeoTIFF in EPSG:4326".into());
    };
    let Some(tie) = numbers(decoder, Tag::ModelTiepointTag).filter(|v| v.len() >= 6) else {
        return refuse("no ModelTiepoint tag; export it as a GeoTIFF in EPSG:4326".into());
    };
    let step_deg = [scale[0], scale[1]];
    if !step_deg.iter().all(|step| (1e-6..=30.0).contains(step)) {
        return refuse(format!(
            "a pixel scale of {} x {} is not in degrees; reproject it to EPSG:4326",
            step_deg[0], step_deg[1]
        ));
    }
    // GTRasterTypeGeoKey: 1 is area (the tie point is a corner of the sample), 2 is point.
    let keys = decoder
        .find_tag(Tag::GeoKeyDirectoryTag)
        .ok()
        .flatten()
        .and_then(|value| value.into_u32_vec().ok())
        .unwrap_or_default();
    let is_point = keys.chunks_exact(4).skip(1).any(|key| key[0] == 1025 && key[3] == 2);
    let shift = if is_point { 0.0 } else { 0.5 };
    let west_deg = tie[3] + (shift - tie[0]) * step_deg[0];
    let north_deg = tie[4] - (shift - tie[1]) * step_deg[1];
    let (columns, rows) = decoder.dimensions().map_err(|error| damage(path, &error))?;
    let south_deg = north_deg - f64::from(rows - 1) * step_deg[1];
    let width_deg = f64::from(columns - 1) * step_deg[0];
    let slack = step_deg[1] * 0.51;
    let lat_ok = north_deg <= 90.0 + slack && south_deg >= -90.0 - slack;
    if !(lat_ok && west_deg.abs() <= 540.0 && width_deg <= 360.0 + step_deg[0]) {
        return refuse(format!(
            "it spans {width_deg:.3} degrees of longitude from {west_deg:.3} and latitudes \
             {south_deg:.3} to {north_deg:.3}, which is no part of a globe; reproject it to EPSG:4326"
        ));
    }
    Ok(Raster { columns, rows, samples: Samples::Any(Vec::new()), west_deg, north_deg, step_deg })
}

fn to_metres(
    decoded: DecodingResult,
    nodata: Option<f64>,
    path: &Path,
) -> Result<Samples, TerrainError> {
    fn convert<T: Copy>(samples: &[T], nodata: Option<f64>, f: impl Fn(T) -> f64) -> Vec<f32> {
        let one = |&sample: &T| {
            let value = f(sample);
            // Float files often write the marker in single precision.
            let is_nodata = nodata.is_some_and(|marker| {
                value == marker || value as f32 == marker as f32 || !value.is_finite()
            });
            if is_nodata || !value.is_finite() { f32::NAN } else { value as f32 }
        };
        samples.iter().map(one).collect()
    }
    Ok(Samples::Any(match decoded {
        DecodingResult::I16(v) => {
            let is_whole = nodata.is_none_or(|marker| {
                !by_rows(&v, 1, 1, |part| part.iter().any(|&v| f64::from(v) == marker))
                    .contains(&true)
            });
            if is_whole {
                return Ok(Samples::Whole(v));
            }
            convert(&v, nodata, f64::from)
        }
        DecodingResult::U16(v) => convert(&v, nodata, f64::from),
        DecodingResult::I32(v) => convert(&v, nodata, f64::from),
        DecodingResult::F32(v) => convert(&v, nodata, f64::from),
        DecodingResult::F64(v) => convert(&v, nodata, |v| v),
        _ => {
            let reason = "its samples are not i16, u16, i32, f32 or f64; convert them to Int16";
            return Err(TerrainError::not_elevation(path, reason));
        }
    }))
}

/// Metres of ground on Earth lie within -12,000..9,000; a few spikes are forgiven.
fn check_values(raster: &Raster, path: &Path) -> Result<(), TerrainError> {
    let wild = |v: f32| !(-12_000.0..=9_000.0).contains(&v);
    let (count, wild) = match &raster.samples {
        Samples::Whole(samples) => {
            let wild =
                by_rows(samples, 1, 1, |part| part.iter().filter(|&&v| wild(f32::from(v))).count());
            (samples.len(), wild.iter().sum())
        }
        Samples::Any(samples) => {
            let known = || samples.iter().filter(|v| !v.is_nan());
            (known().count(), known().filter(|&&v| wild(v)).count())
        }
    };
    if count == 0 {
        return Err(TerrainError::not_elevation(path, "every sample is marked as no data"));
    }
    if wild * 100 > count {
        let reason = format!(
            "{wild} of {count} samples are outside -12,000..9,000, so it is not an elevation in metres"
        );
        return Err(TerrainError::not_elevation(path, reason));
    }
    Ok(())
}
