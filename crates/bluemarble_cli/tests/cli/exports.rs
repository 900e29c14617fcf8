//! Boxes go out and others can read them.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{done, done_with, empty_world, folder, npy_items, refused, shards, tree};

/// A plain Zarr array of u16 in gzip chunks of 64³, read by its document alone.
fn read_zarr(dir: &Path) -> (Value, [usize; 3], Vec<u16>) {
    let document: Value =
        serde_json::from_slice(&fs::read(dir.join("zarr.json")).unwrap()).unwrap();
    let numbers = |value: &Value| -> Vec<usize> {
        value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
    };
    assert_eq!(document["data_type"], "uint16");
    assert_eq!(document["codecs"][1]["name"], "gzip");
    let shape: [usize; 3] = numbers(&document["shape"]).try_into().unwrap();
    let edge = numbers(&document["chunk_grid"]["configuration"]["chunk_shape"]);
    assert_eq!(edge, [64, 64, 64]);
    let fill = document["fill_value"].as_u64().unwrap() as u16;
    let mut items = vec![fill; shape.iter().product()];
    for (name, bytes) in tree(&dir.join("c")) {
        let place: Vec<usize> = name.iter().map(|n| n.to_str().unwrap().parse().unwrap()).collect();
        let mut raw = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
        std::io::Read::read_to_end(&mut decoder, &mut raw).unwrap();
        assert_eq!(raw.len(), 64 * 64 * 64 * 2);
        for (index, item) in raw.chunks_exact(2).enumerate() {
            let at = [index / 4096, index / 64 % 64, index % 64];
            let at: Vec<usize> = (0..3).map(|axis| place[axis] * 64 + at[axis]).collect();
            if (0..3).all(|axis| at[axis] < shape[axis]) {
                items[(at[0] * shape[1] + at[1]) * shape[2] + at[2]] =
                    u16::from_le_bytes([item[0], item[1]]);
            }
        }
    }
    (document, shape, items)
}

#[test]
fn zarr_and_npy_copies_hold_what_get_says() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline noise --seed 3");
    done_with(dir, "edit w", "0,-3,-3,-3,70,40,9,brick\n0,5,20,5,water\n");
    for lod in [0, 2] {
        let place = "0,-5,-70,-6,75,50,12";
        done(dir, &format!("export w --box {place} --lod {lod} --zarr z{lod}"));
        done(dir, &format!("export w --box {place} --lod {lod} --npy a{lod}.npy"));
        let (document, shape, items) = read_zarr(&dir.join(format!("z{lod}")));
        assert_eq!(npy_items(&fs::read(dir.join(format!("a{lod}.npy"))).unwrap()), items);
        let origin: Vec<i32> = document["attributes"]["origin"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_i64().unwrap() as i32)
            .collect();
        assert_eq!(origin, [-70 >> lod, -6 >> lod, -5 >> lod]);
        let position = |index: usize| {
            let at = [index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]];
            let [y, z, x]: [i32; 3] =
                std::array::from_fn(|axis| (origin[axis] + at[axis] as i32) << lod);
            format!("0,{x},{y},{z}")
        };
        let some: Vec<usize> = (0..items.len()).step_by(97).collect();
        let asked: String = some.iter().map(|&index| position(index) + "\n").collect();
        let answers = done_with(dir, &format!("get w --lod {lod}"), &asked);
        for (&index, answer) in some.iter().zip(answers.lines()) {
            assert_eq!(answer, format!("{},{}", position(index), items[index]));
        }
        assert!(items.contains(&18) && items.contains(&0) && !items.contains(&65535));
    }
}

