//! [`WorldBuilder`]: how worlds are made and opened.
//!
//! | a world | is opened by |
//! |---|---|
//! | in a directory | [`WorldBuilder::open`], with settings [`DirectoryBuilder::open`] |
//! | in a directory where its recipe is written down | [`WorldBuilder::from_directory`] |
//! | that forgets its edits | [`WorldBuilder::in_memory`] |
//! | in a store that is open already | [`WorldBuilder::with_store`] |
//!
//! | module | what it holds |
//! |---|---|
//! | `world_builder` | [`WorldBuilder`]: what a world is made of; the shorthands of [`crate::HybridWorld`] |
//! | `directory` | [`DirectoryBuilder`], [`ReopenBuilder`]: worlds in a directory |
//! | `store` | [`StoreBuilder`]: worlds in a store that is open already |
//! | `settings` | what they all pass on |

mod directory;
mod settings;
mod store;
mod world_builder;

pub use directory::{DirectoryBuilder, ReopenBuilder};
pub use store::StoreBuilder;
pub use world_builder::WorldBuilder;

#[cfg(test)]
mod tests;
