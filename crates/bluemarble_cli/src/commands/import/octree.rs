//! `import octree`: a pure octree moves into a world.

use std::{process::ExitCode, thread};

use bluemarble_core::CancelToken;
use bluemarble_edit::KEEP;
use bluemarble_store::log::LogOptions;
use bluemarble_terrain::octree::{LinearOctree, OctreeBaseline};
use bluemarble_world::{Compared, Migration};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use super::numbers::NumbersArgs;
use crate::{commands::edit, durable::DURABLE_AT_THE_END, failure::Failure, output, progress};

/// How often what was copied is compared before something else must be the matter.
const MAX_COMPARISONS: usize = 4;

/// Move a pure octree into a world, while both are in use.
///
/// The octree is a file of leaves in Morton order (docs/formats.md). It is copied chunk by chunk; then all of it is
/// compared, and when nothing differs the world takes over. Until then DIR/octree holds what is under way: the
/// same command goes on after it was stopped or killed. The file is only read.
///
/// A number is the material with that number unless --map says otherwise; 65535 leaves a voxel as it is. The world
/// must not have edits in the smallest box around the leaves, and takes no other command's until this one is done.
#[derive(Args)]
#[command(
    after_help = "Example: bluemarble import octree hills castle.octree --at 0,-512,0,-512 --map 0=keep",
    mut_arg("file", |arg| arg.help("The linear octree")),
    mut_arg("at", |arg| arg.help("Where the lowest corner of its cube goes: region,x,y,z"))
)]
pub struct Octree {
    #[command(flatten)]
    numbers: NumbersArgs,
    /// Take edits from standard input meanwhile, as `bluemarble edit` does, and make each in both. The world
    /// takes over when the input ends.
    #[arg(long)]
    both: bool,
}

impl Octree {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        // Edits are acknowledged one by one; a copy can be made again.
        let options = if self.both { LogOptions::default() } else { DURABLE_AT_THE_END };
        let numbers = &self.numbers;
        let octree = LinearOctree::open(&numbers.file)?;
        let world = numbers.world.open(options)?;
        let leaves = octree.len();
        let mapping = numbers.mapping(world.materials())?;
        numbers.check(&mapping, octree.materials().iter().copied())?;
        let material = |number| mapping.get(number).filter(|&material| material != KEEP);
        let below = world.baseline().clone();
        let octree = OctreeBaseline::new(octree, below, numbers.at, material)?;
        let migration = Migration::begin(&world, octree, numbers.world.dir()?, options)?;
        let copied = self.copy(&migration, json)?;
        compare(&migration)?;
        migration.retire()?;
        let copied = copied.copied;
        output::print_result(
            json,
            &json!({ "leaves": leaves, "chunks_copied": copied }),
            &format!(
                "{leaves} leaves, {copied} chunks copied; all is alike, and the world has taken over"
            ),
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// Copies, and takes edits meanwhile if it was asked to.
    fn copy(&self, migration: &Migration, json: bool) -> Result<Compared, Failure> {
        if !self.both {
            return with_bar("copying", |bar| block_on(migration.copy(&CancelToken::never(), bar)));
        }
        let cancel = CancelToken::new();
        thread::scope(|scope| {
            let copier = scope.spawn(|| block_on(migration.copy(&cancel, |_| ())));
            let edited = edit::each_batch(migration.current(), json, |batch| {
                block_on(migration.edit(batch))
            });
            // What is wrong with the input must not wait for the copy, which can go on later.
            if edited.is_err() {
                cancel.cancel();
            }
            let copied = copier.join().map_err(|_| Failure::new("the copy has panicked"))?;
            edited.and(copied.map_err(Failure::from))
        })
    }
}

/// Compares until nothing differs and the world has taken over.
fn compare(migration: &Migration) -> Result<(), Failure> {
    for _ in 0..MAX_COMPARISONS {
        with_bar("comparing", |bar| block_on(migration.switch(&CancelToken::never(), bar)))?;
        if migration.is_switched() {
            return Ok(());
        }
    }
    Err(Failure::new(
        "the world still differs from the octree after several copies; see that nothing else writes to it",
    ))
}

fn with_bar<E: Into<Failure>>(
    job: &'static str,
    run: impl FnOnce(&mut dyn FnMut(&Compared)) -> Result<Compared, E>,
) -> Result<Compared, Failure> {
    let bar = progress::bar(0, job);
    let compared = run(&mut |compared: &Compared| {
        bar.set_length(compared.all_voxels);
        bar.set_position(compared.voxels);
    });
    bar.finish_and_clear();
    compared.map_err(Into::into)
}
