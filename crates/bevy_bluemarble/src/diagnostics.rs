//! [`WorldDiagnosticsPlugin`]: the numbers of the world among Bevy's diagnostics.

use std::time::Duration;

use bevy::{
    diagnostic::{Diagnostic, DiagnosticPath, Diagnostics, RegisterDiagnostic},
    prelude::*,
    time::common_conditions::on_timer,
};
use bluemarble_world::WorldReport;

use crate::streaming::Streamer;

/// How often the world is asked.
const EVERY: Duration = Duration::from_secs(1);

/// Puts every number of [`WorldReport`] among Bevy's diagnostics, once a second, and tells it to the recorder of
/// the `metrics` facade, if the game has installed one.
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
        app.add_systems(Last, measure.run_if(on_timer(EVERY)).run_if(resource_exists::<Streamer>));
    }
}

fn measure(mut diagnostics: Diagnostics, streamer: Res<Streamer>) {
    let report = streamer.world().report();
    for (name, number) in report.numbers() {
        diagnostics.add_measurement(&WorldDiagnosticsPlugin::path(&name), || number);
    }
    report.publish();
}
