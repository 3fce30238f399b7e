//! The schema of one revision, as it is and without its open ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jsonschema::Validator;
use mcp_core::revision::Revision;
use serde_json::{Map, Value, json};

pub struct Schema {
    pub revision: Revision,
    document: Value,
    /// The document with unknown properties forbidden where the definition lists all.
    closed: Value,
    validators: RefCell<BTreeMap<(bool, String), Rc<Validator>>>,
}

impl Schema {
    pub fn new(revision: Revision, document: Value) -> Self {
        let mut closed = document.clone();
        if let Some(definitions) = definitions_mut(&mut closed) {
            let parts = parts_of_others(&Value::Object(definitions.clone()));
            for (name, definition) in definitions {
                if !name.ends_with("MetaObject") && !parts.contains(name) {
                    close(definition, name);
                }
            }
        }
        Self { revision, document, closed, validators: RefCell::default() }
    }

    pub fn definitions(&self) -> &Map<String, Value> {
        ["$defs", "definitions"]
            .into_iter()
            .find_map(|key| self.document.get(key)?.as_object())
            .unwrap_or_else(|| panic!("{} has no definitions", self.revision))
    }

    pub fn definition(&self, name: &str) -> Option<&Value> {
        self.definitions().get(name)
    }

    /// The message with this method: its definition's name, and the definition.
    pub fn message(&self, method: &str) -> Option<(&str, &Value)> {
        let mut all = self.definitions().iter();
        let found = all.find(|(_, definition)| method_of(definition) == Some(method));
        found.map(|(name, definition)| (name.as_str(), definition))
    }

    /// Validates against the official definition, and against the closed one.
    pub fn validate(&self, name: &str, value: &Value) -> Result<(), String> {
        for closed in [false, true] {
            let validator = self.validator(name, closed);
            if let Some(error) = validator.iter_errors(value).next() {
                let kind = if closed { " (no other properties)" } else { "" };
                let at = error.instance_path();
                return Err(format!("invalid{kind} at {at:?}: {error}: {value}"));
            }
        }
        Ok(())
    }

    fn validator(&self, name: &str, closed: bool) -> Rc<Validator> {
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry((closed, name.to_owned())).or_insert_with(|| {
            let mut root = if closed { self.closed.clone() } else { self.document.clone() };
            let key = if root.get("$defs").is_some() { "$defs" } else { "definitions" };
            root["$ref"] = json!(format!("#/{key}/{name}"));
            let validator = jsonschema::options().should_validate_formats(true).build(&root);
            Rc::new(validator.unwrap_or_else(|error| panic!("{name}: {error}")))
        });
        Rc::clone(validator)
    }
}

/// The method of a message's definition.
pub fn method_of(definition: &Value) -> Option<&str> {
    definition.pointer("/properties/method/const")?.as_str()
}

fn definitions_mut(document: &mut Value) -> Option<&mut Map<String, Value>> {
    let key = if document.get("$defs").is_some() { "$defs" } else { "definitions" };
    document.get_mut(key)?.as_object_mut()
}

/// The definitions that occur within an `allOf`: closing them would refuse the other parts.
fn parts_of_others(node: &Value) -> Vec<String> {
    match node {
        Value::Object(members) => {
            let own = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
            let own = own.filter_map(|part| part.get("$ref")?.as_str()?.rsplit('/').next());
            let own = own.map(str::to_owned).collect::<Vec<_>>();
            members.values().flat_map(parts_of_others).chain(own).collect()
        }
        Value::Array(items) => items.iter().flat_map(parts_of_others).collect(),
        _ => Vec::new(),
    }
}

/// Forbids other properties wherever a schema lists some and does not speak of others.
fn close(node: &mut Value, key: &str) {
    // `_meta` and JSON Schemas are open by nature, and parts of a whole refuse the other parts.
    const OPEN: &[&str] = &["_meta", "allOf", "inputSchema", "outputSchema", "requestedSchema"];
    if OPEN.contains(&key) {
        return;
    }
    match node {
        Value::Object(members) => {
            let is_schema = !matches!(key, "properties");
            for (key, member) in members.iter_mut() {
                close(member, key);
            }
            if !is_schema || members.contains_key("additionalProperties") {
                return;
            }
            if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
                if key == "params" {
                    // Every message may have it, though only the base types say so.
                    properties.entry("_meta").or_insert_with(|| json!({}));
                }
                members.insert("additionalProperties".into(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, "")),
        _ => {}
    }
}
