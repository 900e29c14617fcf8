//! Files that are missing, older or from elsewhere are noticed; copies bring them back, or the loss is accepted.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{Ran, done, done_with, folder, run, run_with, shards, tree};

/// Voxels in shards of their own, and what they are.
const VOXELS: &str = "0,1,500,1\n0,700,500,1\n0,1,500,900\n";

/// A world with edits, an older copy of it (`older`) and one as it is (`copy`).
fn copied() -> tempfile::TempDir {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline noise --seed 4");
    let edit = |material: &str| {
        let lines: String = VOXELS.lines().map(|line| format!("{line},{material}\n\n")).collect();
        done_with(dir, "edit w", &lines);
    };
    edit("granite");
    copy_dir(&dir.join("w"), &dir.join("older"));
    edit("brick");
    copy_dir(&dir.join("w"), &dir.join("copy"));
    folder
}

fn copy_dir(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        fs::create_dir_all(to.join(&path).parent().unwrap()).unwrap();
        fs::write(to.join(path), bytes).unwrap();
    }
}

/// The materials of all voxels.
fn materials(dir: &Path) -> Vec<String> {
    let out = done_with(dir, "get w", VOXELS);
    out.lines().map(|line| line.rsplit_once(',').unwrap().1.to_owned()).collect()
}

const BRICK: &str = "18";
const GRANITE: &str = "15";
const AIR: &str = "0";

fn verified(dir: &Path) -> (Ran, Value) {
    let ran = run(dir, "verify w --json");
    let said = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, said)
}

/// The shard of lod 0 with the second voxel.
fn second_shard(dir: &Path) -> String {
    let is_it =
        |name: &&std::path::PathBuf| name.starts_with("region0/lod0") && name.ends_with("262146");
    shards(&dir.join("w")).iter().find(is_it).unwrap().display().to_string()
}

#[test]
fn a_deleted_shard_is_an_error_until_a_copy_brings_it_back() {
    let folder = copied();
    let dir = folder.path();
    let whole = tree(&dir.join("w"));
    let shard = second_shard(dir);
    fs::remove_file(dir.join("w").join(&shard)).unwrap();

    let ran = run_with(dir, "get w", VOXELS);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains(&format!("{shard}: missing: a shard with edits up to batch")),
        "{ran:?}"
    );
    assert_eq!(done_with(dir, "get w", "0,1,500,1\n"), format!("0,1,500,1,{BRICK}\n"));
    let (ran, said) = verified(dir);
    assert_eq!(ran.code, 1, "{ran:?}");
    let damaged = said["damaged"].as_array().unwrap();
    assert_eq!(damaged.len(), 1, "{said}");
    assert_eq!(
        (&damaged[0]["part"], &damaged[0]["path"]),
        (&"missing_shard".into(), &shard.clone().into())
    );

    // Neither without a copy nor with one that is older.
    for args in ["repair w", "repair w --from older"] {
        let ran = run(dir, args);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains(&shard) && ran.err.contains("--from COPY"), "{ran:?}");
    }
    let out = done(dir, "repair w --from copy");
    assert!(out.contains(&format!("restored {shard}\n")), "{out}");
    assert_eq!(verified(dir).0.code, 0);
    assert_eq!(materials(dir), [BRICK; 3]);
    let is_data = |path: &std::path::PathBuf| path.starts_with("region0");
    let data = |mut files: std::collections::BTreeMap<_, _>| {
        files.retain(|path, _| is_data(path));
        files
    };
    assert_eq!(data(tree(&dir.join("w"))), data(whole));
}

#[test]
fn an_older_copy_is_taken_only_if_its_loss_is_accepted() {
    let folder = copied();
    let dir = folder.path();
    let shard = second_shard(dir);
    fs::remove_file(dir.join("w").join(&shard)).unwrap();
    let out = done(dir, "repair w --from older --forget");
    assert!(out.contains(&format!("restored {shard} with the edits up to batch ")), "{out}");
    assert_eq!(verified(dir).0.code, 0);
    assert_eq!(materials(dir), [BRICK, GRANITE, BRICK]);
}

#[test]
fn a_shard_that_is_forgotten_is_the_baseline_again_in_every_lod() {
    let folder = copied();
    let dir = folder.path();
    let shard = second_shard(dir);
    fs::remove_file(dir.join("w").join(&shard)).unwrap();
    let out = done(dir, "repair w --forget");
    assert!(out.contains(&format!("forgot {shard}\n")), "{out}");
    assert_eq!(verified(dir).0.code, 0);
    assert_eq!(materials(dir), [BRICK, AIR, BRICK]);
    // As a world that never had it.
    done(dir, "new v --baseline noise --seed 4");
    done_with(dir, "edit v", "0,1,500,1,brick\n0,1,500,900,brick\n");
    for lod in 0..8 {
        let export = |world: &str| {
            done(
                dir,
                &format!("export {world} --box 0,600,300,-100,800,600,100 --lod {lod} --npy a.npy"),
            );
            fs::read(dir.join("a.npy")).unwrap()
        };
        assert_eq!(export("w"), export("v"), "lod {lod}");
    }
}

