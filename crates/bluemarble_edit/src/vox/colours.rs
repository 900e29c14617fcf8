//! [`Colours`]: which material a colour of a scene is.

use bluemarble_core::{MaterialId, MaterialTable};

use super::scene::Scene;
use crate::colour::{Palette, rgb};

/// What the colours of a scene mean in a material table.
///
/// A colour whose number is that of a material of just this colour is that material: so are all that
/// [`super::encode`] has written with a table of at most 255 materials and air. Any other colour is the
/// material that looks most like it, the first of several.
#[derive(Debug)]
pub struct Colours {
    /// By number less 1.
    materials: Vec<Option<MaterialId>>,
}

impl Colours {
    /// The colours of a scene.
    pub fn new(scene: &Scene, materials: &MaterialTable) -> Self {
        let palette = Palette::new(materials);
        let material = |number: u8| {
            let wanted = scene.rgb(number)?;
            let same = MaterialId(number.into());
            let is_same = materials.get(same).is_some_and(|row| rgb(row.colour) == wanted);
            if is_same { Some(same) } else { palette.nearest(wanted) }
        };
        Self { materials: (1..=255).map(material).collect() }
    }

    /// The material of a colour, 1 to 255; `None` without such a colour, or without any material to see.
    pub fn material(&self, number: u8) -> Option<MaterialId> {
        *self.materials.get(usize::from(number.checked_sub(1)?))?
    }
}
