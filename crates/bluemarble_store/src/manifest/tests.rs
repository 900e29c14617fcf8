//! The manifest against a map, with files that fail and files that are damaged.

use std::{collections::BTreeMap, sync::Arc};

use bluemarble_core::{block_on, code};
use futures::TryStreamExt;
use glam::IVec3;
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
use proptest::prelude::*;

use super::{
    entry::{Change, Entry},
    intent::{intent_path, intent_to_bytes, parse_intent},
    key::Key,
    manifest::{Manifest, ManifestAccess},
    packs::MAX_PACK_BYTES,
    page::{Child, MAX_RECORDS, Page, Pointer},
    root::{Root, root_path},
    snapshot::RootChange,
    totals::ShardTotals,
};
use crate::{StoreError, backend::Capabilities, layout::ShardKey};

fn objects() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn open(objects: &Arc<dyn ObjectStore>, access: ManifestAccess) -> Result<Manifest, StoreError> {
    block_on(async {
        let found = Manifest::open(objects, Capabilities::default(), access).await?;
        let manifest = found.expect("there is one");
        manifest.read_intents().await?;
        Ok(manifest)
    })
}

fn begun(objects: &Arc<dyn ObjectStore>, entries: Vec<(Key, Entry)>) -> Manifest {
    block_on(async {
        let manifest = Manifest::anew(objects, Capabilities::default(), entries).await?;
        manifest.commit(RootChange::default()).await?;
        Ok::<_, StoreError>(manifest)
    })
    .expect("begun")
}

/// Intends, does and commits changes.
fn write(manifest: &Manifest, changes: &[Change]) {
    block_on(manifest.intend(changes)).expect("intended");
    manifest.done(changes);
    block_on(manifest.commit(RootChange::default())).expect("committed");
}

fn entry(seed: u64) -> Entry {
    let digest = u128::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Entry { bytes: seed % 100_000, lsn: seed >> 20, digest, is_stamped: !seed.is_multiple_of(3) }
}

/// The shards of a lod in Morton order, from some number on.
fn shard(number: u64) -> Key {
    let pos: IVec3 = code::morton_decode(number).as_ivec3();
    ShardKey { region: 2, lod: 1, pos }.into()
}

fn many(count: u64) -> Vec<(Key, Entry)> {
    (0..count).map(|number| (shard(number), entry(number))).collect()
}

fn files(objects: &Arc<dyn ObjectStore>) -> BTreeMap<String, Vec<u8>> {
    block_on(async {
        let listed: Vec<_> = objects.list(None).try_collect().await?;
        let mut files = BTreeMap::new();
        for object in listed {
            let bytes = objects.get(&object.location).await?.bytes().await?.to_vec();
            files.insert(object.location.to_string(), bytes);
        }
        Ok::<_, object_store::Error>(files)
    })
    .expect("lists")
}

fn put(objects: &Arc<dyn ObjectStore>, path: &str, bytes: Vec<u8>) {
    block_on(objects.put(&Path::from(path), bytes.into())).expect("put");
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => (0u64..3000).prop_map(shard),
        4 => (0u8..6, 0u8..=20, 0i32..2000, 0i32..2000, 0i32..2000).prop_map(|(region, lod, x, y, z)| {
            ShardKey { region, lod, pos: IVec3::new(x, y, z) }.into()
        }),
        1 => (0u8..6, 0u8..=20).prop_map(|(region, lod)| Key::array_document(region, lod)),
        1 => (0u8..6).prop_map(Key::region_document),
        1 => prop_oneof![Just(Key::WORLD), Just(Key::RECIPE)],
    ]
}

fn any_changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (any_key(), prop::option::weighted(0.8, any::<u64>().prop_map(entry)));
    let run = (0u64..3000, 1u64..1500, prop::bool::weighted(0.7), any::<u64>()).prop_map(
        |(first, count, is_there, seed)| {
            let now = |at: u64| is_there.then(|| entry(seed ^ at));
            (first..first + count).map(|at| (shard(at), now(at))).collect::<Vec<_>>()
        },
    );
    prop_oneof![prop::collection::vec(change, 1..40), run]
}

