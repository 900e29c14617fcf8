//! One voxel edited at a time: how long until the edit is acknowledged, without a pause and at the pace of
//! a game.

use std::time::{Duration, Instant};

use bluemarble_store::log::Durability;
use futures::executor::block_on;

use bluemarble_benches::table;

use crate::{
    Scale,
    input::{self, REGION, Voxel},
    peers::Kind,
    schemas::{Edits, Schema},
};

/// A frame at 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);

struct Editor {
    name: &'static str,
    /// What an acknowledged edit survives.
    survives: &'static str,
    edit: Box<dyn FnMut(&Voxel)>,
    times_us: Vec<f64>,
}

pub fn run(scale: &Scale) {
    race(scale.single_edits, None);
    race(scale.single_edits / 4, Some(FRAME));
}

fn race(edits: usize, every: Option<Duration>) {
    let edits = input::scattered(REGION, edits);
    let mut folders = Vec::new();
    let mut editors = Vec::new();
    let interval = Durability::Interval { every: Duration::from_millis(100) };
    for (name, survives, durability) in [
        ("ours, Sync", "power loss", Durability::Sync),
        ("ours, Group of 2 ms", "power loss", Durability::default()),
        ("ours, Interval of 100 ms", "the process", interval),
        ("ours, None", "the process", Durability::None),
    ] {
        let folder = input::folder();
        let world = input::open_ours(folder.path(), durability);
        folders.push(folder);
        let edit = Box::new(move |voxel: &Voxel| {
            let batch = input::batch(std::slice::from_ref(voxel));
            block_on(world.edit(&batch)).expect("our edit is made");
        });
        editors.push(Editor { name, survives, edit, times_us: Vec::new() });
    }
    for kind in [Kind::Redb, Kind::Sqlite, Kind::Fjall, Kind::FjallData] {
        let folder = input::folder();
        let mut database = Edits::new(kind.open(folder.path()), Schema::Voxels, 0);
        folders.push(folder);
        let edit = Box::new(move |voxel: &Voxel| database.edit(std::slice::from_ref(voxel)));
        let survives = "power loss";
        editors.push(Editor { name: kind.name(), survives, edit, times_us: Vec::new() });
    }
    let count = editors.len();
    for (round, voxel) in edits.iter().enumerate() {
        if let Some(every) = every {
            std::thread::sleep(every);
        }
        for turn in table::turns(count, round) {
            let editor = &mut editors[turn];
            let start = Instant::now();
            (editor.edit)(voxel);
            editor.times_us.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let mut times: Vec<[f64; 2]> = Vec::new();
    for editor in &mut editors {
        times.push([0.5, 0.99].map(|share| table::quantile(&mut editor.times_us, share)));
    }
    let rows: Vec<_> = (editors.iter().zip(&times))
        .map(|(editor, [p50, p99])| {
            vec![
                editor.name.to_owned(),
                editor.survives.to_owned(),
                format!("{p50:.1}"),
                format!("{p99:.1}"),
                table::ratio(p50 / times[0][0]),
                table::ratio(p50 / times[1][0]),
            ]
        })
        .collect();
    table::print(
        match every {
            None => "One voxel edit, acknowledged, without a pause",
            Some(_) => "One voxel edit, acknowledged, one a frame",
        },
        &format!(
            "Compared: one edit after the other from one thread, {} each in turns{}; databases write one row in a \
             durable transaction. Ratios are medians of the row / those of ours.",
            edits.len(),
            every.map_or(String::new(), |every| format!(", a turn every {every:?}"))
        ),
        &["contestant", "survives the end of", "p50 us", "p99 us", "/ Sync", "/ Group"],
        &rows,
    );
}
