//! Rows of the bundled retailer, from a fixed seed.

use std::fmt::Write as _;

/// SplitMix64: small, fast, the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// 0..n
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
    /// 0..1
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

const REGIONS: [(&str, [&str; 3]); 5] = [
    ("North", ["Leeds", "Newcastle", "York"]),
    ("South", ["Brighton", "Southampton", "Reading"]),
    ("East", ["Norwich", "Cambridge", "Ipswich"]),
    ("West", ["Bristol", "Bath", "Exeter"]),
    ("Midlands", ["Birmingham", "Nottingham", "Leicester"]),
];

const CATEGORIES: [(&str, &[&str], f64); 6] = [
    ("Coffee & Tea", &["House Blend Beans", "Espresso Roast", "Earl Grey Leaves", "Green Tea Sachets", "Decaf Beans", "Cold Brew Kit"], 9.0),
    ("Bakery", &["Sourdough Loaf", "Almond Croissant", "Oat Cookies", "Rye Bread", "Cinnamon Rolls", "Banana Bread"], 4.5),
    ("Kitchen", &["Cast Iron Pan", "Chef Knife", "Pour Over Set", "Stoneware Bowl", "Mixing Bowls", "Bread Tin"], 34.0),
    ("Home", &["Linen Napkins", "Beeswax Candle", "Cotton Throw", "Storage Basket", "Wall Clock", "Door Mat"], 22.0),
    ("Garden", &["Herb Planter", "Watering Can", "Seed Collection", "Garden Trowel", "Plant Mister", "Bird Feeder"], 18.0),
    ("Gifts", &["Hamper Classic", "Hamper Deluxe", "Greeting Cards", "Gift Wrap Set", "Chocolate Box", "Tea Tasting Set"], 27.0),
];

