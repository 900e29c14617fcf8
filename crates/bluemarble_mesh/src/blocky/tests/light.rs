//! Light at the corners of faces, against the rule applied to one corner at a time.

use super::*;

/// Whether a cell is opaque, of those that a mesher knows.
fn known(chunk: &Chunk, around: &Surroundings, table: &MaterialTable, cell: IVec3) -> Option<bool> {
    if Chunk::is_cell(cell) {
        return Some(table.is_opaque(chunk.get(cell)));
    }
    let face = Face::ALL.into_iter().find(|face| Chunk::is_cell(cell - face.normal()))?;
    let (u, v) = axes_of(face);
    Some(table.is_opaque(around.plane(face).get(cell[u] as usize, cell[v] as usize)))
}

/// The light at one corner of the face of a cell; `(du, dv)` are -1 or 1.
fn corner_light(
    known: &impl Fn(IVec3) -> Option<bool>,
    (cell, face): (IVec3, Face),
    (du, dv): (i32, i32),
) -> u8 {
    let (u, v) = axes_of(face);
    let along = |axis: usize, by: i32| {
        let mut step = IVec3::ZERO;
        step[axis] = by;
        step
    };
    // An unknown cell is opaque where one of the nearest known ones of the layer is.
    let is_opaque = |cell: IVec3| {
        known(cell).unwrap_or_else(|| {
            let around = (-1..=1).flat_map(|i| (-1..=1).map(move |j| (i, j)));
            let near: Vec<_> = around
                .filter_map(|(i, j)| {
                    Some((i * i + j * j, known(cell + along(u, i) + along(v, j))?))
                })
                .collect();
            let least = near.iter().map(|&(distance, _)| distance).min();
            near.iter().any(|&(distance, opaque)| Some(distance) == least && opaque)
        })
    };
    let front = cell + face.normal();
    let side_u = is_opaque(front + along(u, du));
    let side_v = is_opaque(front + along(v, dv));
    let diagonal = is_opaque(front + along(u, du) + along(v, dv));
    if side_u && side_v { 0 } else { 3 - u8::from(side_u) - u8::from(side_v) - u8::from(diagonal) }
}

/// Of a quad's light the four values at (low u, low v), (high, low), (low, high), (high, high).
fn light_by_place(quad: PackedQuad) -> [i32; 4] {
    let (u, v) = axes_of(quad.face());
    let low = quad.corner();
    let mut light = [-1; 4];
    for (corner, value) in quad.corners().into_iter().zip(quad.light()) {
        let at = usize::from(corner[u] > low[u]) + 2 * usize::from(corner[v] > low[v]);
        light[at] = i32::from(value);
    }
    light
}

/// Stops unless the light between a quad's corners is what each of its unit faces would show alone.
fn check_light(quad: PackedQuad, known: &impl Fn(IVec3) -> Option<bool>) {
    let (u, v) = axes_of(quad.face());
    let (width, height) = (quad.size().0 as i32, quad.size().1 as i32);
    let [ll, hl, lh, hh] = light_by_place(quad);
    assert!(width == 1 || height == 1 || quad.light() == [3; 4], "two triangles bend {quad:?}");
    let inwards = if quad.face().is_positive() { quad.face().normal() } else { IVec3::ZERO };
    for (cell, face) in unit_faces(quad) {
        for (du, dv) in [(-1, -1), (1, -1), (-1, 1), (1, 1)] {
            let from_corner = cell + inwards - quad.corner();
            let (i, j) = (from_corner[u] + (du + 1) / 2, from_corner[v] + (dv + 1) / 2);
            let shown =
                (ll * (width - i) + hl * i) * (height - j) + (lh * (width - i) + hh * i) * j;
            let wanted = i32::from(corner_light(known, (cell, face), (du, dv)));
            assert_eq!(
                shown,
                wanted * width * height,
                "{quad:?}: {cell:?} {face:?} at ({du}, {dv})"
            );
        }
    }
}

