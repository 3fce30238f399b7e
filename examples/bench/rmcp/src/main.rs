//! The same tools on the official Rust SDK: `PORT|stdio [TOOLS]`.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler, ServiceExt, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone)]
struct Peer {
    /// Shared: the service makes a peer for every request.
    tool_router: Arc<ToolRouter<Self>>,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    to: u32,
}

#[tool_router]
impl Peer {
    #[tool(description = "Says what it is told")]
    async fn echo(&self, Parameters(Echo { text }): Parameters<Echo>) -> String {
        text
    }

    #[tool(description = "Counts, and reports each step")]
    async fn count(
        &self,
        Parameters(Count { to }): Parameters<Count>,
        cx: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        for step in 1..=to {
            if let Some(token) = cx.meta.get_progress_token() {
                let progress = ProgressNotificationParam::new(token, f64::from(step))
                    .with_total(f64::from(to))
                    .with_message("counting");
                let failed = |error: rmcp::service::ServiceError| {
                    ErrorData::internal_error(error.to_string(), None)
                };
                cx.peer.notify_progress(progress).await.map_err(failed)?;
            }
        }
        Ok(format!("counted to {to}"))
    }

    fn with_tools(tools: usize) -> Result<Self, Box<dyn Error>> {
        let mut router = Self::tool_router();
        for number in 3..=tools {
            let schema = serde_json::json!({
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "What to look for."},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
                    "order": {"type": "string", "enum": ["ascending", "descending"]},
                },
                "required": ["query"],
            });
            let serde_json::Value::Object(schema) = schema else { unreachable!() };
            let description = format!("Looks through collection {number} and says what matches.");
            let tool = Tool::new(
                Cow::from(format!("tool_{number:04}")),
                Cow::from(description),
                Arc::new(schema),
            );
            router.add_route(ToolRoute::new_dyn(tool, |_: ToolCallContext<'_, Self>| {
                Box::pin(async {
                    Ok(CallToolResult::success(vec![ContentBlock::text("nothing")]).into())
                })
            }));
        }
        Ok(Self { tool_router: Arc::new(router) })
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("peer", "1"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().unwrap_or_else(|| "8000".into());
    let tools = arguments.next().map_or(Ok(380), |tools| tools.parse())?;
    let peer = Peer::with_tools(tools)?;
    if place == "stdio" {
        peer.serve(rmcp::transport::stdio()).await?.waiting().await?;
        return Ok(());
    }
    // What it is fastest with: JSON where nothing has to be streamed.
    let mut config = StreamableHttpServerConfig::default();
    config.json_response = true;
    let service: StreamableHttpService<Peer, LocalSessionManager> =
        StreamableHttpService::new(move || Ok(peer.clone()), Arc::default(), config);
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{place}")).await?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |io| {
        let _ = io.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
