//! [`Scene`]: what a MagicaVoxel file shows.

use std::{fs, path::Path};

use dot_vox::{Dict, DotVoxData, Model, SceneNode};
use glam::{I64Vec3, i64vec3};

use super::{
    check::check_chunks,
    limits::{MAX_EDGE, MAX_INSTANCES},
    turn::Turn,
};
use crate::VoxError;

/// No file that means anything is larger.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// The most steps in which a scene is walked, even if its nodes form a circle.
const MAX_STEPS: usize = 1 << 20;

/// A scene with all its models.
#[derive(Debug)]
pub struct Scene {
    data: DotVoxData,
    instances: Vec<Instance>,
}

/// A model, turned and moved.
#[derive(Clone, Copy, Debug)]
struct Instance {
    model: usize,
    turn: Turn,
}

impl Scene {
    /// Reads a file.
    ///
    /// # Errors
    /// [`VoxError::File`], around what [`Scene::parse`] refuses; a file that cannot be read, or of more than
    /// a gigabyte.
    pub fn load(path: &Path) -> Result<Self, VoxError> {
        let load = || {
            let bytes = fs::metadata(path).map_err(VoxError::Read)?.len();
            if bytes > MAX_FILE_BYTES {
                return Err(VoxError::FileTooLarge { bytes, max: MAX_FILE_BYTES });
            }
            Self::parse(&fs::read(path).map_err(VoxError::Read)?)
        };
        load().map_err(|error| error.of(path))
    }

    /// Reads the bytes of a file. A damaged file is refused, or read as what it then says; nothing panics.
    ///
    /// # Errors
    /// [`VoxError::Malformed`], with what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, VoxError> {
        Self::parse_checked(bytes).map_err(VoxError::Malformed)
    }

    fn parse_checked(bytes: &[u8]) -> Result<Self, String> {
        let counts = check_chunks(bytes)?;
        let data = dot_vox::load_bytes(bytes).map_err(|_| "not a MagicaVoxel file".to_owned())?;
        if data.models.len() != counts.models {
            return Err("the voxels of a model are damaged".to_owned());
        }
        if data.scenes.len() != counts.nodes {
            return Err("a node of its scene is damaged".to_owned());
        }
        for (index, Model { size, voxels }) in data.models.iter().enumerate() {
            if [size.x, size.y, size.z].iter().any(|edge| !(1..=MAX_EDGE).contains(edge)) {
                let (x, y, z) = (size.x, size.y, size.z);
                return Err(format!(
                    "model {index} claims {x} x {y} x {z} voxels; a model has 1 to 256 each way"
                ));
            }
            let outside = voxels.iter().find(|voxel| {
                u32::from(voxel.x) >= size.x
                    || u32::from(voxel.y) >= size.y
                    || u32::from(voxel.z) >= size.z
            });
            if let Some(voxel) = outside {
                let (x, y, z) = (voxel.x, voxel.y, voxel.z);
                return Err(format!("voxel {x},{y},{z} is outside of its model {index}"));
            }
        }
        let instances = instances(&data)?;
        Ok(Self { data, instances })
    }

    /// How many models are placed.
    #[expect(clippy::len_without_is_empty, reason = "an empty scene has no bounds")]
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    /// The corner below all voxels and the one above, y up; `None` for a scene without models.
    pub fn bounds(&self) -> Option<(I64Vec3, I64Vec3)> {
        (0..self.instances.len()).map(|index| self.instance_bounds(index)).reduce(
            |(low, high), (other_low, other_high)| (low.min(other_low), high.max(other_high)),
        )
    }

    /// The same of one placed model, all of its box.
    ///
    /// # Panics
    /// If `index` is not less than [`Scene::len`].
    pub fn instance_bounds(&self, index: usize) -> (I64Vec3, I64Vec3) {
        let instance = self.instances[index];
        let size = self.data.models[instance.model].size;
        let one = self.cell(instance, 0, 0, 0);
        let other = self.cell(instance, size.x - 1, size.y - 1, size.z - 1);
        (one.min(other), one.max(other) + 1)
    }

    /// The voxels of one placed model, y up, with the number of their colour, 1 to 255.
    ///
    /// # Panics
    /// If `index` is not less than [`Scene::len`].
    pub fn voxels(&self, index: usize) -> impl Iterator<Item = (I64Vec3, u8)> + '_ {
        let instance = self.instances[index];
        self.data.models[instance.model].voxels.iter().map(move |voxel| {
            let at = self.cell(instance, voxel.x.into(), voxel.y.into(), voxel.z.into());
            (at, voxel.i.saturating_add(1))
        })
    }

    /// The colour of a number, if the palette has it.
    pub fn rgb(&self, number: u8) -> Option<[u8; 3]> {
        let colour = self.data.palette.get(usize::from(number.checked_sub(1)?))?;
        Some([colour.r, colour.g, colour.b])
    }

    /// A model turns about its middle, rounded down to a corner of a voxel.
    fn cell(&self, instance: Instance, x: u32, y: u32, z: u32) -> I64Vec3 {
        let size = self.data.models[instance.model].size;
        let pivot = i64vec3((size.x / 2).into(), (size.y / 2).into(), (size.z / 2).into());
        let centre = i64vec3(x.into(), y.into(), z.into()) * 2 + 1 - pivot * 2;
        instance.turn.apply(centre).div_euclid(I64Vec3::splat(2))
    }
}

/// Walks the scene from its root; without a scene every model stands where it is.
fn instances(data: &DotVoxData) -> Result<Vec<Instance>, String> {
    let hidden = |attributes: &Dict| attributes.get("_hidden").is_some_and(|value| value == "1");
    let mut instances = Vec::new();
    if data.scenes.is_empty() {
        let place = |model| Instance { model, turn: Turn::UPRIGHT };
        instances.extend((0..data.models.len()).map(place));
    }
    let mut steps = 0;
    let mut stack = vec![(0u32, Turn::UPRIGHT)];
    while let Some((node, turn)) = stack.pop() {
        if data.scenes.is_empty() {
            break;
        }
        steps += 1;
        if steps > MAX_STEPS || stack.len() > MAX_STEPS || instances.len() > MAX_INSTANCES {
            return Err(format!(
                "its scene goes in a circle, or places more than {MAX_INSTANCES} models"
            ));
        }
        let missing = || format!("its scene has no node {node}");
        match data.scenes.get(node as usize).ok_or_else(missing)? {
            SceneNode::Transform { attributes, frames, child, layer_id } => {
                let layer = data.layers.get(*layer_id as usize);
                if hidden(attributes) || layer.is_some_and(|layer| layer.hidden()) {
                    continue;
                }
                let own = frames.first().map(|frame| Turn::of_frame(&frame.attributes));
                stack.push((*child, turn.after(&own.transpose()?.unwrap_or(Turn::IDENTITY))));
            }
            SceneNode::Group { attributes, children } => {
                if !hidden(attributes) {
                    // The last one first, so that they are placed in order.
                    stack.extend(children.iter().rev().map(|&child| (child, turn)));
                }
            }
            SceneNode::Shape { attributes, models } => {
                // More than one model is an animation, of which the first picture is taken.
                let Some(model) = models.first().filter(|_| !hidden(attributes)) else { continue };
                let model = model.model_id as usize;
                if model >= data.models.len() {
                    return Err(format!("its scene has no model {model}"));
                }
                instances.push(Instance { model, turn });
            }
        }
    }
    Ok(instances)
}
