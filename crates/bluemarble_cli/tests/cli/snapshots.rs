//! Worlds taken back to earlier moments, and copied.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

use crate::support::{command, done, done_with, folder, lines_of, refused, run, tree};

/// Voxels in shards of their own.
const VOXELS: &str = "0,1,500,1\n0,700,500,1\n0,1,500,900\n";

fn world() -> tempfile::TempDir {
    let folder = folder();
    done(folder.path(), "new w --baseline noise --seed 4");
    folder
}

/// Makes all voxels, or the one of this number, a material.
fn edit(dir: &Path, only: Option<usize>, material: &str) {
    let is_ours = |at: usize| only.is_none_or(|only| only == at);
    let lines = VOXELS.lines().enumerate().filter(|(at, _)| is_ours(*at));
    done_with(
        dir,
        "edit w",
        &lines.map(|(_, at)| format!("{at},{material}\n")).collect::<String>(),
    );
}

fn materials(dir: &Path, world: &str) -> Vec<String> {
    let out = done_with(dir, &format!("get {world}"), VOXELS);
    out.lines().map(|line| line.rsplit_once(',').unwrap().1.to_owned()).collect()
}

fn json(dir: &Path, args: &str) -> Value {
    serde_json::from_str(&done(dir, &format!("{args} --json"))).unwrap()
}

const BRICK: &str = "18";
const GRANITE: &str = "15";
const AIR: &str = "0";

#[test]
fn a_world_is_taken_back_to_a_snapshot_and_forth_again() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    let first = json(dir, "snapshot w")["snapshot"].clone();
    assert_eq!(
        done(dir, "snapshot w"),
        format!("nothing has changed since snapshot {}\n", first["number"])
    );
    edit(dir, Some(1), "granite");
    done(dir, "snapshot w");
    edit(dir, Some(0), "air");
    let list = json(dir, "snapshot w --list");
    assert_eq!((list["snapshots"].as_array().unwrap().len(), &list["snapshots"][0]), (2, &first));

    let out = done(dir, &format!("restore w {}", first["number"]));
    assert!(
        out.contains("shards put back") && out.contains("the world of before is snapshot"),
        "{out}"
    );
    assert_eq!(materials(dir, "w"), [BRICK; 3]);
    done(dir, "verify w");
    let newest = json(dir, "snapshot w --list")["snapshots"][2].clone();
    done(dir, &format!("restore w --lsn {}", newest["lsn"]));
    assert_eq!(materials(dir, "w"), [AIR, GRANITE, BRICK]);
    edit(dir, Some(2), "granite");
    assert_eq!(materials(dir, "w"), [AIR, GRANITE, GRANITE]);
}

#[test]
fn compact_gives_back_the_space_of_snapshots_that_were_dropped() {
    let folder = world();
    let dir = folder.path();
    for material in ["brick", "granite", "glass", "brick"] {
        edit(dir, None, material);
        done(dir, "snapshot w");
    }
    let kept = || tree(&dir.join("w/snapshots")).len();
    let before = kept();
    edit(dir, None, "granite");
    let space = json(dir, "info w")["space_bytes"].clone();
    assert_eq!(space["snapshots"], 4);
    let sizes = tree(&dir.join("w/snapshots"));
    assert_eq!(space["snapshot_versions"], sizes.values().map(Vec::len).sum::<usize>());
    let manifest = tree(&dir.join("w/manifest"));
    assert!(
        space["manifest"].as_u64().unwrap()
            <= manifest.values().map(Vec::len).sum::<usize>() as u64
    );
    let out = done(dir, "snapshot w --last 1");
    assert!(out.contains("4 older ones dropped"), "{out}");
    let out = done(dir, "compact w");
    assert!(out.contains("versions that no snapshot needs removed"), "{out}");
    assert!(kept() < before / 3, "{} of {before} are left", kept());
    let only = json(dir, "snapshot w --list")["snapshots"][0]["number"].clone();
    edit(dir, None, "air");
    done(dir, &format!("restore w {only}"));
    assert_eq!(materials(dir, "w"), [GRANITE; 3]);
}

#[test]
fn what_is_not_kept_is_named() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    let snapshot = json(dir, "snapshot w")["snapshot"].clone();
    refused(dir, "restore w 9999", "w: there is no snapshot 9999");
    refused(
        dir,
        "restore w --lsn 77",
        &format!(
            "--lsn 77: no snapshot is as of that batch; those kept are of: {}",
            snapshot["lsn"]
        ),
    );
    edit(dir, None, "granite");
    done(dir, "compact w");
    let kept = tree(&dir.join("w/snapshots")).into_keys().next().unwrap();
    fs::remove_file(dir.join("w/snapshots").join(&kept)).unwrap();
    refused(
        dir,
        &format!("restore w {}", snapshot["number"]),
        &format!("snapshots/{}", kept.display()),
    );
    assert_eq!(materials(dir, "w"), [GRANITE; 3]);
}

