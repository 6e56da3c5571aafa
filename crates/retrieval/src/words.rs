//! Words of a text as they are compared.

/// Lower-case words without accents of the usual kinds, without the plural's s; whatever is neither a
/// letter nor a digit separates.
pub fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(|w| singular(&w.to_lowercase()))
        .collect()
}

fn singular(word: &str) -> String {
    let plain = match word {
        w if w.len() > 4 && w.ends_with("ies") => Some(format!("{}y", &w[..w.len() - 3])),
        w if w.len() > 3 && w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") => {
            Some(w[..w.len() - 1].to_string())
        }
        _ => None,
    };
    plain.unwrap_or_else(|| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_in_the_singular() {
        assert_eq!(
            words_of("Net Sales, by categories_of addresses"),
            ["net", "sale", "by", "category", "of", "addresse"]
        );
    }
}
