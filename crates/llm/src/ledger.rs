//! What users have spent today, across all processes of the machine.

use crate::configuration::Budget;
use crate::failure::{Failure, Fault};
use crate::money::Money;
use crate::purse::Spent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// The limits of a day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayLimits {
    user_tokens: Option<u64>,
    user_money: Option<Money>,
    day_tokens: Option<u64>,
    day_money: Option<Money>,
}

impl DayLimits {
    pub(crate) fn of(budget: &Budget) -> Option<Self> {
        let limits = Self {
            user_tokens: budget.user_tokens,
            user_money: budget.user_usd.map(Money::from_usd),
            day_tokens: budget.day_tokens,
            day_money: budget.day_usd.map(Money::from_usd),
        };
        let any = limits.user_tokens.is_some()
            || limits.user_money.is_some()
            || limits.day_tokens.is_some()
            || limits.day_money.is_some();
        any.then_some(limits)
    }
}

/// A file a day in a folder, rewritten under a lock of the operating system, so that processes side by
/// side cannot overdraw a budget together. What a process had reserved when it died stays spent.
#[derive(Debug)]
pub(crate) struct Ledger {
    folder: PathBuf,
    limits: DayLimits,
    now: fn() -> Timestamp,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    tokens: u64,
    /// In picodollars.
    money: Money,
}

/// A day's file: accounts by user.
type Accounts = BTreeMap<String, Account>;

impl Ledger {
    pub(crate) fn new(folder: PathBuf, limits: DayLimits, now: fn() -> Timestamp) -> Self {
        Self {
            folder,
            limits,
            now,
        }
    }

    /// The day on which a call is charged.
    pub(crate) fn today(&self) -> String {
        (self.now)().strftime("%Y-%m-%d").to_string()
    }

    /// Sets aside the most that a call of a user can cost.
    pub(crate) fn reserve(&self, user: &str, day: &str, most: Spent) -> Result<(), Failure> {
        self.change(day, |accounts| {
            let own = accounts.get(user).copied().unwrap_or_default();
            let all_tokens = accounts.values().fold(0u64, |sum, a| sum.saturating_add(a.tokens));
            let all_money: Money = accounts.values().map(|a| a.money).sum();
            for (who, spent, limit) in [
                ("the user", own.tokens, self.limits.user_tokens),
                ("all users together", all_tokens, self.limits.day_tokens),
            ] {
                if let Some(limit) = limit
                    && spent.saturating_add(most.tokens) > limit
                {
                    return Err(Failure::new(
                        Fault::BudgetSpent,
                        format!(
                            "the next call may take {} tokens; {who} spent {spent} of {limit} today",
                            most.tokens
                        ),
                    ));
                }
            }
            for (who, spent, limit) in [
                ("the user", own.money, self.limits.user_money),
                ("all users together", all_money, self.limits.day_money),
            ] {
                if let Some(limit) = limit
                    && spent + most.money > limit
                {
                    return Err(Failure::new(
                        Fault::BudgetSpent,
                        format!(
                            "the next call may cost {:.6} USD; {who} spent {:.6} of {:.6} today",
                            most.money.usd(),
                            spent.usd(),
                            limit.usd()
                        ),
                    ));
                }
            }
            let account = accounts.entry(user.to_owned()).or_default();
            account.tokens = account.tokens.saturating_add(most.tokens);
            account.money += most.money;
            Ok(())
        })
    }

    /// Replaces what was set aside by what was spent.
    pub(crate) fn settle(
        &self,
        user: &str,
        day: &str,
        most: Spent,
        cost: Spent,
    ) -> Result<(), Failure> {
        self.change(day, |accounts| {
            let account = accounts.entry(user.to_owned()).or_default();
            account.tokens = account
                .tokens
                .saturating_sub(most.tokens)
                .saturating_add(cost.tokens);
            account.money = account.money.less(most.money) + cost.money;
            Ok(())
        })
    }

    fn change(
        &self,
        day: &str,
        change: impl FnOnce(&mut Accounts) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let path = self.folder.join(format!("{day}.json"));
        let unusable = |what: &str, error: &dyn std::fmt::Display| {
            Failure::new(
                Fault::LedgerUnusable,
                format!("the spending ledger `{}` {what}: {error}", path.display()),
            )
        };
        std::fs::create_dir_all(&self.folder).map_err(|e| unusable("has no folder", &e))?;
        let lock = self
            .locked()
            .map_err(|e| unusable("cannot be locked", &e))?;
        let mut accounts: Accounts = match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| unusable("cannot be read", &e))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Accounts::new(),
            Err(error) => return Err(unusable("cannot be read", &error)),
        };
        change(&mut accounts)?;
        let text =
            serde_json::to_string(&accounts).map_err(|e| unusable("cannot be written", &e))?;
        replace(&path, &text).map_err(|e| unusable("cannot be written", &e))?;
        drop(lock);
        Ok(())
    }

    /// Waits for the lock; it is held for two small file operations, and the system frees it when its
    /// process ends.
    fn locked(&self) -> std::io::Result<File> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join("lock"))?;
        file.lock()?;
        Ok(file)
    }
}

/// Writes beside the file and renames, so that a crash leaves the old or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}
