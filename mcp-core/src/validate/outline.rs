//! What a schema consists of, and how much work it can make.
//!
//! The work is counted in applications: one subschema looking at one value once. A few lines of
//! schema can ask for any number of them, `{"allOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]}`
//! and so on for two to the power of the lines, so they are counted before anything is compiled.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use jsonschema::Draft;
use serde_json::Value;

use super::SchemaError;
use super::keyword::{Holds, Site, holds};
use super::reference::{Address, Names};

/// The most subschemas in a schema.
const MAX_SUBSCHEMAS: usize = 8192;

/// The most patterns in a schema: each becomes a program, for which memory is needed.
const MAX_PATTERNS: usize = 256;

/// The most applications to one value: a union of a hundred types of a hundred members each
/// stays below it.
const MAX_APPLICATIONS: u64 = 1 << 14;

/// The most subschemas at work inside each other. Each takes up to 2 KiB of stack in a build
/// without optimization, and threads have 2 MiB.
const MAX_LEVELS: usize = 512;

/// The most subschemas of a recursive schema at work inside each other on one value: it leaves
/// 16 levels for values.
const MAX_LEVELS_HERE: usize = MAX_LEVELS / 16;

/// How often the subschemas beside `unevaluatedProperties` and `unevaluatedItems` are applied at
/// most: to check them, and to find out what they have looked at.
const REPEATS: u64 = 4;

/// The subschemas of a schema and how they lead to each other. The first is the root.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) nodes: Vec<Node>,
    /// How deep values may nest; none if the schema itself ends the descent.
    max_depth: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) edges: Vec<Edge>,
    /// Whether the schema looks at what its subschemas have looked at.
    looks_back: bool,
}

#[derive(Debug)]
pub(super) struct Edge {
    pub(super) to: usize,
    pub(super) site: Site,
}

impl Outline {
    pub(super) fn new(schema: &Value, draft: Draft) -> Result<Self, SchemaError> {
        let nodes = Reader::read(schema, draft)?;
        let mut outline = Self { nodes, max_depth: None };
        outline.measure()?;
        Ok(outline)
    }

    /// Whether checking a value stays within the stack.
    pub(super) fn can_take(&self, value: &Value) -> bool {
        self.max_depth.is_none_or(|limit| is_within(value, limit))
    }

    fn measure(&mut self) -> Result<(), SchemaError> {
        let all: Vec<usize> = (0..self.nodes.len()).collect();
        let Order { nodes, cyclic } = self.order(&all, Site::is_here);
        if cyclic {
            return Err(SchemaError::Cycle);
        }
        let levels_here = self.longest_path(&nodes, Site::is_here);
        let Order { nodes, cyclic } = self.order(&[0], Site::is_applied);
        if self.applications(&nodes) > MAX_APPLICATIONS {
            return Err(SchemaError::Applications { limit: MAX_APPLICATIONS });
        }
        let fits = if cyclic {
            levels_here <= MAX_LEVELS_HERE
        } else {
            self.longest_path(&nodes, Site::is_applied) <= MAX_LEVELS
        };
        if !fits {
            return Err(SchemaError::Levels);
        }
        self.max_depth = cyclic.then(|| MAX_LEVELS / levels_here);
        Ok(())
    }

    /// The subschemas reached over some kinds of edges, each after those it leads to.
    fn order(&self, starts: &[usize], follow: fn(&Site) -> bool) -> Order {
        #[derive(Clone, Copy, PartialEq)]
        enum Visit {
            Ahead,
            Underway,
            Done,
        }

        let mut visits: Vec<Visit> = self.nodes.iter().map(|_| Visit::Ahead).collect();
        let mut order = Order { nodes: Vec::new(), cyclic: false };
        for start in starts {
            // A path may be as long as there are subschemas: too long for the stack.
            let mut path = Vec::from([(*start, 0)]);
            while let Some((node, next)) = path.pop() {
                if next == 0 {
                    if visits[node] != Visit::Ahead {
                        continue;
                    }
                    visits[node] = Visit::Underway;
                }
                let mut edges = self.nodes[node].edges.iter().enumerate().skip(next);
                match edges.find(|(_, edge)| follow(&edge.site)) {
                    None => {
                        visits[node] = Visit::Done;
                        order.nodes.push(node);
                    }
                    Some((index, edge)) => {
                        path.push((node, index + 1));
                        match visits[edge.to] {
                            Visit::Ahead => path.push((edge.to, 0)),
                            Visit::Underway => order.cyclic = true,
                            Visit::Done => {}
                        }
                    }
                }
            }
        }
        order
    }

