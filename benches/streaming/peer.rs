//! The other side: `bevy_voxel_world` 0.17.

use bevy::prelude::*;
use bevy_voxel_world::{custom_meshing::CHUNK_SIZE_I, prelude::*};

use crate::{
    frames::{engine, make_ready, target},
    terrain::height_m,
};

/// How it is set up: as it comes, or to load all around the camera.
#[derive(Resource, Clone, Default)]
pub struct Hills {
    pub distance_chunks: u32,
    pub all_around: bool,
}

impl VoxelWorldConfig for Hills {
    type MaterialIndex = u8;
    type ChunkUserBundle = ();

    fn spawning_distance(&self) -> u32 {
        self.distance_chunks
    }

    fn chunk_despawn_strategy(&self) -> ChunkDespawnStrategy {
        if self.all_around {
            ChunkDespawnStrategy::FarAway
        } else {
            ChunkDespawnStrategy::FarAwayOrOutOfView
        }
    }

    fn chunk_spawn_strategy(&self) -> ChunkSpawnStrategy {
        if self.all_around { ChunkSpawnStrategy::Close } else { ChunkSpawnStrategy::CloseAndInView }
    }

    fn voxel_lookup_delegate(&self) -> VoxelLookupDelegate<u8> {
        Box::new(|chunk, _, _| {
            // Each column once, as its examples do.
            let edge = CHUNK_SIZE_I + 2;
            let low = chunk * CHUNK_SIZE_I - 1;
            let mut heights_m = vec![f64::NAN; (edge * edge) as usize];
            Box::new(move |at: IVec3, _| {
                let place = (at.x - low.x) + edge * (at.z - low.z);
                let Some(height) = heights_m.get_mut(place as usize) else {
                    return WorldVoxel::Unset;
                };
                if height.is_nan() {
                    *height = height_m(f64::from(at.x) + 0.5, f64::from(at.z) + 0.5);
                }
                if f64::from(at.y) + 0.5 < *height { WorldVoxel::Solid(0) } else { WorldVoxel::Air }
            })
        })
    }
}

/// An app with a camera in the hills.
pub fn app(hills: Hills, at: Vec3, looking: Quat) -> App {
    let mut app = App::new();
    app.add_plugins(engine()).add_plugins(VoxelWorldPlugin::with_config(hills));
    let target = target(&mut app);
    app.world_mut().spawn((
        Camera3d::default(),
        target,
        VoxelWorldCamera::<Hills>::default(),
        Transform::from_translation(at).with_rotation(looking),
    ));
    make_ready(&mut app);
    app
}

/// Chunks that are there, and whether each of them is finished.
pub fn progress(app: &mut App) -> (usize, bool) {
    let mut state = app.world_mut().query::<&Chunk<Hills>>();
    let chunks: Vec<IVec3> = state.iter(app.world()).map(|chunk| chunk.position).collect();
    let mut asked = bevy::ecs::system::SystemState::<VoxelWorld<Hills>>::new(app.world_mut());
    let Ok(world) = asked.get_mut(app.world_mut()) else { return (0, false) };
    let done = chunks
        .iter()
        .all(|&chunk| world.get_chunk_data(chunk).is_some_and(|data| data.has_generated()));
    (chunks.len(), done)
}