#[test]
fn a_copy_is_the_same_world_with_its_recipe_and_the_edits_of_the_log() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    // Some recipes need such a file.
    fs::write(dir.join("w/elevation.tif"), "heights").unwrap();
    let first = json(dir, "copy w backup");
    assert_eq!(fs::read(dir.join("backup/elevation.tif")).unwrap(), b"heights");
    assert_eq!(materials(dir, "backup"), [BRICK; 3]);
    done(dir, "verify backup");
    assert!(dir.join("backup/bluemarble.json").exists());
    edit(dir, Some(1), "granite");
    let second = json(dir, "copy w backup");
    assert!(second["copied"].as_u64() < first["copied"].as_u64(), "{first} {second}");
    assert_eq!(materials(dir, "backup"), [BRICK, GRANITE, BRICK]);
    assert_eq!(json(dir, "copy w backup")["copied"], 0);

    // What is lost here is there.
    let shards = crate::support::shards(&dir.join("w"));
    fs::remove_file(dir.join("w").join(&shards[0])).unwrap();
    done(dir, "repair w --from backup");
    assert_eq!(materials(dir, "w"), [BRICK, GRANITE, BRICK]);
}

#[test]
fn a_copy_does_not_go_over_later_edits_nor_over_another_world_nor_itself() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    done(dir, "copy w backup");
    edit(dir, None, "granite");
    refused(dir, "copy backup w", "w: it has edits of its own, or later ones than backup");
    done(dir, "snapshot w");
    refused(dir, "copy backup w", "w: it has edits of its own, or later ones than backup");
    refused(dir, "copy w w", "a world cannot be copied over itself");
    done(dir, "new other --baseline superflat");
    refused(dir, "copy w other", "other");
    refused(dir, "copy none other", "none: there is no world here");
    refused(dir, "copy w new --snapshot 999", "w: there is no snapshot 999");
    assert!(!dir.join("new").exists());
    // A copy in which somebody has played, with fewer batches than its source.
    done(dir, "copy backup second");
    done_with(dir, "edit second", "0,1,500,1,glass\n");
    refused(dir, "copy backup second", "second: it has edits of its own");
    assert_eq!(materials(dir, "w"), [GRANITE; 3]);
    done(dir, "copy backup w --overwrite");
    assert_eq!(materials(dir, "w"), [BRICK; 3]);
}

#[test]
fn a_world_that_is_open_elsewhere_is_copied_as_its_newest_snapshot() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    let hold = || {
        let mut child =
            command(dir, "edit w").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, b"0,1,500,1,granite\n\n").unwrap();
        let mut lines = lines_of(child.stdout.take().unwrap());
        lines();
        (child, stdin)
    };
    let (mut child, stdin) = hold();
    refused(dir, "copy w backup", "w: the world is open in another process, and has no snapshot");
    drop(stdin);
    child.wait().unwrap();
    edit(dir, Some(0), "brick");
    done(dir, "snapshot w");
    let (mut child, stdin) = hold();
    done(dir, "copy w backup");
    assert_eq!(materials(dir, "backup"), [BRICK; 3]);
    // Killed, with an edit that only its log has: a copy over it takes that away as well.
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stdin);
    refused(dir, "copy backup w", "w: it has edits of its own");
    done(dir, "copy backup w --overwrite");
    assert_eq!(materials(dir, "w"), [BRICK; 3]);
}

#[test]
fn a_world_with_a_lost_page_of_its_manifest_is_adopted_again() {
    let folder = world();
    let dir = folder.path();
    edit(dir, None, "brick");
    let pages = |dir: &Path| {
        let names = tree(&dir.join("w/manifest")).into_keys();
        names.filter(|name| name.to_string_lossy().starts_with("pages-")).collect::<Vec<_>>()
    };
    for name in pages(dir) {
        fs::remove_file(dir.join("w/manifest").join(name)).unwrap();
    }
    let ran = run(dir, "verify w");
    assert!(ran.code != 0 && ran.err.contains("damaged manifest"), "{ran:?}");
    let out = done(dir, "adopt w");
    assert!(out.contains("made a new manifest"), "{out}");
    done(dir, "verify w");
    assert_eq!(materials(dir, "w"), [BRICK; 3]);
}