#[test]
fn an_older_shard_and_one_from_elsewhere_are_named_as_such() {
    let folder = copied();
    let dir = folder.path();
    let shard = second_shard(dir);
    let beside = shard.replace("262146", "262144");
    let cases = [
        ("older", &shard, "it is an older version, with the edits up to batch "),
        ("copy", &beside, "it is the shard region0/lod0/c/"),
    ];
    for (world, from, said) in cases {
        fs::copy(dir.join(world).join(from), dir.join("w").join(&shard)).unwrap();
        let ran = run_with(dir, "get w", VOXELS);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(&shard) && ran.err.contains(said), "{ran:?}");
        assert!(verified(dir).0.out.contains(said));
    }
    // What belongs elsewhere is not adopted.
    assert!(done(dir, "adopt w").contains("0 new and 0 changed files"));
    assert_eq!(verified(dir).0.code, 1);
    done(dir, "repair w --from copy");
    assert_eq!(materials(dir), [BRICK; 3]);
    // An older one is, if that is wanted.
    fs::copy(dir.join("older").join(&shard), dir.join("w").join(&shard)).unwrap();
    assert!(done(dir, "adopt w").contains(&format!("changed: {shard}\n")));
    assert_eq!(materials(dir), [BRICK, GRANITE, BRICK]);
}

#[test]
fn what_zarr_python_writes_is_an_error_until_it_is_adopted() {
    let folder = copied();
    let dir = folder.path();
    let python = std::env::var_os("BLUEMARBLE_PYTHON").expect(
        "BLUEMARBLE_PYTHON is not set: ./scripts/test.sh installs zarr-python and runs the tests",
    );
    let code = "import zarr
array = zarr.open_array('w/region0/lod0', mode='r+')
y, z, x = array.attrs['origin']
array[y + 500:y + 504, z + 0:z + 2, x + 700:x + 702] = 15
array[y + 500:y + 502, z + 3000:z + 3002, x + 3000:x + 3002] = 15
";
    let ran = Command::new(python).current_dir(dir).args(["-c", code]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let ran = run_with(dir, "get w", VOXELS);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("another program has written it"), "{ran:?}");
    assert!(ran.err.contains("`bluemarble adopt`"), "{ran:?}");
    let (_, said) = verified(dir);
    assert_eq!(said["damaged"].as_array().unwrap().len(), 2, "{said}");

    let said: Value = serde_json::from_str(&done(dir, "adopt w --json")).unwrap();
    assert_eq!(
        (said["new"].as_array().unwrap().len(), said["changed"].as_array().unwrap().len()),
        (1, 1),
        "{said}"
    );
    assert_eq!(materials(dir), [BRICK, GRANITE, BRICK]);
    assert_eq!(
        done_with(dir, "get w", "0,3000,500,3000\n"),
        format!("0,3000,500,3000,{GRANITE}\n")
    );
    done(dir, "repair w");
    assert_eq!(verified(dir).0.code, 0);
    assert_eq!(
        done_with(dir, "get w --lod 1", "0,3000,500,3000\n"),
        format!("0,3000,500,3000,{GRANITE}\n")
    );
}

#[test]
fn documents_and_recipes_that_are_missing_or_older_are_named_and_brought_back() {
    let folder = copied();
    let dir = folder.path();
    for document in ["region0/lod0/zarr.json", "region0/zarr.json", "bluemarble.json"] {
        fs::remove_file(dir.join("w").join(document)).unwrap();
        let (ran, said) = verified(dir);
        assert_eq!(ran.code, 1, "{ran:?}");
        let named =
            |damage: &Value| damage["path"] == *document && damage["part"] == "missing_document";
        assert!(said["damaged"].as_array().unwrap().iter().any(named), "{document}: {said}");
        done(dir, "repair w --from copy --baseline noise --seed 4");
        assert_eq!(verified(dir).0.code, 0, "{document}");
        assert_eq!(
            fs::read(dir.join("w").join(document)).unwrap(),
            fs::read(dir.join("copy").join(document)).unwrap()
        );
    }
    let path = dir.join("w/region0/zarr.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen('{', "{ ", 1)).unwrap();
    let (ran, said) = verified(dir);
    assert_eq!((ran.code, &said["damaged"][0]["part"]), (1, &"changed_document".into()));
    assert!(done(dir, "adopt w").contains("changed: region0/zarr.json\n"));
    assert_eq!(verified(dir).0.code, 0);
    // A recipe of another world.
    done(dir, "new v --baseline noise --seed 5");
    fs::copy(dir.join("v/bluemarble.json"), dir.join("w/bluemarble.json")).unwrap();
    let (ran, said) = verified(dir);
    assert_eq!((ran.code, &said["damaged"][0]["path"]), (1, &"bluemarble.json".into()), "{said}");
}

#[test]
fn a_world_whose_manifest_is_gone_or_damaged_says_so_and_is_adopted() {
    let folder = copied();
    let dir = folder.path();
    let root = dir.join("w/manifest/root.json");
    let text = fs::read(&root).unwrap();
    for harm in ["gone", "damaged"] {
        match harm {
            "gone" => fs::remove_dir_all(dir.join("w/manifest")).unwrap(),
            _ => fs::write(&root, &text[5..]).unwrap(),
        }
        for args in ["get w", "verify w", "repair w", "edit w"] {
            let ran = run_with(dir, args, VOXELS);
            assert_eq!(ran.code, 1, "{harm}: {ran:?}");
            assert!(ran.err.contains("manifest/root.json: damaged manifest"), "{harm}: {ran:?}");
        }
        assert!(done(dir, "adopt w").contains("made a new manifest"));
        assert_eq!(verified(dir).0.code, 0);
        assert_eq!(materials(dir), [BRICK; 3]);
    }
}
