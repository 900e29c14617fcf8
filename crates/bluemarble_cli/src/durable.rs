//! [`Writer`]: edits that outlast the process. A batch is in the delta log when [`Writer::commit`]
//! returns; checkpoints keep the log short.

use bluemarble_store::log::{Durability, LogOptions};
use bluemarble_world::{EditBatch, EditReport, HybridWorld, WorldError};
use futures::executor::block_on;

/// A log that takes more is folded into the store before the next batch.
const MAX_LOG_BYTES: u64 = 64 << 20;

/// How the log is kept by commands that are durable as a whole, once they have ended.
pub const DURABLE_AT_THE_END: LogOptions =
    LogOptions { durability: Durability::None, segment_bytes: 4 << 20 };

/// Writes into a world.
pub struct Writer {
    world: HybridWorld,
}

impl Writer {
    /// A writer into a world.
    pub fn new(world: HybridWorld) -> Self {
        Self { world }
    }

    /// Makes a batch, all of it or on an error nothing, and returns once it is as durable as the world's
    /// log makes it.
    pub fn commit(&self, batch: &EditBatch) -> Result<EditReport, WorldError> {
        block_on(self.world.keep_log_short(MAX_LOG_BYTES))?;
        block_on(self.world.edit(batch))
    }

    /// Carries everything into the store, all lods.
    pub fn checkpoint(&self) -> Result<(), WorldError> {
        block_on(self.world.checkpoint()).map(|_| ())
    }

    /// The world.
    pub fn world(&self) -> &HybridWorld {
        &self.world
    }
}
