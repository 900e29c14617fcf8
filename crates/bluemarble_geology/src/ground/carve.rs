//! [`carve`]: a change of height becomes columns of voxels.

use bluemarble_core::{CHUNK_EDGE, EditOp, MaterialId, VoxelPos};
use bluemarble_world::{HybridWorld, WorldError};
use glam::IVec3;

use super::{
    matter::{Matter, Matters},
    square::{Square, Top},
};
use crate::area::Area;

/// How the ground of a column changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Voxels up, or down if negative.
    pub voxels: i32,
    /// What comes to rest; `None`: what is on top goes up and down with the ground.
    pub leaves: Option<MaterialId>,
    /// The process, by its number.
    pub process: u8,
    /// What becomes of the sea over it.
    pub sea: SeaChange,
}

/// What becomes of the sea over a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SeaChange {
    /// There is none.
    #[default]
    None,
    /// It stands below this height, as it did; ground may have sunk below it.
    Stays(i32),
    /// It rises or falls to below this height, or comes over the column.
    Comes(i32),
    /// It leaves the column.
    Goes,
}

/// The ground of a node before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeTops {
    /// Columns that have ground.
    pub columns: u32,
    /// The sum of the heights of their highest voxels.
    pub before_y: i64,
    /// The same afterwards.
    pub after_y: i64,
    /// The same if each column had followed.
    pub wanted_y: i64,
}

/// What becomes of a square.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carved {
    /// The steps, and the process of each.
    pub ops: Vec<(u8, EditOp)>,
    /// The nodes of the square, sorted.
    pub nodes: Vec<(usize, NodeTops)>,
    /// Voxels of each material that have come, less those that have gone.
    pub balance: Vec<(MaterialId, i64)>,
}

/// What a square of an area becomes when its columns change so, x fastest. Ground is changed, and
/// neither what is built nor what lies below that; caves stay, and where their roof goes the ground is their floor.
///
/// # Errors
/// As [`HybridWorld::read`].
pub(crate) async fn carve(
    world: &HybridWorld,
    matters: &Matters,
    (water, sea): (MaterialId, u8),
    area: &Area,
    at: [i32; 2],
    changes: &[Change],
) -> Result<Carved, WorldError> {
    let mut square = Square::read(world, matters, area.region, at).await?;
    let mut nodes = std::collections::BTreeMap::<usize, NodeTops>::new();
    let mut balance = std::collections::BTreeMap::<MaterialId, i64>::new();
    let mut carved = Carved::default();
    for (index, &change) in changes.iter().enumerate() {
        let (x, z) = (index % 64, index / 64);
        let place = [at[0] * CHUNK_EDGE + x as i32, at[1] * CHUNK_EDGE + z as i32];
        let Some(node) = area.node_of(place[0], place[1]) else { continue };
        let Some(top) = square.top(x, z) else { continue };
        let mut column = Column {
            world,
            matters,
            water,
            sea,
            square: &mut square,
            at: [x, z],
            base: VoxelPos::new(area.region, IVec3::new(place[0], 0, place[1])),
            change,
            ops: &mut carved.ops,
            balance: &mut balance,
        };
        let after = match change.voxels {
            _ if top.is_built_on => top.y,
            0 => top.y,
            ..0 => column.lower(top).await?,
            1.. => column.raise(top).await?,
        };
        column.flood(top, after).await?;
        let tops = nodes.entry(node).or_default();
        tops.columns += 1;
        tops.before_y += i64::from(top.y);
        tops.after_y += i64::from(after);
        tops.wanted_y += i64::from(top.y) + i64::from(change.voxels);
    }
    carved.nodes = nodes.into_iter().collect();
    carved.balance = balance.into_iter().filter(|&(_, voxels)| voxels != 0).collect();
    Ok(carved)
}

/// A column that is changed.
struct Column<'a> {
    world: &'a HybridWorld,
    matters: &'a Matters,
    water: MaterialId,
    /// The number of the sea among the processes.
    sea: u8,
    square: &'a mut Square,
    /// x and z within the square.
    at: [usize; 2],
    /// The voxel at height 0, as the area counts.
    base: VoxelPos,
    change: Change,
    ops: &'a mut Vec<(u8, EditOp)>,
    balance: &'a mut std::collections::BTreeMap<MaterialId, i64>,
}

impl Change {
    /// Whether anything is to be done.
    pub fn is_any(&self) -> bool {
        self.voxels != 0 || matches!(self.sea, SeaChange::Comes(_) | SeaChange::Goes)
    }
}

