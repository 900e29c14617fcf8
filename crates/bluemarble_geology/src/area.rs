//! [`Area`]: the piece of a world that is shaped, and where its nodes lie.

use bluemarble_core::{CHUNK_EDGE, CellPos, LatticePos, Shape, VoxelPos};
use bluemarble_landscape::grid::PlaneGrid;
use glam::{DVec3, IVec3};

use crate::GeologyError;

/// More nodes than this are refused: a field of them takes 128 MiB.
pub const MAX_NODES: usize = 1 << 24;
/// Nodes lie in cells of this lod at most: half a chunk wide, so that each has many columns.
pub const MAX_NODE_LOD: u8 = 5;

/// A rectangle of columns. Each node of its height fields stands for the columns of a cell of `lod`: 2^lod by 2^lod of them.
///
/// It may reach over a side of its region: there it goes on in the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// In whose lattice it is a rectangle.
    pub region: u8,
    /// How wide nodes are.
    pub lod: u8,
    /// x and z of the first node, in cells of `lod`.
    pub first: [i32; 2],
    /// Nodes along x and z.
    pub size: [usize; 2],
}

impl Area {
    /// A square around a lattice position, `size_m` metres wide, with nodes at most `node_m` metres apart.
    ///
    /// # Errors
    /// As [`Area::check`].
    pub fn around(
        shape: &Shape,
        centre: LatticePos,
        size_m: f64,
        node_m: f64,
    ) -> Result<Self, GeologyError> {
        let voxel_m = column_m(shape, centre);
        let lod = (node_m / voxel_m).log2().floor().clamp(0.0, MAX_NODE_LOD.into()) as u8;
        let width = voxel_m * f64::from(1 << lod);
        let count = (size_m / width).ceil().clamp(0.0, f64::from(i32::MAX)) as usize;
        let first = |at: f64| (at / f64::from(1 << lod)).floor() as i32 - (count / 2) as i32;
        let first = [first(centre.lattice.x), first(centre.lattice.z)];
        let area = Self { region: centre.region, lod, first, size: [count; 2] };
        if node_m.is_nan() || node_m < voxel_m * 0.999 {
            let reason =
                format!("nodes cannot lie {node_m} m apart: voxels are {voxel_m:.3} m wide");
            return Err(GeologyError::Area { area: format!("{area:?}"), reason });
        }
        area.check(shape).map(|()| area)
    }

