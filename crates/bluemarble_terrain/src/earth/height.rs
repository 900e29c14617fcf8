//! How high the ground is: the grid's surface, the summits that it is too coarse for, low octaves of plain
//! noise, erosion, and texture down to the size of a voxel.

use bluemarble_core::CubeSphere;
use glam::{DVec3, Vec3};

use super::{
    axes::lat_lon_deg,
    dunes::Dunes,
    erosion::{Carved, Erosion, ErosionSampler, Flow, ease},
    ground::{Ground, smoothstep},
    octaves::{Octaves, OctavesSampler, Turned},
    summits::{Bump, Summits},
};
use crate::elevation::{CharacterSampler, ElevationGrid, GridSample, GridSampler};

/// No octave is shorter, in metres: it would be lower than half a voxel.
const MIN_WAVELENGTH_M: f64 = 0.8;
/// The first octave, in steps of the grid.
const LOW_STEPS: f64 = 0.7;
/// Low octaves go on, and there are at least two, while they are longer than this, in metres.
const LOW_SHORTEST_M: f64 = 1500.0;
/// A low octave's amplitude against that of the one before.
const LOW_GAIN: f64 = 0.5;
/// Amplitude of the first low octave per metre of relief between nodes.
const RELIEF_SHARE: f64 = 0.05;
/// Relief between nodes, in metres, at which erosion is at half of its full strength.
const ERODED_M: f64 = 320.0;
/// Places are shifted before the grid is asked, so that its lines do not show: the wavelength of that and
/// how far, in steps of the grid.
const WARP_STEPS: [f64; 2] = [1.7, 0.45];
/// The longest wave of erosion, in steps of the grid, and in metres at most.
const EROSION_STEPS: f64 = 0.8;
const EROSION_LONGEST_M: f64 = 7000.0;
/// How far what erosion cannot reach, floors and crests, is lowered or raised: by where a place lies between
/// the lowest and the highest ground around, and by the low octaves.
const PLACE_CREST: f32 = 0.45;
const LOW_CREST: f32 = 0.25;
/// Erosion begins at this slope, where it is at full strength.
const OPEN_SLOPE: f32 = 0.42;
/// Amplitude of the texture of rock per metre of its wavelength.
const CRAGS: f64 = 0.055;
/// Valleys are cut to this share of the height above the sea, and this much deeper, in metres.
const DEEPEST: f64 = 0.75;
/// Away from sea level the amplitude of detail is limited to this multiple of the height.
const HIGHEST: f64 = 8.0;
const SHORE_M: f64 = 12.0;
/// How much of the erosion is left on the very top of a summit.
const SUMMIT_KEEPS: f32 = 0.2;

/// The height of the ground anywhere and at any lod.
pub(super) struct HeightField {
    pub grid: ElevationGrid,
    pub shape: CubeSphere,
    pub voxel_m: f64,
    pub spacing_m: f64,
    /// Low octaves: their sum, 1 for the first.
    pub low: Octaves,
    pub erosion: Erosion,
    /// What shifts places before the grid is asked, in metres along the axes of the world.
    pub warp: Octaves,
    /// Texture in metres: on all ground, and on rock.
    pub texture: Octaves,
    pub summits: Summits,
    pub dunes: Option<Dunes>,
}

/// What [`HeightField::start`] remembers between neighbouring places.
pub(super) struct StartSamplers<'a> {
    grid: GridSampler<'a>,
    character: CharacterSampler<'a>,
    warp: OctavesSampler<'a>,
    low: OctavesSampler<'a>,
}

/// What remembers what the ground is made of, between neighbouring places.
pub(super) struct Samplers<'a> {
    start: StartSamplers<'a>,
    erosion: ErosionSampler<'a>,
    texture: OctavesSampler<'a>,
}

/// The surface that erosion starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    /// Height of the surface through the grid.
    pub height_m: f64,
    /// How much the grid's nodes around differ.
    pub relief_m: f64,
    /// What a summit adds.
    pub summit_m: f64,
}

