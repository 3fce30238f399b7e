//! Skills: listed without a look at their files, loaded when a model needs them.

use mcp_core::driver::client::{Client, ClientError};

pub(super) async fn list<P>(client: &Client<P>) -> Result<(), ClientError> {
    for skill in client.list_skills().await? {
        println!("Skill {}: {}", skill.uri, skill.description().unwrap_or_default());
    }
    Ok(())
}

/// Loads every skill with all its files. A real client asks its user first, loads the one that
/// its model needs, and a file when the model reads it.
pub(super) async fn load<P>(client: &Client<P>) -> Result<(), ClientError> {
    for skill in client.list_skills().await? {
        // What is not as its entry says is an error, and nothing of it is seen here.
        let skill = client.load_skill(skill).await?;
        println!("Loaded {}:\n{}", skill.skill().uri, skill.instructions());
        for file in skill.skill().resources.listed() {
            println!("{}: {} bytes", file.uri, skill.read(&file.uri).await?.len());
        }
    }
    Ok(())
}