const BRANDS: [&str; 5] = ["Larkfield", "Oak & Ember", "Northbay", "Millstone", "Fern House"];
const FIRST: [&str; 16] = ["Ada", "Ben", "Clara", "Dev", "Elin", "Femi", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Liam", "Mina", "Noor", "Otis", "Priya"];
const LAST: [&str; 18] = ["Abbott", "Barker", "Cole", "Dalton", "Evans", "Foster", "Gill", "Hughes", "Irwin", "Joshi", "Khan", "Lowe", "Mensah", "Nolan", "Okafor", "Patel", "Quinn", "Reid"];
const SEGMENTS: [&str; 3] = ["Regular", "Loyal", "Occasional"];
const CHANNELS: [&str; 3] = ["store", "store", "online"];
const OPINIONS: [&str; 8] = ["Lovely quality and quick delivery", "Good value for the price", "Arrived later than promised", "Exactly as described", "Smaller than it looked in the picture", "Would buy it again", "The packaging was damaged", "A great present"];

/// Days from 1970-01-01 to a civil date.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

fn iso(days: i64) -> String {
    let (y, m, d) = civil(days);
    format!("{y:04}-{m:02}-{d:02}")
}

fn pence(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Orders a region takes on a day, relative to others.
fn demand(region: usize, days: i64) -> f64 {
    let (year, month, _) = civil(days);
    let size = [0.9, 1.6, 0.8, 0.75, 1.1][region];
    let season = [0.85, 0.82, 0.92, 0.98, 1.0, 1.0, 0.97, 0.95, 1.0, 1.08, 1.4, 1.75][(month - 1) as usize];
    let weekday = [1.0, 0.9, 0.9, 1.0, 1.25, 1.5, 0.75][(days + 3).rem_euclid(7) as usize];
    let years = (year - 2022) as f64 + (month as f64 - 1.0) / 12.0;
    let trend = 1.0 + years * [0.03, 0.02, -0.02, 0.06, 0.04][region];
    // The West's new stores and campaign of the summer of 2024.
    let push = if region == 3 && year == 2024 && (7..=9).contains(&month) { 1.45 } else { 1.0 };
    size * season * weekday * trend * push
}

struct Product {
    id: usize,
    category: usize,
    price: f64,
    cost: f64,
}

/// All files: name and content.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let mut dice = Dice(20_241_231);
    let mut stores = String::from("store_id,store_name,region,city,open_date\n");
    let mut store_list: Vec<(usize, usize)> = Vec::new();
    for (r, (region, cities)) in REGIONS.iter().enumerate() {
        for (c, city) in cities.iter().enumerate() {
            let id = store_list.len() + 1;
            let opened = if r == 3 && c == 2 { "2023-06-17".to_string() } else { format!("20{:02}-0{}-15", 10 + (id * 3) % 11, 1 + id % 9) };
            let _ = writeln!(stores, "S{id:02},{city} {},{region},{city},{opened}", if c == 0 { "Central" } else { "High Street" });
            store_list.push((id, r));
        }
    }
    let mut products = String::from("product_id,product_name,category,brand,description,list_price,unit_cost\n");
    let mut catalogue: Vec<Product> = Vec::new();
    for (c, (category, names, base)) in CATEGORIES.iter().enumerate() {
        for (n, name) in names.iter().enumerate() {
            let id = catalogue.len() + 1;
            let price = pence(base * (0.7 + 0.15 * n as f64) + 0.49);
            let cost = pence(price * (0.42 + 0.03 * (id % 6) as f64));
            let brand = BRANDS[id % BRANDS.len()];
            let _ = writeln!(products, "P{id:03},{name},{category},{brand},\"{name} by {brand}, from our {} range\",{price:.2},{cost:.2}", category.to_lowercase());
            catalogue.push(Product { id, category: c, price, cost });
        }
    }
    let mut customers = String::from("customer_id,customer_name,segment,home_city,joined_on\n");
    let customer_count = 2_400;
    for id in 1..=customer_count {
        let (_, cities) = dice.pick(&REGIONS);
        let city = *dice.pick(cities);
        let joined = day_number(2019, 1, 1) + dice.below(2_000) as i64;
        let _ = writeln!(customers, "C{id:05},{} {},{},{city},{}", FIRST[id % FIRST.len()], LAST[(id / FIRST.len()) % LAST.len()], SEGMENTS[dice.below(3) as usize], iso(joined));
    }
    let mut orders = String::from("order_id,order_date,store_id,customer_id,channel,status,shipping_fee\n");
    let mut lines = String::from("order_line_id,order_id,product_id,quantity,unit_price,discount,net_amount,cost_amount\n");
    let mut returns = String::from("return_id,order_line_id,return_date,returned_quantity,refund_amount,reason\n");
    let (mut order, mut line, mut returned) = (0usize, 0usize, 0usize);
    let (first, last) = (day_number(2022, 1, 1), day_number(2024, 12, 31));
    for day in first..=last {
        for region in 0..REGIONS.len() {
            let expected = demand(region, day) * 6.5;
            let count = (expected + dice.unit()).floor() as usize;
            for _ in 0..count {
                order += 1;
                let open: Vec<usize> = store_list.iter().filter(|(id, r)| *r == region && !(*id == 12 && day < day_number(2023, 6, 17))).map(|(id, _)| *id).collect();
                let store = *dice.pick(&open);
                let customer = 1 + dice.below(customer_count as u64);
                let channel = *dice.pick(&CHANNELS);
                let status = if dice.unit() < 0.02 { "cancelled" } else { "completed" };
                let fee = if channel == "online" { 3.95 } else { 0.0 };
                let _ = writeln!(orders, "O{order:06},{},S{store:02},C{customer:05},{channel},{status},{fee:.2}", iso(day));
                for _ in 0..1 + dice.below(4) {
                    line += 1;
                    let product = dice.pick(&catalogue);
                    let quantity = 1 + dice.below(if CATEGORIES[product.category].2 < 10.0 { 4 } else { 2 });
                    let discount = [0.0, 0.0, 0.0, 0.05, 0.1, 0.2][dice.below(6) as usize];
                    let net = pence(product.price * quantity as f64 * (1.0 - discount));
                    let cost = pence(product.cost * quantity as f64);
                    let _ = writeln!(lines, "L{line:07},O{order:06},P{:03},{quantity},{:.2},{discount:.2},{net:.2},{cost:.2}", product.id, product.price);
                    if dice.unit() < 0.035 {
                        returned += 1;
                        let when = (day + 3 + dice.below(20) as i64).min(last);
                        let back = 1 + dice.below(quantity);
                        let reason = *dice.pick(&["damaged", "not as expected", "wrong item", "changed mind"]);
                        let _ = writeln!(returns, "R{returned:05},L{line:07},{},{back},{:.2},{reason}", iso(when), pence(net * back as f64 / quantity as f64));
                    }
                }
            }
        }
    }
    // Month-end and running daily stock of the last quarter, one row per store, product and day.
    let mut stock = String::from("snapshot_date,store_id,product_id,on_hand\n");
    for day in day_number(2024, 10, 1)..=last {
        for (store, _) in &store_list {
            for product in catalogue.iter().step_by(2) {
                let cycle = (day + (store * 7 + product.id * 3) as i64).rem_euclid(14);
                let level = 40 - 2 * cycle + dice.below(5) as i64;
                let _ = writeln!(stock, "{},S{store:02},P{:03},{}", iso(day), product.id, level.max(0));
            }
        }
    }
    let mut reviews = String::from("review_id,product_id,customer_id,review_date,rating,review_text\n");
    for id in 1..=1_500 {
        let when = first + dice.below((last - first) as u64) as i64;
        let product = dice.pick(&catalogue).id;
        let customer = 1 + dice.below(customer_count as u64);
        let rating = [3, 4, 4, 5, 5, 5, 2, 1][dice.below(8) as usize];
        let _ = writeln!(reviews, "V{id:05},P{product:03},C{customer:05},{},{rating},{}", iso(when), *dice.pick(&OPINIONS));
    }
    vec![
        ("stores.csv", stores),
        ("products.csv", products),
        ("customers.csv", customers),
        ("orders.csv", orders),
        ("order_lines.csv", lines),
        ("returns.csv", returns),
        ("stock_daily.csv", stock),
        ("reviews.csv", reviews),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn cells(files: &[(&str, String)], name: &str) -> Vec<Vec<String>> {
        let text = files.iter().find(|(n, _)| *n == name).map(|(_, t)| t.clone()).unwrap();
        text.lines().skip(1).map(|l| l.split(',').map(str::to_string).collect()).collect()
    }

    #[test]
    fn the_same_bytes_every_time() {
        assert_eq!(files(), files());
    }

    #[test]
    fn in_q3_2024_the_leader_by_level_is_not_the_one_that_grew_most() {
        let files = files();
        let region: HashMap<String, String> = cells(&files, "stores.csv").into_iter().map(|r| (r[0].clone(), r[2].clone())).collect();
        let order: HashMap<String, (String, String)> = cells(&files, "orders.csv").into_iter().map(|r| (r[0].clone(), (r[1].clone(), region[&r[2]].clone()))).collect();
        let mut sums: HashMap<(String, &str), f64> = HashMap::new();
        for line in cells(&files, "order_lines.csv") {
            let (date, region) = &order[&line[1]];
            let period = match &date[..7] {
                "2024-07" | "2024-08" | "2024-09" => "now",
                "2024-04" | "2024-05" | "2024-06" => "quarter before",
                "2023-07" | "2023-08" | "2023-09" => "year before",
                _ => continue,
            };
            *sums.entry((region.clone(), period)).or_default() += line[6].parse::<f64>().unwrap();
        }
        let best = |f: &dyn Fn(&str) -> f64| REGIONS.iter().map(|(r, _)| *r).max_by(|a, b| f(a).total_cmp(&f(b))).unwrap();
        let at = |r: &str, p: &'static str| sums[&(r.to_string(), p)];
        assert_eq!(best(&|r| at(r, "now")), "South");
        assert_eq!(best(&|r| at(r, "now") / at(r, "quarter before")), "West");
        assert_eq!(best(&|r| at(r, "now") / at(r, "year before")), "West");
    }
}
