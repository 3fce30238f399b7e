//! Arguments of tools and prompts, as people write them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::command::Wrong;

/// The arguments of a call: a JSON object, or `name=value` pairs whose types the schema decides.
pub(super) fn arguments(
    words: &[String],
    schema: Option<&Value>,
) -> Result<Map<String, Value>, Wrong> {
    if let [word] = words
        && word.trim_start().starts_with('{')
    {
        return serde_json::from_str(word)
            .map_err(|error| Wrong::new(format!("the arguments are no JSON object: {error}")));
    }
    let typed = |(name, value): (String, String)| {
        let property = schema.and_then(|schema| schema.get("properties")?.get(&name));
        let value = read(&value, property).ok_or_else(|| {
            Wrong::new(format!("`{name}` must be {}", kinds(property).join(" or ")))
        })?;
        Ok((name, value))
    };
    pairs(words)?.into_iter().map(typed).collect()
}

/// The arguments of a prompt, which are all text.
pub(super) fn texts(words: &[String]) -> Result<BTreeMap<String, String>, Wrong> {
    Ok(pairs(words)?.into_iter().collect())
}

fn pairs(words: &[String]) -> Result<Vec<(String, String)>, Wrong> {
    let pair = |word: &String| {
        let (name, value) =
            word.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                Wrong::new(format!("`{word}` is no argument: write name=value, or one JSON object"))
            })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    words.iter().map(pair).collect()
}

/// A value in the first form that its property allows; without a type, JSON if it is some.
fn read(text: &str, property: Option<&Value>) -> Option<Value> {
    let json: Option<Value> = serde_json::from_str(text).ok();
    let kinds = kinds(property);
    if kinds.is_empty() {
        return Some(json.unwrap_or_else(|| text.into()));
    }
    let fits = |kind: &&str| match (*kind, &json) {
        ("string", _) => Some(Value::from(text)),
        ("number", Some(Value::Number(_)))
        | ("boolean", Some(Value::Bool(_)))
        | ("object", Some(Value::Object(_)))
        | ("array", Some(Value::Array(_)))
        | ("null", Some(Value::Null)) => json.clone(),
        ("integer", Some(Value::Number(number))) => {
            (number.is_i64() || number.is_u64() || number.as_f64()?.fract() == 0.0)
                .then(|| json.clone())?
        }
        _ => None,
    };
    // Text takes anything, so it is asked last.
    let (texts, others): (Vec<&str>, Vec<&str>) = kinds.iter().partition(|kind| **kind == "string");
    others.iter().chain(&texts).find_map(fits)
}

fn kinds(property: Option<&Value>) -> Vec<&str> {
    match property.and_then(|property| property.get("type")) {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_all(words: &[&str], schema: Value) -> Result<Value, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments(&words, Some(&schema)).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn the_schema_decides_what_a_value_is() {
        let schema = json!({"properties": {
            "n": {"type": "integer"}, "s": {"type": "string"}, "b": {"type": "boolean"},
            "l": {"type": "array"}, "o": {"type": ["null", "string"]}, "x": {}
        }});
        let words = ["n=7", "s=7", "b=true", "l=[1]", "o=null", "x=7", "free=a=b"];
        let read = read_all(&words, schema.clone()).unwrap();
        let expected =
            json!({"n": 7, "s": "7", "b": true, "l": [1], "o": null, "x": 7, "free": "a=b"});
        assert_eq!(read, expected);
        assert_eq!(read_all(&["n=1.5"], schema).unwrap_err(), "`n` must be integer");
    }

    #[test]
    fn one_object_is_all_of_them() {
        assert_eq!(read_all(&[r#"{"a": 1}"#], json!({})).unwrap(), json!({"a": 1}));
        assert!(read_all(&["{"], json!({})).unwrap_err().contains("no JSON object"));
        assert!(read_all(&["a"], json!({})).unwrap_err().contains("name=value"));
    }
}
