//! Arguments of tools that HTTP clients repeat in headers, for intermediaries to route by.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::model::RawObject;

/// The member of a property's schema that names its header.
const ANNOTATION: &str = "x-mcp-header";

/// The arguments of a tool that are mirrored in headers: what the `x-mcp-header` members of its
/// input schema say (`2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters`).
///
/// ```
/// use mcp_core::modern::MirroredParams;
///
/// let schema = r#"{"type":"object","properties":{
///     "region":{"type":"string","x-mcp-header":"Region"}, "query":{"type":"string"}}}"#;
/// let mirrored = MirroredParams::of(&schema.parse()?)?;
/// assert_eq!(mirrored.iter().next().unwrap().header(), "Mcp-Param-Region");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirroredParams(Vec<MirroredParam>);

/// One argument that is mirrored in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredParam {
    header: String,
    path: Vec<String>,
}

/// An `x-mcp-header` stands where it may not, or says what it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAnnotation {
    /// It is not a non-empty HTTP token (HDR-13).
    #[error("`x-mcp-header` must be a non-empty HTTP token")]
    Token,
    /// Two of them are the same but for their case (HDR-14).
    #[error("there are two `x-mcp-header` called `{0}`")]
    Duplicate(String),
    /// The property is not a string, an integer or a boolean (HDR-15).
    #[error("`x-mcp-header: {0}` needs a property of type string, integer or boolean")]
    Type(String),
    /// The property cannot be reached through `properties` alone (HDR-17, HDR-18).
    #[error("`x-mcp-header: {0}` must be reached through `properties` alone")]
    Place(String),
}

impl MirroredParams {
    /// Reads the annotations of an input schema.
    ///
    /// # Errors
    /// [`InvalidAnnotation`]: clients would drop the tool (HDR-19).
    pub fn of(schema: &RawObject) -> Result<Self, InvalidAnnotation> {
        let mut found = Self::default();
        // Most schemas have none. A backslash could spell it with escapes.
        let text = schema.get();
        if !text.contains(ANNOTATION) && !text.contains('\\') {
            return Ok(found);
        }
        let Ok(schema) = schema.decode::<Map<String, Value>>() else {
            return Ok(found);
        };
        found.visit(&schema, &mut Vec::new(), true)?;
        let mut names = BTreeSet::new();
        for MirroredParam { header, .. } in &found.0 {
            if !names.insert(header.to_ascii_lowercase()) {
                return Err(InvalidAnnotation::Duplicate(header.clone()));
            }
        }
        Ok(found)
    }

    /// The arguments, in the order of the schema's properties.
    pub fn iter(&self) -> core::slice::Iter<'_, MirroredParam> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks at a schema; `reachable` if it is that of a property that can be mirrored.
    ///
    /// How deep this goes is bounded by the parser.
    fn visit(
        &mut self,
        schema: &Map<String, Value>,
        path: &mut Vec<String>,
        reachable: bool,
    ) -> Result<(), InvalidAnnotation> {
        if let Some(annotation) = schema.get(ANNOTATION) {
            let name = annotation.as_str().filter(|name| is_token(name));
            let name = name.ok_or(InvalidAnnotation::Token)?;
            if !reachable || path.is_empty() {
                return Err(InvalidAnnotation::Place(name.to_string()));
            }
            if !schema.get("type").is_some_and(can_be_mirrored) {
                return Err(InvalidAnnotation::Type(name.to_string()));
            }
            let header = alloc::format!("Mcp-Param-{name}");
            self.0.push(MirroredParam { header, path: path.clone() });
        }
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        if let Value::Object(property) = property {
                            path.push(name.clone());
                            self.visit(property, path, reachable)?;
                            path.pop();
                        }
                    }
                }
                (
                    "$defs" | "definitions" | "patternProperties" | "dependentSchemas",
                    Value::Object(schemas),
                ) => self.visit_all(schemas.values(), path)?,
                (
                    "items" | "prefixItems" | "additionalItems" | "unevaluatedItems" | "contains"
                    | "additionalProperties" | "unevaluatedProperties" | "propertyNames" | "allOf"
                    | "anyOf" | "oneOf" | "not" | "if" | "then" | "else",
                    value,
                ) => match value {
                    Value::Array(schemas) => self.visit_all(schemas.iter(), path)?,
                    schema => self.visit_all([schema].into_iter(), path)?,
                },
                // Of the rest nothing is a schema: an annotation in there is an example of one.
                _ => {}
            }
        }
        Ok(())
    }

    fn visit_all<'a>(
        &mut self,
        mut schemas: impl Iterator<Item = &'a Value>,
        path: &mut Vec<String>,
    ) -> Result<(), InvalidAnnotation> {
        schemas.try_for_each(|schema| match schema {
            Value::Object(schema) => self.visit(schema, path, false),
            _ => Ok(()),
        })
    }
}

