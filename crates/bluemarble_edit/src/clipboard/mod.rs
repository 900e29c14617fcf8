//! [`Clipboard`]: a box of voxels that was copied.

use std::{fs, io::Write, path::Path};

use bluemarble_core::{
    Cause, Cells, ChunkKey, EditBatch, LatticeBox, MaterialId, MaterialTable, Shape, VoxelBox,
    VoxelPos, cell_position,
};
use bluemarble_world::{
    HybridWorld, plan,
    uniform_box::{self, UniformBox},
};
use glam::{IVec3, ivec3};

use crate::{
    EditError, MAX_CELLS, VoxError,
    batch::{Steps, check_place, voxels_of},
    keep::KEEP,
    vox::{self, Colours, Scene},
};

/// A box of voxels that knows nothing of where it was. It may have cells that are nothing, not even air:
/// [`KEEP`]. They are never pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clipboard {
    size: IVec3,
    /// x fastest, then z, then y.
    cells: Vec<MaterialId>,
}

/// How a clipboard is pasted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasteOptions {
    /// Whether what is air in the clipboard stays what it is in the world.
    pub skip_air: bool,
    /// Quarter turns about y, from +x towards -z: anticlockwise, seen from above with +x to the right and +z
    /// down. Any number, also a negative one.
    pub quarter_turns: i32,
}

impl Clipboard {
    /// Copies a box. What sticks out over a side of the region is copied from the next region; what sticks
    /// out above or below is [`KEEP`]. Each chunk is read once, on the calling thread.
    ///
    /// # Errors
    /// [`EditError::Empty`]; [`EditError::TooLarge`] beyond [`MAX_CELLS`] cells; [`EditError::World`]: the
    /// region does not exist, the box is outside of it, or a chunk cannot be read.
    pub async fn copy(world: &HybridWorld, voxels: VoxelBox) -> Result<Self, EditError> {
        let (shape, VoxelBox { region, voxels }) = (world.shape(), voxels);
        check_box(&shape, region, voxels)?;
        let mut copy = Self::empty(voxels.size());
        for piece in voxels.tiles(IVec3::splat(64)) {
            // All of it lies in one chunk, also beyond a side.
            let Some((key, _)) = plan::chunk_cell(&shape, VoxelPos::new(region, piece.min)) else {
                continue;
            };
            let chunk = world.read_compact(key).await?;
            for at in voxels_of(piece) {
                if let Some((_, cell)) = plan::chunk_cell(&shape, VoxelPos::new(region, at)) {
                    let index = copy.index(at - voxels.min);
                    copy.cells[index] = chunk.get(cell_position(cell as usize));
                }
            }
        }
        Ok(copy)
    }

    /// A clipboard from cells: x fastest, then z, then y.
    ///
    /// # Errors
    /// [`EditError::Empty`] unless there are as many as `size` says; [`EditError::TooLarge`].
    pub fn from_cells(size: IVec3, cells: Vec<MaterialId>) -> Result<Self, EditError> {
        let count = check_size(size)?;
        if count != cells.len() as u64 {
            let reason = format!("{} cells for a size of {size}", cells.len());
            return Err(EditError::Empty { what: "clipboard", reason });
        }
        Ok(Self { size, cells })
    }

    fn empty(size: IVec3) -> Self {
        let count = size.as_usizevec3().element_product();
        Self { size, cells: vec![KEEP; count] }
    }

    /// Its size in voxels.
    pub fn size(&self) -> IVec3 {
        self.size
    }

    /// A cell, counted from the lower corner; [`KEEP`] outside of the box.
    pub fn get(&self, cell: IVec3) -> MaterialId {
        let is_inside = cell.cmpge(IVec3::ZERO).all() && cell.cmplt(self.size).all();
        if is_inside { self.cells[self.index(cell)] } else { KEEP }
    }

    fn index(&self, cell: IVec3) -> usize {
        let (cell, size) = (cell.as_usizevec3(), self.size.as_usizevec3());
        (cell.y * size.z + cell.z) * size.x + cell.x
    }

    /// The same turned as [`PasteOptions::quarter_turns`] says.
    pub fn turned(&self, quarter_turns: i32) -> Self {
        let turns = quarter_turns.rem_euclid(4);
        if turns == 0 {
            return self.clone();
        }
        let size = self.size;
        let new_size = if turns % 2 == 0 { size } else { ivec3(size.z, size.y, size.x) };
        let (x, z) = (size.x - 1, size.z - 1);
        // Where a cell of the turned one comes from.
        let source = |at: IVec3| match turns {
            1 => ivec3(x - at.z, at.y, at.x),
            2 => ivec3(x - at.x, at.y, z - at.z),
            _ => ivec3(at.z, at.y, z - at.x),
        };
        let cells = voxels_of(LatticeBox::new(IVec3::ZERO, new_size))
            .map(|at| self.cells[self.index(source(at))]);
        Self { size: new_size, cells: cells.collect() }
    }

