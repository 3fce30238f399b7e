//! Everything a server has, once: lists, tools, resources, prompts, completions, changes.

use mcp_core::driver::client::{Call, Client, ClientError};
use mcp_core::model::{CompleteParams, CompletionArgument, Prompt, Reference, Root};

use super::{changes, skills, tools};

pub(super) async fn take<P>(client: &Client<P>) -> Result<(), ClientError> {
    let Some(server) = client.server() else {
        return Ok(());
    };
    let name = server.info.as_ref().map_or("a server without a name", |info| &info.name);
    println!("Connected to {name}, which speaks {}", server.revision);
    if let Some(instructions) = &server.instructions {
        println!("It says: {instructions}");
    }
    let offers = &server.capabilities;
    client.ping().await?;
    let changes = refused("listening", changes::listen(client, offers).await)?;
    if offers.tools.is_some() {
        tools::tour(client).await?;
    }
    if offers.resources.is_some() {
        resources(client).await?;
    }
    if offers.has_extension(mcp_core::skills::EXTENSION) {
        skills::load(client).await?;
    }
    if offers.prompts.is_some() {
        prompts(client, offers.completions.is_some()).await?;
    }
    // A legacy server is told, and asks for them again when it wants to know.
    client.set_roots([Root::new("file:///tmp"), Root::new("file:///var/tmp")]);
    if let Some(changes) = changes {
        changes::tell(changes).await?;
    }
    Ok(())
}

async fn resources<P>(client: &Client<P>) -> Result<(), ClientError> {
    for resource in client.list_resources().await? {
        if let Some(read) = attempt(&resource.uri, client.read_resource(&resource.uri)).await? {
            println!("Read {}: {} contents", resource.uri, read.contents.len());
        }
    }
    for template in client.list_resource_templates().await? {
        println!("Resources like {}", template.uri_template);
    }
    Ok(())
}

async fn prompts<P>(client: &Client<P>, completes: bool) -> Result<(), ClientError> {
    for prompt in client.list_prompts().await? {
        // What a user would be asked for.
        let arguments = prompt.arguments.iter().flatten();
        let filled: Vec<_> = arguments.map(|it| (it.name.as_str(), "something")).collect();
        if let Some(got) = attempt(&prompt.name, client.get_prompt(&prompt.name, filled)).await? {
            println!("Prompt {}: {} messages", prompt.name, got.messages.len());
        }
        if completes {
            complete(client, &prompt).await?;
        }
    }
    Ok(())
}

async fn complete<P>(client: &Client<P>, prompt: &Prompt) -> Result<(), ClientError> {
    for argument in prompt.arguments.iter().flatten() {
        let typed = CompletionArgument::new(&argument.name, "");
        let params = CompleteParams::new(Reference::prompt(&prompt.name), typed);
        if let Some(got) = attempt(&argument.name, client.complete(&params)).await? {
            println!("Argument {} could be {:?}", argument.name, got.completion.values);
        }
    }
    Ok(())
}

/// Goes on with the tour when the server refuses one request, but not when it is gone.
pub(super) async fn attempt<T: Send + 'static>(
    what: &str,
    call: Call<T>,
) -> Result<Option<T>, ClientError> {
    refused(what, call.await)
}

/// What a refusal is taken for: nothing, and the tour goes on.
fn refused<T>(what: &str, outcome: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match outcome {
        Ok(result) => Ok(Some(result)),
        Err(error) if error.refusal().is_some() => {
            println!("{what}: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
