//! Finite State Entropy: tables of states, each a symbol and the way to the next state.

use super::{
    bits::{Backwards, Forwards},
    error::Broken,
};

/// Symbols of any code.
const MAX_SYMBOLS: usize = 256;

/// A state of a code.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    symbol: u8,
    /// Bits to be read for the next state, which are added to `base`.
    bits: u8,
    base: u16,
}

/// A code.
#[derive(Clone, Debug)]
pub struct Table {
    entries: Vec<Entry>,
    log: usize,
}

impl Table {
    /// A code with one symbol, which takes no bits.
    pub fn run(symbol: u8) -> Self {
        Self { entries: vec![Entry { symbol, ..Entry::default() }], log: 0 }
    }

    /// The code that gives each symbol its number of the `1 << log` states; -1 stands for less than one. They
    /// must add up.
    pub fn new(shares: &[i16], log: usize) -> Self {
        let size = 1usize << log;
        let mut entries = vec![Entry::default(); size];
        let mut next = [0u16; MAX_SYMBOLS];
        let mut high = size;
        for (symbol, &share) in shares.iter().enumerate() {
            if share < 0 {
                high -= 1;
                entries[high].symbol = symbol as u8;
                next[symbol] = 1;
            } else {
                next[symbol] = share as u16;
            }
        }
        let (step, mut at) = ((size >> 1) + (size >> 3) + 3, 0);
        for (symbol, &share) in shares.iter().enumerate() {
            for _ in 0..share.max(0) {
                entries[at].symbol = symbol as u8;
                at = (at + step) & (size - 1);
                while at >= high {
                    at = (at + step) & (size - 1);
                }
            }
        }
        for entry in &mut entries {
            let state = &mut next[usize::from(entry.symbol)];
            let bits = log - state.ilog2() as usize;
            entry.bits = bits as u8;
            entry.base = (usize::from(*state) << bits).wrapping_sub(size) as u16;
            *state += 1;
        }
        Self { entries, log }
    }

    /// A code as it is described in front of `bytes`, which goes on behind it.
    pub fn read(bytes: &mut &[u8], symbols: usize, max_log: usize) -> Result<Self, Broken> {
        let mut bits = Forwards::new(bytes);
        let log = bits.peek(4) as usize + 5;
        bits.skip(4);
        if log > max_log {
            return Err(Broken("a code has too many states"));
        }
        let mut shares = Vec::with_capacity(symbols);
        let mut left = 1i32 << log;
        while left > 0 {
            let count = (left + 1).ilog2() as usize + 1;
            let short = (1i32 << (count - 1)) - 1;
            let threshold = (1i32 << count) - 1 - (left + 1);
            let mut value = bits.peek(count) as i32;
            if value & short < threshold {
                value &= short;
                bits.skip(count - 1);
            } else {
                if value > short {
                    value -= threshold;
                }
                bits.skip(count);
            }
            let share = value - 1;
            left -= share.abs();
            shares.push(share as i16);
            let mut more = share == 0;
            while more {
                let zeros = bits.peek(2) as usize;
                bits.skip(2);
                shares.extend(std::iter::repeat_n(0, zeros));
                more = zeros == 3 && shares.len() <= symbols;
            }
            if shares.len() > symbols {
                return Err(Broken("a code has too many symbols"));
            }
        }
        if left < 0 {
            return Err(Broken("the shares of a code do not add up"));
        }
        let used = bits.used_bytes()?;
        *bytes = &bytes[used..];
        Ok(Self::new(&shares, log))
    }

    /// Where a decoder begins.
    pub fn start(&self, bits: &mut Backwards<'_>) -> Result<State, Broken> {
        Ok(State(bits.take(self.log)? as usize))
    }

    /// The symbol of a state.
    #[inline]
    pub fn symbol(&self, state: &State) -> u8 {
        self.entries[state.0].symbol
    }

    /// Bits that the way to the next state takes.
    #[inline]
    pub fn bits(&self, state: &State) -> usize {
        usize::from(self.entries[state.0].bits)
    }

    #[inline]
    pub fn advance(&self, state: &mut State, bits: &mut Backwards<'_>) -> Result<(), Broken> {
        let Entry { bits: count, base, .. } = self.entries[state.0];
        state.0 = usize::from(base) + bits.take(usize::from(count))? as usize;
        Ok(())
    }
}

/// Where a decoder is in a [`Table`]; it never leaves it.
pub struct State(usize);
