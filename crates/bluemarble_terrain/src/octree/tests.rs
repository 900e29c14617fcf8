use std::{fs, io::Cursor, ops::ControlFlow, sync::Arc};

use bluemarble_core::{
    CHUNK_EDGE, Chunk, ChunkKey, Flat, LatticeBox, MaterialId, Shape, VoxelBox, VoxelPos,
    code::morton_decode,
};
use glam::{IVec3, UVec3, ivec3};
use proptest::prelude::*;

use super::{
    leaf::{HEADER_BYTES, Header, LEAF_BYTES},
    *,
};
use crate::{Baseline, Classification, Empty, TerrainError, VoxelClosure};

/// Spots of a few materials, so that there are leaves of many sizes; 9 is what no leaf covers.
fn number(seed: i32, voxel: IVec3) -> u16 {
    let coarse: IVec3 = voxel >> 3;
    let spot = coarse.x * 7 + coarse.y * 3 + coarse.z * 5 + seed;
    match spot.rem_euclid(7) {
        0 => 9,
        1 => ((voxel.x + voxel.y * 2 + voxel.z) % 3) as u16,
        2 | 3 => 2,
        4 => ((voxel.y >> 2) & 1) as u16,
        _ => 0,
    }
}

/// The octree of a cube, voxel by voxel, as bytes.
fn octree_of(depth: u8, number: impl Fn(IVec3) -> u16) -> (Vec<u8>, u64) {
    let mut writer = LinearOctreeWriter::new(Cursor::new(Vec::new()), depth).expect("depth");
    for code in 0..1u64 << (3 * depth) {
        let material = number(morton_decode(code).as_ivec3());
        if material != 9 {
            writer.push(Leaf { code, lod: 0, material }).expect("in order");
        }
    }
    let (bytes, leaves) = writer.finish().expect("memory");
    (bytes.into_inner(), leaves)
}

/// How many leaves the octree of a cube must have, from the top down.
fn leaves_of(min: IVec3, lod: u8, number: &impl Fn(IVec3) -> u16) -> u64 {
    let edge = 1u32 << lod;
    let all = (0..edge.pow(3)).map(|i| UVec3::new(i % edge, i / edge % edge, i / edge / edge));
    let mut found: Vec<u16> = all.map(|at| number(min + at.as_ivec3())).collect();
    found.dedup();
    match found[..] {
        [9] => 0,
        [_] => 1,
        _ => {
            let half = edge as i32 / 2;
            let corner = |i: i32| min + ivec3(i & 1, i >> 1 & 1, i >> 2) * half;
            (0..8).map(|i| leaves_of(corner(i), lod - 1, number)).sum()
        }
    }
}

fn opened(bytes: &[u8]) -> Result<LinearOctree, TerrainError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.octree");
    fs::write(&path, bytes).expect("written");
    LinearOctree::open(&path)
}

const SHAPE: Shape = Shape::Flat(Flat { voxel_m: 1.0 });

