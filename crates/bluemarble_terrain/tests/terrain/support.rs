//! The Earth, loaded once, and random places on it.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

use bluemarble_core::{CellPos, MaterialId, MaterialTable, Shape};
use bluemarble_terrain::{Baseline, EarthBaseline, EarthSources, FirstEarth, NoiseBaseline};
use glam::{IVec3, ivec3};

pub static MATERIALS: LazyLock<MaterialTable> = LazyLock::new(MaterialTable::standard);
pub static EARTH: LazyLock<EarthBaseline> =
    LazyLock::new(|| EarthBaseline::load(&shipped(), &MATERIALS, 1).unwrap());
/// The second edition of the ground.
pub static SECOND: LazyLock<EarthBaseline> =
    LazyLock::new(|| EarthBaseline::load(&shipped(), &MATERIALS, 1).unwrap().of_second_edition());
pub static FIRST: LazyLock<FirstEarth> =
    LazyLock::new(|| FirstEarth::load(&etopo5(), &MATERIALS, 1).unwrap());
pub static HILLS: LazyLock<NoiseBaseline> =
    LazyLock::new(|| NoiseBaseline::new(0.25, 1, &MATERIALS).unwrap());

pub fn assets() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets"))
}

pub fn shipped() -> EarthSources {
    EarthSources::shipped(assets())
}

pub fn etopo5() -> PathBuf {
    EarthSources::light(assets()).elevation
}

/// A baseline that can tell a single cell.
pub trait Oracle: Baseline {
    fn cell(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId;

    /// The topmost cell of a column that is not air, and its material.
    fn top(&self, region: u8, lod: u8, x: i32, z: i32) -> (i32, MaterialId) {
        let width = f64::from(1u32 << lod);
        let middle = |v: i32| (f64::from(v) + 0.5) * width;
        let mut y = (self.surface_y(region, middle(x), middle(z)) / width) as i32;
        while !self.cell(region, lod, ivec3(x, y, z)).is_air() {
            y += 1;
        }
        while self.cell(region, lod, ivec3(x, y, z)).is_air() {
            y -= 1;
        }
        (y, self.cell(region, lod, ivec3(x, y, z)))
    }
}

impl Oracle for EarthBaseline {
    fn cell(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId {
        self.material_at(CellPos::new(region, lod, cell))
    }
}

impl Oracle for FirstEarth {
    fn cell(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId {
        self.material_at(CellPos::new(region, lod, cell))
    }
}

impl Oracle for NoiseBaseline {
    fn cell(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId {
        self.material_at(CellPos::new(region, lod, cell))
    }
}

/// Numbers that look random, the same every time.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut v = self.0;
        v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        v ^ (v >> 31)
    }

    /// 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `low..high`.
    pub fn within(&mut self, low: i32, high: i32) -> i32 {
        let span = (i64::from(high) - i64::from(low)).max(1) as u64;
        (i64::from(low) + (self.next() % span) as i64) as i32
    }

    /// A region and a column of cells of a lod.
    pub fn column(&mut self, shape: Shape, lod: u8) -> (u8, i32, i32) {
        let region = self.within(0, i32::from(shape.regions())) as u8;
        let bounds = shape.region_box();
        let mut along = || self.within(bounds.min.x >> lod, bounds.max.x >> lod);
        (region, along(), along())
    }
}
