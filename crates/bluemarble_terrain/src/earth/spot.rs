//! The ground of all columns of a chunk, found cheaply.
//!
//! Most of it varies slowly from cell to cell: the grid's surface and every octave many cells long. At fine
//! lods those are found at corners some cells apart, counted from the region's corner, and what the short
//! octaves go on from is interpolated; only short octaves are found for each column. What comes out does not
//! depend on which chunk asks.

use bluemarble_core::{CancelToken, Cancelled};
use glam::DVec3;

use super::{
    axes::{FaceAxes, lat_lon_deg},
    corners::Corners,
    dunes::DuneSampler,
    erosion::{Carved, ErosionSampler, Flow},
    ground::Ground,
    height::{Base, HeightField, StartSamplers},
    octaves::{OctavesSampler, SHOWN_CELLS, Turned},
};
use crate::columns::begin_row;

/// The most cells between the corners where slow things are found.
pub(super) const MAX_STRIDE: i32 = 4;
/// An octave is slow if it is at least this many strides long.
const SLOW_STRIDES: f64 = 6.0;
/// How many strides of four, or of two cells the grid's nodes are apart at least.
const FINE_NODES: [f64; 2] = [7.0, 3.5];
/// How many cells the grid's nodes are apart at least where its slopes count.
const SLOPED_CELLS: f64 = 2.0;
/// How much steeper the ground is, on the whole, than the slopes that steer erosion.
const STEEPER: f32 = 1.1;

/// A place on the ground.
#[derive(Clone, Copy, Debug)]
struct Spot {
    direction: DVec3,
    base: Base,
    flow: Flow,
    texture_m: [f64; 2],
}

impl Spot {
    #[inline]
    fn lerp(t: f64, a: &Self, b: &Self) -> Self {
        let mix = |f: fn(&Self) -> f64| {
            let (a, b) = (f(a), f(b));
            a + t * (b - a)
        };
        Self {
            direction: a.direction + (b.direction - a.direction) * t,
            base: Base {
                height_m: mix(|spot| spot.base.height_m),
                relief_m: mix(|spot| spot.base.relief_m),
                summit_m: mix(|spot| spot.base.summit_m),
            },
            flow: Flow::lerp(t as f32, &a.flow, &b.flow),
            texture_m: [mix(|spot| spot.texture_m[0]), mix(|spot| spot.texture_m[1])],
        }
    }
}

/// How many octaves of each kind.
#[derive(Clone, Copy, Debug)]
struct Counts {
    low: usize,
    erosion: usize,
    texture: usize,
}

/// Finds the ground at one lod of one region; quickest if places follow each other closely.
pub(super) struct GroundSampler<'a> {
    field: &'a HeightField,
    start: StartSamplers<'a>,
    erosion: ErosionSampler<'a>,
    texture: OctavesSampler<'a>,
    dunes: Option<DuneSampler<'a>>,
    axes: FaceAxes,
    lod: u8,
    /// Octaves found at corners.
    slow: Counts,
    /// All that the lod shows.
    all: Counts,
    /// Cells from corner to corner; 1 if nothing is interpolated.
    stride: i32,
    mean_level: Option<u32>,
    /// Whether cells are narrow enough to have slopes where they show no erosion.
    is_sloped: bool,
    /// Room for a row of places.
    row: Vec<Carved>,
}

impl<'a> GroundSampler<'a> {
    pub fn new(field: &'a HeightField, region: u8, lod: u8) -> Self {
        let cell_m = field.cell_m(lod);
        let counts = |cell_m: f64| Counts {
            low: field.low.count_for(cell_m),
            erosion: field.waves_for(cell_m),
            texture: field.texture.count_for(cell_m),
        };
        let all = counts(cell_m);
        let is_fine = |stride: f64, nodes: f64| cell_m * stride * nodes <= field.spacing_m;
        let stride = if is_fine(4.0, FINE_NODES[0]) {
            MAX_STRIDE
        } else if is_fine(2.0, FINE_NODES[1]) {
            2
        } else {
            1
        };
        let slow = if stride > 1 {
            let slow = counts(cell_m * f64::from(stride) * SLOW_STRIDES / SHOWN_CELLS);
            // All of these are found at corners: what erosion starts from must be there.
            Counts { low: all.low, ..slow }
        } else {
            all
        };
        Self {
            start: field.start_samplers(),
            erosion: field.erosion.sampler(),
            texture: field.texture.sampler(),
            dunes: (field.dunes.as_ref())
                .and_then(|dunes| DuneSampler::new(dunes, field.shape, field.voxel_m, region, lod)),
            axes: FaceAxes::new(field.shape, region),
            lod,
            slow,
            all,
            stride,
            mean_level: field.mean_level(lod),
            is_sloped: cell_m * SLOPED_CELLS <= field.spacing_m,
            row: Vec::new(),
            field,
        }
    }

