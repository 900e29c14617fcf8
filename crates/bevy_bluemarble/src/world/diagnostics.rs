//! [`WorldDiagnosticsPlugin`]: the numbers of the world among Bevy's diagnostics.

use std::time::Duration;

use bevy::{
    diagnostic::{Diagnostic, DiagnosticPath, Diagnostics, RegisterDiagnostic},
    prelude::*,
    time::common_conditions::on_timer,
};
use bluemarble_world::WorldReport;

use super::VoxelWorld;
use crate::systems::BluemarbleSystems;

/// How often the world is asked.
const EVERY: Duration = Duration::from_secs(1);

/// Puts every number of [`WorldReport`], summed over all worlds, among Bevy's diagnostics, once a second, and tells it to
/// the recorder of the `metrics` facade, if the game has installed one.
pub struct WorldDiagnosticsPlugin;

impl WorldDiagnosticsPlugin {
    /// Where a number is found, by its name in [`WorldReport::numbers`].
    pub fn path(name: &str) -> DiagnosticPath {
        DiagnosticPath::new(format!("bluemarble/{name}"))
    }
}

impl Plugin for WorldDiagnosticsPlugin {
    fn build(&self, app: &mut App) {
        for (name, _) in WorldReport::default().numbers() {
            app.register_diagnostic(Diagnostic::new(Self::path(&name)));
        }
        app.add_systems(Last, measure.run_if(on_timer(EVERY)).in_set(BluemarbleSystems::EndFrame));
    }
}

fn measure(mut diagnostics: Diagnostics, worlds: Query<&VoxelWorld>) {
    let reports: Vec<WorldReport> = worlds.iter().map(|world| world.0.report()).collect();
    // Counters of several worlds add up; so does health, in which 0 is fine.
    let mut sums: Vec<(String, f64)> = Vec::new();
    for report in &reports {
        for (index, (name, number)) in report.numbers().into_iter().enumerate() {
            match sums.get_mut(index) {
                Some((_, sum)) => *sum += number,
                None => sums.push((name, number)),
            }
        }
        report.publish();
    }
    for (name, number) in sums {
        diagnostics.add_measurement(&WorldDiagnosticsPlugin::path(&name), || number);
    }
}
