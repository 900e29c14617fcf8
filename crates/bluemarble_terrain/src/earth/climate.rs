//! Temperature and moisture: what decides which surface the ground shows.
//!
//! Moisture is carried over a one-degree map by the three belts of zonal wind (trades, westerlies, polar
//! easterlies): it is picked up over the sea, rained out over land and wrung out where the wind climbs.
//! What a zonal wind cannot make (monsoons, persistent highs, warm currents) is laid on as a short list
//! of anomalies, placed by hand after the Köppen-Geiger map (Peel et al., "Updated world
//! map of the Köppen-Geiger climate classification", 2007).

use crate::elevation::{ElevationGrid, GridSampler};

const COLUMNS: usize = 360;
const ROWS: usize = 180;
/// Fall of temperature with height, kelvin per metre (ISO 2533, standard atmosphere).
const LAPSE_K_PER_M: f64 = 0.0065;

/// Climate at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Mean of the year.
    pub mean_c: f64,
    /// Mean of the warmest weeks.
    pub summer_c: f64,
    /// 0 is a desert, 1 a rain forest.
    pub moisture: f64,
}

/// A one-degree map of what does not depend on height.
pub(super) struct Climate {
    /// Moisture, mean temperature at sea level and summer excess, row by row from the north.
    cells: Vec<[f32; 3]>,
}

/// Something that the belts of wind do not explain.
struct Anomaly {
    lat_deg: f64,
    lon_deg: f64,
    /// Reach north-south and east-west.
    reach_deg: [f64; 2],
    moisture: f64,
    temperature_k: f64,
}

const fn anomaly(
    lat_deg: f64,
    lon_deg: f64,
    reach_deg: [f64; 2],
    moisture: f64,
    temperature_k: f64,
) -> Anomaly {
    Anomaly { lat_deg, lon_deg, reach_deg, moisture, temperature_k }
}

const ANOMALIES: &[Anomaly] = &[
    // Persistent highs and cold coasts.
    anomaly(23.0, 2.0, [7.5, 20.0], -0.75, 1.0),
    anomaly(23.0, 27.0, [8.0, 14.0], -0.75, 1.0),
    anomaly(23.0, 47.0, [8.5, 10.0], -0.70, 1.0),
    anomaly(31.0, 57.0, [5.5, 9.0], -0.45, 0.0),
    anomaly(27.0, 69.0, [3.5, 3.0], -0.25, 0.0),
    anomaly(26.0, 79.0, [4.0, 7.0], 0.20, 0.0),
    anomaly(40.5, 61.0, [4.0, 8.0], -0.30, 0.0),
    anomaly(39.5, 83.0, [3.5, 8.0], -0.45, 0.0),
    anomaly(42.5, 103.0, [4.0, 10.0], -0.45, 0.0),
    anomaly(33.5, 88.0, [3.0, 9.0], -0.20, 3.5),
    anomaly(7.0, 47.0, [6.0, 5.0], -0.45, 0.0),
    anomaly(-25.5, 131.0, [5.5, 13.0], -0.55, 0.0),
    anomaly(-29.5, 125.0, [4.0, 8.0], -0.25, 0.0),
    anomaly(-24.0, 15.5, [6.0, 3.5], -0.55, 0.0),
    anomaly(-22.0, -69.5, [7.5, 2.6], -0.80, 0.0),
    anomaly(-9.0, -78.5, [5.0, 2.0], -0.50, 0.0),
    anomaly(-44.0, -68.5, [6.0, 3.0], -0.35, 0.0),
    anomaly(-31.0, -67.5, [4.5, 3.0], -0.25, 0.0),
    anomaly(34.0, -113.5, [5.0, 6.0], -0.45, 0.0),
    anomaly(28.0, -110.0, [4.0, 6.0], -0.30, 0.0),
    anomaly(40.5, -115.5, [3.5, 4.5], -0.28, 0.0),
    anomaly(-8.0, -39.5, [5.0, 3.5], -0.30, 0.0),
    // Monsoons and wet westerlies.
    anomaly(-4.0, -64.0, [8.0, 12.0], 0.45, 0.0),
    anomaly(0.0, 20.0, [6.0, 10.5], 0.45, 0.0),
    anomaly(6.5, -3.0, [2.5, 12.0], 0.25, 0.0),
    anomaly(21.0, 93.0, [7.0, 8.0], 0.45, 0.0),
    anomaly(22.0, 80.0, [7.5, 6.0], 0.30, 0.0),
    anomaly(13.0, 102.0, [8.0, 8.0], 0.25, 0.0),
    anomaly(0.0, 115.0, [8.0, 22.0], 0.35, 0.0),
    anomaly(28.0, 112.0, [6.0, 9.0], 0.40, 0.0),
    anomaly(36.0, 118.0, [6.0, 8.0], 0.12, 0.0),
    anomaly(36.0, -84.0, [8.0, 9.0], 0.35, 0.0),
    anomaly(50.0, 12.0, [8.0, 20.0], 0.22, 0.0),
    anomaly(58.0, 45.0, [6.0, 25.0], 0.15, 0.0),
    anomaly(50.0, -124.0, [8.0, 4.0], 0.35, 0.0),
    anomaly(-20.0, -50.0, [7.0, 8.0], 0.12, 0.0),
    anomaly(-26.0, -53.0, [5.0, 5.0], 0.25, 0.0),
    anomaly(-40.0, -73.0, [7.0, 1.6], 0.40, 0.0),
    anomaly(57.0, -110.0, [4.5, 14.0], 0.18, 0.0),
    // Currents and the seasons of continents.
    anomaly(64.0, 10.0, [9.0, 20.0], 0.0, 7.0),
    anomaly(52.0, 0.0, [8.0, 15.0], 0.0, 2.5),
    anomaly(56.0, -142.0, [7.0, 14.0], 0.05, 3.5),
    anomaly(65.0, 118.0, [12.0, 35.0], 0.12, -5.5),
    anomaly(61.0, -80.0, [9.0, 20.0], 0.0, -5.0),
    anomaly(73.0, -42.0, [9.0, 17.0], 0.0, -10.0),
    anomaly(79.0, -75.0, [5.0, 20.0], 0.0, -5.0),
    anomaly(80.0, 60.0, [5.0, 50.0], 0.0, -2.0),
];

