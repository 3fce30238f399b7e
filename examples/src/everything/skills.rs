//! An extension of the protocol: skills (SEP-2640), instructions that a model loads when it needs
//! them.
//!
//! The engine serves no skills of its own accord. This is what any extension looks like: a name
//! among the capabilities, request methods of its own, and here resources, because that is how the
//! files of a skill are read.

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::model::{CacheScope, RawObject, Resource};
use mcp_core::skills::{EXTENSION, GetSkillResult, ListSkillsResult, Skill, SkillResource};
use serde::Deserialize;
use serde_json::json;

const DIRECTORY: &str = "inode/directory";
const MARKDOWN: &str = "text/markdown";

/// The one skill there is. Its last segment is its name.
const ROOT: &str = "skill://greeting";
const NAME: &str = "greeting";
const DESCRIPTION: &str = "How to greet people from all over the world";

/// Every file of the skill; the first is the one a model starts with.
const FILES: [File; 2] = [
    File {
        uri: "skill://greeting/SKILL.md",
        name: NAME,
        description: DESCRIPTION,
        text: "---\nname: greeting\ndescription: How to greet people from all over the world\n---\n\n\
            Greet people in their own language: references/languages.md lists some.\n",
    },
    File {
        uri: "skill://greeting/references/languages.md",
        name: "languages",
        description: "Greetings by language",
        text: "- French: Bonjour\n- Japanese: こんにちは\n- Swahili: Jambo\n",
    },
];

struct File {
    uri: &'static str,
    name: &'static str,
    description: &'static str,
    text: &'static str,
}

pub(super) fn add(mut server: ServerBuilder) -> ServerBuilder {
    for file in &FILES {
        let resource = Resource::new(file.uri, file.name)
            .with_description(file.description)
            .with_mime_type(MARKDOWN);
        server = server.resource(resource, |_uri, _cx: Context| async { Ok(file.text) });
    }
    let settings: RawObject = r#"{"directoryRead":true}"#.parse().expect("this is an object");
    server
        .extension(EXTENSION, settings)
        .method("skills/list", list)
        .method("skills/get", get)
        .method("resources/directory/read", read_directory)
}

/// The skill, as both methods show it. With the digests a client can tell whether its copies of
/// the files are still good.
fn greeting() -> Result<Skill, CallError> {
    let frontmatter = RawObject::encode(&json!({"name": NAME, "description": DESCRIPTION}))?;
    let files = FILES.iter().map(|file| SkillResource::of(file.uri, file.text));
    Ok(Skill::new(FILES[0].uri, frontmatter, files))
}

#[derive(Debug, Deserialize)]
struct At {
    uri: String,
}

/// How long what is said of the skill stays true.
const FRESH_MS: u64 = 60_000;

async fn list(_: RawObject, _cx: Context) -> Result<ListSkillsResult, CallError> {
    Ok(ListSkillsResult::new([greeting()?]).with_freshness(FRESH_MS, CacheScope::Public))
}

async fn get(at: At, _cx: Context) -> Result<GetSkillResult, CallError> {
    let skill = greeting()?;
    if at.uri != skill.uri {
        Err(ErrorObject::invalid_params("There is no such skill"))?;
    }
    Ok(GetSkillResult::new(skill).with_freshness(FRESH_MS, CacheScope::Public))
}

/// The direct children of a directory; those that are directories themselves can be read too.
async fn read_directory(at: At, _cx: Context) -> Result<serde_json::Value, CallError> {
    let directory =
        |name: &str| json!({"uri": format!("{ROOT}/{name}"), "name": name, "mimeType": DIRECTORY});
    let file = |file: &File| json!({"uri": file.uri, "name": file.name, "mimeType": MARKDOWN});
    let [skill, languages] = &FILES;
    let children = match at.uri.strip_prefix(ROOT) {
        Some("") => vec![file(skill), directory("references")],
        Some("/references") => vec![file(languages)],
        _ => return Err(ErrorObject::invalid_params("There is no such directory").into()),
    };
    Ok(json!({"resources": children}))
}
