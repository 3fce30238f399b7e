//! Asking, written once for both eras.
//!
//! Before 2026-07-28 a question is a request to the client, and the handler waits. Since then the
//! call ends with what is asked, the client repeats it with the answers, and the handler runs
//! again from its start; each question finds its answer by its key. `?` is all that a handler
//! does for it.
//!
//! What a run has to know of the runs before it travels with the client, in `requestState`:
//! sealed, so that a client that alters it is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mcp_core::app::{CallError, ClientFeature, Context, Elicited, ServerBuilder, ask_all};
use mcp_core::model::{CreateMessageParams, SamplingMessage, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let tickets = Arc::new(AtomicU32::new(0));
    let tool = |name: &str, does: &str| {
        Tool::new(format!("test_input_required_result_{name}")).with_description(does)
    };
    server
        .tool(tool("elicitation", "Asks the user for a name"), elicitation)
        .tool(tool("sampling", "Asks the model for a capital"), sampling)
        .tool(tool("list_roots", "Asks the client for its folders"), list_roots)
        .tool(tool("multiple_inputs", "Asks three things at once"), several)
        .tool(tool("multi_round", "Asks one thing after the other"), one_by_one)
        .tool(tool("capabilities", "Asks whatever the client can be asked"), what_it_can)
        .tool(tool("tampered_state", "Asks for a confirmation"), confirmed)
        .tool(tool("request_state", "Keeps a ticket while it asks"), move |(), cx: Context| {
            with_ticket(cx, Arc::clone(&tickets))
        })
        .tool(
            Tool::new("test_streaming_elicitation").with_description("Reports, then asks"),
            reporting,
        )
}

/// A form with the fields of a type: the doc comment of a field describes it to the user.
#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    /// What to call you.
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Color {
    /// Any color.
    color: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Confirmation {
    /// Whether to go on.
    ok: bool,
}

/// A user can fill in a form, decline it, or dismiss it.
async fn elicitation(_: (), cx: Context) -> Result<String, CallError> {
    match cx.elicit_form::<Name>("user_name", "What is your name?").await? {
        Elicited::Accepted(Name { name }) => Ok(format!("Hello, {name}!")),
        _ => Ok("Hello, whoever you are!".into()),
    }
}

async fn sampling(_: (), cx: Context) -> Result<String, CallError> {
    let question = ask_model("What is the capital of France?");
    let answer = cx.sample("capital_question", question).await?;
    let text = answer.content.iter().find_map(|block| block.as_text()).unwrap_or_default();
    Ok(format!("The model says: {text}"))
}

async fn list_roots(_: (), cx: Context) -> Result<String, CallError> {
    let roots = cx.list_roots("client_roots").await?.roots;
    let uris: Vec<&str> = roots.iter().map(|root| root.uri.as_str()).collect();
    Ok(format!("{} folders: {}", uris.len(), uris.join(", ")))
}

/// Questions that do not depend on each other: in one round, or as requests side by side.
async fn several(_: (), cx: Context) -> Result<String, CallError> {
    let (name, greeting, roots) = ask_all((
        cx.elicit_form::<Name>("user_name", "What is your name?"),
        cx.sample("greeting", ask_model("Generate a greeting")),
        cx.list_roots("client_roots"),
    ))
    .await?;
    let name = name.accepted().map_or_else(|| "nobody".into(), |form| form.name);
    let greeting = greeting.content.iter().find_map(|block| block.as_text()).unwrap_or_default();
    Ok(format!("{greeting} ({name}, {} folders)", roots.roots.len()))
}

/// Each question takes a round of its own; answers of earlier rounds are still there in the last.
async fn one_by_one(_: (), cx: Context) -> Result<String, CallError> {
    let name = cx.elicit_form::<Name>("step1", "Step 1: What is your name?").await?;
    let color = cx.elicit_form::<Color>("step2", "Step 2: What is your favorite color?").await?;
    match (name.accepted(), color.accepted()) {
        (Some(Name { name }), Some(Color { color })) => Ok(format!("{name} likes {color}.")),
        _ => Ok("Some things are better kept to oneself.".into()),
    }
}

/// A client says with each request what it can be asked; a handler can look before it asks.
async fn what_it_can(_: (), cx: Context) -> Result<String, CallError> {
    let mut told = Vec::new();
    if cx.supports(ClientFeature::FormElicitation) {
        let name = cx.elicit_form::<Name>("user_name", "What is your name?").await?;
        told.extend(name.accepted().map(|form| form.name));
    }
    if cx.supports(ClientFeature::Sampling) {
        let answer = cx.sample("capital_question", ask_model("What is the capital of France?"));
        told.extend(answer.await?.content.iter().find_map(|it| it.as_text()).map(String::from));
    }
    Ok(format!("Heard {}", told.join(", ")))
}

async fn confirmed(_: (), cx: Context) -> Result<&'static str, CallError> {
    let answer = cx.elicit_form::<Confirmation>("confirm", "Please confirm").await?;
    Ok(match answer.accepted() {
        Some(Confirmation { ok: true }) => "Confirmed.",
        _ => "Not confirmed.",
    })
}

/// A memo keeps what was worked out in an earlier round: the ticket is drawn once per call, not
/// once per run.
async fn with_ticket(cx: Context, tickets: Arc<AtomicU32>) -> Result<String, CallError> {
    let ticket = cx.memo("ticket", || tickets.fetch_add(1, Ordering::Relaxed) + 1)?;
    let answer = cx.elicit_form::<Confirmation>("confirm", "Please confirm").await?;
    match answer.accepted() {
        Some(Confirmation { ok: true }) => Ok(format!("state-ok: ticket {ticket} is used")),
        _ => Ok(format!("state-ok: ticket {ticket} is given back")),
    }
}

/// Notifications travel before the question, on the stream of the same request.
async fn reporting(_: (), cx: Context) -> Result<&'static str, CallError> {
    cx.progress(1.0, Some(2.0), Some("asking"));
    let answer = cx.elicit_form::<Confirmation>("confirm", "Go on?").await?;
    cx.progress(2.0, Some(2.0), Some("answered"));
    Ok(match answer.accepted() {
        Some(Confirmation { ok: true }) => "Went on.",
        _ => "Stopped.",
    })
}

fn ask_model(text: &str) -> CreateMessageParams {
    CreateMessageParams::new([SamplingMessage::user(text)], 100_u64)
}
