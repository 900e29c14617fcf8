//! [`PlateSet`]: the plates of a planet.

use bluemarble_core::{GeoPosition, Shape};
use glam::DVec3;

use super::motion::Motion;

/// A plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Plate {
    /// A short name, such as `NZ`.
    pub code: String,
    /// Its name, such as `Nazca`.
    pub name: String,
    /// How it turns.
    pub motion: Motion,
}

/// The plates of a planet, and where each lies: on a grid of latitude and longitude.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateSet {
    plates: Vec<Plate>,
    /// From north to south, from 180 degrees west to 180 degrees east.
    rows: Vec<Vec<u8>>,
}

/// A line of a file of plates says nothing that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlateSetError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for PlateSetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for PlateSetError {}

impl PlateSet {
    /// Reads a file of plates, such as `assets/earth/plates.txt`; its first lines say what is in it.
    ///
    /// # Errors
    /// [`PlateSetError`] names the line.
    pub fn parse(text: &str) -> Result<Self, PlateSetError> {
        let mut set = Self { plates: Vec::new(), rows: Vec::new() };
        let last = text.lines().count();
        for (at, line) in text.lines().enumerate() {
            let wrong = |reason: String| PlateSetError { line: at + 1, reason };
            match line.trim().split_once(' ') {
                Some(("plate", plate)) => set.plates.push(parse_plate(plate).map_err(wrong)?),
                Some(("row", runs)) => {
                    let row = set.parse_row(runs).map_err(wrong)?;
                    set.rows.push(row);
                }
                Some(("#", _)) | None => {}
                Some((other, _)) => {
                    return Err(wrong(format!("{other:?} is neither `plate` nor `row`")));
                }
            }
        }
        match set.rows.is_empty() || set.plates.len() > 255 {
            true => Err(PlateSetError {
                line: last,
                reason: "there must be rows, and 255 plates at most".to_owned(),
            }),
            false => Ok(set),
        }
    }

    fn parse_row(&self, runs: &str) -> Result<Vec<u8>, String> {
        let mut row = Vec::new();
        let mut words = runs.split_whitespace();
        while let Some(code) = words.next() {
            let plate = self.plates.iter().position(|plate| plate.code == code);
            let plate = plate.ok_or_else(|| format!("there is no plate {code}"))?;
            let count = words.next().and_then(|word| word.parse::<u16>().ok());
            let count = count.ok_or_else(|| format!("no count follows {code}"))?;
            row.extend(std::iter::repeat_n(plate as u8, usize::from(count)));
        }
        match self.rows.first().map_or(row.len(), Vec::len) {
            0 => Err("the row is empty".to_owned()),
            columns if columns == row.len() => Ok(row),
            columns => Err(format!("the row has {} columns, those before {columns}", row.len())),
        }
    }

    /// The plates, each at its number.
    pub fn plates(&self) -> &[Plate] {
        &self.plates
    }

    /// The number of the plate at a place, whose direction from the planet's centre is given.
    pub fn plate_at(&self, direction: DVec3) -> usize {
        let GeoPosition { lat_deg, lon_deg, .. } = Shape::earth().geo_from_local(direction);
        let (rows, columns) = (self.rows.len(), self.rows[0].len());
        let cell = |part: f64, count: usize| ((part * count as f64) as usize).min(count - 1);
        let row = cell((90.0 - lat_deg) / 180.0, rows);
        usize::from(self.rows[row][cell((lon_deg + 180.0) / 360.0, columns)])
    }
}

fn parse_plate(text: &str) -> Result<Plate, String> {
    let words: Vec<&str> = text.split(',').collect();
    let &[code, name, north, east, speed] = &words[..] else {
        return Err("a plate has a code, a name, two coordinates and a speed".to_owned());
    };
    let number = |text: &str| {
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("{text:?} is no number"))
    };
    let pole = GeoPosition::new(number(north)?, number(east)?, 0.0);
    let motion = Motion::about(Shape::earth().local_from_geo(pole), number(speed)?);
    Ok(Plate { code: code.trim().to_owned(), name: name.trim().to_owned(), motion })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earth() -> PlateSet {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/earth/plates.txt");
        PlateSet::parse(&std::fs::read_to_string(path).expect("the file")).expect("plates")
    }

    fn place(north: f64, east: f64) -> DVec3 {
        Shape::earth().local_from_geo(GeoPosition::new(north, east, 0.0))
    }

    fn at(set: &PlateSet, north: f64, east: f64) -> &Plate {
        &set.plates()[set.plate_at(place(north, east))]
    }

    #[test]
    fn places_of_the_earth_lie_on_their_plates() {
        let set = earth();
        let places = [
            (48.2, 16.4, "EU"),
            (40.7, -74.0, "NA"),
            (-15.8, -47.9, "SA"),
            (9.0, 8.7, "AF"),
            (28.6, 77.2, "IN"),
            (-33.9, 151.2, "AU"),
            (-89.9, 0.0, "AN"),
            (21.3, -157.9, "PA"),
            (-1.3, 36.8, "SO"),
            (24.7, 46.7, "AR"),
            (-20.0, -90.0, "NZ"),
        ];
        for (north, east, code) in places {
            assert_eq!(at(&set, north, east).code, code, "{north} {east}");
        }
    }

    #[test]
    fn plates_part_and_meet_as_fast_as_they_are_known_to() {
        let set = earth();
        let speed = |north: f64, east: f64, one: &str, other: &str| {
            let motion =
                |code| set.plates().iter().find(|plate| plate.code == code).expect(code).motion;
            let velocity =
                motion(one).relative_to(motion(other)).velocity_m_per_year(place(north, east));
            1000.0 * velocity.length()
        };
        // Millimetres a year: DeMets and others 1994 and 2010.
        let known = [
            ("Iceland", speed(65.0, -18.0, "NA", "EU"), 18.0..21.0),
            ("southern Mid-Atlantic ridge", speed(-20.0, -12.0, "SA", "AF"), 33.0..38.0),
            ("Peru", speed(-12.0, -78.0, "NZ", "SA"), 68.0..80.0),
            ("San Andreas fault", speed(36.0, -121.0, "PA", "NA"), 45.0..52.0),
            ("Himalaya", speed(28.0, 84.0, "IN", "EU"), 43.0..56.0),
            ("East Pacific rise", speed(-20.0, -113.0, "NZ", "PA"), 140.0..165.0),
        ];
        for (place, found, expected) in known {
            println!("{place}: {found:.1} mm a year");
            assert!(expected.contains(&found), "{place}: {found}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_line() {
        let plate = "plate A,Alpha,10,20,0.5\n";
        for (text, line, reason) in [
            ("", 0, "there must be rows"),
            ("plate A,Alpha,10,20\n", 1, "two coordinates"),
            ("plate A,Alpha,10,x,0.5\n", 1, "\"x\" is no number"),
            (&format!("{plate}row B 4\n"), 2, "no plate B"),
            (&format!("{plate}row A\n"), 2, "no count"),
            (&format!("{plate}row A 4\nrow A 5\n"), 3, "5 columns"),
            (&format!("{plate}cow A 4\n"), 2, "neither"),
        ] {
            let error = PlateSet::parse(text).expect_err(reason);
            assert!(error.line == line && error.reason.contains(reason), "{error}");
        }
    }
}
