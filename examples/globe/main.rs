//! The globe viewer: fly over the Earth in voxels, from orbit to the ground, dig and build.
//!
//! `cargo run --example globe` opens a window; with `--headless` it renders pictures, answers picks
//! and writes reports. `--help` lists the flags.

mod bookmarks;
mod camera;
mod ground;
mod options;
mod panel;
mod script;
mod slow;
mod tools;

use std::{process::ExitCode, time::Duration};

use bevy::{
    app::{ScheduleRunnerPlugin, TaskPoolThreadAssignmentPolicy},
    asset::RenderAssetUsages,
    camera::RenderTarget,
    core_pipeline::{prepass::DepthPrepass, tonemapping::Tonemapping},
    log::LogPlugin,
    prelude::*,
    render::{
        RenderPlugin,
        render_resource::{TextureFormat, TextureUsages},
    },
    tasks::block_on,
    time::TimeUpdateStrategy,
    window::{ExitCondition, WindowResolution},
    winit::WinitPlugin,
};
use bevy_bluemarble::prelude::*;
use bevy_egui::{EguiPlugin, EguiPrimaryContextPass};
use bluemarble_core::{MaterialTable, Surface};
use bluemarble_terrain::assets_dir;
use bluemarble_world::HybridWorld;
use clap::{Parser, error::ErrorKind};

use crate::{
    camera::GlobeCamera,
    options::{GroundLook, Options},
    panel::{FrameTimes, PointerOverPanel},
    script::{Canvas, Script, fail},
    tools::{Hovered, Mode, Tool},
};

