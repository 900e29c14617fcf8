//! Edits as lines, and positions as lines.

use std::{io::Write, process::Stdio};

use crate::support::{command, done, done_with, empty_world, lines_of, refused_with, tree};

/// The numbers of batches, one a line.
fn lsns(out: &str) -> Vec<u64> {
    out.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn batches_are_numbered_and_can_be_read_by_the_next_process() {
    let folder = empty_world();
    let dir = folder.path();
    let input =
        "0,1,2,3,granite\n0,-70,-1,64,16\n\n\n  \n0, 0,10,0, 3,12,2 ,\"beach sand\"\n\n0,9,9,9,1";
    let lsns = lsns(&done_with(dir, "edit w", input));
    assert!(lsns.len() == 3 && lsns.is_sorted_by(|a, b| a < b), "{lsns:?}");
    let asked = "0,1,2,3\n0,-70,-1,64\n\n0,2,11,1\n0,3,11,1\n0,2,12,1\n0,9,9,9\n0,1,2,3\n";
    let answers = done_with(dir, "get w --names", asked);
    let expected = "0,1,2,3,granite\n0,-70,-1,64,basalt\n0,2,11,1,beach sand\n0,3,11,1,air\n\
                    0,2,12,1,air\n0,9,9,9,water\n0,1,2,3,granite\n";
    assert_eq!(answers, expected);
    assert_eq!(done_with(dir, "get w", "0,2,11,1"), "0,2,11,1,2\n");
}

#[test]
fn edits_reach_the_coarser_lods() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,0,0,0,256,256,256,granite\n");
    for lod in 0..=8 {
        let answer = done_with(dir, &format!("get w --lod {lod} --names"), "0,5,6,7\n");
        assert_eq!(answer, "0,5,6,7,granite\n", "lod {lod}");
    }
    let json = done_with(dir, "get w --lod 3 --json", "0,5,6,7\n");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!(
        { "region": 0, "voxel": [5, 6, 7], "material": 15, "name": "granite" }
    );
    assert_eq!(json, expected);
}

#[test]
fn each_batch_is_acknowledged_before_the_next_is_asked_for() {
    let folder = empty_world();
    let mut child = command(folder.path(), "edit w --json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut next_line = lines_of(child.stdout.take().unwrap());
    let mut last = 0;
    for x in 1..=3 {
        stdin.write_all(format!("0,{x},0,0,granite\n\n").as_bytes()).unwrap();
        let line = next_line();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let lsn = said["lsn"].as_u64().unwrap();
        assert!(lsn > last && said["chunks"] == 1, "{line}");
        last = lsn;
    }
    // Killed without a word: what was acknowledged is there.
    child.kill().unwrap();
    child.wait().unwrap();
    let answers = done_with(folder.path(), "get w", "0,1,0,0\n0,2,0,0\n0,3,0,0\n");
    assert_eq!(answers, "0,1,0,0,15\n0,2,0,0,15\n0,3,0,0,15\n");
}

#[test]
fn positions_are_answered_while_more_are_to_come() {
    let folder = empty_world();
    let mut child = command(folder.path(), "get w")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut next_line = lines_of(child.stdout.take().unwrap());
    for x in 0..3 {
        stdin.write_all(format!("0,{x},0,0\n").as_bytes()).unwrap();
        let line = next_line();
        assert_eq!(line, format!("0,{x},0,0,0"));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_bad_line_is_named_and_nothing_of_its_batch_is_done() {
    let bad = [
        ("0,1,2,granite", "line 4: 4 fields"),
        ("0,1,2,3,1,5,6,granite", "line 4: the box is empty"),
        ("0,1,2,3,4,5,6,7,granite", "line 4: 9 fields"),
        ("0,1,2,3,cheese", "`cheese`; choose one of: air, water"),
        ("0,1,2,3,500", "material 500 is not in the table"),
        ("0,1,2,3,65535", "material 65535"),
        ("0,x,2,3,air", "`x` is no whole number"),
        ("0,1.5,2,3,air", "`1.5` is no whole number"),
        ("0,99999999999,2,3,air", "99999999999"),
        ("1,1,2,3,air", "outside of the lattice"),
        ("256,1,2,3,air", "256 is no region"),
        ("0,67108864,0,0,air", "outside of the lattice"),
        ("0,0,0,0,67108865,1,1,air", "reaches out of region 0"),
        ("0,-2147483648,0,0,2147483647,1,1,air", "reaches out of region 0"),
        ("0,-60000000,0,0,60000000,64,64,granite", "lines 3 to 4"),
    ];
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,5,5,5,rock\n\n");
    for (line, said) in bad {
        let input = format!("0,5,5,5,rock\n\n0,6,6,6,granite\n{line}\n\n0,7,7,7,granite\n\n");
        let ran = refused_with(dir, "edit w", &input, said);
        assert_eq!(lsns(&ran.out).len(), 1, "{line}");
        assert!(ran.err.starts_with("error: standard input line"), "{ran:?}");
        assert_eq!(
            done_with(dir, "get w", "0,5,5,5\n0,6,6,6\n0,7,7,7\n"),
            "0,5,5,5,8\n0,6,6,6,0\n0,7,7,7,0\n"
        );
    }
    let before = tree(&dir.join("w"));
    let long = "7".repeat(100_000);
    refused_with(dir, "edit w", &long, "line 1: a line of more than 4096 bytes");
    assert_eq!(tree(&dir.join("w")), before);
}

#[test]
fn a_bad_position_is_named_after_the_answers_before_it() {
    let folder = empty_world();
    for (line, said) in [
        ("0,1,2", "line 3: 3 fields"),
        ("0,1,2,x", "line 3: `x`"),
        ("6,1,2,3", "line 3: voxel"),
        ("0,0,67108864,0", "line 3: voxel"),
    ] {
        let input = format!("0,1,1,1\n0,2,2,2\n{line}\n0,3,3,3\n");
        let ran = refused_with(folder.path(), "get w", &input, said);
        assert_eq!(ran.out, "0,1,1,1,0\n0,2,2,2,0\n", "{line}");
    }
    refused_with(folder.path(), "get w --lod 21", "", "lod 21 does not exist");
}

#[test]
fn an_edited_planet_keeps_its_ground() {
    let folder = crate::support::folder();
    let dir = folder.path();
    done(dir, "new w --baseline earth");
    let deep = "3,33554432,20000000,33554432";
    let before = done_with(dir, "get w --names", deep);
    assert!(!before.ends_with(",air\n"), "{before}");
    done_with(dir, "edit w", &format!("{deep},brick\n"));
    let beside = "3,33554432,20000001,33554432";
    let after = done_with(dir, "get w --names", &format!("{deep}\n{beside}\n"));
    let ground = before.trim_end().rsplit(',').next().unwrap();
    assert_eq!(after, format!("{deep},brick\n{beside},{ground}\n"));
}
