//! The globe that is flown over.

use std::{path::Path, sync::Arc};

use bevy::prelude::*;
use bluemarble_core::{GeoPosition, LatticePos, MaterialTable, Shape};
use bluemarble_terrain::{Baseline, EarthBaseline, EarthSources};
use bluemarble_world::HybridWorld;
use glam::DVec3;

/// The Earth of the repository's own elevations.
pub struct Earth(Arc<EarthBaseline>);

impl Earth {
    pub fn load() -> Self {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
        let sources = EarthSources::shipped(&assets);
        let earth = EarthBaseline::load(&sources, &MaterialTable::standard(), 1);
        Self(Arc::new(earth.expect("the repository has it")))
    }

    pub fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// The world as it is before anybody has changed it.
    pub fn world(&self) -> HybridWorld {
        HybridWorld::in_memory(self.0.clone(), MaterialTable::standard())
    }

    /// So many metres above the ground.
    pub fn above(&self, lat_deg: f64, lon_deg: f64, metres: f64) -> GeoPosition {
        let shape = self.shape();
        let LatticePos { region, lattice: at } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat_deg, lon_deg, 0.0)));
        let ground_y = self.0.surface_y(region, at.x, at.z);
        let ground_m = (ground_y - f64::from(shape.sea_level_y())) * shape.voxel_m();
        GeoPosition::new(lat_deg, lon_deg, ground_m + metres)
    }
}

/// East, and a little down.
pub fn gaze(shape: Shape, at: DVec3) -> Quat {
    let up = shape.up(at);
    let (east, _) = shape.east_north(at);
    let forward = (east - up * 0.35).normalize();
    Transform::default().looking_to(forward.as_vec3(), up.as_vec3()).rotation
}