#[derive(Clone, Copy, Debug)]
enum After {
    Nothing,
    Commit,
    Reopen,
}

fn any_after() -> impl Strategy<Value = After> {
    prop_oneof![Just(After::Nothing), Just(After::Commit), Just(After::Reopen)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_manifest_says_what_a_map_says_whenever_it_is_committed_and_opened_again(
        steps in prop::collection::vec((any_changes(), any_after()), 1..12),
    ) {
        let objects = objects();
        let mut manifest = begun(&objects, Vec::new());
        let mut map = BTreeMap::new();
        for (changes, after) in steps {
            // Of two changes of one file the later one counts.
            let changes: Vec<Change> =
                changes.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
            block_on(manifest.intend(&changes)).expect("intended");
            let known = block_on(manifest.versions(changes[0].0)).expect("known");
            let before = map.get(&changes[0].0).copied();
            prop_assert_eq!(known, [before, changes[0].1], "while it is written");
            manifest.done(&changes);
            for &(key, entry) in &changes {
                match entry {
                    Some(entry) => drop(map.insert(key, entry)),
                    None => drop(map.remove(&key)),
                }
            }
            match after {
                After::Nothing => {}
                After::Commit => block_on(manifest.commit(RootChange::default())).expect("committed"),
                After::Reopen => {
                    manifest = open(&objects, ManifestAccess::Write).expect("opens");
                    // Each file was written: the last of what it may be.
                    let written: Vec<Change> = manifest.unsettled().into_iter()
                        .map(|(key, possible)| (key, possible[possible.len() - 1]))
                        .collect();
                    manifest.done(&written);
                    block_on(manifest.commit(RootChange::default())).expect("committed");
                    prop_assert_eq!(manifest.committed_entries(), map.len() as u64);
                    let names: Vec<_> = files(&objects).into_keys().collect();
                    prop_assert!(names.iter().all(|name| !name.contains("intent")), "{:?}", names);
                }
            }
            let listed = block_on(manifest.list()).expect("lists");
            prop_assert_eq!(listed, map.clone().into_iter().collect::<Vec<_>>());
            for &(key, entry) in changes.iter().step_by(97) {
                prop_assert_eq!(block_on(manifest.versions(key)).expect("known"), [entry]);
            }
            let shards: Vec<_> = map.iter().filter(|(key, _)| key.shard().is_some()).collect();
            let bytes = shards.iter().map(|(_, entry)| entry.bytes).sum();
            let totals = ShardTotals { shards: shards.len() as u64, bytes };
            prop_assert_eq!(manifest.totals(), (!manifest.is_changed()).then_some(totals));
            // After a commit the answer is exact; before it, it may be a yes for what was removed.
            let is_exact = !manifest.is_changed();
            for (&(one, _), &(other, _)) in changes.iter().zip(changes.iter().rev()).step_by(31) {
                let (first, last) = (one.min(other), one.max(other));
                let held = block_on(manifest.may_hold(first, last)).expect("known");
                let expected = map.range(first..=last).next().is_some();
                prop_assert!(held == expected || held && !is_exact, "{:?} to {:?}", first, last);
            }
        }
    }

    #[test]
    fn pages_and_intents_come_back(changes in any_changes(), level in 1u8..8) {
        let bytes = intent_to_bytes(&changes);
        prop_assert_eq!(parse_intent(&bytes), Ok(changes.clone()));
        let changes = &changes[..changes.len().min(MAX_RECORDS)];
        let entries = changes.iter().filter_map(|&(key, entry)| Some((key, entry?))).collect();
        let children = changes.iter().zip(0..).map(|(&(first, _), at)| {
            let pointer = Pointer { pack: at, offset: at << 33, bytes: at as u32, crc32c: 7 };
            Child { first, entries: at * 3, pointer }
        });
        for page in [Page::Leaf(entries), Page::Inner(level, children.collect())] {
            let (mut bytes, crc32c) = page.to_bytes();
            let length = bytes.len();
            bytes.extend_from_slice(b"the next page");
            prop_assert_eq!(Page::parse(&bytes), Ok((page, length, crc32c)));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Page::parse(&bytes);
        let _ = Page::parse(&[b"BMpg\x00\x00\x00\x00\xff\xff\xff\xff", bytes.as_slice()].concat());
        let _ = parse_intent(&bytes);
        let _ = Root::parse(&bytes);
    }
}

#[test]
fn of_what_intents_say_of_a_file_the_newest_comes_last_if_it_was_said_before_as_well() {
    let objects = objects();
    let manifest = begun(&objects, Vec::new());
    for now in [None, Some(entry(1)), Some(entry(2)), None] {
        block_on(manifest.intend(&[(shard(3), now)])).expect("intended");
    }
    let manifest = open(&objects, ManifestAccess::Write).expect("opens");
    let possible = vec![Some(entry(1)), Some(entry(2)), None];
    assert_eq!(manifest.unsettled(), [(shard(3), possible)]);
}

#[test]
fn every_flipped_byte_of_a_manifest_is_reported_and_changes_no_entry() {
    let objects = objects();
    let manifest = begun(&objects, many(MAX_RECORDS as u64 * 2));
    block_on(manifest.intend(&[(Key::RECIPE, Some(entry(5)))])).expect("intended");
    let before = block_on(manifest.list()).expect("lists");
    for (path, whole) in files(&objects) {
        for at in (0..whole.len()).step_by(if whole.len() > 10_000 { 131 } else { 1 }) {
            for end in [None, Some(at)] {
                let mut bytes = whole.clone();
                match end {
                    None => bytes[at] ^= 1 << (at % 8),
                    Some(end) => bytes.truncate(end),
                }
                put(&objects, &path, bytes);
                let read = open(&objects, ManifestAccess::Write)
                    .and_then(|manifest| block_on(manifest.list()));
                let error = read.expect_err("damaged");
                let is_named = matches!(&error, StoreError::DamagedManifest { path: named, .. } if *named == path);
                assert!(is_named, "{path}, byte {at}: {error}");
            }
        }
        put(&objects, &path, whole);
    }
    let again = open(&objects, ManifestAccess::Write).expect("opens");
    assert_eq!(block_on(again.list()).expect("lists"), before);
}

#[test]
fn a_page_of_another_time_is_reported() {
    let objects = objects();
    begun(&objects, many(3));
    let older = files(&objects).remove("manifest/pages-00000000000000000000").expect("a pack");
    let other: Vec<_> = (0..3).map(|number| (shard(number), entry(number + 9))).collect();
    begun(&objects, other);
    put(&objects, "manifest/pages-00000000000000000000", older);
    let manifest = open(&objects, ManifestAccess::Write).expect("opens");
    let error = block_on(manifest.list()).expect_err("another page");
    assert!(error.to_string().contains("not the version"), "{error}");
}

/// Rewrites the root's text, with its checksum.
fn change_root(objects: &Arc<dyn ObjectStore>, change: impl Fn(&str) -> String) {
    let text = String::from_utf8(files(objects).remove(root_path().as_ref()).expect("a root"));
    let before = text.expect("text").lines().next().expect("a line").to_owned();
    let text = change(&before);
    assert_ne!(text, before);
    let checksum = crc32c::crc32c(text.as_bytes());
    put(objects, root_path().as_ref(), format!("{text}\n{checksum:08x}\n").into_bytes());
}

#[test]
fn a_root_of_a_newer_version_is_named_as_such() {
    let objects = objects();
    begun(&objects, Vec::new());
    change_root(&objects, |text| text.replace("\"manifest_version\":2", "\"manifest_version\":3"));
    let error = open(&objects, ManifestAccess::Read).expect_err("newer");
    assert!(matches!(error, StoreError::NewerFormat { found: 3, supported: 2, .. }), "{error}");
}

/// As if it had been made by a version that knew of no totals.
fn forget_totals(objects: &Arc<dyn ObjectStore>) {
    change_root(objects, |text| {
        let (before, after) = text.split_once("\"totals\":{").expect("totals");
        let (_, after) = after.split_once("},").expect("their end");
        format!("{before}{after}").replace("\"manifest_version\":2", "\"manifest_version\":1")
    });
}

#[test]
fn the_shards_of_a_root_without_totals_are_counted_by_the_next_commit() {
    let objects = objects();
    begun(&objects, many(2000));
    forget_totals(&objects);
    let manifest = open(&objects, ManifestAccess::Write).expect("opens");
    assert_eq!(manifest.totals(), None);
    write(&manifest, &[(shard(7), None)]);
    assert_eq!(manifest.totals().expect("counted").shards, 1999);
}

#[test]
fn beside_a_damaged_page_other_shards_are_written_and_none_is_counted() {
    let objects = objects();
    begun(&objects, many(2000));
    forget_totals(&objects);
    let pack = "manifest/pages-00000000000000000000";
    let mut bytes = files(&objects).remove(pack).expect("a pack");
    bytes[100] ^= 1;
    put(&objects, pack, bytes);
    let manifest = open(&objects, ManifestAccess::Write).expect("opens");
    block_on(manifest.versions(shard(0))).expect_err("on the damaged page");
    write(&manifest, &[(shard(1999), Some(entry(9)))]);
    assert_eq!(block_on(manifest.versions(shard(1999))).expect("known"), [Some(entry(9))]);
    assert_eq!(manifest.totals(), None);
}

#[test]
fn opening_reads_one_small_object_and_a_commit_writes_a_few_pages_however_many_shards_there_are() {
    let mut sizes = Vec::new();
    for count in [1_000u64, 300_000] {
        let objects = objects();
        begun(&objects, many(count));
        let root = files(&objects)[root_path().as_ref()].len();
        let manifest = open(&objects, ManifestAccess::Write).expect("opens");
        let before = files(&objects);
        let change = [(shard(count / 3), Some(entry(1 << 40)))];
        write(&manifest, &change);
        let after = files(&objects);
        let is_new = |(path, bytes): &(&String, &Vec<u8>)| before.get(*path) != Some(bytes);
        let written: usize = after.iter().filter(is_new).map(|(_, bytes)| bytes.len()).sum();
        sizes.push((root, written));
    }
    let [(small_root, _), (root, written)] = sizes[..] else { panic!("{sizes:?}") };
    assert!(root < small_root + 500, "{sizes:?}");
    assert!(written < 3 * 25_000, "{sizes:?}");
}

#[test]
fn packs_of_pages_that_no_root_names_are_removed() {
    let objects = objects();
    let manifest = begun(&objects, many(100_000));
    let live: usize = files(&objects).values().map(Vec::len).sum();
    assert!(live < MAX_PACK_BYTES);
    for round in 0..200u64 {
        let at = |step: u64| shard((round * 7_919 + step * 104_729) % 100_000);
        let changes: Vec<Change> =
            (0..20).map(|step| (at(step), Some(entry(round << 8 | step)))).collect();
        let changes: Vec<Change> =
            changes.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        write(&manifest, &changes);
        let files = files(&objects);
        let bytes: usize = files.values().map(Vec::len).sum();
        assert!(bytes < live * 3, "{bytes} bytes of {live} in use after {round} rounds");
        assert!(files.len() < 40, "{:?}", files.keys());
    }
    let expected = block_on(manifest.list()).expect("lists");
    let again = open(&objects, ManifestAccess::Read).expect("opens");
    assert_eq!(block_on(again.list()).expect("lists"), expected);
}

#[test]
fn a_reader_goes_on_from_the_newest_root_when_its_pages_are_gone() {
    let objects = objects();
    let manifest = begun(&objects, many(2_000));
    for round in 1..4 {
        let readers = [0; 2].map(|_| open(&objects, ManifestAccess::Read).expect("opens"));
        let changes: Vec<Change> =
            (0..2_000).map(|at| (shard(at), Some(entry(at + round)))).collect();
        write(&manifest, &changes);
        assert_eq!(block_on(readers[0].versions(shard(1_500))).expect("reads"), [changes[1_500].1]);
        let listed = block_on(readers[1].list()).expect("reads");
        assert_eq!(
            listed.into_iter().map(|(key, entry)| (key, Some(entry))).collect::<Vec<_>>(),
            changes
        );
    }
}

#[test]
fn a_thread_that_looks_up_while_another_commits_finds_what_is_or_was() {
    let objects = objects();
    let manifest = begun(&objects, many(3_000));
    std::thread::scope(|scope| {
        let looked = scope.spawn(|| {
            for step in 0..20_000u64 {
                let at = step * 7 % 3_000;
                let known = block_on(manifest.versions(shard(at))).expect("reads");
                for entry in known.into_iter().map(|entry| entry.expect("never removed")) {
                    assert_eq!(entry.digest, self::entry(at).digest);
                }
            }
        });
        let mut round = 0;
        while !looked.is_finished() {
            round += 1;
            // Only the number of bytes tells that it was written again.
            let again = |at| Entry { bytes: round, ..entry(at) };
            let changes: Vec<Change> = (0..3_000).map(|at| (shard(at), Some(again(at)))).collect();
            write(&manifest, &changes);
        }
    });
}

#[test]
fn an_intent_that_failed_hides_no_later_one() {
    let faulty = crate::store::tests::faulty::Faulty::over(objects());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let manifest = begun(&objects, Vec::new());
    let change = |seed| [(shard(seed), Some(entry(seed)))];
    faulty.fail_puts_after(0);
    block_on(manifest.intend(&change(1))).expect_err("no space");
    faulty.heal();
    assert_eq!(block_on(manifest.versions(shard(1))).expect("reads"), [None], "never begun");
    block_on(manifest.intend(&change(2))).expect("intended");
    drop(manifest);
    let again = open(&objects, ManifestAccess::Write).expect("opens");
    assert_eq!(again.unsettled(), [(shard(2), vec![Some(entry(2))])]);
}

#[test]
fn a_commit_that_failed_is_done_by_the_next_one_and_overwrites_no_page_in_use() {
    // Where the pack is put, where the root is put, and nowhere.
    for puts in 0..3 {
        let faulty = crate::store::tests::faulty::Faulty::over(objects());
        let objects: Arc<dyn ObjectStore> = faulty.clone();
        let manifest = begun(&objects, many(10));
        let change = [(shard(3), Some(entry(77)))];
        block_on(manifest.intend(&change)).expect("intended");
        manifest.done(&change);
        faulty.fail_puts_after(puts);
        assert_eq!(block_on(manifest.commit(RootChange::default())).is_ok(), puts == 2);
        faulty.heal();
        let crashed = open(&objects, ManifestAccess::Read).expect("opens");
        let known = block_on(crashed.versions(shard(3))).expect("reads");
        assert_eq!(known.last(), Some(&Some(entry(77))), "{puts}");
        block_on(manifest.commit(RootChange::default())).expect("committed");
        let again = open(&objects, ManifestAccess::Read).expect("opens");
        assert_eq!(block_on(again.versions(shard(3))).expect("reads"), [Some(entry(77))], "{puts}");
    }
}

#[test]
fn what_killed_writers_left_behind_is_swept() {
    let objects = objects();
    let manifest = begun(&objects, many(10));
    block_on(manifest.intend(&[(shard(3), None)])).expect("intended");
    manifest.done(&[(shard(3), None)]);
    block_on(manifest.commit(RootChange::default())).expect("committed");
    let before = files(&objects);
    put(&objects, intent_path(0).as_ref(), intent_to_bytes(&[]));
    put(&objects, "manifest/pages-00000000000000000005", vec![1]);
    let manifest = open(&objects, ManifestAccess::Write).expect("opens");
    block_on(manifest.sweep()).expect("swept");
    assert_eq!(files(&objects), before);
}
