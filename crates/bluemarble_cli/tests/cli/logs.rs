//! What is only in the delta log yet, and a delta log that is damaged.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;

use crate::support::{command, done, done_with, empty_world, lines_of, run, shards};

/// The only segment of a world's log.
fn segment(world: &Path) -> PathBuf {
    let segments: Vec<_> =
        fs::read_dir(world.join("log")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(segments.len(), 1, "{segments:?}");
    segments[0].clone()
}

/// Makes batches one by one and kills the program once the last one is acknowledged. Gives the number of
/// each, and where its records end in the segment.
fn killed(dir: &Path, batches: &[&str]) -> Vec<(u64, usize)> {
    let mut child =
        command(dir, "edit w").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut next_line = lines_of(child.stdout.take().unwrap());
    let acknowledged = batches.iter().map(|batch| {
        stdin.write_all(format!("{batch}\n\n").as_bytes()).unwrap();
        let lsn = next_line().parse().unwrap();
        let bytes = fs::read(segment(&dir.join("w"))).unwrap();
        (lsn, bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1)
    });
    let acknowledged = acknowledged.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged
}

fn json(dir: &Path, args: &str) -> Value {
    serde_json::from_str(&done(dir, args)).unwrap()
}

#[test]
fn a_batch_whose_number_was_printed_survives_a_kill() {
    let folder = empty_world();
    let dir = folder.path();
    let batches = killed(dir, &["0,0,0,0,64,64,64,granite", "0,-1,-1,-1,brick"]);
    assert!(shards(&dir.join("w")).is_empty());
    let said = json(dir, "info w --json");
    assert_eq!(said["log"]["pending_batches"], 2, "{said}");
    assert!(said["log"]["last_lsn"].as_u64().unwrap() >= batches[1].0, "{said}");
    let said = json(dir, "verify w --json");
    assert_eq!((&said["shards"], &said["log"]["batches"]), (&0.into(), &2.into()), "{said}");

    let asked = "0,5,6,7\n0,-1,-1,-1\n0,64,0,0\n";
    let answers = "0,5,6,7,granite\n0,-1,-1,-1,brick\n0,64,0,0,air\n";
    assert_eq!(done_with(dir, "get w --names", asked), answers);
    // Coarser lods have it as well.
    assert_eq!(done_with(dir, "get w --names --lod 5", "0,5,6,7\n"), "0,5,6,7,granite\n");
    assert!(shards(&dir.join("w")).is_empty(), "reading changes nothing");

    done(dir, "compact w");
    let said = json(dir, "info w --json");
    assert_eq!(said["log"]["pending_batches"], 0, "{said}");
    assert!(!shards(&dir.join("w")).is_empty());
    assert_eq!(done_with(dir, "get w --names", asked), answers);
    assert_eq!(json(dir, "verify w --json")["damaged"], serde_json::json!([]));
}

#[test]
fn repair_keeps_everything_before_the_damage_of_a_log() {
    let folder = empty_world();
    let dir = folder.path();
    let batches = killed(dir, &["0,1,0,0,granite", "0,2,0,0,granite", "0,3,0,0,granite"]);
    let segment = segment(&dir.join("w"));
    let whole = fs::read(&segment).unwrap();
    let mut damaged = whole.clone();
    damaged[batches[0].1 + 12] ^= 4;
    fs::write(&segment, &damaged).unwrap();

    let name = segment.file_name().unwrap().to_str().unwrap();
    let ran = run(dir, "verify w");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains(&format!("log/{name}: byte ")), "{ran:?}");
    let ran = run(dir, "verify w --json");
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(said["damaged"][0]["part"], "log", "{said}");
    assert_eq!(run(dir, "info w").code, 1);
    for args in ["get w", "edit w"] {
        let ran = run(dir, args);
        assert_eq!(ran.code, 1, "{args}: {ran:?}");
        assert!(ran.err.contains(name) && ran.err.contains("bluemarble repair"), "{ran:?}");
    }
    assert_eq!(fs::read(&segment).unwrap(), damaged, "only looked at");

    let out = done(dir, "repair w");
    let kept = out.lines().find_map(|line| line.split_once("delta log up to ")).unwrap().1;
    let kept: u64 = kept.parse().unwrap();
    assert!(batches[0].0 <= kept && kept < batches[1].0, "{out}");
    assert!(out.contains(&format!("{name}.damaged")), "{out}");
    assert_eq!(fs::read(segment.with_file_name(format!("{name}.damaged"))).unwrap(), damaged);
    assert_eq!(run(dir, "verify w").code, 0);
    let answers = done_with(dir, "get w", "0,1,0,0\n0,2,0,0\n0,3,0,0\n");
    assert_eq!(answers, "0,1,0,0,15\n0,2,0,0,0\n0,3,0,0,0\n");
    // What is kept lies in the shards now.
    assert_eq!(json(dir, "info w --json")["log"]["pending_batches"], 0);
    assert!(done(dir, "repair w").contains(", 0 made again"));
}
