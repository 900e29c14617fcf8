//! [`Crust`]: what a plate is made of, and how high it stands.

use crate::isostasy::Densities;

/// Of which kind crust is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrustKind {
    /// Thick and light: it never goes under.
    Continental,
    /// Made at ridges; it sinks as it cools.
    Oceanic,
}

/// Crust below a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crust {
    /// Its kind.
    pub kind: CrustKind,
    /// How thick it is, in metres. Of oceanic crust only what lies on top of [`Crust::OCEANIC_M`] counts.
    pub thickness_m: f64,
    /// When it was made, in million years from the beginning, mostly before it.
    pub born_myr: f64,
    /// How much higher it stands than its age or thickness says, in metres.
    pub lifted_m: f64,
}

/// Crust so thick stands at sea level (Turcotte and Schubert, Geodynamics).
const SEA_LEVEL_THICKNESS_M: f64 = 32_500.0;
const RIDGE_DEPTH_M: f64 = 2500.0;
/// Up to this age the depth follows a root, as of a half-space that cools; after it, a plate's (Parsons and Sclater 1977, doi
/// 10.1029/JB082i005p00803).
const ROOT_UNTIL_MYR: f64 = 70.0;

/// How deep the sea is over crust of this age.
pub fn ocean_depth_m(age_myr: f64) -> f64 {
    if age_myr <= ROOT_UNTIL_MYR {
        RIDGE_DEPTH_M + 350.0 * age_myr.max(0.0).sqrt()
    } else {
        plate_depth_m(age_myr) + join_m()
    }
}

fn plate_depth_m(age_myr: f64) -> f64 {
    6400.0 - 3200.0 * (-age_myr / 62.8).exp()
}

/// Joins both parts: so much deeper is the root where the other part begins.
fn join_m() -> f64 {
    RIDGE_DEPTH_M + 350.0 * ROOT_UNTIL_MYR.sqrt() - plate_depth_m(ROOT_UNTIL_MYR)
}

/// The age of crust over which the sea is so deep: 0 to 180 million years.
pub fn ocean_age_myr(depth_m: f64) -> f64 {
    let root = ((depth_m - RIDGE_DEPTH_M) / 350.0).max(0.0).powi(2);
    if root <= ROOT_UNTIL_MYR {
        return root;
    }
    let rest = (6400.0 + join_m() - depth_m) / 3200.0;
    if rest <= 0.0 { 180.0 } else { (-62.8 * rest.ln()).clamp(ROOT_UNTIL_MYR, 180.0) }
}

impl Crust {
    /// How thick oceanic crust is.
    pub const OCEANIC_M: f64 = 7000.0;

    /// Crust that was made at a ridge just now.
    pub fn new_at_ridge(now_myr: f64) -> Self {
        Self {
            kind: CrustKind::Oceanic,
            thickness_m: Self::OCEANIC_M,
            born_myr: now_myr,
            lifted_m: 0.0,
        }
    }

    /// Crust that stands at an elevation in metres now: land, shelves and slopes are continental.
    pub fn of_elevation(elevation_m: f64, now_myr: f64) -> Self {
        if elevation_m > -1500.0 {
            let buoyancy = Self::buoyancy();
            return Self {
                kind: CrustKind::Continental,
                thickness_m: SEA_LEVEL_THICKNESS_M + elevation_m / buoyancy,
                born_myr: now_myr - 1000.0,
                lifted_m: 0.0,
            };
        }
        let age_myr = ocean_age_myr(-elevation_m);
        let lifted_m = elevation_m + ocean_depth_m(age_myr);
        Self { born_myr: now_myr - age_myr, lifted_m, ..Self::new_at_ridge(now_myr) }
    }

    /// The share of its thickness by which crust stands higher.
    fn buoyancy() -> f64 {
        let Densities { crust, mantle } = Densities::default();
        (mantle - crust) / mantle
    }

    /// How high it stands above sea level, in metres.
    pub fn elevation_m(&self, now_myr: f64) -> f64 {
        let (base_m, usual_m) = match self.kind {
            CrustKind::Continental => (0.0, SEA_LEVEL_THICKNESS_M),
            CrustKind::Oceanic => (-ocean_depth_m(now_myr - self.born_myr), Self::OCEANIC_M),
        };
        base_m + (self.thickness_m - usual_m) * Self::buoyancy() + self.lifted_m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sea_deepens_with_the_root_of_age_and_the_age_is_found_again() {
        let mut worst: f64 = 0.0;
        for age in 0..=180 {
            let age = f64::from(age);
            worst = worst.max((ocean_age_myr(ocean_depth_m(age)) - age).abs());
            if age < ROOT_UNTIL_MYR {
                assert!((ocean_depth_m(age) - 2500.0 - 350.0 * age.sqrt()).abs() < 1e-9);
            }
        }
        let step = ocean_depth_m(ROOT_UNTIL_MYR + 1e-9) - ocean_depth_m(ROOT_UNTIL_MYR);
        println!("ages off {worst:.1e} million years; both parts join within {step:.1e} m");
        assert!(worst < 1e-6 && step.abs() < 1e-6);
    }

    #[test]
    fn crust_stands_where_it_was_found() {
        for elevation in
            [-10_500.0, -6000.0, -3000.0, -1600.0, -1400.0, -100.0, 0.0, 5000.0, 8000.0]
        {
            let crust = Crust::of_elevation(elevation, 3.0);
            assert!((crust.elevation_m(3.0) - elevation).abs() < 1e-6, "{elevation} {crust:?}");
        }
        let tibet = Crust::of_elevation(5000.0, 0.0).thickness_m;
        assert!((60_000.0..75_000.0).contains(&tibet), "{tibet}");
    }
}
