//! Skills of servers: listed without a look at their files, loaded when they are needed.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::string::ToString;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::call::Call;
use super::error::ClientError;
use super::handle::{Client, some};
use crate::model::{ReadResourceParams, ResourceBody};
use crate::skills::{
    EXTENSION, GetSkillResult, ListSkillsResult, MAX_BYTES, Skill, SkillFault, SkillResources,
};

impl<P> Client<P> {
    /// All skills that the server lists, of all pages; none of their files is fetched. It may have
    /// more than it lists: see [`get_skill`](Self::get_skill).
    pub fn list_skills(&self) -> Call<alloc::vec::Vec<Skill>> {
        let list = Call::list(self.link(), "skills/list", |all, page| {
            page.to::<ListSkillsResult>().map(|page| all.extend(page.skills))
        });
        list.needs(self.has_skills(), "skills")
    }

    /// The skill whose `SKILL.md` is at a URI, whether it is listed or not: what a user, or another
    /// skill, refers to, or one that has changed.
    pub fn get_skill(&self, uri: impl Into<String>) -> Call<Skill> {
        let params = some(&ReadResourceParams::new(uri));
        let get = Call::new(self.link(), "skills/get", params, |result| {
            result.to::<GetSkillResult>().map(|result| result.skill)
        });
        get.needs(self.has_skills(), "skills")
    }

    /// Fetches the `SKILL.md` of a skill and checks it, and the entry, before anybody sees it.
    ///
    /// Ask the user first, with what the entry says: the agreement is to these files with these
    /// digests. Nothing of a [dynamic](SkillResources::Dynamic) skill can be checked but its
    /// frontmatter: to decline it is fine.
    ///
    /// # Errors
    /// [`ClientError::Skill`] when the skill must not be used; if its content has changed,
    /// [`get_skill`](Self::get_skill) brings the entry that goes with it.
    pub async fn load_skill(&self, skill: Skill) -> Result<LoadedSkill<P>, ClientError> {
        skill.check()?;
        let content = self.fetch_file(&skill.uri).await?;
        let instructions = skill.verify_instructions(&content)?.to_string();
        let files = Files { kept: BTreeMap::new(), bytes: content.len() as u64 };
        Ok(LoadedSkill { client: self.clone(), skill, instructions, files: Mutex::new(files) })
    }

    fn has_skills(&self) -> bool {
        self.server().is_some_and(|server| server.capabilities.has_extension(EXTENSION))
    }

    /// The bytes of a file, as the server has it now.
    async fn fetch_file(&self, uri: &str) -> Result<Bytes, ClientError> {
        let read = self.read_resource(uri).uncached().await?;
        let mut own = read.contents.into_iter().filter(|it| it.uri == uri);
        let bytes = match (own.next().map(|it| it.body), own.next()) {
            (Some(ResourceBody::Text(text)), None) => Some(Bytes::from(text)),
            (Some(ResourceBody::Blob(data)), None) => STANDARD.decode(data).ok().map(Bytes::from),
            _ => None,
        };
        bytes.ok_or_else(|| SkillFault::Missing(uri.to_string()).into())
    }
}

/// A skill that a model may see: its `SKILL.md` is what its entry says.
///
/// Keep it for as long as the model has the instructions: its files are those of this entry, and
/// they are read from the server it came from and no other.
pub struct LoadedSkill<P> {
    client: Client<P>,
    skill: Skill,
    instructions: String,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    kept: BTreeMap<String, Bytes>,
    /// What has been fetched of a skill that does not say how large it is.
    bytes: u64,
}

impl<P> LoadedSkill<P> {
    /// Reads a file of the skill: by its path, as `SKILL.md` refers to it, or by its URI. It is
    /// fetched once.
    ///
    /// # Errors
    /// [`ClientError::Skill`] when there is no such file in the entry, or it is not what the entry
    /// says.
    pub async fn read(&self, reference: &str) -> Result<Bytes, ClientError> {
        let uri = if self.skill.may_have(reference) {
            reference.to_string()
        } else {
            self.skill.resolve(reference)?
        };
        if let Some(kept) = self.files().kept.get(&uri) {
            return Ok(kept.clone());
        }
        let content = self.client.fetch_file(&uri).await?;
        self.skill.verify(&uri, &content)?;
        let mut files = self.files();
        if self.skill.resources == SkillResources::Dynamic {
            files.bytes = files.bytes.saturating_add(content.len() as u64);
            if files.bytes > MAX_BYTES {
                return Err(SkillFault::TooLarge.into());
            }
        } else {
            files.kept.insert(uri, content.clone());
        }
        Ok(content)
    }

    /// The text of `SKILL.md`, frontmatter included. It is untrusted: tell the model which server
    /// it is from, and let nothing in it widen what the model may do.
    #[must_use]
    pub fn instructions(&self) -> &str {
        &self.instructions
    }

    /// The entry that the skill was loaded by.
    #[must_use]
    pub const fn skill(&self) -> &Skill {
        &self.skill
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> fmt::Debug for LoadedSkill<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedSkill").field("skill", &self.skill).finish_non_exhaustive()
    }
}