    /// # Errors
    /// [`GeologyError::Area`] if it is empty, too large, or has nodes where the world has no columns.
    pub fn check(&self, shape: &Shape) -> Result<(), GeologyError> {
        let refuse = |reason: String| Err(GeologyError::Area { area: format!("{self:?}"), reason });
        let Self { region, lod, first, size } = *self;
        if region >= shape.regions() {
            return refuse(format!("the world has {} regions", shape.regions()));
        }
        if lod > MAX_NODE_LOD {
            return refuse(format!("nodes are cells of lod {MAX_NODE_LOD} at most"));
        }
        let nodes = size[0].saturating_mul(size[1]);
        if size.iter().any(|&count| count < 3) || nodes > MAX_NODES {
            return refuse(format!("it must have 3 x 3 to {MAX_NODES} nodes; take wider nodes"));
        }
        let limit = i64::from(i32::MAX >> lod);
        for (first, size) in first.into_iter().zip(size) {
            if i64::from(first) < -limit || i64::from(first) + size as i64 > limit {
                return refuse("it lies beyond the lattice".to_owned());
            }
        }
        let y = shape.region_box().min.y.max(0);
        let corners = [[0, 0], [size[0] - 1, 0], [0, size[1] - 1], [size[0] - 1, size[1] - 1]];
        for [column, row] in corners {
            let [x, z] = self.cell(column, row);
            if shape.fold(CellPos::new(region, lod, IVec3::new(x, y >> lod, z))).is_none() {
                return refuse(format!("there is no column at its node {column}, {row}"));
            }
        }
        Ok(())
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Its nodes as a grid: as far apart as they are in the middle of the area.
    pub fn grid(&self, shape: &Shape) -> PlaneGrid {
        let [columns, rows] = self.size;
        PlaneGrid::new(columns, rows, column_m(shape, self.centre(shape)) * self.cell_columns())
    }

    /// The middle of the area, at sea level.
    pub fn centre(&self, shape: &Shape) -> LatticePos {
        let middle = |axis: usize| {
            (f64::from(self.first[axis]) + self.size[axis] as f64 / 2.0) * self.cell_columns()
        };
        let y = f64::from(shape.sea_level_y());
        LatticePos::new(self.region, DVec3::new(middle(0), y, middle(1)))
    }

    /// The cell of a node: x and z, in cells of [`Area::lod`].
    pub fn cell(&self, column: usize, row: usize) -> [i32; 2] {
        [self.first[0] + column as i32, self.first[1] + row as i32]
    }

    /// How much of what happens to land happens to each node, 0 to 1: less and less towards the border, which stays, so that
    /// the area and what lies around it are one land.
    pub(crate) fn shares(&self) -> Vec<f32> {
        let margin = (self.size[0].min(self.size[1]) as f32 / 8.0).max(1.0);
        let share = |node: usize| {
            let at = [node % self.size[0], node / self.size[0]];
            let inside = [0, 1].map(|axis| at[axis].min(self.size[axis] - 1 - at[axis]));
            let part = (inside[0].min(inside[1]) as f32 / margin).min(1.0);
            part * part * (3.0 - 2.0 * part)
        };
        (0..self.nodes()).map(share).collect()
    }

    /// How many columns of voxels a node is wide.
    pub(crate) fn cell_columns(&self) -> f64 {
        f64::from(1 << self.lod)
    }

    /// The columns of the area: first x and z, and one past the last.
    pub fn columns(&self) -> ([i32; 2], [i32; 2]) {
        let end = |axis: usize| (self.first[axis] + self.size[axis] as i32) << self.lod;
        (self.first.map(|first| first << self.lod), [end(0), end(1)])
    }

    /// The squares of 64 x 64 columns that it cuts, x fastest: what is read and written together.
    pub(crate) fn squares(&self) -> impl Iterator<Item = [i32; 2]> + use<> {
        let (first, end) = self.columns();
        let [low, high] =
            [first, end.map(|end| end - 1)].map(|at| at.map(|at| at.div_euclid(CHUNK_EDGE)));
        (low[1]..=high[1]).flat_map(move |z| (low[0]..=high[0]).map(move |x| [x, z]))
    }

    /// The node of a column, if it is one of the area.
    pub(crate) fn node_of(&self, x: i32, z: i32) -> Option<usize> {
        let at = [x >> self.lod, z >> self.lod];
        let column = usize::try_from(at[0] - self.first[0]).ok()?;
        let row = usize::try_from(at[1] - self.first[1]).ok()?;
        (column < self.size[0] && row < self.size[1]).then(|| row * self.size[0] + column)
    }
}

/// How far apart columns of voxels are at a place, in metres.
fn column_m(shape: &Shape, at: LatticePos) -> f64 {
    let local = |by: DVec3| shape.local_from_lattice(LatticePos::new(at.region, at.lattice + by));
    let reach = 32.0;
    let along = |axis: DVec3| local(axis * reach).distance(local(-axis * reach)) / (2.0 * reach);
    (along(DVec3::X) * along(DVec3::Z)).sqrt()
}

/// The column of the world that a column of a region is, also beyond its side.
pub(crate) fn folded(shape: &Shape, region: u8, x: i32, z: i32) -> Option<VoxelPos> {
    let lattice = shape.region_box();
    let y = lattice.min.y.max(0);
    let voxel = IVec3::new(x, y, z);
    if lattice.contains(voxel) {
        return Some(VoxelPos::new(region, voxel));
    }
    Some(shape.fold(CellPos::new(region, 0, voxel))?.min_voxel())
}
