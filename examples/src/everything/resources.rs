//! Resources: text, binary data, and a family of them behind a URI template.

use mcp_core::app::{CallError, Context, ServerBuilder, UriVariables};
use mcp_core::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use super::media;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .resource(
            Resource::new("test://static-text", "static-text")
                .with_description("Text that never changes")
                .with_mime_type("text/plain"),
            text,
        )
        .resource(
            Resource::new("test://static-binary", "static-binary")
                .with_description("A picture that never changes")
                .with_mime_type("image/png"),
            binary,
        )
        .resource(
            Resource::new("test://watched-resource", "watched-resource")
                .with_description("Something to subscribe to")
                .with_mime_type("text/plain"),
            watched,
        )
        .resource_template(
            ResourceTemplate::new("test://template/{id}/data", "template")
                .with_description("The data of any id")
                .with_mime_type("application/json"),
            data,
        )
}

async fn text(_uri: String, _cx: Context) -> Result<&'static str, CallError> {
    Ok("This is the content of the static text resource.")
}

/// Bytes would be encoded on the way out (return `Vec<u8>` or `Bytes`); these are already.
async fn binary(uri: String, _cx: Context) -> Result<ResourceContents, CallError> {
    Ok(ResourceContents::blob(uri, media::PNG).with_mime_type("image/png"))
}

async fn watched(_uri: String, _cx: Context) -> Result<&'static str, CallError> {
    Ok("Clients can subscribe to this resource.")
}

/// Ids are numbers. `None` says that there is no such resource, with the error code that the
/// client's revision has for that.
async fn data(at: UriVariables, _cx: Context) -> Result<Option<String>, CallError> {
    let id = at.get("id").unwrap_or_default();
    if id.parse::<u64>().is_err() {
        return Ok(None);
    }
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Ok(Some(data.to_string()))
}
