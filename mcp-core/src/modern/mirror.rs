//! Arguments of tools that HTTP clients repeat in headers, for intermediaries to route by.

use alloc::string::String;
use alloc::vec::Vec;

use crate::model::members::Members;
use crate::model::{RawJson, RawObject};

/// The member of a property's schema that names its header.
const ANNOTATION: &str = "x-mcp-header";

/// How deep an annotation is looked for.
const MAX_DEPTH: usize = 128;

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
#[error("`x-mcp-header` at `{pointer}` {problem}")]
#[non_exhaustive]
pub struct InvalidAnnotation {
    /// The schema it stands in, as a JSON Pointer into the input schema.
    pub pointer: String,
    /// What is wrong with it.
    pub problem: AnnotationProblem,
}

/// What is wrong with an `x-mcp-header`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationProblem {
    /// It is not a non-empty HTTP token (HDR-13).
    #[error("must be a non-empty HTTP token")]
    Token,
    /// An earlier one is the same but for its case (HDR-14).
    #[error("names the same header as another one")]
    Duplicate,
    /// The property is not a string, an integer or a boolean (HDR-15). One that may be null as
    /// well is none of them: clients drop the tool; leave an optional argument out instead.
    #[error("needs a property whose type is just string, integer or boolean")]
    Type,
    /// The property cannot be reached through `properties` alone (HDR-17, HDR-18).
    #[error("must be on a property that is reached through `properties` alone")]
    Place,
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
        found.visit(&schema.members(), &mut Position::default())?;
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

    /// Looks at a schema and those in it.
    fn visit(&mut self, schema: &Members, at: &mut Position) -> Result<(), InvalidAnnotation> {
        if let Some(annotation) = schema.last(ANNOTATION) {
            let param = self.read(annotation, schema, at);
            self.0.push(param.map_err(|problem| at.invalid(problem))?);
        }
        for (keyword, value) in &schema.0 {
            let (is_aside, are_named) = match keyword.as_str() {
                "properties" => (false, true),
                "$defs" | "definitions" | "patternProperties" | "dependentSchemas"
                | "dependencies" => (true, true),
                "items"
                | "prefixItems"
                | "additionalItems"
                | "unevaluatedItems"
                | "contains"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "propertyNames"
                | "allOf"
                | "anyOf"
                | "oneOf"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contentSchema" => (true, false),
                // Of the rest nothing is a schema: an annotation in there is an example of one.
                _ => continue,
            };
            at.aside += usize::from(is_aside);
            at.path.push(keyword.clone());
            if are_named {
                self.visit_each(value, at)?;
            } else if let Ok(schemas) = value.to::<Vec<RawJson>>() {
                schemas.iter().try_for_each(|schema| self.visit_value(schema, at))?;
            } else {
                self.visit_value(value, at)?;
            }
            at.path.pop();
            at.aside -= usize::from(is_aside);
        }
        Ok(())
    }

    /// Looks at schemas by name.
    fn visit_each(
        &mut self,
        schemas: &RawJson,
        at: &mut Position,
    ) -> Result<(), InvalidAnnotation> {
        for (name, schema) in Members::of(schemas).0 {
            at.path.push(name);
            self.visit_value(&schema, at)?;
            at.path.pop();
        }
        Ok(())
    }

    fn visit_value(
        &mut self,
        schema: &RawJson,
        at: &mut Position,
    ) -> Result<(), InvalidAnnotation> {
        // Deeper than that no parser goes, and nobody else's schemas reach.
        if at.path.len() > MAX_DEPTH { Ok(()) } else { self.visit(&Members::of(schema), at) }
    }

    fn read(
        &self,
        annotation: &RawJson,
        schema: &Members,
        at: &Position,
    ) -> Result<MirroredParam, AnnotationProblem> {
        let name = annotation.to::<String>().ok().filter(|name| is_token(name));
        let name = name.ok_or(AnnotationProblem::Token)?;
        let path = at.argument().ok_or(AnnotationProblem::Place)?;
        if !schema.last("type").is_some_and(can_be_mirrored) {
            return Err(AnnotationProblem::Type);
        }
        let header = alloc::format!("Mcp-Param-{name}");
        if self.iter().any(|other| other.header.eq_ignore_ascii_case(&header)) {
            return Err(AnnotationProblem::Duplicate);
        }
        Ok(MirroredParam { header, path })
    }
}

