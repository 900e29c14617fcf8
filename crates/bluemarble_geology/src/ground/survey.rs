//! [`survey`]: the height field of an area, and the rock below it.

use bluemarble_core::{CHUNK_EDGE, Cells, ChunkKey, parallel};
use bluemarble_landscape::rivers::{Layer, Rock};
use bluemarble_world::{HybridWorld, WorldError};
use futures::executor::block_on;
use glam::IVec3;

use super::{
    descent::{Below, Descent},
    matter::{Matter, Matters},
    square::Square,
};
use crate::{
    archive::Array,
    area::{Area, folded},
};

/// Rock is looked at down to so many cells below the ground; below them what was found last goes on.
const DEPTH_CELLS: i32 = 192;
/// Rows of heights that are asked for at once.
const EXACT_ROWS: usize = 64;

/// What an area is like; a number for each node.
pub(crate) struct Surveyed {
    /// How high the ground is above sea level on average, in metres: as the baseline has it where the columns are the
    /// baseline's, which is more exact than they are.
    pub ground_m: Vec<f64>,
    /// The same as the columns have it.
    pub columns_m: Vec<f64>,
    /// How thick loose ground lies, in metres.
    pub loose_m: Vec<f64>,
    /// There is no ground.
    pub is_void: Vec<bool>,
    /// Water lies on it.
    pub is_wet: Vec<bool>,
    /// What the ground is made of.
    pub strata: Strata,
}

/// Layers of rock below each node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Strata {
    /// Where the layers of each node begin, and one more for the end.
    starts: Vec<u32>,
    /// From above: the height of the base in metres, and the erodibility.
    layers: Vec<(f32, f32)>,
    /// Where the uppermost layer begins: what is higher has come to rest later.
    tops_m: Vec<f32>,
    /// How much of its speed rivers keep in a node, 0 to 1.
    pub shares: Vec<f32>,
    /// How far all layers of a node have risen since they were looked at, in metres.
    pub risen_m: Vec<f64>,
}

impl Strata {
    /// As arrays for a file.
    pub fn arrays(&self) -> [Array; 6] {
        let (bases_m, erodibilities) = self.layers.iter().copied().unzip();
        [
            Array::U32(self.starts.clone()),
            Array::F32(bases_m),
            Array::F32(erodibilities),
            Array::F32(self.tops_m.clone()),
            Array::F32(self.shares.clone()),
            Array::F64(self.risen_m.clone()),
        ]
    }

    /// From such arrays; `None` if they do not fit each other, or not so many nodes.
    pub fn from_arrays<'a>(
        arrays: &mut impl Iterator<Item = &'a Array>,
        nodes: usize,
    ) -> Option<Self> {
        let mut next = || arrays.next();
        let (
            Array::U32(starts),
            Array::F32(bases_m),
            Array::F32(erodibilities),
            Array::F32(tops_m),
            Array::F32(shares),
            Array::F64(risen_m),
        ) = (next()?, next()?, next()?, next()?, next()?, next()?)
        else {
            return None;
        };
        let fits = [starts.len() - starts.len().min(1), tops_m.len(), shares.len(), risen_m.len()]
            == [nodes; 4]
            && bases_m.len() == erodibilities.len()
            && starts.is_sorted()
            && starts.last().copied() == u32::try_from(bases_m.len()).ok();
        fits.then(|| Self {
            starts: starts.clone(),
            layers: bases_m.iter().copied().zip(erodibilities.iter().copied()).collect(),
            tops_m: tops_m.clone(),
            shares: shares.clone(),
            risen_m: risen_m.clone(),
        })
    }
}

impl Rock for Strata {
    fn layer(&self, node: usize, height_m: f64) -> Layer {
        let risen_m = self.risen_m[node];
        let height_m = height_m - risen_m;
        let share = f64::from(self.shares[node]);
        let top_m = f64::from(self.tops_m[node]);
        if height_m > top_m {
            return Layer { erodibility: share, base_m: top_m + risen_m };
        }
        let layers = &self.layers[self.starts[node] as usize..self.starts[node + 1] as usize];
        let below = layers.partition_point(|&(base_m, _)| f64::from(base_m) >= height_m);
        match layers.get(below).or(layers.last()) {
            Some(&(base_m, erodibility)) => Layer {
                erodibility: f64::from(erodibility) * share,
                base_m: if below + 1 < layers.len() {
                    f64::from(base_m) + risen_m
                } else {
                    f64::NEG_INFINITY
                },
            },
            None => Layer { erodibility: share, base_m: f64::NEG_INFINITY },
        }
    }
}

