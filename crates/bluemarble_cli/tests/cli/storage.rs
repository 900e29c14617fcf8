//! Worlds of every chunk edge and codec, and worlds elsewhere.

use std::fs;

use serde_json::Value;

use crate::support::{done, done_with, folder, refused, run, shards};

const EDGES: [u32; 4] = [32, 64, 128, 256];
const CODECS: [(&str, &str); 3] =
    [("shuffle-zstd", "shuffle-zstd"), ("zstd", "zstd"), ("lz4", "numcodecs.lz4")];

#[test]
fn worlds_of_every_edge_and_codec_hold_the_same() {
    let folder = folder();
    let dir = folder.path();
    let mut exports = Vec::new();
    for (edge, (codec, name)) in
        EDGES.into_iter().flat_map(|edge| CODECS.map(|codec| (edge, codec)))
    {
        let made = format!("new w --baseline superflat --chunk-edge {edge} --codec {codec}");
        done(dir, &made);
        done_with(dir, "edit w", "0,2,2,2,90,30,70,brick\n\n0,100,100,100,granite\n");
        done_with(dir, "edit w", "0,5,5,5,air\n0,100,100,100,air\n0,100,3,3,glass\n");
        let said: Value = serde_json::from_str(&done(dir, "info w --json")).unwrap();
        assert_eq!(said["storage"]["chunk_edge"], edge, "{said}");
        assert_eq!(said["storage"]["codec"], name, "{said}");
        assert_eq!(said["damaged"], 0, "{said}");
        done(dir, "verify w");
        let place = "0,0,0,0,110,110,110";
        done(dir, &format!("export w --box {place} --npy before.npy"));
        // The chunk of the granite is what the baseline makes again.
        let said: Value = serde_json::from_str(&done(dir, "compact w --json")).unwrap();
        assert!(said["dropped_chunks"].as_u64().unwrap() >= 1, "{made}: {said}");
        assert!(said["bytes_after"].as_u64() < said["bytes_before"].as_u64(), "{made}: {said}");
        assert!(done(dir, "compact w").starts_with("0 of "), "{made}");
        assert_eq!(run(dir, "verify w").code, 0, "{made}");
        done(dir, &format!("export w --box {place} --npy after.npy"));
        let after = fs::read(dir.join("after.npy")).unwrap();
        assert!(fs::read(dir.join("before.npy")).unwrap() == after, "{made}");
        done(dir, &format!("export w --box {place} --lod 2 --npy coarse.npy"));
        exports.push((after, fs::read(dir.join("coarse.npy")).unwrap()));
        let asked = "0,5,5,5\n0,5,5,6\n0,100,3,3\n0,100,100,100\n0,0,-12,0\n";
        let answers = "0,5,5,5,air\n0,5,5,6,brick\n0,100,3,3,glass\n0,100,100,100,air\n\
                       0,0,-12,0,rock\n";
        assert_eq!(done_with(dir, "get w --names", asked), answers, "{made}");
        fs::remove_dir_all(dir.join("w")).unwrap();
    }
    assert!(exports.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn damage_is_named_and_set_aside_whatever_the_edge() {
    let folder = folder();
    let dir = folder.path();
    for (edge, keys) in [(32, 1), (64, 1), (128, 8), (256, 64)] {
        done(dir, &format!("new w --baseline empty --chunk-edge {edge} --codec zstd"));
        done_with(dir, "edit w", "0,1,2,3,granite\n0,-1,2,3,brick\n");
        let world = dir.join("w");
        let shard = shards(&world)
            .into_iter()
            .find(|name| name.starts_with("region0/lod0") && name.ends_with("262144"))
            .unwrap();
        let mut bytes = fs::read(world.join(&shard)).unwrap();
        bytes[8] ^= 1;
        fs::write(world.join(&shard), &bytes).unwrap();
        let ran = run(dir, "verify w --json");
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        let found = &said["damaged"][0];
        assert_eq!((ran.code, &found["part"]), (1, &"chunk".into()), "{edge}: {said}");
        assert_eq!(found["path"], shard.to_str().unwrap(), "{edge}: {said}");
        let named = found["chunks"].as_array().unwrap();
        assert!(named.len() == keys && named.contains(&"r0/l0/0,0,0".into()), "{edge}: {said}");
        assert_eq!(run(dir, "repair w").code, 1, "{edge}");
        done(dir, "repair w --forget");
        assert_eq!(fs::read(world.join("damaged").join(&shard)).unwrap(), bytes);
        assert_eq!(run(dir, "verify w").code, 0, "{edge}");
        assert_eq!(done_with(dir, "get w", "0,1,2,3\n0,-1,2,3\n"), "0,1,2,3,0\n0,-1,2,3,18\n");
        fs::remove_dir_all(&world).unwrap();
    }
}

#[test]
fn what_a_world_was_made_with_stays() {
    let folder = folder();
    let dir = folder.path();
    refused(dir, "new w --baseline empty --chunk-edge 48", "32, 64, 128 or 256");
    refused(dir, "new w --baseline empty --codec blosc", "blosc");
    assert!(!dir.join("w").exists());
    done(dir, "new w --baseline empty --chunk-edge 128");
    fs::remove_file(dir.join("w/bluemarble.json")).unwrap();
    let said = "made with chunk edge 128 and shuffle-zstd";
    refused(dir, "new w --baseline empty --chunk-edge 32", said);
    refused(dir, "new w --baseline empty --codec zstd", said);
    assert!(!dir.join("w/bluemarble.json").exists());
    done(dir, "new w --baseline empty");
}

#[test]
fn urls_are_read_and_not_written() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline empty");
    let url = format!("file://{}/w", dir.canonicalize().unwrap().display());
    done_with(dir, &format!("edit {url}"), "0,1,2,3,granite\n");
    assert_eq!(done_with(dir, &format!("get {url}"), "0,1,2,3\n"), "0,1,2,3,15\n");
    for command in ["edit", "repair", "compact", "bench"] {
        refused(dir, &format!("{command} s3://bucket/w"), "needs a world directory");
    }
    refused(dir, "info ftp://host/w", "scheme is not known");
    refused(dir, "info memory:", "there is no world here");
}
