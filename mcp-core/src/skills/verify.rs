//! What must hold of a skill before a model sees it.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::entry::digest;
use super::frontmatter::{self, FrontmatterFault};
use super::{MAX_BYTES, MAX_FILES, Skill, SkillResource, SkillResources};

/// Why a skill, or a file of one, is not used. The server is at fault, or its content has changed
/// since the entry was fetched: `skills/get` brings a new one, which the user has to agree to anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkillFault {
    /// The entry breaks a rule.
    #[error("the entry of the skill {0}")]
    Entry(&'static str),
    /// It has more files than anybody has to accept.
    #[error("the skill has {0} files, more than {MAX_FILES}")]
    TooManyFiles(usize),
    /// It is larger than anybody has to accept.
    #[error("the skill has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// The file is not one of the skill's.
    #[error("`{0}` is no file of the skill")]
    Unlisted(String),
    /// The file has another length than the entry says.
    #[error("`{uri}` has {found} bytes instead of {expected}")]
    Size {
        /// Which file.
        uri: String,
        /// What the entry says.
        expected: u64,
        /// How many came.
        found: u64,
    },
    /// The file has another digest than the entry says.
    #[error("`{0}` is not what its digest says")]
    Digest(String),
    /// The frontmatter of `SKILL.md` cannot be read.
    #[error("the frontmatter of `SKILL.md` {0}")]
    Frontmatter(#[from] FrontmatterFault),
    /// The frontmatter of `SKILL.md` and of the entry differ in this member.
    #[error("the frontmatter of `SKILL.md` differs from that of the entry in `{0}`")]
    Differs(String),
    /// The file is not there, or not once.
    #[error("the server's answer does not hold `{0}`")]
    Missing(String),
}

const SKILL: &str = "SKILL.md";

impl Skill {
    /// Whether the entry is one to load a skill by: what it lists is complete, within its own
    /// directory, and within the limits. Nothing has to be fetched for it.
    ///
    /// # Errors
    /// [`SkillFault`]: the skill must not be loaded.
    pub fn check(&self) -> Result<(), SkillFault> {
        let root = self.root().ok_or(SkillFault::Entry("has a URI that is no `SKILL.md`"))?;
        let (name, description) = (self.name(), self.description());
        if name.is_none() || description.is_none() {
            return Err(SkillFault::Entry("has no name or no description"));
        }
        if root.rsplit('/').next() != name.as_deref() {
            return Err(SkillFault::Entry("has another name than its directory"));
        }
        match &self.resources {
            SkillResources::Listed(resources) => self.check_listed(root, resources),
            SkillResources::Dynamic => Ok(()),
            SkillResources::Invalid => Err(SkillFault::Entry("does not say what files there are")),
        }
    }

    fn check_listed(&self, root: &str, resources: &[SkillResource]) -> Result<(), SkillFault> {
        if resources.len() > MAX_FILES {
            return Err(SkillFault::TooManyFiles(resources.len()));
        }
        let total = resources.iter().try_fold(0_u64, |sum, it| sum.checked_add(it.size));
        if total.is_none_or(|total| total > MAX_BYTES) {
            return Err(SkillFault::TooLarge);
        }
        let mut seen = BTreeSet::new();
        for resource in resources {
            if !is_within(root, &resource.uri) {
                return Err(SkillFault::Entry("lists a file outside its directory"));
            }
            if !is_digest(&resource.digest) {
                return Err(SkillFault::Entry("has a digest that is none"));
            }
            if !seen.insert(&resource.uri) {
                return Err(SkillFault::Entry("lists a file twice"));
            }
        }
        if seen.contains(&self.uri) {
            Ok(())
        } else {
            Err(SkillFault::Entry("does not list its own `SKILL.md`"))
        }
    }

    /// The directory of the skill, without a slash at the end.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.uri.strip_suffix(SKILL)?.strip_suffix('/').filter(|root| !root.ends_with('/'))
    }

    /// The URI that a relative reference in `SKILL.md` stands for, as in a file system. What is
    /// not in the skill is none of its files.
    ///
    /// # Errors
    /// [`SkillFault::Unlisted`] for what leads out of the skill, or is not listed.
    pub fn resolve(&self, reference: &str) -> Result<String, SkillFault> {
        let unlisted = || SkillFault::Unlisted(reference.to_string());
        let root = self.root().ok_or_else(unlisted)?;
        let mut path = Vec::new();
        for segment in reference.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(path.pop().ok_or_else(unlisted)?),
                segment => path.push(segment),
            }
        }
        let uri = format!("{root}/{}", path.join("/"));
        let absolute = reference.starts_with('/') || reference.contains("://");
        if absolute || path.is_empty() || !self.may_have(&uri) { Err(unlisted()) } else { Ok(uri) }
    }

    /// Whether a URI may be read as a file of this skill: a listed one, or for a dynamic skill
    /// any in its directory.
    #[must_use]
    pub fn may_have(&self, uri: &str) -> bool {
        match &self.resources {
            SkillResources::Listed(_) => self.resource(uri).is_some(),
            SkillResources::Dynamic => self.root().is_some_and(|root| is_within(root, uri)),
            SkillResources::Invalid => false,
        }
    }

    /// Checks the bytes of a file against the entry. Of a dynamic skill there is nothing to check.
    ///
    /// # Errors
    /// [`SkillFault`]: the content must not be used.
    pub fn verify(&self, uri: &str, content: &[u8]) -> Result<(), SkillFault> {
        if !self.may_have(uri) {
            return Err(SkillFault::Unlisted(uri.to_string()));
        }
        let Some(resource) = self.resource(uri) else {
            return Ok(());
        };
        let found = content.len() as u64;
        if found != resource.size {
            return Err(SkillFault::Size { uri: uri.to_string(), expected: resource.size, found });
        }
        if digest(content) != resource.digest {
            return Err(SkillFault::Digest(uri.to_string()));
        }
        Ok(())
    }

    /// Checks `SKILL.md`: its bytes, and that its frontmatter is what the entry says, member by
    /// member. Gives its text.
    ///
    /// # Errors
    /// [`SkillFault`]: the skill must not be loaded.
    pub fn verify_instructions<'a>(&self, content: &'a [u8]) -> Result<&'a str, SkillFault> {
        self.verify(&self.uri, content)?;
        let text = core::str::from_utf8(content).map_err(|_| FrontmatterFault::NotText)?;
        let found = frontmatter::of(text)?;
        let entry = self.frontmatter.decode().map_err(|_| SkillFault::Entry("is malformed"))?;
        match frontmatter::difference(&entry, &found) {
            Some(member) => Err(SkillFault::Differs(member)),
            None => Ok(text),
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether a URI is in a directory, and does not lead out of it again.
fn is_within(root: &str, uri: &str) -> bool {
    let dots = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        matches!(plain.as_str(), "" | "." | "..")
    };
    uri.strip_prefix(root)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|path| !path.contains(['?', '#', '\\']) && !path.split('/').any(dots))
}