/// Detail is weak at the coast, so that land stays land, and under the sea, where sediment hides it.
/// Never falls with the distance of `base_m` from 0.
pub(super) fn away_from_shore(base_m: f64) -> f64 {
    if base_m >= 0.0 {
        0.12 + 0.88 * smoothstep([0.0, 300.0], base_m)
    } else {
        0.12 + 0.33 * smoothstep([0.0, 600.0], -base_m)
    }
}

/// Factor of the amplitudes of erosion by the relief between nodes. Never falls.
pub(super) fn eroded(relief_m: f64) -> f64 {
    let share = relief_m / (relief_m + ERODED_M);
    1.3 * share * share.sqrt()
}

/// Amplitude of the low octaves, in metres.
pub(super) fn low_m(relief_m: f64) -> f64 {
    RELIEF_SHARE * relief_m
}

/// Texture keeps plains from being dead flat: hills of a few metres, bumps of a few voxels.
fn texture_m(wavelength_m: f64) -> f64 {
    (0.4 * (wavelength_m / 20.0).powf(0.75)).min(5.0)
}

/// Which share of the texture is laid on.
pub(super) fn texture_share(base_m: f64) -> f64 {
    0.35 + 0.65 * smoothstep([0.0, 60.0], base_m.abs())
}

/// How far the ground may at most come towards the sea level from a surface, and beyond it, in metres.
#[inline]
pub(super) fn room_m(base_m: f64, is_towards_sea_level: bool) -> f64 {
    SHORE_M + base_m.abs() * if is_towards_sea_level { DEEPEST } else { HIGHEST }
}

/// What is raised, or carved, on a surface: never so much that land sinks under the sea, or the sea floor
/// comes up, but for a little at the shore. Never falls with `raised_m`.
#[inline]
pub(super) fn settled(base_m: f64, raised_m: f64) -> f64 {
    let room_m = room_m(base_m, (raised_m < 0.0) == (base_m >= 0.0));
    raised_m * room_m / (room_m + raised_m.abs())
}

impl HeightField {
    pub fn new(grid: ElevationGrid, shape: CubeSphere, voxel_m: f64, seed: u64) -> Self {
        let spacing_m = grid.step_deg()[1].to_radians() * shape.radius_m;
        let mut low = vec![];
        let (mut wavelength_m, mut amplitude) = (spacing_m * LOW_STEPS, 1.0);
        while low.len() < 2 || wavelength_m >= LOW_SHORTEST_M {
            low.push((wavelength_m, [amplitude, 0.0]));
            wavelength_m *= 0.5;
            amplitude *= LOW_GAIN;
        }
        let longest_m = (spacing_m * EROSION_STEPS).min(EROSION_LONGEST_M);
        let mut texture = vec![];
        // Above the crags there is erosion; the plains have every other octave, a fourth as long each.
        let mut wavelength_m = 12.0 * 256.0;
        while wavelength_m >= MIN_WAVELENGTH_M {
            let crags = if wavelength_m <= 12.0 { CRAGS * wavelength_m } else { 0.0 };
            texture.push((wavelength_m, [texture_m(wavelength_m), crags]));
            wavelength_m /= if wavelength_m > 12.0 { 4.0 } else { 2.0 };
        }
        Self {
            low: Octaves::new(seed, low),
            warp: Octaves::new(
                seed ^ 0x3a5f_7700,
                [(spacing_m * WARP_STEPS[0], [spacing_m * WARP_STEPS[1], 0.0]); 3],
            ),
            erosion: Erosion::new(seed ^ 0x0e05_1011, longest_m),
            texture: Octaves::new(seed ^ 0x7e47_0073, texture),
            summits: Summits::default(),
            dunes: None,
            grid,
            shape,
            voxel_m,
            spacing_m,
        }
    }

    pub fn cell_m(&self, lod: u8) -> f64 {
        self.voxel_m * f64::from(1u32 << lod)
    }

    /// How many octaves of erosion cells of a width can show: none where nodes are less than four cells apart,
    /// as erosion needs to know the slope.
    pub fn waves_for(&self, cell_m: f64) -> usize {
        if cell_m * 4.0 > self.spacing_m { 0 } else { self.erosion.count_for(cell_m) }
    }

    /// Cells wider than two nodes show the mean of blocks of `2^level` nodes instead of single points.
    pub fn mean_level(&self, lod: u8) -> Option<u32> {
        let wide = self.cell_m(lod) / (2.0 * self.spacing_m);
        (wide >= 1.0).then(|| wide.log2() as u32)
    }