/// What a wrong command line, file or directory ends with.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error)
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            error.exit()
        }
        Err(error) => {
            // One line is enough; the rest is what --help says.
            let text = error.to_string();
            fail(text.lines().next().unwrap_or("bad command line").trim_start_matches("error: "));
            return ExitCode::from(BAD_INPUT);
        }
    };
    match build(options) {
        Ok(mut app) => match app.run() {
            AppExit::Success => ExitCode::SUCCESS,
            AppExit::Error(code) => ExitCode::from(code.get()),
        },
        Err(reason) => {
            fail(&reason);
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn open_world(options: &Options) -> Result<HybridWorld, String> {
    let mut materials = MaterialTable::standard();
    if options.surface == GroundLook::Smooth {
        materials =
            materials.with_surface(|row| if row.built { Surface::Blocky } else { Surface::Smooth });
    }
    let baseline = ground::baseline(options, &materials)?;
    match &options.world {
        Some(dir) => HybridWorld::open(dir, baseline, materials).map_err(|error| error.to_string()),
        None => Ok(HybridWorld::in_memory(baseline, materials)),
    }
}

/// The shortest frame without a window: leaves the processor to the workers while nothing is drawn.
const HEADLESS_FRAME: Duration = Duration::from_millis(10);

/// Fails in one line where the engine would panic.
fn check_graphics() -> Result<(), String> {
    let instance =
        wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let adapter = block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
    adapter.map(|_| ()).map_err(|_| {
        "no Vulkan driver: install the one of your graphics card, or mesa-vulkan-drivers to draw without one".into()
    })
}

fn build(options: Options) -> Result<App, String> {
    check_graphics()?;
    let script = options.headless.then(|| Script::new(options.clone())).transpose()?;
    let world = open_world(&options)?;
    let size = options.size;
    let mut app = App::new();
    let window = (!options.headless).then(|| Window {
        title: "Bluemarble".into(),
        resolution: WindowResolution::new(size.width, size.height),
        ..default()
    });
    let mut threads = TaskPoolOptions::default();
    // Half of the machine streams and the rest draws; without a window frames may take longer.
    let percent = if options.headless { 1.0 } else { 0.5 };
    threads.async_compute =
        TaskPoolThreadAssignmentPolicy { percent, max_threads: 16, ..threads.async_compute };
    let plugins = DefaultPlugins
        .build()
        .disable::<TransformPlugin>()
        .set(TaskPoolPlugin { task_pool_options: threads })
        .set(RenderPlugin {
            // A picture must not be taken before its shaders are ready.
            synchronous_pipeline_compilation: options.headless,
            ..default()
        })
        .set(LogPlugin { filter: "warn,globe=info,bevy_bluemarble=info".into(), ..default() })
        .set(WindowPlugin {
            primary_window: window,
            exit_condition: if options.headless {
                ExitCondition::DontExit
            } else {
                ExitCondition::OnPrimaryClosed
            },
            ..default()
        });
    match script {
        Some(script) => {
            let pose = script.first_pose();
            app.add_plugins(plugins.disable::<WinitPlugin>())
                .add_plugins(ScheduleRunnerPlugin::run_loop(HEADLESS_FRAME))
                .insert_resource(script)
                // Flown frames follow each other as they would on a screen, however long they take.
                .insert_resource(TimeUpdateStrategy::ManualDuration(script::FLIGHT_FRAME))
                .add_systems(Update, (script::fly, camera::place).chain())
                .add_systems(Last, script::advance);
            let canvas = canvas(&mut app, size);
            app.insert_resource(Canvas(canvas.clone()));
            spawn_camera(&mut app, &world, &options, pose, Some(canvas));
        }
        None => {
            app.add_plugins(plugins)
                .add_plugins(EguiPlugin::default())
                .init_resource::<PointerOverPanel>()
                .init_resource::<FrameTimes>()
                .init_resource::<Hovered>()
                .insert_resource(Tool {
                    mode: Mode::Read,
                    radius_m: 1.0,
                    material: world.materials().id("brick").map_err(|error| error.to_string())?,
                })
                .add_observer(tools::click)
                .add_systems(
                    Update,
                    (
                        panel::note_frame,
                        (tools::hover, tools::undo),
                        (bookmarks::fly_to_bookmark, camera::steer, camera::place).chain(),
                    ),
                )
                .add_systems(EguiPrimaryContextPass, panel::draw);
            spawn_camera(&mut app, &world, &options, options.pose, None);
        }
    }
    match options.background {
        Some(options::Background([r, g, b])) => {
            app.add_plugins(BluemarblePlugins.build().disable::<SkyPlugin>())
                .insert_resource(ClearColor(Color::srgb_u8(r, g, b)))
                .insert_resource(SunLight { air: false, ..default() });
        }
        None => {
            app.add_plugins(BluemarblePlugins).insert_resource(ClearColor(Color::BLACK));
        }
    }
    if let Some(hours) = options.hour {
        let course = SunCourse::Day { hours, hours_per_s: options.hours_per_s };
        app.world_mut().resource_mut::<SunLight>().course = course;
    }
    app.world_mut().resource_mut::<SunLight>().day_of_year = options.day;
    let keeps_history = !options.headless;
    let mut planet = app.world_mut().spawn((VoxelWorld(world), SaveDelay::PROMPT));
    if keeps_history {
        planet.insert(KeepHistory::default());
    }
    // A flat background is for counting pixels: colours do not matter.
    if options.elevation.is_none() && options.background.is_none() {
        let asset = |name: &str| assets_dir().join("earth").join(name);
        let picture = PlanetPicture::load(asset("bluemarble.jpg"), Some(asset("places.csv")))
            .map_err(|error| error.to_string())?;
        planet.insert(picture);
    }
    app.insert_resource(match options.quality {
        Some(options::Quality::Low) => LookQuality::Low,
        Some(options::Quality::Medium) => LookQuality::Medium,
        Some(options::Quality::High) => LookQuality::High,
        None if options.headless => LookQuality::Low,
        None => LookQuality::default(),
    });
    app.insert_resource(Sky { clouds: options.clouds, ..default() });
    Ok(app)
}

/// Makes the image that a headless run draws into.
fn canvas(app: &mut App, size: options::Size) -> Handle<Image> {
    let mut image =
        Image::new_target_texture(size.width, size.height, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    image.asset_usage = RenderAssetUsages::all();
    app.world_mut().resource_mut::<Assets<Image>>().add(image)
}

fn spawn_camera(
    app: &mut App,
    world: &HybridWorld,
    options: &Options,
    pose: options::Pose,
    canvas: Option<Handle<Image>>,
) {
    let camera = GlobeCamera::at(world.shape(), pose);
    let rotation = camera.rotation(world.shape()).as_quat();
    // Blended edges would mix the background in; a flat background is for counting pixels.
    let msaa = if options.background.is_some() { Msaa::Off } else { Msaa::Sample4 };
    let mut entity = app.world_mut().spawn((
        Camera3d::default(),
        camera::projection(),
        Tonemapping::None,
        msaa,
        Viewer { max_error_px: options.error, ..default() },
        WorldPosition(camera.position),
        Transform::from_rotation(rotation),
        camera,
    ));
    if options.background.is_none() {
        // How deep water is.
        entity.insert(DepthPrepass);
    }
    if let Some(canvas) = canvas {
        entity.insert(RenderTarget::Image(canvas.into()));
    }
}
