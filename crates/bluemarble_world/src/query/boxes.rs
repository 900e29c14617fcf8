//! [`HomogeneousBox`]: a box of one material, and how such boxes are joined.

use bluemarble_core::{LatticeBox, MaterialId};
use glam::IVec3;
use serde::Serialize;

/// A box of one material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HomogeneousBox {
    /// The voxels.
    pub voxels: LatticeBox,
    /// What all of them are made of, at the lod asked about.
    pub material: MaterialId,
}

impl HomogeneousBox {
    fn of_voxel(voxel: IVec3, material: MaterialId) -> Self {
        Self { voxels: LatticeBox::new(voxel, voxel + 1), material }
    }
}

/// Joins boxes of one material that share a whole side, until no two do: along x, then z, then y, and again. The
/// order in which boxes come does not matter; those that come out are sorted by y, z and x.
pub fn join(mut boxes: Vec<HomogeneousBox>) -> Vec<HomogeneousBox> {
    loop {
        let before = boxes.len();
        for axis in [0, 2, 1] {
            join_along(&mut boxes, axis);
        }
        if boxes.len() == before {
            break;
        }
    }
    boxes
        .sort_unstable_by_key(|found| (found.voxels.min.y, found.voxels.min.z, found.voxels.min.x));
    boxes
}

fn join_along(boxes: &mut Vec<HomogeneousBox>, axis: usize) {
    let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
    let line = |found: &HomogeneousBox| -> (MaterialId, [i32; 4]) {
        let (min, max) = (found.voxels.min, found.voxels.max);
        (found.material, [min[one], max[one], min[two], max[two]])
    };
    boxes.sort_unstable_by_key(|found| (line(found), found.voxels.min[axis]));
    boxes.dedup_by(|next, last| {
        let joins = line(next) == line(last) && last.voxels.max[axis] == next.voxels.min[axis];
        if joins {
            last.voxels.max[axis] = next.voxels.max[axis];
        }
        joins
    });
}

/// The cells of a box of one chunk, in boxes: runs along x, joined along z, then y; where joining goes on is for
/// [`join`] to find. The cells are those from `min` to `max`, x fastest, then z, then y.
pub fn of_cells(min: IVec3, max: IVec3, cells: &[MaterialId]) -> Vec<HomogeneousBox> {
    let mut rows = cells.chunks_exact((max.x - min.x).max(1) as usize);
    let (mut done, mut below, mut layer) = (Vec::new(), Vec::new(), Vec::new());
    let (mut behind, mut runs) = (Vec::new(), Vec::new());
    for y in min.y..max.y {
        for z in min.z..max.z {
            let mut x = min.x;
            for run in rows.next().unwrap_or_default().chunk_by(PartialEq::eq) {
                let mut found = HomogeneousBox::of_voxel(IVec3::new(x, y, z), run[0]);
                x += run.len() as i32;
                found.voxels.max.x = x;
                runs.push(found);
            }
            extend(&mut behind, &mut runs, 2, |found| (0, found.voxels.min.x), &mut layer);
        }
        layer.append(&mut behind);
        let place = |found: &HomogeneousBox| (found.voxels.min.z, found.voxels.min.x);
        layer.sort_unstable_by_key(place);
        extend(&mut below, &mut layer, 1, place, &mut done);
    }
    done.append(&mut below);
    done
}

/// Boxes that follow others along an axis, both sorted by `place`: each goes on with the one before it that has
/// the same side and material. The others before them are done.
fn extend(
    before: &mut Vec<HomogeneousBox>,
    next: &mut Vec<HomogeneousBox>,
    axis: usize,
    place: impl Fn(&HomogeneousBox) -> (i32, i32),
    done: &mut Vec<HomogeneousBox>,
) {
    let mut olds = before.drain(..).peekable();
    for new in next.iter_mut() {
        while let Some(old) = olds.next_if(|old| place(old) <= place(new)) {
            let mut longer = *new;
            longer.voxels.min[axis] = old.voxels.min[axis];
            let mut same = old;
            same.voxels.max[axis] = new.voxels.max[axis];
            if longer == same {
                *new = longer;
            } else {
                done.push(old);
            }
        }
    }
    done.extend(olds);
    before.append(next);
}
