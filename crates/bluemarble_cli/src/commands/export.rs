//! `export`: a box of a world as plain Zarr, .npy, .vox or a linear octree.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bluemarble_core::{
    CellBox, LatticeBox, MaterialId, MaterialTable, VoxelBox, code::morton_decode,
};
use bluemarble_edit::{MAX_CELLS, vox};
use bluemarble_terrain::octree::{Leaf, LinearOctreeWriter, MAX_DEPTH};
use bluemarble_world::draft::{self, Draft};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use glam::{IVec3, ivec3};
use indicatif::ProgressBar;
use serde_json::json;

use crate::{
    area::{Source, cells_of},
    failure::Failure,
    lines::voxel_box,
    open::WorldArgs,
    output, progress, scan,
    volumes::npy,
};

/// Cells along each axis of a chunk of the Zarr copy.
const CHUNK_CELLS: i32 = 64;
/// Nodes of an octree with this many cells, as a power of two, are read at once.
const CHUNK_LOD: u8 = 6;
/// Cells of a row that are written to a .npy file at once.
const ROW_CELLS: i32 = 4096;

/// Write a box of a world as plain Zarr, .npy, .vox or a linear octree.
///
/// Unedited cells are filled from the baseline. Without it they are 65535, empty in a .vox, and
/// in no leaf of an octree.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
#[command(
    after_help = "Example: bluemarble export hills --box 0,-64,-16,-64,64,48,64 --npy middle.npy"
)]
pub struct Export {
    #[command(flatten)]
    world: WorldArgs,
    /// The voxels: region,x0,y0,z0,x1,y1,z1, without the upper corner.
    #[arg(long = "box", value_name = "R,X0,..,Z1", value_parser = voxel_box, allow_hyphen_values = true)]
    voxels: VoxelBox,
    /// Export the cells of this lod that hold those voxels; a cell is 2^N voxels wide.
    #[arg(long, value_name = "N", default_value_t = 0)]
    lod: u8,
    /// A new directory: one Zarr v3 array of uint16, axes y, z, x, gzip, readable by any Zarr library.
    #[arg(long, value_name = "DIR", group = "to")]
    zarr: Option<PathBuf>,
    /// A numpy array of uint16, axes y, z, x.
    #[arg(long, value_name = "FILE", group = "to")]
    npy: Option<PathBuf>,
    /// A MagicaVoxel scene of at most 67108864 cells, in the colours of the material table. What is longer
    /// than 256 cells becomes several models.
    #[arg(long, value_name = "FILE", group = "to")]
    vox: Option<PathBuf>,
    /// A linear octree (docs/formats.md) over a box of at most 2097152 cells along an edge.
    #[arg(long, value_name = "FILE", group = "to")]
    octree: Option<PathBuf>,
}

