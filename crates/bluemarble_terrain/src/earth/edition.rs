//! [`EarthEdition`]: on which ground a world was made.

use serde::{Deserialize, Serialize};

/// The editions of the Earth's ground. A world stays on the one that it was made on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarthEdition {
    /// Ridged noise between the nodes of a grid of 5 minutes: [`FirstEarth`](crate::FirstEarth).
    #[default]
    First,
    /// Erosion, summits and land cover on a grid of 2.5 minutes:
    /// [`EarthBaseline::of_second_edition`](crate::EarthBaseline::of_second_edition).
    Second,
    /// The same with dunes: [`EarthBaseline`](crate::EarthBaseline).
    Third,
}

impl EarthEdition {
    /// Its name at the start of fingerprints: changes whenever the same parameters give another ground.
    pub(super) const fn algorithm(self) -> &'static str {
        match self {
            Self::First => "earth-1",
            Self::Second => "earth-2",
            Self::Third => "earth-3",
        }
    }

    /// The edition that a world was made on, by its baseline's fingerprint; `None` if that is no Earth.
    pub fn of_fingerprint(fingerprint: &str) -> Option<Self> {
        let algorithm = fingerprint.split(' ').next()?;
        [Self::First, Self::Second, Self::Third]
            .into_iter()
            .find(|edition| edition.algorithm() == algorithm)
    }
}
