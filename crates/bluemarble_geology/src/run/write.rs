//! What has become of the land is written into the world.

use std::collections::BTreeMap;

use bluemarble_core::{CancelToken, Cause, EditBatch, EditOp, MaterialId, parallel};
use futures::{executor::block_on, future::join_all};

use super::{
    Run, SEA, WriteReport,
    fields::Fields,
    journal::{Journal, Progress, Record, Written},
};
use crate::{
    GeologyError,
    area::Area,
    ground::{
        carve::{Carved, Change, SeaChange, carve},
        survey::mean_top_m,
    },
};

/// Squares of 64 x 64 columns along the edges of what is written at once.
const TILE_SQUARES: i32 = 4;
/// Tiles that are made while others are written, for each thread.
const TILES_PER_THREAD: usize = 2;
/// A log that takes more is folded into the store before the next tile.
const MAX_LOG_BYTES: u64 = 128 << 20;

/// The squares of a tile.
type TileSquares = Vec<[i32; 2]>;

impl Run {
    /// Writes what has become of the land since it was written last into the world, tile by tile. When this returns all of it
    /// is as durable as edits of the world are. What others have changed meanwhile stays changed: columns rise and sink from where
    /// they are.
    ///
    /// # Errors
    /// [`GeologyError::Cancelled`] if `cancel` says so between two tiles: the next call goes on. [`GeologyError::World`] and
    /// [`GeologyError::File`]; the next call tries again.
    pub fn write(&mut self, cancel: &CancelToken) -> Result<WriteReport, GeologyError> {
        let mut progress = Progress::default();
        let journal = match (&self.options.dir, self.fields.is_writing) {
            (None, true) => {
                progress = std::mem::take(&mut self.stopped_at);
                None
            }
            (Some(dir), true) => {
                let (journal, found) = Journal::open(dir)?;
                progress = found;
                Some(journal)
            }
            (dir, false) => {
                let dir = dir.clone();
                let journal = dir.as_deref().map(Journal::create).transpose()?;
                self.fields.is_writing = true;
                self.fields.writes += 1;
                if let Err(error) = self.save() {
                    self.fields.is_writing = false;
                    self.fields.writes -= 1;
                    return Err(error);
                }
                journal
            }
        };
        if let Err(error) = self.write_tiles(&mut progress, journal, cancel) {
            self.stopped_at = progress;
            return Err(error);
        }
        let report = self.end_writing(&progress.written);
        self.save()?;
        if let Some(dir) = &self.options.dir {
            Journal::remove(dir)?;
        }
        Ok(report)
    }

    /// Finishes what a crash has interrupted.
    pub(super) fn finish_writing(&mut self) -> Result<(), GeologyError> {
        if self.fields.is_writing {
            self.write(&CancelToken::never())?;
        }
        Ok(())
    }

    fn tiles(&self) -> Vec<TileSquares> {
        let mut tiles = BTreeMap::<[i32; 2], TileSquares>::new();
        for square in self.options.area.squares() {
            let [x, z] = square.map(|at| at.div_euclid(TILE_SQUARES));
            tiles.entry([z, x]).or_default().push(square);
        }
        tiles.into_values().collect()
    }

    fn write_tiles(
        &mut self,
        progress: &mut Progress,
        mut journal: Option<Journal>,
        cancel: &CancelToken,
    ) -> Result<(), GeologyError> {
        let tiles: Vec<_> = self.tiles().into_iter().enumerate().collect();
        let next = progress.next_tile();
        if let Some(last) = &progress.last {
            self.make(&last.ops)?;
            progress.end_last();
        }
        let plan = Changes::new(self);
        for tiles in tiles[next..].chunks(self.options.threads.max(1) * TILES_PER_THREAD) {
            cancel.check()?;
            let made = parallel::map_with(
                self.options.threads,
                tiles,
                || (),
                |(), (tile, squares)| {
                    let mut record = Record { tile: *tile as u32, ..Record::default() };
                    for &square in squares {
                        cancel.check()?;
                        let carved = plan.carve(self, square)?;
                        record.nodes.extend(carved.nodes);
                        record.ops.extend(carved.ops);
                        record.balance.extend(carved.balance);
                    }
                    Ok::<_, GeologyError>(record)
                },
            );
            for record in made {
                let record = record?;
                if let Some(journal) = &mut journal {
                    journal.push(&record)?;
                }
                let ops = &progress.last.insert(record).ops;
                self.make(ops)?;
                progress.end_last();
                cancel.check()?;
            }
            block_on(self.world.keep_log_short(MAX_LOG_BYTES))?;
        }
        Ok(())
    }

    /// Makes the edits of a tile, a batch for each process.
    fn make(&self, ops: &[(u8, EditOp)]) -> Result<(), GeologyError> {
        let year = self.fields.land.years as u32;
        let mut batches = BTreeMap::<(bool, u8), EditBatch>::new();
        for &(process, op) in ops {
            // Water comes over what others have dug.
            let batch = batches
                .entry((process == SEA, process))
                .or_insert_with(|| EditBatch::new().caused_by(Cause::Process { process, year }));
            batch.push(op);
        }
        let edits = batches.values().map(|batch| self.world.edit(batch));
        for edited in block_on(join_all(edits)) {
            let chunks = edited?.chunks;
            if let Some(listener) = &self.listener {
                listener(chunks);
            }
        }
        Ok(())
    }

