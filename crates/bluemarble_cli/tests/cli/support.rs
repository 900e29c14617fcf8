//! Running the program, and small files for it to read.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Cursor, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use tempfile::TempDir;
use tiff::{
    encoder::{TiffEncoder, colortype},
    tags::Tag,
};

/// What a run has left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program with these arguments, split at spaces.
pub fn command(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bluemarble"));
    command.current_dir(folder).args(args.split(' ').filter(|arg| !arg.is_empty()));
    command
}

/// Runs the program in a folder with this on standard input.
pub fn run_with(folder: &Path, args: &str, input: &str) -> Ran {
    let mut child = command(folder, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that has ended early reads no further.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn run(folder: &Path, args: &str) -> Ran {
    run_with(folder, args, "")
}

/// Runs the program, which must succeed, and gives its output.
pub fn done(folder: &Path, args: &str) -> String {
    done_with(folder, args, "")
}

pub fn done_with(folder: &Path, args: &str, input: &str) -> String {
    let ran = run_with(folder, args, input);
    assert_eq!(ran.code, 0, "{args}: {ran:?}");
    ran.out
}

/// Runs the program, which must refuse in one line that says `said`.
pub fn refused(folder: &Path, args: &str, said: &str) -> String {
    refused_with(folder, args, "", said).err
}

pub fn refused_with(folder: &Path, args: &str, input: &str, said: &str) -> Ran {
    let ran = run_with(folder, args, input);
    assert_eq!(ran.code, 2, "{args}: {ran:?}");
    let lines: Vec<_> = ran.err.lines().filter(|line| !line.starts_with("note: ")).collect();
    assert_eq!(lines.len(), 1, "{args}: {ran:?}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains(said), "{args}: {ran:?}");
    ran
}

/// The lines of a stream as they come; a program that says nothing for two minutes has hung.
pub fn lines_of(stream: impl Read + Send + 'static) -> impl FnMut() -> String {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    move || lines.recv_timeout(Duration::from_secs(120)).expect("an answer")
}

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A folder with an empty flat world `w`.
pub fn empty_world() -> TempDir {
    let folder = folder();
    done(folder.path(), "new w --baseline empty");
    folder
}

/// Every file under a folder with its bytes, the lock aside.
pub fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                files.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// The shards of a world, by their names in it.
pub fn shards(world: &Path) -> Vec<PathBuf> {
    let is_shard = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "c");
    tree(world).into_keys().filter(is_shard).collect()
}

/// A .npy file of u16, axes in the order of the shape.
pub fn npy(shape: [usize; 3], item: impl Fn([usize; 3]) -> u16) -> Vec<u8> {
    let [a, b, c] = shape;
    let mut text =
        format!("{{'descr': '<u2', 'fortran_order': False, 'shape': ({a}, {b}, {c}), }}");
    while !(10 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                bytes.extend_from_slice(&item([i, j, k]).to_le_bytes());
            }
        }
    }
    bytes
}

/// The items of a .npy file of u16 that this program has written.
pub fn npy_items(bytes: &[u8]) -> Vec<u16> {
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let items = bytes[10 + header..].chunks_exact(2);
    items.map(|item| u16::from_le_bytes([item[0], item[1]])).collect()
}

/// A GeoTIFF of ten degrees a sample around the globe, as high as `height` says.
pub fn geotiff(height: impl Fn(u32, u32) -> i16) -> Vec<u8> {
    let (columns, rows) = (36, 19);
    let samples: Vec<i16> = (0..rows * columns).map(|i| height(i / columns, i % columns)).collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut image = encoder.new_image::<colortype::GrayI16>(columns, rows).unwrap();
    image.encoder().write_tag(Tag::ModelPixelScaleTag, &[10.0, 10.0, 0.0][..]).unwrap();
    let tie = [0.0, 0.0, 0.0, -180.0, 90.0, 0.0];
    image.encoder().write_tag(Tag::ModelTiepointTag, &tie[..]).unwrap();
    let keys = [1u16, 1, 0, 1, 1025, 0, 1, 2];
    image.encoder().write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).unwrap();
    image.write_data(&samples).unwrap();
    bytes.into_inner()
}

/// A .vox file made of chunks.
pub fn vox(chunks: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut children = Vec::new();
    for (id, content) in chunks {
        children.extend_from_slice(id.as_bytes());
        children.extend_from_slice(&(content.len() as u32).to_le_bytes());
        children.extend_from_slice(&0u32.to_le_bytes());
        children.extend_from_slice(content);
    }
    let mut bytes = b"VOX \x96\0\0\0MAIN\0\0\0\0".to_vec();
    bytes.extend_from_slice(&(children.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&children);
    bytes
}

/// The chunks of one model: its size and its voxels as x, y, z (up), colour number.
pub fn vox_model(size: [u32; 3], voxels: &[[u8; 4]]) -> [(&'static str, Vec<u8>); 2] {
    let size = size.iter().flat_map(|edge| edge.to_le_bytes()).collect();
    let mut content = (voxels.len() as u32).to_le_bytes().to_vec();
    content.extend(voxels.iter().flatten());
    [("SIZE", size), ("XYZI", content)]
}

/// A palette whose first colours are these.
pub fn vox_palette(colours: &[[u8; 3]]) -> (&'static str, Vec<u8>) {
    let mut bytes: Vec<u8> = colours.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    bytes.resize(1024, 0);
    ("RGBA", bytes)
}

/// A dictionary as scene nodes have it.
pub fn vox_dict(entries: &[(&str, &str)]) -> Vec<u8> {
    let string = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let mut bytes = (entries.len() as u32).to_le_bytes().to_vec();
    for (key, value) in entries {
        bytes.extend(string(key));
        bytes.extend(string(value));
    }
    bytes
}

/// A transform node.
pub fn vox_transform(id: u32, child: u32, frame: &[(&str, &str)]) -> (&'static str, Vec<u8>) {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(vox_dict(&[]));
    for number in [child, u32::MAX, u32::MAX, 1] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend(vox_dict(frame));
    ("nTRN", bytes)
}

/// A group node.
pub fn vox_group(id: u32, children: &[u32]) -> (&'static str, Vec<u8>) {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(vox_dict(&[]));
    for number in std::iter::once(&(children.len() as u32)).chain(children) {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    ("nGRP", bytes)
}

/// A shape node of one model.
pub fn vox_shape(id: u32, model: u32) -> (&'static str, Vec<u8>) {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(vox_dict(&[]));
    for number in [1, model, 0] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    ("nSHP", bytes)
}
