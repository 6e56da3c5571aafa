//! What a question may cost.

use crate::failure::{Failure, Fault};
use crate::ledger::Ledger;
use crate::money::Money;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is given to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// Input and output tokens of all its calls together.
    pub tokens: u64,
    /// The money for all its calls together.
    pub money: Money,
    /// How long its calls may take together, from when the purse is made.
    pub time: Duration,
}

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Input and output tokens.
    pub tokens: u64,
    /// Money.
    pub money: Money,
}

impl Spent {
    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            money: self.money + other.money,
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            money: self.money.less(other.money),
        }
    }
}

/// The budget of one question. Every call first reserves the most that it can cost and gives back
/// what it did not use, so that calls in parallel cannot overdraw it together.
#[derive(Debug)]
pub struct Purse {
    allowance: Allowance,
    ends: Instant,
    spent: Mutex<Spent>,
    /// Where the user's and the day's spending is kept, if they have limits.
    account: Option<(Arc<Ledger>, String)>,
}

impl Purse {
    /// A purse whose time starts now.
    pub fn new(allowance: Allowance) -> Self {
        let now = Instant::now();
        Self {
            allowance,
            // Beyond what the clock can hold is as good as a year.
            ends: now
                .checked_add(allowance.time)
                .unwrap_or(now + Duration::from_secs(31_536_000)),
            spent: Mutex::new(Spent::default()),
            account: None,
        }
    }

    /// The same, charged to a user's day as well.
    #[must_use]
    pub(crate) fn charged_to(mut self, ledger: Arc<Ledger>, user: &str) -> Self {
        self.account = Some((ledger, user.to_owned()));
        self
    }

    /// What was spent so far, with what calls in progress have reserved.
    pub fn spent(&self) -> Spent {
        *self.lock()
    }

    /// The time that is left; none after the deadline.
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.ends.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The deadline.
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// Sets aside the most that a call can cost.
    ///
    /// # Errors
    /// [`Fault::DeadlinePassed`], [`Fault::BudgetSpent`] (of the question, the user or the day) and
    /// [`Fault::LedgerUnusable`]: without a ledger no budget of a day can be kept, so nothing is
    /// spent.
    pub fn reserve(&self, most: Spent) -> Result<Reservation<'_>, Failure> {
        if self.time_left().is_none() {
            return Err(Failure::new(
                Fault::DeadlinePassed,
                format!(
                    "the {} seconds that a question has for its models are over",
                    self.allowance.time.as_secs_f64()
                ),
            ));
        }
        let mut spent = self.lock();
        let then = spent.plus(most);
        if then.tokens > self.allowance.tokens {
            return Err(Failure::new(
                Fault::BudgetSpent,
                format!(
                    "the next call may take {} tokens; the question has spent {} of {}",
                    most.tokens, spent.tokens, self.allowance.tokens
                ),
            ));
        }
        if then.money > self.allowance.money {
            return Err(Failure::new(
                Fault::BudgetSpent,
                format!(
                    "the next call may cost {:.6} USD; the question has spent {:.6} of {:.6}",
                    most.money.usd(),
                    spent.money.usd(),
                    self.allowance.money.usd()
                ),
            ));
        }
        let day = match &self.account {
            None => None,
            Some((ledger, user)) => {
                let day = ledger.today();
                ledger.reserve(user, &day, most)?;
                Some(day)
            }
        };
        *spent = then;
        Ok(Reservation {
            purse: self,
            most,
            day,
            settled: false,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call has set aside. Dropped without [`Reservation::settle`] it goes back whole.
#[derive(Debug)]
pub struct Reservation<'a> {
    purse: &'a Purse,
    most: Spent,
    /// The day in the ledger on which it stands.
    day: Option<String>,
    settled: bool,
}

impl Reservation<'_> {
    /// Replaces what was set aside by what the call cost, which may be more.
    pub fn settle(mut self, cost: Spent) {
        self.give_back(cost);
    }

    fn give_back(&mut self, cost: Spent) {
        if !self.settled {
            self.settled = true;
            let mut spent = self.purse.lock();
            *spent = spent.less(self.most).plus(cost);
            if let (Some((ledger, user)), Some(day)) = (&self.purse.account, &self.day) {
                // If this fails the reservation stays spent, which errs on the safe side; the next
                // call reports that the ledger is out of order.
                let _ = ledger.settle(user, day, self.most, cost);
            }
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.give_back(Spent::default());
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Purse, Spent};
    use crate::failure::Fault;
    use crate::money::Money;
    use std::time::Duration;

    fn cost(tokens: u64, usd: f64) -> Spent {
        Spent {
            tokens,
            money: Money::from_usd(usd),
        }
    }

    fn purse(seconds: u64) -> Purse {
        Purse::new(Allowance {
            tokens: 100,
            money: Money::from_usd(1.0),
            time: Duration::from_secs(seconds),
        })
    }

    #[test]
    fn reservations_in_parallel_cannot_overdraw() {
        let purse = purse(60);
        let first = purse.reserve(cost(60, 0.1)).expect("fits");
        assert_eq!(
            purse
                .reserve(cost(60, 0.1))
                .expect_err("does not fit beside")
                .fault,
            Fault::BudgetSpent
        );
        first.settle(cost(30, 0.05));
        assert_eq!(purse.spent(), cost(30, 0.05));
        drop(purse.reserve(cost(70, 0.1)).expect("fits now"));
        assert_eq!(purse.spent(), cost(30, 0.05), "what is dropped goes back");
    }

    #[test]
    fn money_and_time_end_too() {
        let purse = purse(60);
        let failure = purse.reserve(cost(1, 1.01)).expect_err("too dear");
        assert_eq!(failure.code(), "model_budget_spent");
        let late = self::purse(0);
        assert_eq!(
            late.reserve(cost(1, 0.0)).expect_err("too late").fault,
            Fault::DeadlinePassed
        );
        assert!(Fault::DeadlinePassed.ends_the_question());
    }
}
