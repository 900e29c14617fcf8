//! A viewer that does not move costs nothing.

use crate::viewer::{Run, surface_m};

#[test]
fn standing_still_for_600_frames_starts_no_work_and_grows_nothing() {
    let pose = format!("46.5,8,{},0,-20", surface_m(46.5, 8.0) + 30.0);
    let run = Run::settled(&pose, "160x90")
        .pair("--background", "203040")
        .pair("--stand", "600")
        .finish();
    let standing = &run.report["standing"];
    assert!(standing[0]["entities"].as_u64() > Some(10), "{standing}");
    assert_eq!(standing[0], standing[1]);
    assert_eq!(standing[1]["settled"], true);
    assert!(run.number("/frames") > 600.0);
}
