//! MagicaVoxel scenes: models, where each stands, and their colours.
//!
//! `dot_vox` takes the file apart. What it leaves out without a word (chunks that it cannot parse, chunks
//! within chunks) is refused here before.

use std::{fs, path::Path};

use dot_vox::{Dict, DotVoxData, Model, SceneNode};
use glam::{I64Vec3, IVec3, i64vec3};

use crate::failure::Failure;

/// No file that means anything is larger.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// Models are at most this long, high and wide.
pub const MAX_EDGE: u32 = 256;
/// A scene places at most so many models...
const MAX_INSTANCES: usize = 1 << 16;
/// ...and is walked in at most so many steps, even if its nodes form a circle.
const MAX_STEPS: usize = 1 << 20;

/// A scene with all its models.
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

/// A signed permutation of the axes and a shift, on positions in half voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    /// Which axis each axis of the result is, and its sign.
    rows: [(usize, i64); 3],
    shift: I64Vec3,
}

impl Turn {
    const IDENTITY: Self = Self { rows: [(0, 1), (1, 1), (2, 1)], shift: I64Vec3::ZERO };
    /// z up to y up: x stays, z becomes y, and y becomes -z.
    const UPRIGHT: Self = Self { rows: [(0, 1), (2, 1), (1, -1)], shift: I64Vec3::ZERO };

    fn apply(&self, at: I64Vec3) -> I64Vec3 {
        let row = |row: usize| {
            let (axis, sign) = self.rows[row];
            (sign * at[axis]).saturating_add(self.shift[row])
        };
        i64vec3(row(0), row(1), row(2))
    }

    /// First `inner`, then this.
    fn after(&self, inner: &Self) -> Self {
        let rows = self.rows.map(|(axis, sign)| {
            let (inner_axis, inner_sign) = inner.rows[axis];
            (inner_axis, sign * inner_sign)
        });
        Self { rows, shift: self.apply(inner.shift) }
    }

    /// What the first frame of a transform node says.
    fn of_frame(attributes: &Dict) -> Result<Self, String> {
        let mut turn = Self::IDENTITY;
        if let Some(text) = attributes.get("_r") {
            let refuse = || format!("`_r` is `{text}`, which is no rotation");
            let byte: u8 = text.trim().parse().map_err(|_| refuse())?;
            let (first, second) = (usize::from(byte & 3), usize::from(byte >> 2 & 3));
            if first == second || first > 2 || second > 2 {
                return Err(refuse());
            }
            let sign = |bit: u8| if byte >> bit & 1 == 1 { -1 } else { 1 };
            turn.rows = [(first, sign(4)), (second, sign(5)), (3 - first - second, sign(6))];
        }
        if let Some(text) = attributes.get("_t") {
            let numbers: Option<Vec<i32>> =
                text.split_whitespace().map(|number| number.parse().ok()).collect();
            let Some(&[x, y, z]) = numbers.as_deref() else {
                return Err(format!("`_t` is `{text}`, expected three numbers"));
            };
            turn.shift = i64vec3(x.into(), y.into(), z.into()) * 2;
        }
        Ok(turn)
    }
}

impl Scene {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| Failure::file(path, "cannot read", &error);
        let bytes = fs::metadata(path).map_err(unreadable)?.len();
        if bytes > MAX_FILE_BYTES {
            return Err(Failure::new(format!(
                "{}: {bytes} bytes; at most {MAX_FILE_BYTES} are read: split the scene",
                path.display()
            )));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        Self::parse(&bytes).map_err(|reason| {
            Failure::new(format!("{}: {reason}; export it again as .vox", path.display()))
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
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
                return Err(format!("voxel {x},{y},{z} lies outside of its model {index}"));
            }
        }
        let instances = instances(&data)?;
        Ok(Self { data, instances })
    }

    /// How many models are placed.
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
    pub fn instance_bounds(&self, index: usize) -> (I64Vec3, I64Vec3) {
        let instance = self.instances[index];
        let size = self.data.models[instance.model].size;
        let one = self.cell(instance, 0, 0, 0);
        let other = self.cell(instance, size.x - 1, size.y - 1, size.z - 1);
        (one.min(other), one.max(other) + 1)
    }

