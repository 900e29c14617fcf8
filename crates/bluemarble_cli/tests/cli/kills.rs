//! The program is killed at every file operation of every command that writes. Each time the world is a whole Zarr hierarchy,
//! nothing is damaged, no acknowledged edit is lost, and the command can be run again.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use tempfile::TempDir;

use crate::support::{
    command, done, done_with, folder, npy, refused, run, tree, vox, vox_model, vox_palette,
};

/// The library that kills; compiled once.
static KILL_AT: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = folder();
    let library = folder.path().join("kill_at.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/kill_at.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-w", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status()
        .expect("a C compiler is there");
    assert!(compiled.success(), "{source} does not compile");
    (folder, library)
});

/// Runs the program with the library; what it said, or `None` if it was killed.
fn run_until(dir: &Path, args: &str, input: &str, operation: u64) -> (String, bool) {
    let stdin = dir.join("input");
    fs::write(&stdin, input).unwrap();
    let output = command(dir, args)
        .env("LD_PRELOAD", &KILL_AT.1)
        .env("KILL_AT", operation.to_string())
        .stdin(fs::File::open(stdin).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let was_killed = output.status.signal() == Some(9);
    assert!(
        was_killed || output.status.success(),
        "{args}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    (said, was_killed)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, bytes) in tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Whether everything is below the documents of its world, region and array.
fn check_hierarchy(world: &Path, moment: &str) {
    let names: BTreeSet<PathBuf> = tree(world).into_keys().collect();
    let has = |name: PathBuf| names.contains(&name);
    for name in &names {
        // region0/lod0/c/... and what is written under another name first.
        let parts: Vec<_> = name.iter().collect();
        if !parts[0].to_string_lossy().starts_with("region") || name.to_string_lossy().contains('#')
        {
            continue;
        }
        assert!(has("zarr.json".into()), "{moment}: {name:?} in {names:?}");
        for depth in 1..parts.len().min(3) {
            let document: PathBuf = parts[..depth].iter().collect();
            let document = document.join("zarr.json");
            assert!(*name == document || has(document), "{moment}: {name:?} in {names:?}");
        }
    }
}

/// The cells of a box of the world.
fn cells(dir: &Path, lod: u8) -> Vec<u8> {
    cells_of(dir, "w", lod)
}

fn cells_of(dir: &Path, world: &str, lod: u8) -> Vec<u8> {
    let _ = fs::remove_file(dir.join("cells.npy"));
    done(dir, &format!("export {world} --box 0,-10,-10,-10,80,40,80 --lod {lod} --npy cells.npy"));
    fs::read(dir.join("cells.npy")).unwrap()
}

/// What a command that is killed may leave behind, beside nothing and all.
#[derive(Clone, Copy, PartialEq)]
enum Half {
    Nothing,
    /// A job, which opening the world for writing finishes.
    Job,
    /// A part of what it does.
    Seen,
}

/// A command that is killed.
struct Killed {
    args: &'static str,
    input: &'static str,
    half: Half,
    /// How many operations it has at least.
    operations: u64,
}

/// Kills a command at each of its file operations, in copies of a folder.
fn kill(prepared: &Path, killed: &Killed) {
    let Killed { args, input, half, operations } = *killed;
    let batches: Vec<_> = input.split("\n\n").collect();
    // At lods 0 and 2: before the command, and after each batch that it is given, or after all.
    let states: Vec<_> = (0..=batches.len())
        .map(|count| {
            let dir = folder();
            copy(prepared, dir.path());
            if count > 0 {
                done_with(dir.path(), args, &batches[..count].join("\n\n"));
            }
            let is_made = dir.path().join("w/zarr.json").exists();
            is_made.then(|| [0, 2].map(|lod| cells(dir.path(), lod)))
        })
        .collect();
    let killed_worlds = folder();
    let (mut operation, mut unfinished) = (0, 0);
    loop {
        operation += 1;
        let moment = format!("{args}, operation {operation}");
        let dir = folder();
        let dir = dir.path();
        copy(prepared, dir);
        let (said, was_killed) = run_until(dir, args, input, operation);
        if !was_killed {
            break;
        }
        let world = dir.join("w");
        if world.join("zarr.json").exists() {
            check_hierarchy(&world, &moment);
            copy(&world, &killed_worlds.path().join(operation.to_string()));
            let verified = run(dir, "verify w");
            let is_begun =
                half == Half::Job && verified.code == 2 && verified.err.contains("was interrupted");
            unfinished += u64::from(is_begun);
            assert!(verified.code == 0 || is_begun, "{moment}: {verified:?}");
            let found = cells(dir, 0);
            // Each batch is acknowledged in a line. What was begun is all there by now.
            let acknowledged = if is_begun { batches.len() } else { said.lines().count() };
            let mut possible = states[acknowledged.min(batches.len())..].iter().flatten();
            assert!(
                half == Half::Seen || possible.any(|state| state[0] == found),
                "{moment}: {said:?} is not what is there"
            );
        }
        // Now and then the command is run once more.
        if operation % 3 == 1 {
            done_with(dir, args, input);
            let found = Some([0, 2].map(|lod| cells(dir, lod)));
            assert!(
                Some(&found) == states.last(),
                "{moment}: another world after running it again"
            );
        }
    }
    assert!(operation > operations, "{args}: {operation} operations are too few");
    assert!(half != Half::Job || unfinished > 10, "{args}: unfinished {unfinished} times only");
    open_in_python(killed_worlds.path());
}

/// zarr-python opens every world in a folder, and reads a cell of each of their arrays.
fn open_in_python(worlds: &Path) {
    const SCRIPT: &str = "import sys, pathlib, zarr
for world in pathlib.Path(sys.argv[1]).iterdir():
    for name, member in zarr.open_group(world, mode='r').members(max_depth=None):
        if isinstance(member, zarr.Array):
            member[tuple(edge // 2 for edge in member.shape)]
        else:
            member.attrs.asdict()
";
    let python = std::env::var_os("BLUEMARBLE_PYTHON").expect(
        "BLUEMARBLE_PYTHON is not set: ./scripts/test.sh installs zarr-python and runs the tests",
    );
    let output = Command::new(python).args(["-c", SCRIPT]).arg(worlds).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A flat world with edits.
fn edited() -> TempDir {
    let folder = folder();
    done(folder.path(), "new w --baseline superflat");
    done_with(folder.path(), "edit w", EDITS);
    folder
}

const EDITS: &str = "0,-5,-5,-5,70,30,20,brick\n\n0,3,4,5,granite\n0,60,2,3,air\n";

#[test]
fn a_world_that_is_made_when_the_program_is_killed_can_be_made_again() {
    let folder = folder();
    let made = Killed {
        args: "new w --baseline superflat",
        input: "",
        // The recipe comes last; running it again adds it.
        half: Half::Seen,
        operations: 4,
    };
    kill(folder.path(), &made);
}

#[test]
fn edits_and_first_and_later_checkpoints_are_whole_or_not_there() {
    let folder = folder();
    done(folder.path(), "new w --baseline superflat");
    let edit = Killed { args: "edit w", input: EDITS, half: Half::Nothing, operations: 20 };
    kill(folder.path(), &edit);
    // Shards are there by now.
    done_with(folder.path(), "edit w", EDITS);
    let again = "0,0,0,0,9,9,9,glass\n0,64,20,64,granite\n";
    kill(
        folder.path(),
        &Killed { args: "edit w", input: again, half: Half::Nothing, operations: 15 },
    );
}

#[test]
fn compacting_changes_no_voxel_whenever_it_is_killed() {
    let folder = edited();
    // What the baseline makes again is dropped.
    done_with(folder.path(), "edit w", "0,-5,-5,-5,70,30,20,air\n\n0,1,2,3,brick\n");
    let compact = Killed { args: "compact w", input: "", half: Half::Nothing, operations: 2 };
    kill(folder.path(), &compact);
}

#[test]
fn repairs_lose_no_whole_chunk_whenever_they_are_killed() {
    let folder = edited();
    let dir = folder.path();
    fs::remove_file(dir.join("w/region0/zarr.json")).unwrap();
    assert_eq!(run(dir, "verify w").code, 1);
    let repair = Killed { args: "repair w", input: "", half: Half::Nothing, operations: 1 };
    kill_repair(dir, &repair);
}

/// As [`kill`], of a world that is damaged until the command is done.
fn kill_repair(prepared: &Path, killed: &Killed) {
    let before = cells(prepared, 0);
    let mut operation = 0;
    loop {
        operation += 1;
        let dir = folder();
        let dir = dir.path();
        copy(prepared, dir);
        let (_, was_killed) = run_until(dir, killed.args, killed.input, operation);
        if !was_killed {
            break;
        }
        done(dir, killed.args);
        assert_eq!(run(dir, "verify w").code, 0, "operation {operation}");
        assert!(cells(dir, 0) == before, "operation {operation}");
    }
    assert!(operation > killed.operations, "{operation} operations are too few");
}

#[test]
fn an_import_is_whole_or_not_there_whenever_it_is_killed() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline superflat");
    fs::write(dir.join("v.npy"), npy([20, 30, 40], |[a, b, c]| ((a + b + c) % 7) as u16)).unwrap();
    let [size, voxels] = vox_model([5, 6, 7], &[[0, 0, 0, 1], [4, 5, 6, 1], [2, 2, 2, 1]]);
    fs::write(dir.join("s.vox"), vox(&[size, voxels, vox_palette(&[[120, 120, 120]])])).unwrap();
    for args in ["import volume --at 0,1,2,3 w v.npy", "import vox --at 0,1,2,3 w s.vox"] {
        kill(dir, &Killed { args, input: "", half: Half::Job, operations: 80 });
    }
    refused(dir, "import volume --at 0,1,2,3 w none.npy", "none.npy");
}

#[test]
fn an_index_that_is_kept_when_the_program_is_killed_costs_no_voxel() {
    let folder = edited();
    let index = Killed { args: "index w", input: "", half: Half::Nothing, operations: 3 };
    kill(folder.path(), &index);
}

/// A world with a snapshot, and with later edits. The snapshot's number.
fn with_snapshot() -> (TempDir, String) {
    let folder = edited();
    let dir = folder.path();
    let taken = done(dir, "snapshot w --json");
    let taken: serde_json::Value = serde_json::from_str(&taken).unwrap();
    done_with(
        dir,
        "edit w",
        "0,0,0,0,9,9,9,glass\n0,64,20,64,granite\n\n0,-5,-5,-5,70,30,20,air\n",
    );
    (folder, taken["snapshot"]["number"].to_string())
}

#[test]
fn snapshots_cost_no_voxel_whenever_they_are_killed() {
    let (folder, _) = with_snapshot();
    let snapshot = Killed { args: "snapshot w", input: "", half: Half::Nothing, operations: 3 };
    kill(folder.path(), &snapshot);
    let dropped =
        Killed { args: "snapshot w --last 1", input: "", half: Half::Nothing, operations: 3 };
    kill(folder.path(), &dropped);
}

#[test]
fn a_restore_is_whole_or_not_there_whenever_it_is_killed() {
    let (folder, number) = with_snapshot();
    let args = format!("restore w {number}");
    let before = cells(folder.path(), 0);
    let after = {
        let dir = self::folder();
        copy(folder.path(), dir.path());
        done(dir.path(), &args);
        [0, 2].map(|lod| cells(dir.path(), lod))
    };
    assert!(before != after[0]);
    let killed_worlds = self::folder();
    let (mut operation, mut unfinished) = (0, 0);
    loop {
        operation += 1;
        let moment = format!("{args}, operation {operation}");
        let dir = self::folder();
        let dir = dir.path();
        copy(folder.path(), dir);
        let (_, was_killed) = run_until(dir, &args, "", operation);
        if !was_killed {
            break;
        }
        check_hierarchy(&dir.join("w"), &moment);
        copy(&dir.join("w"), &killed_worlds.path().join(operation.to_string()));
        let verified = run(dir, "verify w");
        let is_begun = verified.code == 2 && verified.err.contains("was interrupted");
        unfinished += u64::from(is_begun);
        assert!(verified.code == 0 || is_begun, "{moment}: {verified:?}");
        // It is opened for writing, and finished.
        let found = cells(dir, 0);
        assert!(found == after[0] || !is_begun && found == before, "{moment}: another world");
        assert_eq!(run(dir, "verify w").code, 0, "{moment}");
        done(dir, &args);
        assert!([0, 2].map(|lod| cells(dir, lod)) == after, "{moment}: run again");
    }
    assert!(operation > 40 && unfinished > 10, "{operation} operations, {unfinished} unfinished");
    open_in_python(killed_worlds.path());
}

#[test]
fn a_copy_is_whole_or_goes_on_whenever_it_is_killed_and_its_source_is_untouched() {
    let (folder, _) = with_snapshot();
    let expected = [0, 2].map(|lod| cells(folder.path(), lod));
    let killed_worlds = self::folder();
    let (mut operation, mut unfinished) = (0, 0);
    loop {
        operation += 1;
        let moment = format!("copy, operation {operation}");
        let dir = self::folder();
        let dir = dir.path();
        copy(folder.path(), dir);
        let (_, was_killed) = run_until(dir, "copy w c", "", operation);
        if !was_killed {
            break;
        }
        assert_eq!(run(dir, "verify w").code, 0, "{moment}");
        if dir.join("c/zarr.json").exists() {
            check_hierarchy(&dir.join("c"), &moment);
            copy(&dir.join("c"), &killed_worlds.path().join(operation.to_string()));
            let verified = run(dir, "verify c");
            let is_begun = verified.code == 2 && verified.err.contains("was interrupted");
            unfinished += u64::from(is_begun);
            assert!(verified.code == 0 || is_begun, "{moment}: {verified:?}");
        }
        done(dir, "copy w c");
        assert_eq!(run(dir, "verify c").code, 0, "{moment}");
        assert!([0, 2].map(|lod| cells_of(dir, "c", lod)) == expected, "{moment}: another world");
    }
    assert!(operation > 40 && unfinished > 10, "{operation} operations, {unfinished} unfinished");
    open_in_python(killed_worlds.path());
}

#[test]
fn a_simulation_killed_at_fifty_file_operations_goes_on_to_the_same_voxels() {
    const SCENARIO: &str = "(
        area: Lattice(region: 0, x: 900, z: 300, size_m: 300, node_m: 2),
        years: 3000, step_years: 1000, write_years: 1000,
        processes: [Uplift(m_per_year: 0.002), Rivers(incision: (erodibility: 2e-4)), Slides()],
    )";
    const ARGS: &str = "simulate w rain.ron";
    let prepared = folder();
    done(prepared.path(), "new w --baseline noise --voxel-m 1");
    fs::write(prepared.path().join("rain.ron"), SCENARIO).unwrap();
    let end = |dir: &Path| {
        done(dir, "export w --box 0,740,-30,140,1060,90,460 --npy cells.npy");
        let series = fs::read(dir.join("w/geology/rain/series.csv")).unwrap();
        (fs::read(dir.join("cells.npy")).unwrap(), series)
    };
    let whole = folder();
    copy(prepared.path(), whole.path());
    let before = done(whole.path(), "export w --box 0,740,-30,140,1060,90,460 --npy before.npy");
    done(whole.path(), ARGS);
    let expected = end(whole.path());
    let untouched = fs::read(whole.path().join("before.npy")).unwrap();
    assert!(untouched != expected.0, "{before}");
    // How many operations there are.
    let mut operations = 1;
    loop {
        let dir = folder();
        copy(prepared.path(), dir.path());
        if !run_until(dir.path(), ARGS, "", operations).1 {
            break;
        }
        operations *= 2;
    }
    let mut kills = 0;
    for round in 0..50 {
        let dir = folder();
        copy(prepared.path(), dir.path());
        // Killed there, and while it goes on, as often.
        let operation = 1 + operations * round / 50;
        for operation in [operation, 40 + operation / 3] {
            if !run_until(dir.path(), ARGS, "", operation).1 {
                break;
            }
            kills += 1;
            check_hierarchy(&dir.path().join("w"), &format!("operation {operation}"));
        }
        done(dir.path(), ARGS);
        assert!(end(dir.path()) == expected, "operation {operation}");
    }
    assert!(kills >= 50, "{kills} kills");
}
