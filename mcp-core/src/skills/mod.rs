//! Skills: instructions that a server publishes and a model loads when it needs them (the
//! extension `io.modelcontextprotocol/skills`, SEP-2640).
//!
//! A [`Skill`] is the entry that a server gives of one: its frontmatter, and every file with its
//! digest and size. The files are ordinary resources. Whoever loads a skill fetches `SKILL.md`
//! then and not before, and gives the model nothing that has not been checked against the entry:
//! [`Skill::check`] for the entry itself, [`Skill::verify_instructions`] for `SKILL.md`,
//! [`Skill::verify`] for every other file.
//!
//! A digest that matches says that a server is consistent, not that it can be trusted: skills are
//! untrusted input for a model, and what they tell it to run needs the consent of the user.
//!
//! ```
//! use mcp_core::skills::{Skill, SkillFault, SkillResource};
//!
//! let text = "---\nname: greeting\ndescription: How to greet\n---\n\nSay hello.\n";
//! let uri = "skill://greeting/SKILL.md";
//! let frontmatter = r#"{"name":"greeting","description":"How to greet"}"#.parse()?;
//! let skill = Skill::new(uri, frontmatter, [SkillResource::of(uri, text)]);
//! skill.check()?;
//!
//! assert_eq!(skill.verify_instructions(text.as_bytes())?, text);
//! let evil = text.replace("hello", "howdy");
//! assert!(matches!(skill.verify_instructions(evil.as_bytes()), Err(SkillFault::Digest(_))));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod entry;
mod frontmatter;
mod verify;

pub use entry::{GetSkillResult, ListSkillsResult, Skill, SkillResource, SkillResources};
pub use frontmatter::FrontmatterFault;
pub use verify::SkillFault;

/// What the extension is called among capabilities.
pub const EXTENSION: &str = "io.modelcontextprotocol/skills";

/// Files of a skill at most: what every host accepts, and this one no more.
pub const MAX_FILES: usize = 512;

/// Bytes of all files of a skill together at most.
pub const MAX_BYTES: u64 = 16 << 20;
