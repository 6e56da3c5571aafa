//! The rows of the retailer. Money is counted in whole pence.

use crate::calendar::{DAYS, date, iso};
use crate::random::Random;
use std::fmt::Write as _;

const CITIES: [(&str, &str); 12] = [
    ("North", "Leeds"),
    ("North", "York"),
    ("North", "Durham"),
    ("South", "Brighton"),
    ("South", "Exeter"),
    ("South", "Poole"),
    ("East", "Norwich"),
    ("East", "Ipswich"),
    ("East", "Lincoln"),
    ("West", "Bristol"),
    ("West", "Bath"),
    ("West", "Truro"),
];
/// Category, brand, what the products are for, lowest list price in cents, kinds.
const RANGES: [(&str, &str, &str, u32, [&str; 5]); 6] = [
    (
        "Kitchen",
        "Hearthway",
        "everyday cooking",
        1800,
        ["Kettle", "Saucepan", "Toaster", "Mixing Bowl", "Chef Knife"],
    ),
    (
        "Garden",
        "Fernhill",
        "beds, borders and patios",
        1200,
        ["Trowel", "Planter", "Hose", "Pruner", "Bird Feeder"],
    ),
    (
        "Outdoor",
        "Tarn",
        "days on the hill",
        2500,
        ["Rucksack", "Tent", "Head Torch", "Sleeping Bag", "Flask"],
    ),
    (
        "Home",
        "Linden",
        "a calm living room",
        1500,
        ["Lamp", "Cushion", "Throw", "Mirror", "Vase"],
    ),
    (
        "Toys",
        "Pocketwood",
        "children from three years",
        900,
        ["Puzzle", "Train Set", "Blocks", "Kite", "Doll House"],
    ),
    (
        "Sports",
        "Volare",
        "training and matches",
        1600,
        ["Football", "Yoga Mat", "Racket", "Dumbbell", "Swim Goggles"],
    ),
];
const FINISHES: [&str; 4] = ["Classic", "Compact", "Deluxe", "Natural"];
const FIRST: [&str; 10] = [
    "Ada", "Ben", "Chloe", "Dev", "Elin", "Farah", "George", "Hana", "Ivo", "June",
];
const LAST: [&str; 10] = [
    "Archer", "Bell", "Carter", "Dawson", "Ellis", "Frost", "Gray", "Hughes", "Irwin", "Jones",
];
const PRODUCTS: u32 = 120;
const CUSTOMERS: u32 = 2000;

fn money(cents: u32) -> String {
    format!("£{}.{:02}", cents / 100, cents % 100)
}

fn list_price(product: u32) -> u32 {
    let range = RANGES[product as usize / 20];
    range.3 + (product % 5) * 700 + (product % 20 / 5) * 450
}

/// Orders a day in each region; the West grows from July 2024 while the North stays largest.
fn daily_orders(day: u32) -> [u32; 4] {
    let (year, month, _) = date(day);
    let season = [85, 80, 92, 98, 102, 100, 98, 96, 95, 102, 130, 150][month as usize - 1];
    let trend = 90 + 6 * (year - 2022);
    let surge = if year == 2024 && month >= 7 { 150 } else { 100 };
    // Hundredths of an order a day.
    [1500, 850, 650, 600 * surge / 100].map(|base| base * season / 100 * trend / 100)
}

/// Name and text of every file; the same on each call.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let mut files = places_and_people();
    files.extend(trade());
    files.push(("stock_daily.csv", stock()));
    files
}

fn places_and_people() -> Vec<(&'static str, String)> {
    let mut stores = String::from("store_id,store_name,region,city,open_date\n");
    for (at, (region, city)) in CITIES.iter().enumerate() {
        let _ = writeln!(
            stores,
            "{},{city} Store,{region},{city},{}-03-01",
            at + 1,
            2008 + at
        );
    }
    let mut products =
        String::from("product_id,product_name,category,brand,description,list_price,unit_cost\n");
    for product in 0..PRODUCTS {
        let (category, brand, purpose, _, kinds) = RANGES[product as usize / 20];
        let kind = kinds[product as usize % 5];
        let finish = FINISHES[product as usize % 20 / 5];
        let price = list_price(product);
        let _ = writeln!(
            products,
            "{},{finish} {kind},{category},{brand},\"{finish} {} for {purpose}\",{},{}",
            product + 1,
            kind.to_lowercase(),
            money(price),
            money(price * 55 / 100)
        );
    }
    let mut random = Random(11);
    let mut customers = String::from("customer_id,customer_name,segment,city\n");
    for customer in 1..=CUSTOMERS {
        let first = FIRST[random.below(10) as usize];
        let last = LAST[random.below(10) as usize];
        let segment = ["Consumer", "Small Business", "Corporate"][random.weighted(&[70, 20, 10])];
        let _ = writeln!(
            customers,
            "{customer},{first} {last},{segment},{}",
            CITIES[random.below(12) as usize].1
        );
    }
    vec![
        ("stores.csv", stores),
        ("products.csv", products),
        ("customers.csv", customers),
    ]
}

