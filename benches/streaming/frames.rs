//! Frames by hand at 60 Hz, and what they cost.

use std::time::{Duration, Instant};

use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::TextureFormat,
        settings::{RenderCreation, WgpuSettings},
    },
    window::ExitCondition,
    winit::WinitPlugin,
};

/// A frame at 60 Hz; what is left of it the processor has for the workers.
const FRAME: Duration = Duration::from_nanos(16_666_667);

/// The engine without a window and without a graphics card.
pub fn engine() -> bevy::app::PluginGroupBuilder {
    DefaultPlugins
        .build()
        .disable::<WinitPlugin>()
        .disable::<bevy::log::LogPlugin>()
        .set(RenderPlugin {
            render_creation: RenderCreation::Automatic(Box::new(WgpuSettings {
                backends: None,
                ..default()
            })),
            ..default()
        })
        .set(WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        })
}

/// What a camera of 1280x720 pixels draws into.
pub fn target(app: &mut App) -> RenderTarget {
    let image = Image::new_target_texture(1280, 720, TextureFormat::Rgba8UnormSrgb, None);
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(image);
    RenderTarget::Image(image.into())
}

/// Times of the main thread, one a frame.
#[derive(Default)]
pub struct FrameTimes(Vec<f64>);

impl FrameTimes {
    /// Runs one frame, and waits for the next one to be due.
    pub fn step(&mut self, app: &mut App) {
        let start = Instant::now();
        app.update();
        let took = start.elapsed();
        self.0.push(took.as_secs_f64() * 1e3);
        std::thread::sleep(FRAME.saturating_sub(took));
    }

    /// Frames so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A share of all frames took no longer than this, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
    }
}

/// The most memory the process ever held, in bytes.
pub fn peak_memory_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<usize>().ok());
    kib.unwrap_or(0) * 1024
}

/// Finishes the plugins of an app that is driven by hand.
pub fn make_ready(app: &mut App) {
    while app.plugins_state() == bevy::app::PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
}
