//! First answer over a file of 70 MB that the program has never seen, against the engine's own
//! `CREATE TABLE AS SELECT * FROM read_csv(…)` of the clean file, in one run on the same machine.
//!
//! The files are generated (always the same bytes) into the cache folder and read once before, so
//! that the page cache is warm for both. `RETAIL` names the program; each of its runs gets an empty
//! cache folder of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on ends"
)]

use duckdb::Connection;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const BYTES: usize = 70_000_000;
const ROUNDS: usize = 7;
const QUESTION: &str = "revenue by region in 2023";
const CLEAN_LIMIT: f64 = 3.0;
const DIRTY_LIMIT: f64 = 6.0;

/// A multiplicative congruential generator (Lehmer, 48271 modulo 2^31 − 1).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 % end
    }
}

/// Orders of a chain, as an export writes them. The dirty one has currency signs, thousands
/// separators, day-first dates, markers for missing values, repeated heads and blank lines.
fn sales(dirty: bool) -> String {
    const HEAD: &str =
        "order_id,order_date,store,region,customer,product,category,quantity,unit_price,revenue\n";
    let regions = ["North", "South", "East", "West"];
    let categories = ["Kitchen", "Garden", "Outdoor", "Home", "Toys", "Sports"];
    let mut random = Random(20_241_231);
    let mut out = String::with_capacity(BYTES + 200);
    out.push_str(HEAD);
    let mut order = 0_u64;
    while out.len() < BYTES {
        order += 1;
        let (year, month, day) = (
            2022 + random.below(3),
            1 + random.below(12),
            1 + random.below(28),
        );
        let store = random.below(80);
        let quantity = 1 + random.below(12);
        let price = 199 + random.below(24_000);
        let total = price * quantity;
        let category = categories[random.below(6) as usize];
        let product = random.below(900);
        let region = regions[store as usize % 4];
        if dirty {
            if order.is_multiple_of(4_000) {
                out.push_str(HEAD);
            }
            if order.is_multiple_of(2_500) {
                out.push_str(",,,,,,,,,\n");
            }
            let customer = if order.is_multiple_of(97) {
                "UNKNOWN".to_string()
            } else {
                format!("C{:05}", random.below(40_000))
            };
            let shown = if order.is_multiple_of(131) {
                "ERROR".to_string()
            } else {
                quantity.to_string()
            };
            let _ = writeln!(
                out,
                "{order},{day:02}/{month:02}/{year},Store {store},{region},{customer},Product {product},{category},{shown},${}.{:02},\"${},{:03}.{:02}\"",
                price / 100,
                price % 100,
                1 + total / 100_000,
                total / 100 % 1000,
                total % 100
            );
        } else {
            let _ = writeln!(
                out,
                "{order},{year}-{month:02}-{day:02},Store {store},{region},C{:05},Product {product},{category},{quantity},{}.{:02},{}.{:02}",
                random.below(40_000),
                price / 100,
                price % 100,
                total / 100,
                total % 100
            );
        }
    }
    out
}

fn file(folder: &Path, dirty: bool) -> PathBuf {
    let place = folder.join(if dirty {
        "sales_dirty.csv"
    } else {
        "sales_clean.csv"
    });
    if !place.is_file() {
        let part = folder.join(format!("part.{}", std::process::id()));
        std::fs::write(&part, sales(dirty)).expect("the cache folder can be written");
        std::fs::rename(&part, &place).expect("the cache folder can be written");
    }
    place
}

fn warm(path: &Path) {
    std::fs::read(path).expect("the generated file can be read");
}

/// Seconds of the engine alone, from the file to a table in memory.
fn engine(path: &Path) -> f64 {
    warm(path);
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("SET threads = 2").unwrap();
    let start = Instant::now();
    connection
        .execute_batch(&format!(
            "CREATE TABLE sales AS SELECT * FROM read_csv('{}')",
            path.display()
        ))
        .unwrap();
    start.elapsed().as_secs_f64()
}

/// Seconds of the program from its start to its end, with nothing in its cache.
fn first_answer(program: &str, path: &Path, scratch: &Path) -> f64 {
    warm(path);
    let _ = std::fs::remove_dir_all(scratch);
    let start = Instant::now();
    let done = Command::new(program)
        .args(["ask", "--json", "--data"])
        .arg(path)
        .arg(QUESTION)
        .env("XDG_CACHE_HOME", scratch)
        .output()
        .expect("the program starts");
    let took = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    if !text.contains("\"status\":\"answered\"") {
        panic!("not answered: {text}");
    }
    took
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() {
    let program = std::env::var("RETAIL").expect("RETAIL names the program");
    let folder = warehouse::default_cache_dir().join("bench-1");
    std::fs::create_dir_all(&folder).expect("the cache folder can be written");
    let scratch = folder.join(format!("scratch.{}", std::process::id()));
    let clean = file(&folder, false);
    let dirty = file(&folder, true);
    // Each round measures both side by side, so that what else the machine does weighs on both.
    let rounds: Vec<[f64; 3]> = (0..ROUNDS)
        .map(|_| {
            [
                engine(&clean),
                first_answer(&program, &clean, &scratch),
                first_answer(&program, &dirty, &scratch),
            ]
        })
        .collect();
    let _ = std::fs::remove_dir_all(&scratch);
    let seconds = |i: usize| median(rounds.iter().map(|r| r[i]).collect());
    println!("medians of {ROUNDS} rounds");
    println!(
        "the engine alone, from the clean file to a table  {:6.2} s",
        seconds(0)
    );
    for (i, name, limit) in [(1, "clean", CLEAN_LIMIT), (2, "dirty", DIRTY_LIMIT)] {
        let ratio = median(rounds.iter().map(|r| r[i] / r[0]).collect());
        println!(
            "first answer over the {name} file                  {:6.2} s  {ratio:5.2} × (limit {limit} ×) {}",
            seconds(i),
            if ratio <= limit { "holds" } else { "MISSED" }
        );
    }
}
