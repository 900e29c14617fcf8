//! What lies under the surface, by depth.
//!
//! Loose ground thins out where relief is strong. The crust is granite under land and basalt below it and
//! under the sea; its lower border lies about 35 km down under continents and 8 km under the sea floor
//! (Mooney et al., "CRUST 5.1", 1998, in round numbers).

use bluemarble_core::MaterialTable;

use crate::{
    columns::{ColumnBounds, Layers},
    error::TerrainError,
    interval::Interval,
};

/// Where subsoil, sediment, sandstone, granite and basalt end, in cells.
pub(crate) type Floors = [i32; 5];

/// Sandstone never reaches deeper below the ground than this.
const LOOSE_DEPTH_M: f64 = 112.0;
/// What lies on top never covers steps of more cells.
pub(crate) const MAX_COVERED_CELLS: f64 = 3.0;
/// Heights of the smooth ground between which sea crust turns into land crust.
const MARGIN_M: [f64; 2] = [-3000.0, -300.0];
const GRANITE_FLOOR_M: f64 = -15_000.0;
/// Above all ground: sea crust has no granite.
const NO_GRANITE_M: f64 = 12_000.0;
const LAND_CRUST_FLOOR_M: f64 = -35_000.0;
const SEA_CRUST_FLOOR_M: f64 = -13_000.0;

/// Looks the rocks up.
pub(crate) fn rocks(materials: &MaterialTable) -> Result<Layers<Floors>, TerrainError> {
    let id = |name| materials.id(name);
    Ok(Layers {
        water: id("water")?,
        below: [id("sediment")?, id("sandstone")?, id("granite")?, id("basalt")?, id("mantle")?],
    })
}

/// How much of the crust is land crust, 0..=1, by the height of the smooth ground. Never falls.
fn land_crust(base_m: f64) -> f64 {
    ((base_m - MARGIN_M[0]) / (MARGIN_M[1] - MARGIN_M[0])).clamp(0.0, 1.0)
}

/// Heights at which granite and basalt end.
fn crust_floors_m(land: f64) -> [f64; 2] {
    let lerp = |sea: f64, on_land: f64| sea + (on_land - sea) * land;
    [lerp(NO_GRANITE_M, GRANITE_FLOOR_M), lerp(SEA_CRUST_FLOOR_M, LAND_CRUST_FLOOR_M)]
}

/// Heights at which subsoil, sediment, sandstone, granite and basalt end. `place` is -1..=1 and varies
/// slowly from place to place; `subsoil_m` is at most 4.
pub(crate) fn floors_m(
    ground_m: f64,
    base_m: f64,
    relief_m: f64,
    place: f64,
    subsoil_m: f64,
) -> [f64; 5] {
    let place = place.clamp(-1.0, 1.0);
    let thin = 1.0 / (1.0 + relief_m / 600.0);
    let sediment_m = subsoil_m + (18.0 + 8.0 * place) * thin;
    let sandstone_m = sediment_m + (40.0 - 38.0 * place) * thin;
    let [granite, basalt] = crust_floors_m(land_crust(base_m));
    let under = |depth_m: f64| ground_m - depth_m;
    [under(subsoil_m), under(sediment_m), under(sandstone_m), granite, basalt]
}

/// Bounds of the heights at which granite and basalt end, where the smooth ground is bounded.
fn crust_bounds_m(base_m: Interval) -> [Interval; 2] {
    let land = base_m.rising(land_crust);
    let (at_sea, on_land) = (crust_floors_m(land.lo), crust_floors_m(land.hi));
    // Both floors sink as the share of land crust grows.
    [0, 1].map(|i| Interval::new(on_land[i], at_sea[i]))
}

/// Bounds of all columns whose ground and smooth ground are bounded, with cells up to a width.
pub(crate) fn column_bounds(
    ground_m: Interval,
    base_m: Interval,
    cell_m: f64,
) -> ColumnBounds<Floors> {
    let [granite_floor_m, basalt_floor_m] =
        crust_bounds_m(base_m).map(|floor_m| floor_m.grown(0.02));
    let loose_depth_m = LOOSE_DEPTH_M.max(MAX_COVERED_CELLS * cell_m);
    // No more is known of what is loose than how deep it reaches at most.
    let loose_floor_m = Interval::new(ground_m.lo - loose_depth_m, f64::INFINITY);
    let floors_m = [loose_floor_m, loose_floor_m, loose_floor_m, granite_floor_m, basalt_floor_m];
    ColumnBounds { ground_m, floors_m }
}
