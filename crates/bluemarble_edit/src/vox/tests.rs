use bluemarble_core::{MaterialId, MaterialTable};
use dot_vox::{Dict, SceneNode};
use glam::{I64Vec3, IVec3, i64vec3, ivec3};

use super::*;
use crate::{VoxError, colour::rgb};

fn table() -> MaterialTable {
    MaterialTable::standard()
}

fn small() -> Vec<u8> {
    let mut cells = vec![MaterialId::AIR; 24];
    cells[0] = MaterialId(1);
    // x 1, y 2, z 3.
    cells[23] = MaterialId(9);
    encode(ivec3(2, 3, 4), &cells, &table()).expect("model")
}

#[test]
fn a_saved_model_stands_upright_when_it_is_read() {
    let scene = Scene::parse(&small()).expect("whole");
    let (low, high) = scene.bounds().expect("one model");
    assert_eq!(high - low, i64vec3(2, 3, 4));
    let voxels: Vec<_> = scene.voxels(0).map(|(at, number)| (at - low, number)).collect();
    assert_eq!(voxels, [(I64Vec3::ZERO, 1), (i64vec3(1, 2, 3), 9)]);
    for number in [1, 9] {
        let row = table().get(MaterialId(number.into())).expect("of the table").colour;
        assert_eq!(scene.rgb(number), Some(rgb(row)));
    }
}

#[test]
fn every_cut_and_every_wrong_byte_is_refused_or_read_without_a_panic() {
    let split = encode(ivec3(257, 1, 1), &[MaterialId(3); 257], &table()).expect("models");
    for whole in [small(), split] {
        for end in 0..whole.len() {
            assert!(Scene::parse(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                if let Ok(scene) = Scene::parse(&damaged) {
                    let _ = Colours::new(&scene, &table());
                }
            }
        }
    }
}

#[test]
fn a_scene_in_a_circle_ends_in_an_error() {
    let mut data = dot_vox::load_bytes(&small()).expect("whole");
    data.scenes = vec![SceneNode::Group { attributes: Dict::new(), children: vec![0, 0] }];
    let mut bytes = Vec::new();
    data.write_vox(&mut bytes).expect("memory");
    let Err(error) = Scene::parse(&bytes) else { panic!("a circle is read") };
    assert!(error.to_string().contains("circle"), "{error}");
}

#[test]
fn a_long_box_becomes_models_that_fit_together() {
    for (size, models) in [(ivec3(300, 3, 515), 2 * 3), (ivec3(3, 259, 2), 2)] {
        let material = |at: IVec3| MaterialId(((at.x * 7 + at.y * 11 + at.z * 5) % 21) as u16);
        let all = crate::batch::voxels_of(bluemarble_core::LatticeBox::new(IVec3::ZERO, size));
        let cells: Vec<_> = all.map(material).collect();
        let scene = Scene::parse(&encode(size, &cells, &table()).expect("models")).expect("whole");
        assert_eq!(scene.len(), models);
        assert_eq!(scene.bounds(), Some((I64Vec3::ZERO, size.as_i64vec3())));
        let mut seen = 0;
        for index in 0..scene.len() {
            for (at, number) in scene.voxels(index) {
                assert_eq!(MaterialId(number.into()), material(at.as_ivec3()), "{at}");
                seen += 1;
            }
        }
        assert_eq!(seen, cells.iter().filter(|cell| !cell.is_air()).count());
    }
}

/// A table of this many materials with air, each of its own colour but the last, which looks like the first.
fn long_table(rows: usize) -> MaterialTable {
    let row = |id: usize| {
        let phase = if id == 0 { ", phase: Empty" } else { "" };
        let name = if id == 0 { "air".to_owned() } else { format!("m{id}") };
        let like = if id + 1 == rows { 1 } else { id };
        let (r, g) = ((like % 256) as f32 / 255.0, (like / 256) as f32 / 255.0);
        format!(
            "(name: \"{name}\", colour: ({r:?}, {g:?}, 0.5), roughness: 1.0{phase}, \
             density_kg_m3: 1.0, hardness_mohs: 1.0)"
        )
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    MaterialTable::parse(&format!("[{}]", rows.join(",")), "test").expect("a table")
}

#[test]
fn every_material_of_a_table_of_255_comes_back_even_if_two_look_alike() {
    let table = long_table(256);
    let cells: Vec<_> = (1..=255).map(MaterialId).collect();
    let bytes = encode(ivec3(255, 1, 1), &cells, &table).expect("fits");
    let scene = Scene::parse(&bytes).expect("whole");
    let colours = Colours::new(&scene, &table);
    for number in 1..=255 {
        assert_eq!(colours.material(number), Some(MaterialId(number.into())));
    }
}

#[test]
fn materials_beyond_255_come_back_by_colour_and_more_than_255_at_once_are_refused() {
    let table = long_table(400);
    let cells = [MaterialId(300), MaterialId(1), MaterialId(350)];
    let scene =
        Scene::parse(&encode(ivec3(3, 1, 1), &cells, &table).expect("fits")).expect("whole");
    let colours = Colours::new(&scene, &table);
    let found: Vec<_> =
        scene.voxels(0).filter_map(|(_, number)| colours.material(number)).collect();
    assert_eq!(found, cells);
    let cells: Vec<_> = (1..=256).map(MaterialId).collect();
    let error = encode(ivec3(256, 1, 1), &cells, &table).expect_err("too many");
    assert!(matches!(error, VoxError::TooManyMaterials { count: 256 }), "{error}");
    let error = encode(IVec3::ONE, &[MaterialId(400)], &table).expect_err("unknown");
    assert!(matches!(error, VoxError::UnknownMaterial { .. }), "{error}");
}
