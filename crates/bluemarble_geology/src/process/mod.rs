//! [`GeologicalProcess`]: what shapes land.
//!
//! | module | what it holds |
//! |---|---|
//! | `rivers` | [`Rivers`] |
//! | `slopes` | [`SoilCreep`], [`Slides`], [`RockWeathering`] |
//! | `ice` | [`MountainIce`] |
//! | `crust` | [`Uplift`], [`PlateBending`] |
//! | `volcano` | [`Eruption`], [`Ash`] |
//! | `storm` | [`Storms`] |

mod crust;
mod ice;
mod rivers;
mod slopes;
mod storm;
mod volcano;

pub use bluemarble_landscape::evolution::{Budget, Land};
use bluemarble_landscape::rivers::{Layer, Rock};

pub use crust::{PlateBending, Uplift};
pub use ice::MountainIce;
pub use rivers::Rivers;
pub use slopes::{RockWeathering, Slides, SoilCreep};
pub use storm::Storms;
pub use volcano::{Ash, Eruption};

use crate::ground::survey::Strata;

/// What shapes land: it is given land, and changes it as some years would.
///
/// The same land must become the same land, bit for bit, whoever asks and however often.
pub trait GeologicalProcess: Send + Sync {
    /// Its number in the history of voxels. Those of this crate are below 128.
    fn number(&self) -> u8;

    /// What it is called in scenarios and reports.
    fn name(&self) -> &'static str;

    /// How far a node sees.
    fn halo(&self) -> Halo;

    /// A longer step is divided into steps that are not longer than this.
    fn longest_step_years(&self) -> f64 {
        f64::INFINITY
    }

    /// Whether rock rises and sinks with all its layers.
    fn moves_crust(&self) -> bool {
        false
    }

    /// The material that it leaves where ground comes to rest, by its name; `None` where what is on top of the ground goes up
    /// and down with it.
    fn leaves(&self) -> Option<&'static str> {
        None
    }

    /// Lets time go on. With a halo that is not everything, only what is further from the edge of the tile than the halo is
    /// kept, and of the budget nothing.
    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget;
}

/// How far a node sees in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halo {
    /// What it becomes depends on nodes that are at most so many columns and rows away.
    Nodes(usize),
    /// What it becomes may depend on every node.
    Everything,
}

/// Land that a process is given: an area, or a part of it with a halo around.
pub struct Tile<'a> {
    /// The land, to be changed; its own years are those of the beginning of the step.
    pub land: &'a mut Land,
    /// The ground with which the plate below is in balance, in metres, to be changed; it rises and sinks with the crust. Empty
    /// if the halo is not everything.
    pub balanced_m: &'a mut [f64],
    /// Where it is.
    pub place: Place<'a>,
}

/// Where a tile is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Column and row, in nodes of the area, of the first node of the tile.
    pub first: [usize; 2],
    /// Columns and rows of the whole area.
    pub size: [usize; 2],
    /// The latitude in degrees; 0 in a flat world.
    pub lat_deg: f64,
    /// How high the sea stands, in metres above lattice sea level; `None` where there is none.
    pub sea_level_m: Option<f64>,
    /// Columns of the tile.
    pub(crate) columns: usize,
    pub(crate) strata: &'a Strata,
}

impl Place<'_> {
    /// How much of what happens to land shall happen to a node of the tile, 0 to 1: nothing at the border of the area.
    pub fn share(&self, node: usize) -> f64 {
        self.strata.shares[self.of_area(node)].into()
    }

    fn of_area(&self, node: usize) -> usize {
        let (column, row) = (node % self.columns, node / self.columns);
        (self.first[1] + row) * self.size[0] + self.first[0] + column
    }
}

impl Rock for Place<'_> {
    fn layer(&self, node: usize, height_m: f64) -> Layer {
        self.strata.layer(self.of_area(node), height_m)
    }
}
