//! Making worlds, finding them again, and what the program says of itself.

use std::{fs, io::Read, process::Stdio};

use serde_json::Value;

use crate::support::{
    command, done, done_with, empty_world, folder, refused, refused_with, run, tree,
};

#[test]
fn every_baseline_can_be_made_and_is_the_same_when_it_is_opened_again() {
    let folder = folder();
    let dir = folder.path();
    for (flags, position, material) in [
        ("--baseline empty --voxel-m 0.5", "0,5,-9,5", "air"),
        ("--baseline empty --radius-m 1000", "5,5,9,5", "air"),
        ("--baseline superflat --layers grass:1,soil:3,rock", "0,7,-4,7", "soil"),
        ("--baseline superflat", "0,7,-1,7", "grass"),
        ("--baseline noise --seed 7 --voxel-m 0.5", "0,0,-4000,0", "granite"),
        ("--baseline earth --seed 3", "1,0,1,0", "mantle"),
    ] {
        done(dir, &format!("new w {flags}"));
        let answer = done_with(dir, "get w --names", position);
        assert_eq!(answer, format!("{position},{material}\n"), "{flags}");
        let said: Value = serde_json::from_str(&done(dir, "info w --json")).unwrap();
        let kind = flags.split(' ').nth(1).unwrap();
        assert_eq!(said["recipe"]["kind"], kind, "{said}");
        assert_eq!(said["arrays"], serde_json::json!([]), "{said}");
        fs::remove_dir_all(dir.join("w")).unwrap();
    }
}

#[test]
fn a_world_is_made_only_where_nothing_is() {
    let folder = empty_world();
    let dir = folder.path();
    let before = tree(&dir.join("w"));
    refused(dir, "new w --baseline noise", "w: there is a world here already");
    refused(dir, "import heights w missing.tif", "missing.tif: cannot read");
    fs::create_dir(dir.join("mine")).unwrap();
    fs::write(dir.join("mine/letter.txt"), "dear").unwrap();
    refused(dir, "new mine --baseline empty", "not empty and holds no world");
    assert_eq!(tree(&dir.join("mine")).len(), 1);
    for (flags, said) in [
        ("--baseline cheese", "cheese"),
        ("--baseline superflat --seed 1", "--seed means nothing"),
        ("--baseline superflat --layers cheese:3", "`cheese`"),
        ("--baseline superflat --layers grass:0", "`grass:0`"),
        ("--baseline noise --voxel-m 0", "voxel_m is 0"),
        ("--baseline empty --radius-m -1", "unexpected argument"),
        ("--baseline earth --elevation missing.tif", "missing.tif: cannot read"),
    ] {
        refused(dir, &format!("new x {flags}"), said);
        assert!(!dir.join("x").exists(), "{flags}");
    }
    assert_eq!(tree(&dir.join("w")), before);
}

#[test]
fn a_world_without_a_recipe_can_be_looked_at_and_taken_over() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline noise --seed 7");
    done_with(dir, "edit w", "0,1,500,1,granite\n\n");
    fs::remove_file(dir.join("w/bluemarble.json")).unwrap();

    for args in ["info w", "verify w"] {
        let ran = run(dir, args);
        assert_eq!(ran.code, 1, "{ran:?}");
        let said = if args == "info w" {
            "get and edit need --baseline"
        } else {
            "bluemarble.json: missing"
        };
        assert!(ran.out.contains(said), "{ran:?}");
    }
    done(dir, "export w --box 0,0,490,0,4,504,4 --npy a.npy");
    for args in ["get w", "edit w", "repair w"] {
        let ran = refused_with(dir, args, "0,1,500,1\n", "give it with --baseline");
        assert!(ran.err.contains("noise-1 seed=7 voxel_m=1"), "{ran:?}");
    }
    let flags = "--baseline noise --seed 7";
    assert_eq!(done_with(dir, &format!("get w {flags}"), "0,1,500,1\n"), "0,1,500,1,15\n");
    refused_with(dir, "get w --baseline noise --seed 8", "0,1,500,1\n", "not with `noise-1 seed=8");
    refused(dir, "new w --baseline noise --seed 8", "baseline is \"noise-1 seed=7");
    assert!(done(dir, &format!("new w {flags}")).starts_with("took over"));
    assert_eq!(done_with(dir, "get w", "0,1,500,1\n"), "0,1,500,1,15\n");
}

#[test]
fn a_missing_world_is_not_made_by_looking_for_it() {
    let folder = folder();
    let dir = folder.path();
    fs::create_dir(dir.join("nothing")).unwrap();
    for args in [
        "info DIR",
        "verify DIR",
        "repair DIR",
        "compact DIR",
        "get DIR",
        "edit DIR",
        "export DIR --box 0,0,0,0,1,1,1 --npy a.npy",
    ] {
        refused(dir, &args.replace("DIR", "missing"), "there is no world here");
        refused(dir, &args.replace("DIR", "nothing"), "there is no world here");
    }
    assert!(!dir.join("missing").exists());
    assert_eq!(tree(&dir.join("nothing")).len(), 0);
}

