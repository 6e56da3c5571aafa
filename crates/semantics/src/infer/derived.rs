//! Fields that are in the data but not in a column of their own: parts of addresses, full names.

use super::naming::{label, words};
use crate::{
    Additivity, AddressPart, DataType, Expression, Field, Role, Subject, TableProfile, Unit,
};

/// What is earned on one piece, in a table of things that has the price and the cost of one.
pub(super) fn unit_margin(fields: &mut Vec<Field>) {
    let measure = |subjects: &[Subject]| {
        let mut found = fields
            .iter()
            .filter(|f| f.role == Role::Measure && subjects.contains(&f.subject));
        found.next().filter(|_| found.next().is_none())
    };
    let sold = fields.iter().any(|f| {
        f.role == Role::Measure
            && matches!(
                f.subject,
                Subject::Quantity | Subject::Amount | Subject::Profit | Subject::Discount
            )
    });
    let known = fields.iter().any(|f| f.name.contains("margin"));
    let (Some(price), Some(cost)) = (
        measure(&[Subject::UnitPrice, Subject::ListPrice]),
        measure(&[Subject::Cost]),
    ) else {
        return;
    };
    if sold || known || price.unit != cost.unit {
        return;
    }
    let field = Field {
        name: "unit_margin".into(),
        label: "Unit margin".into(),
        expression: Expression::Subtract(
            Box::new(Expression::Field(price.name.clone())),
            Box::new(Expression::Field(cost.name.clone())),
        ),
        data_type: price.data_type,
        role: Role::Measure,
        subject: Subject::Other,
        additivity: Additivity::Non,
        unit: price.unit.clone(),
        synonyms: [
            "unit profit",
            "profit per unit",
            "margin per unit",
            "mark up per unit",
        ]
        .iter()
        .map(|s| (*s).to_string())
        .collect(),
        evidence: Some(format!("there is {} and {}", price.name, cost.name)),
        ..Field::default()
    };
    fields.push(field);
}

/// Adds them.
pub(super) fn add(fields: &mut Vec<Field>, table: &TableProfile, entity: &str) {
    let text_field =
        |name: &str, label: String, expression: Expression, subject: Subject, synonyms: &[&str]| {
            Field {
                name: name.into(),
                label,
                expression,
                data_type: DataType::Text,
                role: Role::Dimension,
                subject,
                additivity: Additivity::Non,
                unit: Unit::Plain,
                synonyms: synonyms.iter().map(|s| (*s).to_string()).collect(),
                searchable: true,
                ..Field::default()
            }
        };
    // "917 1st St, Dallas, TX 75001"
    let addressed = table.columns.iter().find(|c| {
        let fits = c.samples.iter().filter(|s| {
            let parts: Vec<&str> = s.split(',').map(str::trim).collect();
            let tail: Vec<&str> = parts
                .last()
                .map(|p| p.split(' ').collect())
                .unwrap_or_default();
            parts.len() == 3
                && tail.len() == 2
                && tail[0].len() == 2
                && tail[0].chars().all(|x| x.is_ascii_uppercase())
                && tail[1].chars().all(|x| x.is_ascii_digit())
        });
        c.data_type == DataType::Text
            && !c.samples.is_empty()
            && fits.count() * 10 >= c.samples.len() * 9
    });
    if let Some(column) = addressed {
        let of = || Box::new(Expression::Column(column.name.clone()));
        for (name, label, part, subject, synonyms) in [
            (
                "city",
                "City",
                AddressPart::City,
                Subject::City,
                &["town"][..],
            ),
            (
                "state",
                "State",
                AddressPart::State,
                Subject::State,
                &["province"],
            ),
            (
                "postal_code",
                "Postal code",
                AddressPart::PostalCode,
                Subject::PostalCode,
                &["zip code", "zip", "postcode"],
            ),
        ] {
            if !fields.iter().any(|f| f.name == name) {
                fields.push(text_field(
                    name,
                    label.into(),
                    Expression::Address { of: of(), part },
                    subject,
                    synonyms,
                ));
            }
        }
    }
    let first = fields
        .iter()
        .find(|f| f.subject == Subject::FirstName)
        .map(|f| f.name.clone());
    let last = fields
        .iter()
        .find(|f| f.subject == Subject::LastName)
        .map(|f| f.name.clone());
    if let (Some(first), Some(last)) = (first, last)
        && !fields.iter().any(|f| f.name == "full_name")
    {
        let title = if entity.is_empty() {
            "Full name".to_string()
        } else {
            label(&words(entity))
        };
        let expression = Expression::Concatenate {
            separator: " ".into(),
            parts: vec![Expression::Field(first), Expression::Field(last)],
        };
        fields.push(text_field(
            "full_name",
            title,
            expression,
            Subject::Name,
            &["full name", "name"],
        ));
    }
}
