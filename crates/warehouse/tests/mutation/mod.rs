//! Texts and bytes changed at random, always the same for the same seed.

/// A linear congruential generator over 64 bits (Knuth's MMIX constants); the high half is used.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// A change or several of `seed`; `other` is what parts are taken from, `pieces` what is put in.
pub(crate) fn mutated(seed: &[u8], other: &[u8], pieces: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut out = seed.to_vec();
    for _ in 0..=random.below(6) {
        if out.is_empty() {
            out.extend_from_slice(pieces[random.below(pieces.len())]);
            continue;
        }
        let at = random.below(out.len());
        let to = (at + 1 + random.below(40)).min(out.len());
        match random.below(8) {
            0 => out[at] = random.below(256) as u8,
            1 => out.truncate(at),
            2 => drop(out.drain(at..to)),
            3 => {
                let copy = out[at..to].to_vec();
                out.splice(at..at, copy);
            }
            4 if !other.is_empty() => {
                let from = random.below(other.len());
                let end = (from + 1 + random.below(60)).min(other.len());
                out.splice(at..at, other[from..end].iter().copied());
            }
            // Lines in another order.
            5 => {
                let mut lines: Vec<Vec<u8>> =
                    out.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                let (a, b) = (random.below(lines.len()), random.below(lines.len()));
                lines.swap(a, b);
                out = lines.join(&b'\n');
            }
            _ => {
                let piece = pieces[random.below(pieces.len())];
                out.splice(at..at, piece.iter().copied());
            }
        }
    }
    out
}

/// Tries that a run makes: for `FUZZ_SECONDS` of the environment, else `usual` ones. `SEED` starts it.
pub(crate) struct Run {
    pub(crate) seed: u64,
    usual: u64,
    end: Option<std::time::Instant>,
}

impl Run {
    pub(crate) fn of_the_environment(usual: u64) -> Run {
        let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
        Run {
            seed: number("SEED").unwrap_or(1),
            usual,
            end: number("FUZZ_SECONDS")
                .map(|s| std::time::Instant::now() + std::time::Duration::from_secs(s)),
        }
    }

    /// Whether there is time for try number `n`.
    pub(crate) fn goes_on(&self, n: u64) -> bool {
        match self.end {
            Some(end) => std::time::Instant::now() < end,
            None => n < self.usual,
        }
    }
}