/// Where in a schema a subschema stands.
#[derive(Default)]
struct Position {
    /// The members that lead there; where they are an array's, its items are not told apart.
    path: Vec<String>,
    /// How many of those are keywords other than `properties`.
    aside: usize,
}

impl Position {
    /// The argument that is described there, if it is one: the members that lead to it.
    fn argument(&self) -> Option<Vec<String>> {
        if self.aside > 0 || self.path.is_empty() {
            return None;
        }
        // `properties`, a name, `properties`, a name …
        Some(self.path.iter().skip(1).step_by(2).cloned().collect())
    }

    fn invalid(&self, problem: AnnotationProblem) -> InvalidAnnotation {
        let mut pointer = String::new();
        for member in &self.path {
            pointer += "/";
            pointer += &member.replace('~', "~0").replace('/', "~1");
        }
        InvalidAnnotation { pointer, problem }
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
    pub fn argument(&self, arguments: &RawObject) -> Option<RawJson> {
        let value = self.path.iter().try_fold(arguments.as_json().clone(), |at, name| {
            Members::of(&at).last(name).cloned()
        })?;
        (!value.is_null()).then_some(value)
    }

    /// What a client writes into the header: strings as they are, integers in decimal, `true` or
    /// `false`, and as Base64 what would not survive in a header (HDR-24, HDR-25).
    ///
    /// `None` if there is no such argument, or it is nothing that can be mirrored: the server
    /// then says what is wrong with it.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn value(&self, arguments: &RawObject) -> Option<String> {
        let argument = self.argument(arguments)?;
        match argument.as_str() {
            json if json.starts_with('"') => {
                let text: String = argument.to().ok()?;
                Some(super::header::encode(&text).into_owned())
            }
            flag @ ("true" | "false") => Some(flag.into()),
            json => integer(json),
        }
    }
}

/// An integer in decimal, if it is one of those that may be mirrored (HDR-16): `42.0` is 42.
#[cfg(feature = "http")]
fn integer(number: &str) -> Option<String> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    let value: f64 = number.parse().ok()?;
    (value.fract() == 0.0 && value.abs() <= SAFE).then(|| alloc::format!("{}", value as i64))
}

fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}

