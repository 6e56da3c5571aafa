//! Rows of earlier queries over real files: shared by those who may, gone when the data changes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use answer::Cell;
use query::{CompiledQuery, Dialect, Measure, Query, Reader, Term};
use std::path::PathBuf;
use warehouse::{Asked, CacheUse, Execution, Options, Stop, Warehouse};

struct Place(PathBuf);

impl Place {
    fn new(name: &str, sales: &str) -> Place {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("results-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let place = Place(folder);
        place.write("sales.csv", sales);
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.0.join("data")).unwrap();
        std::fs::write(self.0.join("data").join(name), text).unwrap();
    }

    fn open(&self) -> Warehouse {
        let options = Options {
            cache_dir: Some(self.0.join("cache")),
            ..Options::default()
        };
        Warehouse::open(&[self.0.join("data")], &options).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn rows_of(warehouse: &Warehouse) -> CompiledQuery {
    let model = semantics::infer(warehouse.profile(), &mut warehouse.evidence());
    let query = Query {
        metrics: vec![Term {
            name: "rows".into(),
            measure: Measure::Rows(model.datasets[0].name.clone()),
        }],
        ..Query::default()
    };
    query::compile(&model, &query, Dialect::DuckDb).unwrap()
}

fn ask(warehouse: &Warehouse, query: &CompiledQuery, reader: Option<&Reader>) -> Execution {
    let asked = Asked {
        reader,
        no_cache: false,
        stop: &Stop::default(),
    };
    warehouse.answer(query, &asked).unwrap()
}

const SALES: &str = "order_id,region,amount\n1,North,4.5\n2,South,3.5\n3,North,1.25\n";

#[test]
fn rows_are_shared_only_between_those_who_may_see_the_same() {
    let place = Place::new("readers", SALES);
    let warehouse = place.open();
    let query = rows_of(&warehouse);
    let of = |group: &str| Reader {
        groups: vec![group.into()],
        ..Reader::default()
    };
    let mut abroad = of("north");
    abroad.attributes.insert(
        "region".into(),
        vec![semantics::Literal::Text("South".into())],
    );
    for reader in [None, Some(of("north")), Some(of("south")), Some(abroad)] {
        let first = ask(&warehouse, &query, reader.as_ref());
        assert_eq!(first.cache, CacheUse::Miss, "{reader:?}");
        let again = ask(&warehouse, &query, reader.as_ref());
        assert_eq!(again.cache, CacheUse::Hit, "{reader:?}");
        assert_eq!(again.table, first.table);
    }
}

#[test]
fn equal_questions_side_by_side_run_once() {
    let place = Place::new("once", SALES);
    let warehouse = place.open();
    let query = rows_of(&warehouse);
    let uses: Vec<CacheUse> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| ask(&warehouse, &query, None).cache))
            .collect();
        asked.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(uses.iter().filter(|u| **u == CacheUse::Miss).count(), 1);
}

#[test]
fn changed_data_has_no_known_rows_and_data_as_before_has() {
    let place = Place::new("changed", SALES);
    let before = place.open();
    let count = |warehouse: &Warehouse| {
        let done = ask(warehouse, &rows_of(warehouse), None);
        (done.table.rows[0][0].clone(), done.cache)
    };
    assert_eq!(count(&before), (Cell::Integer(3), CacheUse::Miss));
    assert!(before.is_current());
    place.write("sales.csv", &format!("{SALES}4,East,2.25\n"));
    assert!(!before.is_current());
    let after = place.open();
    assert!(after.is_current());
    assert_eq!(count(&after), (Cell::Integer(4), CacheUse::Miss));
    place.write("sales.csv", SALES);
    assert!(!after.is_current());
    assert_eq!(count(&place.open()), (Cell::Integer(3), CacheUse::Hit));
}

#[test]
fn every_way_a_folder_changes_is_noticed() {
    let place = Place::new("noticed", SALES);
    let file = place.0.join("data/sales.csv");
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    let changes: [(&str, &dyn Fn()); 5] = [
        ("another file", &|| place.write("sales_more.csv", SALES)),
        ("one file less", &|| {
            std::fs::remove_file(place.0.join("data/sales_more.csv")).unwrap();
        }),
        ("same length", &|| {
            place.write("sales.csv", &SALES.replace("4.5", "9.5"))
        }),
        ("same length and time", &|| {
            place.write("sales.csv", &SALES.replace("4.5", "8.5"));
            let open = std::fs::File::options().write(true).open(&file).unwrap();
            open.set_modified(written).unwrap();
        }),
        ("put in its place", &|| {
            place.write(".new", &SALES.replace("4.5", "7.5"));
            std::fs::rename(place.0.join("data/.new"), &file).unwrap();
        }),
    ];
    for (name, change) in changes {
        let warehouse = place.open();
        assert!(warehouse.is_current(), "before {name}");
        change();
        assert!(!warehouse.is_current(), "{name}");
    }
}
