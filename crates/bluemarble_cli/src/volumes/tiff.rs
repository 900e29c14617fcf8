//! Stacks of pictures: the pages of a TIFF file, or of several, one above the other.

use std::{
    fs::File,
    io::BufReader,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use quick_cache::{Weighter, sync::Cache};
use tiff::{
    ColorType,
    decoder::{Decoder, DecodingResult},
};

use super::numbers::{Numbers, Part};

/// Decoded strips and tiles that are remembered: most parts end within them.
const CACHE_BYTES: u64 = 512 << 20;
/// Files that are kept open.
const MAX_OPEN: usize = 16;

type OpenFile = Decoder<BufReader<File>>;

/// Pictures of the same size, a number a pixel. The axes are page, row and column.
pub struct TiffStack {
    files: Vec<PathBuf>,
    /// Of each page, its file and where it is there.
    pages: Vec<(usize, usize)>,
    /// Columns and rows.
    size: (u32, u32),
    /// Decoders that nobody uses now, with the numbers of their files.
    open: Mutex<Vec<(usize, OpenFile)>>,
    /// By page and number.
    decoded: Cache<(usize, u32), Arc<Tile>, ByBytes>,
}

/// A strip or tile.
struct Tile {
    columns: Range<u64>,
    rows: Range<u64>,
    numbers: Vec<u16>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<(usize, u32), Arc<Tile>> for ByBytes {
    fn weight(&self, _: &(usize, u32), tile: &Arc<Tile>) -> u64 {
        tile.numbers.len() as u64 * 2 + 128
    }
}

impl TiffStack {
    /// Opens files, the lowest page first.
    pub fn open(files: Vec<PathBuf>) -> Result<Self, String> {
        let mut pages = Vec::new();
        let mut size = None;
        for (number, path) in files.iter().enumerate() {
            let mut decoder = open_file(path)?;
            for page in 0.. {
                let place = || format!("page {page} of {}", path.display());
                let wrong = |error: tiff::TiffError| format!("{}: {error}", place());
                let found = decoder.dimensions().map_err(wrong)?;
                let colour = decoder.colortype().map_err(wrong)?;
                if !matches!(colour, ColorType::Gray(8 | 16)) {
                    return Err(format!(
                        "{} is {colour:?}; a volume has one number of 8 or 16 bits a pixel",
                        place()
                    ));
                }
                if *size.get_or_insert(found) != found {
                    let (columns, rows) = found;
                    return Err(format!("{} is {columns} x {rows}, unlike those before", place()));
                }
                pages.push((number, page));
                if !decoder.more_images() {
                    break;
                }
                decoder.next_image().map_err(wrong)?;
            }
        }
        let size = size.unwrap_or_default();
        let decoded = Cache::with_weighter(4096, CACHE_BYTES, ByBytes);
        match size.0.min(size.1) {
            0 => Err("it holds no number".to_owned()),
            _ => Ok(Self { files, pages, size, open: Mutex::default(), decoded }),
        }
    }

    /// Lends a decoder of the file of a page, which stands at the page.
    fn with_page<T>(
        &self,
        page: usize,
        work: impl FnOnce(&mut OpenFile) -> tiff::TiffResult<T>,
    ) -> Result<T, String> {
        let (file, of_file) = self.pages[page];
        let open = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let known = {
            let mut open = open();
            let at = open.iter().position(|(of, _)| *of == file);
            at.map(|at| open.swap_remove(at).1)
        };
        let mut decoder = match known {
            Some(decoder) => decoder,
            None => open_file(&self.files[file])?,
        };
        let result = decoder.seek_to_image(of_file).and_then(|()| {
            if decoder.dimensions()? != self.size {
                // It was replaced since the stack was opened.
                return Err(tiff::TiffFormatError::InconsistentSizesEncountered.into());
            }
            work(&mut decoder)
        });
        let mut open = open();
        if open.len() >= MAX_OPEN {
            open.remove(0);
        }
        open.push((file, decoder));
        result.map_err(|error| format!("page {of_file} of {}: {error}", self.files[file].display()))
    }

    /// The strips and tiles of a page that hold a part of it.
    fn tiles(
        &self,
        page: usize,
        rows: &Range<u64>,
        columns: &Range<u64>,
    ) -> Result<Vec<Arc<Tile>>, String> {
        self.with_page(page, |decoder| {
            let (width, height) = decoder.chunk_dimensions();
            let across = u64::from(self.size.0.div_ceil(width));
            let (width, height) = (u64::from(width), u64::from(height));
            let mut tiles = Vec::new();
            for down in rows.start / height..rows.end.div_ceil(height) {
                for along in columns.start / width..columns.end.div_ceil(width) {
                    let number = (down * across + along) as u32;
                    if let Some(known) = self.decoded.get(&(page, number)) {
                        tiles.push(known);
                        continue;
                    }
                    let (columns, rows) = decoder.chunk_data_dimensions(number);
                    let numbers = match decoder.read_chunk(number)? {
                        DecodingResult::U8(numbers) => numbers.into_iter().map(u16::from).collect(),
                        DecodingResult::U16(numbers) => numbers,
                        _ => return Err(tiff::TiffFormatError::InconsistentSizesEncountered.into()),
                    };
                    if numbers.len() as u64 != u64::from(columns) * u64::from(rows) {
                        return Err(tiff::TiffFormatError::InconsistentSizesEncountered.into());
                    }
                    let tile = Arc::new(Tile {
                        columns: along * width..along * width + u64::from(columns),
                        rows: down * height..down * height + u64::from(rows),
                        numbers,
                    });
                    self.decoded.insert((page, number), Arc::clone(&tile));
                    tiles.push(tile);
                }
            }
            Ok(tiles)
        })
    }
}

impl Numbers for TiffStack {
    fn counts(&self) -> [u64; 3] {
        [self.pages.len() as u64, self.size.1.into(), self.size.0.into()]
    }

    fn read(&self, part: &Part) -> Result<Vec<u16>, String> {
        let [pages, rows, columns] = part;
        let (height, width) =
            ((rows.end - rows.start) as usize, (columns.end - columns.start) as usize);
        let mut numbers = Vec::with_capacity((pages.end - pages.start) as usize * height * width);
        for page in pages.clone() {
            let start = numbers.len();
            numbers.resize(start + height * width, 0);
            for tile in self.tiles(page as usize, rows, columns)? {
                let common =
                    |a: &Range<u64>, b: &Range<u64>| a.start.max(b.start)..a.end.min(b.end);
                let along = common(&tile.columns, columns);
                for row in common(&tile.rows, rows) {
                    let tile_width = (tile.columns.end - tile.columns.start) as usize;
                    let from = (row - tile.rows.start) as usize * tile_width
                        + (along.start - tile.columns.start) as usize;
                    let to = start
                        + (row - rows.start) as usize * width
                        + (along.start - columns.start) as usize;
                    let length = (along.end - along.start) as usize;
                    numbers[to..to + length].copy_from_slice(&tile.numbers[from..from + length]);
                }
            }
        }
        Ok(numbers)
    }
}

fn open_file(path: &PathBuf) -> Result<OpenFile, String> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Decoder::new(BufReader::new(file)).map_err(|error| format!("{}: {error}", path.display()))
}