/// Whether the `type` of a property lets it be mirrored.
///
/// `["string","null"]` does not, though an argument that is null has no header (HDR-21): the
/// official SDKs take it for a bad annotation and drop the tool.
fn can_be_mirrored(kind: &RawJson) -> bool {
    let kind = kind.to::<String>();
    matches!(kind.as_deref(), Ok("string" | "integer" | "boolean"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(schema: &str) -> Result<Vec<String>, InvalidAnnotation> {
        let mirrored = MirroredParams::of(&schema.parse().unwrap())?;
        Ok(mirrored.iter().map(|it| it.header().into()).collect())
    }

    /// HDR-11, HDR-15, HDR-17: through any number of `properties`.
    #[test]
    fn properties_are_annotated() {
        for (schema, expected) in [
            ("{}", &[][..]),
            (r#"{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}"#, &["Mcp-Param-A"]),
            (
                r#"{"properties":{"a":{"type":"object","properties":{
                    "b":{"type":"integer","x-mcp-header":"B"},
                    "c":{"type":"boolean","x-mcp-header":"c.d"}}}}}"#,
                &["Mcp-Param-B", "Mcp-Param-c.d"],
            ),
            // A property of that name, and an example, are no annotations.
            (r#"{"properties":{"x-mcp-header":{"type":"object"}}}"#, &[]),
            (r#"{"examples":[{"x-mcp-header":"A"}],"const":{"x-mcp-header":1}}"#, &[]),
            // Escapes spell the same name.
            (r#"{"properties":{"a":{"type":"string","x\u002dmcp-header":"A"}}}"#, &["Mcp-Param-A"]),
        ] {
            assert_eq!(headers(schema).unwrap(), expected, "{schema}");
        }
    }

    /// HDR-13, HDR-14, HDR-15, HDR-17, HDR-18: an error names the place.
    #[test]
    fn nothing_else_is() {
        use AnnotationProblem::{Duplicate, Place, Token, Type};
        let problem = |schema: &str, pointer: &str| {
            let invalid = headers(schema).unwrap_err();
            assert_eq!(invalid.pointer, pointer, "{schema}");
            invalid.problem
        };
        let property = |property: &str| alloc::format!(r#"{{"properties":{{"a":{property}}}}}"#);
        for bad in [r#""""#, r#""a b""#, r#""a:b""#, r#""\u00e4""#, r#""a\n""#, "7", "null"] {
            let schema = property(&alloc::format!(r#"{{"type":"string","x-mcp-header":{bad}}}"#));
            assert_eq!(problem(&schema, "/properties/a"), Token, "{bad}");
        }
        for bad in [
            r#""number""#,
            r#""object""#,
            r#"["string"]"#,
            r#"["string","null"]"#,
            r#"["string","integer"]"#,
            "[]",
            "true",
        ] {
            let schema = property(&alloc::format!(r#"{{"type":{bad},"x-mcp-header":"A"}}"#));
            assert_eq!(problem(&schema, "/properties/a"), Type, "{bad}");
        }
        assert_eq!(problem(&property(r#"{"x-mcp-header":"A"}"#), "/properties/a"), Type);
        let it = r#"{"type":"string","x-mcp-header":"A"}"#;
        assert_eq!(problem(it, ""), Place);
        for keyword in [
            "items",
            "prefixItems",
            "additionalItems",
            "unevaluatedItems",
            "contains",
            "additionalProperties",
            "unevaluatedProperties",
            "propertyNames",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "if",
            "then",
            "else",
            "contentSchema",
        ] {
            let schema = alloc::format!(r#"{{"{keyword}":{it}}}"#);
            assert_eq!(problem(&schema, &alloc::format!("/{keyword}")), Place, "{schema}");
            let schema =
                alloc::format!(r#"{{"{keyword}":[{{}},{{"properties":{{"a/b":{it}}}}}]}}"#);
            let pointer = alloc::format!("/{keyword}/properties/a~1b");
            assert_eq!(problem(&schema, &pointer), Place, "{schema}");
            let schema = property(&alloc::format!(r#"{{"{keyword}":{it}}}"#));
            let pointer = alloc::format!("/properties/a/{keyword}");
            assert_eq!(problem(&schema, &pointer), Place, "{schema}");
        }
        for keyword in
            ["$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"]
        {
            let schema = alloc::format!(r#"{{"{keyword}":{{"x":{it}}}}}"#);
            assert_eq!(problem(&schema, &alloc::format!("/{keyword}/x")), Place, "{schema}");
        }
        let twice = alloc::format!(
            r#"{{"properties":{{"a":{it},"b":{{"properties":{{"c":{{"type":"string","x-mcp-header":"a"}}}}}}}}}}"#
        );
        assert_eq!(problem(&twice, "/properties/b/properties/c"), Duplicate);
    }

    /// HDR-21, HDR-22.
    #[test]
    fn an_absent_argument_has_no_header() {
        let schema =
            r#"{"properties":{"a":{"properties":{"b":{"type":"string","x-mcp-header":"B"}}}}}"#;
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
            let argument = param.argument(&arguments.parse().unwrap());
            assert_eq!(argument.map(|it| it.to::<String>().unwrap()).as_deref(), expected);
        }
    }
}