fn turn_deg(a: f64, b: f64) -> f64 {
    (a - b + 540.0).rem_euclid(360.0) - 180.0
}

impl Anomaly {
    fn weight(&self, lat_deg: f64, lon_deg: f64) -> f64 {
        let north = (lat_deg - self.lat_deg) / self.reach_deg[0];
        let east = turn_deg(lon_deg, self.lon_deg) / self.reach_deg[1];
        // Flat-topped, so that a region is a region and not a peak.
        let away2 = north * north + east * east;
        1.0 / (1.0 + 0.6 * away2 * away2 + 0.1 * away2.powi(3))
    }
}

/// The land and sea of the one-degree map.
struct Coarse {
    height_m: Vec<f64>,
    land: Vec<f64>,
}

impl Coarse {
    fn new(grid: &ElevationGrid) -> Self {
        let mut sampler = GridSampler::new(grid);
        let (mut height_m, mut land) = (Vec::new(), Vec::new());
        for index in 0..ROWS * COLUMNS {
            let (lat, lon) = centre_deg(index);
            let (mut sum_m, mut dry) = (0.0, 0.0);
            for i in 0..9 {
                let part = |k: i32| f64::from(k - 1) / 3.0;
                let height = sampler.sample(lat + part(i / 3), lon + part(i % 3)).height_m;
                sum_m += height.max(0.0);
                dry += f64::from(u8::from(height >= 0.0));
            }
            height_m.push(sum_m / 9.0);
            land.push(dry / 9.0);
        }
        Self { height_m, land }
    }
}

fn centre_deg(index: usize) -> (f64, f64) {
    (89.5 - (index / COLUMNS) as f64, (index % COLUMNS) as f64 - 179.5)
}

/// Mean of the year at sea level by latitude, in degrees Celsius.
fn zonal_mean_c(lat_deg: f64) -> f64 {
    let south = if lat_deg < -58.0 { (-58.0 - lat_deg) * 0.45 } else { 0.0 };
    27.0 - 0.0075 * lat_deg * lat_deg - south
}

/// What the three cells of the atmosphere give everywhere: rain where air rises.
fn zonal_moisture(lat_deg: f64) -> f64 {
    let bump = |at: f64, reach: f64| (-((lat_deg - at) / reach).powi(2)).exp();
    let dry = bump(23.0, 9.0) + bump(-24.0, 8.0);
    let wet = bump(1.0, 11.0) + 0.55 * (bump(52.0, 14.0) + bump(-50.0, 14.0));
    (0.35 + 0.55 * wet - 0.30 * dry).clamp(0.0, 1.0)
}

/// Rain, 0..=1, where a wind blows along every parallel; `step` is +1 for a wind from the west.
fn rain_of(coarse: &Coarse, step: i64) -> Vec<f64> {
    let mut rain = vec![0.0; ROWS * COLUMNS];
    let mut humid = vec![0.5; ROWS];
    for pass in 0..2 {
        for k in 0..COLUMNS as i64 {
            let column = (k * step).rem_euclid(COLUMNS as i64) as usize;
            let before = (k * step - step).rem_euclid(COLUMNS as i64) as usize;
            for (row, humid) in humid.iter_mut().enumerate() {
                let here = row * COLUMNS + column;
                let (lat_deg, _) = centre_deg(here);
                // A degree is shorter near the poles; what happens on the way is less.
                let way = lat_deg.to_radians().cos().max(0.1);
                let capacity = (0.25 + zonal_mean_c(lat_deg).max(0.0) / 32.0).min(1.0);
                let land = coarse.land[here];
                let climb_m =
                    (coarse.height_m[here] - coarse.height_m[row * COLUMNS + before]).max(0.0);
                let picked = (1.0 - land) * (capacity - *humid).max(0.0) * 0.22 * way;
                let wrung = (climb_m / 1500.0).min(0.7) * *humid;
                let steady = 0.045 * way * land * *humid;
                let fallen = wrung + steady;
                *humid = (*humid + picked - wrung - steady * 0.75).max(0.0);
                if pass == 1 {
                    rain[here] = (*humid * 0.9 + fallen * 1.5).min(1.0);
                }
            }
            // Eddies carry moisture across parallels.
            let still = humid.clone();
            for row in 1..ROWS - 1 {
                humid[row] = 0.9 * still[row] + 0.05 * (still[row - 1] + still[row + 1]);
            }
        }
    }
    rain
}

