//! The peer on the official Rust SDK, which serves both eras: `rmcp-peer stdio|mcp [PORT]`.

// Sampling and roots are deprecated there, and still served.
#![allow(deprecated)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::handler::server::tool::InputResponses as Given;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler, ServiceExt, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Peer {
    cancelled: Arc<AtomicUsize>,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    to: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Sleep {
    seconds: f64,
}

#[derive(Deserialize, JsonSchema)]
struct Ask {
    question: String,
}

#[derive(Deserialize, JsonSchema)]
struct Sample {
    prompt: String,
}

type Reply = Result<CallToolResponse, ErrorData>;

fn text(said: impl Into<String>) -> Reply {
    Ok(CallToolResult::success(vec![ContentBlock::text(said.into())]).into())
}

fn failed(error: impl Error) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

fn modern(cx: &RequestContext<RoleServer>) -> bool {
    cx.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// Ends the round with one question.
fn round(key: &str, question: InputRequest) -> Reply {
    let questions = InputRequests::from_iter([(key.to_string(), question)]);
    Ok(InputRequiredResult::new(Some(questions), None).into())
}

#[tool_router]
impl Peer {
    #[tool(description = "Says what it is told")]
    async fn echo(&self, Parameters(Echo { text: said }): Parameters<Echo>) -> Reply {
        text(said)
    }

    #[tool(description = "Counts, and reports each step")]
    async fn count(
        &self,
        Parameters(Count { to }): Parameters<Count>,
        cx: RequestContext<RoleServer>,
    ) -> Reply {
        for step in 1..=to {
            if let Some(token) = cx.meta.get_progress_token() {
                let progress = ProgressNotificationParam::new(token, f64::from(step))
                    .with_total(f64::from(to))
                    .with_message(format!("step {step}"));
                cx.peer.notify_progress(progress).await.map_err(failed)?;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        text(format!("counted to {to}"))
    }

    #[tool(description = "Sleeps")]
    async fn sleep(
        &self,
        Parameters(Sleep { seconds }): Parameters<Sleep>,
        cx: RequestContext<RoleServer>,
    ) -> Reply {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(seconds)) => {}
            () = cx.ct.cancelled() => {
                self.cancelled.fetch_add(1, Ordering::Relaxed);
            }
        }
        text(format!("slept {seconds} s"))
    }

    #[tool(description = "How many sleeps were cancelled")]
    async fn cancelled(&self) -> Reply {
        text(self.cancelled.load(Ordering::Relaxed).to_string())
    }

    #[tool(description = "Asks the user")]
    async fn ask(
        &self,
        Parameters(Ask { question }): Parameters<Ask>,
        Given(given): Given,
        cx: RequestContext<RoleServer>,
    ) -> Reply {
        let schema = json!({
            "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]
        });
        let params = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: question,
            requested_schema: serde_json::from_value(schema).map_err(failed)?,
        };
        let answer: Value = match given.as_ref().and_then(|given| given.get("name")) {
            Some(answer) => serde_json::to_value(answer).map_err(failed)?,
            None if modern(&cx) => {
                return round("name", InputRequest::Elicitation(ElicitRequest::new(params)));
            }
            None => {
                let answer = cx.peer.create_elicitation(params).await.map_err(failed)?;
                serde_json::to_value(answer).map_err(failed)?
            }
        };
        let action = answer["action"].as_str().unwrap_or_default();
        match answer["content"]["name"].as_str() {
            Some(name) => text(format!("{action}: {name}")),
            None => text(action),
        }
    }

    #[tool(description = "Asks the model")]
    async fn sample(
        &self,
        Parameters(Sample { prompt }): Parameters<Sample>,
        Given(given): Given,
        cx: RequestContext<RoleServer>,
    ) -> Reply {
        let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 50);
        let answer: Value = match given.as_ref().and_then(|given| given.get("sample")) {
            Some(answer) => serde_json::to_value(answer).map_err(failed)?,
            None if modern(&cx) => {
                let question = CreateMessageRequest::new(params);
                return round("sample", InputRequest::CreateMessage(question));
            }
            None => {
                let answer = cx.peer.create_message(params).await.map_err(failed)?;
                serde_json::to_value(answer).map_err(failed)?
            }
        };
        text(answer["content"]["text"].as_str().unwrap_or_default())
    }

    #[tool(description = "Lists the roots")]
    async fn roots(&self, Given(given): Given, cx: RequestContext<RoleServer>) -> Reply {
        let answer: Value = match given.as_ref().and_then(|given| given.get("roots")) {
            Some(answer) => serde_json::to_value(answer).map_err(failed)?,
            None if modern(&cx) => {
                return round("roots", InputRequest::ListRoots(ListRootsRequest::default()));
            }
            None => serde_json::to_value(cx.peer.list_roots().await.map_err(failed)?)
                .map_err(failed)?,
        };
        let roots = answer["roots"].as_array().into_iter().flatten();
        let uris: Vec<&str> = roots.filter_map(|root| root["uri"].as_str()).collect();
        text(uris.join(" "))
    }
}

#[tool_handler]
impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("peer", "1"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let peer = Peer::default();
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("mcp"), Some(port)) => {
            let service: StreamableHttpService<Peer, LocalSessionManager> =
                StreamableHttpService::new(
                    move || Ok(peer.clone()),
                    Arc::default(),
                    StreamableHttpServerConfig::default(),
                );
            let router = axum::Router::new().nest_service("/mcp", service);
            let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
            axum::serve(listener, router).await?;
        }
        _ => {
            peer.serve(rmcp::transport::stdio()).await?.waiting().await?;
        }
    }
    Ok(())
}
