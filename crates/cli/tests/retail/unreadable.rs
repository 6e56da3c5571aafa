//! Files that may not be read, and files that change while they are read.

use crate::program::{Place, document};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SALES: &str = "order_id,order_date,region,amount\n1,2024-01-05,North,40.50\n2,2024-01-09,South,30.25\n3,2024-02-11,North,50.25\n";

/// The program without the right to read what it may not: the superuser may read everything, until
/// that is taken from it (`setpriv`). `None` where it cannot be taken.
fn without_rights(place: &Place, arguments: &[&str]) -> Option<Output> {
    let mut plain = place.retail(arguments);
    let probe = place.work().join("probe");
    std::fs::write(&probe, "x").unwrap();
    forbid(&probe);
    let everything = std::fs::read(&probe).is_ok();
    std::fs::remove_file(&probe).unwrap();
    if !everything {
        return Some(plain.output().unwrap());
    }
    let mut bounded = Command::new("setpriv");
    bounded
        .args([
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-all",
        ])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(place.work())
        .env("HOME", place.home())
        .env_remove("XDG_CACHE_HOME");
    bounded.output().ok()
}

fn forbid(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o0)).unwrap();
}

#[test]
fn a_file_that_may_not_be_read_is_named_and_the_others_are_used() {
    let place = Place::new("forbidden");
    let folder = place.work().join("shop");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("orders.csv"), SALES).unwrap();
    std::fs::write(folder.join("salaries.csv"), "name,salary\nAda,1\n").unwrap();
    forbid(&folder.join("salaries.csv"));
    let ask = |path: &str| {
        without_rights(
            &place,
            &["ask", "--json", "--data", path, "how many orders?"],
        )
    };
    let Some(alone) = ask("shop/salaries.csv") else {
        eprintln!("skipped: run as the superuser, and there is no setpriv");
        return;
    };
    let answer = document(&alone);
    assert_eq!(alone.status.code(), Some(5));
    assert_eq!(answer["error"]["code"], "data_unreadable", "{answer}");
    let told = answer["error"].to_string();
    assert!(
        told.contains("salaries.csv") && told.contains("permissions"),
        "{told}"
    );

    let answer = document(&ask("shop").unwrap());
    assert_eq!(answer["result"]["rows"][0][0], 3, "{answer}");
    let told = answer["assumptions"].to_string();
    assert!(told.contains("not read: salaries.csv"), "{told}");

    forbid(&folder);
    let closed = ask("shop").unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(document(&closed)["error"]["code"], "data_unreadable");
}

#[test]
fn a_file_that_changes_while_it_is_read_gives_no_answer() {
    let place = Place::new("changing");
    let mut text = String::from("order_id,order_date,region,amount\n");
    for i in 0..200_000 {
        let _ = writeln!(text, "{i},2024-01-{:02},North,{}.50", 1 + i % 28, i % 90);
    }
    let file = place.work().join("till.csv");
    std::fs::write(&file, text).unwrap();
    let done = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut till = std::fs::OpenOptions::new()
                .append(true)
                .open(&file)
                .unwrap();
            while !done.load(Ordering::Relaxed) {
                writeln!(till, "999999,2024-01-30,South,1.00").unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let output = place.run(&["ask", "--json", "--data", "till.csv", "how many orders?"]);
        done.store(true, Ordering::Relaxed);
        output
    });
    let answer = document(&output);
    assert_eq!(output.status.code(), Some(5), "{answer}");
    assert_eq!(answer["error"]["code"], "data_changed", "{answer}");
    // Once it rests it is read.
    let output = place.run(&["ask", "--json", "--data", "till.csv", "how many orders?"]);
    assert_eq!(output.status.code(), Some(0));
}
