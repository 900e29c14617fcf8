//! What is asked about boxes and chunks agrees with their cells, and those with the noise itself.

use bluemarble_core::{
    CancelToken, CellPos, Chunk, ChunkKey, Face, LatticeBox, MaterialId, VoxelBox, VoxelPos,
};
use glam::{DVec3, IVec3, ivec3};
use noise::{Fbm, NoiseFn, Perlin};
use proptest::prelude::*;

use super::*;
use crate::{Baseline, Classification, Survey};

const GRASS: MaterialId = MaterialId(5);
const ROCK: MaterialId = MaterialId(15);
const WATER: MaterialId = MaterialId(2);
const VOXEL_M: f64 = 0.5;
const SCALE: HeightScale = HeightScale { wavelength_m: 90.0, amplitude_m: 40.0, mean_m: 3.0 };

/// The noises that are tested, of any dimension that they have.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Perlin,
    Fbm,
    Level(f64),
    /// No number in half of all places, and infinite in some.
    Broken,
}

const KINDS: [Kind; 6] = [
    Kind::Perlin,
    Kind::Fbm,
    Kind::Level(0.3),
    Kind::Level(-0.3),
    Kind::Level(f64::NAN),
    Kind::Broken,
];

struct Tested(Kind, Perlin, Fbm<Perlin>);

impl Tested {
    fn new(kind: Kind) -> Self {
        Self(kind, Perlin::new(3), Fbm::new(3))
    }
}

impl<const D: usize> NoiseFn<f64, D> for Tested
where
    Perlin: NoiseFn<f64, D>,
    Fbm<Perlin>: NoiseFn<f64, D>,
{
    fn get(&self, point: [f64; D]) -> f64 {
        match self.0 {
            Kind::Perlin => self.1.get(point),
            Kind::Fbm => self.2.get(point),
            Kind::Level(value) => value,
            Kind::Broken => match (point[0] * 3.0).rem_euclid(4.0) {
                0.0..2.0 => self.1.get(point),
                2.0..3.0 => f64::NAN,
                _ => f64::INFINITY,
            },
        }
    }
}

/// Heights with a sea, and densities, each with bounds that cut some of it off and with estimated ones.
fn worlds(kind: Kind) -> Vec<Box<dyn Baseline>> {
    let heights = |bounds| {
        NoiseHeights::new(VOXEL_M, "test", Tested::new(kind), SCALE, bounds, [GRASS, ROCK])
            .expect("all numbers are right")
    };
    let density = |bounds| {
        NoiseDensity::new(VOXEL_M, "test", Tested::new(kind), 40.0, bounds, [GRASS, ROCK])
            .expect("all numbers are right")
    };
    vec![
        Box::new(heights(HeightBounds::Known(-10.0..=20.0)).with_sea(WATER)),
        Box::new(heights(HeightBounds::Sampled).with_sea(WATER)),
        Box::new(heights(HeightBounds::Sampled)),
        Box::new(density(DensityBounds::Known(-30.0..=20.5))),
        Box::new(density(DensityBounds::Sampled(-60.0..=60.0))),
    ]
}

fn filled(world: &dyn Baseline, key: ChunkKey) -> Chunk {
    let mut chunk = Chunk::default();
    world.fill(key, &mut chunk);
    chunk
}

/// The chunk's cell next to a face, as planes count them.
fn beside(face: Face, u: i32, v: i32) -> IVec3 {
    let last = if face.is_positive() { 63 } else { 0 };
    match face.axis() {
        0 => ivec3(last, v, u),
        1 => ivec3(u, last, v),
        _ => ivec3(u, v, last),
    }
}

/// A cell of a lod, wherever it is, from the chunk that holds it.
fn cell(world: &dyn Baseline, lod: u8, cell: IVec3) -> MaterialId {
    let pos = cell >> 6;
    filled(world, ChunkKey::new(0, lod, pos)).get(cell - pos * 64)
}

