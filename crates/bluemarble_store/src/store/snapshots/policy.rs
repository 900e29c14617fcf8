//! [`SnapshotPolicy`]: which snapshots stay.

use std::collections::BTreeSet;

const HOUR_S: u64 = 3600;
const DAY_S: u64 = 24 * HOUR_S;

/// Which snapshots stay when another one is taken. One that any of the three wants stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// The newest ones; at least one stays, whatever this says.
    pub last: usize,
    /// Of each of the last hours that have any (of UTC), the newest.
    pub hourly: usize,
    /// Of each of the last days that have any (of UTC), the newest.
    pub daily: usize,
}

impl Default for SnapshotPolicy {
    /// The last 8, and one for each of 24 hours and 30 days.
    fn default() -> Self {
        Self { last: 8, hourly: 24, daily: 30 }
    }
}

impl SnapshotPolicy {
    /// Keeps all.
    pub const ALL: Self = Self { last: usize::MAX, hourly: 0, daily: 0 };

    /// Those of some snapshots, by number and time in seconds since 1970 and oldest first, that need not stay.
    pub(super) fn expired(&self, snapshots: &[(u64, u64)]) -> BTreeSet<u64> {
        let newest_first = || snapshots.iter().rev();
        let mut kept: BTreeSet<u64> =
            newest_first().take(self.last.max(1)).map(|(number, _)| *number).collect();
        for (periods, period_s) in [(self.hourly, HOUR_S), (self.daily, DAY_S)] {
            let mut seen = BTreeSet::new();
            for (number, taken_s) in newest_first() {
                let is_first = !seen.contains(&(taken_s / period_s));
                if is_first && seen.len() < periods {
                    seen.insert(taken_s / period_s);
                    kept.insert(*number);
                }
            }
        }
        let numbers = snapshots.iter().map(|(number, _)| *number);
        numbers.filter(|number| !kept.contains(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One snapshot every ten minutes of 100 days, numbered from 0.
    fn snapshots() -> Vec<(u64, u64)> {
        (0..100 * 144).map(|number| (number, number * 600)).collect()
    }

    #[test]
    fn the_last_ones_stay_and_the_newest_of_each_of_the_last_hours_and_days() {
        let all = snapshots();
        let policy = SnapshotPolicy { last: 3, hourly: 2, daily: 4 };
        let expired = policy.expired(&all);
        let kept: Vec<u64> = all
            .iter()
            .map(|(number, _)| *number)
            .filter(|number| !expired.contains(number))
            .collect();
        let end = 100 * 144;
        let day = |back: u64| end - back * 144 - 1;
        assert_eq!(kept, [day(3), day(2), day(1), end - 7, end - 3, end - 2, end - 1]);
    }

    #[test]
    fn taking_one_after_another_keeps_what_taking_all_and_then_choosing_would() {
        let policy = SnapshotPolicy { last: 2, hourly: 5, daily: 7 };
        let mut kept: Vec<(u64, u64)> = Vec::new();
        for snapshot in snapshots() {
            kept.push(snapshot);
            let expired = policy.expired(&kept);
            kept.retain(|(number, _)| !expired.contains(number));
        }
        let all = snapshots();
        let expired = policy.expired(&all);
        let chosen: Vec<_> =
            all.into_iter().filter(|(number, _)| !expired.contains(number)).collect();
        assert_eq!(kept, chosen);
    }

    #[test]
    fn the_newest_one_stays_whatever_the_policy_says() {
        let none = SnapshotPolicy { last: 0, hourly: 0, daily: 0 };
        assert_eq!(none.expired(&[(4, 10), (9, 20)]), BTreeSet::from([4]));
        assert_eq!(SnapshotPolicy::ALL.expired(&snapshots()), BTreeSet::new());
    }
}
