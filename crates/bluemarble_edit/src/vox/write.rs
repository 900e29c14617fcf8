//! [`encode`]: a box of materials as a MagicaVoxel file.

use std::collections::BTreeSet;

use bluemarble_core::{LatticeBox, MaterialId, MaterialTable};
use dot_vox::{Color, Dict, DotVoxData, Frame, Model, SceneNode, ShapeModel, Size, Voxel};
use glam::{IVec3, ivec3};

use super::limits::{MAX_EDGE, MAX_INSTANCES};
use crate::{VoxError, batch::voxels_of, colour::rgb, keep::KEEP};

/// A box of materials as the bytes of a .vox file. `cells` are x fastest, then z, then y, and as many as
/// `size` says; air and [`KEEP`] are empty. What is longer than 256 cells becomes several models, placed by
/// a scene so that they fit together.
///
/// The colour of material n has number n, up to 255; the palette shows the colours of the rest of the
/// table, too. Materials above 255 take numbers that are left, and are told by their colour when they are
/// read ([`super::Colours`]).
///
/// # Errors
/// [`VoxError::UnknownMaterial`], [`VoxError::TooManyMaterials`], [`VoxError::TooManyModels`].
///
/// # Panics
/// If there are not as many cells as `size` says.
pub fn encode(
    size: IVec3,
    cells: &[MaterialId],
    materials: &MaterialTable,
) -> Result<Vec<u8>, VoxError> {
    assert_eq!(cells.len() as u64, size.as_u64vec3().element_product(), "a box of cells");
    let numbers = Numbers::new(cells, materials)?;
    let edge = MAX_EDGE as i32;
    let pieces = (size + edge - 1) / edge;
    let models = pieces.as_usizevec3().element_product();
    if models > MAX_INSTANCES {
        return Err(VoxError::TooManyModels { models, max: MAX_INSTANCES });
    }
    let pieces: Vec<_> = LatticeBox::new(IVec3::ZERO, size).tiles(IVec3::splat(edge)).collect();
    let model = |piece: &LatticeBox| model(*piece, size, cells, &numbers);
    let data = DotVoxData {
        version: 150,
        index_map: Vec::new(),
        models: pieces.iter().map(model).collect(),
        palette: numbers.palette(materials),
        materials: Vec::new(),
        scenes: if models > 1 { scene(&pieces) } else { Vec::new() },
        layers: Vec::new(),
    };
    let mut bytes = Vec::new();
    data.write_vox(&mut bytes).map_err(VoxError::Write)?;
    Ok(bytes)
}

/// Which colour each material of a box has.
struct Numbers {
    /// By material; 0 for those that have none.
    numbers: Vec<u8>,
}

impl Numbers {
    fn new(cells: &[MaterialId], materials: &MaterialTable) -> Result<Self, VoxError> {
        let mut is_used = vec![false; 1 << 16];
        cells.iter().for_each(|cell| is_used[usize::from(cell.0)] = true);
        is_used[usize::from(MaterialId::AIR.0)] = false;
        is_used[usize::from(KEEP.0)] = false;
        let used: Vec<_> = (0..=u16::MAX).filter(|&id| is_used[usize::from(id)]).collect();
        if let Some(&id) = used.iter().find(|&&id| materials.get(MaterialId(id)).is_none()) {
            return Err(VoxError::UnknownMaterial { material: MaterialId(id) });
        }
        let taken: BTreeSet<_> = used.iter().filter_map(|&id| u8::try_from(id).ok()).collect();
        let mut left = (1..=u8::MAX).filter(|number| !taken.contains(number));
        let mut numbers = vec![0; 1 << 16];
        for &id in &used {
            let number = u8::try_from(id).ok().or_else(|| left.next());
            let too_many = VoxError::TooManyMaterials { count: used.len() };
            numbers[usize::from(id)] = number.ok_or(too_many)?;
        }
        Ok(Self { numbers })
    }

    fn of(&self, material: MaterialId) -> u8 {
        self.numbers[usize::from(material.0)]
    }

    fn palette(&self, materials: &MaterialTable) -> Vec<Color> {
        let colour = |id: u16| {
            let [r, g, b] = materials.get(MaterialId(id)).map_or([0; 3], |row| rgb(row.colour));
            Color { r, g, b, a: 255 }
        };
        let mut palette: Vec<_> = (1..=256).map(colour).collect();
        for (id, &number) in (0..=u16::MAX).zip(&self.numbers) {
            if number > 0 {
                palette[usize::from(number) - 1] = colour(id);
            }
        }
        palette
    }
}

/// A part of the box: in the file z is up, and y is what -z is here.
fn model(piece: LatticeBox, size: IVec3, cells: &[MaterialId], numbers: &Numbers) -> Model {
    let edge = piece.size().as_uvec3();
    let voxel = |at: IVec3| {
        let index = (at.y as usize * size.z as usize + at.z as usize) * size.x as usize;
        let number = numbers.of(cells[index + at.x as usize]);
        let at = at - piece.min;
        // Less than 256 each.
        let (x, y, z) = (at.x as u8, (piece.size().z - 1 - at.z) as u8, at.y as u8);
        number.checked_sub(1).map(|i| Voxel { x, y, z, i })
    };
    Model {
        size: Size { x: edge.x, y: edge.z, z: edge.y },
        voxels: voxels_of(piece).filter_map(voxel).collect(),
    }
}

/// A scene that puts each model where its part of the box lies.
fn scene(pieces: &[LatticeBox]) -> Vec<SceneNode> {
    let place = |at: Option<IVec3>, child| {
        let text = at.map(|at| ("_t".to_owned(), format!("{} {} {}", at.x, at.y, at.z)));
        let frames = vec![Frame::new(text.into_iter().collect())];
        SceneNode::Transform { attributes: Dict::new(), frames, child, layer_id: 0 }
    };
    let children = (0..pieces.len() as u32).map(|piece| 2 + 2 * piece).collect();
    let mut nodes = vec![place(None, 1), SceneNode::Group { attributes: Dict::new(), children }];
    for (number, piece) in (0u32..).zip(pieces) {
        // A model is moved by its middle, rounded down to a corner of a voxel.
        let (low, size) = (piece.min, piece.size());
        let at = ivec3(low.x + size.x / 2, size.z / 2 - size.z - low.z, low.y + size.y / 2);
        nodes.push(place(Some(at), 3 + 2 * number));
        let models = vec![ShapeModel { model_id: number, attributes: Dict::new() }];
        nodes.push(SceneNode::Shape { attributes: Dict::new(), models });
    }
    nodes
}
