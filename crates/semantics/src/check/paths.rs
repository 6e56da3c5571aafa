//! Ways from many rows to one.

use crate::Model;
use std::collections::VecDeque;

/// All shortest ways from a dataset to another over relationships whose one side is unique, each
/// as the positions of its relationships; none if it is not reached. The dataset itself is reached
/// in one way of no steps.
pub(super) fn shortest(model: &Model, from: &str, to: &str) -> Vec<Vec<usize>> {
    if from == to {
        return vec![Vec::new()];
    }
    let mut open: VecDeque<(String, Vec<usize>)> = VecDeque::from([(from.to_string(), Vec::new())]);
    let mut found: Vec<Vec<usize>> = Vec::new();
    while let Some((at, steps)) = open.pop_front() {
        if found.first().is_some_and(|best| steps.len() >= best.len()) || steps.len() >= 6 {
            break;
        }
        for (i, relationship) in model.relationships.iter().enumerate() {
            let back = relationship.to == from
                || steps
                    .iter()
                    .any(|s| model.relationships[*s].to == relationship.to);
            if relationship.from != at || !relationship.unique || back {
                continue;
            }
            let next: Vec<usize> = steps.iter().copied().chain([i]).collect();
            if relationship.to == to {
                found.push(next);
            } else {
                open.push_back((relationship.to.clone(), next));
            }
        }
    }
    found
}
