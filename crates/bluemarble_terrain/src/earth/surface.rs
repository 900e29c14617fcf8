//! Which material lies on top: climate, height above the sea and steepness.

use bluemarble_core::MaterialId;

use super::climate::Weather;
use crate::{fractal::FractalShape, palette::Palette};

/// What the choice depends on besides the weather.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub height_m: f64,
    /// Tangent of the slope, what the lod does not show included.
    pub steepness: f64,
    /// Tangent of the slope that the lod shows.
    pub slope: f64,
    pub relief_m: f64,
    /// -1..=1, wide and narrow patches: borders are frayed, not drawn.
    pub wide: f64,
    pub narrow: f64,
}

/// The tangent of 40°, above which soil does not hold (Selby, "Hillslope materials and processes", 1993,
/// gives 35° to 45°).
const BARE: f64 = 0.84;
/// Beaches reach this high above the sea.
const BEACH_M: f64 = 2.5;
/// Beaches are at most about this wide: behind them, flat coasts are green.
const BEACH_WIDTH_M: f64 = 120.0;

/// The patches that fray the borders of surfaces: from 480 km down to 29 m.
pub(super) const PATCHES: FractalShape = FractalShape {
    longest_m: 480_000.0,
    shortest_m: 25.0,
    lacunarity: 4.0,
    hurst: 0.3,
    texture_m: |_| 0.0,
};
/// How many of their octaves are wide: down to 7.5 km.
pub(super) const WIDE_PATCHES: usize = 4;

/// The surface of a column.
pub(super) fn surface(palette: &Palette, weather: &Weather, setting: &Setting) -> MaterialId {
    if setting.height_m < 0.0 {
        return palette.sea_floor;
    }
    let fray = setting.wide + 0.5 * setting.narrow;
    let summer_c = weather.summer_c + 2.5 * fray;
    if summer_c < -1.0 {
        if setting.steepness > 1.25 * BARE {
            return palette.rock;
        }
        // Where ice sheets melt at their rims, bare ice shows.
        let is_rim = summer_c > -4.5 && setting.height_m < 1800.0 && weather.mean_c < -6.0;
        return if is_rim { palette.ice } else { palette.snow };
    }
    if setting.height_m < BEACH_M * (1.0 + 0.5 * fray)
        && setting.slope < 0.2
        && setting.height_m < setting.slope * BEACH_WIDTH_M
        && summer_c > 4.0
    {
        return palette.beach_sand;
    }
    if setting.steepness > BARE * (1.0 + 0.12 * fray) {
        return palette.rock;
    }
    // The tree line is where the warmest month has 10 °C (Köppen).
    if summer_c < 10.0 {
        let is_scree = summer_c < 3.0 && setting.relief_m > 500.0;
        return if is_scree { palette.rock } else { palette.tundra };
    }
    // Cold ground needs less rain: little evaporates.
    let need = 0.45 + 0.55 * (weather.mean_c / 24.0).clamp(0.0, 1.0);
    let wet = weather.moisture / need + 0.13 * fray;
    if wet < 0.26 {
        let stony = setting.relief_m / 900.0 + 0.35 * setting.wide + 0.2 * setting.narrow;
        return if stony > 0.42 { palette.sandstone } else { palette.desert_sand };
    }
    if wet < 0.47 {
        palette.dry_grass
    } else if wet < 0.72 {
        palette.grass
    } else {
        palette.forest_floor
    }
}
