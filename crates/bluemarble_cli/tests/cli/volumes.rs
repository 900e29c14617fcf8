//! Zarr arrays and stacks of pictures come in as volumes.

use std::{fs, io::Cursor, path::Path, process::Command};

use tiff::encoder::{TiffEncoder, colortype};

use crate::support::{done, empty_world, npy, npy_items, refused};

const SHAPE: [usize; 3] = [70, 40, 300];

fn number([i, j, k]: [usize; 3]) -> u16 {
    ((i * 31 + j * 17 + k * 7 + i * k) % 21) as u16
}

/// The numbers of the volume in the order of its axes.
fn expected() -> Vec<u16> {
    npy_items(&npy(SHAPE, number))
}

fn python(dir: &Path, code: &str) {
    let python = std::env::var_os("BLUEMARBLE_PYTHON").expect(
        "BLUEMARBLE_PYTHON is not set: ./scripts/test.sh installs zarr-python and runs the tests",
    );
    let ran = Command::new(python).current_dir(dir).args(["-c", code]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Imports a volume at its own height, and compares all of it.
fn comes_in(dir: &Path, volume: &str, place: i32) {
    let y = place * 100 - 30;
    done(dir, &format!("import volume w {volume} --at 0,-9,{y},-9"));
    let [a, b, c] = SHAPE.map(|count| count as i32);
    let corner = format!("{},{},{}", c - 9, y + a, b - 9);
    done(dir, &format!("export w --box 0,-9,{y},-9,{corner} --npy out{place}.npy"));
    let found = npy_items(&fs::read(dir.join(format!("out{place}.npy"))).unwrap());
    assert!(found == expected(), "{volume}");
}

const ARRAYS: &str = "
import numpy as np, zarr
a = np.load('a.npy')
zarr.create_array('plain.zarr', data=a, chunks=(30, 30, 30))
zarr.create_array('sharded.zarr', data=a, chunks=(16, 16, 16), shards=(64, 64, 64))
zarr.create_array('second.zarr', data=a.astype('u1'), chunks=(1, 40, 300), zarr_format=2)
from numcodecs import Blosc
blosc = Blosc(cname='lz4', clevel=5, shuffle=Blosc.SHUFFLE)
zarr.create_array('blosc.zarr', data=a, chunks=(64, 64, 64), zarr_format=2, compressors=blosc)
zarr.create_array('gzip.zarr', data=a, chunks=(20, 40, 50), compressors=zarr.codecs.GzipCodec())
zarr.create_array('ome.zarr', data=a[None, None], chunks=(1, 1, 64, 64, 64))
zarr.create_array('float.zarr', data=a.astype('f4'))
zarr.create_array('flat.zarr', data=a[0])
zarr.create_group('group.zarr')
";

#[test]
fn zarr_arrays_of_both_versions_and_any_codec_come_in() {
    let folder = empty_world();
    let dir = folder.path();
    fs::write(dir.join("a.npy"), npy(SHAPE, number)).unwrap();
    python(dir, ARRAYS);
    for (place, name) in ["plain", "sharded", "second", "blosc", "gzip", "ome"].iter().enumerate() {
        comes_in(dir, &format!("{name}.zarr"), place as i32);
    }
    for (name, said) in [
        ("float.zarr", "float.zarr: its numbers are float32; make them uint8 or uint16"),
        ("flat.zarr", "flat.zarr: its shape is [40, 300]; a volume has three axes"),
        ("group.zarr", "group.zarr: not a Zarr array"),
    ] {
        refused(dir, &format!("import volume w {name} --at 0,0,0,0"), said);
    }
    // A damaged chunk is named and leaves nothing.
    let path = dir.join("plain.zarr/c/1/0/3");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    refused(dir, "import volume w plain.zarr --at 0,5000,5000,5000", "plain.zarr: ");
    done(dir, "verify w");
}

/// A file of pages.
fn pages(pages: std::ops::Range<usize>, is_u8: bool) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let (rows, columns) = (SHAPE[1], SHAPE[2]);
    for page in pages {
        let numbers: Vec<u16> =
            (0..rows * columns).map(|at| number([page, at / columns, at % columns])).collect();
        let (width, height) = (columns as u32, rows as u32);
        if is_u8 {
            let numbers: Vec<u8> = numbers.into_iter().map(|number| number as u8).collect();
            let mut image = encoder.new_image::<colortype::Gray8>(width, height).unwrap();
            image.rows_per_strip(7).unwrap();
            image.write_data(&numbers).unwrap();
        } else {
            let mut image = encoder.new_image::<colortype::Gray16>(width, height).unwrap();
            image.rows_per_strip(13).unwrap();
            image.write_data(&numbers).unwrap();
        }
    }
    bytes.into_inner()
}

#[test]
fn a_stack_of_pictures_is_a_volume_of_pages_rows_and_columns() {
    let folder = empty_world();
    let dir = folder.path();
    fs::write(dir.join("all.tif"), pages(0..SHAPE[0], true)).unwrap();
    comes_in(dir, "all.tif", 0);
    fs::create_dir(dir.join("stack")).unwrap();
    for page in 0..SHAPE[0] {
        let name = format!("stack/layer-{page:03}.tiff");
        fs::write(dir.join(name), pages(page..page + 1, page % 2 == 0)).unwrap();
    }
    fs::write(dir.join("stack/readme.txt"), "no picture").unwrap();
    comes_in(dir, "stack", 1);
}

#[test]
fn bad_stacks_are_refused_and_the_picture_is_named() {
    let folder = empty_world();
    let dir = folder.path();
    let whole = pages(0..3, false);
    fs::create_dir(dir.join("stack")).unwrap();
    fs::write(dir.join("stack/0.tif"), &whole).unwrap();
    let mut coloured = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut coloured).unwrap();
    encoder.write_image::<colortype::RGB8>(2, 1, &[0; 6]).unwrap();
    let mut small = Cursor::new(Vec::new());
    TiffEncoder::new(&mut small).unwrap().write_image::<colortype::Gray8>(2, 1, &[0; 2]).unwrap();
    for (bytes, said) in [
        (coloured.into_inner(), "is RGB(8); a volume has one number of 8 or 16 bits a pixel"),
        (small.into_inner(), "is 2 x 1, unlike those before"),
        (b"II*\0".to_vec(), "1.tif: "),
        (b"nothing".to_vec(), "1.tif: "),
    ] {
        fs::write(dir.join("stack/1.tif"), bytes).unwrap();
        refused(dir, "import volume w stack --at 0,0,0,0", said);
    }
    fs::remove_file(dir.join("stack/1.tif")).unwrap();
    for end in (0..whole.len()).step_by(whole.len() / 40) {
        fs::write(dir.join("stack/0.tif"), &whole[..end]).unwrap();
        refused(dir, "import volume w stack --at 0,0,0,0", "stack: ");
    }
    fs::create_dir(dir.join("none")).unwrap();
    refused(dir, "import volume w none --at 0,0,0,0", "neither a Zarr array nor .tif pictures");
    done(dir, "verify w");
}
