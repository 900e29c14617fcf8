//! Edits as payloads of records, and back.
//!
//! ```text
//! every edit begins with  u8 cause (0 player, 1 tool, 3 process), u8 process, u32 year if it is a process, u8 region
//! voxels   then for each  3 x i32 voxel, u16 material
//! cells    then for each chunk  3 x i32 position, u32 count, and for each cell  u24 index, u16 material
//! columns  then for each chunk  3 x i32 position, u32 count, and for each column of cells  u24 index of the lowest,
//!                         u8 height - 1, u16 material
//! box      then           3 x i32 min, 3 x i32 max, u16 material
//! sphere   then           3 x f64 centre, f64 radius, u16 material
//! commit                  u32 records of the batch before it, u64 milliseconds since 1970
//! checkpoint              u64 lsn
//! ```

use bluemarble_core::{
    CHUNK_EDGE, CHUNK_VOLUME, Cause, CellColumn, CellEdit, ChunkKey, Edit, EditBatch, EditOp,
    LatticeBox, LatticePos, MaterialId, VoxelBox, VoxelPos, cell_position,
};
use glam::{DVec3, IVec3};

use super::record::{Chain, Kind, Lsn, Record};

/// Voxels that share a record.
const VOXELS_PER_RECORD: usize = 4096;
/// Bytes that a record of cells or columns may have before another chunk or another of them comes.
const CELLS_BYTES: usize = 60_000;
/// Bytes of a cell and its material.
const CELL_BYTES: usize = 5;
/// Bytes of a column and its material.
const COLUMN_BYTES: usize = 6;

/// Appends the records of a batch and its commit to `out`; returns the lsn of the commit.
pub(super) fn push_batch(
    chain: &mut Chain,
    out: &mut Vec<u8>,
    durable: Lsn,
    batch: &EditBatch,
    time_ms: u64,
) -> Lsn {
    let first = chain.next;
    let mut payload = Vec::new();
    let mut ops = batch.ops();
    while let Some(op) = ops.first() {
        payload.clear();
        put_cause(&mut payload, batch.cause());
        payload.push(op.region());
        let (kind, count) = match op {
            EditOp::Set(_) => (Kind::Voxels, put_voxels(&mut payload, ops)),
            // Alone among other steps it is a box; many of them go by chunk: [`push_columns`].
            EditOp::Column { base, height, material } => {
                let VoxelBox { voxels, .. } = base.column(*height);
                (put_box(&mut payload, voxels, *material), 1)
            }
            EditOp::Box { voxels, material, .. } => (put_box(&mut payload, *voxels, *material), 1),
            EditOp::Sphere { centre, radius, material, .. } => {
                let [x, y, z] = centre.lattice.to_array();
                for number in [x, y, z, *radius] {
                    payload.extend_from_slice(&number.to_le_bytes());
                }
                payload.extend_from_slice(&material.0.to_le_bytes());
                (Kind::Sphere, 1)
            }
        };
        chain.push(out, kind, durable, &payload);
        ops = &ops[count..];
    }
    push_commit(chain, out, durable, first, time_ms)
}

/// What records of single things of chunks have in them.
pub(super) trait InChunk {
    const KIND: Kind;
    const BYTES: usize;

    fn put(&self, payload: &mut Vec<u8>);
}

impl InChunk for CellEdit {
    const KIND: Kind = Kind::Cells;
    const BYTES: usize = CELL_BYTES;

    fn put(&self, payload: &mut Vec<u8>) {
        let ([a, b, c, _], [d, e]) = (self.cell.to_le_bytes(), self.material.0.to_le_bytes());
        payload.extend_from_slice(&[a, b, c, d, e]);
    }
}

impl InChunk for CellColumn {
    const KIND: Kind = Kind::Columns;
    const BYTES: usize = COLUMN_BYTES;

    fn put(&self, payload: &mut Vec<u8>) {
        let ([a, b, c, _], [d, e]) = (self.cell.to_le_bytes(), self.material.0.to_le_bytes());
        payload.extend_from_slice(&[a, b, c, (self.height - 1) as u8, d, e]);
    }
}

