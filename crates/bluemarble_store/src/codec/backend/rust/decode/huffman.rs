//! Huffman codes of literals.

use super::{
    bits::Backwards,
    error::{Broken, take, take_byte},
    fse::Table,
};

/// No code of a byte has more bits.
const MAX_BITS: usize = 11;
/// Weights that a description holds at most: the last one is not written.
const MAX_WEIGHTS: usize = 255;
/// The weights' own code.
const WEIGHT_SYMBOLS: usize = MAX_BITS + 2;
const MAX_WEIGHT_LOG: usize = 6;

/// A code: for all values of `bits` bits the byte that they begin with, and how many bits it takes.
#[derive(Clone, Debug)]
pub struct Huffman {
    entries: Vec<(u8, u8)>,
    bits: usize,
}

impl Huffman {
    /// A code as it is described in front of `bytes`, which goes on behind it.
    pub fn read(bytes: &mut &[u8]) -> Result<Self, Broken> {
        let header = usize::from(take_byte(bytes)?);
        let weights = if header < 128 {
            coded_weights(take(bytes, header)?)?
        } else {
            let count = header - 127;
            let packed = take(bytes, count.div_ceil(2))?;
            (0..count).map(|at| packed[at / 2] >> (4 * (1 - at % 2)) & 15).collect()
        };
        Self::new(weights)
    }

    /// The code of weights without the last one, which fills up what they leave.
    fn new(mut weights: Vec<u8>) -> Result<Self, Broken> {
        let wrong = Broken("the weights of a Huffman code do not add up");
        if weights.iter().any(|&weight| usize::from(weight) > MAX_BITS) {
            return Err(wrong);
        }
        let sum: usize = weights.iter().map(|&weight| (1 << weight) >> 1).sum();
        if sum == 0 {
            return Err(wrong);
        }
        let bits = sum.ilog2() as usize + 1;
        let last = (1usize << bits) - sum;
        if bits > MAX_BITS || !last.is_power_of_two() {
            return Err(wrong);
        }
        weights.push(last.ilog2() as u8 + 1);
        let mut entries = Vec::with_capacity(1 << bits);
        for weight in 1..=bits {
            let symbols = weights.iter().enumerate().filter(|(_, of)| usize::from(**of) == weight);
            for (symbol, _) in symbols {
                let entry = (symbol as u8, (bits + 1 - weight) as u8);
                entries.extend(std::iter::repeat_n(entry, 1 << (weight - 1)));
            }
        }
        // A weight of more than all bits would leave the table short.
        if entries.len() == 1 << bits { Ok(Self { entries, bits }) } else { Err(wrong) }
    }

    /// Decodes one stream, which must fill `literals` and end there.
    pub fn decode(&self, stream: &[u8], literals: &mut [u8]) -> Result<(), Broken> {
        let mut bits = Backwards::new(stream)?;
        for literal in literals {
            let (symbol, count) = self.entries[bits.peek(self.bits) as usize];
            bits.skip(usize::from(count))?;
            *literal = symbol;
        }
        bits.finish()
    }
}

/// Weights in a code of their own: two states in turns, until the bits end.
fn coded_weights(mut bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    let table = Table::read(&mut bytes, WEIGHT_SYMBOLS, MAX_WEIGHT_LOG)?;
    let mut bits = Backwards::new(bytes)?;
    let (mut now, mut other) = (table.start(&mut bits)?, table.start(&mut bits)?);
    let mut weights = Vec::with_capacity(MAX_WEIGHTS);
    while weights.len() + 2 <= MAX_WEIGHTS {
        weights.push(table.symbol(&now));
        if bits.left() < table.bits(&now) {
            weights.push(table.symbol(&other));
            return Ok(weights);
        }
        table.advance(&mut now, &mut bits)?;
        std::mem::swap(&mut now, &mut other);
    }
    Err(Broken("a Huffman code has too many weights"))
}