    /// The changes that put the clipboard into a world, its lower corner, once turned, at a voxel. What
    /// sticks out over a side of the region goes into the next region, in the order in which the cells are;
    /// what sticks out above or below is left out. Nothing is read.
    ///
    /// # Errors
    /// [`EditError::World`]: the region does not exist, or nothing of the box lies in it;
    /// [`EditError::TooManySteps`]. Whether the materials are known is found by the edit.
    pub fn paste(
        &self,
        shape: &Shape,
        at: VoxelPos,
        options: PasteOptions,
    ) -> Result<EditBatch, EditError> {
        let turned;
        let clip = match options.quarter_turns.rem_euclid(4) {
            0 => self,
            turns => {
                turned = self.turned(turns);
                &turned
            }
        };
        let VoxelPos { region, voxel: low } = at;
        let voxels = LatticeBox::new(low, low.saturating_add(clip.size));
        check_box(shape, region, voxels)?;
        let is_pasted = |material: MaterialId| {
            material != KEEP && !(options.skip_air && material == MaterialId::AIR)
        };
        let mut steps = Steps::default();
        for piece in voxels.tiles(IVec3::splat(64)) {
            let merged = uniform_box::merge(LatticeBox::new(IVec3::ZERO, piece.size()), |cell| {
                Some(clip.get(piece.min - low + cell)).filter(|&material| is_pasted(material))
            });
            for uniform in merged {
                if let Some((key, uniform)) = folded(shape, region, piece.min, uniform) {
                    steps.add(key, [uniform])?;
                }
            }
        }
        steps.batch(Cause::default())
    }

    /// The clipboard as the bytes of a .vox file: see [`vox::encode`]. Air and [`KEEP`] are empty there.
    ///
    /// # Errors
    /// As [`vox::encode`].
    pub fn to_vox(&self, materials: &MaterialTable) -> Result<Vec<u8>, VoxError> {
        vox::encode(self.size, &self.cells, materials)
    }

    /// What the bytes of a .vox file show, in one box with all models, with air where it is empty. Colours
    /// become materials as [`Colours`] says: with the same table of at most 255 materials and air, what
    /// [`Clipboard::to_vox`] has written comes back cell by cell.
    ///
    /// # Errors
    /// As [`Scene::parse`]; [`VoxError::NoModel`]; [`VoxError::SceneTooLarge`] beyond [`MAX_CELLS`] cells.
    pub fn from_vox(bytes: &[u8], materials: &MaterialTable) -> Result<Self, VoxError> {
        Self::from_scene(&Scene::parse(bytes)?, materials)
    }

    /// Writes a .vox file; one that is there is replaced when the new one is whole.
    ///
    /// # Errors
    /// [`VoxError::File`], around what [`Clipboard::to_vox`] refuses; the file cannot be written.
    pub fn save_vox(&self, path: &Path, materials: &MaterialTable) -> Result<(), VoxError> {
        let save = || {
            let bytes = self.to_vox(materials)?;
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(format!("#{}", std::process::id()));
            let draft = path.with_file_name(name);
            let write = || {
                let mut file = fs::File::create(&draft)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                fs::rename(&draft, path)
            };
            write().map_err(|error| {
                // What is left is of no use.
                let _ = fs::remove_file(&draft);
                VoxError::Write(error)
            })
        };
        save().map_err(|error: VoxError| error.of(path))
    }

    /// Reads a .vox file.
    ///
    /// # Errors
    /// [`VoxError::File`], around what [`Clipboard::from_vox`] refuses; the file cannot be read.
    pub fn load_vox(path: &Path, materials: &MaterialTable) -> Result<Self, VoxError> {
        let scene = Scene::load(path)?;
        Self::from_scene(&scene, materials).map_err(|error| error.of(path))
    }

    fn from_scene(scene: &Scene, materials: &MaterialTable) -> Result<Self, VoxError> {
        let (low, high) = scene.bounds().ok_or(VoxError::NoModel)?;
        let size = high.saturating_sub(low);
        if size.as_dvec3().element_product() > MAX_CELLS as f64 {
            let size = format!("{} x {} x {} cells", size.x, size.y, size.z);
            return Err(VoxError::SceneTooLarge { size, max: MAX_CELLS });
        }
        let colours = Colours::new(scene, materials);
        let mut clip = Self::empty(size.as_ivec3());
        clip.cells.fill(MaterialId::AIR);
        for model in 0..scene.len() {
            for (at, number) in scene.voxels(model) {
                if let Some(material) = colours.material(number) {
                    let index = clip.index((at - low).as_ivec3());
                    clip.cells[index] = material;
                }
            }
        }
        Ok(clip)
    }
}

/// Cells of a part of a box that lies in one chunk, where they lie: beyond a side that is the next region.
fn folded(
    shape: &Shape,
    region: u8,
    low: IVec3,
    uniform: UniformBox<MaterialId>,
) -> Option<(ChunkKey, UniformBox<MaterialId>)> {
    let cells = uniform.cells();
    // Turned, perhaps, but the cells of a chunk stay together.
    let (key, one) = plan::chunk_cell(shape, VoxelPos::new(region, low + cells.min))?;
    let (_, other) = plan::chunk_cell(shape, VoxelPos::new(region, low + cells.max - 1))?;
    let (one, other) = (cell_position(one as usize), cell_position(other as usize));
    let cells = LatticeBox::new(one.min(other), one.max(other) + 1);
    Some((key, UniformBox::new(cells, uniform.value)))
}

fn check_size(size: IVec3) -> Result<u64, EditError> {
    if size.cmple(IVec3::ZERO).any() {
        let reason = format!("its size is {size}");
        return Err(EditError::Empty { what: "clipboard", reason });
    }
    let cells = size.as_dvec3().element_product();
    if cells > MAX_CELLS as f64 {
        return Err(EditError::TooLarge { what: "clipboard", unit: "cells", max: MAX_CELLS });
    }
    Ok(cells as u64)
}

fn check_box(shape: &Shape, region: u8, voxels: LatticeBox) -> Result<(), EditError> {
    check_place(shape, region, voxels)?;
    check_size(voxels.max.saturating_sub(voxels.min))?;
    Ok(())
}

#[cfg(test)]
mod tests;
