//! The material nearest to a colour, as the eye sees it.

use bluemarble_core::{MaterialId, MaterialTable, Phase};

/// A colour in Oklab (B. Ottosson, "A perceptual color space for image processing", 2020), in which equal
/// distances look about equally different.
fn oklab(srgb: [f32; 3]) -> [f32; 3] {
    let linear =
        srgb.map(|v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let dot = |row: [f32; 3], v: [f32; 3]| row[0] * v[0] + row[1] * v[1] + row[2] * v[2];
    let cones = [
        dot([0.412_221_46, 0.536_332_55, 0.051_445_995], linear).cbrt(),
        dot([0.211_903_5, 0.680_699_5, 0.107_396_96], linear).cbrt(),
        dot([0.088_302_46, 0.281_718_85, 0.629_978_7], linear).cbrt(),
    ];
    [
        dot([0.210_454_26, 0.793_617_8, -0.004_072_047], cones),
        dot([1.977_998_5, -2.428_592_2, 0.450_593_7], cones),
        dot([0.025_904_037, 0.782_771_77, -0.808_675_77], cones),
    ]
}

/// The materials that can be seen, with their colours, but for classes of land cover.
#[derive(Clone, Debug)]
pub struct Palette {
    colours: Vec<(MaterialId, [f32; 3])>,
}

impl Palette {
    /// The colours of a table.
    pub fn new(materials: &MaterialTable) -> Self {
        let rows = materials.rows().iter().enumerate();
        let colours = rows
            .filter(|(_, row)| row.phase != Phase::Empty && !row.cover)
            // A table has fewer rows than an id has values.
            .map(|(id, row)| (MaterialId(id as u16), oklab(row.colour)))
            .collect();
        Self { colours }
    }

    /// The material whose colour is nearest; of equally near ones the first. `None` if there are none.
    pub fn nearest(&self, rgb: [u8; 3]) -> Option<MaterialId> {
        let wanted = oklab(rgb.map(|v| f32::from(v) / 255.0));
        let distance = |colour: &[f32; 3]| -> f32 {
            colour.iter().zip(&wanted).map(|(one, other)| (one - other).powi(2)).sum()
        };
        let nearest = self
            .colours
            .iter()
            .min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        nearest.map(|&(id, _)| id)
    }
}

/// A colour of the table in 8 bits a channel.
pub fn rgb(colour: [f32; 3]) -> [u8; 3] {
    colour.map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_material_is_nearest_to_its_own_colour() {
        let table = MaterialTable::standard();
        let palette = Palette::new(&table);
        for row in table.rows().iter().skip(1).filter(|row| !row.cover) {
            let nearest = palette.nearest(rgb(row.colour)).expect("there are materials");
            let found = table.get(nearest).expect("of the table");
            assert_eq!(found.colour, row.colour, "{} became {}", row.name, found.name);
        }
    }

    #[test]
    fn plain_colours_become_what_a_person_would_say() {
        let table = MaterialTable::standard();
        let palette = Palette::new(&table);
        let name = |rgb| table.name(palette.nearest(rgb).expect("there are materials")).to_owned();
        assert_eq!(name([255, 255, 255]), "snow");
        assert_eq!(name([10, 40, 110]), "water");
        assert_eq!(name([180, 60, 40]), "brick");
        assert_eq!(name([40, 40, 44]), "basalt");
    }
}