/// [`push_batch`] for cells or columns of chunks of lod 0, each chunk once.
pub(super) fn push_by_chunk<'a, T: InChunk + 'a>(
    chain: &mut Chain,
    out: &mut Vec<u8>,
    durable: Lsn,
    cause: Cause,
    chunks: impl Iterator<Item = (ChunkKey, &'a [T])>,
    time_ms: u64,
) -> Lsn {
    let first = chain.next;
    let mut payload = Vec::with_capacity(CELLS_BYTES + 64);
    let mut region = None;
    for (key, mut things) in chunks {
        while !things.is_empty() {
            if region != Some(key.region) || payload.len() >= CELLS_BYTES {
                if region.is_some() {
                    chain.push(out, T::KIND, durable, &payload);
                }
                payload.clear();
                put_cause(&mut payload, cause);
                payload.push(key.region);
                region = Some(key.region);
            }
            let fit = (CELLS_BYTES - payload.len()).div_ceil(T::BYTES).min(things.len());
            let (now, later) = things.split_at(fit);
            put_ivec(&mut payload, key.pos);
            payload.extend_from_slice(&(fit as u32).to_le_bytes());
            now.iter().for_each(|thing| thing.put(&mut payload));
            things = later;
        }
    }
    if region.is_some() {
        chain.push(out, T::KIND, durable, &payload);
    }
    push_commit(chain, out, durable, first, time_ms)
}

/// Ends the batch whose first record was `first`.
fn push_commit(
    chain: &mut Chain,
    out: &mut Vec<u8>,
    durable: Lsn,
    first: Lsn,
    time_ms: u64,
) -> Lsn {
    let mut payload = Vec::new();
    payload.extend_from_slice(&((chain.next - first) as u32).to_le_bytes());
    payload.extend_from_slice(&time_ms.to_le_bytes());
    chain.push(out, Kind::Commit, durable, &payload)
}

/// Appends the voxels at the start of `ops` that lie in the region of the first; returns how many.
fn put_voxels(payload: &mut Vec<u8>, ops: &[EditOp]) -> usize {
    let region = ops.first().map(EditOp::region);
    let mut count = 0;
    for op in ops.iter().take(VOXELS_PER_RECORD) {
        let EditOp::Set(edit) = op else { break };
        if Some(edit.pos.region) != region {
            break;
        }
        put_ivec(payload, edit.pos.voxel);
        payload.extend_from_slice(&edit.material.0.to_le_bytes());
        count += 1;
    }
    count
}

fn put_box(payload: &mut Vec<u8>, voxels: LatticeBox, material: MaterialId) -> Kind {
    put_ivec(payload, voxels.min);
    put_ivec(payload, voxels.max);
    payload.extend_from_slice(&material.0.to_le_bytes());
    Kind::Box
}

fn put_cause(payload: &mut Vec<u8>, cause: Cause) {
    match cause {
        Cause::Player => payload.extend_from_slice(&[0, 0]),
        Cause::Tool => payload.extend_from_slice(&[1, 0]),
        Cause::Process { process, year } => {
            payload.extend_from_slice(&[3, process]);
            payload.extend_from_slice(&year.to_le_bytes());
        }
    }
}

fn put_ivec(payload: &mut Vec<u8>, vector: IVec3) {
    vector.to_array().iter().for_each(|number| payload.extend_from_slice(&number.to_le_bytes()));
}

/// Adds the edits of a record to a batch; `None` if the payload is not what its kind says.
pub(super) fn read_edits(record: &Record<'_>, batch: &mut EditBatch) -> Option<()> {
    let mut bytes = Reader(record.payload);
    let cause = match bytes.take::<2>()? {
        [0, 0] => Cause::Player,
        [1, 0] => Cause::Tool,
        // Version 1 of the format had no year.
        [2, process] => Cause::Process { process, year: 0 },
        [3, process] => Cause::Process { process, year: u32::from_le_bytes(bytes.take()?) },
        _ => return None,
    };
    *batch = std::mem::take(batch).caused_by(cause);
    let [region] = bytes.take()?;
    match record.kind {
        Kind::Voxels => {
            while !bytes.0.is_empty() {
                let (voxel, material) = (bytes.ivec()?, bytes.material()?);
                batch.push(EditOp::Set(Edit { pos: VoxelPos { region, voxel }, material }));
            }
        }
        Kind::Cells => {
            while !bytes.0.is_empty() {
                let (corner, count) = bytes.chunk(region)?;
                for _ in 0..count {
                    let pos = VoxelPos::new(region, corner + bytes.cell()?);
                    batch.push(EditOp::Set(Edit { pos, material: bytes.material()? }));
                }
            }
        }
        Kind::Columns => {
            while !bytes.0.is_empty() {
                let (corner, count) = bytes.chunk(region)?;
                for _ in 0..count {
                    let (cell, [height]) = (bytes.cell()?, bytes.take()?);
                    let (base, height) = (corner + cell, u32::from(height) + 1);
                    if cell.y + height as i32 > CHUNK_EDGE {
                        return None;
                    }
                    let base = VoxelPos::new(region, base);
                    batch.push(EditOp::Column { base, height, material: bytes.material()? });
                }
            }
        }
        Kind::Box => {
            let (min, max) = (bytes.ivec()?, bytes.ivec()?);
            let voxels = LatticeBox::new(min, max);
            batch.push(EditOp::Box { region, voxels, material: bytes.material()? });
        }
        Kind::Sphere => {
            let centre = DVec3::new(bytes.double()?, bytes.double()?, bytes.double()?);
            let (centre, radius) = (LatticePos::new(region, centre), bytes.double()?);
            batch.push(EditOp::Sphere { centre, radius, material: bytes.material()? });
        }
        Kind::Commit | Kind::Checkpoint | Kind::Seal => return None,
    }
    bytes.0.is_empty().then_some(())
}

/// How many records a commit says its batch has.
pub(super) fn read_commit(payload: &[u8]) -> Option<u64> {
    let mut bytes = Reader(payload);
    let records = u32::from_le_bytes(bytes.take()?);
    bytes.take::<8>()?;
    bytes.0.is_empty().then_some(u64::from(records))
}

/// The lsn that a checkpoint names.
pub(super) fn read_checkpoint(payload: &[u8]) -> Option<Lsn> {
    Some(Lsn::from_le_bytes(payload.try_into().ok()?))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn ivec(&mut self) -> Option<IVec3> {
        let mut number = || Some(i32::from_le_bytes(self.take()?));
        Some(IVec3::new(number()?, number()?, number()?))
    }

    /// The corner of a chunk, and how many of its things follow.
    fn chunk(&mut self, region: u8) -> Option<(IVec3, u32)> {
        let (pos, count) = (self.ivec()?, u32::from_le_bytes(self.take()?));
        // Positions of cells must not overflow.
        let most = IVec3::splat(i32::MAX / CHUNK_EDGE);
        let is_far = pos.cmplt(-most).any() || pos.cmpge(most).any();
        (!is_far).then(|| (ChunkKey::new(region, 0, pos).min_voxel(), count))
    }

    /// A cell within its chunk.
    fn cell(&mut self) -> Option<IVec3> {
        let [a, b, c] = self.take()?;
        let cell = u32::from_le_bytes([a, b, c, 0]) as usize;
        (cell < CHUNK_VOLUME).then(|| cell_position(cell))
    }

    fn double(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(self.take()?))
    }

    fn material(&mut self) -> Option<MaterialId> {
        Some(MaterialId(u16::from_le_bytes(self.take()?)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROCESS: Cause = Cause::Process { process: 4, year: 70_000 };

    /// Batches of every kind of step.
    pub fn any_batch() -> impl Strategy<Value = EditBatch> {
        let vector = || (any::<i32>(), any::<i32>(), any::<i32>()).prop_map(IVec3::from);
        let op = (0..6u32, 0..3u8, vector(), vector(), any::<u16>()).prop_map(
            |(kind, region, one, two, material)| {
                let material = MaterialId(material);
                match kind {
                    0 => EditOp::Box { region, voxels: LatticeBox::new(one, two), material },
                    1 => {
                        let (centre, radius) = (one.as_dvec3() / 7.0, f64::from(two.x) / 3.0);
                        let centre = LatticePos::new(region, centre);
                        EditOp::Sphere { centre, radius, material }
                    }
                    _ => EditOp::Set(Edit { pos: VoxelPos::new(region, one), material }),
                }
            },
        );
        let cause = prop_oneof![
            Just(Cause::Player),
            Just(Cause::Tool),
            any::<(u8, u32)>().prop_map(|(process, year)| Cause::Process { process, year })
        ];
        (prop::collection::vec(op, 1..30), cause)
            .prop_map(|(ops, cause)| EditBatch::from_iter(ops).caused_by(cause))
    }

    fn records(mut bytes: &[u8]) -> Vec<Record<'_>> {
        let mut records = Vec::new();
        while let Some(record) = Record::parse(bytes, 3) {
            bytes = &bytes[record.size()..];
            records.push(record);
        }
        assert!(bytes.is_empty());
        records
    }

    proptest! {
        #[test]
        fn batches_come_back_in_their_order(batch in any_batch()) {
            let mut bytes = Vec::new();
            let mut chain = Chain { salt: 3, next: 10, previous: 0 };
            let lsn = push_batch(&mut chain, &mut bytes, 9, &batch, 1234);
            let records = records(&bytes);
            let (commit, edits) = records.split_last().expect("a commit");
            prop_assert_eq!((commit.kind, commit.lsn), (Kind::Commit, lsn));
            prop_assert_eq!(read_commit(commit.payload), Some(edits.len() as u64));
            let mut read = EditBatch::new();
            for record in edits {
                prop_assert_eq!(read_edits(record, &mut read), Some(()));
            }
            prop_assert_eq!(read, batch);
        }

        #[test]
        fn cells_come_back_chunk_by_chunk(
            chunks in prop::collection::vec(
                (0u8..3, any::<(i16, i16, i16)>(), prop_oneof![1usize..20, 11_000usize..25_000]),
                1..6,
            ),
            seed: u32,
        ) {
            let cells = |count| (0..count as u32).map(|number| CellEdit {
                cell: (number ^ seed) % CHUNK_VOLUME as u32,
                material: MaterialId((number.wrapping_add(seed)) as u16),
            });
            let chunks: Vec<(ChunkKey, Vec<_>)> = (chunks.into_iter())
                .map(|(region, (x, y, z), count)| {
                    let pos = IVec3::new(x.into(), y.into(), z.into());
                    (ChunkKey::new(region, 0, pos), cells(count).collect())
                })
                .collect();
            let mut bytes = Vec::new();
            let mut chain = Chain { salt: 3, next: 10, previous: 0 };
            let slices = chunks.iter().map(|(key, cells)| (*key, cells.as_slice()));
            push_by_chunk(&mut chain, &mut bytes, 9, PROCESS, slices, 0);
            let records = records(&bytes);
            let (commit, edits) = records.split_last().expect("a commit");
            prop_assert_eq!(read_commit(commit.payload), Some(edits.len() as u64));
            let mut read = EditBatch::new();
            for record in edits {
                prop_assert!(record.payload.len() <= super::super::record::MAX_PAYLOAD_BYTES);
                prop_assert_eq!(read_edits(record, &mut read), Some(()));
            }
            let set = |key: ChunkKey, edit: CellEdit| {
                let voxel = key.min_voxel() + cell_position(edit.cell as usize);
                EditOp::Set(Edit { pos: VoxelPos::new(key.region, voxel), material: edit.material })
            };
            let expected = EditBatch::from_iter(chunks.iter().flat_map(|(key, cells)| cells.iter().map(|&cell| set(*key, cell))));
            prop_assert!(read == expected.caused_by(PROCESS));
        }

        #[test]
        fn no_payload_makes_it_panic(kind in 0usize..8, payload in prop::collection::vec(any::<u8>(), 0..90)) {
            use Kind::*;
            let kind = [Voxels, Box, Sphere, Commit, Checkpoint, Seal, Cells, Columns][kind];
            let record = Record { kind, lsn: 1, durable: 0, previous: 0, crc: 0, payload: &payload };
            let _ = read_edits(&record, &mut EditBatch::new());
            let _ = (read_commit(&payload), read_checkpoint(&payload));
        }
    }

    #[test]
    fn columns_come_back_chunk_by_chunk_and_alone_as_boxes() {
        let column = |number: u32| CellColumn {
            cell: number * 7919 % 4096,
            height: (number % 64) as u16 + 1,
            material: MaterialId(number as u16),
        };
        let many: Vec<_> = (0..25_000).map(column).collect();
        let keys = [ChunkKey::new(1, 0, IVec3::new(-3, 0, 5)), ChunkKey::new(2, 0, IVec3::ONE)];
        let mut bytes = Vec::new();
        let mut chain = Chain { salt: 3, next: 10, previous: 0 };
        let chunks = keys.iter().map(|&key| (key, &many[..]));
        push_by_chunk(&mut chain, &mut bytes, 9, PROCESS, chunks, 0);
        let written = records(&bytes);
        let mut read = EditBatch::new();
        for record in &written[..written.len() - 1] {
            assert!(record.payload.len() <= super::super::record::MAX_PAYLOAD_BYTES);
            assert_eq!(read_edits(record, &mut read), Some(()));
        }
        let mut expected = EditBatch::new();
        for key in keys {
            for column in &many {
                let base = key.min_voxel() + cell_position(column.cell as usize);
                let base = VoxelPos::new(key.region, base);
                expected.fill_column(base, column.height.into(), column.material);
            }
        }
        assert_eq!(read, expected.caused_by(PROCESS));

        let base = VoxelPos::new(1, IVec3::new(1, -70, 9));
        let mut one = EditBatch::new();
        one.fill_column(base, 300, MaterialId(5));
        bytes.clear();
        push_batch(&mut chain, &mut bytes, 9, &one, 0);
        let mut read = EditBatch::new();
        assert_eq!(read_edits(&records(&bytes)[0], &mut read), Some(()));
        let mut expected = EditBatch::new();
        expected.fill_box(base.column(300), MaterialId(5));
        assert_eq!(read, expected);
    }

    #[test]
    fn a_box_a_sphere_and_many_voxels_take_one_record_each() {
        let mut batch = EditBatch::new();
        batch.fill_box(
            VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, IVec3::splat(500))),
            MaterialId(1),
        );
        batch.fill_sphere(LatticePos::new(0, DVec3::ZERO), 900.0, MaterialId(2));
        for x in 0..4000 {
            batch.set(VoxelPos::new(0, IVec3::splat(x)), MaterialId(3));
        }
        let mut bytes = Vec::new();
        push_batch(&mut Chain { salt: 3, next: 1, previous: 0 }, &mut bytes, 0, &batch, 0);
        assert_eq!(records(&bytes).len(), 4);
        assert!(bytes.len() < 4000 * 14 + 300);
    }
}