/// What the numbers are in the world: 2 leaves what lies below.
fn material(number: u16) -> Option<MaterialId> {
    match number {
        0 => Some(MaterialId::AIR),
        1 => Some(MaterialId(5)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_octree_has_the_fewest_leaves_and_all_voxels(seed in 0i32..100, depth in 0u8..=5) {
        let (bytes, leaves) = octree_of(depth, |voxel| number(seed, voxel));
        prop_assert_eq!(leaves, leaves_of(IVec3::ZERO, depth, &|voxel| number(seed, voxel)));
        let octree = opened(&bytes).expect("whole");
        prop_assert_eq!((octree.len(), octree.depth()), (leaves, depth));
        for code in 0..1u64 << (3 * depth) {
            let voxel = morton_decode(code).as_ivec3();
            let found = octree.leaf_at(voxel).map_or(9, |leaf| leaf.material);
            prop_assert_eq!(found, number(seed, voxel), "{}", voxel);
        }
    }

    #[test]
    fn a_box_meets_the_leaves_that_it_meets(seed in 0i32..100, min in [0i32..40, 0..40, 0..40], size in [1i32..40, 1..40, 1..40]) {
        let octree = opened(&octree_of(5, |voxel| number(seed, voxel)).0).expect("whole");
        let voxels = LatticeBox::new(IVec3::from(min), IVec3::from(min) + IVec3::from(size));
        let mut all = Vec::new();
        octree.leaves_in(LatticeBox::new(IVec3::ZERO, IVec3::splat(32)), |leaf| {
            all.push(leaf);
            ControlFlow::Continue(())
        });
        prop_assert_eq!(all.len() as u64, octree.len());
        let mut met = Vec::new();
        octree.leaves_in(voxels, |leaf| {
            met.push(leaf);
            ControlFlow::Continue(())
        });
        all.retain(|leaf| leaf.voxels().intersects(&voxels));
        prop_assert_eq!(met, all);
    }

    /// Against a function of voxels, which fills cell by cell.
    #[test]
    fn a_baseline_is_what_its_voxels_are_at_every_lod(seed in 0i32..100, at in [-70i32..70, -70..70, -70..70], lod in 0u8..4, pos in [-2i32..2, -2..2, -2..2]) {
        let min = IVec3::from(at);
        let octree = opened(&octree_of(6, |voxel| number(seed, voxel)).0).expect("whole");
        let below = VoxelClosure::new(1.0, "b", i32::MIN..3, |_, _| MaterialId(1)).expect("a length");
        let baseline = OctreeBaseline::new(octree, Arc::new(below), VoxelPos::new(0, min), material).expect("fits");
        let expected = move |voxel: IVec3, _: u8| {
            let own = voxel - min;
            let inside = own.cmpge(IVec3::ZERO).all() && own.cmplt(IVec3::splat(64)).all();
            let number = if inside { number(seed, own) } else { 9 };
            let below = if voxel.y < 3 { MaterialId(1) } else { MaterialId::AIR };
            if number == 9 { below } else { material(number).unwrap_or(below) }
        };
        let oracle = VoxelClosure::new(1.0, "o", i32::MIN..i32::MAX, expected).expect("a length");
        let key = ChunkKey::new(0, lod, IVec3::from(pos));
        let (mut ours, mut theirs) = (Chunk::default(), Chunk::default());
        baseline.fill(key, &mut ours);
        oracle.fill(key, &mut theirs);
        prop_assert_eq!(ours.to_cells(), theirs.to_cells());
        if let Classification::Uniform(material) = baseline.classify(key.voxel_box(), lod) {
            prop_assert_eq!(ours.as_uniform(), Some(material));
        }
    }

    #[test]
    fn what_is_said_of_a_box_is_true_of_each_of_its_voxels(seed in 0i32..100, at in [0i32..60, 0..60, 0..60], edge in 1i32..6) {
        let octree = opened(&octree_of(6, |voxel| number(seed, voxel)).0).expect("whole");
        let below = Arc::new(Empty::new(SHAPE).expect("a shape"));
        let baseline = OctreeBaseline::new(octree, below, VoxelPos::new(0, IVec3::ZERO), material).expect("fits");
        let min = IVec3::from(at);
        if let Classification::Uniform(found) = baseline.classify(VoxelBox::new(0, LatticeBox::new(min, min + edge)), 0) {
            for i in 0..edge.pow(3) {
                let voxel = min + ivec3(i % edge, i / edge % edge, i / edge / edge);
                let inside = voxel.cmplt(IVec3::splat(64)).all();
                let own = if inside { material(number(seed, voxel)) } else { None };
                prop_assert_eq!(own.unwrap_or(MaterialId::AIR), found, "{}", voxel);
            }
        }
    }
}

#[test]
fn more_leaves_than_a_block_are_found_wherever_they_are() {
    // No two voxels beside each other are alike: 262,144 leaves in 64 blocks.
    let chequered = |voxel: IVec3| ((voxel.x + voxel.y + voxel.z) % 2) as u16;
    let (bytes, leaves) = octree_of(6, chequered);
    assert_eq!(leaves, 1 << 18);
    let octree = opened(&bytes).expect("whole");
    for code in (0..1u64 << 18).step_by(97) {
        let voxel = morton_decode(code).as_ivec3();
        assert_eq!(octree.leaf_at(voxel).map(|leaf| leaf.material), Some(chequered(voxel)));
    }
    octree.check().expect("read");
    let edge = CHUNK_EDGE / 2;
    let mut count = 0;
    octree.leaves_in(LatticeBox::new(IVec3::splat(5), IVec3::splat(5 + edge)), |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(count, edge.pow(3));
}

#[test]
fn the_ground_is_the_topmost_leaf_that_is_not_air() {
    let octree = opened(&octree_of(5, |voxel| u16::from(voxel.y < 10)).0).expect("whole");
    let below = Arc::new(Empty::new(SHAPE).expect("a shape"));
    let at = ivec3(100, 50, -7);
    let baseline =
        OctreeBaseline::new(octree, below, VoxelPos::new(0, at), material).expect("fits");
    assert_eq!(baseline.surface_y(0, 110.5, 3.0), 60.0);
    assert_eq!(
        baseline.surface_y(0, 99.0, 3.0),
        Empty::new(SHAPE).expect("a shape").surface_y(0, 99.0, 3.0)
    );
}

#[test]
fn what_lies_below_shows_through_where_nothing_of_the_octree_is() {
    // A floor at 20, nothing above it; beside it nothing at all.
    let number = |voxel: IVec3| if voxel.y == 20 && voxel.x < 16 { 1 } else { 9 };
    let octree = opened(&octree_of(6, number).0).expect("whole");
    assert_eq!(octree.empty_around(ivec3(60, 60, 60)).size(), IVec3::splat(32));
    for (below_y, expected) in [(7, [21.0, 7.0]), (40, [40.0, 40.0])] {
        let below =
            VoxelClosure::new(1.0, "b", -9..below_y, |_, _| MaterialId(1)).expect("a length");
        let octree = opened(&octree_of(6, number).0).expect("whole");
        let baseline =
            OctreeBaseline::new(octree, Arc::new(below), VoxelPos::new(0, IVec3::ZERO), material)
                .expect("fits");
        assert_eq!([3.0, 40.0].map(|x| baseline.surface_y(0, x, 3.0)), expected);
    }
}

#[test]
fn an_octree_of_one_material_says_nothing_of_all_of_the_lattice() {
    let octree = opened(&octree_of(3, |_| 1).0).expect("whole");
    let below = Arc::new(Empty::new(SHAPE).expect("a shape"));
    let baseline =
        OctreeBaseline::new(octree, below, VoxelPos::new(0, IVec3::ZERO), material).expect("fits");
    for root in SHAPE.roots() {
        let found = baseline.classify(VoxelBox::new(0, root.lattice_box()), root.lod);
        assert_eq!(found, Classification::Mixed, "{root}");
    }
}

/// A planet of one rock, up to the sky.
struct Rock(Shape);

impl Baseline for Rock {
    fn shape(&self) -> Shape {
        self.0
    }

    fn fill(&self, _key: ChunkKey, chunk: &mut Chunk) {
        *chunk = Chunk::uniform(MaterialId(1));
    }

    fn classify(&self, _voxels: VoxelBox, _lod: u8) -> Classification {
        Classification::Uniform(MaterialId(1))
    }

    fn surface_y(&self, _region: u8, _x: f64, _z: f64) -> f64 {
        0.0
    }

    fn fingerprint(&self) -> String {
        "rock".to_owned()
    }
}

#[test]
fn an_octree_at_the_border_of_a_region_shows_the_ground_beyond_it() {
    let edge = CHUNK_EDGE << bluemarble_core::MAX_LOD;
    let at_side = |at: IVec3| {
        let octree = opened(&octree_of(3, |_| 0).0).expect("whole");
        let baseline = OctreeBaseline::new(
            octree,
            Arc::new(Rock(Shape::earth())),
            VoxelPos::new(0, at),
            material,
        );
        let beside = |pos| ChunkKey::new(1, 0, pos).lattice_box();
        let classify =
            |pos| baseline.as_ref().expect("fits").classify(VoxelBox::new(1, beside(pos)), 0);
        let last = edge / CHUNK_EDGE - 1;
        [ivec3(0, 7, 9), ivec3(9, 7, last), ivec3(9, 7, 9)].map(classify)
    };
    let rock = Classification::Uniform(MaterialId(1));
    let mixed = Classification::Mixed;
    assert_eq!(at_side(ivec3(0, 500, 700)), [mixed, mixed, rock]);
    assert_eq!(at_side(ivec3(300, 500, edge - 8)), [mixed, mixed, rock]);
    assert_eq!(at_side(ivec3(300, 500, 700)), [rock; 3]);
}

#[test]
fn every_damaged_octree_is_refused_with_a_reason() {
    let (whole, _) = octree_of(3, |voxel| number(3, voxel));
    assert!(opened(&whole).is_ok());
    for end in 0..whole.len() {
        assert!(opened(&whole[..end]).is_err(), "{end} bytes");
    }
    for at in 0..whole.len() {
        for bit in [0, 3, 7] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            assert!(opened(&damaged).is_err(), "byte {at}");
        }
    }
    let file = |depth, leaves: &[Leaf]| {
        let bytes: Vec<u8> = leaves.iter().flat_map(Leaf::encode).collect();
        let (leaves, leaves_crc) = (leaves.len() as u64, crc32c::crc32c(&bytes));
        [&Header { depth, leaves, leaves_crc }.encode()[..], &bytes].concat()
    };
    let leaf = |code, lod| Leaf { code, lod, material: 1 };
    for (depth, leaves, said) in [
        (2, vec![leaf(64, 0)], "leaf 0 is outside"),
        (2, vec![leaf(0, 3)], "leaf 0 is outside"),
        (2, vec![leaf(4, 1)], "leaf 0 does not begin"),
        (2, vec![leaf(8, 1), leaf(0, 1)], "leaf 1 comes too late"),
        (2, vec![leaf(8, 1), leaf(9, 0)], "leaf 1 comes too late"),
        (2, vec![leaf(8, 1), leaf(8, 1)], "leaf 1 comes too late"),
        (22, vec![], "no octree is deeper"),
    ] {
        let error = opened(&file(depth, &leaves)).expect_err(said).to_string();
        assert!(error.contains("a.octree") && error.contains(said), "{error}");
    }
    assert!(opened(&file(2, &[])).expect("an octree of nothing").is_empty());
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.octree");
    let (mut bytes, _) = octree_of(5, |voxel| number(3, voxel));
    fs::write(&path, &bytes).expect("written");
    let octree = LinearOctree::open(&path).expect("whole");
    bytes[HEADER_BYTES + LEAF_BYTES - 1] ^= 1;
    fs::write(&path, &bytes).expect("written");
    assert!(octree.leaf_at(IVec3::ZERO).is_none());
    let error = octree.check().expect_err("changed").to_string();
    assert!(error.contains("have changed"), "{error}");
}

#[test]
fn leaves_out_of_order_are_not_written() {
    let mut writer = LinearOctreeWriter::new(Cursor::new(Vec::new()), 2).expect("depth");
    writer.push(Leaf { code: 8, lod: 1, material: 1 }).expect("the first");
    for (code, lod) in [(0, 0), (8, 1), (15, 0), (20, 1), (64, 0), (0, 3), (u64::MAX, 0)] {
        assert!(writer.push(Leaf { code, lod, material: 1 }).is_err(), "{code}");
    }
    assert!(LinearOctreeWriter::new(Cursor::new(Vec::new()), 22).is_err());
}
