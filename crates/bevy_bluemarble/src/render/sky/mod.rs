//! The sky: air, clouds, sun, moon and stars behind everything that is drawn.
//!
//! | file | what it holds |
//! |---|---|
//! | `air` | air and clouds between the eye and the ground, laid over the picture |
//! | `screen` | what is drawn on one triangle that fills the screen |

mod air;
mod screen;

use bevy::prelude::*;

use self::screen::ScreenLayer;
use super::material::ChunkShader;

/// Adds a sky that fits the air of the [`PrimaryWorld`](super::light::PrimaryWorld).
pub struct SkyPlugin;

/// What is behind everything that is drawn.
#[derive(TypePath, Clone, Debug)]
struct SkyLayer;

impl ScreenLayer for SkyLayer {
    const SHADER: ChunkShader = ChunkShader::Sky;
    const NAME: &str = "Sky";
    const IS_OVER: bool = false;
}

impl Plugin for SkyPlugin {
    fn build(&self, app: &mut App) {
        screen::build::<SkyLayer>(app);
        air::build(app);
    }
}
