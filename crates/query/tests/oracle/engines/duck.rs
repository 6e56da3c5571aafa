//! DuckDB in memory, one thread.

use super::{Engine, Rows, load_statements};
use crate::tables::Tables;
use crate::value::Value;
use duckdb::Connection;
use duckdb::types::{TimeUnit, Value as Cell};
use query::{CompiledQuery, Dialect};

pub(crate) struct Duck {
    connection: Connection,
    loaded: Vec<String>,
}

impl Duck {
    pub(crate) fn open() -> Result<Duck, String> {
        let connection = Connection::open_in_memory().map_err(|e| e.to_string())?;
        for setting in ["SET threads = 1"].iter().chain(Dialect::DuckDb.session()) {
            connection
                .execute_batch(setting)
                .map_err(|e| e.to_string())?;
        }
        Ok(Duck {
            connection,
            loaded: Vec::new(),
        })
    }
}

impl Engine for Duck {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn load(&mut self, tables: &Tables) -> Result<(), String> {
        let mut script: Vec<String> = self
            .loaded
            .drain(..)
            .map(|name| format!("DROP TABLE \"{name}\""))
            .collect();
        script.extend(load_statements(tables));
        self.loaded = tables.keys().cloned().collect();
        self.connection
            .execute_batch(&script.join(";\n"))
            .map_err(|e| e.to_string())
    }

    fn run(&mut self, query: &CompiledQuery) -> Result<Rows, String> {
        let width = query.columns().len();
        let mut statement = self
            .connection
            .prepare(query.sql())
            .map_err(|e| e.to_string())?;
        let mut found = statement.query([]).map_err(|e| e.to_string())?;
        let mut rows = Rows::new();
        while let Some(row) = found.next().map_err(|e| e.to_string())? {
            let mut cells = Vec::with_capacity(width);
            for i in 0..width {
                cells.push(value(row.get::<_, Cell>(i).map_err(|e| e.to_string())?)?);
            }
            if row.get::<_, Cell>(width).is_ok() {
                return Err(format!("more than {width} columns"));
            }
            rows.push(cells);
        }
        Ok(rows)
    }
}

fn value(cell: Cell) -> Result<Value, String> {
    Ok(match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(b) => Value::Bool(b),
        Cell::TinyInt(n) => Value::int(n.into()),
        Cell::SmallInt(n) => Value::int(n.into()),
        Cell::Int(n) => Value::int(n.into()),
        Cell::BigInt(n) => Value::int(n.into()),
        Cell::HugeInt(n) => Value::int(n),
        Cell::UTinyInt(n) => Value::int(n.into()),
        Cell::USmallInt(n) => Value::int(n.into()),
        Cell::UInt(n) => Value::int(n.into()),
        Cell::UBigInt(n) => Value::int(n.into()),
        Cell::Double(x) => Value::Float(x),
        Cell::Float(x) => Value::Float(x.into()),
        Cell::Decimal(d) => {
            Value::parse_decimal(&d.to_string()).ok_or_else(|| format!("decimal {d}"))?
        }
        Cell::Text(t) => Value::Text(t),
        Cell::Date32(days) => Value::Date(days.into()),
        Cell::Timestamp(unit, n) => Value::Timestamp(match unit {
            TimeUnit::Second => n,
            TimeUnit::Millisecond => n.div_euclid(1_000),
            TimeUnit::Microsecond => n.div_euclid(1_000_000),
            TimeUnit::Nanosecond => n.div_euclid(1_000_000_000),
        }),
        other => return Err(format!("a cell of an unexpected type: {other:?}")),
    })
}
