use crate::*;

/// Tables of one CSV shop: `Orders` with a key, `LINES` without, and `shops` whose key repeats.
fn profile() -> SourceProfile {
    let column = |name: &str, data_type, distinct| ColumnProfile {
        name: name.into(),
        data_type,
        nulls: 0,
        distinct,
        min: Some("1".into()),
        max: Some("9".into()),
        watermark: None,
        stray_after: 0,
        mean_length: 4.0,
        samples: Vec::new(),
        has_negative: false,
        all_whole: true,
        currency: None,
    };
    let table = |name: &str, rows, columns: Vec<ColumnProfile>| TableProfile {
        name: name.into(),
        table: vec!["loaded".into(), name.into()],
        rows,
        duplicate_rows: 0,
        columns,
        primary_key: Vec::new(),
        foreign_keys: Vec::new(),
        remarks: vec!["3 blank rows removed".into()],
        intake: Intake::default(),
    };
    use DataType::{Date, Decimal, Integer, Text};
    SourceProfile {
        name: "shop".into(),
        tables: vec![
            table(
                "Orders",
                10,
                vec![
                    column("OrderID", Integer, 10),
                    column("placed", Date, 8),
                    column("shop", Integer, 3),
                ],
            ),
            table(
                "LINES",
                30,
                vec![
                    column("OrderID", Integer, 10),
                    column("Amount", Decimal, 20),
                    column("note", Text, 2),
                ],
            ),
            table(
                "shops",
                4,
                vec![column("shop", Integer, 3), column("town", Text, 2)],
            ),
        ],
    }
}

/// No combination of columns is unique.
struct Nothing;

impl Evidence for Nothing {
    fn inclusion(&mut self, _: (&str, &[&str]), _: (&str, &[&str])) -> f64 {
        1.0
    }
    fn is_unique(&mut self, _: &str, _: &[&str]) -> bool {
        false
    }
    fn determines(&mut self, _: &str, _: &str, _: &str) -> f64 {
        1.0
    }
    fn product_error(&mut self, _: &str, _: &str, _: &[&str]) -> f64 {
        f64::INFINITY
    }
}

const DOCUMENT: &str = r#"
version: "0.1.1"
semantic_model:
  - name: shop
    datasets:
      - name: orders
        source: main.orders
        fields:
          - {name: order_id, expression: {dialects: [{dialect: ANSI_SQL, expression: orderid}]}}
          - {name: placed, expression: {dialects: [{dialect: ANSI_SQL, expression: placed}]}, dimension: {is_time: true}}
          - {name: shop, expression: {dialects: [{dialect: ANSI_SQL, expression: shop}]}}
      - name: lines
        source: lines
        fields:
          - {name: order_id, expression: {dialects: [{dialect: ANSI_SQL, expression: orderid}]}}
          - {name: amount, expression: {dialects: [{dialect: ANSI_SQL, expression: amount}]}}
      - name: shops
        source: shops
        fields:
          - {name: shop, expression: {dialects: [{dialect: ANSI_SQL, expression: shop}]}}
          - {name: town, expression: {dialects: [{dialect: ANSI_SQL, expression: town}]}}
    relationships:
      - {name: line_order, from: lines, to: orders, from_columns: [order_id], to_columns: [order_id]}
      - {name: order_shop, from: orders, to: shops, from_columns: [shop], to_columns: [shop]}
    metrics:
      - {name: revenue, expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(lines.amount)}]}}
"#;

fn bound(document: &str) -> Reading {
    let source = Source {
        name: "shop.ossie.yaml",
        text: document,
    };
    let read = read(source, None);
    assert!(!read.has_errors(), "{:?}", read.problems);
    read.bound(&profile(), &mut Nothing)
}

fn told(reading: &Reading) -> Vec<String> {
    reading
        .problems
        .iter()
        .map(|p| {
            let line = p.location.as_ref().map_or(0, |l| l.line);
            format!("{line} {} {} {}", p.severity.name(), p.code, p.place)
        })
        .collect()
}

#[test]
fn tables_columns_types_and_keys_come_from_the_data() {
    let reading = bound(DOCUMENT);
    assert_eq!(
        told(&reading),
        ["24 warning one_side_not_unique relationships/order_shop"]
    );
    let model = reading.model;
    let orders = model.dataset("orders").expect("orders");
    assert_eq!(orders.table, ["loaded", "Orders"]);
    assert_eq!(orders.primary_key, ["order_id"]);
    assert_eq!(orders.event_time.as_deref(), Some("placed"));
    assert_eq!(orders.rows, Some(10));
    assert_eq!(orders.remarks, ["3 blank rows removed"]);
    let id = orders.field("order_id").expect("order_id");
    assert_eq!(id.expression, Expression::Column("OrderID".into()));
    assert_eq!((id.data_type, id.role), (DataType::Integer, Role::Id));
    let amount = model
        .field(&FieldRef::new("lines", "amount"))
        .expect("amount");
    assert_eq!(amount.data_type, DataType::Decimal);
    assert_eq!((amount.role, amount.distinct), (Role::Measure, Some(20)));
    let unique: Vec<bool> = model.relationships.iter().map(|r| r.unique).collect();
    assert_eq!(unique, [true, false]);
    assert_eq!(model.default_metric.as_deref(), Some("revenue"));
    assert_eq!(model.default_time, Some(FieldRef::new("orders", "placed")));
}

#[test]
fn what_contradicts_the_data_is_told() {
    for (from, to, problem, fix) in [
        (
            "source: main.orders",
            "source: main.order",
            "7 error table_missing datasets/orders/source",
            "Orders",
        ),
        (
            "expression: amount}",
            "expression: amont}",
            "16 error unknown_column fields/lines/amount/expression",
            "Amount",
        ),
        (
            "source: shops\n",
            "source: shops\n        primary_key: [shop]\n",
            "19 error key_not_unique datasets/shops/primary_key",
            "repeated",
        ),
    ] {
        let reading = bound(&DOCUMENT.replacen(from, to, 1));
        let all = told(&reading);
        assert!(all.contains(&problem.to_string()), "{to}: {all:?}");
        let found = reading.problems.iter().find(|p| problem.contains(p.code));
        assert!(found.is_some_and(|p| p.fix.contains(fix)), "{found:?}");
    }
    let typed = DOCUMENT
        .replacen("\"0.1.1\"", "\"0.2.0.dev0\"", 1)
        .replacen("{name: town,", "{name: town, datatype: Date,", 1);
    let all = told(&bound(&typed));
    assert!(
        all.contains(&"21 error type_mismatch fields/shops/town".to_string()),
        "{all:?}"
    );
}
