//! Which keywords of JSON Schema hold schemas, and what those apply to.

use alloc::boxed::Box;

/// What a subschema applies to, seen from the value that the schema around it applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// The same value.
    Here,
    /// The same value, as one alternative: if none holds, all of them are explained.
    Choice,
    /// One member.
    Member(Box<str>),
    /// Members that a pattern picks.
    PickedMembers,
    /// Members that nothing else applies to.
    OtherMembers,
    /// The members' names.
    Names,
    /// One item.
    Item(usize),
    /// The items after those.
    OtherItems,
    /// Every item, in search of some.
    Search,
    /// Nothing, until a reference leads there.
    Nothing,
}

/// What the value of a keyword is.
#[derive(Debug)]
pub(super) enum Holds {
    /// A schema.
    One(Site),
    /// An array of schemas.
    List(Site),
    /// Schemas by a name.
    Map(Site),
    /// Schemas by the name of the member they apply to.
    Members,
    /// Schemas for the items in turn.
    Items,
    /// A schema for all items, or in older drafts schemas for the items in turn.
    OneOrItems,
}

/// What of a keyword's value is schemas.
///
/// Of all drafts at once: that can only make a schema look larger than it is.
pub(super) fn holds(keyword: &str) -> Option<Holds> {
    use Holds::{Items, List, Map, Members, One, OneOrItems};
    Some(match keyword {
        "allOf" => List(Site::Here),
        "anyOf" | "oneOf" => List(Site::Choice),
        "not" | "if" | "then" | "else" => One(Site::Here),
        "dependentSchemas" | "dependencies" => Map(Site::Here),
        "properties" => Members,
        "patternProperties" => Map(Site::PickedMembers),
        "additionalProperties" | "unevaluatedProperties" => One(Site::OtherMembers),
        "propertyNames" => One(Site::Names),
        "prefixItems" => Items,
        "items" => OneOrItems,
        "additionalItems" | "unevaluatedItems" => One(Site::OtherItems),
        "contains" => One(Site::Search),
        "$defs" | "definitions" => Map(Site::Nothing),
        "contentSchema" => One(Site::Nothing),
        _ => return None,
    })
}
