//! What it would cost to explain why a value does not match.

use serde_json::Value;

use super::keyword::Site;
use super::outline::{Edge, Outline};

/// How much an explanation may cost: a few milliseconds, and some 16 MiB while it is made.
const BUDGET: usize = 1 << 17;

/// How many bytes of a text cost as much as one application.
const BYTES: usize = 256;

/// Whether the validator can be asked why a value does not match.
///
/// It would explain every alternative that fails, with every alternative in that, in every
/// member: exponential in the depth of the value if a schema leads back to itself by two ways.
/// Each failure of an alternative comes with a copy of its value. All of that is counted here,
/// by going the same ways without doing the work.
pub(super) fn affords_explanation(outline: &Outline, value: &Value) -> bool {
    Meter { outline, left: BUDGET }.apply(0, value, false).is_some()
}

struct Meter<'a> {
    outline: &'a Outline,
    left: usize,
}

impl Meter<'_> {
    /// Charges for a subschema that looks at a value. How deep this goes is bounded as checking
    /// the value was.
    fn apply(&mut self, node: usize, value: &Value, copied: bool) -> Option<()> {
        if copied {
            self.charge_copy(value)?;
        } else {
            self.charge(1)?;
        }
        for Edge { to, site } in &self.outline.nodes[node].edges {
            match (site, value) {
                (Site::Here, _) => self.apply(*to, value, copied)?,
                (Site::Choice, _) => self.apply(*to, value, true)?,
                (Site::Member(name), Value::Object(members)) => {
                    if let Some(member) = members.get(&**name) {
                        self.apply(*to, member, copied)?;
                    }
                }
                (Site::PickedMembers | Site::OtherMembers, Value::Object(members)) => {
                    members.values().try_for_each(|member| self.apply(*to, member, copied))?;
                }
                (Site::Names, Value::Object(members)) => {
                    // A name leads nowhere further, as null does.
                    members.keys().try_for_each(|_| self.apply(*to, &Value::Null, copied))?;
                }
                (Site::Item(at), Value::Array(items)) => {
                    if let Some(item) = items.get(*at) {
                        self.apply(*to, item, copied)?;
                    }
                }
                (Site::OtherItems | Site::Search, Value::Array(items)) => {
                    items.iter().try_for_each(|item| self.apply(*to, item, copied))?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn charge_copy(&mut self, value: &Value) -> Option<()> {
        match value {
            Value::String(text) => self.charge(1 + text.len() / BYTES),
            Value::Array(items) => {
                self.charge(1)?;
                items.iter().try_for_each(|item| self.charge_copy(item))
            }
            Value::Object(members) => {
                self.charge(1)?;
                members.iter().try_for_each(|(name, member)| {
                    self.charge(name.len() / BYTES)?;
                    self.charge_copy(member)
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.charge(1),
        }
    }

    fn charge(&mut self, price: usize) -> Option<()> {
        self.left = self.left.checked_sub(price)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use jsonschema::Draft;
    use serde_json::json;

    use super::*;

    fn cost(schema: &Value, value: &Value) -> Option<usize> {
        let outline = &Outline::new(schema, Draft::Draft202012).unwrap();
        let mut meter = Meter { outline, left: BUDGET };
        meter.apply(0, value, false)?;
        Some(BUDGET - meter.left)
    }

    #[test]
    fn every_way_is_charged() {
        let any = json!({"anyOf": [{}, {}]});
        for (schema, value, expected) in [
            (json!({}), json!({"a": [1, 2, 3]}), 1),
            (json!({"allOf": [{}, {}]}), json!({"a": [1, 2, 3]}), 3),
            // An alternative is charged for a copy of the value.
            (any.clone(), json!({"a": [1, 2, 3]}), 11),
            (any.clone(), json!("x".repeat(1024)), 11),
            (json!({"properties": {"a": any, "b": any}}), json!({"a": 1, "c": 1}), 4),
            (json!({"additionalProperties": any}), json!({"a": 1, "c": 1}), 7),
            (json!({"propertyNames": any}), json!({"a": 1, "c": 1}), 7),
            (json!({"prefixItems": [any, any]}), json!([1]), 4),
            (json!({"contains": {}, "items": {}}), json!([1, 2]), 5),
            (any.clone(), json!(vec![0; 100]), 203),
        ] {
            assert_eq!(cost(&schema, &value), Some(expected), "{schema}");
        }
        assert_eq!(cost(&any, &json!(vec![0; BUDGET])), None);
    }

    /// Doubling ends with the budget, not with the value.
    #[test]
    fn the_budget_is_the_end() {
        let node = json!({"properties": {"a": {"$ref": "#"}}});
        let tree = json!({"anyOf": [node, node]});
        let mut value = json!(1);
        for _ in 0..100 {
            value = json!({"a": value});
        }
        assert_eq!(cost(&tree, &value), None);
    }
}
