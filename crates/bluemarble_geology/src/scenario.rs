//! [`Scenario`]: a run as a RON file says it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bluemarble_core::{GeoPosition, LatticePos, Shape, parallel};
use bluemarble_world::HybridWorld;
use glam::DVec3;
use ron::{Options, extensions::Extensions};
use serde::{Deserialize, Serialize};

use crate::{
    GeologyError,
    area::Area,
    process::{
        Ash, Eruption, GeologicalProcess, MountainIce, PlateBending, Rivers, RockWeathering,
        Slides, SoilCreep, Storms, Uplift,
    },
    run::{Rated, Run, RunOptions},
};

/// What happens where and for how long. Nothing in it is random: the same scenario on the same world gives the same voxels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Where.
    pub area: Place,
    /// For how many years.
    pub years: f64,
    /// How long a step is: each process acts once in it, or as often as it needs.
    pub step_years: f64,
    /// So often the land is written into the world; at the end it always is.
    pub write_years: f64,
    /// What shapes the land, in this order.
    pub processes: Vec<Process>,
    /// Processes for which time goes faster or slower, by their names: years of theirs for each year.
    #[serde(default)]
    pub rates: BTreeMap<String, f64>,
    /// How high the sea stands when, in years and metres above that of today: linear between, and constant before and after.
    #[serde(default)]
    pub sea_level_m: Vec<(f64, f64)>,
}

/// An area, as one says it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Place {
    /// A square around a place of a planet.
    Geographic {
        /// North of the equator, in degrees.
        lat_deg: f64,
        /// East of Greenwich, in degrees.
        lon_deg: f64,
        /// How wide it is.
        size_m: f64,
        /// How far apart nodes are at most.
        node_m: f64,
    },
    /// A square around a column of a region.
    Lattice {
        /// The region.
        region: u8,
        /// x of its middle, in voxels.
        x: f64,
        /// z of its middle, in voxels.
        z: f64,
        /// How wide it is.
        size_m: f64,
        /// How far apart nodes are at most.
        node_m: f64,
    },
}

/// A process, as one says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Process {
    /// See [`Uplift`].
    Uplift(Uplift),
    /// See [`Rivers`].
    Rivers(Rivers),
    /// See [`RockWeathering`].
    Weathering(RockWeathering),
    /// See [`SoilCreep`].
    Creep(SoilCreep),
    /// See [`Slides`].
    Slides(Slides),
    /// See [`MountainIce`].
    Ice(MountainIce),
    /// See [`PlateBending`].
    Bending(PlateBending),
    /// See [`Eruption`].
    Eruption(Eruption),
    /// See [`Ash`].
    Ash(Ash),
    /// See [`Storms`].
    Storms(Storms),
}

impl Process {
    fn boxed(&self) -> Box<dyn GeologicalProcess> {
        match self.clone() {
            Self::Uplift(process) => Box::new(process),
            Self::Rivers(process) => Box::new(process),
            Self::Weathering(process) => Box::new(process),
            Self::Creep(process) => Box::new(process),
            Self::Slides(process) => Box::new(process),
            Self::Ice(process) => Box::new(process),
            Self::Bending(process) => Box::new(process),
            Self::Eruption(process) => Box::new(process),
            Self::Ash(process) => Box::new(process),
            Self::Storms(process) => Box::new(process),
        }
    }
}

impl Place {
    /// The area in a world of a shape.
    ///
    /// # Errors
    /// As [`Area::check`].
    pub fn area(&self, shape: &Shape) -> Result<Area, GeologyError> {
        let (centre, size_m, node_m) = match *self {
            Self::Geographic { lat_deg, lon_deg, size_m, node_m } => {
                let place = GeoPosition::new(lat_deg, lon_deg, 0.0);
                (shape.lattice_from_local(shape.local_from_geo(place)), size_m, node_m)
            }
            Self::Lattice { region, x, z, size_m, node_m } => {
                let y = f64::from(shape.sea_level_y());
                (LatticePos::new(region, DVec3::new(x, y, z)), size_m, node_m)
            }
        };
        Area::around(shape, centre, size_m, node_m)
    }
}

