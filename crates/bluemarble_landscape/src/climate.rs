//! Climate: how warm it is, and where rain falls.

use rustfft::{FftDirection, num_complex::Complex};
use serde::{Deserialize, Serialize};

use crate::{
    grid::{Grid, PlaneGrid},
    waves::{mirrored, transform},
};

/// How warm it is, by latitude and height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Temperatures {
    /// At sea level at the equator, in °C.
    pub equator_celsius: f64,
    /// So much colder are the poles, in °C.
    pub range_celsius: f64,
    /// So much colder it gets with each metre of height, in °C.
    pub lapse_per_m: f64,
}

impl Default for Temperatures {
    /// Means of the Earth today.
    fn default() -> Self {
        Self { equator_celsius: 27.0, range_celsius: 55.0, lapse_per_m: 0.0065 }
    }
}

impl Temperatures {
    /// The mean of a year in °C, at a latitude in degrees and a height in metres above the sea.
    pub fn celsius(&self, lat_deg: f64, height_m: f64) -> f64 {
        // Nearly as warm as at the equator up to the tropics.
        let fourth = lat_deg.to_radians().sin().powi(4);
        let cooling = self.lapse_per_m * height_m.max(0.0);
        self.equator_celsius - self.range_celsius * fourth - cooling
    }

    /// The height above which it freezes, in metres above the sea; 0 at most where it does so everywhere.
    pub fn freezing_m(&self, lat_deg: f64) -> f64 {
        (self.celsius(lat_deg, 0.0) / self.lapse_per_m).max(0.0)
    }
}

/// Rain that winds leave on mountains: it falls where air is lifted, and behind the ridge there is little (the linear theory of
/// Smith and Barstad 2004, doi 10.1175/1520-0469(2004)061<1377:ALTOOP>2.0.CO;2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MountainRain {
    /// Rain on a plain, in metres a year.
    pub plain_m_per_year: f64,
    /// The wind towards higher columns and towards higher rows, in m/s.
    pub wind_m_s: [f64; 2],
    /// How much rain a lift of 1 m/s brings, in metres a year: density and moisture of the air.
    pub uplift_factor: f64,
    /// How long it takes until clouds become drops, and drops fall, in seconds: each about 1,000.
    pub delays_s: [f64; 2],
    /// How high moist air reaches, in metres.
    pub moist_height_m: f64,
    /// How fast lifted air swings back, in 1/s; 0 for moist air that does not.
    pub stability_per_s: f64,
}

impl Default for MountainRain {
    fn default() -> Self {
        Self {
            plain_m_per_year: 1.0,
            wind_m_s: [10.0, 0.0],
            uplift_factor: 30.0,
            delays_s: [1000.0, 1000.0],
            moist_height_m: 2500.0,
            stability_per_s: 0.005,
        }
    }
}

impl MountainRain {
    /// Rain at each node in metres a year, never less than none. Beyond closed edges the ground goes on as its mirror image.
    ///
    /// # Panics
    /// If `ground_m` has not one number for each node.
    pub fn m_per_year(&self, grid: &PlaneGrid, ground_m: &[f64]) -> Vec<f64> {
        assert_eq!(ground_m.len(), grid.len(), "a number for each node");
        let (mut waves, columns, rows) = mirrored(grid, ground_m);
        transform(&mut waves, columns, rows, FftDirection::Forward);
        let number = |at: usize, count: usize| {
            let turns = if 2 * at < count { at as f64 } else { at as f64 - count as f64 };
            2.0 * std::f64::consts::PI * turns / (count as f64 * grid.spacing_m())
        };
        for (at, wave) in waves.iter_mut().enumerate() {
            let rain = self.of_wave(number(at % columns, columns), number(at / columns, rows));
            *wave *= rain / (columns * rows) as f64;
        }
        transform(&mut waves, columns, rows, FftDirection::Inverse);
        let rain = |node: usize| waves[node / grid.columns() * columns + node % grid.columns()].re;
        (0..grid.len()).map(|node| (self.plain_m_per_year + rain(node)).max(0.0)).collect()
    }

