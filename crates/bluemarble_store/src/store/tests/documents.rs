//! What other programs see: the documents, and the bytes below them.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectStoreExt, path::Path as ObjectPath};
use serde_json::{Value, json};

use super::*;

fn get(objects: &Arc<dyn ObjectStore>, path: &str) -> Option<Vec<u8>> {
    let path = ObjectPath::from(path);
    match block_on(async { objects.get(&path).await?.bytes().await }) {
        Ok(bytes) => Some(bytes.to_vec()),
        Err(object_store::Error::NotFound { .. }) => None,
        Err(error) => panic!("{path}: {error}"),
    }
}

fn document(objects: &Arc<dyn ObjectStore>, path: &str) -> Value {
    serde_json::from_slice(&get(objects, path).expect("a document")).expect("JSON")
}

/// Three numbers of a document.
fn triple(value: &Value) -> [usize; 3] {
    let numbers: Vec<_> = value.as_array().expect("a list").iter().map(Value::as_u64).collect();
    let [Some(y), Some(z), Some(x)] = numbers[..] else { panic!("{value} is not three numbers") };
    [y, z, x].map(|number| number as usize)
}

fn zip(one: [usize; 3], two: [usize; 3], f: impl Fn(usize, usize) -> usize) -> [usize; 3] {
    [0, 1, 2].map(|axis| f(one[axis], two[axis]))
}

/// The place of an element in C order.
fn c_order(at: [usize; 3], shape: [usize; 3]) -> usize {
    (at[0] * shape[1] + at[1]) * shape[2] + at[2]
}

/// One element of an array, found as any Zarr reader does: from nothing but the array's document.
fn element(objects: &Arc<dyn ObjectStore>, array: &str, at: [usize; 3]) -> u64 {
    let document = document(objects, &format!("{array}/zarr.json"));
    let outer = triple(&document["chunk_grid"]["configuration"]["chunk_shape"]);
    let sharding = &document["codecs"][0]["configuration"];
    let inner = triple(&sharding["chunk_shape"]);
    let fill = document["fill_value"].as_u64().expect("a fill value");
    assert!(at.iter().zip(triple(&document["shape"])).all(|(&at, end)| at < end), "{at:?}");

    let [i, j, k] = zip(at, outer, |at, outer| at / outer);
    let Some(shard) = get(objects, &format!("{array}/c/{i}/{j}/{k}")) else { return fill };
    let within = zip(at, outer, |at, outer| at % outer);
    let count = zip(outer, inner, |outer, inner| outer / inner);
    let slot = c_order(zip(within, inner, |at, inner| at / inner), count);
    let index = &shard[shard.len() - (count.iter().product::<usize>() * 16 + 4)..];
    let number = |at: usize| u64::from_le_bytes(index[at..at + 8].try_into().expect("8 bytes"));
    let (offset, length) = (number(slot * 16), number(slot * 16 + 8));
    if (offset, length) == (u64::MAX, u64::MAX) {
        return fill;
    }
    let chunk = &shard[offset as usize..(offset + length) as usize];
    let block = &chunk[..chunk.len() - 4];
    let shuffled = zstd::decode_all(block).expect("Zstandard");
    let cells = inner.iter().product::<usize>();
    assert_eq!(shuffled.len(), cells * 2);
    let cell = c_order(zip(within, inner, |at, inner| at % inner), inner);
    u64::from(u16::from_le_bytes([shuffled[cell], shuffled[cells + cell]]))
}

fn check_elements(shape: Shape, keys: &[ChunkKey]) {
    let objects = in_memory();
    let chunks: Vec<_> =
        keys.iter().zip(1..).map(|(&key, seed)| (key, chunk(seed * 7 + 6))).collect();
    write(&open(&objects, shape), &chunks).expect("writes");
    for (key, chunk) in &chunks {
        let array = format!("region{}/lod{}", key.region, key.lod);
        let document = document(&objects, &format!("{array}/zarr.json"));
        let origin = triple(&document["attributes"]["origin"]);
        let first = key.pos.as_i64vec3() * 64;
        let at = |cell: IVec3| {
            let lattice = first + cell.as_i64vec3();
            zip(origin, [0, 1, 2], |origin, axis| {
                let along = [lattice.y, lattice.z, lattice.x][axis];
                usize::try_from(along + origin as i64).expect("inside")
            })
        };
        for index in (0..CHUNK_VOLUME).step_by(40_009).chain([0, CHUNK_VOLUME - 1]) {
            let cell = bluemarble_core::cell_position(index);
            let expected = u64::from(chunk.get_index(index).0);
            assert_eq!(element(&objects, &array, at(cell)), expected, "{key} {cell}");
        }
        let beside = ChunkKey { pos: key.pos + IVec3::X, ..*key };
        let inside = crate::layout::ShardKey::locate(&shape, beside).is_some();
        if inside && !keys.contains(&beside) {
            assert_eq!(element(&objects, &array, at(ivec3(64, 0, 0))), 65535, "{beside}");
        }
    }
}

