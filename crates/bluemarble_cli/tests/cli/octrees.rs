//! Octrees go out and move in, killed or not, and bad ones leave no trace.

use std::{fs, io::Write, path::Path, process::Stdio};

use crate::support::{
    command, done, done_with, empty_world, folder, lines_of, npy_items, refused, refused_with, run,
    tree,
};

/// A folder with hills in `hills`, a part of them in `a.octree` and in `a.npy`, and an empty world in `w`.
fn hills() -> tempfile::TempDir {
    let folder = empty_world();
    let dir = folder.path();
    done(dir, "new hills --baseline noise --seed 7");
    done_with(dir, "edit hills", "0,-20,-30,-40,20,30,40,granite\n0,-10,-20,-30,10,20,30,air\n");
    done(dir, "export hills --box 0,-70,-60,-90,67,90,45 --octree a.octree");
    done(dir, "export hills --box 0,-70,-60,-90,67,90,45 --npy a.npy");
    folder
}

/// The materials of the place where `a.octree` goes.
fn moved_in(dir: &Path) -> Vec<u16> {
    done(dir, "export w --box 0,5,3,-8,142,153,127 --npy b.npy");
    npy_items(&fs::read(dir.join("b.npy")).unwrap())
}

const IMPORT: &str = "import octree w a.octree --at 0,5,3,-8";

#[test]
fn an_octree_comes_back_as_it_went_out() {
    let folder = hills();
    let dir = folder.path();
    let said = done(dir, &format!("{IMPORT} --json"));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let bytes = fs::metadata(dir.join("a.octree")).unwrap().len();
    assert_eq!(said["leaves"], (bytes - 32) / 12);
    assert!(moved_in(dir) == npy_items(&fs::read(dir.join("a.npy")).unwrap()), "another ground");
    assert_eq!(run(dir, "verify w").code, 0);
    let again = refused(dir, IMPORT, "is edited, and is in the box of the octree");
    assert!(again.contains("new world"), "{again}");
    // What has moved in goes out as it came.
    done(dir, "export w --box 0,5,3,-8,142,153,127 --octree b.octree");
    assert!(fs::read(dir.join("a.octree")).unwrap() == fs::read(dir.join("b.octree")).unwrap());
}

#[test]
fn an_octree_of_a_coarser_lod_has_the_cells_of_that_lod() {
    let folder = hills();
    let dir = folder.path();
    done(dir, "export hills --box 0,-512,-512,-512,512,512,512 --lod 3 --octree b.octree");
    done(dir, "export hills --box 0,-512,-512,-512,512,512,512 --lod 3 --npy a.npy");
    done(dir, "import octree w b.octree --at 0,0,0,0");
    done(dir, "export w --box 0,0,0,0,128,128,128 --npy b.npy");
    let [a, b] = ["a.npy", "b.npy"].map(|name| npy_items(&fs::read(dir.join(name)).unwrap()));
    assert!(a == b, "other cells");
}

