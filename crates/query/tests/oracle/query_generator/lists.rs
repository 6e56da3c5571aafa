//! Lists of rows, distinct values, and sets of members.

use super::*;

impl QueryGenerator<'_> {
    pub(super) fn rows_query(&mut self) -> Query {
        let dataset = self.any_dataset();
        let home = [dataset.clone()];
        let n = 1 + self.random.below(4);
        let mut fields: Vec<FieldRef> = Vec::new();
        for _ in 0..n {
            let all = self.reachable(&home, |f| f.data_type != DataType::Opaque);
            let all: Vec<FieldRef> = all.into_iter().filter(|f| !fields.contains(f)).collect();
            fields.extend(self.random.pick_from(&all));
        }
        let distinct = self.random.chance(30);
        let mut order = Vec::new();
        if self.random.chance(50) {
            let all = if distinct && self.random.chance(90) {
                fields.clone()
            } else {
                self.reachable(&home, |f| f.data_type != DataType::Opaque)
            };
            if let Some(field) = self.random.pick_from(&all) {
                order.push(Order {
                    key: OrderKey::Field(field),
                    direction: self.direction(),
                });
            }
        }
        let rank = if self.random.chance(25) {
            let all = self.reachable(&home, |f| {
                f.data_type.is_numeric() || f.data_type.is_temporal()
            });
            let groups = self.reachable(&home, |f| f.role == Role::Dimension);
            self.random.pick_from(&all).map(|by| RowRank {
                by,
                direction: self.direction(),
                n: self.random.between(1, 3) as u32,
                skip: self.skip(),
                ties: self.ties(),
                per: if self.random.chance(40) {
                    self.random.pick_from(&groups).into_iter().collect()
                } else {
                    Vec::new()
                },
            })
        } else {
            None
        };
        Query {
            rows: Some(RowsOf {
                dataset: dataset.clone(),
                fields,
                distinct,
                rank,
            }),
            filter: self.random.chance(60).then(|| self.filter(&home, 2)),
            time: self.time(&home, 25),
            order,
            limit: self
                .random
                .chance(30)
                .then(|| self.random.between(1, 6) as u32),
            ..Query::default()
        }
    }

    pub(super) fn distinct_query(&mut self) -> Query {
        let home = [self.any_dataset()];
        let mut dimensions = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let fields = self.reachable(&home, |f| f.role == Role::Dimension);
            if let Some(field) = self.random.pick_from(&fields) {
                let d = Dimension::Field(field);
                if !dimensions.contains(&d) {
                    dimensions.push(d);
                }
            }
        }
        Query {
            dimensions,
            filter: self.random.chance(25).then(|| self.filter(&home, 1)),
            limit: self.random.chance(20).then_some(3),
            ..Query::default()
        }
    }

    /// Members of two or three queries, put together.
    pub(super) fn sets_query(&mut self) -> Query {
        let home = [self.any_dataset()];
        let fields = self.reachable(&home, |f| f.role == Role::Dimension);
        let Some(field) = self.random.pick_from(&fields) else {
            return self.distinct_query();
        };
        let was = std::mem::replace(&mut self.nested, true);
        let operation = *self.random.pick(&[
            SetOperation::Union,
            SetOperation::Intersect,
            SetOperation::Except,
        ]);
        let queries = (0..*self.random.pick(&[2, 2, 3]))
            .map(|_| {
                let mut query = self.member_query(&field);
                if query.rows.is_none() && self.random.chance(50) {
                    query.filter = Some(self.filter(&home, 1));
                }
                query
            })
            .collect();
        self.nested = was;
        Query {
            sets: Some(Sets { operation, queries }),
            order: if self.random.chance(30) {
                vec![Order {
                    key: OrderKey::Dimension(0),
                    direction: self.direction(),
                }]
            } else {
                Vec::new()
            },
            limit: self.random.chance(20).then_some(2),
            ..Query::default()
        }
    }
}
