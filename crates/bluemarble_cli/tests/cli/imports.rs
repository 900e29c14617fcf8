//! Elevations, volumes and scenes come in, and bad ones leave no trace.

use std::fs;

use crate::support::{
    done, done_with, empty_world, folder, geotiff, npy, refused, run, tree, vox, vox_group,
    vox_model, vox_palette, vox_shape, vox_transform,
};

#[test]
fn a_planet_is_as_high_as_its_elevations() {
    let folder = folder();
    let dir = folder.path();
    // Land of 2000 m in the east, a sea of 3000 m in the west.
    let bytes = geotiff(|_, column| if column < 18 { -3000 } else { 2000 });
    fs::write(dir.join("two.tif"), bytes).unwrap();
    done(dir, "import heights w two.tif --seed 5");
    // The world stands on its own feet.
    fs::remove_file(dir.join("two.tif")).unwrap();
    fs::rename(dir.join("w"), dir.join("moved")).unwrap();
    // Region 0 is around longitude 0, its x points east: 45 degrees to both sides.
    let sea_level = 1 << 25;
    let voxel_m = 6_371_008.8 * std::f64::consts::FRAC_PI_2 / f64::from(1 << 26);
    let at = |lon_deg: f64, height_m: f64| {
        let x = (lon_deg / 90.0 + 0.5) * f64::from(1 << 26);
        format!("0,{},{},{}\n", x as i32, sea_level + (height_m / voxel_m) as i32, 1 << 25)
    };
    let asked = [at(-30.0, -100.0), at(-30.0, 100.0), at(30.0, 500.0), at(30.0, 4000.0)].concat();
    let answers = done_with(dir, "get moved --names", &asked);
    let answers: Vec<_> = answers.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    // Which way x points decides which side is which: found by the sea.
    let (sea, land) = if answers[0] == "water" { (0, 2) } else { (2, 0) };
    assert_eq!((sea, land), (0, 2), "{answers:?}");
    assert_eq!(answers[1], "air", "{answers:?}");
    assert!(answers[2] != "air" && answers[2] != "water", "{answers:?}");
    assert_eq!(answers[3], "air", "{answers:?}");
}

#[test]
fn bad_elevations_make_no_world() {
    let folder = folder();
    let dir = folder.path();
    let whole = geotiff(|row, _| row as i16);
    let mut cases: Vec<(Vec<u8>, &str)> = [0, 3, 8, 100, whole.len() / 2, whole.len() - 1]
        .into_iter()
        .map(|end| (whole[..end].to_vec(), "bad.tif: "))
        .collect();
    cases.push((b"\x89PNG\r\n\x1a\n".to_vec(), "not a TIFF"));
    cases.push((geotiff(|_, _| 30_000), "not an elevation"));
    for (bytes, said) in cases {
        fs::write(dir.join("bad.tif"), &bytes).unwrap();
        refused(dir, "import heights w bad.tif", said);
        assert!(!dir.join("w").exists(), "{} bytes", bytes.len());
    }
}

/// Something in every material, without a pattern.
fn mixed(at: [usize; 3]) -> u16 {
    ((at[0] * 31 + at[1] * 17 + at[2] * 7 + at[0] * at[2]) % 21) as u16
}

