//! The fuzz corpora against the bodies of the fuzz targets, and mutants of them: what a fuzzer does, on
//! any machine, in seconds. See `fuzz/README.md`.

use std::{
    collections::BTreeSet,
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use fuzz::{
    TARGETS, Target, Verdict,
    mutate::{Dice, mutant},
};

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

/// No corpus has fewer files: one that was lost is noticed.
const MIN_FILES: usize = 30;
/// No corpus is larger.
const MAX_BYTES: usize = 200_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The corpus of a target, by name.
fn corpus(target: Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder().join("corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("listed").path()).collect();
    paths.sort_unstable();
    paths
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            (path, bytes)
        })
        .collect()
}

#[test]
fn every_target_has_a_fuzzer_and_a_corpus_and_there_is_no_other() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let stems = |folder: PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        entries.filter_map(|entry| stem(entry.expect("listed").path())).collect()
    };
    assert_eq!(stems(folder().join("fuzz_targets")), names);
    assert_eq!(stems(folder().join("corpus")), names);
    for target in TARGETS {
        let corpus = corpus(target);
        let bytes: usize = corpus.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(corpus.len() >= MIN_FILES, "{}: {} files", target.name, corpus.len());
        assert!(bytes <= MAX_BYTES, "{}: {bytes} bytes", target.name);
    }
}

#[test]
fn no_file_of_a_corpus_breaks_a_promise_and_each_corpus_reaches_both_verdicts() {
    for target in TARGETS {
        let mut verdicts = Vec::new();
        for (path, bytes) in corpus(target) {
            let verdict = catch_unwind(|| (target.run)(&bytes));
            verdicts.push(verdict.unwrap_or_else(|_| panic!("{path:?} breaks a promise")));
        }
        for verdict in [Verdict::Accepted, Verdict::Refused] {
            assert!(verdicts.contains(&verdict), "{}: no file is {verdict:?}", target.name);
        }
    }
}

#[test]
fn what_is_written_today_is_accepted() {
    for seed in fuzz::seeds::seeds() {
        let target = TARGETS.iter().find(|target| target.name == seed.target).expect("a target");
        assert_eq!((target.run)(&seed.bytes), Verdict::Accepted, "{}/{}", seed.target, seed.name);
    }
    for seed in fuzz::seeds::mutants() {
        let path = folder().join("corpus").join(seed.target).join(&seed.name);
        assert!(path.is_file(), "{path:?} is gone: write it again, see fuzz/README.md");
    }
}

/// Feeds mutants of a corpus to its target. One that breaks a promise is kept in a file.
fn mutate(name: &str, mutants: u64) {
    let target = *TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus: Vec<_> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
    for seed in 0..mutants {
        let bytes = mutant(&corpus, &mut Dice(seed));
        if catch_unwind(|| (target.run)(&bytes)).is_err() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}_{seed}"));
            fs::write(&path, &bytes).expect("written");
            panic!("mutant {seed} of {name} breaks a promise; it lies in {path:?}");
        }
    }
}

#[test]
fn no_mutant_of_a_log_segment_breaks_a_promise() {
    mutate("log_segment", 2_000);
}

#[test]
fn no_mutant_of_a_log_history_breaks_a_promise() {
    mutate("log_history", 2_000);
}

#[test]
fn no_mutant_of_a_shard_index_breaks_a_promise() {
    mutate("shard_index", 20_000);
}

#[test]
fn no_mutant_of_an_encoded_chunk_breaks_a_promise() {
    mutate("chunk_codec", 100);
}

#[test]
fn no_mutant_of_the_documents_of_a_world_breaks_a_promise() {
    mutate("world_documents", 1_000);
}
