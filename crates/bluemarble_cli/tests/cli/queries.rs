//! Questions about voxels, boxes and rays.

use serde_json::{Value, json};

use crate::support::*;

fn answers(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn points_boxes_and_rays_are_answered_line_by_line() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,0,0,0,64,64,64,granite\n\n0,10,64,10,water\n");
    let found = answers(&done_with(dir, "query point w", "0,1,2,3\n\n0,10,64,10\n0,-1,0,0\n"));
    let names: Vec<_> = found.iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["granite", "water", "air"]);
    assert_eq!(found[0]["voxel"], json!([1, 2, 3]));
    let found = answers(&done_with(dir, "query point w --lod 3 --explain", "0,1,2,3\n"));
    assert_eq!((&found[0]["name"], &found[0]["lod"]), (&json!("granite"), &json!(3)));
    assert!(found[0]["explain"]["reason"].is_string(), "{}", found[0]);

    let found = answers(&done_with(dir, "query region w", "0,60,0,0,70,64,64\n"));
    assert_eq!(
        found[0]["boxes"],
        json!([
            { "material": 15, "name": "granite", "min": [60, 0, 0], "max": [64, 64, 64] },
            { "material": 0, "name": "air", "min": [64, 0, 0], "max": [70, 64, 64] },
        ])
    );

    // In metres; a voxel of this world is 1 m wide.
    let rays = "10.5,100,10.5,0,-2,0\n10.5,100,10.5,0,1,0\n";
    let found = answers(&done_with(dir, "query ray w", rays));
    assert_eq!(found[0]["hit"]["name"], "water");
    assert_eq!(found[0]["hit"]["distance_m"], 35.0);
    assert_eq!(found[0]["hit"]["voxel"], json!([10, 64, 10]));
    assert_eq!((&found[0]["hit"]["face"], &found[0]["hit"]["lod"]), (&json!("+y"), &json!(0)));
    assert_eq!(found[0]["hit"]["normal"], json!([0.0, 1.0, 0.0]));
    assert_eq!(found[1]["hit"], Value::Null);
    let solid = answers(&done_with(dir, "query ray w --solid", rays));
    assert_eq!(solid[0]["hit"]["distance_m"], 36.0);
    let all = answers(&done_with(dir, "query ray w --all 9", rays));
    let names: Vec<_> = all[0]["hits"].as_array().unwrap().iter().map(|hit| &hit["name"]).collect();
    assert_eq!(names, ["water", "granite"]);
    let near = answers(&done_with(dir, "query ray w --max-m 30", rays));
    assert_eq!(near[0]["hit"], Value::Null);
}

#[test]
fn questions_that_make_no_sense_are_refused_with_their_line() {
    let folder = empty_world();
    let dir = folder.path();
    for (kind, line, said) in [
        ("point", "0,1,2", "3 fields in `0,1,2`; write region,x,y,z"),
        ("point", "3,1,2,3", "lattice"),
        ("point", "0,1,2,2147483647", "lattice"),
        ("point --geographic", "1,2", "latitude,longitude,altitude_m"),
        ("region", "0,5,5,5,5,9,9", "empty"),
        ("region", "0,0,0,0,2147483647,1,1", "outside of region 0"),
        ("ray", "0,0,0,0,0,0", "no direction"),
        ("ray", "0,0,0,x,0,0", "`x` is no number"),
        ("ray --geographic", "0,0,0", "heading,pitch"),
    ] {
        let ran = refused_with(dir, &format!("query {kind} w"), &format!("\n{line}\n"), said);
        assert!(ran.err.contains("standard input line 2"), "{}", ran.err);
    }
    for args in ["query", "query point w --lod 21", "query ray w --max-m x"] {
        refused(dir, args, "--help");
    }
    refused_with(dir, "query point w --dominant 2", "", "a share is 0 to 1");
    refused_with(dir, "query ray w --spread=-1", "", "--spread");
}

#[test]
fn an_indexed_world_gives_the_same_answers_and_is_not_looked_at_again() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,0,0,0,200,64,64,granite\n0,500,64,10,water\n");
    let ask = || done_with(dir, "query point w --dominant 1", "0,1,2,3\n0,500,64,10\n0,199,5,5\n");
    let before = ask();
    let first: Value = serde_json::from_str(&done(dir, "index w --json")).unwrap();
    let number = |value: &Value, at: &str| value.pointer(at).unwrap().as_u64().unwrap();
    assert!(number(&first, "/report/index/looks") >= 5, "{first}");
    assert_eq!(number(&first, "/report/awaiting_index"), 0);
    assert_eq!(first["report"]["health"]["storage"]["condition"], "good");
    assert!(number(&first, "/kept/shards") > 0 && number(&first, "/kept/summaries") >= 5);
    assert!(dir.join("w/index/region0/lod0").is_dir());
    let again: Value = serde_json::from_str(&done(dir, "index w --json")).unwrap();
    assert_eq!(number(&again, "/report/index/looks"), 0, "{again}");
    assert_eq!(
        number(&again, "/report/index/summaries"),
        number(&first, "/report/index/summaries")
    );
    assert_eq!(ask(), before);
    let text = done(dir, "index w");
    assert!(text.contains("0 chunks looked at") && text.contains("kept in the index"), "{text}");
    assert!(done(dir, "verify w").contains("nothing damaged"), "the snapshot is no stray file");
    std::fs::remove_dir_all(dir.join("w/index")).unwrap();
    assert_eq!(ask(), before);
}
