//! Prints the profile of files as JSON: `cargo run --example profile -- FILE…`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints"
)]

fn main() {
    let paths: Vec<std::path::PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    match warehouse::Warehouse::open(&paths, &warehouse::Options::default()) {
        Ok(warehouse) => println!(
            "{}",
            serde_json::to_string_pretty(warehouse.profile()).unwrap_or_default()
        ),
        Err(e) => eprintln!("{}: {e}\nhint: {}", e.code(), e.hint()),
    }
}