fn is_as_judged(answer: Classification, found: MaterialId) -> bool {
    match answer {
        Classification::Uniform(material) => found == material,
        Classification::Solid => [GRASS, ROCK].contains(&found),
        Classification::Mixed => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn surveys_and_planes_of_chunks_are_those_of_their_cells(
        kind in 0..KINDS.len(), lod in 0u8..8, at in [-400i32..400, -120..120, -400..400],
        is_filled_first in any::<bool>(),
    ) {
        for world in worlds(KINDS[kind]) {
            let key = VoxelPos::new(0, IVec3::from(at)).chunk(lod);
            if is_filled_first {
                filled(&*world, key);
            }
            let planes = Face::ALL.map(|face| (face, world.face_plane(key, face).expect("a plane")));
            let survey = world.survey(key);
            prop_assert!(world.prepare(key, &CancelToken::never()).is_ok());
            let chunk = filled(&*world, key);
            for (face, plane) in planes {
                for (u, v) in (0..64).flat_map(|v| (0..64).map(move |u| (u, v))) {
                    let found = plane.get(u as usize, v as usize);
                    prop_assert_eq!(found, chunk.get(beside(face, u, v)), "{} {:?} {} {}", key, face, u, v);
                }
            }
            match survey {
                Survey::Uniform(material) => prop_assert_eq!(chunk.as_uniform(), Some(material)),
                Survey::Opaque => {
                    prop_assert!(!chunk.any_material(|material| ![GRASS, ROCK].contains(&material)));
                }
                Survey::Mixed => {}
            }
        }
    }

    #[test]
    fn boxes_are_what_they_are_judged_to_be_at_their_lod_and_at_finer_ones(
        kind in 0..KINDS.len(), lod in 0u8..7, down in 0u8..3,
        min in [-400i32..400, -160..160, -400..400], size in [1i32..90, 1..60, 1..90],
    ) {
        let voxels = LatticeBox::new(IVec3::from(min), IVec3::from(min) + IVec3::from(size));
        let finer = lod.saturating_sub(down);
        for world in worlds(KINDS[kind]) {
            let answer = world.classify(VoxelBox::new(0, voxels), lod);
            if answer == Classification::Mixed {
                continue;
            }
            let margin = i32::from(answer != Classification::Uniform(MaterialId::AIR));
            let low = (voxels.min >> i32::from(finer)) - margin;
            let high = ((voxels.max - 1) >> i32::from(finer)) + margin;
            for corner in 0..8 {
                let end = |axis: i32, low: i32, high: i32| if corner >> axis & 1 == 0 { low } else { high };
                let at = ivec3(end(0, low.x, high.x), end(1, low.y, high.y), end(2, low.z, high.z));
                let found = cell(&*world, finer, at);
                prop_assert!(is_as_judged(answer, found), "{:?} of {:?}, but {} is {:?}", answer, voxels, at, found);
            }
        }
    }

    #[test]
    fn heights_are_those_of_the_noise(
        kind in 0..KINDS.len(), lod in 0u8..6, at in [-400i32..400, -40..40, -400..400],
    ) {
        let noise = Tested::new(KINDS[kind]);
        let world = &worlds(KINDS[kind])[0];
        let at = IVec3::from(at) >> i32::from(lod);
        let middle_m = (at.as_dvec3() + 0.5) * (VOXEL_M * f64::from(1 << lod));
        let cell_m = VOXEL_M * f64::from(1 << lod);
        let value = noise.get([middle_m.x / 90.0, middle_m.z / 90.0]);
        let value = if value.is_nan() { f64::NEG_INFINITY } else { value };
        let mut height_m = (3.0 + 40.0 * value).clamp(-10.0, 20.0);
        if height_m < 0.0 {
            // The cell under the sea level is water, whatever its size.
            height_m = height_m.min(-cell_m);
        }
        let is_land = height_m >= 0.0;
        let expected = match (middle_m.y < height_m, middle_m.y + cell_m < height_m) {
            (true, true) => ROCK,
            (true, false) => if is_land { GRASS } else { ROCK },
            (false, _) => if !is_land && middle_m.y < 0.0 { WATER } else { MaterialId::AIR },
        };
        prop_assert_eq!(cell(&**world, lod, at), expected, "{} {}", at, height_m);
    }

    #[test]
    fn densities_are_interpolated_between_those_of_the_noise(
        kind in 0..KINDS.len(), lod in 0u8..6, at in [-400i32..400, -40..40, -400..400],
    ) {
        let noise = Tested::new(KINDS[kind]);
        let world = NoiseDensity::new(
            VOXEL_M, "test", Tested::new(KINDS[kind]), 40.0, DensityBounds::Known(-30.0..=20.5), [GRASS, ROCK],
        ).expect("all numbers are right");
        let cell_m = VOXEL_M * f64::from(1 << lod);
        let density = |cell: IVec3| {
            let middle = (cell.as_dvec3() + 0.5) / 4.0;
            let (low, part) = (middle.floor(), middle - middle.floor());
            (0..8).fold(0.0, |sum, corner| {
                let up = DVec3::new(f64::from(corner & 1), f64::from(corner >> 1 & 1), f64::from(corner >> 2));
                let weight = (1.0 - part + up * (2.0 * part - 1.0)).to_array().iter().product::<f64>();
                let value = noise.get(((low + up) * (4.0 * cell_m / 40.0)).to_array());
                sum + weight * if value.is_nan() { -1e30 } else { value.clamp(-1e30, 1e30) }
            })
        };
        let is_solid = |cell: IVec3| {
            let middle_m = (f64::from(cell.y) + 0.5) * cell_m;
            let density = density(cell);
            // Closer to 0 than single precision is sure of.
            let is_clear = density.abs() > 1e-5 && !(density.abs() < 1e25 && density.abs() > 1e3);
            let is_solid = middle_m <= 20.5 && (middle_m < -30.0 || density > 0.0);
            (is_clear || !(-30.0..=20.5).contains(&middle_m)).then_some(is_solid)
        };
        let at = IVec3::from(at) >> i32::from(lod);
        if let (Some(here), Some(above)) = (is_solid(at), is_solid(at + IVec3::Y)) {
            let expected = match (here, above) {
                (false, _) => MaterialId::AIR,
                (true, false) => GRASS,
                (true, true) => ROCK,
            };
            prop_assert_eq!(cell(&world, lod, at), expected, "{}", at);
            prop_assert_eq!(world.material_at(CellPos::new(0, lod, at)), expected, "{}", at);
        }
    }
}

#[test]
fn surfaces_are_on_top_of_columns() {
    for kind in KINDS {
        for world in worlds(kind) {
            for k in 0..8 {
                let (x, z) = (k * 37 - 300, k * 53 - 500);
                let top = world.surface_y(0, f64::from(x) + 0.5, f64::from(z) + 0.5);
                let at = |y: f64| cell(&*world, 0, ivec3(x, y as i32, z));
                // A height may lie anywhere in a cell, of which the middle decides.
                assert!(at((top + 0.5).floor()).is_air(), "{kind:?} {x} {z}");
                assert!(!at((top - 0.5).ceil() - 1.0).is_air(), "{kind:?} {x} {z} {top}");
            }
        }
    }
}

#[test]
fn estimated_bounds_hold_the_noise_and_cuts_are_told() {
    let new = |bounds| {
        NoiseHeights::new(VOXEL_M, "test", Fbm::<Perlin>::new(9), SCALE, bounds, [GRASS, ROCK])
            .expect("all numbers are right")
    };
    let estimated = new(HeightBounds::Sampled);
    let tight = new(HeightBounds::Known(0.0..=1.0));
    for k in 0..20_000 {
        let (x, z) = (f64::from(k) * 17.31, f64::from(k) * -5.87);
        estimated.surface_y(0, x, z);
        tight.surface_y(0, x, z);
    }
    assert!(!estimated.is_cut_off(), "{:?}", estimated.bounds_m());
    assert!(tight.is_cut_off());
    let bounds = estimated.bounds_m();
    assert!(bounds.end() - bounds.start() < 4.0 * SCALE.amplitude_m, "{bounds:?}");
    let search = DensityBounds::Sampled(-500.0..=500.0);
    let slope = |[_, y, _]: [f64; 3]| 1.0 - y;
    struct Slope<F>(F);
    impl<F: Fn([f64; 3]) -> f64> NoiseFn<f64, 3> for Slope<F> {
        fn get(&self, point: [f64; 3]) -> f64 {
            self.0(point)
        }
    }
    let plain = NoiseDensity::new(VOXEL_M, "plain", Slope(slope), 40.0, search, [GRASS, ROCK])
        .expect("all numbers are right");
    let bounds = plain.bounds_m();
    assert!(
        (20.0..40.0).contains(bounds.start()) && (40.0..60.0).contains(bounds.end()),
        "{bounds:?}"
    );
    assert_eq!(plain.surface_y(0, 3.0, 4.0), 80.0);
}

#[test]
fn fingerprints_name_all_that_the_ground_depends_on() {
    let mut names: Vec<String> =
        worlds(Kind::Fbm).iter().map(|world| world.fingerprint()).collect();
    assert_eq!(
        names[0],
        "noise-heights-1 test wavelength_m=90 amplitude_m=40 mean_m=3 bounds_m=-10..=20 materials=5,15,2 voxel_m=0.5"
    );
    assert_eq!(
        names[3],
        "noise-density-1 test wavelength_m=40 bounds_m=-30..=20.5 materials=5,15 voxel_m=0.5"
    );
    names.dedup();
    assert_eq!(names.len(), 5);
}

#[test]
fn what_makes_no_ground_is_named() {
    let heights = |wavelength_m, bounds| {
        let scale = HeightScale { wavelength_m, ..SCALE };
        NoiseHeights::new(1.0, "test", Perlin::new(1), scale, bounds, [GRASS, ROCK]).err()
    };
    let said = heights(0.0, HeightBounds::Sampled).map(|error| error.to_string());
    assert!(said.is_some_and(|said| said.starts_with("wavelength_m is 0")));
    let said = heights(9.0, HeightBounds::Known(5.0..=-5.0)).map(|error| error.to_string());
    assert!(said.is_some_and(|said| said.starts_with("bounds_m is 5..=-5")));
    let bounds = DensityBounds::Sampled(f64::NAN..=1.0);
    let error = NoiseDensity::new(1.0, "test", Perlin::new(1), 9.0, bounds, [GRASS, ROCK]).err();
    assert!(error.is_some_and(|error| error.to_string().starts_with("bounds_m is NaN")));
}
