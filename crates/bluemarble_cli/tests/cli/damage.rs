//! Damage is found and named, and what can be healed is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{Ran, done, done_with, empty_world, folder, run, shards, tree};

/// A world with two chunks in one shard of lod 0, and its name.
fn small() -> (tempfile::TempDir, PathBuf) {
    let folder = empty_world();
    done_with(folder.path(), "edit w", "0,1,2,3,granite\n0,65,2,3,brick\n");
    let shard = shards(&folder.path().join("w"))
        .into_iter()
        .find(|name| name.starts_with("region0/lod0"))
        .unwrap();
    (folder, shard)
}

fn verify(dir: &Path) -> (Ran, Value) {
    let ran = run(dir, "verify w --json");
    let said = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, said)
}

#[test]
fn a_flipped_byte_anywhere_in_a_shard_is_found_and_its_key_is_named() {
    let (folder, name) = small();
    let dir = folder.path();
    let path = dir.join("w").join(&name);
    let whole = fs::read(&path).unwrap();
    let (ran, _) = verify(dir);
    assert_eq!(ran.code, 0, "{ran:?}");
    let index = 64 * 16 + 4;
    let data = whole.len() - index;
    let places = (0..data)
        .step_by(13)
        .chain((data..whole.len()).step_by(41))
        .chain([whole.len() - 1])
        .chain(data - 48..data);
    let mut named = std::collections::BTreeSet::new();
    for at in places {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let (ran, said) = verify(dir);
        assert_eq!(ran.code, 1, "byte {at}: {ran:?}");
        let found = said["damaged"].as_array().unwrap();
        assert_eq!(found.len(), 1, "byte {at}: {said}");
        assert_eq!(found[0]["path"], name.to_str().unwrap(), "byte {at}: {said}");
        // Between the chunks and the index lies the stamp.
        let part = match data.checked_sub(at) {
            Some(49..) => "chunk",
            Some(1..) => "other_shard",
            _ => "shard",
        };
        assert_eq!(found[0]["part"], part, "byte {at}: {said}");
        let chunks = found[0]["chunks"].as_array().into_iter().flatten();
        named.extend(chunks.map(|chunk| chunk.as_str().unwrap().to_owned()));
    }
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["r0/l0/0,0,0", "r0/l0/1,0,0"]);
    for end in (0..whole.len()).step_by(101) {
        fs::write(&path, &whole[..end]).unwrap();
        let (ran, said) = verify(dir);
        assert_eq!((ran.code, said["damaged"].as_array().unwrap().len()), (1, 1), "cut at {end}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(verify(dir).0.code, 0);
}

#[test]
fn damaged_documents_and_strange_files_are_named() {
    let (folder, name) = small();
    let dir = folder.path();
    let world = dir.join("w");
    for document in ["region0/zarr.json", "region0/lod0/zarr.json", "bluemarble.json"] {
        let path = world.join(document);
        let whole = fs::read(&path).unwrap();
        for damaged in [b"{".to_vec(), Vec::new(), whole.to_ascii_uppercase()] {
            fs::write(&path, damaged).unwrap();
            let ran = run(dir, "verify w");
            assert_eq!(ran.code, 1, "{document}: {ran:?}");
            assert!(ran.out.contains(document) && ran.out.contains("1 damaged"), "{ran:?}");
        }
        fs::write(&path, whole).unwrap();
    }
    let path = world.join("zarr.json");
    let whole = fs::read(&path).unwrap();
    for damaged in [b"{".to_vec(), b"{}".to_vec(), whole[..whole.len() / 2].to_vec()] {
        fs::write(&path, damaged).unwrap();
        let ran = run(dir, "verify w");
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("zarr.json"), "{ran:?}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(run(dir, "verify w").code, 1);
    fs::write(&path, whole).unwrap();

    let stray = world.join(&name).with_file_name("notes.txt");
    fs::write(&stray, "hello").unwrap();
    let ran = run(dir, "verify w");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("notes.txt: not the name of a shard"), "{ran:?}");
    assert_eq!(run(dir, "info w").code, 1);
}

/// A hilly world with edits that can be seen from afar.
fn edited() -> tempfile::TempDir {
    let folder = folder();
    done(folder.path(), "new w --baseline noise --seed 9");
    let input = "0,0,0,0,130,140,70,brick\n\n0,200,-20,-100,300,30,-40,air\n0,5,600,5,glass\n";
    done_with(folder.path(), "edit w", input);
    folder
}

/// What is to be seen of it at some lods.
fn seen(dir: &Path) -> Vec<Vec<u8>> {
    (0..8)
        .map(|lod| {
            done(dir, &format!("export w --box 0,-40,-40,-120,310,610,80 --lod {lod} --npy a.npy"));
            fs::read(dir.join("a.npy")).unwrap()
        })
        .collect()
}

#[test]
fn repair_makes_deleted_and_damaged_lods_again() {
    let folder = edited();
    let dir = folder.path();
    let world = dir.join("w");
    let (before, files) = (seen(dir), tree(&world));
    assert!(done(dir, "repair w").contains(", 0 made again"));
    assert_eq!(tree(&world), files);

    for entry in fs::read_dir(world.join("region0")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("lod0") {
            fs::remove_dir_all(path).unwrap();
        }
    }
    for lod in 0..8 {
        let ran =
            run(dir, &format!("export w --box 0,-40,-40,-120,310,610,80 --lod {lod} --npy a.npy"));
        assert_eq!(ran.code, if lod == 0 { 0 } else { 1 }, "{ran:?}");
        assert!(lod == 0 || ran.err.contains(&format!("region0/lod{lod}/zarr.json: missing")));
        assert!(lod > 0 || fs::read(dir.join("a.npy")).unwrap() == before[0]);
    }
    let said: Value = serde_json::from_str(&done(dir, "repair w --json")).unwrap();
    assert!(said["chunks_made"].as_u64().unwrap() > 5, "{said}");
    assert_eq!(seen(dir), before);
    assert_eq!(verify(dir).0.code, 0);

    // One byte of a coarse chunk, and a document.
    let name = shards(&world).into_iter().find(|name| name.starts_with("region0/lod2")).unwrap();
    let mut bytes = fs::read(world.join(&name)).unwrap();
    bytes[20] ^= 1;
    fs::write(world.join(&name), bytes).unwrap();
    fs::remove_file(world.join("region0/lod1/zarr.json")).unwrap();
    assert_eq!(verify(dir).0.code, 1);
    // The chunk is made again, but its shard is kept aside first only if that is asked for.
    let said: Value = serde_json::from_str(&done(dir, "repair w --json")).unwrap();
    assert_eq!(
        (&said["documents_written"], &said["chunks_made"]),
        (&1.into(), &1.into()),
        "{said}"
    );
    assert_eq!(verify(dir).0.code, 0);
    assert_eq!(seen(dir), before);
}

#[test]
fn repair_changes_nothing_it_cannot_make_again_unless_asked_to() {
    let (folder, name) = small();
    let dir = folder.path();
    let world = dir.join("w");
    let mut bytes = fs::read(world.join(&name)).unwrap();
    bytes[20] ^= 1;
    fs::write(world.join(&name), &bytes).unwrap();
    let before = tree(&world);
    let ran = run(dir, "repair w");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("chunk r0/l0/0,0,0: its checksum"), "{ran:?}");
    assert!(ran.err.contains("--forget"), "{ran:?}");
    assert_eq!(tree(&world), before);

    let out = done(dir, "repair w --forget");
    assert!(out.contains(name.to_str().unwrap()), "{out}");
    // The damaged shard is kept, its whole chunk lives on, the other one is the baseline's.
    assert_eq!(fs::read(world.join("damaged").join(&name)).unwrap(), bytes);
    assert_eq!(verify(dir).0.code, 0);
    assert_eq!(done_with(dir, "get w", "0,1,2,3\n0,65,2,3\n"), "0,1,2,3,0\n0,65,2,3,18\n");

    // A second one does not overwrite the first.
    let torn = fs::read(world.join(&name)).unwrap()[5..].to_vec();
    fs::write(world.join(&name), &torn[..torn.len() - 3]).unwrap();
    assert_eq!(run(dir, "repair w").code, 1);
    done(dir, "repair w --forget");
    assert_eq!(fs::read(world.join("damaged").join(&name)).unwrap(), bytes);
    assert_eq!(verify(dir).0.code, 0);
    assert_eq!(done_with(dir, "get w", "0,65,2,3\n"), "0,65,2,3,0\n");
    for lod in 1..4 {
        let answer = done_with(dir, &format!("get w --lod {lod}"), "0,65,2,3\n");
        assert_eq!(answer, "0,65,2,3,0\n", "lod {lod}");
    }
}

