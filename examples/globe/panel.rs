//! The panel: what is under the cursor, and what the streamer is doing.

use bevy::{diagnostic::FrameCount, prelude::*};
use bevy_bluemarble::prelude::*;
use bevy_egui::{EguiContexts, egui};
use bluemarble_edit::HistoryStatistics;

use crate::{
    bookmarks::BOOKMARKS,
    camera::{Flight, GlobeCamera},
    tools::{Hovered, Tool},
};

/// Whether the pointer is over the panel, so that it does not steer or dig.
#[derive(Resource, Default)]
pub struct PointerOverPanel(pub bool);

/// The last frame times, in milliseconds.
#[derive(Resource, Default)]
pub struct FrameTimes(pub Vec<f64>);

impl FrameTimes {
    /// The frame time that `share` of the frames stay below, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
    }
}

/// Frames that the panel looks back.
const WINDOW: usize = 240;

/// Notes how long the last frame took.
pub fn note_frame(time: Res<Time<Real>>, frame: Res<FrameCount>, mut times: ResMut<FrameTimes>) {
    let ms = time.delta_secs_f64() * 1e3;
    if times.0.len() < WINDOW {
        times.0.push(ms);
    } else {
        times.0[frame.0 as usize % WINDOW] = ms;
    }
}

fn mib(bytes: usize) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Draws the panel.
pub fn draw(
    mut contexts: EguiContexts,
    times: Res<FrameTimes>,
    planet: Single<(&VoxelWorld, &StreamingStatistics, &EditHistory)>,
    hovered: Res<Hovered>,
    mut tool: ResMut<Tool>,
    mut sun: ResMut<SunLight>,
    mut over: ResMut<PointerOverPanel>,
    mut cameras: Query<&mut GlobeCamera>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let (world, statistics, history) = *planet;
    let shape = world.0.shape();
    egui::Window::new("Bluemarble").default_pos([12.0, 12.0]).default_width(250.0).show(context, |ui| {
        if let Ok(mut camera) = cameras.single_mut() {
            let pose = camera.pose(shape);
            ui.label(format!("{:.4}°, {:.4}°  at {}", pose.lat_deg, pose.lon_deg, metres(pose.altitude_m)));
            ui.horizontal_wrapped(|ui| {
                for (index, (_, name, to)) in BOOKMARKS.into_iter().enumerate() {
                    if ui.small_button(format!("{} {name}", index + 1)).clicked() {
                        camera.flight = Some(Flight::new(pose, to));
                    }
                }
            });
        }
        ui.separator();
        ui.strong("Under the cursor");
        match &hovered.0 {
            Some(pick) => {
                ui.label(format!("{}, lod {}", world.0.materials().name(pick.material), pick.lod));
                ui.label(format!(
                    "{:.5}°, {:.5}°, {} above the sea",
                    pick.geo.lat_deg, pick.geo.lon_deg, metres(pick.geo.altitude_m)
                ));
                ui.label(format!("voxel {} of region {}, {} away", pick.pos.voxel, pick.pos.region, metres(pick.distance_m)));
            }
            None => {
                ui.label("sky");
            }
        }
        ui.separator();
        ui.strong("Tools");
        ui.horizontal_wrapped(|ui| {
            ui.label("left click");
            ui.selectable_value(&mut tool.mode, crate::tools::Mode::Read, "read");
            ui.selectable_value(&mut tool.mode, crate::tools::Mode::Dig, "dig");
            ui.selectable_value(&mut tool.mode, crate::tools::Mode::Place, "place");
            ui.selectable_value(&mut tool.mode, crate::tools::Mode::Paint, "paint");
            ui.selectable_value(&mut tool.mode, crate::tools::Mode::Smooth, "smooth");
        });
        let HistoryStatistics { undo_steps, redo_steps, .. } = history.0;
        ui.label(format!("Undo (Ctrl+Z): {undo_steps}, redo (Ctrl+Shift+Z): {redo_steps}"));
        ui.add(egui::Slider::new(&mut tool.radius_m, 0.1..=50.0).logarithmic(true).text("radius, m"));
        let names = world.0.materials().rows();
        egui::ComboBox::from_label("material").selected_text(world.0.materials().name(tool.material)).show_ui(ui, |ui| {
            for id in world.0.materials().ids().skip(1) {
                let name = &names[usize::from(id)].name;
                ui.selectable_value(&mut tool.material, MaterialId(id), name);
            }
        });
        ui.add(egui::Slider::new(&mut sun.exposure, 0.05..=1.0).text("exposure"));
        let mut is_day = matches!(sun.course, SunCourse::Day { .. });
        if ui.checkbox(&mut is_day, "day and night").changed() {
            sun.course = if is_day {
                SunCourse::Day { hours: 9.0, hours_per_s: 0.05 }
            } else {
                SunCourse::Morning
            };
        }
        if let SunCourse::Day { hours, hours_per_s } = &mut sun.course {
            ui.add(egui::Slider::new(hours, 0.0..=24.0).text("hour at longitude 0"));
            ui.add(egui::Slider::new(hours_per_s, 0.0..=2.0).text("hours a second"));
        }
        ui.separator();
        ui.strong("Streaming");
        ui.label(format!(
            "frame {:.1} ms, p95 {:.1}, p99 {:.1}",
            times.percentile(0.5), times.percentile(0.95), times.percentile(0.99)
        ));
        ui.label(format!("{} waiting, {} in work, {} edits", statistics.waiting, statistics.in_flight, statistics.edits_pending));
        ui.label(format!("{} meshes, {} of chunks", mib(statistics.mesh_bytes), mib(statistics.chunk_bytes)));
        let held = world.0.statistics();
        ui.label(format!(
            "{} cached, {:.0} % of reads from memory",
            mib(held.cached_bytes),
            held.hit_rate * 100.0
        ));
        ui.label(format!("{} edited chunks, {} not stored yet", held.edited_chunks, held.overlay_chunks));
        let drawn: Vec<String> = statistics
            .drawn_by_lod
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(lod, count)| format!("{lod}:{count}"))
            .collect();
        ui.label(format!("chunks drawn by lod  {}", drawn.join("  ")));
        ui.separator();
        ui.small("wheel: up and down · right drag: look · WASD: move · QE: climb · Shift: hurry · 1-9: places");
    });
    let busy = context.egui_wants_pointer_input() || context.is_pointer_over_egui();
    if over.0 != busy {
        over.0 = busy;
    }
    Ok(())
}

/// A length as people say it.
pub fn metres(length_m: f64) -> String {
    match length_m.abs() {
        m if m >= 1e6 => format!("{:.0} km", length_m / 1e3),
        m if m >= 1e4 => format!("{:.1} km", length_m / 1e3),
        m if m >= 100.0 => format!("{length_m:.0} m"),
        _ => format!("{length_m:.1} m"),
    }
}
