//! From a model's text to a value that fits a schema.

use crate::models::OutputSchema;
use serde_json::Value;

/// How many faults are told back to a model at most.
const FAULTS_TOLD: usize = 5;

/// Parses a reply and holds it against the schema. A fence of Markdown around the JSON and prose
/// before and after it are passed over; JSON inside prose counts if it is the only object.
///
/// # Errors
/// What is wrong, in words that can be told back to the model.
pub(crate) fn parsed(text: &str, schema: &OutputSchema) -> Result<Value, String> {
    let validator = jsonschema::validator_for(&schema.json)
        .map_err(|error| format!("the schema `{}` itself is invalid: {error}", schema.name))?;
    let value: Value = serde_json::from_str(json_part(text))
        .map_err(|error| format!("the reply is not JSON: {error}"))?;
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .take(FAULTS_TOLD)
        .map(|fault| {
            let place = fault.instance_path().to_string();
            let place = if place.is_empty() { "/" } else { &place };
            format!("at `{place}`: {}", shortened(&fault.to_string()))
        })
        .collect();
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(format!(
            "the reply does not fit the schema: {}",
            faults.join("; ")
        ))
    }
}

/// From the first `{` or `[` to the last bracket of that kind; the whole text if there is none.
fn json_part(text: &str) -> &str {
    let Some(start) = text.find(['{', '[']) else {
        return text.trim();
    };
    let close = if text.as_bytes().get(start) == Some(&b'{') {
        '}'
    } else {
        ']'
    };
    match text.rfind(close) {
        Some(end) if end > start => text.get(start..=end).unwrap_or(text),
        _ => text.trim(),
    }
}

/// The first 200 characters: messages of faults repeat the value at fault, which may be long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::parsed;
    use crate::models::OutputSchema;
    use serde_json::json;

    fn schema() -> OutputSchema {
        OutputSchema {
            name: "metric".into(),
            json: json!({
                "type": "object",
                "properties": {"metric": {"enum": ["revenue", "units"]}, "limit": {"type": "integer"}},
                "required": ["metric"],
                "additionalProperties": false
            }),
        }
    }

    #[test]
    fn json_is_found_in_what_models_write_around_it() {
        for text in [
            r#"{"metric":"revenue"}"#,
            "```json\n{\"metric\":\"revenue\"}\n```",
            "Here it is: {\"metric\": \"revenue\"} I hope it helps!",
            "\u{feff}  {\"metric\":\"revenue\"}\n",
        ] {
            assert_eq!(
                parsed(text, &schema()),
                Ok(json!({"metric": "revenue"})),
                "{text}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, said) in [
            ("", "not JSON"),
            ("I cannot do that.", "not JSON"),
            ("{\"metric\": \"reve", "not JSON"),
            ("{\"metric\": \"profit\"}", "/metric"),
            ("{\"metric\": \"units\", \"limit\": \"ten\"}", "/limit"),
            ("{\"metric\": \"units\", \"extra\": 1}", "extra"),
            ("[{\"metric\": \"units\"}]", "object"),
            ("{\"metric\":\"units\"} {\"metric\":\"units\"}", "not JSON"),
        ] {
            let fault = parsed(text, &schema()).expect_err(text);
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
