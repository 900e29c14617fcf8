//! Which ground the viewer shows.

use std::{path::Path, sync::Arc, time::Duration};

use bluemarble_core::MaterialTable;
use bluemarble_terrain::{
    Baseline, EarthBaseline, EarthEdition, EarthSources, FirstEarth, TerrainError, assets_dir,
};
use bluemarble_world::HybridWorld;

use crate::{
    options::{Detail, Options},
    slow::SlowReads,
};

/// The ground of a world: the one that it was made on, or the one that the options ask for if there is no
/// world yet.
pub fn baseline(options: &Options, materials: &MaterialTable) -> Result<Arc<dyn Baseline>, String> {
    let found = match &options.world {
        Some(dir) => HybridWorld::fingerprint_at(dir).map_err(|error| error.to_string())?,
        None => None,
    };
    let ground = load(options, found.as_deref(), materials).map_err(|error| error.to_string())?;
    Ok(match options.slow_reads {
        0 => ground,
        ms => Arc::new(SlowReads { inner: ground, each: Duration::from_millis(ms) }),
    })
}

fn load(
    options: &Options,
    fingerprint: Option<&str>,
    materials: &MaterialTable,
) -> Result<Arc<dyn Baseline>, TerrainError> {
    let assets = assets_dir();
    let seed = options.seed;
    let first = |elevation: &Path| FirstEarth::load(elevation, materials, seed);
    let edition = fingerprint.and_then(EarthEdition::of_fingerprint);
    if edition == Some(EarthEdition::First) {
        let light = EarthSources::light(&assets).elevation;
        return Ok(Arc::new(first(options.elevation.as_deref().unwrap_or(&light))?));
    }
    let asked = || match (&options.elevation, options.detail) {
        (Some(path), _) => EarthSources::elevation_only(path),
        (None, Detail::Fine) => EarthSources::shipped(&assets),
        (None, Detail::Light) => EarthSources::light(&assets),
    };
    let known = fingerprint.and_then(|found| EarthSources::of_fingerprint(&assets, found));
    let sources = if options.elevation.is_some() { asked() } else { known.unwrap_or_else(asked) };
    let earth = EarthBaseline::load(&sources, materials, seed)?;
    let is_second = edition == Some(EarthEdition::Second);
    Ok(Arc::new(if is_second { earth.of_second_edition() } else { earth }))
}
