//! [`Turn`]: how a scene turns and moves what is in it.

use dot_vox::Dict;
use glam::{I64Vec3, i64vec3};

/// A signed permutation of the axes and a shift, on positions in half voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Which axis each axis of the result is, and its sign.
    rows: [(usize, i64); 3],
    shift: I64Vec3,
}

impl Turn {
    pub const IDENTITY: Self = Self { rows: [(0, 1), (1, 1), (2, 1)], shift: I64Vec3::ZERO };
    /// z up to y up: x stays, z becomes y, and y becomes -z.
    pub const UPRIGHT: Self = Self { rows: [(0, 1), (2, 1), (1, -1)], shift: I64Vec3::ZERO };

    pub fn apply(&self, at: I64Vec3) -> I64Vec3 {
        let row = |row: usize| {
            let (axis, sign) = self.rows[row];
            (sign * at[axis]).saturating_add(self.shift[row])
        };
        i64vec3(row(0), row(1), row(2))
    }

    /// First `inner`, then this.
    pub fn after(&self, inner: &Self) -> Self {
        let rows = self.rows.map(|(axis, sign)| {
            let (inner_axis, inner_sign) = inner.rows[axis];
            (inner_axis, sign * inner_sign)
        });
        Self { rows, shift: self.apply(inner.shift) }
    }

    /// What the first frame of a transform node says.
    pub fn of_frame(attributes: &Dict) -> Result<Self, String> {
        let mut turn = Self::IDENTITY;
        if let Some(text) = attributes.get("_r") {
            let refuse = || format!("`_r` is `{text}`, which is no rotation");
            let byte: u8 = text.trim().parse().map_err(|_| refuse())?;
            let (first, second) = (usize::from(byte & 3), usize::from(byte >> 2 & 3));
            if first == second || first > 2 || second > 2 {
                return Err(refuse());
            }
            let sign = |bit: u8| if byte >> bit & 1 == 1 { -1 } else { 1 };
            turn.rows = [(first, sign(4)), (second, sign(5)), (3 - first - second, sign(6))];
        }
        if let Some(text) = attributes.get("_t") {
            let numbers: Option<Vec<i32>> =
                text.split_whitespace().map(|number| number.parse().ok()).collect();
            let Some(&[x, y, z]) = numbers.as_deref() else {
                return Err(format!("`_t` is `{text}`, expected three numbers"));
            };
            turn.shift = i64vec3(x.into(), y.into(), z.into()) * 2;
        }
        Ok(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_follow_the_file_format() {
        // The example of the format: rows (0, 1, 0), (0, 0, -1), (-1, 0, 0).
        let byte = 1 | 2 << 2 | 1 << 5 | 1 << 6;
        let attributes: Dict =
            [("_r".to_owned(), format!("{byte}")), ("_t".to_owned(), "10 20 -30".to_owned())]
                .into();
        let turn = Turn::of_frame(&attributes).expect("rotation");
        assert_eq!(turn.apply(i64vec3(1, 2, 3)), i64vec3(2 + 20, -3 + 40, -1 - 60));
        let twice = turn.after(&turn);
        assert_eq!(twice.apply(i64vec3(5, 6, 7)), turn.apply(turn.apply(i64vec3(5, 6, 7))));
        for text in ["0", "3", "15", "-1", "300", "x"] {
            assert!(
                Turn::of_frame(&[("_r".to_owned(), text.to_owned())].into()).is_err(),
                "{text}"
            );
        }
    }
}
