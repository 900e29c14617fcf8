//! Ranges of one object, fetched with as few requests as is wise.

use std::ops::Range;

use bytes::Bytes;

/// Bytes between two chunks that are rather read along than asked around.
const GAP_BYTES: u64 = 16 << 10;

/// The requests that fetch some ranges of an object: what lies together is fetched together.
pub(super) fn merge(ranges: &[Option<Range<u64>>]) -> Vec<Range<u64>> {
    let mut ranges: Vec<_> = ranges.iter().flatten().filter(|range| !range.is_empty()).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP_BYTES) => {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range.clone()),
        }
    }
    merged
}

/// One range out of what was fetched for [`merge`]d requests; shorter where the object was.
pub(super) fn slice(requests: &[Range<u64>], fetched: &[Bytes], range: Range<u64>) -> Bytes {
    let holds = |request: &Range<u64>| request.start <= range.start && range.end <= request.end;
    let found = requests.iter().zip(fetched).find(|(request, _)| holds(request));
    let Some((request, bytes)) = found else { return Bytes::new() };
    let within = |at: u64| ((at - request.start) as usize).min(bytes.len());
    bytes.slice(within(range.start)..within(range.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merged_requests_hold_every_range_and_are_far_apart(
            ranges in prop::collection::vec(
                prop::option::of((0u64..1 << 18, 0u64..1 << 14)), 1..9,
            ),
        ) {
            let ranges: Vec<_> = ranges
                .into_iter()
                .map(|range| range.map(|(start, length)| start..start + length))
                .collect();
            let object: Vec<u8> = (0..(1 << 18) + (1 << 14)).map(|at: u32| (at * 7 % 251) as u8).collect();
            let requests = merge(&ranges);
            let part = |range: &Range<u64>| &object[range.start as usize..range.end as usize];
            let fetched: Vec<_> =
                requests.iter().map(|request| Bytes::copy_from_slice(part(request))).collect();
            for pair in requests.windows(2) {
                prop_assert!(pair[0].end + GAP_BYTES < pair[1].start);
            }
            for range in ranges.into_iter().flatten() {
                prop_assert_eq!(&slice(&requests, &fetched, range.clone())[..], part(&range));
            }
        }
    }
}