impl Export {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let metadata = self.world.metadata()?;
        let area = cells_of(&metadata.shape, self.voxels, self.lod)?;
        let mut source = match self.world.ground()? {
            Some(ground) => Source::World(Box::new(self.world.open_reading(ground)?.reader())),
            None => {
                output::note(
                    "the baseline is not known, so cells that are not stored stay unknown",
                );
                if let Some(dir) = self.world.known_dir()
                    && scan::log(dir)?.0.pending_batches > 0
                {
                    output::note("edits that are only in the delta log yet are left out");
                }
                Source::Store(Box::new(self.world.look()?))
            }
        };
        let target = if let Some(dir) = &self.zarr {
            to_zarr(&mut source, &area, &metadata, dir)?;
            dir
        } else if let Some(path) = &self.npy {
            to_npy(&mut source, &area, path)?;
            path
        } else if let Some(path) = &self.vox {
            let document = self.world.document()?;
            to_vox(&mut source, &area, &self.world.table(document.as_ref())?, path)?;
            path
        } else if let Some(path) = &self.octree {
            to_octree(&mut source, &area, path)?;
            path
        } else {
            return Err(Failure::new(
                "nowhere to export to; give --zarr, --npy, --vox or --octree",
            ));
        };
        let (size, cells) = (area.cells.size(), area.cells.volume());
        if json {
            let shape = [size.y, size.z, size.x];
            output::print_json(&json!({ "path": target, "shape_yzx": shape, "cells": cells }))?;
        } else {
            output::print(&format!(
                "{}: {} x {} x {} cells (x, y, z) of lod {}",
                target.display(),
                size.x,
                size.y,
                size.z,
                self.lod
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn to_zarr(
    source: &mut Source,
    area: &CellBox,
    metadata: &bluemarble_store::WorldMetadata,
    dir: &Path,
) -> Result<(), Failure> {
    let unwritable = |error| Failure::file(dir, "cannot write", &error);
    fs::create_dir_all(dir).map_err(unwritable)?;
    if fs::read_dir(dir).map_err(unwritable)?.next().is_some() {
        let dir = dir.display();
        return Err(Failure::new(format!("{dir}: the directory is not empty; choose a new one")));
    }
    let size = area.cells.size();
    let chunks = (size + CHUNK_CELLS - 1) / CHUNK_CELLS;
    let bar = progress::bar(chunks.as_u64vec3().element_product(), "exporting");
    for y in 0..chunks.y {
        for z in 0..chunks.z {
            let folder = dir.join(format!("c/{y}/{z}"));
            for x in 0..chunks.x {
                let low = area.cells.min + ivec3(x, y, z) * CHUNK_CELLS;
                let part = LatticeBox::new(low, (low + CHUNK_CELLS).min(area.cells.max));
                let cells = source.read(CellBox { cells: part, ..*area })?;
                if cells.iter().any(|&cell| cell != MaterialId::UNSTORED) {
                    fs::create_dir_all(&folder).map_err(unwritable)?;
                    let bytes = gzip_chunk(&cells, part.size()).map_err(unwritable)?;
                    fs::write(folder.join(x.to_string()), bytes).map_err(unwritable)?;
                }
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    let document = json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": [size.y, size.z, size.x],
        "data_type": "uint16",
        "chunk_grid": {
            "name": "regular",
            "configuration": { "chunk_shape": [CHUNK_CELLS, CHUNK_CELLS, CHUNK_CELLS] },
        },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": MaterialId::UNSTORED.0,
        "codecs": [
            { "name": "bytes", "configuration": { "endian": "little" } },
            { "name": "gzip", "configuration": { "level": 6 } },
        ],
        "dimension_names": ["y", "z", "x"],
        "attributes": {
            "region": area.region,
            "lod": area.lod,
            "cell_m": metadata.shape.voxel_m() * f64::from(1u32 << area.lod),
            // The lattice cell, of this lod, of index 0 of each axis.
            "origin": [area.cells.min.y, area.cells.min.z, area.cells.min.x],
            "materials": metadata.materials,
            "baseline": metadata.baseline,
        },
    });
    // Last of all: without it the directory is no array.
    Ok(draft::write(&dir.join("zarr.json"), format!("{document:#}\n").as_bytes())?)
}

/// One chunk of the copy: full size, whatever the array's edge leaves of it.
fn gzip_chunk(cells: &[MaterialId], size: IVec3) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let unknown = MaterialId::UNSTORED.0.to_le_bytes();
    let mut row = Vec::with_capacity(CHUNK_CELLS as usize * 2);
    for y in 0..CHUNK_CELLS {
        for z in 0..CHUNK_CELLS {
            row.clear();
            if y < size.y && z < size.z {
                let first = (y as usize * size.z as usize + z as usize) * size.x as usize;
                for cell in &cells[first..first + size.x as usize] {
                    row.extend_from_slice(&cell.0.to_le_bytes());
                }
            }
            while row.len() < CHUNK_CELLS as usize * 2 {
                row.extend_from_slice(&unknown);
            }
            encoder.write_all(&row)?;
        }
    }
    encoder.finish()
}

fn to_npy(source: &mut Source, area: &CellBox, path: &Path) -> Result<(), Failure> {
    let unwritable = |error| Failure::file(path, "cannot write", &error);
    let size = area.cells.size().as_u64vec3();
    let mut file = Draft::new(path)?;
    let offset = npy::write_header(&mut file, [size.y, size.z, size.x]).map_err(unwritable)?;
    let bar = progress::bar(area.cells.volume(), "exporting");
    for part in area.cells.tiles(ivec3(ROW_CELLS, CHUNK_CELLS, CHUNK_CELLS)) {
        let cells = source.read(CellBox { cells: part, ..*area })?;
        let low = (part.min - area.cells.min).as_u64vec3();
        let part = part.size().as_u64vec3();
        let mut rows = cells.chunks_exact(part.x as usize);
        for y in low.y..low.y + part.y {
            for z in low.z..low.z + part.z {
                let Some(row) = rows.next() else { continue };
                let bytes: Vec<u8> = row.iter().flat_map(|cell| cell.0.to_le_bytes()).collect();
                let at = offset + ((y * size.z + z) * size.x + low.x) * 2;
                file.seek(SeekFrom::Start(at)).map_err(unwritable)?;
                file.write_all(&bytes).map_err(unwritable)?;
            }
        }
        bar.inc(cells.len() as u64);
    }
    bar.finish_and_clear();
    Ok(file.finish()?)
}

fn to_vox(
    source: &mut Source,
    area: &CellBox,
    materials: &MaterialTable,
    path: &Path,
) -> Result<(), Failure> {
    if area.cells.volume() > MAX_CELLS {
        return Err(Failure::new(format!(
            "{}: {} cells; a .vox takes at most {MAX_CELLS}: export a smaller box, or a coarser lod with \
             --lod",
            path.display(),
            area.cells.volume()
        )));
    }
    let cells = source.read(*area)?;
    let bytes = vox::encode(area.cells.size(), &cells, materials)
        .map_err(|error| Failure::from(error).at(path.display()))?;
    Ok(draft::write(path, &bytes)?)
}

fn to_octree(source: &mut Source, area: &CellBox, path: &Path) -> Result<(), Failure> {
    let unwritable = |error| Failure::file(path, "cannot write", &error);
    let edge = area.cells.size().max_element();
    let depth = (0..=MAX_DEPTH).find(|&depth| 1 << depth >= edge).ok_or_else(|| {
        let max = 1 << MAX_DEPTH;
        let path = path.display();
        Failure::new(format!(
            "{path}: {edge} cells along an edge, an octree takes at most {max}: export a smaller box, or a \
             coarser lod with --lod"
        ))
    })?;
    let writer = LinearOctreeWriter::new(Draft::new(path)?, depth).map_err(unwritable)?;
    let bar = progress::bar(area.cells.volume(), "exporting");
    let mut leaves = Leaves { source, area, writer, bar, path };
    leaves.node(0, depth)?;
    leaves.bar.finish_and_clear();
    let (draft, _) = leaves.writer.finish().map_err(unwritable)?;
    Ok(draft.finish()?)
}

/// An octree on its way into a file.
struct Leaves<'a> {
    source: &'a mut Source,
    area: &'a CellBox,
    writer: LinearOctreeWriter<Draft>,
    bar: ProgressBar,
    path: &'a Path,
}

impl Leaves<'_> {
    /// Writes a node: at once where it is known to be of one material, else child by child.
    fn node(&mut self, code: u64, lod: u8) -> Result<(), Failure> {
        let LatticeBox { min, max } = self.area.cells;
        let low = min + morton_decode(code).as_ivec3();
        // No cell lies beyond what an i32 holds.
        let high = low.saturating_add(IVec3::splat(1 << lod));
        let part = LatticeBox::new(low, high.min(max));
        if part.is_empty() {
            return Ok(());
        }
        let cells = CellBox { cells: part, ..*self.area };
        let known = match &self.source {
            Source::World(reader) => reader.box_material(&cells.voxel_box(), cells.lod),
            Source::Store(_) => None,
        };
        let size = part.size().as_u64vec3();
        match known.filter(|_| part.max == high) {
            Some(material) => self.push(code, lod, material)?,
            None if lod <= CHUNK_LOD => {
                let cells = self.source.read(cells)?;
                for within in 0..1 << (3 * lod) {
                    let at = morton_decode(within).as_u64vec3();
                    if at.cmplt(size).all() {
                        let index = (at.y * size.z + at.z) * size.x + at.x;
                        self.push(code + within, 0, cells[index as usize])?;
                    }
                }
            }
            None => {
                for child in 0..8 {
                    self.node(code + (child << (3 * (lod - 1))), lod - 1)?;
                }
                return Ok(());
            }
        }
        self.bar.inc(size.element_product());
        Ok(())
    }

    fn push(&mut self, code: u64, lod: u8, material: MaterialId) -> Result<(), Failure> {
        if material == MaterialId::UNSTORED {
            return Ok(());
        }
        let leaf = Leaf { code, lod, material: material.0 };
        self.writer.push(leaf).map_err(|error| Failure::file(self.path, "cannot write", &error))
    }
}