    /// Lays octaves of erosion on spots in a row.
    fn carve(&mut self, spots: &mut [Spot], waves: [usize; 2]) {
        if waves[0] == waves[1] {
            return;
        }
        let field = self.field;
        self.row.clear();
        self.row.extend(spots.iter().map(|spot| Carved {
            turned: field.turned(spot.direction),
            up: spot.direction.as_vec3(),
            flow: spot.flow,
        }));
        self.erosion.carve(&mut self.row, waves);
        spots.iter_mut().zip(&self.row).for_each(|(spot, carved)| spot.flow = carved.flow);
    }

    /// All that is slow but erosion, in a unit direction.
    fn spot(&mut self, direction: DVec3) -> Spot {
        let field = self.field;
        if let Some(level) = self.mean_level {
            let height_m = field.mean_m(lat_lon_deg(direction), level, self.lod);
            let base = Base { height_m, relief_m: 0.0, summit_m: 0.0 };
            return Spot { direction, base, flow: Flow::default(), texture_m: [0.0; 2] };
        }
        let turned = field.turned(direction);
        let texture_m = self.texture.sums(&turned, [0, self.slow.texture]);
        let (base, flow) = if self.all.erosion == 0 {
            field.plain(&mut self.start, direction, &turned, self.slow.low, self.is_sloped)
        } else {
            let bump = field.summits.bump(direction);
            field.start(&mut self.start, direction, &turned, &bump, self.slow.low)
        };
        Spot { direction, base, flow, texture_m }
    }

    /// Lays short octaves on spots in a row and adds up what the ground is.
    fn finish(&mut self, spots: &[Spot], out: &mut Vec<Ground>) {
        let field = self.field;
        let waves = [self.slow.erosion, self.all.erosion];
        let octaves = [self.slow.texture, self.all.texture];
        let is_turned = waves[0] < waves[1] || octaves[0] < octaves[1];
        self.row.clear();
        self.row.extend(spots.iter().map(|spot| Carved {
            turned: if is_turned { field.turned(spot.direction) } else { Turned::default() },
            up: spot.direction.as_vec3(),
            flow: spot.flow,
        }));
        self.erosion.carve(&mut self.row, waves);
        for (spot, Carved { turned, flow, .. }) in spots.iter().zip(&self.row) {
            let mut texture_m = spot.texture_m;
            if octaves[0] < octaves[1] {
                let [all_m, crags_m] = self.texture.sums(turned, octaves);
                texture_m = [texture_m[0] + all_m, texture_m[1] + crags_m];
            }
            let ground = field.ground(&spot.base, flow, texture_m);
            let slope = (spot.flow.slope + flow.slope) * (0.5 * STEEPER);
            out.push(Ground { slope, ..ground });
        }
    }

    /// The ground at `width` x `depth` places a cell apart, x fastest.
    /// `x` and `z` are the first, in cells.
    pub fn grounds(
        &mut self,
        [x, z]: [f64; 2],
        [width, depth]: [usize; 2],
        cancel: &CancelToken,
    ) -> Result<Vec<Ground>, Cancelled> {
        let cell = f64::from(1u32 << self.lod);
        let mut grounds = Vec::with_capacity(width * depth);
        let mut row = Vec::with_capacity(width);
        let has_dunes = self.dunes.as_mut().is_some_and(|dunes| dunes.look([x, z], [width, depth]));
        if self.stride == 1 {
            let directions = self.axes.rows([x, z], width, cell);
            for j in 0..depth {
                begin_row(j, cancel)?;
                row.clear();
                row.extend(directions.row(j).map(|direction| self.spot(direction)));
                self.carve(&mut row, [0, self.all.erosion]);
                self.finish(&row, &mut grounds);
                if let Some(dunes) = self.dunes.as_mut().filter(|_| has_dunes) {
                    dunes.lay(z + j as f64, &mut grounds[j * width..]);
                }
            }
            return Ok(grounds);
        }
        let corners = Corners::around([x, z], [width, depth], self.stride);
        let (columns, rows) = (corners.columns, corners.rows);
        let directions = corners.directions(&self.axes, cell);
        let mut spots = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            begin_row(j, cancel)?;
            spots.extend(directions.row(j).map(|direction| self.spot(direction)));
            self.carve(&mut spots[j * columns..], [0, self.slow.erosion]);
        }
        let places: Vec<(usize, f64)> =
            (0..width).map(|i| corners.before(0, x + i as f64)).collect();
        let mut between = Vec::with_capacity(columns);
        for j in 0..depth {
            begin_row(j, cancel)?;
            let (row_before, v) = corners.before(1, z + j as f64);
            let north = row_before * columns;
            between.clear();
            between.extend(
                (0..columns).map(|i| Spot::lerp(v, &spots[north + i], &spots[north + columns + i])),
            );
            row.clear();
            row.extend(
                places.iter().map(|&(west, u)| Spot::lerp(u, &between[west], &between[west + 1])),
            );
            self.finish(&row, &mut grounds);
            if let Some(dunes) = self.dunes.as_mut().filter(|_| has_dunes) {
                dunes.lay(z + j as f64, &mut grounds[j * width..]);
            }
        }
        Ok(grounds)
    }
}
