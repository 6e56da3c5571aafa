//! Calls in double braces, as dbt's filters have them: `{{ Dimension('order__status') }}`.

/// A call in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) function: String,
    /// Texts among the arguments, lists taken apart.
    pub(super) arguments: Vec<String>,
}

/// Puts something in the place of every call.
///
/// # Errors
/// Braces that hold no call, and what `named` refuses.
pub(super) fn filled(
    template: &str,
    mut named: impl FnMut(&Call) -> Result<String, String>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let close = rest[open..]
            .find("}}")
            .map(|at| open + at)
            .ok_or("a brace is not closed")?;
        out.push_str(&rest[..open]);
        let inside = rest[open + 2..close].trim();
        let call = call(inside).ok_or_else(|| format!("`{{{{ {inside} }}}}` is not understood"))?;
        out.push_str(&named(&call)?);
        rest = &rest[close + 2..];
    }
    if rest.contains("{%") {
        return Err("statements of templates are not run".into());
    }
    out.push_str(rest);
    Ok(out)
}

fn call(text: &str) -> Option<Call> {
    let open = text.find('(')?;
    let inside = text.strip_suffix(')')?.get(open + 1..)?;
    let function = text[..open].trim();
    if !function.chars().all(char::is_alphanumeric) || inside.contains(['(', ')']) {
        return None;
    }
    let mut arguments = Vec::new();
    let mut rest = inside;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = &rest[start..=start];
        let end = rest[start + 1..].find(quote)? + start + 1;
        arguments.push(rest[start + 1..end].to_string());
        rest = &rest[end + 1..];
    }
    Some(Call {
        function: function.to_string(),
        arguments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_and_filled() {
        let got = filled(
            "{{ Dimension('order__status') }} = 'paid' AND {{TimeDimension('order__day', 'day')}} > '2024-01-01'",
            |c| Ok(format!("<{} {}>", c.function, c.arguments.join(" "))),
        );
        assert_eq!(
            got.unwrap(),
            "<Dimension order__status> = 'paid' AND <TimeDimension order__day day> > '2024-01-01'"
        );
        assert!(filled("{{ var.x }} > 1", |_| Ok(String::new())).is_err());
        assert!(filled("{{ Dimension('a').grain('day') }}", |_| Ok(String::new())).is_err());
    }
}
