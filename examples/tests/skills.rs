//! What a client does with skills, and with those of a server that lies (SEP-2640).

use std::sync::{Arc, Mutex};

use mcp_core::app::{Context, Server};
use mcp_core::model::{RawObject, ReadResourceResult, Resource};
use mcp_core::skills::{
    EXTENSION, GetSkillResult, ListSkillsResult, Skill, SkillFault, SkillResource,
};
use mcp_tokio::{Client, ClientError};

const URI: &str = "skill://greeting/SKILL.md";
const WORDS: &str = "skill://greeting/words.md";
const PICTURE: &str = "skill://greeting/picture.png";
const TEXT: &str = "---\nname: greeting\ndescription: How to greet\n---\nSee words.md\n";

/// The files as they are now, and which of them have been read.
#[derive(Default)]
struct Shelf {
    text: String,
    words: String,
    reads: Vec<String>,
}

fn skill() -> Skill {
    let frontmatter = r#"{"name":"greeting","description":"How to greet"}"#.parse().unwrap();
    let files = [
        SkillResource::of(URI, TEXT),
        SkillResource::of(WORDS, "hello"),
        SkillResource::of(PICTURE, [0, 255]),
    ];
    Skill::new(URI, frontmatter, files)
}

/// A client of a server with one skill.
async fn connected(shelf: &Arc<Mutex<Shelf>>) -> Client {
    let mut server = Server::builder("skills", "1.0")
        .extension(EXTENSION, RawObject::new())
        .method("skills/list", |_: RawObject, _: Context| async {
            Ok(ListSkillsResult::new([skill()]))
        })
        .method("skills/get", |_: RawObject, _: Context| async {
            Ok(GetSkillResult::new(skill()))
        });
    for uri in [URI, WORDS, PICTURE] {
        let shelf = Arc::clone(shelf);
        server = server.resource(Resource::new(uri, uri), move |uri: String, _: Context| {
            let mut shelf = shelf.lock().unwrap();
            shelf.reads.push(uri.clone());
            let read = match uri.as_str() {
                URI => ReadResourceResult::text(uri, shelf.text.clone()),
                WORDS => ReadResourceResult::text(uri, shelf.words.clone()),
                _ => ReadResourceResult::blob(uri, "AP8="),
            };
            async move { Ok(read) }
        });
    }
    serve(server.build().unwrap()).await
}

async fn serve(server: Server) -> Client {
    let server = mcp_tokio::serve(server).bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", server.local_addr());
    tokio::spawn(server.serve());
    Client::connect(&url).await.unwrap()
}

fn shelf(text: &str, words: &str) -> Arc<Mutex<Shelf>> {
    Arc::new(Mutex::new(Shelf { text: text.into(), words: words.into(), reads: Vec::new() }))
}

/// Nothing is fetched before it is needed, and nothing twice.
#[tokio::test]
async fn files_are_fetched_when_they_are_read() {
    let shelf = shelf(TEXT, "hello");
    let client = connected(&shelf).await;
    let skills = client.list_skills().await.unwrap();
    assert_eq!(skills, [skill()]);
    assert_eq!(client.get_skill(URI).await.unwrap(), skill());
    let reads = || shelf.lock().unwrap().reads.clone();
    assert_eq!(reads(), [""; 0]);

    let loaded = client.load_skill(skill()).await.unwrap();
    assert_eq!(loaded.instructions(), TEXT);
    assert_eq!(reads(), [URI]);
    for reference in ["words.md", "./words.md", WORDS] {
        assert_eq!(loaded.read(reference).await.unwrap(), "hello");
    }
    assert_eq!(loaded.read("picture.png").await.unwrap(), &[0, 255][..]);
    assert_eq!(reads(), [URI, WORDS, PICTURE]);

    for outside in ["new.md", "../other/SKILL.md", "file:///etc/passwd"] {
        let error = loaded.read(outside).await.unwrap_err();
        assert!(matches!(error, ClientError::Skill(SkillFault::Unlisted(_))), "{error}");
    }
    assert_eq!(reads().len(), 3, "the server is not even asked");
}

#[tokio::test]
async fn nothing_that_differs_from_its_entry_is_seen() {
    for (evil, fault) in [
        (TEXT.replace("See", "Run"), SkillFault::Digest(URI.into())),
        (format!("{TEXT}!"), SkillFault::Size { uri: URI.into(), expected: 62, found: 63 }),
    ] {
        let client = connected(&shelf(&evil, "hello")).await;
        match client.load_skill(skill()).await {
            Err(ClientError::Skill(found)) => assert_eq!(found, fault),
            other => panic!("{other:?}"),
        }
    }

    let changed = shelf(TEXT, "hello");
    let client = connected(&changed).await;
    let loaded = client.load_skill(skill()).await.unwrap();
    changed.lock().unwrap().words = "howdy".into();
    let error = loaded.read("words.md").await.unwrap_err();
    assert!(matches!(error, ClientError::Skill(SkillFault::Digest(_))), "{error}");
    changed.lock().unwrap().words = "hello".into();
    assert_eq!(loaded.read("words.md").await.unwrap(), "hello", "what was refused is not kept");
}

#[tokio::test]
async fn a_server_without_skills_is_not_asked_for_any() {
    let server = Server::builder("plain", "1.0").build().unwrap();
    let client = serve(server).await;
    let error = client.list_skills().await.unwrap_err();
    assert!(matches!(error, ClientError::NotOffered(_)) && error.is_unsent(), "{error}");
}
