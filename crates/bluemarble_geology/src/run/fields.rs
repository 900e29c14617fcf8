//! [`Fields`]: what the land is like, and was; all that a run needs to go on.

use std::path::Path;

use bluemarble_core::Shape;
use bluemarble_landscape::{
    evolution::{Budget, Land},
    sea,
};
use serde_json::{Value, json};

use super::{options::RunOptions, report::WriteReport, series::Row};
use crate::{
    GeologyError,
    archive::{Archive, Array},
    ground::survey::{Strata, Surveyed},
};

/// All that changes as a run goes on; fields have a number for each node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fields {
    /// As it is now.
    pub land: Land,
    /// The heights when the run began. Where the world was changed by others since, they are as if it had been so from the
    /// beginning.
    pub origin_m: Vec<f64>,
    /// The heights that were written last.
    pub written_m: Vec<f64>,
    /// The mean heights of the columns themselves when they were seen last.
    pub seen_m: Vec<f64>,
    /// The heights with which the plate below is in balance.
    pub balanced_m: Vec<f64>,
    /// What each process has done to the heights since they were written last.
    pub credits_m: Vec<Vec<f32>>,
    /// Where the sea comes in, if it is low enough.
    pub is_sea_source: Vec<bool>,
    /// Where the sea was when the land was written last.
    pub was_flooded: Vec<bool>,
    pub sea_level_m: Option<f64>,
    /// How high it stood when the land was written last.
    pub written_sea_level_m: Option<f64>,
    pub strata: Strata,
    pub budget: Budget,
    pub written: WriteReport,
    /// A row for the beginning, and for each time the land was written.
    pub series: Vec<Row>,
    /// How often the land has been written.
    pub writes: u64,
    /// The land is being written: what has come of it is in the journal.
    pub is_writing: bool,
}

const NAME: &str = "state.bin";
/// The format of the file.
const VERSION: u64 = 1;

impl Fields {
    pub fn new(shape: &Shape, options: &RunOptions, surveyed: Surveyed) -> Self {
        let Surveyed { ground_m, columns_m, loose_m, is_void, is_wet, strata } = surveyed;
        let grid = options.area.grid(shape);
        let mut is_outlet = grid.border();
        is_outlet.iter_mut().zip(&is_void).for_each(|(is_outlet, is_void)| *is_outlet |= is_void);
        let is_sea = |node: usize| is_wet[node] && ground_m[node] < 0.0;
        let is_sea_source: Vec<bool> = (0..ground_m.len()).map(is_sea).collect();
        let sea_level_m = is_sea_source.contains(&true).then_some(0.0);
        let was_flooded = match sea_level_m {
            Some(level_m) => sea::flooded(&grid, &ground_m, &is_sea_source, level_m),
            None => vec![false; ground_m.len()],
        };
        let mut land = Land::new(grid, is_outlet, ground_m.clone());
        land.sediment_m = loose_m;
        let mut fields = Self {
            land,
            written_m: ground_m.clone(),
            seen_m: columns_m,
            balanced_m: ground_m.clone(),
            credits_m: vec![vec![0.0; ground_m.len()]; options.processes.len()],
            origin_m: ground_m,
            is_sea_source,
            was_flooded,
            sea_level_m,
            written_sea_level_m: sea_level_m,
            strata,
            budget: Budget::default(),
            written: WriteReport::default(),
            series: Vec::new(),
            writes: 0,
            is_writing: false,
        };
        fields.note_row();
        fields
    }

    /// Adds a row to the series: what the land is like now.
    pub fn note_row(&mut self) {
        let row = Row::of(&self.land, self.sea_level_m, &self.budget, &self.written);
        self.series.push(row);
    }

    /// Where the sea is now.
    pub fn flooded(&self) -> Vec<bool> {
        match self.sea_level_m {
            Some(level_m) => {
                sea::flooded(&self.land.grid, &self.land.ground_m, &self.is_sea_source, level_m)
            }
            None => vec![false; self.land.ground_m.len()],
        }
    }

    /// # Errors
    /// [`GeologyError::File`].
    pub fn save(&self, dir: &Path, options: &RunOptions) -> Result<(), GeologyError> {
        let area = options.area;
        let head = json!({
            "version": VERSION,
            "identity": options.identity,
            "area": { "region": area.region, "lod": area.lod, "first": area.first, "size": area.size },
            "processes": options.processes.iter().map(|rated| rated.process.name()).collect::<Vec<_>>(),
            "years_bits": self.land.years.to_bits(),
            "sea_level_bits": self.sea_level_m.map(f64::to_bits),
            "written_sea_level_bits": self.written_sea_level_m.map(f64::to_bits),
            "spacing_bits": self.land.grid.spacing_m().to_bits(),
            "budget": self.budget_numbers().map(f64::to_bits),
            "written": self.written.to_json(),
            "balances": self.series.iter().map(Row::balance).collect::<Vec<_>>(),
            "writes": self.writes,
            "is_writing": self.is_writing,
        });
        let flags = |flags: &[bool]| Array::U8(flags.iter().map(|&flag| u8::from(flag)).collect());
        let mut arrays = vec![
            Array::F64(self.land.ground_m.clone()),
            Array::F64(self.land.sediment_m.clone()),
            Array::F64(self.land.ice.thickness_m.clone()),
            Array::F64(self.land.ice.load_m.clone()),
            Array::F64(self.origin_m.clone()),
            Array::F64(self.written_m.clone()),
            Array::F64(self.seen_m.clone()),
            Array::F64(self.balanced_m.clone()),
            flags(&self.land.is_outlet),
            flags(&self.is_sea_source),
            flags(&self.was_flooded),
        ];
        arrays.extend(self.strata.arrays());
        arrays.push(Array::F64(self.series.iter().flat_map(Row::numbers).collect()));
        arrays.extend(self.credits_m.iter().cloned().map(Array::F32));
        Archive { head, arrays }.write(&dir.join(NAME))
    }

