//! [`ElevationGrid`]: heights in metres at nodes over latitude and longitude.

use std::path::Path;

use super::{
    gaps::fill_gaps,
    geotiff,
    means::Means,
    nodes::{Nodes, Samples},
};
use crate::{error::TerrainError, noise::mix};

/// What lies beyond a grid that does not cover the globe: a sea floor, in metres.
pub const OUTSIDE_M: f32 = -200.0;

/// Heights in metres at the nodes of a grid over latitude and longitude.
///
/// Between nodes the surface is a bicubic Catmull-Rom spline (E. Catmull and R. Rom, "A class of local
/// interpolating splines", 1974). It is continuous everywhere: longitude wraps, and a line that crosses
/// a pole goes on along the opposite meridian. Nodes beyond a grid that covers only a part of the globe
/// count as [`OUTSIDE_M`], so that the ground there falls to a sea floor within two nodes.
pub struct ElevationGrid {
    pub(super) columns: i32,
    pub(super) rows: i32,
    west_deg: f64,
    north_deg: f64,
    pub(super) step_deg: [f64; 2],
    /// Nodes around the globe; 0 if the grid does not close.
    pub(super) period: i32,
    /// `row` beyond a pole is the row `fold - row` of the opposite meridian, for north and south.
    pub(super) pole_folds: [Option<i32>; 2],
    pub(super) nodes: Nodes,
    means: Means,
}

impl ElevationGrid {
    /// Reads a single-band `GeoTIFF` of elevations in metres over degrees (EPSG:4326 and its like), with
    /// samples of i16, u16, i32, f32 or f64. Samples without data are filled from their neighbours.
    ///
    /// # Errors
    /// [`TerrainError`], naming the file and what is wrong with it.
    pub fn load(path: &Path) -> Result<Self, TerrainError> {
        let raster = geotiff::read(path)?;
        let grid = Self::from_raster(raster);
        tracing::debug!(path = %path.display(), columns = grid.columns, rows = grid.rows, "elevation grid read");
        Ok(grid)
    }

    /// A grid from samples in metres, row by row from the north-west; NaN marks missing ones.
    /// `step_deg` is the spacing in degrees from west to east and from north to south.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if the numbers do not describe a grid.
    pub fn from_samples(
        samples: Vec<f32>,
        columns: u32,
        north_west_deg: [f64; 2],
        step_deg: [f64; 2],
    ) -> Result<Self, TerrainError> {
        let rows = (samples.len() as u64).checked_div(u64::from(columns)).unwrap_or(0);
        let whole = rows * u64::from(columns) == samples.len() as u64;
        if columns < 2 || rows < 2 || !whole || samples.len() as u64 > geotiff::MAX_SAMPLES {
            return Err(TerrainError::Parameter {
                parameter: "the number of samples",
                value: format!("{} in {columns} columns", samples.len()),
                expected: "whole rows, at least 2 x 2 and at most 2^28 samples",
            });
        }
        let [north_deg, west_deg] = north_west_deg;
        let in_range = step_deg.iter().all(|step| (1e-6..=30.0).contains(step))
            && (-90.0..=90.0).contains(&north_deg)
            && (-540.0..=540.0).contains(&west_deg);
        if !in_range {
            return Err(TerrainError::Parameter {
                parameter: "the place of the grid",
                value: format!("{north_west_deg:?} in steps of {step_deg:?}"),
                expected: "degrees on a globe, north first, in steps of 1e-6..=30",
            });
        }
        let rows = rows as u32;
        Ok(Self::from_raster(geotiff::Raster {
            columns,
            rows,
            samples: Samples::Any(samples),
            west_deg,
            north_deg,
            step_deg,
        }))
    }

    fn from_raster(raster: geotiff::Raster) -> Self {
        let geotiff::Raster { columns, rows, mut samples, west_deg, north_deg, step_deg } = raster;
        let (width, height) = (columns as usize, rows as usize);
        if let Samples::Any(samples) = &mut samples {
            fill_gaps(samples, width);
        }
        let around = 360.0 / step_deg[0];
        let closes = f64::from(columns) > around - 0.01 && (around - around.round()).abs() < 0.01;
        let period = if closes { around.round() as i32 } else { 0 };
        let south_deg = north_deg - f64::from(rows - 1) * step_deg[1];
        let reaches = |lat_deg: f64| closes && lat_deg.abs() > 90.0 - step_deg[1] * 0.51;
        let fold =
            |pole_deg: f64| ((2.0 * north_deg - 2.0 * pole_deg) / step_deg[1]).round() as i32;
        let pole_folds =
            [reaches(north_deg).then(|| fold(90.0)), reaches(south_deg).then(|| fold(-90.0))];
        // All meridians meet at a pole, so the rows that decide its height must be level.
        let mut level = Vec::new();
        for (fold, first, inwards) in
            [(pole_folds[0], 0i64, 1i64), (pole_folds[1], i64::from(rows) - 1, -1)]
        {
            let Some(fold) = fold else { continue };
            let on_the_pole = i64::from(fold) == 2 * first;
            for k in 0..if on_the_pole { 1 } else { 2 } {
                level.push((first + inwards * k).clamp(0, i64::from(rows) - 1) as usize);
            }
        }
        let nodes = Nodes::new(samples, width, &level);
        let means = Means::new(&nodes, width, height);
        Self {
            columns: columns as i32,
            rows: rows as i32,
            west_deg,
            north_deg,
            step_deg,
            period,
            pole_folds,
            nodes,
            means,
        }
    }