    /// The most subschemas on any path, its ends counted.
    fn longest_path(&self, order: &[usize], follow: fn(&Site) -> bool) -> usize {
        let mut lengths = Vec::from_iter(self.nodes.iter().map(|_| 0));
        for node in order {
            let edges = self.nodes[*node].edges.iter().filter(|edge| follow(&edge.site));
            let longest = edges.map(|edge| lengths[edge.to]).max().unwrap_or_default();
            lengths[*node] = longest + 1;
        }
        lengths.into_iter().max().unwrap_or_default()
    }

    /// The most applications that the root can come to on one value, however deep inside; where
    /// a schema leads back to itself, those of one round.
    fn applications(&self, order: &[usize]) -> u64 {
        let mut counts = Vec::from_iter(self.nodes.iter().map(|_| 1));
        let mut last = 0;
        for node in order {
            let Node { edges, looks_back } = &self.nodes[*node];
            let (mut here, mut one_of, mut several) = (0u64, 0u64, 0u64);
            for Edge { to, site } in edges {
                let count: u64 = counts[*to];
                match site {
                    Site::Here | Site::Choice => here = here.saturating_add(count),
                    // Two of them never look at the same value.
                    Site::Member(_)
                    | Site::OtherMembers
                    | Site::Names
                    | Site::Item(_)
                    | Site::OtherItems => one_of = one_of.max(count),
                    Site::PickedMembers | Site::Search => several = several.saturating_add(count),
                    Site::Nothing => {}
                }
            }
            if *looks_back {
                here = here.saturating_mul(REPEATS);
            }
            last = here.saturating_add(one_of).saturating_add(several).saturating_add(1);
            counts[*node] = last;
        }
        last
    }
}

/// Subschemas in an order, and whether they lead back to each other.
struct Order {
    nodes: Vec<usize>,
    cyclic: bool,
}

impl Site {
    const fn is_here(&self) -> bool {
        matches!(self, Self::Here | Self::Choice)
    }

    const fn is_applied(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

fn is_within(value: &Value, levels: usize) -> bool {
    let next = |value: &Value| levels > 0 && is_within(value, levels - 1);
    match value {
        Value::Array(items) => items.iter().all(next),
        Value::Object(members) => members.values().all(next),
        _ => true,
    }
}

/// Finds the subschemas of a schema.
struct Reader<'a> {
    draft: Draft,
    nodes: Vec<Node>,
    known: BTreeMap<Address, usize>,
    /// Subschemas to look at, with what `#` means around them.
    found: Vec<(usize, &'a Value, &'a Value)>,
    references: Vec<Reference<'a>>,
    names: Names<'a>,
    patterns: usize,
}

struct Reference<'a> {
    from: usize,
    keyword: &'a str,
    to: &'a str,
    resource: &'a Value,
}

impl<'a> Reader<'a> {
    fn read(schema: &'a Value, draft: Draft) -> Result<Vec<Node>, SchemaError> {
        let mut reader = Self {
            draft,
            nodes: Vec::new(),
            known: BTreeMap::new(),
            found: Vec::new(),
            references: Vec::new(),
            names: Names::default(),
            patterns: 0,
        };
        reader.node(schema, schema)?;
        loop {
            // All names first, then what is called by them, which can be something new.
            while let Some((node, schema, resource)) = reader.found.pop() {
                reader.look_at(node, schema, resource)?;
            }
            let Some(Reference { from, keyword, to, resource }) = reader.references.pop() else {
                return Ok(reader.nodes);
            };
            for (target, resource) in reader.names.resolve(keyword, to, resource)? {
                reader.edge(from, target, Site::Here, resource)?;
            }
        }
    }

    fn node(&mut self, schema: &'a Value, resource: &'a Value) -> Result<usize, SchemaError> {
        let next = self.nodes.len();
        let node = *self.known.entry(schema).or_insert(next);
        if node == next {
            if next == MAX_SUBSCHEMAS {
                return Err(SchemaError::Subschemas { limit: MAX_SUBSCHEMAS });
            }
            self.nodes.push(Node::default());
            self.found.push((node, schema, resource));
        }
        Ok(node)
    }

