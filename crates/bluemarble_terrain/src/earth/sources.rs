//! [`EarthSources`]: which files an Earth is made from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{edition::EarthEdition, summits::Listed};
use crate::{error::TerrainError, noise::mix};

/// No list of summits is longer, in bytes.
const MAX_LIST_BYTES: u64 = 1 << 24;

/// The files that an [`EarthBaseline`](crate::EarthBaseline) is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarthSources {
    /// A `GeoTIFF` of elevations in metres over degrees.
    pub elevation: PathBuf,
    /// A PNG of classes of ground; without it the climate decides what lies on top.
    pub land_cover: Option<PathBuf>,
    /// A list of summits to be raised to their heights: a CSV with a heading and the columns name, `lat_deg`,
    /// `lon_deg`, `elevation_m` and kind, of which only kind `mountain` counts.
    pub summits: Option<PathBuf>,
}

impl EarthSources {
    /// The files that the project ships, with the finest grid of elevations. `assets` is the folder that holds
    /// `earth/relief2m5.tif`.
    pub fn shipped(assets: &Path) -> Self {
        Self { elevation: assets.join("earth/relief2m5.tif"), ..Self::light(assets) }
    }

    /// The files that the project ships, with the grid of 5 minutes: a quarter of the memory, half as sharp.
    pub fn light(assets: &Path) -> Self {
        Self {
            elevation: assets.join("earth/etopo5.tif"),
            land_cover: Some(assets.join("earth/land_cover.png")),
            summits: Some(assets.join("earth/summits.csv")),
        }
    }

    /// Elevations alone, of the Earth or of any planet of its size.
    pub fn elevation_only(path: &Path) -> Self {
        Self { elevation: path.to_owned(), land_cover: None, summits: None }
    }

    /// The shipped files that a world's second or third edition of the ground was made from, by its
    /// fingerprint; `None` if it was made from other ones, or on the first edition.
    pub fn of_fingerprint(assets: &Path, fingerprint: &str) -> Option<Self> {
        if EarthEdition::of_fingerprint(fingerprint)? == EarthEdition::First {
            return None;
        }
        let field = |name: &str| {
            let field = fingerprint.split(' ').find_map(|field| field.strip_prefix(name))?;
            (field != "none").then_some(field)
        };
        let grid = field("grid=")?;
        let (size, _) = grid.split_once(':')?;
        let elevation = match size {
            "8640x4321" => Self::shipped(assets).elevation,
            "4320x2161" => Self::light(assets).elevation,
            _ => return None,
        };
        let shipped = Self::light(assets);
        Some(Self {
            elevation,
            land_cover: field("cover=").and(shipped.land_cover),
            summits: field("summits=").and(shipped.summits),
        })
    }
}

/// The mountains of a list, and a hash of it.
pub(super) fn read_summits(path: &Path) -> Result<(Vec<Listed>, u64), TerrainError> {
    let unreadable = |source| TerrainError::Read { path: path.into(), source };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    let refuse = |line: usize, reason: &str| TerrainError::NotSummits {
        path: path.into(),
        line,
        reason: reason.to_owned(),
    };
    if bytes > MAX_LIST_BYTES {
        return Err(refuse(1, "it is larger than 16 MiB"));
    }
    let text = String::from_utf8(fs::read(path).map_err(unreadable)?)
        .map_err(|_| refuse(1, "it is not UTF-8"))?;
    let hash = text.bytes().fold(mix(bytes), |hash, byte| mix(hash ^ u64::from(byte)));
    let mut listed = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1) {
        // Names may hold commas, so fields are counted from the end.
        let mut fields = line.rsplit(',');
        let kind = fields.next().unwrap_or_default().trim();
        let mut number = |limit: f64| {
            let number = fields.next().and_then(|field| field.trim().parse::<f64>().ok());
            number.filter(|number| number.abs() <= limit)
        };
        let (height_m, lon_deg, lat_deg) = (number(12_000.0), number(360.0), number(90.0));
        let (Some(height_m), Some(lon_deg), Some(lat_deg)) = (height_m, lon_deg, lat_deg) else {
            return Err(refuse(
                index + 1,
                "name, lat_deg, lon_deg, elevation_m and kind are needed, in degrees and metres",
            ));
        };
        if kind == "mountain" {
            listed.push(Listed { lat_deg, lon_deg, height_m });
        }
    }
    Ok((listed, hash))
}