#[test]
fn any_zarr_reader_finds_each_cell_of_a_flat_world_where_the_document_says() {
    let key = |lod, x, y, z| ChunkKey::new(0, lod, ivec3(x, y, z));
    check_elements(
        FLAT,
        &[
            key(0, 0, 0, 0),
            key(0, -1, -2, -3),
            key(0, -1_048_576, 5, 1_048_574),
            key(7, 9, -9, 2),
            key(20, -1, 0, -1),
        ],
    );
}

#[test]
fn any_zarr_reader_finds_each_cell_of_a_planet_where_the_document_says() {
    let key = |region, lod, x, y, z| ChunkKey::new(region, lod, ivec3(x, y, z));
    check_elements(
        EARTH,
        &[
            key(0, 0, 1, 2, 3),
            key(5, 0, 1_048_574, 524_288, 77),
            key(3, 18, 3, 1, 2),
            key(3, 19, 0, 1, 0),
            key(1, 20, 0, 0, 0),
        ],
    );
}

#[test]
fn every_lod_is_an_array_of_u16_with_axes_y_z_x_in_shards_of_64_cubed_chunks() {
    for (shape, edge) in [(FLAT, 1u64 << 27), (EARTH, 1 << 26)] {
        let objects = in_memory();
        let chunks: Vec<_> =
            (0..=20).map(|lod| (ChunkKey::new(0, lod, IVec3::ZERO), chunk(1))).collect();
        write(&open(&objects, shape), &chunks).expect("writes");
        for lod in 0..=20u32 {
            let document = document(&objects, &format!("region0/lod{lod}/zarr.json"));
            let cells = edge >> lod;
            let shard = cells.min(256);
            assert_eq!(document["zarr_format"], 3);
            assert_eq!(document["node_type"], "array");
            assert_eq!(document["data_type"], "uint16");
            assert_eq!(document["dimension_names"], json!(["y", "z", "x"]));
            assert_eq!(document["fill_value"], 65535);
            assert_eq!(document["shape"], json!([cells, cells, cells]));
            assert_eq!(document["chunk_grid"]["name"], "regular");
            assert_eq!(
                document["chunk_grid"]["configuration"]["chunk_shape"],
                json!([shard, shard, shard])
            );
            assert_eq!(document["chunk_key_encoding"]["name"], "default");
            let codecs = document["codecs"].as_array().expect("a list");
            assert_eq!(codecs.len(), 1);
            assert_eq!(codecs[0]["name"], "sharding_indexed");
            assert_eq!(codecs[0]["configuration"]["chunk_shape"], json!([64, 64, 64]));
            assert_eq!(codecs[0]["configuration"]["index_location"], "end");
            let cell_m = document["attributes"]["cell_m"].as_f64().expect("a number");
            assert_eq!(cell_m, shape.voxel_m() * f64::from(1 << lod));
        }
    }
}

#[test]
fn the_groups_above_the_arrays_are_there_and_the_first_says_what_world_it_is() {
    let objects = in_memory();
    let store = open(&objects, EARTH);
    let world = document(&objects, "zarr.json");
    assert_eq!((&world["zarr_format"], &world["node_type"]), (&json!(3), &json!("group")));
    let attributes = &world["attributes"]["bluemarble"];
    assert_eq!(attributes["format_version"], 3);
    assert_eq!(attributes["storage"], json!({ "chunk_edge": 64, "codec": "shuffle-zstd" }));
    assert_eq!(attributes["regions"].as_array().expect("a list").len(), 6);
    assert_eq!(attributes["regions"][3], "region3");
    assert_eq!(attributes["baseline"], "superflat 7");
    assert_eq!(attributes["shape"]["CubeSphere"]["radius_m"], 6_371_008.8);
    assert_eq!(attributes["materials"][0], "air");
    assert_eq!(get(&objects, "region3/zarr.json"), None);
    write(&store, &[(ChunkKey::new(3, 4, IVec3::ZERO), chunk(1))]).expect("writes");
    let region = document(&objects, "region3/zarr.json");
    assert_eq!((&region["zarr_format"], &region["node_type"]), (&json!(3), &json!("group")));
    assert_eq!(get(&objects, "region0/zarr.json"), None);
}

