//! Whole apps, driven frame by frame without a window and without a graphics card.

mod chunks;
mod edits;
mod geology;
mod indexing;
#[cfg(feature = "avian")]
mod physics;
#[cfg(feature = "avian")]
mod server;
mod transforms;
mod worlds;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bevy::{
    app::PluginGroupBuilder,
    ecs::message::MessageId,
    prelude::*,
    render::{
        RenderPlugin,
        settings::{RenderCreation, WgpuSettings},
    },
    time::TimeUpdateStrategy,
    window::ExitCondition,
    winit::WinitPlugin,
};
use bluemarble_core::{Cells, Chunk, MaterialId, MaterialTable, VoxelPos};
use bluemarble_mesh::{BlockyMesher, ChunkMesh, MeshOptions, Mesher, Surroundings};
use bluemarble_terrain::{Ground, GroundClosure};
use bluemarble_world::HybridWorld;
use glam::DVec3;

use crate::{edit::WorldEdits, prelude::*, streaming::WorldStreaming};

/// Frames take this long.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// A test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Hills of a few metres, in voxels of half a metre.
fn hills() -> HybridWorld {
    let (baseline, materials) = hills_baseline();
    HybridWorld::in_memory(baseline, materials)
}

fn hills_baseline() -> (Arc<dyn Baseline>, MaterialTable) {
    let materials = MaterialTable::standard();
    let id = |name| materials.id(name).expect("the standard table has it");
    let (surface, below) = (id("grass"), id("granite"));
    let ground = move |x_m: f64, z_m: f64, _: f64| Ground {
        height_m: 4.0 * (x_m * 0.05).sin() + 3.0 * (z_m * 0.07).cos(),
        surface,
        below,
    };
    let baseline = GroundClosure::new(0.5, "test hills", -8.0..=8.0, ground).expect("it is one");
    (Arc::new(baseline), materials)
}

/// Bevy's plugins without a window and without a graphics card.
fn engine() -> PluginGroupBuilder {
    let render = WgpuSettings { backends: None, ..default() };
    DefaultPlugins
        .build()
        .disable::<WinitPlugin>()
        .disable::<bevy::log::LogPlugin>()
        .set(RenderPlugin {
            render_creation: RenderCreation::Automatic(Box::new(render)),
            ..default()
        })
        .set(WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        })
}

/// Waits until plugins are there.
fn make_ready(app: &mut App) {
    while app.plugins_state() == bevy::app::PluginsState::Adding {
        bevy::tasks::tick_global_task_pools_on_main_thread();
    }
    app.finish();
    app.cleanup();
}

/// One app at a time: what frames take is part of what is tested.
static ALONE: Mutex<()> = Mutex::new(());

/// An app that streams a world.
struct Stage {
    app: App,
    viewer: Entity,
    /// The first world's entity.
    world: Entity,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    /// Streams a world around a viewer that looks down a little; `set_up` adds what the test needs.
    fn new(world: HybridWorld, at: DVec3, set_up: impl FnOnce(&mut App)) -> Self {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut app = App::new();
        app.add_plugins(engine().disable::<TransformPlugin>())
            .add_plugins(BluemarblePlugins)
            .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME));
        let world = app.world_mut().spawn(VoxelWorld(world)).id();
        set_up(&mut app);
        let looking = Transform::from_rotation(Quat::from_rotation_x(-0.4));
        let viewer = app.world_mut().spawn((Viewer::default(), WorldPosition(at), looking)).id();
        make_ready(&mut app);
        Self { app, viewer, world, _alone }
    }

    /// One frame, as long as a frame is.
    fn step(&mut self) {
        let start = Instant::now();
        self.app.update();
        std::thread::sleep(FRAME.saturating_sub(start.elapsed()));
    }

    /// Frames until something holds.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut App) -> bool) -> u32 {
        let start = Instant::now();
        for frame in 0.. {
            if holds(&mut self.app) {
                return frame;
            }
            assert!(start.elapsed() < PATIENCE, "{what} does not come about");
            self.step();
        }
        unreachable!("frames do not end")
    }

    /// Waits until the workers have nothing in hand that belongs to an edit.
    fn wait_for_edits(&self) {
        let start = Instant::now();
        while self.of::<WorldEdits>().is_busy() || self.of::<WorldStreaming>().is_urgent() {
            assert!(start.elapsed() < PATIENCE, "edits are stuck");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn settle(&mut self) {
        self.step();
        let world = self.world;
        self.until("rest", |app| {
            app.world().get::<StreamingStatistics>(world).is_some_and(|known| known.settled)
        });
    }

    /// A component of the first world.
    fn of<C: Component>(&self) -> &C {
        self.app.world().get::<C>(self.world).expect("the world has it")
    }

    /// Asks for an edit of the first world.
    fn edit(&mut self, batch: EditBatch) -> EditRequest {
        let world = self.world;
        self.ask(EditVoxels { world, batch })
    }

    /// Asks for an edit of any kind.
    fn ask<M: Message>(&mut self, message: M) -> EditRequest
    where
        EditRequest: From<MessageId<M>>,
    {
        self.app.world_mut().write_message(message).expect("the plugin takes it").into()
    }

    fn voxels(&self) -> HybridWorld {
        self.of::<VoxelWorld>().0.clone()
    }

    fn move_to(&mut self, at: DVec3) {
        self.app.world_mut().entity_mut(self.viewer).insert(WorldPosition(at));
    }

    fn take<M: Message>(&mut self) -> Vec<M> {
        self.app.world_mut().resource_mut::<Messages<M>>().drain().collect()
    }

    /// The material of a voxel as it is drawn at lod 0; `None` if its chunk is not drawn at that lod.
    fn drawn_material(&self, voxel: IVec3) -> Option<MaterialId> {
        let key = VoxelPos::new(0, voxel).chunk(0);
        let streamer = self.app.world().get::<WorldStreaming>(self.world)?;
        let chunk = streamer.residents.get(&key)?.chunk.as_ref()?;
        let is_drawn = streamer.cut.drawn().contains(&key);
        is_drawn.then(|| chunk.get(voxel - key.min_voxel()))
    }
}

/// Cubes, and a panic at chunks that the test chooses.
struct Panicking {
    mesher: BlockyMesher,
    at: Box<dyn Fn(&Chunk) -> bool + Send + Sync>,
}

impl Panicking {
    fn at(chunks: impl Fn(&Chunk) -> bool + Send + Sync + 'static) -> Self {
        Self { mesher: BlockyMesher::new(&MaterialTable::standard()), at: Box::new(chunks) }
    }
}

impl Mesher for Panicking {
    fn mesh(
        &self,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    ) {
        assert!(!(self.at)(chunk), "a mesher that panics here");
        self.mesher.mesh(chunk, around, options, out);
    }
}

/// Height of the hills' ground, in voxels.
fn ground_y(x: f64, z: f64) -> f64 {
    let (x_m, z_m) = (x * 0.5, z * 0.5);
    (4.0 * (x_m * 0.05).sin() + 3.0 * (z_m * 0.07).cos()) * 2.0
}