#[test]
fn a_volume_comes_back_as_it_went_in() {
    let folder = empty_world();
    let dir = folder.path();
    let shape = [70, 300, 67];
    let whole = npy(shape, mixed);
    fs::write(dir.join("a.npy"), &whole).unwrap();
    let said = done(dir, "import volume w a.npy --at 0,-30,-7,-290 --json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["voxels"], 70 * 300 * 67);
    done(dir, "export w --box 0,-30,-7,-290,37,63,10 --npy b.npy");
    let (one, other) = (fs::read(dir.join("b.npy")).unwrap(), whole);
    assert_eq!(crate::support::npy_items(&one), crate::support::npy_items(&other));
    // The first axis is y, the second z, the third x.
    let answer = done_with(dir, "get w", &format!("0,{},{},{}\n", -30 + 5, -7 + 3, -290 + 2));
    assert!(answer.ends_with(&format!(",{}\n", mixed([3, 2, 5]))), "{answer}");
}

#[test]
fn raw_volumes_axes_and_rules_do_what_they_say() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,0,0,0,8,8,8,rock\n");
    // Two along x, three along y, four along z.
    let bytes: Vec<u8> = (0..24).collect();
    fs::write(dir.join("a.raw"), &bytes).unwrap();
    done(
        dir,
        "import volume w a.raw --shape 2,3,4 --dtype u8 --axes xyz --at 0,0,0,0 \
         --map *=granite --map 0-4=keep,23=air",
    );
    for (x, y, z) in [(0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 0, 3), (1, 2, 3), (5, 5, 5)] {
        let number = (x * 3 + y) * 4 + z;
        let expected = match number {
            _ if x > 1 => "rock",
            0..=4 => "rock",
            23 => "air",
            _ => "granite",
        };
        let position = format!("0,{x},{y},{z}");
        let answer = done_with(dir, "get w --names", &position);
        assert_eq!(answer, format!("{position},{expected}\n"));
    }
    let items: Vec<u8> = [3u16, 0xffff, 7].iter().flat_map(|item| item.to_le_bytes()).collect();
    fs::write(dir.join("b.raw"), items).unwrap();
    done(dir, "import volume w b.raw --shape 1,1,3 --dtype u16 --at 0,4,4,4");
    assert_eq!(
        done_with(dir, "get w", "0,4,4,4\n0,5,4,4\n0,6,4,4\n"),
        "0,4,4,4,3\n0,5,4,4,8\n0,6,4,4,7\n"
    );
}

#[test]
fn bad_volumes_leave_the_world_as_it_was() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,1,1,1,rock\n");
    // The manifest may have noted that an import was begun, and given up.
    let but_manifest = || {
        let mut tree = tree(&dir.join("w"));
        tree.retain(|path, _| !path.starts_with("manifest"));
        tree
    };
    let before = but_manifest();
    let whole = npy([4, 5, 6], mixed);
    let header = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    };
    let claims = |descr: &str, shape: &str| {
        header(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"))
    };
    let mut cases: Vec<(Vec<u8>, &str)> =
        (0..whole.len()).step_by(7).map(|end| (whole[..end].to_vec(), "bad.npy: ")).collect();
    cases.push((whole[..whole.len() - 1].to_vec(), "cut short"));
    cases.push(([whole.as_slice(), b"x"].concat(), "4 x 5 x 6"));
    cases.push((b"PK\x03\x04 and more".to_vec(), "not a .npy file"));
    cases.push((claims("<f8", "(1, 1, 1)"), "<f8"));
    cases.push((claims("<u2", "(1, 1)"), "not three axes"));
    cases.push((claims("<u2", "(0, 1, 1)"), "no number"));
    let huge = "(9223372036854775807, 9223372036854775807, 9223372036854775807)";
    cases.push((claims("<u2", huge), "9223372036854775807"));
    cases.push((claims("<u2", "(100000, 100000, 100000)"), "cut short"));
    // The last number only: found before the first voxel changes.
    let unknown = |at: [usize; 3]| if at == [3, 4, 5] { 500 } else { 1 };
    cases.push((npy([4, 5, 6], unknown), "it holds 500"));
    for (bytes, said) in cases {
        fs::write(dir.join("bad.npy"), &bytes).unwrap();
        refused(dir, "import volume w bad.npy --at 0,0,0,0", said);
    }
    fs::write(dir.join("a.npy"), &whole).unwrap();
    for (flags, said) in [
        ("--at 0,0,0", "3 fields"),
        ("--at 1,0,0,0", "region 1 does not exist"),
        ("--at 0,67108863,0,0", "reaches out of region 0"),
        ("--at 0,2147483647,0,0", "out of the lattice"),
        ("--at 0,0,0,0 --axes xxz", "--axes xxz"),
        ("--at 0,0,0,0 --map 3=cheese", "--map 3=cheese: no material is named `cheese`"),
        ("--at 0,0,0,0 --shape 1,2", "--dtype"),
        ("--at 0,0,0,0 --shape 1,2 --dtype u8", "not three axes"),
        ("--at 0,0,0,0 --shape 4,5,7 --dtype u16", "4 x 5 x 7"),
    ] {
        refused(dir, &format!("import volume w a.npy {flags}"), said);
    }
    refused(dir, "import volume w none.npy --at 0,0,0,0", "none.npy: cannot read");
    assert_eq!(but_manifest(), before);
}

