//! `retail verify`: an answer is replayed from its certificate, with the data opened as it was.

use crate::program::Place;

const SALES: &str = "Sales of the branch;;\nprinted on 3 March;;\nday;region;amount\n01/02/2024;North;1.200\n03/04/2024;South;2.500\n05/06/2024;North;3.100\n";

/// Saves an answer and replays it.
fn replayed(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let mut ask = vec!["ask", "--json"];
    ask.extend(arguments);
    let output = place.run(&ask);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    std::fs::write(place.work().join("answer.json"), output.stdout).unwrap();
    let output = place.run(&["verify", "answer.json"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.code(),
        text + &String::from_utf8_lossy(&output.stderr),
    )
}

#[test]
fn answers_are_replayed_as_their_data_was_opened() {
    let place = Place::new("replay");
    std::fs::write(place.work().join("sales.csv"), SALES).unwrap();
    for flags in [
        &[][..],
        &["--dates", "month-first"],
        &["--dates", "day-first", "--decimal", "comma"],
        &["--strict", "--header-row", "3"],
    ] {
        let mut arguments = vec!["--data", "sales.csv"];
        arguments.extend(flags);
        arguments.push("number of rows by region");
        let (code, text) = replayed(&place, &arguments);
        assert_eq!(code, Some(0), "{flags:?}: {text}");
    }
}

#[test]
fn partitions_and_models_belong_to_an_answer() {
    let place = Place::new("replay-folder");
    for (year, amount) in [(2023, "5.50"), (2024, "7.25")] {
        let folder = place.work().join(format!("lake/year={year}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("sales.csv"),
            format!("sale_id,day,region,amount\n1,{year}-01-05,North,{amount}\n2,{year}-02-05,South,1.00\n"),
        )
        .unwrap();
    }
    let (code, text) = replayed(&place, &["--data", "lake", "total amount by region"]);
    assert_eq!(code, Some(0), "{text}");
    let output = place.run(&["model", "infer", "--data", "lake", "--format", "json"]);
    std::fs::write(place.work().join("model.json"), output.stdout).unwrap();
    let asked = [
        "--data",
        "lake",
        "--model",
        "model.json",
        "total amount by region",
    ];
    let (code, text) = replayed(&place, &asked);
    assert_eq!(code, Some(0), "{text}");
    // Other data is another answer.
    std::fs::write(
        place.work().join("lake/year=2024/sales.csv"),
        "sale_id,day,region,amount\n1,2024-01-05,North,9.75\n2,2024-02-05,South,1.00\n",
    )
    .unwrap();
    let output = place.run(&["verify", "answer.json"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("source data"), "{text}");
}