    fn edge(
        &mut self,
        from: usize,
        schema: &'a Value,
        site: Site,
        resource: &'a Value,
    ) -> Result<(), SchemaError> {
        // `true` and `false` lead nowhere, and what is no schema is found out later.
        if schema.is_object() {
            let to = self.node(schema, resource)?;
            self.nodes[from].edges.push(Edge { to, site });
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        node: usize,
        schema: &'a Value,
        resource: &'a Value,
    ) -> Result<(), SchemaError> {
        let Value::Object(members) = schema else {
            return Ok(());
        };
        let resource = self.names.note(schema, members, resource, self.draft)?;
        for (keyword, value) in members {
            match (keyword.as_str(), value) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) => {
                    self.references.push(Reference { from: node, keyword, to, resource });
                }
                ("unevaluatedProperties" | "unevaluatedItems", _) => {
                    self.nodes[node].looks_back = true;
                }
                ("pattern", _) => self.patterns += 1,
                ("patternProperties", Value::Object(schemas)) => self.patterns += schemas.len(),
                _ => {}
            }
            let Some(holds) = holds(keyword) else {
                continue;
            };
            self.subschemas(node, holds, value, resource)?;
        }
        if self.patterns > MAX_PATTERNS {
            return Err(SchemaError::Patterns { limit: MAX_PATTERNS });
        }
        Ok(())
    }

    fn subschemas(
        &mut self,
        node: usize,
        holds: Holds,
        value: &'a Value,
        resource: &'a Value,
    ) -> Result<(), SchemaError> {
        match (holds, value) {
            (Holds::One(site), schema) => self.edge(node, schema, site, resource),
            (Holds::OneOrItems, schema @ Value::Object(_)) => {
                self.edge(node, schema, Site::OtherItems, resource)
            }
            (Holds::List(site), Value::Array(schemas)) => {
                let mut schemas = schemas.iter();
                schemas.try_for_each(|schema| self.edge(node, schema, site.clone(), resource))
            }
            (Holds::Items | Holds::OneOrItems, Value::Array(schemas)) => {
                let mut schemas = schemas.iter().enumerate();
                schemas
                    .try_for_each(|(at, schema)| self.edge(node, schema, Site::Item(at), resource))
            }
            (Holds::Map(site), Value::Object(schemas)) => {
                let mut schemas = schemas.values();
                schemas.try_for_each(|schema| self.edge(node, schema, site.clone(), resource))
            }
            (Holds::Members, Value::Object(schemas)) => {
                let mut schemas = schemas.iter();
                schemas.try_for_each(|(name, schema)| {
                    let name: Box<str> = name.as_str().into();
                    self.edge(node, schema, Site::Member(name), resource)
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use serde_json::json;

    use super::*;

    fn counted(schema: &Value) -> (usize, u64) {
        let nodes = Reader::read(schema, Draft::Draft202012).unwrap();
        let outline = Outline { nodes, max_depth: None };
        let order = outline.order(&[0], Site::is_applied);
        (outline.nodes.len(), outline.applications(&order.nodes))
    }

    /// Two things looked at in one value add up, in different values they do not.
    #[test]
    fn applications_are_counted() {
        let two = json!({"allOf": [{}, {}]});
        for (schema, expected) in [
            (json!({}), (1, 1)),
            (json!(true), (1, 1)),
            (two.clone(), (3, 3)),
            (json!({"anyOf": [two, {}], "not": {}}), (6, 6)),
            (json!({"properties": {"a": two, "b": two}}), (7, 4)),
            (json!({"properties": {"a": two}, "additionalProperties": two}), (7, 4)),
            (json!({"properties": {"a": two}, "patternProperties": {"a": two}}), (7, 7)),
            (json!({"prefixItems": [two, two], "items": {}}), (8, 4)),
            (json!({"items": two, "contains": two}), (7, 7)),
            (json!({"allOf": [two], "unevaluatedProperties": false}), (4, 13)),
            (json!({"$defs": {"a": two}}), (4, 1)),
            (json!({"$defs": {"a": two}, "$ref": "#/$defs/a"}), (4, 4)),
            // What is no schema counts for nothing until something refers to it.
            (json!({"const": {"not": {}}, "default": {"$ref": "x"}}), (1, 1)),
            (json!({"example": {"not": {}}, "$ref": "#/example"}), (3, 3)),
            // One round of a recursion.
            (json!({"items": {"$ref": "#"}, "contains": {}}), (3, 4)),
        ] {
            assert_eq!(counted(&schema), expected, "{schema}");
        }
    }

    /// Counting to two to the power of 200 takes one step for each reference.
    #[test]
    fn counting_is_not_doing() {
        let definitions: serde_json::Map<_, _> = (0..200)
            .map(|number| {
                let next = json!({"$ref": format!("#/{}", number + 1)});
                (number.to_string(), json!({"allOf": [next, next]}))
            })
            .collect();
        let mut schema = Value::from(definitions);
        schema["200"] = json!({});
        schema["$ref"] = json!("#/0");
        assert_eq!(counted(&schema), (602, u64::MAX));
    }

    #[test]
    fn levels_are_counted() {
        let value = json!({"a": [[], {"b": 1}]});
        assert!(!is_within(&value, 1));
        assert!(!is_within(&value, 2));
        assert!(is_within(&value, 3));
    }
}