#[test]
fn compacting_drops_what_the_baseline_makes_and_changes_nothing_else() {
    let folder = edited();
    let dir = folder.path();
    let before = seen(dir);
    // Done and undone.
    done_with(dir, "edit w", "0,1000,600,1000,brick\n");
    done_with(dir, "edit w", "0,1000,600,1000,air\n");
    let said: Value = serde_json::from_str(&done(dir, "compact w --json")).unwrap();
    assert!(said["dropped_chunks"].as_u64().unwrap() >= 1, "{said}");
    assert!(said["bytes_after"].as_u64() < said["bytes_before"].as_u64(), "{said}");
    assert_eq!(seen(dir), before);
    assert_eq!(verify(dir).0.code, 0);
    let files = tree(&dir.join("w"));
    assert!(done(dir, "compact w").starts_with("0 of "));
    assert_eq!(tree(&dir.join("w")), files);
}

#[test]
fn compacting_leaves_damaged_shards_as_they_are() {
    let (folder, name) = small();
    let dir = folder.path();
    let world = dir.join("w");
    let mut bytes = fs::read(world.join(&name)).unwrap();
    bytes[20] ^= 1;
    fs::write(world.join(&name), &bytes).unwrap();
    let ran = run(dir, "compact w");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains(name.to_str().unwrap()), "{ran:?}");
    assert_eq!(fs::read(world.join(&name)).unwrap(), bytes);
}
