//! What maps and patches of noise say of the columns of a chunk: climate, class of ground, patches.
//!
//! All of it varies slowly, so it is found at corners some cells apart, counted from the region's corner, and
//! interpolated. Where the corners of a block agree on the class of ground, so do all of its columns. What
//! comes out does not depend on which chunk asks.

use glam::DVec3;

use bluemarble_core::{CancelToken, Cancelled, MaterialId};

use super::{
    axes::{FaceAxes, lat_lon_deg},
    climate::{Climate, Weather},
    corners::Corners,
    height::HeightField,
    land_cover::LandCover,
    land_cover_sampler::CoverSampler,
    octaves::OctavesSampler,
    surface::WIDE_PATCHES,
};
use crate::{
    columns::begin_row,
    fractal::{Fractal, FractalSampler},
};

/// Cells between corners, at most.
const STRIDE: i32 = 4;
/// Where corners are at most this many steps of the grid apart, places are shifted as they are before the grid is
/// asked, so that maps fit the ground. Farther apart they could not tell these shifts.
const WARPED_STEPS: f64 = 0.55;
/// Corners of cells this wide, in metres, are a cell apart: the map of the climate is not finer.
const WIDE_M: f64 = 30_000.0;
/// Patches are at least this many cells long.
const PATCH_CELLS: f64 = 12.0;

/// What is known of a corner.
#[derive(Clone, Copy, Debug)]
struct Corner {
    direction: DVec3,
    lay: Lay,
    /// Where it lies in the raster of classes.
    pixel: [f64; 2],
    /// The noise of borders between classes, where it was asked for.
    fray: Option<f64>,
}

/// What maps say of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lay {
    /// At sea level.
    pub weather: Weather,
    /// Wide and narrow patches, -1..=1.
    pub patch: [f64; 2],
    /// What turns the part of a level direction along the globe's axis into its part towards the nearer pole.
    pub to_pole: f64,
    /// The material of the class of ground; air without land cover.
    pub class: MaterialId,
}

impl Lay {
    #[inline]
    fn lerp(t: f64, a: &Self, b: &Self) -> Self {
        let mix = |a: f64, b: f64| a + t * (b - a);
        Self {
            weather: Weather {
                mean_c: mix(a.weather.mean_c, b.weather.mean_c),
                summer_c: mix(a.weather.summer_c, b.weather.summer_c),
                moisture: mix(a.weather.moisture, b.weather.moisture),
            },
            patch: [mix(a.patch[0], b.patch[0]), mix(a.patch[1], b.patch[1])],
            to_pole: mix(a.to_pole, b.to_pole),
            class: a.class,
        }
    }
}

/// What is known of the classes of a block of columns.
#[derive(Clone, Copy, Debug)]
enum Block {
    /// One class.
    Plain(MaterialId),
    /// Pixels differ.
    Border,
    /// One class in several shades.
    Shades(u8),
    /// Too wide in degrees to be interpolated: near a pole.
    Far,
}

/// The maps of an Earth.
#[derive(Clone, Copy)]
pub(super) struct Maps<'a> {
    pub field: &'a HeightField,
    pub climate: &'a Climate,
    pub patches: &'a Fractal,
    pub cover: Option<&'a LandCover>,
}

/// Finds what maps say at one lod of one region.
pub(super) struct MapSampler<'a> {
    maps: Maps<'a>,
    cover: Option<CoverSampler<'a>>,
    warp: Option<OctavesSampler<'a>>,
    patches: FractalSampler<'a>,
    patch_count: usize,
    axes: FaceAxes,
    cell: f64,
    stride: i32,
    corners: Vec<Corner>,
    blocks: Vec<Block>,
    between: Vec<Lay>,
    /// Where the corners lie.
    layout: Corners,
}

impl<'a> MapSampler<'a> {
    pub fn new(maps: Maps<'a>, region: u8, lod: u8) -> Self {
        let Maps { field, patches, .. } = maps;
        let cell_m = field.cell_m(lod);
        let is_warped = cell_m * f64::from(STRIDE) <= WARPED_STEPS * field.spacing_m;
        let stride = if cell_m > WIDE_M { 1 } else { STRIDE };
        Self {
            cover: maps.cover.map(|cover| CoverSampler::new(cover, cell_m)),
            warp: is_warped.then(|| field.warp.sampler()),
            patches: patches.sampler(),
            patch_count: patches.count_for(cell_m * PATCH_CELLS * 0.5),
            axes: FaceAxes::new(field.shape, region),
            cell: f64::from(1u32 << lod),
            stride,
            corners: Vec::new(),
            blocks: Vec::new(),
            between: Vec::new(),
            layout: Corners::default(),
            maps,
        }
    }

