//! `import volume`: a file of numbers becomes voxels, brick by brick, so that it may be larger than memory.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::PathBuf,
    process::ExitCode,
};

use bluemarble_core::{LatticeBox, VoxelBox};
use bluemarble_edit::{Brick, tiles};
use clap::{Args, ValueEnum};
use glam::IVec3;
use serde_json::json;

use super::numbers::NumbersArgs;
use crate::{
    area::check_inside,
    durable::{DURABLE_AT_THE_END, Writer},
    failure::Failure,
    mapping::Mapping,
    npy::{self, Item},
    output, progress,
};

/// Voxels along each axis of what is read at once: a shard, so that each is written once.
const BRICK_EDGE: i32 = 256;
const FILE_HELP: &str =
    "A .npy file of u8 or u16; or with --shape and --dtype bare numbers, the last axis fastest";

/// Put a volume of numbers, .npy or raw, into a world.
///
/// A number is the material with that number unless --map says otherwise; 65535 leaves a voxel as it is. The
/// whole file is checked before the first voxel changes. The file may be larger than memory.
#[derive(Args)]
#[command(
    after_help = "Example: bluemarble import volume hills scan.npy --at 0,-50,0,-50 --map 0=keep,1-9=granite",
    mut_arg("file", |arg| arg.help(FILE_HELP)),
    mut_arg("at", |arg| arg.help("Where the first number goes: region,x,y,z"))
)]
pub struct Volume {
    #[command(flatten)]
    numbers: NumbersArgs,
    /// For bare numbers: how many there are along each axis, such as 100,200,300.
    #[arg(long, value_name = "N,N,N", requires = "dtype", value_delimiter = ',')]
    shape: Vec<u64>,
    /// For bare numbers: what one is; u16 has its lower byte first.
    #[arg(long, value_name = "TYPE", requires = "shape")]
    dtype: Option<Dtype>,
    /// Which lattice axis each axis of the file runs along.
    #[arg(long, value_name = "AXES", default_value = "yzx")]
    axes: String,
}

/// What one number of a raw file is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dtype {
    /// One byte.
    U8,
    /// Two bytes, the lower one first.
    U16,
}

impl Volume {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let mut numbers = self.open_numbers()?;
        let world = self.numbers.world.open_to_edit(DURABLE_AT_THE_END)?;
        let voxels = self.voxels(&numbers)?;
        check_inside(&world.shape(), VoxelBox::new(self.numbers.at.region, voxels))?;
        let mapping = self.numbers.mapping(world.materials())?;
        numbers.check_values(&self.numbers, &mapping)?;

        let writer = Writer::new(world);
        let bar = progress::bar(numbers.count(), "importing");
        for part in tiles(voxels, IVec3::splat(BRICK_EDGE)) {
            let brick = numbers.brick(part, voxels.min, &mapping)?;
            for batch in brick.batches(self.numbers.at.region) {
                writer.commit(&batch)?;
            }
            let size = part.size().as_u64vec3();
            bar.inc(size.x * size.y * size.z);
        }
        writer.checkpoint()?;
        bar.finish_and_clear();

        let read = numbers.count();
        output::print_result(json, &json!({ "voxels": read }), &format!("{read} voxels read"))?;
        Ok(ExitCode::SUCCESS)
    }

    fn voxels(&self, numbers: &Numbers) -> Result<LatticeBox, Failure> {
        let mut size = IVec3::ZERO;
        for (&count, &axis) in numbers.counts.iter().zip(&numbers.axes) {
            size[axis] = i32::try_from(count).unwrap_or(i32::MAX);
        }
        let min = self.numbers.at.voxel;
        let max = min.saturating_add(size);
        if max - min != size || size.cmpeq(IVec3::MAX).any() {
            return Err(self.numbers.refuse(format!(
                "{} numbers from {min} on reach out of the lattice; move or split it",
                size
            )));
        }
        Ok(LatticeBox::new(min, max))
    }

    fn open_numbers(&self) -> Result<Numbers, Failure> {
        let path = &self.numbers.file;
        let unreadable = |error| Failure::file(path, "cannot read", &error);
        let refuse = |what: String| self.numbers.refuse(what);
        let mut file = File::open(path).map_err(unreadable)?;
        let mut axes = parse_axes(&self.axes)?;
        let (item, mut counts, offset) = match self.dtype {
            Some(Dtype::U8) => (Item::U8, self.shape.clone(), 0),
            Some(Dtype::U16) => (Item::U16Little, self.shape.clone(), 0),
            None => {
                let header = npy::read_header(&mut file)
                    .map_err(|what| refuse(format!("{what}, or give --shape and --dtype")))?;
                if header.fortran_order {
                    axes.reverse();
                }
                let mut counts = header.shape;
                if header.fortran_order {
                    counts.reverse();
                }
                (header.item, counts, header.offset)
            }
        };
        let Ok::<[u64; 3], _>(counts) = std::mem::take(&mut counts).try_into() else {
            return Err(refuse("not three axes; a volume has three".to_owned()));
        };
        let all = counts.iter().try_fold(item.bytes(), |all, &count| all.checked_mul(count));
        let [a, b, c] = counts;
        let found = file.metadata().map_err(unreadable)?.len();
        match all.and_then(|bytes| bytes.checked_add(offset)) {
            _ if a.min(b).min(c) == 0 => return Err(refuse("it holds no number".to_owned())),
            Some(expected) if expected == found => {}
            _ => {
                return Err(refuse(format!(
                    "{a} x {b} x {c} numbers of {} bytes after {offset} do not make its {found} bytes; \
                     it is cut short or its shape is another",
                    item.bytes()
                )));
            }
        }
        Ok(Numbers { path: path.clone(), file, item, counts, axes, offset })
    }
}