    /// Nodes from west to east and from north to south.
    pub fn size(&self) -> [u32; 2] {
        [self.columns as u32, self.rows as u32]
    }

    /// Degrees between nodes, eastwards and southwards.
    pub fn step_deg(&self) -> [f64; 2] {
        self.step_deg
    }

    /// The node nearest to a place, in metres.
    pub fn nearest_m(&self, lat_deg: f64, lon_deg: f64) -> f64 {
        let [row, column] = self.position(lat_deg, lon_deg);
        f64::from(self.node(row.round() as i32, column.round() as i32))
    }

    /// A hash of the size, the place and every sample.
    pub fn content_hash(&self) -> u64 {
        let frame = [self.west_deg, self.north_deg, self.step_deg[0], self.step_deg[1]];
        let start = frame.iter().fold(mix(self.columns as u64), |hash, v| mix(hash ^ v.to_bits()));
        self.nodes.hash(start)
    }

    /// Row and column of a place, fractional. The column may need wrapping.
    pub(super) fn position(&self, lat_deg: f64, lon_deg: f64) -> [f64; 2] {
        let row = (self.north_deg - lat_deg) / self.step_deg[1];
        // The turn nearest to the grid, so that grids may count longitudes from anywhere.
        let east = lon_deg - self.west_deg;
        let east = east - 360.0 * (east * (1.0 / 360.0)).floor();
        let width = f64::from(self.columns - 1) * self.step_deg[0];
        let east = if self.period == 0 && east > width * 0.5 + 180.0 { east - 360.0 } else { east };
        [row, east / self.step_deg[0]]
    }

    /// Row and column of a node, folded over poles and around the globe; `None` outside of the grid.
    fn index(&self, mut row: i32, mut column: i32) -> Option<[usize; 2]> {
        if row < 0 || row >= self.rows {
            let fold = self.pole_folds[usize::from(row >= self.rows)]?;
            row = fold - row;
            column += self.period / 2;
        }
        if self.period > 0 {
            column = column.rem_euclid(self.period);
        }
        let inside = (0..self.rows).contains(&row) && (0..self.columns).contains(&column);
        inside.then_some([row as usize, column as usize])
    }

    /// The height of a node that may lie outside of the grid.
    #[inline]
    pub(super) fn node(&self, row: i32, column: i32) -> f32 {
        if (0..self.rows).contains(&row) && (0..self.columns).contains(&column) {
            return self.nodes.at(row as usize, column as usize);
        }
        self.index(row, column).map_or(OUTSIDE_M, |[row, column]| self.nodes.at(row, column))
    }

    /// Mean height and land share of about `2^level` x `2^level` nodes around a place.
    fn mean(&self, level: u32, lat_deg: f64, lon_deg: f64) -> (f64, f64) {
        let [row, column] = self.position(lat_deg, lon_deg);
        let Some([row, column]) = self.index(row.round() as i32, column.round() as i32) else {
            return (f64::from(OUTSIDE_M), 0.0);
        };
        let (mean, land) = self.means.at(&self.nodes, level, row, column);
        (f64::from(mean), f64::from(land))
    }

    /// The mean height of a cell of many nodes that is `cell_deg` of arc wide, from four blocks of about
    /// `2^level` x `2^level` of them; it lies on the side of the sea that most of the cell is on.
    pub(crate) fn mean_of_cell(&self, level: u32, [lat, lon]: [f64; 2], cell_deg: f64) -> f64 {
        let north_deg = cell_deg * 0.25;
        let east_deg = north_deg / lat.to_radians().cos().max(1e-3);
        let (mut sum_m, mut land) = (0.0, 0.0);
        for (north, east) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let (mean_m, share) = self.mean(level, lat + north * north_deg, lon + east * east_deg);
            sum_m += mean_m;
            land += share;
        }
        let mean_m = sum_m * 0.25;
        if land >= 2.0 { mean_m.max(0.5) } else { mean_m.min(-0.5) }
    }
}
