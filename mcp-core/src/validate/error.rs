//! Schemas that nothing can be checked against.

use alloc::string::String;

/// Why nothing can be checked against a schema.
///
/// Bounds are on what a schema can cost, which is not how long it is: a few lines can ask for any
/// number of checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It says something that its dialect of JSON Schema does not allow. Patterns that look
    /// around or refer back count among that: matching them can take any time.
    #[error("is not valid at `{at}`: {why}")]
    Invalid {
        /// Where, as a JSON Pointer.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// Its `$schema` is none of drafts 4, 6, 7, 2019-09 and 2020-12.
    #[error("has an unknown dialect: {0}")]
    Dialect(String),
    /// A reference leads out of the schema or to nothing, or there are two things of that name.
    /// Nothing is ever fetched.
    #[error("has a reference or name that does not lead to one place in it: {0}")]
    Reference(String),
    /// A reference leads back to itself without going deeper into the value.
    #[error("refers to itself for the same value")]
    Cycle,
    /// It is too long.
    #[error("is longer than {limit} bytes")]
    Bytes {
        /// The most bytes.
        limit: usize,
    },
    /// It nests deeper, or has larger numbers, than JSON is read here.
    #[error("nests too deeply, or has a number that is too large")]
    Depth,
    /// It consists of too many schemas.
    #[error("has more than {limit} subschemas")]
    Subschemas {
        /// The most subschemas.
        limit: usize,
    },
    /// It has too many patterns.
    #[error("has more than {limit} patterns")]
    Patterns {
        /// The most patterns.
        limit: usize,
    },
    /// References and alternatives multiply to too many checks.
    #[error("asks for more than {limit} checks of one value")]
    Applications {
        /// The most checks.
        limit: u64,
    },
    /// References lead to each other in too long a row.
    #[error("has too many subschemas inside each other")]
    Levels,
}
