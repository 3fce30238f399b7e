//! What servers say of their skills.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::jsonrpc::RawJson;
use crate::model::{CacheScope, Cursor, RawObject};

/// A skill, as `skills/list` and `skills/get` show it.
///
/// It is known by its server and its URI together: names are labels, and two servers may have the
/// same URI for different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Skill {
    /// Where its `SKILL.md` is.
    pub uri: String,
    /// The frontmatter of `SKILL.md`, all of it, as JSON.
    pub frontmatter: RawObject,
    /// Its files.
    #[serde(default)]
    pub resources: SkillResources,
}

impl Skill {
    /// A skill with all its files, `SKILL.md` among them.
    #[must_use]
    pub fn new(
        uri: impl Into<String>,
        frontmatter: RawObject,
        resources: impl IntoIterator<Item = SkillResource>,
    ) -> Self {
        let resources = SkillResources::Listed(resources.into_iter().collect());
        Self { uri: uri.into(), frontmatter, resources }
    }

    /// A skill whose files are made when they are read: nothing of it can be verified but the
    /// frontmatter, and hosts may decline it.
    #[must_use]
    pub fn dynamic(uri: impl Into<String>, frontmatter: RawObject) -> Self {
        Self { uri: uri.into(), frontmatter, resources: SkillResources::Dynamic }
    }

    /// Its name: a label, which others may have too.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.labels().name
    }

    /// What it is good for.
    #[must_use]
    pub fn description(&self) -> Option<String> {
        self.labels().description
    }

    /// The file at a URI, if it is listed.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Option<&SkillResource> {
        self.resources.listed().iter().find(|it| it.uri == uri)
    }

    fn labels(&self) -> Labels {
        self.frontmatter.decode().unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
struct Labels {
    name: Option<String>,
    description: Option<String>,
}

/// A file of a skill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SkillResource {
    /// Where it is read.
    pub uri: String,
    /// `sha256:` and the digest of its bytes, in lower case.
    pub digest: String,
    /// How many bytes it has.
    pub size: u64,
}

impl SkillResource {
    /// The file with these bytes.
    #[must_use]
    pub fn of(uri: impl Into<String>, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        Self { uri: uri.into(), digest: digest(content), size: content.len() as u64 }
    }
}

/// The digest of a file, as entries give it.
pub(super) fn digest(content: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(content) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The files of a skill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkillResources {
    /// Every one of them.
    Listed(Vec<SkillResource>),
    /// They are made when they are read.
    Dynamic,
    /// The server said neither: the skill must not be loaded. The other skills of its list are
    /// not the worse for it.
    #[default]
    Invalid,
}

impl SkillResources {
    /// The files, if they are listed.
    #[must_use]
    pub fn listed(&self) -> &[SkillResource] {
        match self {
            Self::Listed(resources) => resources,
            Self::Dynamic | Self::Invalid => &[],
        }
    }
}

impl Serialize for SkillResources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Listed(resources) => resources.serialize(serializer),
            Self::Dynamic => serializer.serialize_str("dynamic"),
            Self::Invalid => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for SkillResources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        if json.as_str() == r#""dynamic""# {
            return Ok(Self::Dynamic);
        }
        Ok(json.to().map_or(Self::Invalid, Self::Listed))
    }
}

/// The result of `skills/list`: a page of skills, not all that a server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListSkillsResult {
    /// The skills of this page.
    pub skills: Vec<Skill>,
    /// Where the next page starts; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Cursor>,
    /// How long the result stays fresh, in milliseconds.
    #[serde(default)]
    pub ttl_ms: u64,
    /// Who may share the result.
    #[serde(default = "private")]
    pub cache_scope: CacheScope,
}

impl ListSkillsResult {
    /// A page, the last one, that is stale at once and for nobody else.
    #[must_use]
    pub fn new(skills: impl IntoIterator<Item = Skill>) -> Self {
        let skills = skills.into_iter().collect();
        Self { skills, next_cursor: None, ttl_ms: 0, cache_scope: CacheScope::Private }
    }

    /// Sets how long the result stays fresh, and for whom.
    #[must_use]
    pub const fn with_freshness(mut self, ttl_ms: u64, scope: CacheScope) -> Self {
        self.ttl_ms = ttl_ms;
        self.cache_scope = scope;
        self
    }

    /// Sets where the next page starts.
    #[must_use]
    pub fn with_next_cursor(mut self, cursor: impl Into<Cursor>) -> Self {
        self.next_cursor = Some(cursor.into());
        self
    }
}

/// The result of `skills/get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GetSkillResult {
    /// The skill.
    pub skill: Skill,
    /// How long the result stays fresh, in milliseconds.
    #[serde(default)]
    pub ttl_ms: u64,
    /// Who may share the result.
    #[serde(default = "private")]
    pub cache_scope: CacheScope,
}

impl GetSkillResult {
    /// A skill, stale at once and for nobody else.
    #[must_use]
    pub const fn new(skill: Skill) -> Self {
        Self { skill, ttl_ms: 0, cache_scope: CacheScope::Private }
    }

    /// Sets how long the result stays fresh, and for whom.
    #[must_use]
    pub const fn with_freshness(mut self, ttl_ms: u64, scope: CacheScope) -> Self {
        self.ttl_ms = ttl_ms;
        self.cache_scope = scope;
        self
    }
}

const fn private() -> CacheScope {
    CacheScope::Private
}
