//! What `COPY … TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)` writes.

/// Records of a CSV text in which every cell but NULL is quoted.
pub(crate) fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut cell: Option<String> = None;
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', false) => {
                quoted = true;
                cell.get_or_insert_default();
            }
            ('"', true) if letters.peek() == Some(&'"') => {
                letters.next();
                cell.get_or_insert_default().push('"');
            }
            ('"', true) => quoted = false,
            (',', false) => record.push(cell.take()),
            ('\n', false) => {
                record.push(cell.take());
                records.push(std::mem::take(&mut record));
            }
            (other, _) => cell.get_or_insert_default().push(other),
        }
    }
    records
}
