//! Where references lead: to the same document or nowhere.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use jsonschema::Draft;
use serde_json::{Map, Value};

use super::SchemaError;
use super::shown;

/// What tells two subschemas apart that say the same.
pub(super) type Address = *const Value;

/// What the subschemas of one document are called.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    resources: BTreeMap<&'a str, &'a Value>,
    anchors: BTreeMap<(Address, &'a str), &'a Value>,
    dynamic: BTreeMap<&'a str, Vec<&'a Value>>,
    recursive: Vec<&'a Value>,
}

impl<'a> Names<'a> {
    /// Notes the names a subschema gives itself; returns what `#` means in it.
    pub(super) fn note(
        &mut self,
        schema: &'a Value,
        members: &'a Map<String, Value>,
        mut resource: &'a Value,
        draft: Draft,
    ) -> Result<&'a Value, SchemaError> {
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        match text(draft.id_keyword()) {
            Some(id) if id.starts_with('#') => {
                self.anchor(resource, &id[1..], schema)?;
            }
            Some(id) => {
                resource = schema;
                let id = id.split('#').next().unwrap_or(id);
                if self.resources.insert(id, schema).is_some() {
                    return Err(SchemaError::Reference(shown(id)));
                }
            }
            None => {}
        }
        if let Some(name) = text("$anchor") {
            self.anchor(resource, name, schema)?;
        }
        if let Some(name) = text("$dynamicAnchor") {
            self.anchor(resource, name, schema)?;
            self.dynamic.entry(name).or_default().push(schema);
        }
        if members.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
            self.recursive.push(schema);
        }
        Ok(resource)
    }

    fn anchor(
        &mut self,
        resource: &'a Value,
        name: &'a str,
        schema: &'a Value,
    ) -> Result<(), SchemaError> {
        let named = self.anchors.insert((resource, name), schema);
        match named {
            Some(other) if !core::ptr::eq(other, schema) => {
                Err(SchemaError::Reference(shown(name)))
            }
            _ => Ok(()),
        }
    }

    /// Everything a reference can lead to, with what `#` means there. References that depend on
    /// the way they are come to by can lead to several.
    pub(super) fn resolve(
        &self,
        keyword: &str,
        reference: &str,
        resource: &'a Value,
    ) -> Result<Vec<(&'a Value, &'a Value)>, SchemaError> {
        let (target, home) = self
            .target(reference, resource)
            .ok_or_else(|| SchemaError::Reference(shown(reference)))?;
        let mut targets = Vec::from([(target, home)]);
        let more = match keyword {
            "$dynamicRef" => {
                let (_, name) = reference.split_once('#').unwrap_or_default();
                self.dynamic.get(name)
            }
            "$recursiveRef" => Some(&self.recursive),
            _ => None,
        };
        targets.extend(more.into_iter().flatten().map(|schema| (*schema, resource)));
        Ok(targets)
    }

    fn target(&self, reference: &str, resource: &'a Value) -> Option<(&'a Value, &'a Value)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = match base {
            "" => resource,
            base => self.resources.get(base)?,
        };
        let fragment = unescape(fragment)?;
        let target = if fragment.is_empty() || fragment.starts_with('/') {
            resource.pointer(&fragment)?
        } else {
            self.anchors.get(&(core::ptr::from_ref(resource), &*fragment))?
        };
        Some((target, resource))
    }
}

/// Undoes the percent-encoding of a URI's fragment.
fn unescape(fragment: &str) -> Option<Cow<'_, str>> {
    if !fragment.contains('%') {
        return Some(fragment.into());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? << 4 | digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