#[test]
fn a_model_stands_upright_in_materials_of_its_colours() {
    let folder = empty_world();
    let dir = folder.path();
    // z is up in the file: a tower of three colours, and one voxel beside its foot.
    let mut chunks =
        vox_model([2, 3, 4], &[[0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 3, 3], [1, 2, 0, 1]]).to_vec();
    // Dark basalt, snow, brick.
    chunks.push(vox_palette(&[[58, 58, 60], [250, 250, 250], [150, 66, 50]]));
    fs::write(dir.join("a.vox"), vox(&chunks)).unwrap();
    done(dir, "import vox w a.vox --at 0,10,20,30");
    let answers = done_with(
        dir,
        "get w --names",
        // The file's y points away from the reader, the lattice's z towards.
        "0,10,20,32\n0,10,21,32\n0,10,23,32\n0,11,20,30\n0,10,22,32\n",
    );
    let expected = "0,10,20,32,basalt\n0,10,21,32,snow\n0,10,23,32,brick\n0,11,20,30,basalt\n\
                    0,10,22,32,air\n";
    assert_eq!(answers, expected);
    done(dir, "import vox w a.vox --at 0,10,20,30 --map 1=glass,2=keep,3=air");
    let answers = done_with(dir, "get w --names", "0,10,20,32\n0,10,21,32\n0,10,23,32\n");
    assert_eq!(answers, "0,10,20,32,glass\n0,10,21,32,snow\n0,10,23,32,air\n");
}

