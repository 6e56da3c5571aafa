//! Amounts of money without rounding.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// An amount in US dollars, kept as whole picodollars (10⁻¹² USD), so that a price per million tokens
/// with up to six decimals times a count of tokens is exact. Sums stop at the largest value
/// (18 million dollars) instead of overflowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than any budget.
    pub const MAX: Self = Self(u64::MAX);

    /// From dollars, rounded up to a picodollar; negative amounts and NaN are nothing.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` from floats saturates, which is what is wanted"
    )]
    pub fn from_usd(usd: f64) -> Self {
        Self((usd * 1e12).ceil() as u64)
    }

    /// What so many tokens cost at a price in dollars per million tokens, of which six decimals count.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` from floats saturates, which is what is wanted"
    )]
    pub fn of_tokens(tokens: u64, usd_per_million: f64) -> Self {
        // A dollar for a million tokens is a million picodollars for one.
        Self(tokens.saturating_mul((usd_per_million * 1e6).round() as u64))
    }

    /// In dollars.
    #[expect(
        clippy::cast_precision_loss,
        reason = "for display and for the answer document, whose field is a float"
    )]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// What is left of this after that; nothing if that is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn prices_times_tokens_are_exact() {
        for (tokens, price, usd) in [
            (1_000_000, 2.5, 2.5),
            (3, 0.15, 0.000_000_45),
            (1, 0.0375, 0.000_000_037_5),
            (0, 10.0, 0.0),
            (100, 0.1, 0.000_01),
            (1_234_567, 0.0, 0.0),
        ] {
            assert_eq!(
                Money::of_tokens(tokens, price).usd(),
                usd,
                "{tokens} at {price}"
            );
        }
    }

    #[test]
    fn odd_amounts_saturate() {
        assert_eq!(Money::from_usd(-1.0), Money::ZERO);
        assert_eq!(Money::from_usd(f64::NAN), Money::ZERO);
        assert_eq!(Money::from_usd(f64::INFINITY), Money::MAX);
        assert_eq!(Money::MAX + Money::from_usd(1.0), Money::MAX);
        assert_eq!(Money::ZERO.less(Money::from_usd(1.0)), Money::ZERO);
    }
}