/// The ground of a node as the columns of its square have it.
#[derive(Clone, Copy, Default)]
struct Spot {
    sum_y: i64,
    columns: u32,
    wet: u32,
}

/// Looks at all columns of an area, on so many threads.
///
/// # Errors
/// As [`HybridWorld::read`].
pub(crate) fn survey(
    world: &HybridWorld,
    matters: &Matters,
    area: &Area,
    threads: usize,
) -> Result<Surveyed, WorldError> {
    let squares: Vec<_> = area.squares().collect();
    let looked = parallel::map_with(
        threads,
        &squares,
        || (),
        |(), &at| block_on(look(world, matters, area, at)),
    );
    let mut spots = vec![Spot::default(); area.nodes()];
    for seen in looked {
        for (node, spot) in seen? {
            spots[node] = spot;
        }
    }
    let shape = world.shape();
    let metres = |y: f64| (y - f64::from(shape.sea_level_y())) * shape.voxel_m();
    let height = |spot: &Spot| match spot.columns {
        0 => metres(f64::from(shape.region_box().min.y)),
        columns => mean_top_m(world, spot.sum_y, columns),
    };
    let columns_m: Vec<f64> = spots.iter().map(height).collect();
    let ground_m = exact(world, area, &columns_m);
    let rows: Vec<usize> = (0..area.size[1]).collect();
    let piles = parallel::map_with(
        threads,
        &rows,
        || (),
        |(), &row| block_on(pile_row(world, matters, area, row)),
    );
    let mut strata = Strata { risen_m: vec![0.0; area.nodes()], ..Strata::default() };
    strata.shares = area.shares();
    let mut loose_m = Vec::with_capacity(area.nodes());
    for row in piles {
        for pile in row? {
            strata.starts.push(strata.layers.len() as u32);
            strata.tops_m.push(pile.top_m);
            loose_m.push(pile.loose_m);
            strata.layers.extend(pile.layers);
        }
    }
    strata.starts.push(strata.layers.len() as u32);
    Ok(Surveyed {
        ground_m,
        columns_m,
        loose_m,
        is_void: spots.iter().map(|spot| spot.columns == 0).collect(),
        is_wet: spots.iter().map(|spot| spot.wet * 2 > spot.columns).collect(),
        strata,
    })
}

/// The heights of the baseline where they are those of the columns.
fn exact(world: &HybridWorld, area: &Area, columns_m: &[f64]) -> Vec<f64> {
    let mut ground_m = columns_m.to_vec();
    let ([x0, z0], [x1, z1]) = area.columns();
    let region = world.shape().region_box();
    let is_inside =
        region.contains(IVec3::new(x0, 0, z0)) && region.contains(IVec3::new(x1 - 1, 0, z1 - 1));
    if !is_inside {
        return ground_m;
    }
    let voxel_m = world.shape().voxel_m();
    for row in (0..area.size[1]).step_by(EXACT_ROWS) {
        let rows = EXACT_ROWS.min(area.size[1] - row);
        // The source wants three rows.
        let size = [area.size[0], rows.max(3)];
        let baseline = world.baseline();
        let Some(heights_m) = baseline.ground_m(area.region, area.lod, area.cell(0, row), size)
        else {
            return ground_m;
        };
        let start = row * area.size[0];
        for (node, height_m) in (start..start + rows * area.size[0]).zip(heights_m) {
            let height_m = f64::from(height_m);
            if (height_m - columns_m[node]).abs() <= voxel_m {
                ground_m[node] = height_m;
            }
        }
    }
    ground_m
}

/// The mean height of the ground's surface where the highest voxels of some columns are known, in metres above sea level.
pub(crate) fn mean_top_m(world: &HybridWorld, sum_y: i64, columns: u32) -> f64 {
    let shape = world.shape();
    let mean_y = sum_y as f64 / f64::from(columns) + 1.0;
    (mean_y - f64::from(shape.sea_level_y())) * shape.voxel_m()
}

