//! [`GeologyClock`]: how fast time goes; [`GeologyProgress`]: how far it has come.

use std::collections::BTreeMap;

use bevy::prelude::*;

/// How fast time goes for a [`GeologyRun`](super::GeologyRun). Change it at any time.
#[derive(Component, Clone, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
pub struct GeologyClock {
    /// Years that go by in a second. Where the machine cannot keep up, fewer do.
    pub years_per_second: f64,
    /// How long a step is, in years: the land is written into the world after each.
    pub step_years: f64,
    /// Nothing happens but what [`StepGeology`](super::StepGeology) asks for.
    pub is_paused: bool,
    /// How much of the time of one core it may take, 0 to 1; streaming goes first in any case.
    pub share: f64,
    /// Processes for which time goes faster or slower, by their names: years of theirs for each year.
    pub rates: BTreeMap<String, f64>,
    /// How high the sea stands, in metres above lattice sea level, in areas that have a sea; `None` leaves it where it is.
    pub sea_level_m: Option<f64>,
}

impl Default for GeologyClock {
    fn default() -> Self {
        Self {
            years_per_second: 100.0,
            step_years: 100.0,
            is_paused: false,
            share: 0.5,
            rates: BTreeMap::new(),
            sea_level_m: None,
        }
    }
}

/// How far a [`GeologyRun`](super::GeologyRun) has come. The plugin keeps it.
#[derive(Component, Clone, Debug, Default, PartialEq, Reflect)]
#[reflect(Component, Default)]
pub struct GeologyProgress {
    /// The area has been looked at, and steps follow.
    pub is_begun: bool,
    /// A step is being made.
    pub is_working: bool,
    /// Years that have gone by, in the world.
    pub years: f64,
    /// Voxels that have been filled, dug out or flooded, each as often as that.
    pub changed_voxels: u64,
}
