//! Geological processes shape worlds while they are played: rain carves, rivers cut, volcanoes erupt.
//!
//! | file | what it holds |
//! |---|---|
//! | `run` | [`GeologyRun`]: processes on an area of a world, as a component |
//! | `clock` | [`GeologyClock`]: how fast time goes there; [`GeologyProgress`]: how far it has come |
//! | `task` | one step, on a worker |

mod clock;
mod run;
mod task;

use bevy::prelude::*;

pub use self::{
    clock::{GeologyClock, GeologyProgress},
    run::{GeologyFailed, GeologyRun, GeologyStepped, StepGeology},
};
use crate::systems::BluemarbleSystems;

/// Lets [`GeologyRun`]s go on, in the background.
pub struct GeologyPlugin;

impl Plugin for GeologyPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<StepGeology>()
            .add_message::<GeologyStepped>()
            .add_message::<GeologyFailed>()
            .add_observer(run::stop_with_world)
            .add_systems(
                PostUpdate,
                run::go_on.in_set(BluemarbleSystems::Edit).before(crate::world::keep_up),
            );
    }
}