impl<'a> IntoIterator for &'a MirroredParams {
    type Item = &'a MirroredParam;
    type IntoIter = core::slice::Iter<'a, MirroredParam>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl MirroredParam {
    /// The name of the header, for example `Mcp-Param-Region`.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The argument in a call's arguments; `None` if it is absent or null, and then there is no
    /// header either (HDR-21).
    #[must_use]
    pub fn argument<'a>(&self, arguments: &'a Map<String, Value>) -> Option<&'a Value> {
        let (last, parents) = self.path.split_last()?;
        let parent = parents.iter().try_fold(arguments, |at, name| at.get(name)?.as_object())?;
        parent.get(last).filter(|value| !value.is_null())
    }
}

fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}

/// Whether the `type` of a property lets it be mirrored; it may be null as well, and then is not
/// (HDR-21).
fn can_be_mirrored(kind: &Value) -> bool {
    let is_plain = |kind: &Value| matches!(kind.as_str(), Some("string" | "integer" | "boolean"));
    match kind {
        Value::Array(kinds) => {
            let mut others = kinds.iter().filter(|kind| kind.as_str() != Some("null"));
            others.next().is_some_and(is_plain) && others.next().is_none()
        }
        kind => is_plain(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(schema: &str) -> Result<Vec<String>, InvalidAnnotation> {
        let mirrored = MirroredParams::of(&schema.parse().unwrap())?;
        Ok(mirrored.iter().map(|it| it.header().to_string()).collect())
    }

    /// HDR-11, HDR-15, HDR-17: through any number of `properties`.
    #[test]
    fn properties_are_annotated() {
        for (schema, expected) in [
            ("{}", &[][..]),
            (
                r#"{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}"#,
                &["Mcp-Param-A"],
            ),
            (
                r#"{"properties":{"a":{"type":"object","properties":{
                    "b":{"type":"integer","x-mcp-header":"B"},
                    "c":{"type":["boolean","null"],"x-mcp-header":"c.d"}}}}}"#,
                &["Mcp-Param-B", "Mcp-Param-c.d"],
            ),
            // A property of that name, and an example, are no annotations.
            (r#"{"properties":{"x-mcp-header":{"type":"object"}}}"#, &[]),
            (r#"{"examples":[{"x-mcp-header":"A"}],"const":{"x-mcp-header":1}}"#, &[]),
            // Escapes spell the same name.
            (
                r#"{"properties":{"a":{"type":"string","x\u002dmcp-header":"A"}}}"#,
                &["Mcp-Param-A"],
            ),
        ] {
            assert_eq!(headers(schema).unwrap(), expected, "{schema}");
        }
    }

    /// HDR-13, HDR-14, HDR-15, HDR-18.
    #[test]
    fn nothing_else_is() {
        use InvalidAnnotation::{Duplicate, Place, Token, Type};
        let property = |property: &str| alloc::format!(r#"{{"properties":{{"a":{property}}}}}"#);
        for bad in [r#""""#, r#""a b""#, r#""a:b""#, r#""\u00e4""#, r#""a\n""#, "7", "null"] {
            let schema = property(&alloc::format!(r#"{{"type":"string","x-mcp-header":{bad}}}"#));
            assert_eq!(headers(&schema), Err(Token), "{bad}");
        }
        for bad in [r#""number""#, r#""object""#, r#"["string","integer"]"#, "[]", "true"] {
            let schema = property(&alloc::format!(r#"{{"type":{bad},"x-mcp-header":"A"}}"#));
            assert_eq!(headers(&schema), Err(Type("A".into())), "{bad}");
        }
        assert_eq!(headers(&property(r#"{"x-mcp-header":"A"}"#)), Err(Type("A".into())));
        let it = r#"{"type":"string","x-mcp-header":"A"}"#;
        for bad in [
            it.to_string(),
            alloc::format!(r#"{{"items":{it}}}"#),
            alloc::format!(r#"{{"allOf":[{{"properties":{{"a":{it}}}}}]}}"#),
            alloc::format!(r#"{{"if":{{"properties":{{"a":{it}}}}}}}"#),
            alloc::format!(r#"{{"$defs":{{"d":{it}}}}}"#),
            property(&alloc::format!(r#"{{"type":"array","items":{it}}}"#)),
        ] {
            assert_eq!(headers(&bad), Err(Place("A".into())), "{bad}");
        }
        let twice = alloc::format!(
            r#"{{"properties":{{"a":{it},"b":{{"type":"string","x-mcp-header":"a"}}}}}}"#
        );
        assert!(matches!(headers(&twice), Err(Duplicate(_))));
    }

    /// HDR-21, HDR-22.
    #[test]
    fn an_absent_argument_has_no_header() {
        let schema = r#"{"properties":{"a":{"properties":{"b":{"type":"string","x-mcp-header":"B"}}}}}"#;
        let mirrored = MirroredParams::of(&schema.parse().unwrap()).unwrap();
        let [param] = &mirrored.0[..] else { panic!("one") };
        for (arguments, expected) in [
            (r#"{"a":{"b":"x"}}"#, Some("x")),
            (r#"{"a":{"b":""}}"#, Some("")),
            (r#"{"a":{"b":null}}"#, None),
            (r#"{"a":{}}"#, None),
            (r#"{"a":"b"}"#, None),
            (r#"{"b":"x"}"#, None),
        ] {
            let arguments: Map<String, Value> = serde_json::from_str(arguments).unwrap();
            assert_eq!(param.argument(&arguments).and_then(Value::as_str), expected);
        }
    }
}
