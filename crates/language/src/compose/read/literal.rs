//! Text between quotation marks: “an email that contains "gmail.com"”.

use super::*;

impl Reader<'_> {
    /// A field that contains, begins with or ends with a text. What is only quoted and no value of
    /// the data is left for the coverage check to name.
    pub(super) fn literals(&mut self) {
        for at in 1..self.nodes.len() {
            let Node::Literal(text) = self.nodes[at].node.clone() else {
                continue;
            };
            let said = self
                .words_between(self.nodes[at].start.saturating_sub(4), self.nodes[at].start)
                .any(|w| {
                    matches!(
                        w,
                        "contain"
                            | "contains"
                            | "containing"
                            | "contained"
                            | "include"
                            | "includes"
                            | "including"
                            | "with"
                            | "like"
                            | "has"
                            | "have"
                            | "having"
                            | "word"
                            | "letters"
                            | "substring"
                    )
                });
            let field = (0..at)
                .rev()
                .take(4)
                .find_map(|i| match &self.nodes[i].node {
                    Node::Named(named @ Named::Field(_)) => self.group_of(named).map(|g| (i, g.0)),
                    Node::Named(Named::Entity(e)) => {
                        Some((i, self.scene.model.entities[*e].display.clone()))
                    }
                    _ => None,
                });
            let Some((near, field)) = field.filter(|_| said) else {
                continue;
            };
            let text_field = self
                .model()
                .field(&field)
                .is_some_and(|f| f.data_type == DataType::Text);
            if !text_field {
                continue;
            }
            self.take(at);
            if matches!(self.nodes[near].node, Node::Named(Named::Field(_))) {
                self.take(near);
            }
            let share = self.any(Mark::Share);
            self.draft.filters.push(Bound {
                words: format!("{} containing “{text}”", self.label(&field)),
                field: Some(field.clone()),
                filter: Filter::Contains { field, text },
                numerator: share,
            });
        }
    }
}
