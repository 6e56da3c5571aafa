//! Rows as bytes and back, each number to its last bit.

use answer::{Cell, Column, ResultTable};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const NUMBER: u8 = 4;
const TEXT: u8 = 5;

/// Bytes that a table takes in memory, about.
pub(super) fn size(table: &ResultTable) -> u64 {
    let cells: usize = table
        .rows
        .iter()
        .map(|row| {
            let texts: usize = row.iter().filter_map(Cell::as_str).map(str::len).sum();
            24 + row.len() * size_of::<Cell>() + texts
        })
        .sum();
    (cells + table.columns.len() * 160) as u64
}

/// A table as bytes: its columns as JSON, then whether it was cut, the count of rows, the cells.
pub(super) fn encoded(table: &ResultTable) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    bytes(&mut out, &serde_json::to_vec(&table.columns).ok()?)?;
    out.push(u8::from(table.truncated));
    out.extend(u32::try_from(table.rows.len()).ok()?.to_le_bytes());
    for row in &table.rows {
        if row.len() != table.columns.len() {
            return None;
        }
        for cell in row {
            match cell {
                Cell::Null => out.push(NULL),
                Cell::Bool(false) => out.push(FALSE),
                Cell::Bool(true) => out.push(TRUE),
                Cell::Integer(n) => {
                    out.push(INTEGER);
                    out.extend(n.to_le_bytes());
                }
                Cell::Number(x) => {
                    out.push(NUMBER);
                    out.extend(x.to_bits().to_le_bytes());
                }
                Cell::Text(text) => {
                    out.push(TEXT);
                    bytes(&mut out, text.as_bytes())?;
                }
            }
        }
    }
    Some(out)
}

fn bytes(out: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    out.extend(u32::try_from(part.len()).ok()?.to_le_bytes());
    out.extend(part);
    Some(())
}

/// The table, if the bytes are one to their end.
pub(super) fn decoded(mut from: &[u8]) -> Option<ResultTable> {
    let length = u32::from_le_bytes(take(&mut from)?);
    let columns: Vec<Column> = serde_json::from_slice(cut(&mut from, length)?).ok()?;
    let [truncated] = take(&mut from)?;
    let count = u32::from_le_bytes(take(&mut from)?) as usize;
    let mut rows = Vec::new();
    for _ in 0..count {
        let row: Option<Vec<Cell>> = columns.iter().map(|_| cell(&mut from)).collect();
        rows.push(row?);
    }
    from.is_empty().then_some(ResultTable {
        columns,
        row_count: rows.len(),
        rows,
        truncated: truncated != 0,
    })
}

fn cell(from: &mut &[u8]) -> Option<Cell> {
    let [tag] = take(from)?;
    Some(match tag {
        NULL => Cell::Null,
        FALSE => Cell::Bool(false),
        TRUE => Cell::Bool(true),
        INTEGER => Cell::Integer(i64::from_le_bytes(take(from)?)),
        NUMBER => Cell::Number(f64::from_bits(u64::from_le_bytes(take(from)?))),
        TEXT => {
            let length = u32::from_le_bytes(take(from)?);
            Cell::Text(String::from_utf8(cut(from, length)?.to_vec()).ok()?)
        }
        _ => return None,
    })
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (part, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*part)
}

fn cut<'a>(from: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (part, rest) = from.split_at_checked(length as usize)?;
    *from = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use answer::ColumnRole;

    #[test]
    fn every_kind_of_cell_comes_back_to_its_last_bit() {
        let numbers = [
            0.1 + 0.2,
            -0.0,
            f64::MIN_POSITIVE / 4.0,
            1e300 / 3.0,
            123_456_789.123_456_78,
        ];
        let mut rows: Vec<Vec<Cell>> = numbers.map(|x| vec![Cell::Number(x)]).into();
        rows.extend([
            vec![Cell::Null],
            vec![Cell::Bool(true)],
            vec![Cell::Bool(false)],
            vec![Cell::Integer(i64::MIN)],
            vec![Cell::Text(String::new())],
            vec![Cell::Text("Zürich, \"Bahnhof\"\n".into())],
        ]);
        let table = ResultTable {
            columns: vec![Column {
                name: "x".into(),
                data_type: "number".into(),
                unit: None,
                role: ColumnRole::Time,
                grain: Some("month".into()),
            }],
            row_count: rows.len(),
            rows,
            truncated: true,
        };
        let again = decoded(&encoded(&table).unwrap()).unwrap();
        assert_eq!(again, table);
        assert_eq!(
            serde_json::to_string(&again).unwrap(),
            serde_json::to_string(&table).unwrap()
        );
    }
}
