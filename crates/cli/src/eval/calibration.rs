//! The curve of the stated confidence: of the answers that said so much, how many were right.

use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Stated probability and whether the answer was right.
type Judged = (f64, bool);

/// Reads what a board's runner left: `report.json` (verdicts by id) and `answers.jsonl`.
pub(super) fn read(folder: &Path) -> Result<Vec<Judged>, String> {
    let text = |name: &str| {
        std::fs::read_to_string(folder.join(name)).map_err(|e| format!("`{name}`: {e}"))
    };
    let report: Value =
        serde_json::from_str(&text("report.json")?).map_err(|e| format!("`report.json`: {e}"))?;
    let verdicts: HashMap<&str, &str> = report["verdicts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| Some((v["id"].as_str()?, v["verdict"].as_str()?)))
        .collect();
    let mut judged = Vec::new();
    for line in text("answers.jsonl")?.lines() {
        let Ok(answer) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let verdict = answer["id"].as_str().and_then(|id| verdicts.get(id));
        if let (Some(stated), Some(verdict)) = (answer["confidence"].as_f64(), verdict)
            && answer["status"] == "answered"
        {
            judged.push((stated, *verdict == "right"));
        }
    }
    Ok(judged)
}

/// The table: one line for each tenth, then the Brier score and the mean gap between what was stated
/// and what was true.
pub(super) fn table(judged: &[Judged]) -> String {
    if judged.is_empty() {
        return "no answer stated a confidence\n".into();
    }
    let all = judged.len() as f64;
    let right = judged.iter().filter(|j| j.1).count() as f64 / all;
    let mut out = String::from("stated        answers   mean stated   right\n");
    let mut gap = 0.0;
    for tenth in 0..10 {
        let (low, high) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
        let part: Vec<&Judged> = judged
            .iter()
            .filter(|(p, _)| *p >= low && (*p < high || tenth == 9))
            .collect();
        if part.is_empty() {
            continue;
        }
        let count = part.len() as f64;
        let stated = part.iter().map(|j| j.0).sum::<f64>() / count;
        let true_rate = part.iter().filter(|j| j.1).count() as f64 / count;
        gap += (stated - true_rate).abs() * count / all;
        out.push_str(&format!(
            "{:>3} – {:>3} %   {:>7}      {:>5.1} %   {:>5.1} %\n",
            tenth * 10,
            tenth * 10 + 10,
            part.len(),
            100.0 * stated,
            100.0 * true_rate
        ));
    }
    let brier = judged
        .iter()
        .map(|(p, r)| (p - f64::from(u8::from(*r))).powi(2))
        .sum::<f64>()
        / all;
    out.push_str(&format!(
        "{} answers, {:.1} % right; Brier score {brier:.4} (a constant {right:.2}: {:.4}); mean gap {:.1} points\n",
        judged.len(),
        100.0 * right,
        right * (1.0 - right),
        100.0 * gap
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_between_what_was_stated_and_what_was_true() {
        // Nine of ten right where 0.9 was stated: no gap. One of two where 0.55 was: 5 points.
        let mut judged: Vec<Judged> = (0..10).map(|i| (0.9, i > 0)).collect();
        judged.extend([(0.55, true), (0.55, false)]);
        let table = table(&judged);
        assert!(
            table.contains(" 90 – 100 %        10       90.0 %    90.0 %"),
            "{table}"
        );
        assert!(table.contains("12 answers, 83.3 % right"), "{table}");
        assert!(table.ends_with("mean gap 0.8 points\n"), "{table}");
    }

    #[test]
    fn without_a_confidence_there_is_no_curve() {
        assert_eq!(table(&[]), "no answer stated a confidence\n");
    }
}
