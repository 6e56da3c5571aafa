//! Exported files as other programs read them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use answer::{AnswerDocument, Cell, Column, ColumnRole, ResultTable, Status};
use calamine::{Data, Reader, Xlsx};
use export::{ExportError, Format, export};
use std::io::Cursor;
use std::path::Path;

fn column(name: &str, data_type: &str, unit: Option<&str>) -> Column {
    Column {
        name: name.into(),
        data_type: data_type.into(),
        unit: unit.map(str::to_string),
        role: ColumnRole::Dimension,
        grain: None,
    }
}

fn document(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> AnswerDocument {
    AnswerDocument {
        restatement: Some("=1+1 by region".into()),
        result: Some(ResultTable {
            columns,
            row_count: rows.len(),
            rows,
            truncated: false,
        }),
        ..AnswerDocument::empty("=cmd|' /C calc'!A0", Status::Answered)
    }
}

fn text(t: &str) -> Cell {
    Cell::Text(t.into())
}

fn sheets(bytes: Vec<u8>) -> Vec<Vec<Vec<Data>>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["Answer", "About"]);
    ["Answer", "About"]
        .map(|name| {
            let formulas = book.worksheet_formula(name).unwrap();
            assert!(formulas.cells().all(|(_, _, f)| f.is_empty()));
            let range = book.worksheet_range(name).unwrap();
            range.rows().map(<[Data]>::to_vec).collect()
        })
        .into()
}

#[test]
fn values_come_back_as_what_they_are() {
    let answer = document(
        vec![
            column("region", "text", None),
            column("month", "date", None),
            column("seen", "timestamp", None),
            column("share", "number", Some("fraction")),
            column("orders", "integer", None),
            column("open", "boolean", None),
        ],
        vec![
            vec![
                text("North, \"old\" & <new>\nZürich"),
                text("2024-02-29"),
                text("2024-02-29T06:00:00"),
                Cell::Number(0.1 + 0.2),
                Cell::Integer(-7),
                Cell::Bool(true),
            ],
            vec![
                text(""),
                text("1900-01-01"),
                Cell::Null,
                Cell::Null,
                text("9007199254740993"),
                Cell::Bool(false),
            ],
        ],
    );
    let csv = String::from_utf8(export(&answer, Format::Csv).unwrap()).unwrap();
    assert_eq!(
        csv,
        "region,month,seen,share,orders,open\r\n\"North, \"\"old\"\" & <new>\nZürich\",2024-02-29,2024-02-29T06:00:00,0.30000000000000004,-7,true\r\n\"\",1900-01-01,,,9007199254740993,false\r\n"
    );
    let answer = &sheets(export(&answer, Format::Xlsx).unwrap())[0];
    assert_eq!(answer[0][0], Data::String("region".into()));
    assert_eq!(
        answer[1][0],
        Data::String("North, \"old\" & <new>\nZürich".into())
    );
    // 29 February 2024 is day 45351 of the spreadsheets' count.
    let days = |cell: &Data| match cell {
        Data::DateTime(at) => at.as_f64(),
        other => unreachable!("no date: {other:?}"),
    };
    assert_eq!(days(&answer[1][1]), 45351.0);
    assert_eq!(days(&answer[1][2]), 45351.25);
    assert_eq!(answer[1][3], Data::Float(0.1 + 0.2));
    assert_eq!(answer[1][4], Data::Float(-7.0));
    assert_eq!(answer[1][5], Data::Bool(true));
    assert_eq!(answer[2][1], Data::String("1900-01-01".into()));
    assert_eq!(answer[2][2], Data::Empty);
    assert_eq!(answer[2][4], Data::String("9007199254740993".into()));
}

#[test]
fn no_value_becomes_a_formula() {
    let attacks = [
        "=HYPERLINK(\"http://example.com\")",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1+1",
        "=1;\",=2",
    ];
    let rows = attacks.iter().map(|a| vec![text(a)]).collect();
    let answer = document(vec![column("=1+1", "text", None)], rows);
    let csv = String::from_utf8(export(&answer, Format::Csv).unwrap()).unwrap();
    assert!(csv.starts_with("'=1+1\r\n"), "{csv}");
    for attack in attacks {
        let kept = format!("'{}", attack.replace('"', "\"\""));
        assert!(csv.contains(&kept), "{attack:?} in {csv}");
    }
    let [answer, about] = &sheets(export(&answer, Format::Xlsx).unwrap())[..] else {
        unreachable!("two sheets")
    };
    for cell in answer.iter().chain(about).flatten() {
        if let Data::String(text) = cell {
            assert!(
                !text.trim_start().starts_with(['=', '+', '-', '@', '＝']),
                "{text:?}"
            );
        }
    }
}

#[test]
fn what_xml_cannot_hold_does_no_harm() {
    let long = "ü".repeat(40_000);
    let answer = document(
        vec![column("note", "text", None)],
        vec![vec![text("a\u{0}b\u{1b}c\u{ffff}]]>")], vec![text(&long)]],
    );
    let answer = &sheets(export(&answer, Format::Xlsx).unwrap())[0];
    assert_eq!(
        answer[1][0],
        Data::String("a\u{fffd}b\u{fffd}c\u{fffd}]]>".into())
    );
    assert_eq!(answer[2][0].to_string().chars().count(), 32_767);
}

#[test]
fn only_answers_are_written_and_only_as_known_files() {
    let declined = AnswerDocument::empty("why?", Status::Declined);
    for format in Format::ALL {
        assert!(matches!(
            export(&declined, format),
            Err(ExportError::NoAnswer)
        ));
    }
    assert_eq!(Format::of(Path::new("a/b.CSV")).unwrap(), Format::Csv);
    assert_eq!(Format::of(Path::new("b.xlsx")).unwrap(), Format::Xlsx);
    for wrong in ["b.xls", "b", ".csv", "csv"] {
        assert!(Format::of(Path::new(wrong)).is_err(), "{wrong}");
    }
}
