//! Case and accent folding, singular forms, and spelling distance.

use crate::lexicon::is_english;

/// Lower case without accents. Letters outside Latin stay as they are.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' => out.push('i'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ś' | 'š' | 'ş' | 'ș' => out.push('s'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ł' => out.push('l'),
            'đ' | 'ď' => out.push('d'),
            'ť' | 'ţ' | 'ț' => out.push('t'),
            'ř' => out.push('r'),
            'ğ' => out.push('g'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            '’' | '‘' => out.push('\''),
            c => out.push(c),
        }
    }
    out
}

/// Singular of an English noun (`categories` → `category`) in its American spelling (`colours` →
/// `color`), or the word itself. Works on folded text.
pub(crate) fn stem(word: &str) -> String {
    let singular = singular(word);
    match crate::lexicon::one_spelling(&singular) {
        Some(common) => common.to_string(),
        None => singular,
    }
}

/// Singular of an English noun, spelt as it was. Works on folded text.
pub(crate) fn singular(word: &str) -> String {
    let n = word.len();
    if n <= 3
        || !word.is_ascii()
        || !word.ends_with('s')
        || word.chars().any(|c| c.is_ascii_digit())
    {
        return word.to_string();
    }
    if matches!(word, "skus" | "menus" | "gurus" | "kpis" | "taxis") {
        return word[..n - 1].to_string();
    }
    for keep in ["ss", "us", "is"] {
        if word.ends_with(keep) {
            return word.to_string();
        }
    }
    if matches!(word, "series" | "sales" | "goods") {
        return word.to_string();
    }
    if word.ends_with("ies") && n > 4 {
        return if word == "movies" || word == "cookies" || word == "smoothies" || word == "brownies"
        {
            word[..n - 1].to_string()
        } else {
            format!("{}y", &word[..n - 3])
        };
    }
    // "statuses" and "tomatoes", but "warehouses" and "shoes"
    if (word.ends_with("ses") || word.ends_with("oes"))
        && is_english(&word[..n - 2])
        && !is_english(&word[..n - 1])
    {
        return word[..n - 2].to_string();
    }
    for tail in ["xes", "ches", "shes", "sses", "zes"] {
        if word.ends_with(tail) {
            return word[..n - 2].to_string();
        }
    }
    word[..n - 1].to_string()
}

/// Whether two folded words are the same but for a slip: one edit (or a swap of neighbours) in words
/// of five letters and more, two in words of eight and more. The first letters must agree.
pub(crate) fn is_slip(written: &str, meant: &str) -> bool {
    let (a, b) = (written.chars().count(), meant.chars().count());
    let shorter = a.min(b);
    if shorter < 4
        || a.abs_diff(b) > 2
        || written == meant
        || written.chars().next() != meant.chars().next()
    {
        return false;
    }
    if written.chars().any(|c| c.is_ascii_digit()) || meant.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let alike = written
        .chars()
        .zip(meant.chars())
        .take_while(|(x, y)| x == y)
        .count();
    let allowed = if shorter >= 8 || (shorter >= 6 && alike >= 5) {
        2
    } else if shorter >= 5 {
        1
    } else {
        0
    };
    allowed > 0 && strsim::osa_distance(written, meant) <= allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_forms() {
        for (plural, singular) in [
            ("categories", "category"),
            ("boxes", "box"),
            ("citys", "city"),
            ("status", "status"),
            ("skus", "sku"),
            ("sales", "sales"),
            ("bus", "bus"),
            ("cookies", "cookie"),
            ("colours", "color"),
            ("statuses", "status"),
            ("warehouses", "warehouse"),
        ] {
            assert_eq!(stem(plural), singular);
        }
    }

    #[test]
    fn slips_are_close_and_start_alike() {
        assert!(is_slip("californa", "california"));
        assert!(is_slip("prodct", "product"));
        assert!(is_slip("catagory", "category"));
        assert!(!is_slip("wages", "pages"));
        assert!(!is_slip("east", "cast"));
    }
}