    /// The rain of a wave of ground that is a metre high, with wave numbers in 1/m.
    fn of_wave(&self, across_columns: f64, across_rows: f64) -> Complex<f64> {
        let [wind_x, wind_z] = self.wind_m_s;
        let swing = wind_x * across_columns + wind_z * across_rows;
        let square = across_columns * across_columns + across_rows * across_rows;
        if square == 0.0 || swing == 0.0 {
            return Complex::default();
        }
        // How the lift changes with height: it dies out where air swings fast, and leans against the wind elsewhere.
        let stability = self.stability_per_s * self.stability_per_s;
        let vertical = (stability / (swing * swing) - 1.0) * square;
        let vertical = match vertical < 0.0 {
            true => Complex::new(0.0, (-vertical).sqrt()),
            false => Complex::new(vertical.sqrt() * swing.signum(), 0.0),
        };
        let i = Complex::new(0.0, 1.0);
        let one = Complex::new(1.0, 0.0);
        let [conversion, fall] = self.delays_s;
        i * swing * self.uplift_factor
            / ((one - i * vertical * self.moist_height_m)
                * (one + i * swing * conversion)
                * (one + i * swing * fall))
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::grid::Edges;

    #[test]
    fn it_is_as_warm_as_it_should_be() {
        let today = Temperatures::default();
        // Means of a year: Singapore, Cairo, Vienna, Quito, the South Pole.
        for (lat, height, expected) in [
            (1.3, 15.0, 27.0),
            (30.0, 20.0, 22.0),
            (48.2, 170.0, 10.5),
            (0.2, 2850.0, 14.0),
            (-90.0, 2835.0, -49.0),
        ] {
            let found = today.celsius(lat, height);
            assert!((found - expected).abs() < 8.0, "{lat}: {found} for {expected}");
        }
        assert!(today.freezing_m(0.0) > 4000.0 && today.freezing_m(85.0) == 0.0);
    }

    #[test]
    fn rain_on_a_wave_of_ground_lags_behind_it_as_the_theory_says() {
        let grid = PlaneGrid::new(128, 4, 500.0).with_edges(Edges::Periodic, Edges::Periodic);
        let rain = MountainRain {
            plain_m_per_year: 50.0,
            stability_per_s: 0.0,
            moist_height_m: 0.0,
            ..Default::default()
        };
        let number = 2.0 * PI * 2.0 / (128.0 * 500.0);
        let ground: Vec<f64> =
            (0..grid.len()).map(|at| 100.0 * (number * 500.0 * (at % 128) as f64).cos()).collect();
        // Without waves in the air: the lift of the slope, twice delayed.
        let swing = 10.0 * number;
        let height = 100.0 * swing * 30.0 / (1.0 + (1000.0 * swing).powi(2));
        let lag = 2.0 * (1000.0 * swing).atan();
        let found = rain.m_per_year(&grid, &ground);
        let off = |at: usize| {
            let exact = 50.0 - height * (number * 500.0 * (at % 128) as f64 - lag).sin();
            (found[at] - exact).abs() / height
        };
        let worst = (0..grid.len()).map(off).fold(0.0, f64::max);
        println!("rain off {worst:.1e}");
        assert!(worst < 1e-12);
    }

    #[test]
    fn more_rain_falls_before_a_ridge_than_behind_it() {
        let grid = PlaneGrid::new(200, 40, 1000.0);
        let ridge = |at: usize| 2000.0 * (-((at % 200) as f64 - 100.0).powi(2) / 200.0).exp();
        let ground: Vec<f64> = (0..grid.len()).map(ridge).collect();
        for wind in [[10.0, 0.0], [-10.0, 0.0]] {
            let rain =
                MountainRain { wind_m_s: wind, ..Default::default() }.m_per_year(&grid, &ground);
            let side = |columns: std::ops::Range<usize>| {
                columns.map(|column| rain[grid.node(column, 20)]).sum::<f64>()
            };
            let (low, high) = (side(70..100), side(101..131));
            let (before, behind) = if wind[0] > 0.0 { (low, high) } else { (high, low) };
            assert!(before > 1.5 * behind, "{before} and {behind}");
            assert!(rain.iter().all(|rain| *rain >= 0.0));
        }
    }
}