fn trade() -> Vec<(&'static str, String)> {
    let mut random = Random(2022);
    let mut orders =
        String::from("order_id,order_date,store_id,customer_id,channel,status,shipping_fee\n");
    let mut lines = String::from(
        "order_line_id,order_id,product_id,quantity,unit_price,discount,net_amount,cost_amount\n",
    );
    let mut returns = String::from("return_id,order_line_id,return_date,quantity,reason\n");
    let mut reviews =
        String::from("review_id,product_id,customer_id,review_date,rating,review_text\n");
    let (mut order, mut line, mut sent_back, mut review) = (0, 0, 0, 0);
    for day in 0..DAYS {
        for (region, hundredths) in (0_u32..).zip(daily_orders(day)) {
            let count = hundredths / 100 + u32::from(random.below(100) < hundredths % 100);
            for _ in 0..count {
                order += 1;
                let store = region * 3 + random.below(3) + 1;
                let customer = random.below(CUSTOMERS) + 1;
                let online = random.below(100) < 40;
                let status = ["completed", "cancelled"][random.weighted(&[97, 3])];
                let fee = if online {
                    395 + 100 * random.below(3)
                } else {
                    0
                };
                let _ = writeln!(
                    orders,
                    "{order},{},{store},{customer},{},{status},{}",
                    iso(day),
                    if online { "Online" } else { "Store" },
                    money(fee)
                );
                for _ in 0..=random.weighted(&[45, 35, 20]) {
                    line += 1;
                    let product = random.below(PRODUCTS);
                    let quantity = 1 + random.below(3);
                    let price = list_price(product);
                    let discount =
                        quantity * price * [0, 10, 20][random.weighted(&[75, 17, 8])] / 100;
                    let _ = writeln!(
                        lines,
                        "{line},{order},{},{quantity},{},{},{},{}",
                        product + 1,
                        money(price),
                        money(discount),
                        money(quantity * price - discount),
                        money(quantity * (price * 55 / 100))
                    );
                    let later = (day + 3 + random.below(20)).min(DAYS - 1);
                    if random.below(100) < 4 {
                        sent_back += 1;
                        let reason =
                            ["Damaged", "Wrong size", "Changed mind"][random.below(3) as usize];
                        let _ = writeln!(returns, "{sent_back},{line},{},1,{reason}", iso(later));
                    }
                    if random.below(100) < 5 {
                        review += 1;
                        let rating = 1 + random.weighted(&[4, 8, 16, 38, 34]);
                        let text = [
                            "Broke quickly",
                            "Not as described",
                            "It does the job",
                            "Good value",
                            "Excellent quality",
                        ][rating - 1];
                        let _ = writeln!(
                            reviews,
                            "{review},{},{customer},{},{rating},{text}",
                            product + 1,
                            iso(later)
                        );
                    }
                }
            }
        }
    }
    vec![
        ("orders.csv", orders),
        ("order_lines.csv", lines),
        ("returns.csv", returns),
        ("reviews.csv", reviews),
    ]
}

/// Stock at the end of each day of the products that every store carries (one in three): sold from
/// day to day, filled up when it runs low.
fn stock() -> String {
    let mut random = Random(31);
    let carried: Vec<u32> = (1..=PRODUCTS).step_by(3).collect();
    let mut levels: Vec<u32> = (0..CITIES.len() * carried.len())
        .map(|_| 20 + random.below(40))
        .collect();
    let mut text = String::with_capacity(12_000_000);
    text.push_str("snapshot_date,store_id,product_id,on_hand\n");
    for day in 0..DAYS {
        let today = iso(day);
        for (at, level) in levels.iter_mut().enumerate() {
            *level = level.saturating_sub(random.below(4));
            if *level < 8 {
                *level += 30 + random.below(20);
            }
            let (store, product) = (at / carried.len() + 1, carried[at % carried.len()]);
            let _ = writeln!(text, "{today},{store},{product},{level}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn two_generations_are_equal() {
        assert_eq!(files(), files());
    }

    #[test]
    fn the_period_ends_with_2024() {
        assert_eq!(
            (iso(0), iso(DAYS - 1)),
            ("2022-01-01".to_owned(), "2024-12-31".to_owned())
        );
    }

    /// Net amount of each region from `first` to `last`.
    fn net(first: &str, last: &str) -> [f64; 4] {
        let files: HashMap<_, _> = trade().into_iter().collect();
        let mut region = HashMap::new();
        for row in files["orders.csv"].lines().skip(1) {
            let cells: Vec<_> = row.split(',').collect();
            if (first..=last).contains(&cells[1]) {
                region.insert(cells[0], (cells[2].parse::<usize>().unwrap() - 1) / 3);
            }
        }
        let mut sums = [0.0; 4];
        for row in files["order_lines.csv"].lines().skip(1) {
            let cells: Vec<_> = row.split(',').collect();
            if let Some(at) = region.get(cells[1]) {
                sums[*at] += cells[6].trim_start_matches('£').parse::<f64>().unwrap();
            }
        }
        sums
    }

    #[test]
    fn in_q3_2024_the_north_leads_and_the_west_grows_most() {
        let now = net("2024-07-01", "2024-09-30");
        assert!((1..4).all(|at| now[0] > 1.3 * now[at]), "{now:?}");
        for before in [
            net("2024-04-01", "2024-06-30"),
            net("2023-07-01", "2023-09-30"),
        ] {
            let growth: Vec<_> = (0..4).map(|at| now[at] / before[at] - 1.0).collect();
            assert!((0..3).all(|at| growth[3] > growth[at] + 0.15), "{growth:?}");
        }
    }

    #[test]
    fn orders_have_several_lines_so_a_join_repeats_the_fee() {
        let files: HashMap<_, _> = trade().into_iter().collect();
        let (orders, lines) = (
            files["orders.csv"].lines().count() - 1,
            files["order_lines.csv"].lines().count() - 1,
        );
        assert!((37_000..46_000).contains(&orders), "{orders}");
        assert!(lines * 2 > orders * 3, "{lines}");
    }
}
