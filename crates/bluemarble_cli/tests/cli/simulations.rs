//! Geological processes at the command line.

use std::fs;

use crate::support::{done, folder, refused};

const SCENARIO: &str = "(
    area: Lattice(region: 0, x: 900, z: 300, size_m: 200, node_m: 1),
    years: 4000, step_years: 500, write_years: 2000,
    processes: [Rivers(incision: (erodibility: 2e-4)), Creep(), Slides()],
)";

#[test]
fn a_scenario_changes_the_world_and_leaves_a_series_and_pictures() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline noise --voxel-m 1");
    fs::write(dir.join("rain.ron"), SCENARIO).unwrap();
    let said = done(dir, "simulate w rain.ron --plots");
    assert!(said.starts_with("4000 years, of which 4000 now: "), "{said}");
    let out = dir.join("w/geology/rain");
    let series = fs::read_to_string(out.join("series.csv")).unwrap();
    let rows: Vec<Vec<&str>> = series.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 4, "a heading, the beginning and two writings: {series}");
    assert_eq!(rows.iter().map(|row| row.len()).min(), rows.iter().map(|row| row.len()).max());
    let column = |name: &str| rows[0].iter().position(|found| *found == name).unwrap();
    let number = |row: usize, name: &str| rows[row][column(name)].parse::<f64>().unwrap();
    assert_eq!(number(3, "years"), 4000.0);
    assert!(number(3, "cut_m3") > number(2, "cut_m3") && number(3, "mean_slope") > 0.0);
    assert!(number(3, "changed_voxels") > 1000.0);
    for picture in ["map.png", "series.png"] {
        let bytes = fs::read(out.join(picture)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000, "{picture}");
    }
    assert!(!out.join("journal.bin").exists(), "what is written needs no journal");
    let verified = done(dir, "verify w");
    assert!(verified.contains("nothing damaged"), "{verified}");
    // There is nothing left to do.
    let again = done(dir, "simulate w rain.ron --json");
    assert!(again.contains("\"begun_years\": 4000"), "{again}");
    // More years go on where it was.
    fs::write(dir.join("rain.ron"), SCENARIO.replace("years: 4000,", "years: 5000,")).unwrap();
    let more = done(dir, "simulate w rain.ron");
    assert!(more.starts_with("5000 years, of which 1000 now: "), "{more}");
}

#[test]
fn a_scenario_that_says_something_wrong_is_refused_by_its_name_and_changes_nothing() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "new w --baseline noise --voxel-m 1");
    refused(dir, "simulate w none.ron", "none.ron");
    let refuse = |from: &str, to: &str, said: &str| {
        assert!(SCENARIO.contains(from));
        fs::write(dir.join("bad.ron"), SCENARIO.replace(from, to)).unwrap();
        refused(dir, "simulate w bad.ron", said);
        assert!(!dir.join("w/geology").exists(), "{said}");
    };
    refuse("years: 4000", "yaers: 4000", "bad.ron: not a scenario: 3:");
    refuse("years: 4000", "years: -1", "`years` is -1; it must be more than 0");
    refuse("step_years: 500", "step_years: NaN", "`step_years`");
    refuse("Creep()", "Creep(), Creep()", "`creep` twice");
    refuse("Creep()", "Crepe()", "Crepe");
    refuse("processes: [", "rates: {\"ice\": 2}, processes: [", "`rates` names `ice`");
    refuse("region: 0", "region: 3", "the world has 1 regions");
    refuse("node_m: 1", "node_m: 0.001", "cannot be shaped");
    refuse("size_m: 200", "size_m: 1e9", "cannot be shaped");
    refuse("x: 900", "x: 1e12", "cannot be shaped");
    fs::write(dir.join("bad.ron"), SCENARIO).unwrap();
    refused(dir, "simulate w bad.ron --name ../x", "cannot be a folder's name");
    refused(dir, "simulate none bad.ron", "none");
    // Another scenario under the name of one that has begun.
    done(dir, "simulate w bad.ron");
    fs::write(dir.join("bad.ron"), SCENARIO.replace("2e-4", "3e-4")).unwrap();
    refused(dir, "simulate w bad.ron", "other parameters; remove it to begin the run anew");
}
