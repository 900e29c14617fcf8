//! The columns of a chunk of the Earth.

use bluemarble_core::{CancelToken, Cancelled, Shape};

use super::{
    baseline::EarthBaseline,
    ground::Ground,
    maps::{Lay, MapSampler, Maps},
    spot::GroundSampler,
    top::TopMaterials,
};
use crate::{
    columns::{Column, ColumnSource, Columns, Layers, begin_row},
    strata,
};

/// How deep what lies on top reaches where steps are covered, in cells: on level ground, and so much more where
/// it falls by a cell from column to column. Slopes are calmer than columns.
const COVERED_CELLS: [f64; 2] = [0.6, 2.5];

impl EarthBaseline {
    /// What its maps are.
    fn maps(&self) -> Maps<'_> {
        let Self { field, climate, patches, top, .. } = self;
        Maps { field, climate, patches, cover: top.cover() }
    }

    /// What lies on some ground. `hidden_slope2`: the mean squared slope of what the lod does not show, where
    /// erosion is at full strength; `cell_m`: the edge of a cell.
    fn column(&self, ground: &Ground, lay: &Lay, hidden_slope2: f64, cell_m: f64) -> Column<5> {
        let [wide, narrow] = lay.patch;
        let (height_m, relief_m) = (ground.height_m, ground.relief_m);
        let slope2 = f64::from(ground.slope.length_squared());
        let hidden2 = hidden_slope2 * ground.strength * ground.strength;
        let (slope, steepness) = (slope2.sqrt(), (slope2 + hidden2 * 0.5).sqrt());
        let TopMaterials { surface, subsoil, is_frozen } =
            self.top.materials(ground, lay, slope, steepness, cell_m);
        let subsoil_m = if is_frozen { 3.0 } else { 0.9 + 0.4 * narrow };
        let mut floors_m = strata::floors_m(height_m, ground.base_m, relief_m, wide, subsoil_m);
        let is_coarse = cell_m > self.field.voxel_m && cell_m * 2.0 > subsoil_m;
        if self.covers_steps && is_coarse {
            let [level, falling] = COVERED_CELLS;
            let deep_cells = (level + falling * slope).min(strata::MAX_COVERED_CELLS);
            floors_m[0] = floors_m[0].min(height_m - deep_cells * cell_m);
            return Column { ground_m: height_m, surface, subsoil: surface, floors_m };
        }
        Column { ground_m: height_m, surface, subsoil, floors_m }
    }
}

impl ColumnSource for EarthBaseline {
    type Floors = strata::Floors;

    fn shape(&self) -> Shape {
        self.shape
    }

    fn layers(&self) -> &Layers<strata::Floors> {
        &self.strata
    }

    fn columns(
        &self,
        region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        [width, depth]: [usize; 2],
        cancel: &CancelToken,
        out: &mut Columns<strata::Floors>,
    ) -> Result<(), Cancelled> {
        let cell_m = self.field.cell_m(lod);
        let hidden_slope2 = self.field.hidden_slope2(cell_m);
        let levels = self.levels(lod);
        // One column more on each side if heights are wanted.
        let ring = usize::from(out.ring_m.is_some());
        let middle = [f64::from(x) + 0.5, f64::from(z) + 0.5];
        let size = [width + 2 * ring, depth + 2 * ring];
        let mut sampler = GroundSampler::new(&self.field, region, lod);
        let grounds = sampler.grounds(middle.map(|v| v - ring as f64), size, cancel)?;
        if let Some(ring_m) = &mut out.ring_m {
            ring_m.extend(grounds.iter().map(|ground| ground.height_m as f32));
        }
        let mut maps = MapSampler::new(self.maps(), region, lod);
        maps.look(middle, [width, depth], cancel)?;
        let mut lays = Vec::with_capacity(width);
        for j in 0..depth {
            begin_row(j, cancel)?;
            maps.row([middle[0], middle[1] + j as f64], width, &mut lays);
            let grounds = &grounds[(j + ring) * size[0] + ring..];
            out.cells.extend(grounds.iter().zip(&lays).map(|(ground, lay)| {
                levels.cells(&self.column(ground, lay, hidden_slope2, cell_m))
            }));
        }
        Ok(())
    }

    fn heights(
        &self,
        region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        size: [usize; 2],
        cancel: &CancelToken,
    ) -> Result<Vec<f32>, Cancelled> {
        let first = [f64::from(x) + 0.5, f64::from(z) + 0.5];
        let grounds = GroundSampler::new(&self.field, region, lod).grounds(first, size, cancel)?;
        Ok(grounds.iter().map(|ground| ground.height_m as f32).collect())
    }
}