    fn end_writing(&mut self, written: &[Written]) -> WriteReport {
        let voxel_m = self.world.shape().voxel_m();
        let flooded = self.fields.flooded();
        let mut report = WriteReport::default();
        let fields = &mut self.fields;
        for tile in written {
            report.add(&tile.report);
            for &(node, tops) in &tile.nodes {
                let columns = f64::from(tops.columns);
                let before_m = mean_top_m(&self.world, tops.before_y, tops.columns);
                let missed = (tops.after_y - tops.wanted_y) as f64 / columns;
                let shift_m = before_m - fields.seen_m[node] + missed * voxel_m;
                fields.seen_m[node] = mean_top_m(&self.world, tops.after_y, tops.columns);
                if shift_m != 0.0 {
                    fields.shift(node, shift_m);
                }
            }
        }
        fields.written_m.clone_from(&fields.land.ground_m);
        fields.credits_m.iter_mut().for_each(|credits| credits.fill(0.0));
        fields.was_flooded = flooded;
        fields.written_sea_level_m = fields.sea_level_m;
        fields.is_writing = false;
        fields.written.add(&report);
        fields.note_row();
        report
    }
}

impl Fields {
    /// The ground of a node is higher than it was thought to be, from the beginning on.
    fn shift(&mut self, node: usize, shift_m: f64) {
        let heights = [
            &mut self.land.ground_m,
            &mut self.origin_m,
            &mut self.written_m,
            &mut self.balanced_m,
        ];
        heights.into_iter().for_each(|heights| heights[node] += shift_m);
    }
}

/// How columns change.
struct Changes {
    area: Area,
    voxel_m: f64,
    /// The heights of nodes above those when the run began: now, and when they were written last.
    risen_m: [Vec<f64>; 2],
    /// For each node: what has raised it most, and what has lowered it most.
    causes: Vec<[u8; 2]>,
    numbers: Vec<(u8, Option<MaterialId>)>,
    sea: Vec<SeaChange>,
}

impl Changes {
    fn new(run: &Run) -> Self {
        let fields = &run.fields;
        let shape = run.world.shape();
        let over = |heights: &[f64]| {
            heights.iter().zip(&fields.origin_m).map(|(now, then)| now - then).collect()
        };
        let causes = (0..fields.origin_m.len()).map(|node| {
            let mut causes = [0; 2];
            let credit = |index: u8| fields.credits_m[usize::from(index)][node];
            for index in 0..fields.credits_m.len() as u8 {
                if credit(index) > credit(causes[0]) {
                    causes[0] = index;
                }
                if credit(index) < credit(causes[1]) {
                    causes[1] = index;
                }
            }
            causes
        });
        let numbers = run.options.processes.iter().zip(&run.leaves);
        let level_y = fields.sea_level_m.map(|level_m| shape.lattice_y(level_m).round() as i32);
        let sea = fields.flooded().into_iter().zip(&fields.was_flooded);
        let has_changed = fields.sea_level_m != fields.written_sea_level_m;
        let sea = sea.map(|(is, &was)| match (is, was, level_y) {
            (true, true, Some(level_y)) if !has_changed => SeaChange::Stays(level_y),
            (true, _, Some(level_y)) => SeaChange::Comes(level_y),
            (false, true, _) => SeaChange::Goes,
            _ => SeaChange::None,
        });
        Self {
            area: run.options.area,
            voxel_m: shape.voxel_m(),
            risen_m: [over(&fields.land.ground_m), over(&fields.written_m)],
            causes: causes.collect(),
            numbers: numbers.map(|(rated, leaves)| (rated.process.number(), *leaves)).collect(),
            sea: sea.collect(),
        }
    }

    fn carve(&self, run: &Run, square: [i32; 2]) -> Result<Carved, GeologyError> {
        let columns = (0..64 * 64).map(|index| {
            let at = [index % 64, index / 64];
            self.of(square[0] * 64 + at[0], square[1] * 64 + at[1])
        });
        let changes: Vec<_> = columns.collect();
        if changes.iter().all(|change| !change.is_any()) {
            return Ok(Carved::default());
        }
        let carved =
            carve(&run.world, &run.matters, (run.water, SEA), &self.area, square, &changes);
        Ok(block_on(carved)?)
    }

    fn of(&self, x: i32, z: i32) -> Change {
        let Some(node) = self.area.node_of(x, z) else { return Change::default() };
        let voxels = |heights: &[f64]| (self.between(heights, x, z) / self.voxel_m).round() as i32;
        let voxels = voxels(&self.risen_m[0]) - voxels(&self.risen_m[1]);
        let cause = self.causes[node][usize::from(voxels < 0)];
        let (process, leaves) = self.numbers.get(usize::from(cause)).copied().unwrap_or_default();
        Change { voxels, process, leaves, sea: self.sea[node] }
    }

    /// A field at a column: linear between the middles of nodes.
    fn between(&self, field: &[f64], x: i32, z: i32) -> f64 {
        let [columns, rows] = self.area.size;
        let width = f64::from(1u32 << self.area.lod);
        let place = |at: i32, axis: usize, count: usize| {
            let from_first = f64::from(at - (self.area.first[axis] << self.area.lod));
            let at = ((from_first + 0.5) / width - 0.5).clamp(0.0, (count - 1) as f64);
            let low = (at as usize).min(count - 2);
            (low, at - low as f64)
        };
        let (column, across) = place(x, 0, columns);
        let (row, down) = place(z, 1, rows);
        let at = |column: usize, row: usize| field[row * columns + column];
        let mix = |one: f64, other: f64, part: f64| one + (other - one) * part;
        let upper = mix(at(column, row), at(column + 1, row), across);
        let lower = mix(at(column, row + 1), at(column + 1, row + 1), across);
        mix(upper, lower, down)
    }
}