#[test]
fn a_region_names_exactly_the_lods_that_have_arrays_with_their_scales() {
    let objects = in_memory();
    let store = open(&objects, EARTH);
    for (lod, expected) in [(4, vec!["lod4"]), (0, vec!["lod0", "lod4"]), (4, vec!["lod0", "lod4"])]
    {
        write(&store, &[(ChunkKey::new(3, lod, IVec3::ZERO), chunk(1))]).expect("writes");
        let region = document(&objects, "region3/zarr.json");
        assert_eq!(region["attributes"]["ome"]["version"], "0.5");
        let image = &region["attributes"]["ome"]["multiscales"][0];
        let axis = |name: &str| json!({ "name": name, "type": "space", "unit": "meter" });
        assert_eq!(image["axes"], json!([axis("y"), axis("z"), axis("x")]));
        let datasets = image["datasets"].as_array().expect("a list");
        let paths: Vec<_> = datasets.iter().map(|dataset| &dataset["path"]).collect();
        assert_eq!(paths, expected);
        let scale = &datasets[expected.len() - 1]["coordinateTransformations"][0]["scale"][2];
        assert_eq!(scale.as_f64().expect("a number"), EARTH.voxel_m() * 16.0);
    }
}

#[test]
fn threads_that_make_arrays_of_one_region_name_all_of_them() {
    let objects = in_memory();
    let store = open(&objects, EARTH);
    std::thread::scope(|scope| {
        for lod in 0..=20 {
            let store = &store;
            scope.spawn(move || {
                write(store, &[(ChunkKey::new(1, lod, IVec3::ZERO), chunk(1))]).expect("writes");
            });
        }
    });
    let region = document(&objects, "region1/zarr.json");
    let datasets = &region["attributes"]["ome"]["multiscales"][0]["datasets"];
    assert_eq!(datasets.as_array().expect("a list").len(), 21);
}

/// Whether every object lies below documents of its world, region and array, and whether readers find nothing wrong.
fn check_hierarchy(objects: &Arc<dyn ObjectStore>) -> BTreeSet<String> {
    let listed: Vec<_> = block_on(objects.list(None).try_collect()).expect("lists");
    let names: BTreeSet<_> = listed.iter().map(|object| object.location.to_string()).collect();
    for name in names.iter().filter(|name| !name.starts_with("manifest/")) {
        let mut folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        while let Some((above, last)) = folder.rsplit_once('/') {
            let is_group = folder.matches('/').count() < 2 && last != "c";
            assert!(
                !is_group || names.contains(&format!("{folder}/zarr.json")),
                "{name} in {names:?}"
            );
            folder = above;
        }
        assert!(
            folder.is_empty() || names.contains(&format!("{folder}/zarr.json")),
            "{name} in {names:?}"
        );
        assert!(names.contains("zarr.json"), "{name} in {names:?}");
    }
    names
}

#[test]
fn whatever_is_there_has_its_parents_at_every_moment_and_nothing_is_damaged() {
    let shards = [(0u8, 0u8), (0, 2), (4, 1), (4, 0)];
    let (mut moments, mut is_done) = (0, false);
    while !is_done {
        let objects = in_memory();
        let faulty = faulty::Faulty::over(Arc::clone(&objects));
        faulty.fail_puts_after(moments);
        let failing: Arc<dyn ObjectStore> = faulty.clone();
        let write_all = |objects: &Arc<dyn ObjectStore>| {
            let metadata = metadata(EARTH);
            let store = block_on(ChunkStore::with_objects(Arc::clone(objects), &metadata))?;
            for (region, lod) in shards {
                let key = ChunkKey::new(region, lod, IVec3::new(3, 1 << (19 - lod), 5));
                write(&store, &[(key, Chunk::uniform(MaterialId(4)))])?;
            }
            Ok::<_, StoreError>(store)
        };
        is_done = write_all(&failing).is_ok();
        if moments > 0 {
            check_hierarchy(&objects);
            let store = open(&objects, EARTH);
            let listing = block_on(store.list_shards()).expect("lists");
            let damages = block_on(store.check_documents(&listing.arrays)).expect("checks");
            assert_eq!(damages, [], "after {moments} objects");
        }
        let store = write_all(&objects).expect("goes on");
        assert_eq!(block_on(store.keys()).expect("whole").len(), shards.len());
        check_hierarchy(&objects);
        moments += 1;
    }
    // The world, two regions written twice each and once more, four arrays and four shards.
    assert!(moments > 12, "{moments}");
}
