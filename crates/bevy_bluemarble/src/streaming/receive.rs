//! Finished jobs become entities.

use std::time::Instant;

use bevy::prelude::*;
use big_space::prelude::Grid;

use super::{
    JobEnd, RETRY_AFTER, Resident, Retired, Streamer, StreamingSettings, index_drawn, lock,
    pool::{DrawnNode, Stage},
};
use crate::{
    content::{ChunkChange, ChunkEvent},
    frame::NodeFrame,
    job::BuiltNode,
    material::{ChunkMaterials, ReliefUpload, ReliefUploads},
    space::WorldRoot,
    statistics::StreamingStatistics,
};

/// Takes finished jobs from the workers and places what they made, hidden, within the budget.
pub fn receive(
    mut commands: Commands,
    mut streamer: ResMut<Streamer>,
    settings: Res<StreamingSettings>,
    mut statistics: ResMut<StreamingStatistics>,
    mut meshes: ResMut<Assets<Mesh>>,
    materials: Res<ChunkMaterials>,
    mut uploads: Option<ResMut<ReliefUploads>>,
    root: Query<(Entity, &Grid), With<WorldRoot>>,
) {
    let Ok((root, grid)) = root.single() else { return };
    let streamer = &mut *streamer;
    let stage = Stage { root, grid, materials: &materials };
    streamer.budget = streamer.pace.begin(&settings);
    let mut is_first = true;
    while std::mem::take(&mut is_first) || streamer.budget.is_left() {
        let ended = streamer.urgent_ended.try_recv().or_else(|_| streamer.ended.try_recv());
        let Ok(JobEnd { key, result }) = ended else { break };
        let outdated = lock(&streamer.queue).finish(key);
        streamer.changed = true;
        match result {
            Ok(Some(node)) => {
                if streamer.cut.arrived(key) {
                    if outdated {
                        streamer.cut.edited(key);
                    }
                    count(&mut statistics, &node);
                    let upload = streamer.take_in(&mut commands, &stage, &mut meshes, node);
                    if let (Some(uploads), Some(upload)) = (&mut uploads, upload) {
                        uploads.0.push(upload);
                    }
                }
            }
            Ok(None) => streamer.cut.unanswered(key),
            Err(error) => {
                error!("chunk {key} cannot be shown: {error}");
                statistics.failed += 1;
                streamer.failed.insert(key, Instant::now() + RETRY_AFTER);
            }
        }
    }
    while streamer.budget.is_left() {
        match streamer.retired.pop_front() {
            Some(Retired::Drawing(drawing)) => {
                streamer.reliefs.release(drawing.relief);
                streamer.pool.retire(&mut commands, drawing);
            }
            Some(Retired::Content(entity)) => commands.entity(entity).try_despawn(),
            None => break,
        }
        streamer.budget.spend(0, 1);
    }
}

fn count(statistics: &mut StreamingStatistics, node: &BuiltNode) {
    let lod = usize::from(node.key.lod);
    let is_empty = node.meshes.is_empty();
    statistics.surveyed_by_lod[lod] += u64::from(!node.read);
    statistics.read_by_lod[lod] += u64::from(node.read);
    statistics.read_empty_by_lod[lod] += u64::from(node.read && is_empty);
    statistics.meshed_by_lod[lod] += u64::from(!is_empty);
    statistics.meshed_bytes += node.upload_bytes() as u64;
}

impl Streamer {
    fn take_in(
        &mut self,
        commands: &mut Commands,
        stage: &Stage<'_>,
        meshes: &mut Assets<Mesh>,
        node: BuiltNode,
    ) -> Option<ReliefUpload> {
        let key = node.key;
        let (mesh_bytes, chunk_bytes) = (node.upload_bytes(), node.resident_bytes());
        let BuiltNode { chunk, bounds, meshes: built, relief, bundles, .. } = node;
        let frame = NodeFrame::new(&bounds);
        let is_drawn = self.cut.drawn().contains(&key);
        let visibility = if is_drawn { Visibility::Visible } else { Visibility::Hidden };
        let has_mesh = !built.is_empty();
        let (slot, upload) = match relief {
            Some(relief) => self.reliefs.take(relief, built.len()),
            None => Default::default(),
        };
        let drawings: Vec<_> = built
            .into_iter()
            .map(|(pass, mesh)| {
                let node = (key, &frame, pass);
                self.pool.draw(commands, stage, node, slot, meshes.add(mesh), visibility)
            })
            .collect();
        let content = (!bundles.is_empty()).then(|| {
            let (cell, offset) = stage.grid.translation_to_grid(bounds.centre);
            let transform = frame.transform(offset).with_scale(Vec3::ONE);
            let own = (DrawnNode(key), cell, transform, visibility, ChildOf(stage.root));
            let mut entity = commands.spawn(own);
            bundles.into_iter().for_each(|insert| insert(&mut entity));
            entity.id()
        });
        self.budget.spend(mesh_bytes, drawings.len() + usize::from(content.is_some()));
        let resident = Resident { drawings, content, chunk, bounds, mesh_bytes, chunk_bytes };
        self.held.add(&resident);
        if is_drawn {
            self.held.show(key, &resident);
        }
        let old = self.residents.insert(key, resident);
        if old.is_none() {
            self.events.push(ChunkEvent { key, change: ChunkChange::Loaded });
        }
        if has_mesh {
            self.events.push(ChunkEvent { key, change: ChunkChange::Meshed });
        }
        if let Some(old) = old {
            // An edited node: the new one is whole from this frame on, the old one is gone.
            self.fades.forget(key);
            if is_drawn {
                self.held.hide(key, &old);
            }
            self.held.remove(&old);
            self.put_away(commands, old);
        }
        if is_drawn {
            index_drawn(&self.residents, &mut self.drawn, key);
        }
        upload
    }

    /// Hides what a node was drawn with and puts it away within the budgets to come.
    pub(super) fn put_away(&mut self, commands: &mut Commands, old: Resident) {
        for drawing in old.drawings {
            commands.entity(drawing.entity).insert(Visibility::Hidden);
            self.retired.push_back(Retired::Drawing(drawing));
        }
        if let Some(entity) = old.content {
            commands.entity(entity).insert(Visibility::Hidden);
            self.retired.push_back(Retired::Content(entity));
        }
    }
}