    /// What maps say of a unit direction.
    fn corner(&mut self, direction: DVec3) -> Corner {
        let Maps { field, climate, patches, .. } = self.maps;
        let turned = patches.turned(direction * field.shape.radius_m);
        let octaves = [0, self.patch_count];
        let [wide, narrow] = self.patches.split_sums(&turned, octaves, WIDE_PATCHES);
        let patch = [wide.clamp(-1.0, 1.0), (4.0 * narrow).clamp(-1.0, 1.0)];
        let asked_deg = match &mut self.warp {
            Some(warp) => field.asked_deg(warp, direction),
            None => lat_lon_deg(direction),
        };
        let level = (direction.x * direction.x + direction.z * direction.z).sqrt();
        let lay = Lay {
            weather: climate.at(asked_deg[0], asked_deg[1]),
            patch,
            to_pole: direction.y.signum() / level.max(1e-3),
            class: MaterialId::AIR,
        };
        let pixel = self.cover.as_ref().map_or([0.0; 2], |cover| cover.pixel(asked_deg, patch));
        Corner { direction, lay, pixel, fray: None }
    }

    /// Looks at all that `size` columns along x and z need, `first` being the middle of the first one, in cells.
    pub fn look(
        &mut self,
        first: [f64; 2],
        size: [usize; 2],
        cancel: &CancelToken,
    ) -> Result<(), Cancelled> {
        self.layout = Corners::around(first, size, self.stride);
        let Corners { columns, rows, .. } = self.layout;
        let directions = self.layout.directions(&self.axes, self.cell);
        self.corners.clear();
        for j in 0..rows {
            begin_row(j, cancel)?;
            for direction in directions.row(j) {
                let corner = self.corner(direction);
                self.corners.push(corner);
            }
        }
        self.blocks.clear();
        for j in 0..rows - 1 {
            for i in 0..columns - 1 {
                let block = self.block(j * columns + i);
                self.blocks.push(block);
            }
        }
        Ok(())
    }

    /// The four corners of the block whose first corner this is.
    fn around(&self, at: usize) -> [usize; 4] {
        let south = at + self.layout.columns;
        [at, at + 1, south, south + 1]
    }

    /// What is known of the block whose first corner this is.
    fn block(&mut self, at: usize) -> Block {
        let around = self.around(at);
        let Some(cover) = &mut self.cover else { return Block::Plain(MaterialId::AIR) };
        let first = self.corners[at].pixel;
        let pixels = around.map(|k| cover.unwrapped(self.corners[k].pixel, first));
        let Some(found) = cover.spread(&pixels) else { return Block::Far };
        let Some(class) = found else {
            for corner in around {
                let Corner { direction, fray, .. } = &mut self.corners[corner];
                fray.get_or_insert_with(|| cover.fray(*direction));
            }
            return Block::Border;
        };
        let [a, b, c, d] = around.map(|k| cover.shaded(class, self.corners[k].lay.patch));
        if a == b && a == c && a == d {
            Block::Plain(cover.material(a))
        } else {
            Block::Shades(class)
        }
    }

    /// What maps say of a row of columns, of those last looked at; `z` is that of the row, `x` that of its
    /// first column.
    pub fn row(&mut self, [x, z]: [f64; 2], width: usize, out: &mut Vec<Lay>) {
        let columns = self.layout.columns;
        let (row, v) = self.layout.before(1, z);
        let (north, south) = (row * columns, (row + 1) * columns);
        self.between.clear();
        self.between.extend(
            self.corners[north..south]
                .iter()
                .zip(&self.corners[south..])
                .map(|(a, b)| Lay::lerp(v, &a.lay, &b.lay)),
        );
        out.clear();
        for i in 0..width {
            let (west, u) = self.layout.before(0, x + i as f64);
            let mut lay = Lay::lerp(u, &self.between[west], &self.between[west + 1]);
            match self.blocks[row * (columns - 1) + west] {
                Block::Plain(class) => lay.class = class,
                Block::Shades(class) => {
                    if let Some(cover) = &self.cover {
                        lay.class = cover.material(cover.shaded(class, lay.patch));
                    }
                }
                Block::Border => self.at_border(north + west, [u, v], &mut lay),
                Block::Far => self.far_off([x + i as f64, z], &mut lay),
            }
            out.push(lay);
        }
    }

    /// The class of a column where pixels differ.
    fn at_border(&self, at: usize, [u, v]: [f64; 2], lay: &mut Lay) {
        let Some(cover) = &self.cover else { return };
        let first = self.corners[at].pixel;
        let [a, b, c, d] = self.around(at).map(|k| {
            let corner = &self.corners[k];
            let [x, y] = cover.unwrapped(corner.pixel, first);
            [x, y, corner.fray.unwrap_or_default()]
        });
        let mix = |t: f64, a: f64, b: f64| a + t * (b - a);
        let [x, y, fray] = std::array::from_fn(|k| mix(v, mix(u, a[k], b[k]), mix(u, c[k], d[k])));
        lay.class = cover.material(cover.shaded(cover.class([x, y], fray), lay.patch));
    }

    /// The class of a column found on its own.
    fn far_off(&mut self, [x, z]: [f64; 2], lay: &mut Lay) {
        let (x, z) = (self.axes.along_x(x * self.cell), self.axes.along_z(z * self.cell));
        let direction = (self.axes.out + x + z).normalize();
        let Corner { pixel, lay: Lay { patch, .. }, .. } = self.corner(direction);
        let Some(cover) = &mut self.cover else { return };
        let fray = cover.fray(direction);
        lay.class = cover.material(cover.shaded(cover.class(pixel, fray), patch));
    }
}