    /// What is kept in a directory; `None` if nothing is.
    ///
    /// # Errors
    /// [`GeologyError::State`] if it is damaged or of another run, and [`GeologyError::File`].
    pub fn load(dir: &Path, options: &RunOptions) -> Result<Option<Self>, GeologyError> {
        let path = dir.join(NAME);
        let Some(archive) = Archive::read(&path)? else { return Ok(None) };
        let state =
            |reason: &str| GeologyError::State { path: path.clone(), reason: reason.into() };
        let head = &archive.head;
        if head["version"] != VERSION {
            return Err(state("it was kept by another version of this program"));
        }
        let area = options.area;
        let own = json!({ "region": area.region, "lod": area.lod, "first": area.first, "size": area.size });
        let names: Vec<_> = options.processes.iter().map(|rated| rated.process.name()).collect();
        if head["identity"] != options.identity
            || head["area"] != own
            || head["processes"] != json!(names)
        {
            return Err(state("it is of a run with other parameters"));
        }
        Self::from_archive(&archive, options)
            .map(Some)
            .ok_or_else(|| state("it does not hold what a run needs"))
    }

    fn from_archive(archive: &Archive, options: &RunOptions) -> Option<Self> {
        let nodes = options.area.nodes();
        let head = &archive.head;
        let bits = |value: &Value| value.as_u64().map(f64::from_bits);
        let mut arrays = archive.arrays.iter();
        let mut numbers = || match arrays.next()? {
            Array::F64(numbers) if numbers.len() == nodes => Some(numbers.clone()),
            _ => None,
        };
        let [ground_m, sediment_m, thickness_m, load_m] =
            [numbers()?, numbers()?, numbers()?, numbers()?];
        let [origin_m, written_m, seen_m, balanced_m] =
            [numbers()?, numbers()?, numbers()?, numbers()?];
        let mut flags = || match arrays.next()? {
            Array::U8(flags) if flags.len() == nodes => {
                Some(flags.iter().map(|&flag| flag != 0).collect::<Vec<_>>())
            }
            _ => None,
        };
        let [is_outlet, is_sea_source, was_flooded] = [flags()?, flags()?, flags()?];
        let strata = Strata::from_arrays(&mut arrays, nodes)?;
        let Array::F64(series) = arrays.next()? else { return None };
        let series = Row::all(series, &head["balances"])?;
        let mut credits_m = Vec::new();
        for _ in &options.processes {
            match arrays.next()? {
                Array::F32(credits) if credits.len() == nodes => credits_m.push(credits.clone()),
                _ => return None,
            }
        }
        let [columns, rows] = options.area.size;
        let spacing_m = bits(&head["spacing_bits"])?;
        let grid = bluemarble_landscape::grid::PlaneGrid::new(columns, rows, spacing_m);
        let mut land = Land::new(grid, is_outlet, ground_m);
        land.sediment_m = sediment_m;
        land.ice.thickness_m = thickness_m;
        land.ice.load_m = load_m;
        land.years = bits(&head["years_bits"])?;
        let level = |name: &str| match &head[name] {
            Value::Null => Some(None),
            level => bits(level).map(Some),
        };
        let budget: Vec<f64> =
            head["budget"].as_array()?.iter().map(bits).collect::<Option<_>>()?;
        Some(Self {
            land,
            origin_m,
            written_m,
            seen_m,
            balanced_m,
            credits_m,
            is_sea_source,
            was_flooded,
            sea_level_m: level("sea_level_bits")?,
            written_sea_level_m: level("written_sea_level_bits")?,
            strata,
            budget: budget_of(&budget)?,
            written: WriteReport::from_json(&head["written"])?,
            series,
            writes: head["writes"].as_u64()?,
            is_writing: head["is_writing"].as_bool()?,
        })
    }

    fn budget_numbers(&self) -> [f64; 7] {
        let Budget { raised_m3, cut_m3, settled_m3, abraded_m3, laid_m3, slid_m3, exported_m3 } =
            self.budget;
        [raised_m3, cut_m3, settled_m3, abraded_m3, laid_m3, slid_m3, exported_m3]
    }
}

fn budget_of(numbers: &[f64]) -> Option<Budget> {
    let &[raised_m3, cut_m3, settled_m3, abraded_m3, laid_m3, slid_m3, exported_m3] = numbers
    else {
        return None;
    };
    Some(Budget { raised_m3, cut_m3, settled_m3, abraded_m3, laid_m3, slid_m3, exported_m3 })
}

/// Adds what a step has done.
pub(super) fn add(sum: &mut Budget, step: &Budget) {
    sum.raised_m3 += step.raised_m3;
    sum.cut_m3 += step.cut_m3;
    sum.settled_m3 += step.settled_m3;
    sum.abraded_m3 += step.abraded_m3;
    sum.laid_m3 += step.laid_m3;
    sum.slid_m3 += step.slid_m3;
    sum.exported_m3 += step.exported_m3;
}