/// The nodes of a square.
async fn look(
    world: &HybridWorld,
    matters: &Matters,
    area: &Area,
    at: [i32; 2],
) -> Result<Vec<(usize, Spot)>, WorldError> {
    let square = Square::read(world, matters, area.region, at).await?;
    let mut spots = std::collections::BTreeMap::<usize, Spot>::new();
    for index in 0..super::square::COLUMNS {
        let (x, z) = (index % 64, index / 64);
        let corner = at.map(|at| at * CHUNK_EDGE);
        let Some(node) = area.node_of(corner[0] + x as i32, corner[1] + z as i32) else { continue };
        let spot = spots.entry(node).or_default();
        if let Some(top) = square.top(x, z) {
            spot.sum_y += i64::from(top.y);
            spot.columns += 1;
            spot.wet += u32::from(matters.get(top.above) == Matter::Liquid);
        }
    }
    Ok(spots.into_iter().collect())
}

/// What lies below a node.
#[derive(Clone, Default)]
struct Pile {
    top_m: f32,
    loose_m: f64,
    layers: Vec<(f32, f32)>,
    /// The highest cell of ground.
    top: Option<i32>,
    /// Loose ground goes on.
    is_loose: bool,
    is_done: bool,
}

/// The nodes of a row, as chunks of the area's lod show them.
async fn pile_row(
    world: &HybridWorld,
    matters: &Matters,
    area: &Area,
    row: usize,
) -> Result<Vec<Pile>, WorldError> {
    let shape = world.shape();
    // The cell of the world that each node is: beyond a side of the region the lattice is turned.
    let place = |column: usize| {
        let [x, z] = area.cell(column, row).map(|at| at << area.lod);
        Some(folded(&shape, area.region, x, z)?.cell(area.lod))
    };
    let places: Vec<_> = (0..area.size[0]).map(place).collect();
    let mut piles = vec![Pile { is_loose: true, ..Pile::default() }; area.size[0]];
    let mut start = 0;
    while start < places.len() {
        let Some(first) = places[start] else {
            start += 1;
            continue;
        };
        let key = first.chunk();
        let is_same = |place: &Option<bluemarble_core::CellPos>| {
            place.is_some_and(|place| {
                let other = place.chunk();
                (other.region, other.pos.x, other.pos.z) == (key.region, key.pos.x, key.pos.z)
            })
        };
        let count = places[start..].iter().take_while(|place| is_same(place)).count();
        let mut descent =
            Descent::new(world, matters, key.region, area.lod, [key.pos.x, key.pos.z]);
        while let Some(below) = descent.next().await? {
            // Holes go unnoticed, and above the ground is nothing.
            let Below::Chunk(key) = below else { continue };
            let chunk = world.read(key).await?;
            let mut is_over = true;
            for (pile, place) in piles[start..].iter_mut().zip(&places[start..start + count]) {
                let Some(place) = place else { continue };
                pile.go_down(world, matters, key, &chunk, place.cell & (CHUNK_EDGE - 1));
                is_over &= pile.is_done;
            }
            if is_over {
                break;
            }
        }
        start += count;
    }
    Ok(piles)
}

impl Pile {
    fn go_down(
        &mut self,
        world: &HybridWorld,
        matters: &Matters,
        key: ChunkKey,
        chunk: &impl Cells,
        cell: IVec3,
    ) {
        let shape = world.shape();
        let sea = f64::from(shape.sea_level_y());
        let metres = |y: i32| (f64::from(y) * f64::from(1 << key.lod) - sea) * shape.voxel_m();
        for y in (0..CHUNK_EDGE).rev() {
            if self.is_done {
                return;
            }
            let material = chunk.get(cell.with_y(y));
            let y = key.pos.y * CHUNK_EDGE + y;
            let matter = matters.get(material);
            if !matter.is_ground() && self.top.is_none() {
                continue;
            }
            let top = *self.top.get_or_insert_with(|| {
                self.top_m = metres(y + 1) as f32;
                y
            });
            self.is_done = top - y >= DEPTH_CELLS;
            self.is_loose &= matter == Matter::Loose;
            if self.is_loose {
                self.loose_m = f64::from(self.top_m) - metres(y);
            }
            let base_m = metres(y) as f32;
            // A hole is as what lies over it.
            let erodibility = match (matter, self.layers.last()) {
                (Matter::Nothing | Matter::Liquid, Some(&(_, over))) => over,
                _ => matters.erodibility(material),
            };
            match self.layers.last_mut() {
                Some((base, over)) if *over == erodibility => *base = base_m,
                _ => self.layers.push((base_m, erodibility)),
            }
        }
    }
}
