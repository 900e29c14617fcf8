//! The buffer of reliefs: how the ground of each drawn node lies, as the shader reads it.
//!
//! One buffer of equal slots serves all nodes, so that no material changes when nodes come and go; each
//! node's mesh tag says which slot is its own. Only what has changed is written to it.

use std::sync::Arc;

use bevy::{
    asset::RenderAssetUsages,
    prelude::*,
    render::{
        ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems,
        render_asset::RenderAssets,
        renderer::RenderQueue,
        storage::{GpuShaderBuffer, ShaderBuffer},
    },
};
use bluemarble_terrain::Relief;

/// Slots in the buffer, of 9 KB: 0 is for nodes without a relief.
pub(crate) const RELIEF_SLOTS: u16 = 4096;
const SLOT_BYTES: usize = Relief::WORDS * 4;

/// The buffer that holds the reliefs of all nodes.
#[derive(Resource, Clone, Debug)]
pub struct ReliefBuffer(pub Handle<ShaderBuffer>);

impl FromWorld for ReliefBuffer {
    fn from_world(world: &mut World) -> Self {
        let bytes = usize::from(RELIEF_SLOTS) * SLOT_BYTES;
        let buffer = ShaderBuffer::with_size(bytes, RenderAssetUsages::RENDER_WORLD);
        Self(world.resource_mut::<Assets<ShaderBuffer>>().add(buffer))
    }
}

/// A relief on its way to its slot in the buffer.
pub struct ReliefUpload {
    pub(crate) slot: u16,
    pub(crate) relief: Arc<Relief>,
}

/// What is to be written to the buffer. Absent where nothing is drawn.
#[derive(Resource, Default)]
pub struct ReliefUploads(pub(crate) Vec<ReliefUpload>);

/// Lets the renderer write what has changed.
pub(super) fn build(app: &mut App) {
    app.init_resource::<ReliefBuffer>();
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else { return };
    render_app
        .init_resource::<ReliefUploads>()
        .add_systems(ExtractSchedule, extract)
        .add_systems(Render, write.in_set(RenderSystems::PrepareResources));
    app.init_resource::<ReliefUploads>();
}

/// The buffer, as the renderer knows it.
#[derive(Resource)]
struct ExtractedBuffer(AssetId<ShaderBuffer>);

fn extract(
    mut commands: Commands,
    mut main_world: ResMut<MainWorld>,
    mut uploads: ResMut<ReliefUploads>,
    known: Option<Res<ExtractedBuffer>>,
) {
    if let Some(mut fresh) = main_world.get_resource_mut::<ReliefUploads>()
        && !fresh.0.is_empty()
    {
        uploads.0.append(&mut fresh.0);
    }
    if known.is_none()
        && let Some(buffer) = main_world.get_resource::<ReliefBuffer>()
    {
        commands.insert_resource(ExtractedBuffer(buffer.0.id()));
    }
}

fn write(
    mut uploads: ResMut<ReliefUploads>,
    buffer: Option<Res<ExtractedBuffer>>,
    buffers: Res<RenderAssets<GpuShaderBuffer>>,
    queue: Res<RenderQueue>,
) {
    let Some(gpu) = buffer.and_then(|buffer| buffers.get(buffer.0)) else { return };
    for ReliefUpload { slot, relief } in uploads.0.drain(..) {
        let offset = u64::from(slot) * SLOT_BYTES as u64;
        queue.write_buffer(&gpu.buffer, offset, bytemuck::cast_slice(relief.words()));
    }
}