/// `yzx` and its like to the numbers of the axes.
fn parse_axes(text: &str) -> Result<[usize; 3], Failure> {
    let axes: Vec<usize> = text.chars().filter_map(|axis| "xyz".find(axis)).collect();
    match <[usize; 3]>::try_from(axes) {
        Ok(axes) if text.len() == 3 && (0..3).all(|axis| axes.contains(&axis)) => Ok(axes),
        _ => Err(Failure::new(format!("--axes {text}: write x, y and z in some order, as in yzx"))),
    }
}

/// A file of numbers.
struct Numbers {
    path: PathBuf,
    file: File,
    item: Item,
    /// Numbers along each axis of the file, the last one fastest.
    counts: [u64; 3],
    /// The lattice axis along which each of them runs.
    axes: [usize; 3],
    /// Where the numbers begin, in bytes.
    offset: u64,
}

impl Numbers {
    fn count(&self) -> u64 {
        self.counts.iter().product()
    }

    fn refuse(&self, what: String) -> Failure {
        Failure::new(format!("{}: {what}", self.path.display()))
    }

    /// Reads all of it once and refuses it if some number means nothing.
    fn check_values(&mut self, args: &NumbersArgs, mapping: &Mapping) -> Result<(), Failure> {
        let unreadable = |error| Failure::file(&self.path, "cannot read", &error);
        (&self.file).seek(SeekFrom::Start(self.offset)).map_err(unreadable)?;
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        let bar = progress::bar(self.count(), "checking");
        let mut bytes = vec![0; 1 << 16];
        let mut left = self.count() * self.item.bytes();
        while left > 0 {
            let some = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            reader.read_exact(&mut bytes[..some]).map_err(unreadable)?;
            args.check(mapping, numbers(self.item, &bytes[..some]))?;
            left -= some as u64;
            bar.inc(some as u64 / self.item.bytes());
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Reads the numbers of a part of the box that begins at `origin`.
    fn brick(&self, part: LatticeBox, origin: IVec3, mapping: &Mapping) -> Result<Brick, Failure> {
        let low = (part.min - origin).as_u64vec3();
        let size = part.size();
        let [slow, middle, fast] = self.axes;
        let mut brick = Brick::new(part);
        let mut bytes = vec![0; size[fast] as usize * self.item.bytes() as usize];
        let mut at = IVec3::ZERO;
        for i in 0..size[slow] {
            for j in 0..size[middle] {
                let row = (low[slow] + i as u64) * self.counts[1] + low[middle] + j as u64;
                let first = row * self.counts[2] + low[fast];
                let from = SeekFrom::Start(self.offset + first * self.item.bytes());
                (&self.file)
                    .seek(from)
                    .and_then(|_| (&self.file).read_exact(&mut bytes))
                    .map_err(|error| Failure::file(&self.path, "cannot read", &error))?;
                (at[slow], at[middle]) = (i, j);
                for (k, number) in (0..).zip(numbers(self.item, &bytes)) {
                    at[fast] = k;
                    let material = mapping
                        .get(number)
                        .ok_or_else(|| self.refuse("it changes while it is read".to_owned()))?;
                    brick.set(at, material);
                }
            }
        }
        Ok(brick)
    }
}

/// The numbers in a run of bytes.
fn numbers(item: Item, bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let width = item.bytes() as usize;
    bytes.chunks_exact(width).map(move |bytes| match (item, bytes) {
        (Item::U16Little, &[low, high]) | (Item::U16Big, &[high, low]) => {
            u16::from_le_bytes([low, high])
        }
        _ => bytes.first().copied().map_or(0, u16::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_a_permutation_or_refused() {
        assert_eq!(parse_axes("zxy").expect("axes"), [2, 0, 1]);
        for text in ["", "xy", "xxy", "xyzx", "xyw", "XYZ"] {
            assert!(parse_axes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_either_byte_order() {
        let read = |item| numbers(item, &[1, 2, 3, 4]).collect::<Vec<_>>();
        assert_eq!(read(Item::U8), [1, 2, 3, 4]);
        assert_eq!(read(Item::U16Little), [0x201, 0x403]);
        assert_eq!(read(Item::U16Big), [0x102, 0x304]);
    }
}
