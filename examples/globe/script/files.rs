//! What a script reads: flights and pixels.

use std::path::Path;

use crate::options::{Pose, Size};

/// A point of a scripted flight.
#[derive(Clone, Copy, Debug)]
pub struct Waypoint {
    pub seconds: f64,
    pub pose: Pose,
}

/// Reads a flight: lines of `seconds,lat,lon,alt_m,heading,pitch`.
pub fn read_flight(path: &Path) -> Result<Vec<Waypoint>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{name}: cannot read the flight: {error}"))?;
    let mut waypoints: Vec<Waypoint> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |reason: &str| format!("{name}, line {}: {reason}", index + 1);
        let (seconds, pose) = line
            .split_once(',')
            .ok_or_else(|| wrong("expected seconds,lat,lon,alt_m,heading,pitch"))?;
        let seconds: f64 =
            seconds.trim().parse().map_err(|_| wrong("the first number is the time in seconds"))?;
        if waypoints.last().is_some_and(|before| before.seconds >= seconds)
            || !(0.0..=36_000.0).contains(&seconds)
        {
            return Err(wrong("times must grow from line to line, from 0 to 36000 s"));
        }
        let pose = pose.parse().map_err(|reason: String| wrong(&reason))?;
        waypoints.push(Waypoint { seconds, pose });
    }
    if waypoints.is_empty() {
        return Err(format!("{name}: the flight has no waypoints"));
    }
    Ok(waypoints)
}

/// Reads pixels: one `x,y` a line.
pub fn read_pixels(path: &Path, size: Size) -> Result<Vec<(u32, u32)>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{name}: cannot read the pixels: {error}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let pixel = line
                .split([',', ' ', '\t'])
                .map(|part| part.trim().parse::<u32>().ok())
                .collect::<Option<Vec<_>>>();
            match pixel.as_deref() {
                Some(&[x, y]) if x < size.width && y < size.height => Ok((x, y)),
                _ => Err(format!(
                    "{name}, line {}: expected x,y within {}x{}",
                    index + 1,
                    size.width,
                    size.height
                )),
            }
        })
        .collect()
}