impl Column<'_> {
    async fn material(&mut self, y: i32) -> Result<MaterialId, WorldError> {
        let [x, z] = self.at;
        self.square.material(self.world, x, z, y).await
    }

    /// Fills voxels from `low` to below `high`.
    fn fill(&mut self, low: i32, high: i32, material: MaterialId) {
        if low < high {
            let base = VoxelPos::new(self.base.region, self.base.voxel.with_y(low));
            let height = (high - low) as u32;
            self.ops.push((self.change.process, EditOp::Column { base, height, material }));
        }
    }

    fn count(&mut self, material: MaterialId, voxels: i64) {
        *self.balance.entry(material).or_default() += voxels;
    }

    /// What takes the place of ground.
    fn filling(&self, top: Top) -> MaterialId {
        match self.matters.get(top.above) {
            Matter::Liquid => top.above,
            _ => MaterialId::AIR,
        }
    }

    /// The sea comes or goes over ground that was at `top` and is at `after`.
    async fn flood(&mut self, top: Top, after: i32) -> Result<(), WorldError> {
        let is_wet = self.matters.get(top.above) == Matter::Liquid;
        let level_y = match self.change.sea {
            SeaChange::None => return Ok(()),
            SeaChange::Stays(_) if is_wet => return Ok(()),
            SeaChange::Stays(level_y) | SeaChange::Comes(level_y) => level_y,
            SeaChange::Goes => after + 1,
        };
        self.change.process = self.sea;
        // From here up to `high` comes water.
        let (mut y, mut high) = (level_y - 1, level_y);
        while y > after {
            let material = self.material(y).await?;
            let is_dug = y <= top.y && self.matters.get(material).is_ground();
            if !is_dug && !material.is_air() {
                self.fill(y + 1, high, self.water);
                high = y;
                if self.matters.get(material) == Matter::Liquid {
                    break;
                }
            }
            y -= 1;
        }
        if y == after {
            self.fill(after + 1, high, self.water);
        }
        let mut high = level_y.max(after + 1);
        while self.matters.get(self.material(high).await?) == Matter::Liquid {
            high += 1;
        }
        self.fill(level_y.max(after + 1), high, MaterialId::AIR);
        Ok(())
    }

    /// Takes ground away; returns where it is then.
    async fn lower(&mut self, top: Top) -> Result<i32, WorldError> {
        let surface = self.material(top.y).await?;
        let lowest = self.world.shape().region_box().min.y + 1;
        let end = (top.y + self.change.voxels).max(lowest);
        // From here up to `high` is ground that goes.
        let (mut y, mut high) = (top.y, top.y + 1);
        while y > end {
            let material = self.material(y).await?;
            match self.matters.get(material) {
                Matter::Loose | Matter::Rock => self.count(material, -1),
                Matter::Nothing | Matter::Liquid => {
                    self.fill(y + 1, high, self.filling(top));
                    high = y;
                }
                Matter::Built => break,
            }
            y -= 1;
        }
        self.fill(y + 1, high, self.filling(top));
        // Where a roof has gone the ground is the floor.
        while y > lowest && !self.matters.get(self.material(y).await?).is_ground() {
            if self.matters.get(self.material(y).await?) == Matter::Built {
                break;
            }
            y -= 1;
        }
        let is_cover = self.matters.get(surface) == Matter::Loose && self.change.leaves.is_none();
        let below = self.material(y).await?;
        if is_cover && below != surface && self.matters.get(below).is_ground() {
            self.count(surface, 1);
            self.count(below, -1);
            self.fill(y, y + 1, surface);
        }
        Ok(y)
    }

    /// Puts ground on ground; returns where it is then.
    async fn raise(&mut self, top: Top) -> Result<i32, WorldError> {
        let highest = self.world.shape().region_box().max.y - 2;
        let end = (top.y + self.change.voxels).min(highest);
        let count = end - top.y;
        if count <= 0 {
            return Ok(top.y);
        }
        if let Some(material) = self.change.leaves {
            self.fill(top.y + 1, end + 1, material);
            self.count(material, count.into());
            return Ok(end);
        }
        let surface = self.material(top.y).await?;
        let below = self.material(top.y - 1).await?;
        let below = if self.matters.get(below).is_ground() { below } else { surface };
        self.fill(top.y, end, below);
        self.fill(end, end + 1, surface);
        self.count(below, count.into());
        Ok(end)
    }
}