    pub fn turned(&self, direction: DVec3) -> Turned {
        self.low.turned(direction * self.shape.radius_m)
    }

    pub fn start_samplers(&self) -> StartSamplers<'_> {
        StartSamplers {
            grid: GridSampler::new(&self.grid),
            character: CharacterSampler::new(&self.grid),
            warp: self.warp.sampler(),
            low: self.low.sampler(),
        }
    }

    pub fn samplers(&self) -> Samplers<'_> {
        Samplers {
            start: self.start_samplers(),
            erosion: self.erosion.sampler(),
            texture: self.texture.sampler(),
        }
    }

    /// The ground in a unit direction without erosion, texture and summits.
    pub fn smooth_m(&self, samplers: &mut StartSamplers<'_>, direction: DVec3) -> f64 {
        let turned = self.turned(direction);
        let low = self.low.list.len();
        let (base, flow) = self.start(samplers, direction, &turned, &Bump::default(), low);
        base.height_m + settled(base.height_m, f64::from(flow.raised_m))
    }

    /// The ground in a unit direction as on the very top of a summit, before that is raised.
    pub fn top_m(&self, samplers: &mut Samplers<'_>, direction: DVec3) -> f64 {
        let turned = self.turned(direction);
        let low = self.low.list.len();
        let (base, flow) = self.start(&mut samplers.start, direction, &turned, &Bump::TOP, low);
        let mut top = [Carved { turned, up: direction.as_vec3(), flow }];
        samplers.erosion.carve(&mut top, [0, self.erosion.count()]);
        let [Carved { flow, .. }] = top;
        let texture_m = samplers.texture.sums(&turned, [0, self.texture.list.len()]);
        self.ground(&base, &flow, texture_m).height_m
    }

    /// The gradient along the axes of the world of what rises by so many metres per node southwards and
    /// eastwards.
    fn gradient(&self, direction: DVec3, [south, east]: [f64; 2]) -> Vec3 {
        let around = (direction.x * direction.x + direction.z * direction.z).sqrt().max(1e-3);
        let [east_deg, north_deg] = self.grid.step_deg();
        let per_radian = |step_deg: f64| 1.0 / (step_deg.to_radians() * self.shape.radius_m);
        let (north, east) = (-south * per_radian(north_deg), east * per_radian(east_deg) / around);
        let to_north = DVec3::new(
            -direction.y * direction.x / around,
            around,
            -direction.y * direction.z / around,
        );
        let to_east = DVec3::new(direction.z / around, 0.0, -direction.x / around);
        (to_north * north + to_east * east).as_vec3()
    }

    /// The ground without erosion and texture, in a unit direction: what erosion starts from.
    pub fn start(
        &self,
        samplers: &mut StartSamplers<'_>,
        direction: DVec3,
        turned: &Turned,
        bump: &Bump,
        low_count: usize,
    ) -> (Base, Flow) {
        let (shift_m, [shift_x, shift_y, shift_z]) = samplers.warp.vector_and_slopes(turned);
        let asked = direction + shift_m / self.shape.radius_m;
        let asked = asked * (1.0 / asked.length());
        let [lat_deg, lon_deg] = lat_lon_deg(asked);
        let (height_m, slope) = samplers.grid.height_and_slope(lat_deg, lon_deg);
        let character = samplers.character.sample(lat_deg, lon_deg);
        let relief_m = character.relief_m;
        let grid = self.gradient(asked, slope);
        let grid = grid + shift_x * grid.x + shift_y * grid.y + shift_z * grid.z;
        let away = away_from_shore(height_m);
        let (sum, sum_slope) = samplers.low.sum_and_slope(turned, [0, low_count]);
        let amplitude_m = low_m(relief_m) * away;
        let up = direction.as_vec3();
        let slope = grid + sum_slope * amplitude_m as f32 + bump.slope;
        // Along the ground only.
        let slope = slope - up * (slope.x * up.x + slope.y * up.y + slope.z * up.z);
        let summit = bump.weight * bump.weight * bump.weight;
        let strength =
            (eroded(character.rough_m) * away) as f32 * (1.0 - (1.0 - SUMMIT_KEEPS) * summit);
        let steep = (slope.x * slope.x + slope.y * slope.y + slope.z * slope.z).sqrt();
        let place = ((height_m - character.middle_m) * 2.0 / (relief_m + 20.0)) as f32;
        let crest = (PLACE_CREST * place + LOW_CREST * sum as f32).clamp(-1.0, 1.0);
        let flow = Flow {
            raised_m: (amplitude_m * sum) as f32,
            slope,
            crest: crest + (1.0 - crest) * summit,
            open: ease(steep / (OPEN_SLOPE * strength.min(1.0) + 0.01)) * (1.0 - summit),
            strength,
            shift_m: shift_m.as_vec3(),
        };
        let summit_m = f64::from(bump.raised_m);
        (Base { height_m, relief_m, summit_m }, flow)
    }

    /// The ground with everything on it.
    #[inline]
    pub fn ground(&self, base: &Base, flow: &Flow, [texture_m, crags_m]: [f64; 2]) -> Ground {
        let slope = flow.slope;
        let steep2 = slope.x * slope.x + slope.y * slope.y + slope.z * slope.z;
        // Crags stand where it is steep.
        let rough = f64::from(flow.strength * (0.15 + 0.85 * ease(steep2 * 1.5)));
        let height_m = base.height_m
            + base.summit_m
            + settled(base.height_m, f64::from(flow.raised_m))
            + texture_share(base.height_m) * texture_m
            + rough * crags_m;
        Ground {
            height_m,
            base_m: base.height_m,
            relief_m: base.relief_m,
            strength: f64::from(flow.strength),
            slope,
        }
    }

    /// Where the grid is asked for a unit direction, in degrees of latitude and longitude.
    pub fn asked_deg(&self, warp: &mut OctavesSampler<'_>, direction: DVec3) -> [f64; 2] {
        let shift_m = warp.vector(&self.turned(direction));
        lat_lon_deg(direction + shift_m / self.shape.radius_m)
    }

    /// The mean squared slope, at full strength, of what cells of a width do not show.
    pub fn hidden_slope2(&self, cell_m: f64) -> f64 {
        let crags = &self.texture.list[self.texture.count_for(cell_m)..];
        let crags: f64 = crags
            .iter()
            .map(|octave| {
                (octave.amplitudes[1] * crate::noise::RMS_SLOPE / octave.wavelength_m).powi(2)
            })
            .sum();
        crags * 0.25 + self.erosion.hidden_slope2(self.waves_for(cell_m))
    }

    /// The surface through the grid, for cells that show nothing of erosion; its slope only if that is wanted.
    pub fn plain(
        &self,
        samplers: &mut StartSamplers<'_>,
        direction: DVec3,
        turned: &Turned,
        low_count: usize,
        is_sloped: bool,
    ) -> (Base, Flow) {
        let shift_m = samplers.warp.vector(turned);
        let [lat_deg, lon_deg] = lat_lon_deg(direction + shift_m / self.shape.radius_m);
        let GridSample { height_m, relief_m } = samplers.grid.sample(lat_deg, lon_deg);
        let mut slope = Vec3::ZERO;
        if is_sloped {
            let (_, per_node) = samplers.grid.height_and_slope(lat_deg, lon_deg);
            slope = self.gradient(direction, per_node);
        }
        let away = away_from_shore(height_m);
        let [sum, _] = samplers.low.sums(turned, [0, low_count]);
        let raised_m = (low_m(relief_m) * away * sum) as f32;
        let strength = (eroded(relief_m) * away) as f32;
        let flow = Flow { raised_m, slope, strength, ..Flow::default() };
        (Base { height_m, relief_m, summit_m: 0.0 }, flow)
    }

    /// The mean over a cell of many nodes, on the side of the sea that most of the cell is on. It bears
    /// no detail.
    pub fn mean_m(&self, lat_lon_deg: [f64; 2], level: u32, lod: u8) -> f64 {
        let cell_deg = (self.cell_m(lod) / self.shape.radius_m).to_degrees();
        self.grid.mean_of_cell(level, lat_lon_deg, cell_deg)
    }
}
