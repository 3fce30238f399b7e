//! What a tool can return: text, pictures, sound, resources, and several of them.
//!
//! A handler is any function of the arguments and a [`Context`]. What it returns decides what the
//! client gets: text and content blocks become the content of the result. Audio did not exist in
//! 2024-11-05; clients of that revision get a text that says what was left out, and no handler
//! has to know.

use mcp_core::app::{CallError, Context, ServerBuilder};
use mcp_core::model::{Content, ResourceContents, Tool};

use super::media;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(Tool::new("test_simple_text").with_description("Returns text"), text)
        .tool(Tool::new("test_image_content").with_description("Returns a picture"), image)
        .tool(Tool::new("test_audio_content").with_description("Returns sound"), audio)
        .tool(
            Tool::new("test_embedded_resource").with_description("Returns a resource"),
            embedded_resource,
        )
        .tool(
            Tool::new("test_multiple_content_types")
                .with_description("Returns text, a picture and a resource"),
            several,
        )
}

async fn text(_: (), _cx: Context) -> Result<&'static str, CallError> {
    Ok("This is a simple text response for testing.")
}

async fn image(_: (), _cx: Context) -> Result<Content, CallError> {
    Ok(Content::image(media::PNG, "image/png"))
}

async fn audio(_: (), _cx: Context) -> Result<Content, CallError> {
    Ok(Content::audio(media::WAV, "audio/wav"))
}

async fn embedded_resource(_: (), _cx: Context) -> Result<Content, CallError> {
    let text = "This is an embedded resource content.";
    let contents = ResourceContents::text("test://embedded-resource", text);
    Ok(Content::resource(contents.with_mime_type("text/plain")))
}

async fn several(_: (), _cx: Context) -> Result<[Content; 3], CallError> {
    let contents =
        ResourceContents::text("test://mixed-content-resource", r#"{"test":"data","value":123}"#);
    Ok([
        Content::text("Multiple content types test:"),
        Content::image(media::PNG, "image/png"),
        Content::resource(contents.with_mime_type("application/json")),
    ])
}