    /// The voxels of one placed model, y up, with the number of their colour, 1 to 255.
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

struct Counts {
    models: usize,
    nodes: usize,
}

/// Checks that the file is chunks from its beginning to its end.
fn check_chunks(bytes: &[u8]) -> Result<Counts, String> {
    if bytes.get(..4) != Some(b"VOX ") {
        return Err("not a MagicaVoxel file (it does not begin with `VOX `)".to_owned());
    }
    let cut = || "cut short".to_owned();
    let number = |at: usize| -> Result<u32, String> {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or_else(cut)
    };
    if bytes.get(8..12).ok_or_else(cut)? != b"MAIN" {
        return Err("it has no MAIN chunk".to_owned());
    }
    let mut at = 20u64 + u64::from(number(12)?);
    let end = at + u64::from(number(16)?);
    if end > bytes.len() as u64 {
        return Err(cut());
    }
    let mut counts = Counts { models: 0, nodes: 0 };
    let mut sizes = 0;
    while at < end {
        // Less than the length of the file.
        let here = at as usize;
        let (content, children) = (number(here + 4)?, number(here + 8)?);
        at += 12 + u64::from(content);
        if at > end || children != 0 {
            return Err("a chunk reaches out of the file or into another".to_owned());
        }
        match &bytes[here..here + 4] {
            b"SIZE" => sizes += 1,
            b"XYZI" => {
                counts.models += 1;
                if sizes < counts.models {
                    return Err(format!("model {} has no size", counts.models - 1));
                }
            }
            b"nTRN" | b"nGRP" | b"nSHP" => {
                if content < 4 || number(here + 12)? as usize != counts.nodes {
                    return Err("the nodes of its scene are not numbered in order".to_owned());
                }
                counts.nodes += 1;
            }
            b"RGBA" if content != 1024 => {
                return Err(format!("its palette has {content} bytes, expected 1024"));
            }
            _ => {}
        }
    }
    Ok(counts)
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

/// Writes one model: voxels y up from a corner with the number of their colour, and the colours from number 1.
pub fn save(size: IVec3, voxels: &[(IVec3, u8)], colours: &[[u8; 3]]) -> Result<Vec<u8>, String> {
    let edge = |edge: i32| u32::try_from(edge).map_err(|_| "a negative size".to_owned());
    let model = Model {
        size: dot_vox::Size { x: edge(size.x)?, y: edge(size.z)?, z: edge(size.y)? },
        voxels: voxels
            .iter()
            .map(|&(at, number)| dot_vox::Voxel {
                // At most 256 along each axis: checked by the caller.
                x: at.x as u8,
                y: (size.z - 1 - at.z) as u8,
                z: at.y as u8,
                i: number.saturating_sub(1),
            })
            .collect(),
    };
    let mut palette: Vec<_> =
        colours.iter().map(|&[r, g, b]| dot_vox::Color { r, g, b, a: 255 }).collect();
    palette.resize(256, dot_vox::Color { r: 0, g: 0, b: 0, a: 255 });
    let data = DotVoxData {
        version: 150,
        index_map: Vec::new(),
        models: vec![model],
        palette,
        materials: Vec::new(),
        scenes: Vec::new(),
        layers: Vec::new(),
    };
    let mut bytes = Vec::new();
    data.write_vox(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vec<u8> {
        let voxels = [(IVec3::ZERO, 1), (IVec3::new(1, 2, 3), 2)];
        save(IVec3::new(2, 3, 4), &voxels, &[[1, 2, 3], [250, 0, 9]]).expect("model")
    }

    #[test]
    fn a_saved_model_stands_upright_when_it_is_read() {
        let scene = Scene::parse(&small()).expect("whole");
        let (low, high) = scene.bounds().expect("one model");
        assert_eq!(high - low, i64vec3(2, 3, 4));
        let voxels: Vec<_> = scene.voxels(0).map(|(at, number)| (at - low, number)).collect();
        assert_eq!(voxels, [(I64Vec3::ZERO, 1), (i64vec3(1, 2, 3), 2)]);
        assert_eq!((scene.rgb(1), scene.rgb(2)), (Some([1, 2, 3]), Some([250, 0, 9])));
    }

    #[test]
    fn every_cut_and_every_wrong_byte_is_refused_or_read_without_a_panic() {
        let whole = small();
        for end in 0..whole.len() {
            assert!(Scene::parse(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let _ = Scene::parse(&damaged);
            }
        }
    }

    #[test]
    fn turns_follow_the_file_format() {
        // The example of the format: rows (0, 1, 0), (0, 0, -1), (-1, 0, 0).
        let byte = 1 | 2 << 2 | 1 << 5 | 1 << 6;
        let attributes: Dict =
            [("_r".to_owned(), format!("{byte}")), ("_t".to_owned(), "10 20 -30".to_owned())]
                .into();
        let turn = Turn::of_frame(&attributes).expect("rotation");
        assert_eq!(turn.apply(i64vec3(1, 2, 3)), i64vec3(2 + 20, -3 + 40, -1 - 60));
        let twice = turn.after(&turn);
        assert_eq!(twice.apply(i64vec3(5, 6, 7)), turn.apply(turn.apply(i64vec3(5, 6, 7))));
        for text in ["0", "3", "15", "-1", "300", "x"] {
            assert!(
                Turn::of_frame(&[("_r".to_owned(), text.to_owned())].into()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_scene_in_a_circle_ends_in_an_error() {
        let mut data = dot_vox::load_bytes(&small()).expect("whole");
        data.scenes = vec![SceneNode::Group { attributes: Dict::new(), children: vec![0, 0] }];
        let mut bytes = Vec::new();
        data.write_vox(&mut bytes).expect("memory");
        let Err(error) = Scene::parse(&bytes) else { panic!("a circle is read") };
        assert!(error.contains("circle"), "{error}");
    }
}