#[test]
fn a_scene_of_several_models_is_put_together_as_the_file_says() {
    let folder = empty_world();
    let dir = folder.path();
    let row = vox_model([3, 1, 1], &[[0, 0, 0, 1], [1, 0, 0, 1], [2, 0, 0, 2]]);
    let one = vox_model([1, 1, 1], &[[0, 0, 0, 3]]);
    let chunks = [
        row.to_vec(),
        one.to_vec(),
        vec![
            vox_transform(0, 1, &[]),
            vox_group(1, &[2, 4, 6]),
            vox_transform(2, 3, &[]),
            vox_shape(3, 0),
            // A quarter turn about the upright axis: x becomes y. Five up.
            vox_transform(4, 5, &[("_r", "17"), ("_t", "0 0 5")]),
            vox_shape(5, 0),
            vox_transform(6, 7, &[("_t", "4 0 0")]),
            vox_shape(7, 1),
            vox_palette(&[[58, 58, 60], [250, 250, 250], [150, 66, 50]]),
        ],
    ]
    .concat();
    fs::write(dir.join("a.vox"), vox(&chunks)).unwrap();
    let said = done(dir, "import vox w a.vox --at 0,0,0,0 --json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["models"], &said["voxels"]), (&3.into(), &7.into()), "{said}");
    // Whatever the corner is, the parts keep their places to each other: look for all of them.
    done(dir, "export w --box 0,0,0,0,8,8,8 --npy a.npy");
    let items = crate::support::npy_items(&fs::read(dir.join("a.npy")).unwrap());
    let of = |material: u16| -> Vec<[usize; 3]> {
        let found = items.iter().enumerate().filter(|&(_, &item)| item == material);
        found.map(|(at, _)| [at % 8, at / 64, at / 8 % 8]).collect()
    };
    let (basalt, snow, brick) = (of(16), of(9), of(18));
    assert_eq!((basalt.len(), snow.len(), brick.len()), (4, 2, 1), "{items:?}");
    // The flat row lies along x, its snow at the far end; the brick two voxels beyond it.
    let low: Vec<_> = basalt.iter().filter(|at| at[1] == 0).collect();
    let (end, far) = (snow.iter().find(|at| at[1] == 0).unwrap(), brick[0]);
    assert_eq!(low.len(), 2);
    assert!(low.iter().all(|at| at[2] == end[2] && at[0] < end[0]), "{low:?} {end:?}");
    assert_eq!((far[0], far[1]), (end[0] + 3, 0));
    // The turned one lies along z, five higher.
    let high: Vec<_> = basalt.iter().filter(|at| at[1] == 5).collect();
    let end = snow.iter().find(|at| at[1] == 5).unwrap();
    assert_eq!(high.len(), 2);
    assert!(high.iter().all(|at| at[0] == end[0] && at[2] != end[2]), "{high:?} {end:?}");
}

#[test]
fn bad_scenes_leave_the_world_as_it_was() {
    let folder = empty_world();
    let dir = folder.path();
    let before = tree(&dir.join("w"));
    let model = vox_model([2, 2, 2], &[[0, 0, 0, 1], [1, 1, 1, 2]]);
    let whole = vox(&model);
    let mut cases: Vec<(Vec<u8>, &str)> =
        (0..whole.len()).map(|end| (whole[..end].to_vec(), "bad.vox: ")).collect();
    cases.push((b"RIFF and so on and on".to_vec(), "not a MagicaVoxel file"));
    cases.push((vox(&vox_model([2, 2, 2], &[[2, 0, 0, 1]])), "outside of its model"));
    cases.push((vox(&vox_model([u32::MAX, 2, 2], &[])), "4294967295"));
    cases.push((vox(&[]), "shows no model"));
    let mut lying = vox_model([2, 2, 2], &[[0, 0, 0, 1]]);
    lying[1].1[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    cases.push((vox(&lying), "damaged"));
    cases.push((vox(&lying[1..]), "has no size"));
    let scene = |nodes: &[(&'static str, Vec<u8>)]| vox(&[&model[..], nodes].concat());
    cases.push((scene(&[vox_group(0, &[0, 0])]), "circle"));
    cases.push((scene(&[vox_group(0, &[9])]), "no node 9"));
    cases.push((scene(&[vox_shape(0, 4)]), "no model 4"));
    cases.push((scene(&[vox_group(3, &[])]), "not numbered in order"));
    cases.push((scene(&[vox_transform(0, 1, &[("_r", "3")]), vox_shape(1, 0)]), "no rotation"));
    cases.push((scene(&[vox_transform(0, 1, &[("_t", "1 2")]), vox_shape(1, 0)]), "three numbers"));
    // Chunks within chunks within chunks.
    let mut deep = Vec::new();
    for _ in 0..50_000 {
        deep = [b"MAIN\0\0\0\0", &(deep.len() as u32).to_le_bytes()[..], &deep].concat();
        if deep.len() > 200_000 {
            break;
        }
    }
    cases.push(([b"VOX \x96\0\0\0", &deep[..]].concat(), "bad.vox: "));
    for (bytes, said) in cases {
        fs::write(dir.join("bad.vox"), &bytes).unwrap();
        refused(dir, "import vox w bad.vox --at 0,0,0,0", said);
    }
    fs::write(dir.join("a.vox"), &whole).unwrap();
    refused(dir, "import vox w a.vox --at 0,67108863,0,0", "reaches out of region 0");
    refused(dir, "import vox w a.vox --at 0,0,0,0 --map 1=cheese", "`cheese`");
    refused(dir, "import vox w none.vox --at 0,0,0,0", "none.vox: cannot read");
    assert_eq!(tree(&dir.join("w")), before);
    assert_eq!(run(dir, "verify w").code, 0);
}
