//! What `classify` takes for known is so.

use std::{path::Path, sync::LazyLock};

use bluemarble_core::{CancelToken, GeoPosition, LatticePos, MaterialTable};

use super::{EarthBaseline, EarthSources, answers::KNOWN_CELLS, spot::GroundSampler};
use crate::columns::{ColumnSource, Columns};

static EARTH: LazyLock<EarthBaseline> = LazyLock::new(|| {
    let assets = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets"));
    EarthBaseline::load(&EarthSources::shipped(assets), &MaterialTable::standard(), 1)
        .expect("the files are shipped")
});

/// Steep places and their like: mountains, canyons, fjords, islands, sea floors, plains, sand seas.
const PLACES: &[(f64, f64)] = &[
    (45.83, 6.86),
    (27.98, 86.92),
    (28.6, 83.8),
    (35.88, 76.51),
    (36.1, -112.1),
    (61.2, 7.1),
    (-50.0, -73.2),
    (-9.1, -77.6),
    (63.0, -151.0),
    (19.8, -155.4),
    (46.5, 8.0),
    (39.0, -79.0),
    (24.0, 10.0),
    (-43.6, 170.1),
    (28.27, -16.64),
    (-3.0, -64.0),
    (20.0, -155.9),
    (29.0, 94.9),
    (24.2, 8.6),
    (30.5, 1.0),
    (21.0, 50.0),
    (-24.7, 15.3),
];

fn range(heights_m: &[f64]) -> [f64; 2] {
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    heights_m.iter().fold(start, |[low, high], &v| [low.min(v), high.max(v)])
}

/// How far finer lods leave the range of chunk columns of a lod, in its cells, and the strength of erosion.
fn exceeds(earth: &EarthBaseline, region: u8, lod: u8, chunk: [i32; 2], down: u8) -> (f64, f64) {
    let first = chunk.map(|v| f64::from(v * 64));
    let coarse = earth.heights_m(region, lod, first.map(|v| v + 0.5), [64; 2]);
    let [low, high] = range(&coarse);
    let scale = f64::from(1u32 << down);
    // What touches the chunk from beside counts, too.
    let start = first.map(|v| (v - 1.0) * scale + 0.5);
    let fine = earth.heights_m(region, lod - down, start, [66 << down; 2]);
    let [fine_low, fine_high] = range(&fine);
    let sites =
        GroundSampler::new(&earth.field, region, lod).grounds(first, [2; 2], &CancelToken::never());
    let strength =
        sites.map_or(0.0, |sites| sites.iter().map(|site| site.strength).fold(0.0, f64::max));
    ((low - fine_low).max(fine_high - high).max(0.0) / earth.field.cell_m(lod), strength)
}

#[test]
fn finer_lods_leave_known_ranges_by_less_than_half_of_the_margin() {
    let shape = EARTH.shape();
    let mut worst = 0.0f64;
    for (index, &(lat, lon)) in PLACES.iter().enumerate() {
        let LatticePos { region, lattice } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        for lod in 1..=15u8 {
            for k in 0..2 {
                let spread = f64::from(k * 37 + index as i32) * 400.0;
                let size = f64::from(64u32 << lod);
                let chunk = [lattice.x + spread, lattice.z - spread].map(|v| (v / size) as i32);
                for down in 1..=lod.min(2) {
                    let (cells, strength) = exceeds(&EARTH, region, lod, chunk, down);
                    let margin = KNOWN_CELLS[1] + KNOWN_CELLS[0] * strength;
                    worst = worst.max(cells / margin);
                    assert!(
                        cells < margin * 0.5,
                        "{lat}, {lon}: lod {} leaves lod {lod} by {cells} cells at strength {strength}",
                        lod - down
                    );
                }
            }
        }
    }
    assert!(worst > 0.02, "the margin is never needed: {worst}");
}

#[test]
fn heights_alone_are_those_that_come_with_columns() {
    let shape = EARTH.shape();
    for &(lat, lon) in &PLACES[..6] {
        let LatticePos { region, lattice } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        for lod in (0..=18u8).step_by(2) {
            let first = [lattice.x, lattice.z].map(|v| v as i32 >> lod);
            let mut columns = Columns::with_heights(64);
            assert!(
                EARTH
                    .columns(region, lod, first, [8; 2], &CancelToken::never(), &mut columns)
                    .is_ok()
            );
            let ring_m = columns.ring_m.expect("heights were asked for");
            let alone_m = EARTH
                .heights(region, lod, first.map(|v| v - 1), [10; 2], &CancelToken::never())
                .expect("all");
            let bits = |heights_m: &[f32]| -> Vec<u32> {
                heights_m.iter().map(|height_m| height_m.to_bits()).collect()
            };
            assert_eq!(bits(&ring_m), bits(&alone_m), "lod {lod} at {lat}, {lon}");
        }
    }
}