/// Cells of 40 % air down to single holes: every pattern of light occurs.
fn dense(seed: u64) -> Chunk {
    let share = 1 + seed % 7;
    let cells: Vec<_> = (0..CHUNK_VOLUME)
        .map(|index| MaterialId(if noise(seed, index) % 16 < share { 0 } else { 15 }))
        .collect();
    Chunk::from_cells(&cells)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn merged_faces_show_the_light_that_each_would_show_alone(
        kind in 0usize..8, seed in any::<u64>(), planes in prop::array::uniform6(0usize..4),
        edge_log2 in 0u32..=6, skirts in any::<bool>(),
    ) {
        let (mesher, table) = mesher();
        let chunk = if kind == 7 { dense(seed) } else { chunk(kind, seed) };
        let mut salt = seed;
        let around = Surroundings { planes: planes.map(|kind| { salt = noise(salt, 1); plane(kind, salt) }), shell: None };
        let options = MeshOptions { max_edge: 1 << edge_log2, skirts, ambient_occlusion: true };
        let mut mesh = ChunkMesh::default();
        mesher.mesh(&chunk, &around, &options, &mut mesh);
        let (hanging, opaque): (Vec<_>, Vec<_>) = mesh.opaque.iter().partition(|quad| quad.is_skirt());
        let (wanted, wanted_see_through) = oracle(&chunk, &around, &table);
        prop_assert!(collect(&opaque) == wanted, "opaque faces differ");
        prop_assert!(collect(&mesh.see_through) == wanted_see_through, "see-through faces differ");
        let known = |cell| known(&chunk, &around, &table, cell);
        opaque.iter().for_each(|&quad| check_light(quad, &known));
        prop_assert!(hanging.iter().chain(&mesh.see_through).all(|quad| quad.light() == [3; 4]));
    }

    #[test]
    fn without_the_option_all_light_reaches_every_corner(kind in 0usize..7, seed in any::<u64>(), skirts in any::<bool>()) {
        let (mesher, _) = mesher();
        let around = Surroundings { planes: [0, 3, 1, 0, 3, 3].map(|kind| plane(kind, seed)), shell: None };
        let options = MeshOptions { skirts, ..MeshOptions::default() };
        let mut mesh = ChunkMesh::default();
        mesher.mesh(&chunk(kind, seed), &around, &options, &mut mesh);
        prop_assert!(mesh.opaque.iter().chain(&mesh.see_through).all(|quad| quad.light() == [3; 4]));
    }
}

/// The quads that face up of the level ground below y = 20, with `more` opaque cells on it; what lies
/// beyond the chunk is alike.
fn ground(more: impl Fn(IVec3) -> bool) -> Vec<PackedQuad> {
    let (mesher, _) = mesher();
    let material = |cell: IVec3| MaterialId(if cell.y < 20 || more(cell) { 15 } else { 0 });
    let cells: Vec<_> = (0..CHUNK_VOLUME).map(|index| material(cell_position(index))).collect();
    let planes = Face::ALL.map(|face| {
        let (u_axis, v_axis) = axes_of(face);
        FacePlane::from_fn(|u, v| {
            let mut cell = IVec3::splat(if face.is_positive() { 64 } else { -1 });
            (cell[u_axis], cell[v_axis]) = (u as i32, v as i32);
            material(cell)
        })
    });
    let options = MeshOptions { ambient_occlusion: true, ..MeshOptions::default() };
    let mut mesh = ChunkMesh::default();
    mesher.mesh(
        &Chunk::from_cells(&cells),
        &Surroundings { planes, shell: None },
        &options,
        &mut mesh,
    );
    mesh.opaque.retain(|quad| quad.face() == Face::PosY && quad.corner().y == 20);
    mesh.opaque
}

#[test]
fn ground_at_a_wall_is_one_dark_strip_and_one_light_rest() {
    let quads = ground(|cell| cell.y < 25 && cell.z < 10);
    let light: Vec<_> = quads.iter().map(|&quad| (quad.size(), light_by_place(quad))).collect();
    assert_eq!(light, [((64, 1), [1, 1, 3, 3]), ((64, 53), [3; 4])]);
    let quads = ground(|cell| cell.y < 25 && cell.x < 10);
    let light: Vec<_> = quads.iter().map(|&quad| (quad.size(), light_by_place(quad))).collect();
    assert_eq!(light, [((1, 64), [1, 3, 1, 3]), ((53, 64), [3; 4])]);
}

#[test]
fn ground_around_the_end_of_a_wall_is_one_slope_of_light() {
    let quads = ground(|cell| cell.y < 25 && cell.z < 10 && cell.x < 30);
    let slope = quads.iter().find(|quad| quad.corner() == ivec3(30, 20, 9)).expect("it is seen");
    assert_eq!((slope.size(), light_by_place(*slope)), ((1, 2), [1, 3, 3, 3]));
}

#[test]
fn a_nook_is_dark_and_its_diagonal_keeps_clear_of_the_dark_corner() {
    let quads = ground(|cell| cell.y == 20 && (cell.x < 10 || cell.z < 10));
    let corner = quads.iter().find(|quad| quad.corner() == ivec3(10, 20, 10)).expect("it is seen");
    assert_eq!((corner.size(), light_by_place(*corner)), ((1, 1), [0, 1, 1, 3]));
    for (dark, flips) in [(0, true), (1, false), (2, true), (3, false)] {
        let mut light = [3; 4];
        light[dark] = 1;
        assert_eq!(corner.with_light(light).flips_diagonal(), flips);
    }
    assert!(!corner.with_light([1, 3, 3, 1]).flips_diagonal());
}
