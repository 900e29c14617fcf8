//! Changes of inputs, the same for the same seed: for machines without a fuzzer.

/// What changes put into inputs: the ends of numbers, and what documents are made of.
const TOKENS: [&[u8]; 20] = [
    &[0],
    &[0xff],
    &[0x7f],
    &[0x80],
    &[0; 8],
    &[0xff; 4],
    &[0xff; 8],
    &[0xff, 0xff, 0xff, 0x7f],
    &[1, 0, 0, 0, 0, 0, 0, 0],
    &[0, 0, 1, 0],
    b"0",
    b"-1",
    b"1e308",
    b"0.1",
    b"18446744073709551616",
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"\n---\n",
];

/// Numbers that look random.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`; 0 if there are none.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut hash = self.0;
        hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((hash ^ hash >> 31) % sides.max(1) as u64) as usize
    }
}

/// One of the inputs with one to four changes; parts of the others may get into it.
pub fn mutant(inputs: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = inputs[dice.roll(inputs.len())].clone();
    for _ in 0..=dice.roll(4) {
        change(&mut bytes, inputs, dice);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, inputs: &[Vec<u8>], dice: &mut Dice) {
    // The first bytes decide most.
    let reach = if dice.roll(4) == 0 { 80.min(bytes.len()) } else { bytes.len() };
    let at = dice.roll(reach);
    let end = bytes.len().min(at + 1 + dice.roll(32));
    match dice.roll(7) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.roll(8);
            }
        }
        2 => {
            let token = TOKENS[dice.roll(TOKENS.len())];
            let end = bytes.len().min(at + token.len());
            bytes.splice(at..end, token.iter().copied());
        }
        3 => {
            bytes.splice(at..at, TOKENS[dice.roll(TOKENS.len())].iter().copied());
        }
        4 => drop(bytes.drain(at..end)),
        5 => {
            let copy = bytes[at..end].to_vec();
            let to = dice.roll(bytes.len());
            bytes.splice(to..to, copy);
        }
        _ => {
            let other = &inputs[dice.roll(inputs.len())];
            let from = dice.roll(other.len());
            let part = other[from..other.len().min(from + 64)].to_vec();
            bytes.splice(at..end, part);
        }
    }
}
