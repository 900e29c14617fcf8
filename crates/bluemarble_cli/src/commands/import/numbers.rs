//! [`NumbersArgs`]: a file of numbers that become voxels, where they go and what they mean.

use std::path::PathBuf;

use bluemarble_core::{MaterialTable, VoxelPos};
use clap::Args;

use crate::{
    failure::Failure,
    lines::voxel_pos,
    mapping::{MapArgs, Mapping},
    open::WorldArgs,
};

/// What volumes and octrees are told alike. The help of `file` and `at` is each command's own.
#[derive(Args)]
pub struct NumbersArgs {
    #[command(flatten)]
    pub world: WorldArgs,
    /// The numbers.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the numbers go: region,x,y,z.
    #[arg(long, value_name = "R,X,Y,Z", value_parser = voxel_pos, allow_hyphen_values = true)]
    pub at: VoxelPos,
    #[command(flatten)]
    map: MapArgs,
}

impl NumbersArgs {
    /// What each number becomes in a world with these materials.
    pub fn mapping(&self, materials: &MaterialTable) -> Result<Mapping, Failure> {
        self.map.mapping(materials)
    }

    /// Refuses the file if one of its numbers means nothing.
    pub fn check(
        &self,
        mapping: &Mapping,
        mut numbers: impl Iterator<Item = u16>,
    ) -> Result<(), Failure> {
        match numbers.find(|&number| mapping.get(number).is_none()) {
            Some(number) => Err(self.refuse(Mapping::refusal(number))),
            None => Ok(()),
        }
    }

    /// Something is wrong with the file.
    pub fn refuse(&self, what: impl Into<String>) -> Failure {
        Failure::new(what).at(self.file.display())
    }
}