#[test]
fn edits_while_an_octree_moves_in_outlive_a_kill() {
    let folder = hills();
    let dir = folder.path();
    let mut child = command(dir, &format!("{IMPORT} --both"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = lines_of(child.stdout.take().unwrap());
    // In the octree's box, and beside it.
    for line in ["0,10,10,10,glass", "0,400,3,3,brick", "0,20,20,20,21,25,24,snow"] {
        write!(stdin, "{line}\n\n").unwrap();
        answers().parse::<u64>().expect("the number of a batch");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(dir.join("w/octree").is_dir());
    // Which would not know of it, and take it back.
    refused_with(dir, "edit w", "0,10,10,10,brick\n", "w/octree: an octree is moving in");
    done(dir, IMPORT);
    assert!(!dir.join("w/octree").exists());
    let asked = "0,10,10,10\n0,400,3,3\n0,20,24,23\n";
    let found = done_with(dir, "get w --names", asked);
    assert_eq!(found, "0,10,10,10,glass\n0,400,3,3,brick\n0,20,24,23,snow\n");
    let expected = npy_items(&fs::read(dir.join("a.npy")).unwrap());
    let differing = moved_in(dir).into_iter().zip(expected).filter(|(one, other)| one != other);
    assert!((1..=21).contains(&differing.count()));
}

#[test]
fn a_bad_edit_stops_the_move_and_the_same_command_goes_on() {
    let folder = hills();
    let dir = folder.path();
    let edits = "0,10,10,10,glass\n\n0,11,10,10,cheese\n";
    let ran = refused_with(dir, &format!("{IMPORT} --both"), edits, "standard input line 3");
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    assert!(dir.join("w/octree").is_dir());
    // Another octree must not take its place.
    done(dir, "export hills --box 0,0,0,0,8,8,8 --octree b.octree");
    refused(dir, "import octree w b.octree --at 0,5,3,-8", "w/octree: another octree");
    done_with(dir, &format!("{IMPORT} --both"), "0,11,10,10,brick\n");
    let found = done_with(dir, "get w --names", "0,10,10,10\n0,11,10,10\n");
    assert_eq!(found, "0,10,10,10,glass\n0,11,10,10,brick\n");
}

#[test]
fn numbers_become_what_the_rules_say() {
    let folder = empty_world();
    let dir = folder.path();
    done(dir, "new flat --baseline superflat");
    done_with(dir, "edit w", "0,0,0,0,4,4,4,granite\n0,4,0,0,8,4,4,brick\n");
    done(dir, "export w --box 0,0,0,0,8,8,8 --octree a.octree");
    let ids = done_with(dir, "get w", "0,0,0,0\n0,4,0,0\n");
    let ids: Vec<_> = ids.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    done(
        dir,
        &format!(
            "import octree flat a.octree --at 0,-4,-2,0 --map 0=keep,{}=glass,{}=air",
            ids[0], ids[1]
        ),
    );
    let asked = "0,-4,-1,0\n0,-4,1,0\n0,0,-1,0\n0,0,1,0\n0,-4,3,0\n";
    let found = done_with(dir, "get flat --names", asked);
    let found: Vec<_> = found.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(found, ["glass", "glass", "air", "air", "air"]);
    let below = done_with(dir, "get flat --names", "0,1,-2,5\n");
    assert!(!below.contains("air"), "{below}");
}

#[test]
fn bad_octrees_leave_the_world_as_it_was() {
    let folder = hills();
    let dir = folder.path();
    done_with(dir, "edit w", "0,300,1,1,rock\n");
    let before = tree(&dir.join("w"));
    let whole = fs::read(dir.join("a.octree")).unwrap();
    let mut cases: Vec<(Vec<u8>, &str)> = (0..whole.len())
        .step_by(whole.len() / 23)
        .map(|end| (whole[..end].to_vec(), "bad.octree: "))
        .collect();
    cases.push((b"PK\x03\x04 and more than thirty-two bytes of it".to_vec(), "`bmoctree`"));
    for at in [9, 14, 20, 25, 40, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        cases.push((damaged, "bad.octree: "));
    }
    for (bytes, said) in cases {
        fs::write(dir.join("bad.octree"), bytes).unwrap();
        refused(dir, "import octree w bad.octree --at 0,0,0,0", said);
    }
    for (flags, said) in [
        ("--at 0,0,0", "3 fields"),
        ("--at 1,0,0,0", "regions 0..1"),
        ("--at 0,67108800,0,0", "out of the lattice"),
        ("--at 0,299,0,0", "voxel [300, 1, 1] of region 0 is edited"),
        ("--at 0,0,0,0 --map 3=cheese", "no material is named `cheese`"),
    ] {
        refused(dir, &format!("import octree w a.octree {flags}"), said);
    }
    refused(dir, "import octree w none.octree --at 0,0,0,0", "none.octree: cannot read");
    refused(dir, "export hills --box 0,0,0,0,4000000,1,1 --octree b.octree", "at most 2097152");
    assert!(!dir.join("b.octree").exists());
    assert_eq!(tree(&dir.join("w")), before);
}

#[test]
fn an_octree_of_another_world_needs_its_numbers_explained() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline empty");
    // One leaf of number 500, written by hand as the format says.
    let mut bytes = b"bmoctree\x01\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0".to_vec();
    let leaf = [&8u64.to_le_bytes()[..], &[1, 0], &500u16.to_le_bytes()].concat();
    bytes.extend(crc32c::crc32c(&leaf).to_le_bytes());
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes.extend(leaf);
    fs::write(dir.join("a.octree"), bytes).unwrap();
    refused(dir, "import octree w a.octree --at 0,0,0,0", "it holds 500");
    done(dir, "import octree w a.octree --at 0,0,0,0 --map 500=granite");
    // Code 8 of lod 1 is the second cube along x.
    let found = done_with(dir, "get w --names", "0,1,0,0\n0,2,0,0\n0,3,1,1\n0,2,2,0\n");
    assert_eq!(found, "0,1,0,0,air\n0,2,0,0,granite\n0,3,1,1,granite\n0,2,2,0,air\n");
}