/// How RON is read: `Rivers(incision: (..))` and `radius_m: 5000` without more brackets.
fn options() -> Options {
    Options::default()
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::IMPLICIT_SOME)
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// [`GeologyError::File`], and [`GeologyError::Scenario`], which says where and why.
    pub fn load(path: &Path) -> Result<Self, GeologyError> {
        let text = fs::read_to_string(path).map_err(GeologyError::file(path))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads RON text; `path` is what errors call it.
    ///
    /// # Errors
    /// [`GeologyError::Scenario`], which says where and why.
    pub fn parse(text: &str, path: &str) -> Result<Self, GeologyError> {
        let refuse = |message: String| GeologyError::Scenario { path: path.to_owned(), message };
        let scenario: Self = options().from_str(text).map_err(|error| refuse(error.to_string()))?;
        scenario.check().map_err(refuse)?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        for (name, years) in [
            ("years", self.years),
            ("step_years", self.step_years),
            ("write_years", self.write_years),
        ] {
            if !(years > 0.0 && years.is_finite()) {
                return Err(format!("`{name}` is {years}; it must be more than 0"));
            }
        }
        if self.years > f64::from(u32::MAX) {
            return Err(format!("`years` is {}; a world's clock goes to {}", self.years, u32::MAX));
        }
        if self.processes.is_empty() && self.sea_level_m.is_empty() {
            return Err("it has no `processes`, and no `sea_level_m`: nothing would happen".into());
        }
        let names: Vec<_> = self.processes.iter().map(|process| process.boxed().name()).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(format!("`processes` has `{name}` twice"));
            }
        }
        for (name, rate) in &self.rates {
            if !names.contains(&name.as_str()) {
                let known = names.join(", ");
                return Err(format!("`rates` names `{name}`; the processes are {known}"));
            }
            if !(*rate >= 0.0 && rate.is_finite()) {
                return Err(format!("the rate of `{name}` is {rate}; it must be 0 or more"));
            }
        }
        let sea = &self.sea_level_m;
        if !sea.iter().all(|(years, level_m)| years.is_finite() && level_m.is_finite())
            || !sea.is_sorted_by(|one, other| one.0 < other.0)
        {
            return Err("the years of `sea_level_m` must rise, and its levels be numbers".into());
        }
        Ok(())
    }

    /// How high the sea stands after some years, if the scenario says so.
    pub fn sea_level_after_m(&self, years: f64) -> Option<f64> {
        let curve = &self.sea_level_m;
        let after = curve.partition_point(|(at, _)| *at <= years);
        Some(match (after.checked_sub(1).map(|at| curve[at]), curve.get(after)) {
            (Some((from, low)), Some(&(to, high))) => {
                low + (high - low) * (years - from) / (to - from)
            }
            (Some((_, level_m)), None) | (None, Some(&(_, level_m))) => level_m,
            (None, None) => return None,
        })
    }

    /// How a run of it in a world is made; what it needs to go on is kept in `dir`.
    ///
    /// # Errors
    /// As [`Area::check`].
    pub fn options(&self, shape: &Shape, dir: Option<PathBuf>) -> Result<RunOptions, GeologyError> {
        let rated = self.processes.iter().map(|process| {
            let process = process.boxed();
            let rate = self.rates.get(process.name()).copied().unwrap_or(1.0);
            Rated { process, rate }
        });
        // How long it goes on may change.
        let of_run = Self { years: 0.0, ..self.clone() };
        Ok(RunOptions {
            threads: parallel::cores(),
            dir,
            identity: options().to_string(&of_run).unwrap_or_default(),
            ..RunOptions::new(self.area.area(shape)?, rated.collect())
        })
    }

    /// Begins it in a world, or goes on with what is kept in `dir`.
    ///
    /// # Errors
    /// As [`Run::begin`].
    pub fn begin(&self, world: HybridWorld, dir: Option<PathBuf>) -> Result<Run, GeologyError> {
        let options = self.options(&world.shape(), dir)?;
        Run::begin(world, options)
    }

    /// Lets it go on until the land is written next; false if there is nothing left to do.
    ///
    /// # Errors
    /// As [`Run::step`] and [`Run::write`].
    pub fn go_on(
        &self,
        run: &mut Run,
        cancel: &bluemarble_core::CancelToken,
    ) -> Result<bool, GeologyError> {
        let done = run.years();
        if done >= self.years {
            return Ok(false);
        }
        let writes = (done / self.write_years).floor() + 1.0;
        let until = (writes * self.write_years).min(self.years);
        // What rounding leaves over is no step.
        while until - run.years() > 1e-9 * until {
            if let Some(level_m) = self.sea_level_after_m(run.years()) {
                run.set_sea_level_m(level_m);
            }
            // The last two are alike rather than one of them tiny.
            let left = until - run.years();
            let years = if left < self.step_years * 1.5 && left > self.step_years {
                left / 2.0
            } else {
                left.min(self.step_years)
            };
            run.step(years, cancel)?;
        }
        if let Some(level_m) = self.sea_level_after_m(run.years()) {
            run.set_sea_level_m(level_m);
        }
        run.write(cancel)?;
        Ok(true)
    }
}