/// Blurs a map by `radius` cells, three times a box: round enough.
fn blurred(map: &[f64], radius: i64) -> Vec<f64> {
    let mut map = map.to_vec();
    for axis in [0, 1, 0, 1, 0, 1] {
        let from = map.clone();
        for row in 0..ROWS as i64 {
            for column in 0..COLUMNS as i64 {
                let mut sum = 0.0;
                for k in -radius..=radius {
                    let (r, c) = if axis == 0 { (row, column + k) } else { (row + k, column) };
                    let r = r.clamp(0, ROWS as i64 - 1) as usize;
                    sum += from[r * COLUMNS + c.rem_euclid(COLUMNS as i64) as usize];
                }
                map[row as usize * COLUMNS + column as usize] = sum / (2 * radius + 1) as f64;
            }
        }
    }
    map
}

impl Climate {
    pub fn new(grid: &ElevationGrid) -> Self {
        let coarse = Coarse::new(grid);
        let westerly = rain_of(&coarse, 1);
        let easterly = rain_of(&coarse, -1);
        let inland = blurred(&coarse.land, 6);
        let moisture: Vec<f64> = (0..ROWS * COLUMNS)
            .map(|here| {
                let (lat_deg, lon_deg) = centre_deg(here);
                let lat = lat_deg.abs();
                let belt = |edge: f64| ((lat - edge) / 8.0).clamp(-1.0, 1.0) * 0.5 + 0.5;
                let from_west = belt(33.0) * (1.0 - 0.7 * belt(62.0));
                let rain = from_west * westerly[here] + (1.0 - from_west) * easterly[here];
                let near_sea = 1.0 - inland[here];
                let zonal = zonal_moisture(lat_deg);
                let mut moisture = 0.42 * rain + 0.22 * near_sea + 0.48 * zonal;
                for anomaly in ANOMALIES {
                    moisture += anomaly.moisture * anomaly.weight(lat_deg, lon_deg);
                }
                moisture.clamp(0.0, 1.0)
            })
            .collect();
        let moisture = blurred(&moisture, 1);
        let cells = (0..ROWS * COLUMNS)
            .map(|here| {
                let (lat_deg, lon_deg) = centre_deg(here);
                let mut mean_c = zonal_mean_c(lat_deg);
                for anomaly in ANOMALIES {
                    mean_c += anomaly.temperature_k * anomaly.weight(lat_deg, lon_deg);
                }
                // Seas keep summers cool. The south has little land to warm.
                let seasons = 0.16 + 0.26 * inland[here].clamp(0.0, 1.0);
                let summer_k = seasons * lat_deg.abs() * if lat_deg < -55.0 { 0.4 } else { 1.0 };
                [moisture[here] as f32, mean_c as f32, summer_k as f32]
            })
            .collect();
        Self { cells }
    }

    /// The climate of a place at sea level; `lon_deg` is -180..=180.
    pub fn at(&self, lat_deg: f64, lon_deg: f64) -> Weather {
        let row = (89.5 - lat_deg).clamp(0.0, ROWS as f64 - 1.0);
        let column = lon_deg + 179.5;
        let column = if column < 0.0 { column + 360.0 } else { column };
        let (r, c) = (row as usize, column as usize % COLUMNS);
        let (v, u) = ((row - r as f64) as f32, (column - column.trunc()) as f32);
        let (below, east) = ((r + 1).min(ROWS - 1), (c + 1) % COLUMNS);
        let [a, b] = [&self.cells[r * COLUMNS + c], &self.cells[r * COLUMNS + east]];
        let [d, e] = [&self.cells[below * COLUMNS + c], &self.cells[below * COLUMNS + east]];
        let [moisture, mean_c, summer_k] = std::array::from_fn(|i| {
            let (north, south) = (a[i] + u * (b[i] - a[i]), d[i] + u * (e[i] - d[i]));
            f64::from(north + v * (south - north))
        });
        Weather { mean_c, summer_c: mean_c + summer_k, moisture }
    }
}

impl Weather {
    /// The climate at a height above sea level.
    #[inline]
    pub fn at_height(&self, height_m: f64) -> Self {
        let colder_k = LAPSE_K_PER_M * height_m.max(0.0);
        Self {
            mean_c: self.mean_c - colder_k,
            summer_c: self.summer_c - colder_k,
            moisture: self.moisture,
        }
    }
}
