//! Several rankings become one: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).

/// How little the first places of one ranking outweigh the others; 60 is the paper's.
const K: f64 = 60.0;

/// What stands in any of the rankings, the best first: the score is the sum of 1 / (60 + place) over the
/// rankings, places counted from 1. Of equal ones the smaller number comes first.
pub fn fused(rankings: &[Vec<usize>]) -> Vec<usize> {
    let mut scores: Vec<(usize, f64)> = Vec::new();
    for ranking in rankings {
        for (place, item) in ranking.iter().enumerate() {
            let score = 1.0 / (K + 1.0 + place as f64);
            match scores.iter_mut().find(|(known, _)| known == item) {
                Some((_, sum)) => *sum += score,
                None => scores.push((*item, score)),
            }
        }
    }
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores.into_iter().map(|(item, _)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_rankings_know_beats_what_one_puts_first() {
        assert_eq!(fused(&[vec![7, 3], vec![3, 9]]), [3, 7, 9]);
        assert_eq!(fused(&[vec![5, 4], vec![]]), [5, 4]);
        assert!(fused(&[]).is_empty());
    }
}
