use crate::{Reading, Source, read};

fn reading(document: &str, overlay: &str) -> Reading {
    read(
        Source {
            name: "m.ossie.yaml",
            text: document,
        },
        Some(Source {
            name: "m.overlay.yaml",
            text: overlay,
        }),
    )
}

#[test]
fn the_example_model_is_sound() {
    let read = reading(
        include_str!("../../../../suites/models/retail.ossie.yaml"),
        include_str!("../../../../suites/models/retail.overlay.yaml"),
    );
    let told: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    let model = read.completed();
    let told: Vec<String> = super::check(&model)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told, Vec::<String>::new());
    println!("{}", serde_json::to_string_pretty(&model).expect("JSON"));
}
