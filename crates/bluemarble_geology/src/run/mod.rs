//! [`Run`]: an area, its processes, and how far they have come.
//!
//! | module | what it holds |
//! |---|---|
//! | `options` | [`RunOptions`]: how an area is shaped |
//! | `fields` | what the land is like, and was; all that a run needs to go on |
//! | `step` | time goes on: process by process, tile by tile |
//! | `write` | what has become of the land is written into the world |
//! | `report` | [`WriteReport`]: what has been written |
//! | `series` | [`Row`]: what the land was like at a time |
//! | `journal` | how far writing has come, for who goes on after a crash |

mod fields;
mod journal;
mod options;
mod report;
mod series;
mod step;
#[cfg(test)]
mod tests;
mod write;

use bluemarble_core::{ChunkKey, LatticePos, MaterialId, Shape};
use bluemarble_landscape::evolution::{Budget, Land};
use bluemarble_world::HybridWorld;

use crate::{
    GeologyError,
    area::Area,
    ground::{matter::Matters, survey::survey},
};
use fields::Fields;
use journal::Progress;
pub use options::{Rated, RunOptions};
pub use report::{SEA, WriteReport};
pub use series::Row;

/// Is told of chunks that have changed.
type Listener = Box<dyn Fn(Vec<ChunkKey>) + Send + Sync>;

/// Processes that shape an area of a world.
pub struct Run {
    world: HybridWorld,
    options: RunOptions,
    matters: Matters,
    /// What each process leaves.
    leaves: Vec<Option<MaterialId>>,
    water: MaterialId,
    lat_deg: f64,
    fields: Fields,
    /// Who is told of chunks that have changed.
    listener: Option<Listener>,
    /// What is written already, where writing was stopped.
    stopped_at: Progress,
}

impl Run {
    /// Looks at the area, or goes on with what is kept in [`RunOptions::dir`]: writing that was interrupted is finished first.
    ///
    /// # Errors
    /// [`GeologyError::Area`], [`GeologyError::Material`] if a process leaves what the world does not have,
    /// [`GeologyError::State`] if what is kept is damaged or of another run, else as [`HybridWorld::read`].
    pub fn begin(world: HybridWorld, options: RunOptions) -> Result<Self, GeologyError> {
        let shape = world.shape();
        options.area.check(&shape)?;
        let materials = world.materials();
        let leaves = (options.processes.iter())
            .map(|rated| rated.process.leaves().map(|name| materials.id(name)).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let water = materials.id("water")?;
        let matters = Matters::new(materials);
        let kept = options.dir.as_deref().map(|dir| Fields::load(dir, &options)).transpose()?;
        let (fields, is_begun) = match kept.flatten() {
            Some(fields) => (fields, true),
            None => {
                let surveyed = survey(&world, &matters, &options.area, options.threads)?;
                (Fields::new(&shape, &options, surveyed), false)
            }
        };
        let lat_deg = latitude_deg(&shape, options.area.centre(&shape));
        let mut run = Self {
            world,
            options,
            matters,
            leaves,
            water,
            lat_deg,
            fields,
            listener: None,
            stopped_at: Progress::default(),
        };
        if is_begun {
            run.finish_writing()?;
        } else {
            run.save()?;
        }
        Ok(run)
    }

    /// Has `listener` told of all chunks of lod 0 that are changed from now on, as soon as they are.
    pub fn set_listener(&mut self, listener: impl Fn(Vec<ChunkKey>) + Send + Sync + 'static) {
        self.listener = Some(Box::new(listener));
    }

    /// Lets time go faster or slower for a process: years of it for each year. False if there is none of this name.
    pub fn set_rate(&mut self, process: &str, rate: f64) -> bool {
        let mut all = self.options.processes.iter_mut();
        let found = all.find(|rated| rated.process.name() == process);
        found.map(|rated| rated.rate = rate.max(0.0)).is_some()
    }

    /// The world.
    pub fn world(&self) -> &HybridWorld {
        &self.world
    }

    /// The area.
    pub fn area(&self) -> &Area {
        &self.options.area
    }

    /// The land as it is now: steps that are not written yet count.
    pub fn land(&self) -> &Land {
        &self.fields.land
    }

    /// How high each node was when the run began, in metres.
    pub fn begun_m(&self) -> &[f64] {
        &self.fields.origin_m
    }

    /// How many years have gone by.
    pub fn years(&self) -> f64 {
        self.fields.land.years
    }

    /// What has been done to the rock since the run began.
    pub fn budget(&self) -> &Budget {
        &self.fields.budget
    }

    /// What has been written since the run began.
    pub fn written(&self) -> &WriteReport {
        &self.fields.written
    }

    /// What the land was like when the run began, and each time it was written.
    pub fn series(&self) -> &[Row] {
        &self.fields.series
    }

    /// How high the sea stands, in metres above lattice sea level; `None` if there is none in the area.
    pub fn sea_level_m(&self) -> Option<f64> {
        self.fields.sea_level_m
    }

    /// Lets the sea rise or fall: where it reaches ground that is below it land is flooded, when the land is written next. Does
    /// nothing in an area that has no sea.
    pub fn set_sea_level_m(&mut self, level_m: f64) {
        if let Some(level) = &mut self.fields.sea_level_m {
            *level = level_m;
        }
    }

    fn save(&self) -> Result<(), GeologyError> {
        match &self.options.dir {
            Some(dir) => self.fields.save(dir, &self.options),
            None => Ok(()),
        }
    }
}

fn latitude_deg(shape: &Shape, at: LatticePos) -> f64 {
    match shape {
        Shape::CubeSphere(_) => shape.geo_from_local(shape.local_from_lattice(at)).lat_deg,
        Shape::Flat(_) => 0.0,
    }
}