#[test]
fn without_the_baseline_unedited_cells_are_marked() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline superflat");
    done_with(dir, "edit w", "0,1,1,1,brick\n");
    fs::remove_file(dir.join("w/bluemarble.json")).unwrap();
    done(dir, "export w --box 0,0,0,0,128,2,2 --npy a.npy");
    let items = npy_items(&fs::read(dir.join("a.npy")).unwrap());
    assert_eq!(items.iter().filter(|&&item| item == 18).count(), 1);
    // The chunk beside the edited one is not stored.
    assert_eq!(items.iter().filter(|&&item| item == 65535).count(), 64 * 4);
    done(dir, "export w --box 0,0,0,0,128,2,2 --vox a.vox");
}

#[test]
fn a_model_goes_out_and_comes_back() {
    let folder = empty_world();
    let dir = folder.path();
    let materials: Vec<String> = serde_json::from_value(
        serde_json::from_str::<Value>(&done(dir, "info w --json")).unwrap()["materials"].clone(),
    )
    .unwrap();
    let lines: String = materials
        .iter()
        .enumerate()
        .map(|(i, name)| format!("0,{},{},{},{name}\n", i * 12 % 250, i * i % 200, 255 - i))
        .collect();
    done_with(dir, "edit w", &lines);
    done(dir, "export w --box 0,0,0,0,256,256,256 --vox a.vox");
    done(dir, "new v --baseline empty");
    done(dir, "import vox v a.vox --at 0,0,0,0");
    let asked: String = (0..materials.len())
        .map(|i| format!("0,{},{},{}\n", i * 12 % 250, i * i % 200, 255 - i))
        .collect();
    assert_eq!(done_with(dir, "get v --names", &asked), done_with(dir, "get w --names", &asked));
    done(dir, "export w --box 0,0,0,0,256,256,256 --npy w.npy");
    done(dir, "export v --box 0,0,0,0,256,256,256 --npy v.npy");
    assert!(fs::read(dir.join("w.npy")).unwrap() == fs::read(dir.join("v.npy")).unwrap());
}

#[test]
fn what_cannot_be_exported_is_refused_and_nothing_is_left_behind() {
    let folder = empty_world();
    let dir = folder.path();
    fs::create_dir(dir.join("full")).unwrap();
    fs::write(dir.join("full/x"), "x").unwrap();
    let before = tree(dir);
    for (flags, said) in [
        ("--box 0,0,0,0,1,1,1", "required"),
        ("--box 0,0,0,0,1,1,1 --npy a --vox b", "cannot be used with"),
        ("--box 0,0,0,0,1,1 --npy a", "6 fields"),
        ("--box 0,0,0,0,0,1,1 --npy a", "the box is empty"),
        ("--box 9,0,0,0,1,1,1 --npy a", "region 9 does not exist"),
        ("--box 0,0,0,0,67108865,1,1 --npy a", "reaches out of region 0"),
        ("--box 0,0,0,0,1,1,1 --lod 21 --npy a", "lod 21 does not exist"),
        ("--box 0,0,0,0,257,512,512 --vox a", "at most 67108864"),
        ("--box 0,0,0,0,1,1,1 --zarr full", "not empty"),
        ("--box 0,0,0,0,1,1,1 --npy no/such/folder/a", "cannot write"),
    ] {
        refused(dir, &format!("export w {flags}"), said);
    }
    assert_eq!(tree(dir), before);
    assert_eq!(shards(&dir.join("w")).len(), 0);
}

#[test]
fn zarr_python_reads_a_copy() {
    let python = std::env::var_os("BLUEMARBLE_PYTHON").expect(
        "BLUEMARBLE_PYTHON is not set: ./scripts/test.sh installs zarr-python and runs the tests",
    );
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,3,4,5,brick\n");
    done(dir, "export w --box 0,0,0,0,100,80,70 --zarr z");
    let code = "import zarr; a = zarr.open_array('z', mode='r'); \
                print(a.shape, int(a[4, 5, 3]), int(a[:].sum()))";
    let output = Command::new(python).current_dir(dir).args(["-c", code]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said.trim(), "(80, 70, 100) 18 18", "{output:?}");
}
