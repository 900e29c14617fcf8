//! The bytes of a log's segments, as `docs/formats.md` describes them: enough of them to make the
//! checksums of changed segments true again, which no fuzzer finds by chance.

use std::ops::Range;

/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 64;
/// Bytes of a record's header.
const RECORD_BYTES: usize = 32;
/// The kind of a commit, whose payload is a count and a time.
const COMMIT: u8 = 4;

/// What a segment is called: its header knows.
pub fn name(bytes: &[u8]) -> String {
    format!("{:020}.log", number(bytes, 16))
}

/// Makes the checksums, lsns and links of segments that follow each other true, whatever else they say.
pub fn make_true(segments: &mut [Vec<u8>]) {
    let mut previous = None;
    for bytes in segments.iter_mut().filter(|bytes| bytes.len() >= HEADER_BYTES) {
        if let Some(previous) = previous {
            put(bytes, 24, &u32::to_le_bytes(previous));
        }
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..28]), &bytes[32..HEADER_BYTES]);
        put(bytes, 28, &crc.to_le_bytes());
        let salt = crc32c::crc32c(&bytes[8..16]);
        let mut lsn = number(bytes, 16);
        let mut last = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
        for record in records(bytes) {
            put(bytes, record.start + 8, &last.to_le_bytes());
            put(bytes, record.start + 16, &lsn.to_le_bytes());
            let crc = crc32c::crc32c_append(salt, &bytes[record.start..record.start + 4]);
            last = crc32c::crc32c_append(crc, &bytes[record.start + 8..record.end]);
            put(bytes, record.start + 4, &last.to_le_bytes());
            lsn = lsn.wrapping_add(1);
        }
        previous = Some(last);
    }
}

/// Takes chance out of segments: they get this salt and no times.
pub fn make_plain(segments: &mut [Vec<u8>], salt: u64) {
    for bytes in segments.iter_mut() {
        put(bytes, 8, &salt.to_le_bytes());
        for record in records(bytes) {
            if bytes[record.start + 12] == COMMIT {
                put(bytes, record.start + RECORD_BYTES + 4, &[0; 8]);
            }
        }
    }
    make_true(segments);
}

/// Where the records of a segment lie, going by nothing but their lengths and kinds.
fn records(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut records = Vec::new();
    let mut at = HEADER_BYTES;
    while let Some(header) = bytes.get(at..at + RECORD_BYTES).filter(|header| header[12] != 0) {
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let end = at + (RECORD_BYTES + length).next_multiple_of(8);
        if end > bytes.len() {
            break;
        }
        records.push(at..end);
        at = end;
    }
    records
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
    u64::from_le_bytes(bytes)
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}