#[test]
fn a_recipe_that_was_changed_by_hand_is_refused() {
    let folder = empty_world();
    let dir = folder.path();
    let path = dir.join("w/bluemarble.json");
    let whole = fs::read_to_string(&path).unwrap();
    let turn = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole}");
        fs::write(&path, whole.replace(from, to)).unwrap();
    };
    turn("1.0", "2.0");
    refused(dir, "get w", "empty-1 voxel_m=2");
    turn("\"format_version\": 1", "\"format_version\": 9");
    refused(dir, "get w", "format_version is 9");
    for end in 0..whole.trim_end().len() {
        fs::write(&path, &whole[..end]).unwrap();
        if end % 17 == 0 {
            let ran = run(dir, "get w");
            assert_eq!(ran.code, 1, "{ran:?}");
            assert!(ran.err.contains("bluemarble.json: not a world document"), "{ran:?}");
        }
    }
}

#[test]
fn a_world_that_is_open_elsewhere_is_left_alone() {
    let folder = empty_world();
    let dir = folder.path();
    let mut writer =
        command(dir, "edit w").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    // Once a batch is acknowledged the world is open for certain.
    std::io::Write::write_all(&mut stdin, b"0,1,2,3,granite\n\n").unwrap();
    let mut answer = [0; 2];
    writer.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    assert!(answer[0].is_ascii_digit() && answer[1] == b'\n', "{answer:?}");
    for args in ["info w", "verify w", "get w", "compact w"] {
        refused(dir, args, "open in another process");
    }
    drop(stdin);
    assert!(writer.wait().unwrap().success());
    done(dir, "verify w");
}

#[test]
fn info_counts_what_is_stored() {
    let folder = empty_world();
    let dir = folder.path();
    done_with(dir, "edit w", "0,0,0,0,64,64,64,granite\n0,70,3,5,water\n\n");
    let said: Value = serde_json::from_str(&done(dir, "info w --advise --json")).unwrap();
    let array = &said["arrays"][0];
    assert_eq!((&array["region"], &array["lod"]), (&0.into(), &0.into()), "{said}");
    assert_eq!((&array["shards"], &array["chunks"]), (&1.into(), &2.into()), "{said}");
    assert_eq!(array["covers"], serde_json::json!([0, 0, 0, 128, 64, 64]), "{said}");
    let bytes: u64 = crate::support::shards(&dir.join("w"))
        .iter()
        .map(|name| fs::metadata(dir.join("w").join(name)).unwrap().len())
        .sum();
    let told: u64 =
        said["arrays"].as_array().unwrap().iter().map(|a| a["bytes"].as_u64().unwrap()).sum();
    assert_eq!(told, bytes, "{said}");
    assert_eq!(said["damaged"], 0, "{said}");
    assert_eq!(said["advice"][0]["chunk_edge"], 64, "{said}");
    assert!(said["advice"][0]["reason"].as_str().unwrap().contains("small: 2 chunks"), "{said}");
    assert!(said["materials"].as_array().unwrap().contains(&"granite".into()), "{said}");
    let text = done(dir, "info w --advise");
    assert!(text.contains("region0/lod0") && text.contains("32.00 MiB"), "{text}");
}

#[test]
fn usage_is_explained_and_mistakes_are_one_line() {
    let folder = folder();
    let dir = folder.path();
    let help = done(dir, "--help");
    for name in [
        "new", "import", "export", "info", "verify", "repair", "compact", "edit", "get", "query",
        "bench",
    ] {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
        let own = done(dir, &format!("{name} --help"));
        assert!(own.contains("Usage: bluemarble"), "{own}");
    }
    for args in ["", "cheese", "new", "get w --lod x", "get w --lod 300", "import", "edit w --x"] {
        refused(dir, args, "--help");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = empty_world();
    let dir = folder.path();
    let mut child = command(dir, "get w")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let writer = std::thread::spawn(move || {
        for _ in 0..10_000 {
            if std::io::Write::write_all(&mut stdin, b"0,1,2,3\n").is_err() {
                break;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn bench_measures_and_leaves_nothing_behind() {
    let folder = empty_world();
    let dir = folder.path();
    let before = tree(dir);
    let said: Value =
        serde_json::from_str(&done(dir, "bench w --edits 2 --reads 5 --json")).unwrap();
    let jobs = said.as_array().unwrap();
    assert_eq!(jobs.len(), 4);
    for job in jobs {
        assert!(job["per_second"].as_f64().unwrap() > 0.0, "{job}");
        assert!(job["p50_ms"].as_f64().unwrap() <= job["p99_ms"].as_f64().unwrap(), "{job}");
    }
    assert!(done(dir, "bench w --edits 1 --reads 1").contains("durable edit"));
    assert_eq!(tree(dir), before);
}
