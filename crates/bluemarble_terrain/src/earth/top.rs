//! [`Top`]: what decides which material lies on top.

use bluemarble_core::MaterialId;

use super::{
    ground::Ground,
    land_cover::LandCover,
    land_cover_surface::{Cover, CoverSetting},
    maps::Lay,
    surface::{Setting, surface},
};
use crate::palette::Palette;

/// What decides which material lies on top.
pub(super) enum Top {
    Climate(Box<Palette>),
    Cover(Box<(LandCover, Cover)>),
}

/// What lies on top of some ground.
pub(super) struct TopMaterials {
    pub surface: MaterialId,
    pub subsoil: MaterialId,
    pub is_frozen: bool,
}

impl Top {
    /// The land cover, if that decides.
    pub fn cover(&self) -> Option<&LandCover> {
        match self {
            Self::Cover(top) => Some(&top.0),
            Self::Climate(_) => None,
        }
    }

    /// What lies on some ground. `slope`: the tangent that the lod shows; `steepness`: that with what it does not
    /// show; `cell_m`: the edge of a cell.
    pub fn materials(
        &self,
        ground: &Ground,
        lay: &Lay,
        slope: f64,
        steepness: f64,
        cell_m: f64,
    ) -> TopMaterials {
        let [wide, narrow] = lay.patch;
        let weather = lay.weather.at_height(ground.height_m);
        let (height_m, relief_m) = (ground.height_m, ground.relief_m);
        match self {
            Self::Cover(top) => {
                let setting = CoverSetting {
                    height_m,
                    steepness,
                    slope,
                    relief_m,
                    wide,
                    narrow,
                    // Ground that falls towards the pole faces it.
                    aspect_to_pole: -f64::from(ground.slope.y) * lay.to_pole / slope.max(1e-9),
                    cell_m,
                };
                let surface = top.1.surface(lay.class, &weather, &setting);
                let (subsoil, is_frozen) = (top.1.subsoil(surface), top.1.is_frozen(surface));
                TopMaterials { surface, subsoil, is_frozen }
            }
            Self::Climate(palette) => {
                let setting = Setting { height_m, steepness, slope, relief_m, wide, narrow };
                let surface = surface(palette, &weather, &setting);
                let (subsoil, is_frozen) = (palette.subsoil(surface), surface == palette.snow);
                TopMaterials { surface, subsoil, is_frozen }
            }
        }
    }
}
