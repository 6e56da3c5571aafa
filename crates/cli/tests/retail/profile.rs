//! `retail profile`: what it says of data with known oddities, on a terminal, as JSON and as a page.

use crate::program::{Place, document};
use serde_json::Value;
use std::fmt::Write as _;

/// Two years of orders, one a day, of forty customers. April 2023 has none; one order names a customer
/// that there is not, one amount is far out, one is below zero, and a tenth has no channel.
fn lay(place: &Place) {
    let mut orders = String::from("order_id,order_date,customer_id,channel,amount\n");
    let mut id = 0;
    for year in [2022, 2023] {
        for month in 1..=12 {
            if (year, month) == (2023, 4) {
                continue;
            }
            for day in 1..=28 {
                id += 1;
                let customer = if id == 100 { 99 } else { 1 + id % 40 };
                let channel = match id {
                    id if id % 10 == 0 => "",
                    id if id % 3 == 0 => "Web",
                    _ => "Store",
                };
                let amount = match id {
                    200 => "987654.50".to_string(),
                    300 => "-12.75".to_string(),
                    id => format!("{}.50", 20 + id * 7 % 60),
                };
                let _ = writeln!(
                    orders,
                    "{id},{year}-{month:02}-{day:02},{customer},{channel},{amount}"
                );
            }
        }
    }
    let mut customers = String::from("customer_id,customer_name,city,country\n");
    for id in 1..=40 {
        let name = if id == 1 {
            "<script>alert(1)</script>".to_string()
        } else {
            format!("Customer {id}")
        };
        let city = ["Leeds", "York", "<b>Bath</b>"][id % 3];
        let _ = writeln!(customers, "{id},{name},{city},UK");
    }
    std::fs::create_dir_all(place.work().join("shop")).unwrap();
    std::fs::write(place.work().join("shop/orders.csv"), orders).unwrap();
    std::fs::write(place.work().join("shop/customers.csv"), customers).unwrap();
}

fn texts(list: &Value, key: &str) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|v| v[key].as_str().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn it_names_tables_keys_links_oddities_and_questions() {
    let place = Place::new("profile");
    lay(&place);
    let report = document(&place.run(&["profile", "--data", "shop", "--json"]));
    let table = |name: &str| {
        report["tables"]
            .as_array()
            .unwrap()
            .iter()
            .find(|t| t["name"] == name)
            .unwrap_or_else(|| panic!("{report}"))
            .clone()
    };
    let orders = table("orders");
    assert_eq!(orders["rows"], 23 * 28);
    assert_eq!(orders["key"], serde_json::json!(["order_id"]));
    assert_eq!(orders["coverage"]["first"], "2022-01-01");
    assert_eq!(orders["coverage"]["last"], "2023-12-28");
    assert_eq!(orders["coverage"]["filled"], 23 * 28);
    let months = orders["coverage"]["months"].as_array().unwrap();
    assert_eq!(months.len(), 24);
    assert_eq!(months[15], serde_json::json!(["2023-04", 0]));
    let link = &report["links"][0];
    assert_eq!(
        (
            &link["from"],
            &link["from_columns"][0],
            &link["to"],
            &link["to_columns"][0]
        ),
        (
            &Value::from("orders"),
            &Value::from("customer_id"),
            &Value::from("customers"),
            &Value::from("customer_id")
        )
    );
    assert_eq!(link["many_to_one"], true);

    let problems: Vec<(String, String, String)> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let text = |key: &str| p[key].as_str().unwrap_or_default().to_string();
            (text("code"), text("column"), text("text"))
        })
        .collect();
    let found: Vec<(&str, &str, &str)> = problems
        .iter()
        .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
        .collect();
    for expected in [
        (
            "gap",
            "order_date",
            "no rows from 2023-03-29 to 2023-04-30 (33 days)",
        ),
        ("missing", "channel", "64 rows without a value (10%)"),
        (
            "outliers",
            "amount",
            "1 value far from the others (median 50.5, from -12.75 to 987654.5)",
        ),
        ("negative", "amount", "values below zero, down to -12.75"),
        (
            "unmatched",
            "customer_id",
            "1 row whose value is not in customers",
        ),
        ("constant", "country", "the same value in every row"),
    ] {
        assert!(found.contains(&expected), "{expected:?} of {found:#?}");
    }
    assert_eq!(found.len(), 6, "{found:#?}");

    // What it offers is answered.
    let questions: Vec<&str> = report["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| q.as_str().unwrap())
        .collect();
    assert!(questions.len() >= 5, "{questions:?}");
    for question in questions {
        let output = place.run(&["ask", "--data", "shop", "--json", question]);
        assert_eq!(output.status.code(), Some(0), "{question}");
    }

    let output = place.run(&["profile", "--data", "shop"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "orders: 644 rows, one for each order; key: order_id",
        "order_date: 2022-01-01 to 2023-12-28, rows on 644 of 727 days",
        "orders.customer_id refers to customers.customer_id",
        "orders, channel: 64 rows without a value (10%)",
        "What can be asked",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_page_stands_alone_and_runs_nothing() {
    let place = Place::new("profile-page");
    lay(&place);
    let output = place.run(&["profile", "--data", "shop", "--html", "report.html"]);
    assert_eq!(output.status.code(), Some(0));
    let page = std::fs::read_to_string(place.work().join("report.html")).unwrap();
    for part in [
        "<!doctype html>",
        "default-src 'none'",
        "<svg class=\"picture\"",
        "<svg class=\"months\"",
        "&lt;b&gt;Bath&lt;/b&gt;",
        "no rows from 2023-03-29 to 2023-04-30",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for part in [
        "<script", "<b>Bath", "http://", "https://", "src=", "href=", "url(", "@import",
    ] {
        assert!(!page.contains(part), "{part}");
    }
    // Every element that is opened is closed, as the drawing shows.
    for element in ["svg", "table", "details", "ul", "g", "div", "section"] {
        let opened = page.matches(&format!("<{element} ")).count()
            + page.matches(&format!("<{element}>")).count();
        let closed = page.matches(&format!("</{element}>")).count();
        assert_eq!(opened, closed, "{element}");
    }
    // A page that cannot be written is an error that says so.
    let output = place.run(&["profile", "--data", "shop", "--html", "nowhere/report.html"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not_written"));
}

#[test]
fn one_table_needs_no_picture() {
    let place = Place::new("profile-single");
    std::fs::write(
        place.work().join("sales.csv"),
        "day,region,amount\n2024-01-01,North,5.50\n2024-01-02,South,6.25\n2024-01-02,South,6.25\n",
    )
    .unwrap();
    let output = place.run(&["profile", "--data", "sales.csv", "--html", "one.html"]);
    assert_eq!(output.status.code(), Some(0));
    let page = std::fs::read_to_string(place.work().join("one.html")).unwrap();
    assert!(!page.contains("class=\"picture\""));
    let report = document(&place.run(&["profile", "--data", "sales.csv", "--json"]));
    assert!(report["links"].as_array().unwrap().is_empty());
    assert!(
        texts(&report["problems"], "code").contains(&"duplicate_rows".to_string()),
        "{report}"
    );
}
